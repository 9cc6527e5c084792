/**
 * The service and the combinators. A query that succeeds never gets here: nothing is read, opened or asked before the first
 * failure that a pending migration could explain.
 *
 * @since 0.1.0
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { PgClient } from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as CheckedClient from "./CheckedClient.js"
import type * as Adoption from "./core/adoption/Adoption.js"
import type {
  AdoptionError,
  AutoMigrationError,
  MigrationDefinitionError,
  UnknownMigration
} from "./core/error/AutoMigrationError.js"
import type { Plan, StepRisk } from "./core/graph/Plan.js"
import type { BrokenLink, ChainHead, LedgerEvent } from "./core/migration/LedgerEvent.js"
import type { MigrationId } from "./core/migration/Migration.js"
import * as Catalog from "./database/Catalog.js"
import * as MigrationClient from "./database/MigrationClient.js"
import * as Executor from "./execute/Executor.js"
import * as Boundary from "./heal/Boundary.js"
import * as Healer from "./heal/Healer.js"
import * as Operator from "./operate/Operator.js"
import * as Knowledge from "./runner/Knowledge.js"
import * as Ledger from "./runner/Ledger.js"
import * as PlanRunner from "./runner/PlanRunner.js"
import * as SqlParser from "./runtime/SqlParser.js"
import type { MigrationSource } from "./source/MigrationSource.js"

/**
 * @since 0.1.0
 * @category tags
 */
export class AutoMigration extends Context.Tag("effect-auto-migration/AutoMigration")<
  AutoMigration,
  Boundary.Closer & Operator.Operator
>() {}

/**
 * Migrations run on connections that the application chooses by providing a `MigrationClient`, for instance with the
 * credentials of a role that owns the schema. Migrations are read and checked when the layer is built.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  AutoMigration,
  MigrationDefinitionError,
  MigrationClient.MigrationClient | MigrationSource
> = Layer.scoped(
  AutoMigration,
  Effect.zipWith(Healer.make, Operator.make, (closer, operator) => AutoMigration.of({ ...closer, ...operator }))
).pipe(
  Layer.provide(PlanRunner.layer),
  Layer.provide(Layer.mergeAll(Knowledge.layer, Catalog.layer)),
  Layer.provide(Ledger.layer),
  Layer.provide(Executor.layer),
  Layer.provide(SqlParser.layer)
)

/**
 * Migrations run on connections of their own to the application's server, with the application's credentials. The
 * application's client is handed on as a `CheckedClient`, whose transactions do not succeed when the server has rolled them
 * back.
 *
 * @since 0.1.0
 * @category layers
 */
export const AutoMigrationLive: Layer.Layer<
  AutoMigration | PgClient | SqlClient,
  MigrationDefinitionError,
  MigrationSource | PgClient
> = Layer.merge(Layer.provide(layer, MigrationClient.layerFromApplication), CheckedClient.layer)

/**
 * Protects an effect: when it fails because the schema is behind the code, what is missing is brought and the effect is run
 * again **from its start**, so that the caller sees only its result. Protect the smallest effect whose repetition is
 * harmless: a statement, or a whole transaction.
 *
 * An error that no pending migration explains leaves with the cause it came with. An effect that succeeds pays one error
 * handler.
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
 * Protects a stream: a gap is closed and the stream begun again as long as it has not emitted. After its first element a
 * failure leaves as it came, since what was emitted cannot be taken back.
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
 * Applies everything that is pending, in order, and gives the ids it applied. Steps that no transaction block may contain run here as
 * well, and repeatable migrations that were edited run again. Any other applied migration that was edited is an error before
 * anything runs.
 *
 * @since 0.1.0
 * @category operations
 */
export const migrate: Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.migrate
)

/**
 * Applies these migrations and what they wait for, as far as they are pending, and gives the ids it applied.
 *
 * @since 0.1.0
 * @category operations
 */
