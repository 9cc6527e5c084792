/**
 * Runs a script outside transactions, unit by unit, from where an earlier attempt stopped. Of a unit that the attempt may have
 * begun, the catalog is asked what became of it: it is skipped, cleaned up, run again, or nobody can know.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Schedule from "effect/Schedule"
import { StatementInDoubt } from "./core/AutoMigrationError.js"
import type { Migration } from "./core/Migration.js"
import * as OutsideScript from "./core/OutsideScript.js"
import * as SqlState from "./core/SqlState.js"
import * as Message from "./Message.js"
import type { Reserved } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import type { Setback } from "./MigrationLock.js"
import * as Repair from "./Repair.js"
import * as Script from "./Script.js"
import * as Transaction from "./Transaction.js"

/** When a statement that did not get its locks is tried again. @since 0.1.0 @category models */
export interface Patience {
  readonly while: (setback: Setback) => Effect.Effect<boolean>
  readonly schedule: Schedule.Schedule<unknown>
}

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
  readonly role: string
  readonly resumption: OutsideScript.Resumption
  /** Runs again what nobody can know of. */
  readonly again: boolean
  readonly remedies: Pick<StatementInDoubt, "again" | "record">
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
    doubt = OutsideScript.afterwards(doubt, unit.trace, outcome)
    yield* advance(unit.to, doubt.about === "all" && doubt.was === "begun" ? "all" : "next")
    yield* Ref.set(attempt.isCertain, true)
  }
})

/** One that did not get its locks is known to have been refused, but may have left something behind. */
const runUnit = Effect.fnUntraced(function* (
  attempt: Attempt,
  unit: OutsideScript.Unit,
  doubt: OutsideScript.Doubt
): Effect.fn.Return<"run" | "skip", Setback> {
  const current = yield* Ref.make(doubt)
  const refused = Ref.set(current, { about: "next", was: "refused" })
  return yield* Effect.flatMap(Ref.get(current), (now) => decide(attempt, unit, now, "first")).pipe(
    Effect.tap((verdict) => (verdict === "run" ? runStatements(attempt, unit, refused) : Effect.void)),
    Effect.retry(attempt.patience)
  )
})

const runStatements = (
  attempt: Attempt,
  { statements }: OutsideScript.Unit,
  whenRefused: Effect.Effect<void>
): Effect.Effect<void, Setback> =>
  Effect.forEach(
    statements,
    (span) => Script.runStatement(attempt.work, attempt.role, attempt.migration, { ...span, transactional: false }),
    { discard: true }
  ).pipe(
    Effect.tapError((setback) =>
      isRefusal(setback)
        ? Effect.all([whenRefused, Ref.set(attempt.isCertain, true), endBlock(attempt, statements)])
        : Effect.void
    ),
    (statement) => Effect.zipRight(Ref.set(attempt.isCertain, false), statement)
  )

/** Lost with the connection or the server, a statement may have taken effect; an error of its own says that it has not. */
const isRefusal = ({ error }: Script.StatementError): boolean =>
  Option.exists(SqlState.evidenceFrom(error), ({ sqlState }) => !/^(?:08|57P0)/.test(sqlState))

/** What a block had done is undone with it. */
const endBlock = ({ work }: Attempt, statements: ReadonlyArray<unknown>): Effect.Effect<void> =>
  statements.length === 1 ? Effect.void : Effect.ignore(Transaction.send(work.connection, "ROLLBACK"))

/** What is half-done is cleaned up, and then asked about once more. */
const decide = (
  attempt: Attempt,
  unit: OutsideScript.Unit,
  doubt: OutsideScript.Doubt,
  time: "first" | "second"
): Effect.Effect<"run" | "skip", Setback> => {
  const { trace } = unit
  const considered = OutsideScript.consider(doubt, trace)
  if (considered === "stop") return stopAt(attempt, unit)
  if (considered === "run" || trace._tag === "Harmless" || trace._tag === "None") return Effect.succeed("run")
  return Effect.flatMap(find(attempt, trace), ({ cleanUp, state }) => {
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
const find = ({ work }: Attempt, trace: Repair.Telling): Effect.Effect<Repair.Finding, MigrationFailure.Failure> =>
  Transaction.send(work.connection, Repair.question(trace)).pipe(
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
      Effect.mapError(
        Transaction.send(work.connection, statement),
        Script.at(migration, role, { ...span, transactional: false })
      ),
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
