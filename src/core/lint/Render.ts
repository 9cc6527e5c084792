/**
 * The findings for people: grouped by file, each with its place, reason and safer way, and a line with their number.
 *
 * @since 0.1.0
 * @internal
 */
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import { location } from "../text/Location.js"
import { visible, visibleName } from "../text/Visible.js"
import type { Finding, Report } from "./Finding.js"
import type { Severity } from "./Rule.js"

/** @since 0.1.0 @category models */
export interface Options {
  /** Whether to colour by escape sequences. Defaults to `false`. */
  readonly color?: boolean
  /** Characters of a line. Defaults to 100. */
  readonly width?: number
}

/** A text that ends without a line feed. @since 0.1.0 @category rendering */
export const render = ({ files, findings }: Report, { color = false, width = 100 }: Options = {}): string => {
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const open = findings.filter(({ isAccepted }) => !isAccepted)
  const groups = Object.entries(Arr.groupBy(open, ({ file }) => file))
  return [
    ...groups.map(([file, found]) =>
      [paint(1, visibleName(file)), ...found.map((finding) => lines(finding, Math.max(width, 40), paint))].join("\n\n")
    ),
    summary(files.length, findings, paint)
  ].join("\n\n")
}

type Paint = (code: number, text: string) => string

const colors: Readonly<Record<Severity, number>> = { error: 31, warning: 33, note: 36 }

const lines = (finding: Finding, width: number, paint: Paint): string => {
  const { cheapSince, column, file, line, rule, saferWay, severity, statement, why } = finding
  const since = Option.match(cheapSince, { onNone: () => "", onSome: (version) => ` (since PostgreSQL ${version})` })
  const place = paint(2, location(file, line, column))
  const sql = saferWay.files.map((text) => indented(text.trimEnd()))
  const separator = `\n${" ".repeat(6)}${paint(2, "-- in the next file:")}\n`
  return [
    `${place} ${paint(colors[severity], severity)} ${paint(1, rule)}`,
    ...wrapped(visible(statement), width),
    ...wrapped(why, width),
    ...wrapped(`Safer${since}: ${saferWay.sentence}`, width),
    ...(sql.length === 0 ? [] : [sql.join(separator)])
  ].join("\n")
}

const indented = (text: string): string => visible(text).replace(/^(?=.)/gm, "      ")

/** Lines of words, each with an indent. A word that is longer than the line stays whole. */
const wrapped = (text: string, width: number): ReadonlyArray<string> => {
  const indent = "  "
  const all: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > width) {
      all.push(indent + line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...all, indent + line]
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`

const summary = (files: number, findings: ReadonlyArray<Finding>, paint: Paint): string => {
  const open = findings.filter(({ isAccepted }) => !isAccepted)
  const of = (severity: Severity) => open.filter((finding) => finding.severity === severity).length
  const accepted = findings.length - open.length
  const counts = [plural(of("error"), "error"), plural(of("warning"), "warning"), plural(of("note"), "note")]
  const counted = open.length === 0 ? paint(32, "no findings") : counts.join(", ")
  return `${counted} in ${plural(files, "file")}${accepted === 0 ? "" : `, ${accepted} accepted`}`
}
