/**
 * Directives are statements of a file about itself, in SQL comments. They are optional: the order comes from the SQL.
 *
 * ```sql
 * -- requires: 003_users, 007_orders      waits for these as well (Sqitch's notation)
 * -- provides: table app.users            promises an object that its SQL does not show
 * -- transaction: none                    runs outside a transaction
 * -- accept: data-loss, table-rewrite     consents to these risks
 * ```
 *
 * **A directive** is a `--` comment on a line of its own, outside strings, function bodies and block comments. Its first word is
 * one of the four, in lower case and followed by a colon. It may stand anywhere in the file.
 *
 * **An error** is a directive whose value is not understood. In the header (the comments before the first statement), a lower-case
 * word that is one typing mistake away from a directive (`require`, `provide`, `transactions`, `accepts`) is an error too, if its
 * value fits the directive.
 *
 * **Prose** is all else: a word with a capital (`-- Requires: PostgreSQL 14`, `-- TODO: drop this`), a line without the colon
 * (`-- Deploy app:users to pg`), a sentence that wraps after `transaction:` or `accept:`. `WayUp` reads the markers of other tools.
 *
 * **Laws**
 *
 * 1. Text inside string literals, quoted identifiers, dollar quotes and block comments is never a directive.
 * 2. `requires` holds the ids of all `-- requires:` lines, in their order, each once.
 *
 * @internal
 */

import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { InvalidDirective } from "../error/AutoMigrationError.js"
import { MigrationId } from "../model/MigrationId.js"
import type { RiskKind } from "../model/Risk.js"
import * as SqlComment from "../text/Comment.js"
import { beginsWithKind } from "./ObjectSyntax.js"

/** An id, and the 1-based line that names it. @since 0.1.0 @category models */
export interface Requirement {
  readonly id: MigrationId
  readonly line: number
}

/** The text behind `-- provides:`, and its 1-based line. @since 0.1.0 @category models */
export interface Promised {
  readonly text: string
  readonly line: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Directives {
  readonly requires: ReadonlyArray<Requirement>
  readonly provides: ReadonlyArray<Promised>
  readonly transaction: "own" | "none"
  readonly accepts: ReadonlyArray<RiskKind>
}

/**
 * The directives of a migration that is an Effect, which has no text to hold them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Declaration {
  /** Objects as in `-- provides:`, for instance `["table users", "function app.f(integer)"]`. */
  readonly provides?: ReadonlyArray<string>
  readonly requires?: ReadonlyArray<string>
  readonly accepts?: ReadonlyArray<RiskKind>
}

/** The directives of a file without any. @since 0.1.0 @category constructors */
export const none: Directives = { requires: [], provides: [], transaction: "own", accepts: [] }

/**
 * Reads the directives of a file. Fails with the first line that is an error by the rules in this module's header.
 *
 * `-- requires: V3, V5` gives the requirements V3 and V5. `-- require: V3` fails with `InvalidDirective` and the line.
 *
 * @since 0.1.0
 * @category operations
 */
export const read = (file: string, text: string): Either.Either<Directives, InvalidDirective> => {
  let directives = none
  for (const comment of SqlComment.linesOf(text)) {
    const next = readLine(file, comment, directives)
    if (Either.isLeft(next)) return Either.left(next.left)
    directives = next.right
  }
  return Either.right(directives)
}

/**
 * Checks a declaration as {@link read} checks a file. Its errors name line 1.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromDeclaration = (
  source: string,
  { accepts = [], provides = [], requires = [] }: Declaration
): Either.Either<Directives, InvalidDirective> =>
  Either.mapBoth(requires.length === 0 ? Either.right([]) : requirementsFrom(requires.join(","), 1), {
    onLeft: (reason) =>
      new InvalidDirective({ file: source, line: 1, directive: `requires: ${requires.join(", ")}`, reason }),
    onRight: (ids) => ({
      requires: ids,
      provides: provides.map((text) => ({ text, line: 1 })),
      transaction: "own",
      accepts
    })
  })

type Word = "requires" | "provides" | "transaction" | "accept"

const words: ReadonlyArray<Word> = ["requires", "provides", "transaction", "accept"]

/** A record, so that a new kind of risk cannot be forgotten here. */
const riskKinds: Readonly<Record<RiskKind, RiskKind>> = {
  "data-loss": "data-loss",
  "incompatible-change": "incompatible-change",
  "table-rewrite": "table-rewrite",
  "table-scan": "table-scan",
  "blocking-index-build": "blocking-index-build",
  "validation-scan": "validation-scan",
  "volatile-default": "volatile-default",
  "row-update": "row-update",
  "referenced-table-lock": "referenced-table-lock",
  "not-transactional": "not-transactional",
  "privilege-change": "privilege-change",
  opaque: "opaque"
}

const riskKindFrom = (text: string): Option.Option<RiskKind> =>
  Option.fromNullable(Object.values(riskKinds).find((kind) => kind === text))

