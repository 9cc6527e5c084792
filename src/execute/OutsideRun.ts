/**
 * Runs a script outside transactions, unit by unit, from where an earlier attempt stopped. Of a unit that the attempt may have
 * begun, the catalog is asked what became of it: it is skipped, cleaned up, run again, or nobody can know.
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
import * as Message from "../database/Message.js"
import type { Reserved } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Transaction from "../database/Transaction.js"
import type { Setback } from "./MigrationLock.js"
import * as Repair from "./Repair.js"
import * as Script from "./Script.js"

/** When a statement that did not get its locks is tried again. @since 0.1.0 @category models */
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
  /** Names the session, so that others find what still runs on it. */
  readonly sign: Effect.Effect<unknown, SqlError>
  readonly role: string
  readonly resumption: OutsideScript.Resumption
  /** Runs again what nobody can know of. */
  readonly again: boolean
  readonly remedies: MigrationFailure.Remedies
  readonly patience: Patience
  /** So many statements are done. Fails when the attempt is no longer ours. */
  readonly advance: (progress: number, inDoubt: "next" | "all") => Effect.Effect<void, Setback>
  /** Whether all that has been begun is known to be done, or to have been refused. */
  readonly isCertain: Ref.Ref<boolean>
}

/**
 * Settings belong to the session, and this is a new one.
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
    doubt = OutsideScript.afterwards(doubt, unit.leftover, outcome)
    yield* advance(unit.to, doubt.about === "all" && doubt.was === "begun" ? "all" : "next")
    yield* Ref.set(attempt.isCertain, true)
  }
})

/**
 * One that did not get its locks is known to have been refused, but may have left something behind. What the script did to the
 * name of the session before is undone first.
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

/** A block may rename its session too, and is one unit. */
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
 * Lost with the connection or the server, a statement may have taken effect; an error of its own says that it has not, as long as
 * it commits at its end only.
 */
const isOwn = ({ error }: Script.StatementError): boolean =>
  Option.exists(SqlState.evidenceFrom(error), ({ sqlState }) => !/^(?:08|57P0)/.test(sqlState))

/** What a block had done is undone with it. */
const endBlock = ({ work }: Attempt, { statements }: OutsideScript.Unit): Effect.Effect<void> =>
  statements.length === 1 ? Effect.void : Effect.ignore(Transaction.send(work.connection, "ROLLBACK"))

/** What is half-done is cleaned up, and then asked about once more. */
const decide = (
  attempt: Attempt,
  unit: OutsideScript.Unit,
  doubt: OutsideScript.Doubt,
  time: "first" | "second"
): Effect.Effect<"run" | "skip", Setback> => {
  const { leftover } = unit
  const considered = OutsideScript.consider(doubt, leftover)
  if (considered === "stop") return stopAt(attempt, unit)
  if (considered === "run" || leftover._tag === "Harmless" || leftover._tag === "None") return Effect.succeed("run")
  return Effect.flatMap(find(attempt, leftover), ({ cleanUp, state }) => {
    const verdict = OutsideScript.conclude(doubt, state)
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

/** On the session that would run the unit: names mean there what they mean to the unit. */
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
  return again ? Effect.succeed("run") : inDoubt(attempt, line, text.replaceAll(/\s+/g, " "))
}

const inDoubt = (
  { migration, remedies }: Attempt,
  line: number,
  statement: string
): Effect.Effect<never, MigrationFailure.Failure> =>
  Effect.fail(
    MigrationFailure.circumstance(
      ({ cause }) =>
        new StatementInDoubt({
          ...remedies,
          migrationId: migration.id,
          file: migration.source,
          line,
          statement,
          cause
        })
    )
  )
