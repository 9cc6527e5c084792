/**
 * Runs a script outside transactions, unit by unit, from the place where an earlier attempt stopped. Where that attempt
 * may have begun a unit, the catalog tells what became of it. Then the unit is skipped, cleaned up or run again, or an
 * operator has to decide.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Schedule from "effect/Schedule"
import * as OutsideScript from "../core/attempt/OutsideScript.js"
import * as SqlState from "../core/detect/SqlState.js"
import { StatementInDoubt } from "../core/error/AutoMigrationError.js"
import type { StatementSpan } from "../core/migration/Footprint.js"
import type { Migration } from "../core/migration/Migration.js"
import type { ParsedStatement } from "../core/sql/ParsedSql.js"
import { oneLine } from "../core/text/Lexer.js"
import { withoutLiterals } from "../core/text/Redaction.js"
import * as Message from "../database/Message.js"
import type { Reserved } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Transaction from "../database/Transaction.js"
import type { Setback } from "./MigrationLock.js"
import * as Repair from "./Repair.js"
import * as Script from "./Script.js"

/** When a statement runs again that did not get its locks. @since 0.1.0 @category models */
export interface Patience {
  readonly while: (setback: Setback) => Effect.Effect<boolean>
  readonly schedule: Schedule.Schedule<unknown>
}

const doing = "a step outside transactions"

/**
 * An attempt at a migration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attempt {
  readonly migration: Migration
  readonly units: ReadonlyArray<OutsideScript.Unit>
  readonly work: Reserved
  /** Names the session, so that other processes find its statements. */
  readonly sign: Effect.Effect<unknown, SqlError>
  readonly role: string
  readonly resumption: OutsideScript.Resumption
  /** Whether an operator has decided to run statements in doubt again. */
  readonly again: boolean
  readonly remedies: MigrationFailure.Remedies
  readonly patience: Patience
  /** Records how many statements are done. Fails when the lease has been taken over. */
  readonly advance: (progress: number, inDoubt: "next" | "all") => Effect.Effect<void, Setback>
  /** Whether each statement that has begun is known to be done or refused. */
  readonly isCertain: Ref.Ref<boolean>
}

/**
 * Runs the units that are not done. Settings run again even where they are done, since the session is new.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = Effect.fnUntraced(function* (attempt: Attempt): Effect.fn.Return<void, Setback> {
  const { advance, resumption, units } = attempt
  let doubt = resumption.doubt
  for (const unit of units) {
    const isDone = unit.to <= resumption.progress
    if (isDone && !unit.isSetting) continue
    const outcome = yield* runUnit(attempt, unit, isDone ? { about: "nothing" } : doubt)
    if (isDone) continue
    doubt = OutsideScript.remainingDoubt(doubt, unit.leftover, outcome)
    yield* advance(unit.to, doubt.about === "all" && doubt.was === "begun" ? "all" : "next")
    yield* Ref.set(attempt.isCertain, true)
  }
})

/**
 * Runs a unit until it gets its locks. A refused attempt had no effect, but it may leave objects behind. The session is
 * named again first, since the script may have renamed it.
 */
const runUnit = Effect.fnUntraced(function* (
  attempt: Attempt,
  unit: OutsideScript.Unit,
  doubt: OutsideScript.Doubt
): Effect.fn.Return<"run" | "skip", Setback> {
  const current = yield* Ref.make(doubt)
  const refused = Ref.set(current, { about: "next", was: "refused" })
  yield* Effect.mapError(attempt.sign, (error) => MigrationFailure.ofMessage(error, doing, "what ran"))
  return yield* Effect.flatMap(Ref.get(current), (now) => decide(attempt, unit, now, "first")).pipe(
    Effect.tap((verdict) => (verdict === "run" ? runStatements(attempt, unit, refused) : Effect.void)),
    Effect.retry(attempt.patience)
  )
})

/** Names the session again before each statement, since a block may rename it too. */
const runStatements = (
  attempt: Attempt,
  unit: OutsideScript.Unit,
  whenRefused: Effect.Effect<void>
): Effect.Effect<void, Setback> =>
  Effect.forEach(
    unit.statements,
    (span, place) => Effect.zipRight(place === 0 ? Effect.void : signAt(attempt, span), runStatement(attempt, span)),
    { discard: true }
  ).pipe(
    Effect.tapError((setback) => (isOwn(setback) ? endBlock(attempt, unit) : Effect.void)),
    Effect.tapError((setback) =>
      isOwn(setback) && !unit.mayCommit ? Effect.zipRight(whenRefused, Ref.set(attempt.isCertain, true)) : Effect.void
    ),
    Effect.mapError((setback) => (unit.mayCommit ? Script.inDoubt(setback, attempt.remedies) : setback)),
    (statements) => Effect.zipRight(Ref.set(attempt.isCertain, false), statements)
  )

