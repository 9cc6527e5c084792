/**
 * Lines for a terminal: pieces of text, each with a style or without one. A piece never carries a control character of
 * its own, so a name of a file or a row of a table cannot move the cursor or hide text.
 *
 * @internal
 */
import { visible } from "../core/text/Visible.js"

/** @since 0.1.0 @category models */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan"

/** @since 0.1.0 @category models */
export type Piece = string | { readonly text: string; readonly style: Style }

/** @since 0.1.0 @category models */
export type Line = string | ReadonlyArray<Piece>

const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39]
}

const escape = String.fromCharCode(27)

/** A piece with a style. @since 0.1.0 @category constructors */
export const styled = (style: Style, text: string): Piece => ({ style, text })

const renderPiece = (piece: Piece, color: boolean): string => {
  if (typeof piece === "string") return visible(piece)
  const [on, off] = codes[piece.style]
  const text = visible(piece.text)
  return color && text !== "" ? `${escape}[${on}m${text}${escape}[${off}m` : text
}

const piecesOf = (line: Line): ReadonlyArray<Piece> => (typeof line === "string" ? [line] : line)

/** @since 0.1.0 @category rendering */
export const render = (line: Line, color: boolean): string =>
  piecesOf(line)
    .map((piece) => renderPiece(piece, color))
    .join("")
    .trimEnd()

const textOf = (line: Line): string => render(line, false)

/** A cell of a table that is filled up with blanks. */
const padded = (cell: Line, width: number): ReadonlyArray<Piece> => [
  ...piecesOf(cell),
  " ".repeat(Math.max(0, width - textOf(cell).length))
]

/**
 * Rows with aligned columns, two blanks apart. The last cell of a row is not filled up.
 *
 * @since 0.1.0
 * @category rendering
 */
export const table = (rows: ReadonlyArray<ReadonlyArray<Line>>): ReadonlyArray<Line> => {
  const widths: Array<number> = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, textOf(cell).length)
    })
  }
  return rows.map((row) =>
    row.flatMap((cell, column) =>
      column === row.length - 1 ? piecesOf(cell) : [...padded(cell, widths[column] ?? 0), "  "]
    )
  )
}
