/**
 * The help of a command in a few lines, from what `@effect/cli` knows about it.
 *
 * @internal
 */
import * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Span from "@effect/cli/HelpDoc/Span"
import * as Line from "./Line.js"

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g")

/** The text of a document in one line. @since 0.1.0 @category rendering */
export const textOf = (doc: HelpDoc.HelpDoc): string =>
  HelpDoc.toAnsiText(doc).replaceAll(escapes, "").replaceAll(/\s+/g, " ").trim()

/** Sentences of `@effect/cli` that say what the form of an option says already. */
const boilerplate =
  /A user-defined piece of text\.|A true or false value\.|An integer\.|One of the following: [^.]*\.?|This (?:setting|option|argument) (?:is optional|may be repeated (?:zero|one) or more times|must be repeated at least \d+ times?)\./g

const description = (doc: HelpDoc.HelpDoc): string =>
  textOf(doc).replaceAll(boilerplate, "").replaceAll(/\s+/g, " ").trim()

type Part =
  | { readonly _tag: "Title"; readonly text: string }
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "List"; readonly rows: ReadonlyArray<readonly [string, string]> }

const spanText = (span: Span.Span): string => textOf(HelpDoc.p(span))

const partsOf = (doc: HelpDoc.HelpDoc): ReadonlyArray<Part> => {
  if (HelpDoc.isSequence(doc)) return [...partsOf(doc.left), ...partsOf(doc.right)]
  if (HelpDoc.isHeader(doc)) return [{ _tag: "Title", text: textOf(doc) }]
  if (HelpDoc.isParagraph(doc)) return [{ _tag: "Text", text: textOf(doc) }]
  return HelpDoc.isDescriptionList(doc)
    ? [{ _tag: "List", rows: doc.definitions.map(([span, about]) => [spanText(span), description(about)]) }]
    : []
}

/** `ARGUMENTS` as `Arguments`. */
const title = (text: string): string => text.slice(0, 1) + text.slice(1).toLowerCase()

const wrapped = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

const list = (rows: ReadonlyArray<readonly [string, string]>, width: number): ReadonlyArray<Line.Line> => {
  const longest = Math.max(...rows.map(([form]) => form.length).filter((length) => length <= 24), 0)
  return rows.flatMap(([form, does]) => {
    const [first = "", ...rest] = wrapped(does, Math.max(30, width - longest - 4))
    const indented = (line: string) => `${" ".repeat(longest + 4)}${line}`
    return form.length > longest
      ? [[Line.styled("cyan", `  ${form}`)], ...[first, ...rest].map(indented)]
      : [["  ", Line.styled("cyan", form.padEnd(longest)), "  ", first], ...rest.map(indented)]
  })
}

const rendered = (part: Part, width: number): ReadonlyArray<Line.Line> => {
  switch (part._tag) {
    case "Title":
      return part.text === "DESCRIPTION" ? [] : ["", [Line.styled("bold", title(part.text))]]
    case "Text":
      return wrapped(part.text, width)
    case "List":
      return list(part.rows, width)
  }
}

/**
 * The help of one command.
 *
 * @since 0.1.0
 * @category rendering
 */
export const lines = (usage: string, doc: HelpDoc.HelpDoc, width: number): ReadonlyArray<Line.Line> => [
  [Line.styled("bold", usage)],
  ...partsOf(doc).flatMap((part) => rendered(part, width))
]

const textsIn = (doc: HelpDoc.HelpDoc): ReadonlyArray<string> =>
  partsOf(doc).flatMap((part) => (part._tag === "Text" ? [part.text] : []))

/**
 * The help of the whole command line.
 *
 * @since 0.1.0
 * @category rendering
 */
export const overview = (
  name: string,
  doc: HelpDoc.HelpDoc,
  commands: ReadonlyArray<readonly [string, HelpDoc.HelpDoc]>,
  width: number
): ReadonlyArray<Line.Line> => [
  [Line.styled("bold", `${name} <command> [options]`)],
  ...textsIn(doc).flatMap((text) => wrapped(text, width)),
  "",
  [Line.styled("bold", "Commands")],
  ...list(
    commands.map(([command, about]) => [command, textsIn(about)[0] ?? ""]),
    width
  ),
  "",
  ...wrapped(
    `Type ${name} <command> --help for the options of a command. Options may stand before or behind the command.`,
    width
  )
]
