/**
 * The units in which a script outside transactions takes effect: a statement each, or a transaction block that the script begins
 * and ends. After an interruption, a new attempt continues with a unit in doubt, and decides whether to run or to skip it.
 *
 * **Laws**
 *
 * 1. The units of a script are all of its statements, in order, each once.
 * 2. A unit that is known to be done never runs again, except for settings of the session.
 * 3. A unit that may have taken effect as a whole or in part is neither run nor skipped if the catalog does not show it.
 *
 * @since 0.1.0
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import { type ParsedStatement, type Parser, statementsOf } from "../sql/ParsedSql.js"
import { beforeIdleBegin, beginsBlock, endsBlock } from "../statement/TransactionBlock.js"
import * as Leftover from "./Leftover.js"

/** Statements that take effect together. @since 0.1.0 @category models */
export interface Unit {
  /** Indexes of statements in the script: of the first, and of the one after the last. */
  readonly from: number
  readonly to: number
  readonly statements: Arr.NonEmptyReadonlyArray<ParsedStatement>
  readonly leftover: Leftover.Leftover
  /** Whether it may have committed a part before it fails, so that its error does not show that it had no effect. */
  readonly mayCommit: boolean
  readonly isSetting: boolean
  readonly isPatient: boolean
}

/**
 * The units of a text. A text that is not SQL has none.
 *
 * @since 0.1.0
 * @category operations
 */
export const units = (parser: Parser, text: string): ReadonlyArray<Unit> => {
  const found: Array<Unit> = []
  let open: Array<ParsedStatement> = []
  const parsed = Either.getOrElse(statementsOf(parser, text), () => [])
  const statements = parsed.slice(0, beforeIdleBegin(parsed.map(({ node }) => node)))
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
 * The units that earlier attempts left in doubt, from the first one that is not known to be done. `"next"`: that one. `"all"`: each
 * unit up to the first that was not begun, since no progress is recorded, or the text has changed. `"begun"`: it may have taken
 * effect. `"refused"`: the server has refused it.
 *
 * @since 0.1.0
 * @category models
 */
export type Doubt =
  | { readonly about: "nothing" }
  | { readonly about: "next" | "all"; readonly was: "begun" | "refused" }

/** The point at which a new attempt begins. @since 0.1.0 @category models */
export interface Resumption {
  /** The number of statements that are done. */
  readonly progress: number
  readonly doubt: Doubt
}

/**
 * The point at which a new attempt begins, from the lease that the last attempt left and from the kind of the last event.
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
 * The first decision about a unit: to run it, to ask the catalog about it, or to stop.
 *
 * @since 0.1.0
 * @category operations
 */
export const firstDecision = (doubt: Doubt, leftover: Leftover.Leftover): "run" | "ask" | "stop" => {
  if (doubt.about === "nothing" || leftover._tag === "Harmless") return "run"
  if (leftover._tag === "None") return doubt.was === "begun" ? "stop" : "run"
  return "ask"
}

/**
 * The decision about a unit by the catalog's answer. A statement that the server has just refused is not done, even if its traces are
 * there.
 *
 * @since 0.1.0
 * @category operations
 */
export const decisionByCatalog = (
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
 * The doubt that remains after a unit. None remains if only that unit was in doubt, or if it had not been begun, since then no later
 * one had. A unit that may run any number of times does not show whether it had been begun.
 *
 * @since 0.1.0
 * @category operations
 */
export const remainingDoubt = (doubt: Doubt, leftover: Leftover.Leftover, outcome: "run" | "skip"): Doubt => {
  if (doubt.about !== "all") return { about: "nothing" }
  const tells = outcome === "run" && leftover._tag !== "Harmless" && leftover._tag !== "Rebuilt"
  return tells && doubt.was === "begun" ? { about: "nothing" } : doubt
}
