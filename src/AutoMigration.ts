/**
 * The service and the combinators. A query that succeeds never gets here: the library opens no connection before the
 * first failure that a pending migration could explain.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Adoption from "./core/adoption/Adoption.js"
import type { AdoptionError, AutoMigrationError, UnknownMigration } from "./core/error/AutoMigrationError.js"
import type { MigrationGraph } from "./core/graph/MigrationGraph.js"
import type { Plan, StepRisk } from "./core/graph/Plan.js"
import type { BrokenLink, ChainHead, LedgerEvent } from "./core/migration/LedgerEvent.js"
import type { MigrationId } from "./core/migration/Migration.js"
import type { Model } from "./core/picture/Model.js"
import type { Drift } from "./core/policy/Drift.js"
import type { Verdict as PolicyVerdict } from "./core/policy/Policy.js"
import * as Boundary from "./heal/Boundary.js"
import type * as Activity from "./operate/Activity.js"
import type { Health } from "./operate/Health.js"
import type * as Operator from "./operate/Operator.js"
import { AutoMigration } from "./Service.js"

export type { Drift, Suspect } from "./core/policy/Drift.js"
export type { Activity, Blocker } from "./operate/Activity.js"
export type { HistoryStatus } from "./operate/Adopter.js"
export type { Failing, Health } from "./operate/Health.js"
export type { BaselineOptions, Status } from "./operate/Operator.js"
export { AutoMigration, AutoMigrationLive, layer, layerShared, layerTenant } from "./Service.js"

/**
 * Protects an effect. When it fails because the schema is behind the code, the library applies the migrations that
 * bring the missing object and runs the effect again **from its start**, so that the caller sees only its result.
 * Protect the smallest effect that may run twice: a statement, or a whole transaction.
 *
 * An error that no pending migration explains keeps its cause. An effect that succeeds pays one error handler.
 *
 * @example
 * ```ts check
 * import { withAutoMigration } from "effect-auto-migration"
 * import { SqlClient } from "@effect/sql"
 * import { Effect } from "effect"
 *
 * export const users = Effect.flatMap(SqlClient.SqlClient, (sql) =>
 *   sql`SELECT id, email FROM users`.pipe(withAutoMigration))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const withAutoMigration = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | AutoMigrationError, R | AutoMigration> =>
  Effect.catchAllCause(self, (cause) => Boundary.recover(self, cause, AutoMigration))

/**
 * Protects a stream. A stream that fails before its first element is healed like an effect, and begins again. After the
 * first element a failure leaves as it came, since the emitted elements cannot be taken back.
 *
 * @example
 * ```ts check
 * import { withAutoMigrationStream } from "effect-auto-migration"
 * import { SqlClient } from "@effect/sql"
 * import { Effect, Stream } from "effect"
 *
 * export const users = Stream.unwrap(Effect.map(SqlClient.SqlClient, (sql) =>
 *   sql`SELECT id, email FROM users`.stream.pipe(withAutoMigrationStream)))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const withAutoMigrationStream = <A, E, R>(
  self: Stream.Stream<A, E, R>
): Stream.Stream<A, E | AutoMigrationError, R | AutoMigration> => Boundary.recoverStream(self, AutoMigration)

/**
 * Applies all pending migrations in order, and gives the ids that it applied. It also runs steps that no transaction
 * may contain, and runs edited repeatable migrations again. Any other edited migration that is applied is an error
 * before the first step.
 *
 * @since 0.1.0
 * @category operations
 */
export const migrate: Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.migrate
)

/**
 * Applies these migrations and their ancestors as far as they are pending, and gives the ids that it applied.
 *
 * @since 0.1.0
 * @category operations
 */
export const migrateTo = (
  ids: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.migrateTo(ids))

/**
 * Does the same as {@link migrateTo}, and runs a statement again that an earlier attempt left in doubt. Use it after an
 * operator has checked that the statement had no effect, or may run twice.
 *
 * @since 0.1.0
 * @category operations
 */
export const migrateAgain = (
  ids: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.migrateAgain(ids))