export const migrateTo = (
  ids: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.migrateTo(ids))

/**
 * The same, for migrations of which an earlier attempt left a statement in doubt: it is run again. To be used when somebody has
 * looked, and knows that the statement did not take effect or may do so twice.
 *
 * @since 0.1.0
 * @category operations
 */
export const migrateAgain = (
  ids: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.migrateAgain(ids))

/** What {@link migrate} would run; `None` when nothing is pending. @since 0.1.0 @category operations */
export const plan: Effect.Effect<Option.Option<Plan>, AutoMigrationError, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.plan
)

/** Where this program and the database stand. @since 0.1.0 @category operations */
export const status: Effect.Effect<Operator.Status, AutoMigrationError, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.status
)

/**
 * Whether the ledger records a migration as applied; an id that neither ledger nor program knows is an error.
 *
 * @since 0.1.0
 * @category operations
 */
export const isApplied = (id: string): Effect.Effect<boolean, AutoMigrationError | UnknownMigration, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.isApplied(id))

/**
 * The statements of everything pending that lose data: those that the database has rows for, or may have, without
 * those that the files consent to. {@link migrate} runs them all the same; a caller that wants consent asks before.
 *
 * @since 0.1.0
 * @category operations
 */
export const losses: Effect.Effect<ReadonlyArray<StepRisk>, AutoMigrationError, AutoMigration> = Effect.flatMap(
  AutoMigration,
  (_) => _.losses
)

/**
 * The same for these migrations and what they wait for, as {@link migrateTo} would apply them.
 *
 * @since 0.1.0
 * @category operations
 */
export const lossesTo = (
  ids: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<StepRisk>, AutoMigrationError | UnknownMigration, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.lossesTo(ids))

/**
 * Records migrations as applied without running them, for a database that was migrated by other means; gives those that
 * were not recorded before. What they promise must be in the catalog, unless a later migration among them or an applied one takes
 * it away, or `unchecked` says otherwise: else it fails with `BaselineUnfounded`. All are recorded or none.
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
 * The same for all migrations there are.
 *
 * @since 0.1.0
 * @category operations
 */
export const baselineAll = (
  options?: Operator.BaselineOptions
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.baselineAll(options))

/**
 * The same for a migration and all before it in the graph's order.
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
 * Records that an applied migration has another id now, because its file was renamed. It fails with `RenameRefused` unless the
 * old id is applied and has no file, and the new one is pending with exactly the text that was applied.
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
 * What {@link adopt} would record, and what does not fit: another tool's table of migrations is read, or the catalog is asked for what
 * each migration promises, and nothing is changed.
 *
 * @since 0.1.0
 * @category operations
 */
export const adoption = (
  request: Adoption.Request
): Effect.Effect<Adoption.Adoption, AutoMigrationError | AdoptionError, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.adoption(request))

/**
 * Records as adopted what another tool's table of migrations says it has applied, or what the catalog shows to be there, and gives the
 * ids that it recorded. All of it is one transaction; what does not fit and is not accepted by the request is an error, and nothing
 * is recorded then. To be run again when the other tool has applied more.
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
  request: Adoption.Request
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | AdoptionError, AutoMigration> =>
  Effect.flatMap(AutoMigration, (_) => _.adopt(request))

/** All events of the ledger, from the first on. @since 0.1.0 @category operations */
export const events: Stream.Stream<LedgerEvent, AutoMigrationError, AutoMigration> = Stream.unwrap(
  Effect.map(AutoMigration, (_) => _.events)
)

/**
 * Follows the ledger's hash chain: `Right` with its head, or `Left` with the first event that does not fit.
 *
 * @since 0.1.0
 * @category operations
 */
export const verify: Effect.Effect<
  Either.Either<ChainHead, BrokenLink>,
  AutoMigrationError,
  AutoMigration
> = Effect.flatMap(AutoMigration, (_) => _.verify)
