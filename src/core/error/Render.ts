/**
 * Prints an error for a terminal: what is missing, the statement with a caret, the files that provide the object, the reasons, and
 * the next command.
 *
 * **Laws**
 *
 * 1. There are at most twelve lines.
 * 2. No line has more columns than the width, except for a command, which stays on one line so that it can be pasted.
 * 3. No control character of a text is printed.
 *
 * @internal
 */

import * as Columns from "../text/Columns.js"
import { skipToken } from "../text/Lexer.js"
import { isHidden, visibleName } from "../text/Visible.js"
import * as Explanation from "./Explanation.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface RenderOptions {
  /** Whether to use the colours of a terminal. Defaults to `false`. */
  readonly color?: boolean | undefined
  /** The number of columns, at least 40. Defaults to 100. */
  readonly width?: number | undefined
  /**
   * The absolute path of the working directory, from which the links to files begin. Defaults to `undefined`: no links, as a
   * terminal that does not know OSC 8 needs it.
   */
  readonly links?: string | undefined
}

const mostLines = 12
const narrowest = 40
const indent = 12

/** How a line looks. */
type Look = "plain" | "caret" | "command" | "place"

interface Line {
  readonly text: string
  readonly look: Look
  readonly file?: string
}

/** Lines that belong together, of which a part can be left out. */
interface Block {
  readonly label: string
  readonly least: number
  readonly most: number
  readonly lines: (count: number) => ReadonlyArray<Line>
}

const plain = (text: string): Line => ({ text, look: "plain" })

/** The first lines of a text, of which the last one is cut. */
const paragraph = (text: string, count: number, room: number): ReadonlyArray<string> => {
  const lines = Columns.wrapped(text, room)
  if (lines.length <= count) return lines
  return [...lines.slice(0, count - 1), Columns.cut(lines.slice(count - 1).join(" "), room)]
}

const paragraphBlock = (label: string, text: string, most: number, room: number): Block => ({
  label,
  least: 1,
  most: Math.min(most, Columns.wrapped(text, room).length),
  lines: (count) => paragraph(text, count, room).map(plain)
})

/** Carets below the name or the other token that begins at a column. */
const carets = (text: string, mark: number): string => {
  const lead = Columns.beginning(text, mark)
  const token = text.slice(lead.length, skipToken(text, lead.length))
  return `${" ".repeat(mark)}${"^".repeat(Math.max(1, Columns.columns(token)))}`
}

const flat = (characters: ReadonlyArray<string>): string => visibleName(characters.join("").replace(/\s+/g, " "))

/** A statement on one line, and carets below the place of its error. */
const excerptLines = ({ position, statement }: Explanation.Excerpt, room: number): ReadonlyArray<Line> => {
  const characters = [...statement]
  const isMarked = typeof position === "number" && position >= 1 && position <= characters.length
  if (!isMarked) return [plain(Columns.cut(Explanation.singleLine(statement), room))]
  const before = flat(characters.slice(0, position - 1)).trimStart()
  const { mark, text } = Columns.around(
    `${before}${flat(characters.slice(position - 1)).trimEnd()}`,
    before.length,
    room
  )
  return [plain(text), { text: carets(text, mark), look: "caret" }]
}

const fixed = (label: string, lines: ReadonlyArray<Line>): Block => ({
  label,
  least: lines.length,
  most: lines.length,
  lines: () => lines
})

const placeLine = (at: Explanation.Place, room: number): Line => ({
  text: Columns.cutFront(Explanation.place(at), room),
  look: "place",
  file: at.file
})

/** Whole items where they fit, else as many beginnings of them as there are lines, and the number of the others. */
const listBlock = (label: string, whole: ReadonlyArray<Line>, room: number): Block => ({
  label,
  least: 1,
  most: Math.min(whole.length, 2),
  lines: (count) => {
    const broken = whole.flatMap((item) => Columns.wrapped(item.text, room).map((text) => ({ ...item, text })))
    if (broken.length <= count) return broken
    const items = whole.map((item) => ({ ...item, text: Columns.cut(item.text, room) }))
    if (items.length <= count) return items
    const more = ` and ${items.length - Math.max(1, count - 1)} more`
    if (count > 1) return [...items.slice(0, count - 1), plain(more.trim())]
    return items.slice(0, 1).map((item) => ({ ...item, text: `${Columns.cut(item.text, room - more.length)}${more}` }))
  }
})

const remedyBlock = ({ run, say }: Explanation.Remedy, label: string, room: number): Block => {
  const text = Explanation.singleLine(run === undefined ? Explanation.sentence(say) : `${say}:`)
  const said = paragraphBlock(label, text, 3, room)
  if (run === undefined) return said
  const command: Line = { text: visibleName(run), look: "command" }
  return { ...said, least: 2, most: said.most + 1, lines: (count) => [...said.lines(count - 1), command] }
}