/** The meaning of a comment line. */
type Reading =
  | { readonly _tag: "Prose" }
  | { readonly _tag: "Directive"; readonly word: Word; readonly value: string }
  | { readonly _tag: "Wrong"; readonly reason: string }

const prose: Reading = { _tag: "Prose" }
const wrong = (reason: string): Reading => ({ _tag: "Wrong", reason })

const readLine = (
  file: string,
  comment: SqlComment.CommentLine,
  directives: Directives
): Either.Either<Directives, InvalidDirective> => {
  const fail = (reason: string) =>
    Either.left(new InvalidDirective({ file, line: comment.line, directive: `-- ${comment.text}`, reason }))
  const reading = readingOf(comment)
  switch (reading._tag) {
    case "Prose":
      return Either.right(directives)
    case "Wrong":
      return fail(reading.reason)
    case "Directive":
      return Either.match(apply(directives, reading.word, reading.value, comment.line), {
        onLeft: fail,
        onRight: Either.right
      })
  }
}

const readingOf = ({ header, text }: SqlComment.CommentLine): Reading => {
  const match = /^([a-z]+)\s*:(.*)$/.exec(text)
  const [, word = "", rest = ""] = match ?? []
  const value = rest.trim()
  const exact = words.find((known) => known === word)
  if (exact !== undefined) return isSentence(exact, value) ? prose : { _tag: "Directive", word: exact, value }
  const meant = header ? words.find((known) => isOneSlipFrom(known, word)) : undefined
  return meant === undefined || !isPlausible(meant, value)
    ? prose
    : wrong(`is not a directive; did you mean "${meant}:"`)
}

/** Whether a line is a sentence that wraps after the word and a colon. Sentences seldom have a colon after `requires` or `provides`. */
const isSentence = (word: Word, value: string): boolean => {
  switch (word) {
    case "requires":
    case "provides":
      return false
    case "transaction":
      return /\s/.test(value) && !/^none\b/.test(value)
    case "accept":
      return itemsOf(value).some((item) => /\s/.test(item) && Option.isNone(riskKindFrom(item.replace(/\s.*/s, ""))))
  }
}

/** Whether a value fits a directive. */
const isPlausible = (word: Word, value: string): boolean => {
  switch (word) {
    case "requires":
    case "transaction":
      return value !== "" && itemsOf(value).every((item) => !/\s/.test(item))
    case "provides":
      return beginsWithKind(value)
    case "accept":
      return itemsOf(value).some((item) => Option.isSome(riskKindFrom(item)))
  }
}

const apply = (directives: Directives, word: Word, value: string, line: number): Either.Either<Directives, string> => {
  if (value === "") return Either.left("says nothing")
  switch (word) {
    case "requires":
      return Either.map(requirementsFrom(value, line), (requires) => ({
        ...directives,
        requires: [
          ...directives.requires,
          ...requires.filter((_) => directives.requires.every((known) => known.id !== _.id))
        ]
      }))
    case "provides":
      return Either.right({ ...directives, provides: [...directives.provides, { text: value, line }] })
    case "transaction":
      return value === "none"
        ? Either.right({ ...directives, transaction: "none" })
        : Either.left(`does not take "${value}"; the only value is none`)
    case "accept":
      return Either.map(risksFrom(value), (risks) => ({
        ...directives,
        accepts: [...new Set([...directives.accepts, ...risks])]
      }))
  }
}

const itemsOf = (value: string): ReadonlyArray<string> => value.split(",").map((item) => item.trim())

const requirementsFrom = (value: string, line: number): Either.Either<ReadonlyArray<Requirement>, string> =>
  Either.all(
    [...new Set(itemsOf(value))].map((item) =>
      Either.mapBoth(MigrationId.pipe(Schema.decodeUnknownEither)(item), {
        onLeft: () => (item === "" ? "names nothing before or after a comma" : `cannot name "${item}"`),
        onRight: (id) => ({ id, line })
      })
    )
  )

const risksFrom = (value: string): Either.Either<ReadonlyArray<RiskKind>, string> =>
  Either.all(
    itemsOf(value).map((item) =>
      Either.fromOption(
        riskKindFrom(item),
        () => `does not know the risk "${item}"; the risks are ${Object.values(riskKinds).join(", ")}`
      )
    )
  )

/** Whether one letter is added, left out, replaced or swapped with its neighbour. */
const isOneSlipFrom = (known: string, word: string): boolean => {
  if (Math.abs(known.length - word.length) > 1) return false
  let start = 0
  while (start < known.length && known[start] === word[start]) start++
  const [left, right] = [known.slice(start), word.slice(start)]
  return (
    left.slice(1) === right ||
    left === right.slice(1) ||
    left.slice(1) === right.slice(1) ||
    (left.slice(2) === right.slice(2) && left.slice(0, 2) === [...right.slice(0, 2)].reverse().join(""))
  )
}