/** The plan that {@link migrate} would run. `None` when no migration is pending. @since 0.1.0 @category operations */
export const plan: Effect.Effect<Option.Option<Plan>, AutoMigrationError, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.plan
)

/**
 * The verdict of the configured policy on a plan, with what the database holds now: whether a query may bring it by
 * itself. An operator's {@link migrate} asks no policy.
 *
 * @since 0.1.0
 * @category operations
 */
export const verdict = (plan: Plan): Effect.Effect<PolicyVerdict, AutoMigrationError, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.verdict(plan))

/** The order of the program's migrations, and which of them provides which object. @since 0.1.0 @category operations */
export const graph: Effect.Effect<MigrationGraph, never, AutoMigration> = Effect.map(AutoMigration, (_) => _.graph)

/**
 * The graph with the state of each migration, for `Picture.toMermaid`, `toHtml` and the others. `refused` is what the policy would
 * refuse of a heal that needs all pending migrations.
 *
 * @since 0.1.0
 * @category operations
 */
export const picture: Effect.Effect<Model, AutoMigrationError, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.picture
)

/**
 * What a session of the library runs now: which sessions it waits for, and how far the build of an index is. Empty where
 * none runs a statement.
 *
 * @since 0.1.0
 * @category operations
 */
export const activity: Effect.Effect<ReadonlyArray<Activity.Activity>, never, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.activity
)

/** Compares the program's migrations with the ledger. @since 0.1.0 @category operations */
export const status: Effect.Effect<Operator.Status, AutoMigrationError, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.status
)

/**
 * Whether the ledger records a migration as applied. Fails for an id that neither the ledger nor the program knows.
 *
 * @since 0.1.0
 * @category operations
 */
export const isApplied = (id: string): Effect.Effect<boolean, AutoMigrationError | UnknownMigration, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.isApplied(id))

/**
 * The pending statements that lose data: those on tables that hold rows, or may hold some, without those that the files
 * accept. {@link migrate} runs them without a question, so a caller that wants consent asks this first.
 *
 * @since 0.1.0
 * @category operations
 */
export const losses: Effect.Effect<ReadonlyArray<StepRisk>, AutoMigrationError, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.losses
)

/**
 * The same as {@link losses}, for the migrations that {@link migrateTo} would apply.
 *
 * @since 0.1.0
 * @category operations
 */
export const lossesTo = (
  ids: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<StepRisk>, AutoMigrationError | UnknownMigration, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.lossesTo(ids))

/**
 * Records migrations as applied without running them, for a database that was migrated by other means. Gives the ids
 * that were not recorded before. All are recorded or none. Fails with `BaselineUnfounded` where the catalog lacks an
 * object that they promise, unless a later migration among them or an applied one removes it, or `unchecked` is set.
 *
 * @since 0.1.0
 * @category operations
 */
export const baseline = (
  ids: ReadonlyArray<string>,
  options?: Operator.BaselineOptions
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.baseline(ids, options))

/**
 * Does the same as {@link baseline} for all migrations of the program.
 *
 * @since 0.1.0
 * @category operations
 */
export const baselineAll = (
  options?: Operator.BaselineOptions
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.baselineAll(options))

/**
 * Does the same as {@link baseline} for a migration and all before it in the graph's order.
 *
 * @since 0.1.0
 * @category operations
 */
export const baselineTo = (
  id: string,
  options?: Operator.BaselineOptions
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.baselineTo(id, options))

/**
 * Records that an applied migration has another id now, because its file was renamed. Fails with `RenameRefused` unless
 * the old id is applied and has no file, and the new id is pending with exactly the text that was applied.
 *
 * @since 0.1.0
 * @category operations
 */
export const rename = (
  from: string,
  to: string
): Effect.Effect<void, AutoMigrationError | UnknownMigration, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.rename(from, to))

/**
 * Ends the lease of a migration whose holder has no session any more, and keeps its progress. Gives `false` where the
 * migration has no lease, or its holder lives.
 *
 * @since 0.1.0
 * @category operations
 */