const runStatement = ({ migration, role, work }: Attempt, span: ParsedStatement) =>
  Script.runStatement(work, role, migration, outside(span))

const signAt = ({ migration, role, sign }: Attempt, span: ParsedStatement) =>
  Effect.mapError(sign, Script.at(migration, role, outside(span)))

const outside = (span: ParsedStatement): StatementSpan => ({ ...span, transactional: false })

/**
 * Whether the error is the statement's own: then the statement had no effect, if it commits only at its end. A
 * statement that is lost with its connection or its server may have taken effect.
 */
const isOwn = ({ error }: Script.StatementError): boolean =>
  Option.exists(SqlState.evidenceFrom(error), ({ sqlState }) => !/^(?:08|57P0)/.test(sqlState))

/** Rolls a block back. */
const endBlock = ({ work }: Attempt, { statements }: OutsideScript.Unit): Effect.Effect<void> =>
  statements.length === 1 ? Effect.void : Effect.ignore(Transaction.send(work.connection, "ROLLBACK"))

/** Decides whether a unit in doubt runs. A half-done unit is cleaned up, and then the catalog is asked once more. */
const decide = (
  attempt: Attempt,
  unit: OutsideScript.Unit,
  doubt: OutsideScript.Doubt,
  time: "first" | "second"
): Effect.Effect<"run" | "skip", Setback> => {
  const { leftover } = unit
  const considered = OutsideScript.firstDecision(doubt, leftover)
  if (considered === "stop") return stopAt(attempt, unit)
  if (considered === "run" || leftover._tag === "Harmless" || leftover._tag === "None") return Effect.succeed("run")
  return Effect.flatMap(find(attempt, leftover), ({ cleanUp, state }) => {
    const verdict = OutsideScript.decisionByCatalog(doubt, state)
    switch (verdict) {
      case "stop":
        return stopAt(attempt, unit)
      case "clean up":
        return time === "first"
          ? Effect.zipRight(cleanUpAll(attempt, unit, cleanUp), decide(attempt, unit, doubt, "second"))
          : Effect.succeed<"run">("run")
      default:
        return Effect.succeed(verdict)
    }
  })
}

/** Asks on the session that would run the unit, where names have the same meaning. */
const find = ({ work }: Attempt, leftover: Repair.Telling): Effect.Effect<Repair.Finding, MigrationFailure.Failure> =>
  Transaction.send(work.connection, Repair.question(leftover)).pipe(
    Effect.mapError((error) =>
      MigrationFailure.ofMessage(error, "a look at what an interrupted step left", "what ran")
    ),
    Effect.flatMap((results) => Repair.readFinding(Message.columnsOf(results)))
  )

const cleanUpAll = (
  { migration, role, work }: Attempt,
  { statements: [span] }: OutsideScript.Unit,
  cleanUp: ReadonlyArray<string>
): Effect.Effect<void, Setback> =>
  Effect.forEach(
    cleanUp,
    (statement) =>
      Effect.mapError(Transaction.send(work.connection, statement), Script.at(migration, role, outside(span))),
    { discard: true }
  )

const stopAt = (
  attempt: Attempt,
  { statements: [{ end, line, start }] }: OutsideScript.Unit
): Effect.Effect<"run", Setback> => {
  const { again, migration } = attempt
  const text = migration.script._tag === "Sql" ? migration.script.text.slice(start, end) : ""
  return again ? Effect.succeed("run") : inDoubt(attempt, line, oneLine(withoutLiterals(text), 200))
}

const inDoubt = (
  { migration, remedies }: Attempt,
  line: number,
  statement: string
): Effect.Effect<never, MigrationFailure.Failure> =>
  Effect.fail(
    MigrationFailure.circumstance(
      ({ asked }) =>
        new StatementInDoubt({
          ...remedies,
          migrationId: migration.id,
          file: migration.source,
          line,
          statement,
          ...asked
        })
    )
  )
