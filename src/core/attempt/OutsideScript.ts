/**
 * A script that runs outside transactions, as the units in which it takes effect: a statement, or a transaction block that
 * the script itself begins and ends. After an interruption it goes on at a unit, and what has become of that unit decides how.
 *
 * **Laws**
 *
 * 1. The units of a script are all of its statements, in order, each once.
 * 2. What was known to be done is never run again, but for settings of the session.
 * 3. A unit that may have taken effect, all of it or a part, and of which nothing tells whether it did, is neither run nor
 *    skipped.
 *
 * @since 0.1.0
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import { type ParsedStatement, type Parser, statementsOf } from "../sql/ParsedSql.js"
import { beginsBlock, endsBlock } from "../statement/TransactionBlock.js"
import * as Leftover from "./Leftover.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Unit {
  /** Places in the script: the first statement, and the one after the last. */
  readonly from: number
  readonly to: number
  readonly statements: Arr.NonEmptyReadonlyArray<ParsedStatement>
  readonly leftover: Leftover.Leftover
  /** It may have committed part of its work before it failed, so that an error of its own does not say that nothing of it is there. */
  readonly mayCommit: boolean
  readonly isSetting: boolean
  readonly isPatient: boolean
}

/**
 * The units of a text that is known to be SQL.
 *
 * @since 0.1.0
 * @category operations
 */
export const units = (parser: Parser, text: string): ReadonlyArray<Unit> => {
  const found: Array<Unit> = []
  let open: Array<ParsedStatement> = []
  const statements = Either.getOrElse(statementsOf(parser, text), () => [])
  for (const [place, statement] of statements.entries()) {
    open.push(statement)
    const isLast = place === statements.length - 1
    if (!Arr.isNonEmptyArray(open) || (isInBlock(open) && !isLast)) continue
    found.push(unit(parser, text, open, place + 1))
    open = []
  }
  return found
}

const unit = (
  parser: Parser,
  text: string,
  statements: Arr.NonEmptyReadonlyArray<ParsedStatement>,
  to: number
): Unit => {
  const nodes = statements.map(({ node }) => node)
  const part = text.slice(Arr.headNonEmpty(statements).start, Arr.lastNonEmpty(statements).end)
  return {
    from: to - statements.length,
    to,
    statements,
    leftover: Leftover.of(parser, part, nodes),
    mayCommit: Leftover.mayCommit(nodes),
    isSetting: nodes.every(Leftover.isSetting),
    isPatient: nodes.every(Leftover.isPatient)
  }
}

const isInBlock = (statements: Arr.NonEmptyReadonlyArray<ParsedStatement>): boolean =>
  beginsBlock(Arr.headNonEmpty(statements).node) && !endsBlock(Arr.lastNonEmpty(statements).node)

/**
 * What earlier attempts left to be asked, from the first unit that is not known to be done. `next`: about one unit. `all`:
 * about each until one was not begun, since nobody counted, or the text is another one now. `begun`: it may have taken
 * effect. `refused`: the server is known to have refused it.
 *
 * @since 0.1.0
 * @category models
 */
export type Doubt =
  | { readonly about: "nothing" }
  | { readonly about: "next" | "all"; readonly was: "begun" | "refused" }

/** @since 0.1.0 @category models */
export interface Resumption {
  /** Statements that are done. */
  readonly progress: number
  readonly doubt: Doubt
}

/**
 * Where a new attempt begins, from what the last one left: its lease, and the last event.
 *
 * @since 0.1.0
 * @category operations
 */
export const resumption = (
  left: { readonly checksum: string; readonly progress: number; readonly inDoubt: "nothing" | "next" | "all" } | null,
  facts: { readonly checksum: string; readonly lastKind: string | null }
): Resumption => {
  if (left === null) {
    return { progress: 0, doubt: facts.lastKind === "Started" ? { about: "all", was: "begun" } : { about: "nothing" } }
  }
  const was = left.inDoubt === "nothing" ? "refused" : "begun"
  return left.checksum === facts.checksum
    ? { progress: left.progress, doubt: { about: left.inDoubt === "all" ? "all" : "next", was } }
    : { progress: 0, doubt: { about: "all", was } }
}

/**
 * What to do with a unit in doubt. `ask`: the catalog knows.
 *
 * @since 0.1.0
 * @category operations
 */
export const consider = (doubt: Doubt, leftover: Leftover.Leftover): "run" | "ask" | "stop" => {
  if (doubt.about === "nothing" || leftover._tag === "Harmless") return "run"
  if (leftover._tag === "None") return doubt.was === "begun" ? "stop" : "run"
  return "ask"
}

/**
 * What the catalog's answer means. A statement that the server refused just before is not done, whatever is there.
 *
 * @since 0.1.0
 * @category operations
 */
export const conclude = (
  doubt: Doubt,
  state: "done" | "half-done" | "not-begun" | "unknown"
): "run" | "skip" | "clean up" | "stop" => {
  if (state === "half-done") return "clean up"
  const isRefused = doubt.about === "next" && doubt.was === "refused"
  if (state === "not-begun" || doubt.about === "nothing" || isRefused) return "run"
  if (state === "done") return "skip"
  return doubt.was === "begun" ? "stop" : "run"
}

/**
 * What is in doubt after a unit: nothing, once one was run that had not been begun, or only one was in doubt. What may run any
 * number of times tells nothing about what comes after it.
 *
 * @since 0.1.0
 * @category operations
 */
export const afterwards = (doubt: Doubt, leftover: Leftover.Leftover, outcome: "run" | "skip"): Doubt => {
  if (doubt.about !== "all") return { about: "nothing" }
  const tells = outcome === "run" && leftover._tag !== "Harmless" && leftover._tag !== "Rebuilt"
  return tells && doubt.was === "begun" ? { about: "nothing" } : doubt
}