export const release = (id: string): Effect.Effect<boolean, AutoMigrationError, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.release(id))

/**
 * The migrations that {@link adopt} would record, and the rows and files that do not fit. It reads another tool's table
 * of migrations, or asks the catalog for the objects that each migration promises. It changes neither.
 *
 * @since 0.1.0
 * @category operations
 */
export const adoption = (
  options: Adoption.AdoptOptions
): Effect.Effect<Adoption.Adoption, AutoMigrationError | AdoptionError, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.adoption(options))

/**
 * Records the migrations that another tool's table records as applied, or whose objects are in the catalog, and gives
 * the ids that it recorded. It records all of them in one transaction. A misfit that the options do not accept is an
 * error, and then it records none. Run it again when the other tool has applied more.
 *
 * @example
 * ```ts check
 * import { AutoMigration } from "effect-auto-migration"
 *
 * export const takeOver = AutoMigration.adopt({ by: "table", accept: ["without-file"] })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const adopt = (
  options: Adoption.AdoptOptions
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | AdoptionError, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.adopt(options))

/** All events of the ledger, the first one first. @since 0.1.0 @category operations */
export const events: Stream.Stream<LedgerEvent, AutoMigrationError, AutoMigration> = Stream.unwrap(
  Effect.map(AutoMigration, (_) => _.events)
)

/**
 * What a readiness probe wants to know, by one message to the server at most. It never fails: a server that does not
 * answer is the state `unreachable`. A program that is `behind` or `failing` can serve all queries but those that need
 * what is pending.
 *
 * @example
 * ```ts check
 * import { HttpRouter, HttpServerResponse } from "@effect/platform"
 * import { AutoMigration } from "effect-auto-migration"
 * import { Effect } from "effect"
 *
 * export const readiness = HttpRouter.get("/readyz", Effect.map(AutoMigration.health, ({ state }) =>
 *   HttpServerResponse.text(state, { status: state === "unreachable" ? 503 : 200 })))
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const health: Effect.Effect<Health, never, AutoMigration> = Effect.flatMap(AutoMigration, (_) => _.health)

/**
 * The objects that the ledger promises and the catalog lacks: each with the migration that promises it, when that was
 * applied, and the later migrations that may have removed it. It asks the catalog in one message, and reads the log only
 * where an object is missing. A name without a schema is looked up in every schema. A migration whose file was edited
 * promises none; {@link status} lists it.
 *
 * @since 0.1.0
 * @category operations
 */
export const drift: Effect.Effect<ReadonlyArray<Drift>, AutoMigrationError, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.drift
)

/**
 * All events of the ledger, the first one first, and then each new one when it commits. The stream does not end. It
 * waits for a ledger that is not built yet, and begins again with the first event of a ledger that was built anew. It
 * fails when the server cannot be reached.
 *
 * @example
 * ```ts check
 * import { AutoMigration } from "effect-auto-migration"
 * import { Effect, Stream } from "effect"
 *
 * export const printed = Stream.runForEach(AutoMigration.follow, ({ kind, migrationId, recordedAt }) =>
 *   Effect.log(`${recordedAt} ${kind} ${migrationId}`))
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const follow: Stream.Stream<LedgerEvent, AutoMigrationError, AutoMigration> = Stream.unwrap(
  Effect.map(AutoMigration, (_) => _.follow)
)

/**
 * Follows the ledger's hash chain, and compares the applied set that the server keeps with the events. `Right` holds the
 * chain's head, and `Left` the first event that does not fit.
 *
 * @since 0.1.0
 * @category operations
 */
export const verify: Effect.Effect<
  Either.Either<ChainHead, BrokenLink>,
  AutoMigrationError,
  AutoMigration
> = Effect.flatMap(AutoMigration, (_) => _.verify)

/**
 * Makes the applied set that the server keeps anew from the events, where `verify` has found a difference. The migrations'
 * role must own the ledger.
 *
 * @since 0.1.0
 * @category operations
 */
export const rebuild: Effect.Effect<void, AutoMigrationError, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.rebuild
)