/** The blocks in the order in which they are printed. */
const blocksOf = (explanation: Explanation.Explanation, title: string, width: number): ReadonlyArray<Block> => {
  const { at, files, outcome, query, reasons = [], remedies } = explanation
  const room = width - indent
  const some = <A>(value: A | undefined, block: (value: A) => Block): ReadonlyArray<Block> =>
    value === undefined ? [] : [block(value)]
  const place = (one: Explanation.Place) => placeLine(one, room)
  return [
    paragraphBlock("", title, 3, width),
    ...some(at, (one) =>
      fixed("at", [
        place(one),
        ...(one.statement === undefined ? [] : excerptLines({ ...one, statement: one.statement }, room))
      ])
    ),
    ...some(query, (one) => fixed("query", excerptLines(one, room))),
    ...some(files, ({ are, places }) => listBlock(are, places.map(place), room)),
    ...(reasons.length === 0
      ? []
      : [
          listBlock(
            "why",
            reasons.map((one) => plain(Explanation.reasonInBrief(one))),
            room
          )
        ]),
    ...some(outcome, (one) => paragraphBlock("outcome", Explanation.singleLine(one), 2, room)),
    ...remedies.map((remedy, index) => remedyBlock(remedy, index === 0 ? "next" : "", room))
  ]
}

/** How many lines each block gets: what it needs, and as much as it wants of what is left. The reasons get the rest. */
const share = (blocks: ReadonlyArray<Block>): ReadonlyArray<number> => {
  let left = blocks.reduce((rest, { least }) => rest - least, mostLines)
  const counts = blocks.map(({ label, least, most }) => {
    const further = label === "why" ? 0 : Math.min(left, most - least)
    left -= further
    return least + further
  })
  return counts.map((count, index) => (blocks[index]?.label === "why" ? count + left : count))
}

/** Leaves out blocks until the others have room: first the query, then the last of the remedies. */
const fitting = (blocks: ReadonlyArray<Block>): ReadonlyArray<Block> => {
  const needed = blocks.reduce((sum, { least }) => sum + least, 0)
  if (needed <= mostLines) return blocks
  const query = blocks.findIndex(({ label }) => label === "query")
  return fitting(blocks.toSpliced(query < 0 ? blocks.length - 1 : query, 1))
}

const codes: Readonly<Record<Look | "label", string>> = {
  plain: "",
  label: "2",
  caret: "31;1",
  command: "36;1",
  place: "4"
}

const painted = (text: string, look: Look | "label", { color = false }: RenderOptions): string =>
  color && codes[look] !== "" && text !== "" ? `\u001B[${codes[look]}m${text}\u001B[0m` : text

/** Whether it is a path, and not the label of a migration in code, such as `record:001`. */
const isPath = (file: string): boolean => !/^\w{2,}:/.test(file) && !isHidden(file)

/** The text with a link to its file, which the operating system opens (OSC 8). */
const linked = (text: string, { file }: Line, { links }: RenderOptions): string => {
  if (links === undefined || file === undefined || !isPath(file)) return text
  const path = /^(?:\/|[A-Za-z]:[\\/])/.test(file) ? file : `${links.replace(/[\\/]$/, "")}/${file}`
  const address = encodeURI(path.replaceAll("\\", "/")).replace(/[?#]/g, encodeURIComponent)
  return `\u001B]8;;file://${address.startsWith("/") ? "" : "/"}${address}\u001B\\${text}\u001B]8;;\u001B\\`
}

const print = (line: Line, options: RenderOptions): string =>
  linked(painted(line.text, line.look, options), line, options)

const titled = (text: string, tag: string, { color = false }: RenderOptions): string =>
  color && text.startsWith(tag) ? `\u001B[31;1m${tag}\u001B[0m${text.slice(tag.length)}` : text

/** The blocks behind the problem, each line behind a label. */
const details = (blocks: ReadonlyArray<Block>, counts: ReadonlyArray<number>, options: RenderOptions) =>
  blocks.flatMap(({ label, lines }, index) =>
    lines(counts[index] ?? 0).map((line, row) => {
      const left = (row === 0 ? label : "").padEnd(indent - 2)
      return `  ${painted(left, "label", options)}${print(line, options)}`.trimEnd()
    })
  )

/** The lines of a rendering: those of the problem, and those behind it. */
const linesOf = ({ _tag: tag, explanation }: Explanation.Explained, options: RenderOptions) => {
  const width = Math.max(narrowest, options.width ?? 100)
  const title = `${tag}: ${Explanation.singleLine(explanation.problem)}`
  const [head, ...rest] = fitting(blocksOf(explanation, title, width))
  const [first = 1, ...counts] = share(head === undefined ? [] : [head, ...rest])
  const top = head?.lines(first).map(({ text }, row) => (row === 0 ? titled(text, tag, options) : text)) ?? []
  return { top, behind: details(rest, counts, options) }
}

/**
 * Renders an error for a terminal in at most twelve lines, which are not wider than the width. A command may be wider.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (error: Explanation.Explained, options: RenderOptions = {}): string => {
  const { behind, top } = linesOf(error, options)
  return [...top, ...behind].join("\n")
}

/** The same without the problem, for a place that has told it. @since 0.1.0 @category rendering */
export const renderDetails = (error: Explanation.Explained, options: RenderOptions = {}): string =>
  linesOf(error, options).behind.join("\n")
