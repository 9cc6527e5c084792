/**
 * The service of the library, and the layers that build it.
 *
 * @internal
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { PgClient } from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as CheckedClient from "./CheckedClient.js"
import type { MigrationDefinitionError } from "./core/error/AutoMigrationError.js"
import * as Catalog from "./database/Catalog.js"
import * as MigrationClient from "./database/MigrationClient.js"
import * as Executor from "./execute/Executor.js"
import type * as Boundary from "./heal/Boundary.js"
import * as Healer from "./heal/Healer.js"
import * as Activity from "./operate/Activity.js"
import * as Observer from "./operate/Observer.js"
import * as Operator from "./operate/Operator.js"
import * as Pictures from "./operate/Pictures.js"
import * as Verdict from "./operate/Verdict.js"
import * as Knowledge from "./runner/Knowledge.js"
import * as Ledger from "./runner/Ledger.js"
import * as PlanRunner from "./runner/PlanRunner.js"
import { AutoMigrationConfig } from "./runtime/AutoMigrationConfig.js"
import * as SqlParser from "./runtime/SqlParser.js"
import type { MigrationSource } from "./source/MigrationSource.js"
import { layer as readingMigrations, SharedMigrations } from "./source/SharedMigrations.js"

/**
 * @since 0.1.0
 * @category tags
 */
export class AutoMigration extends Context.Tag("effect-auto-migration/AutoMigration")<
  AutoMigration,
  Boundary.Healer & Observer.Observer & Operator.Operator & Pictures.Pictures & Verdict.Verdicts & Activity.Activities
>() {}

/** The options, with the place of the migrations as their source tells it. */
const withOrigin: Layer.Layer<never, never, SharedMigrations> = Layer.effect(
  AutoMigrationConfig,
  Effect.zipWith(AutoMigrationConfig, SharedMigrations, (options, { origin }) => ({
    ...options,
    origin: options.origin ?? origin
  }))
)

/**
 * Migrations run on connections that the application chooses by providing a `MigrationClient`. The migrations are those of
 * `SharedMigrations`, which a program with many databases reads once. Layers are memoised by reference: a second database
 * needs `Layer.fresh`, and {@link layerTenant} has it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerShared: Layer.Layer<AutoMigration, never, MigrationClient.MigrationClient | SharedMigrations> =
  Layer.scoped(
    AutoMigration,
    Effect.map(
      Effect.all([Healer.make, Operator.make, Observer.make, Pictures.make, Verdict.make, Activity.make]),
      ([healer, operator, observer, pictures, verdicts, activities]) =>
        AutoMigration.of({ ...healer, ...operator, ...observer, ...pictures, ...verdicts, ...activities })
    )
  ).pipe(
    Layer.provide(PlanRunner.layer),
    Layer.provide(Layer.mergeAll(Knowledge.layer, Catalog.layer)),
    Layer.provide(Ledger.layer),
    Layer.provide(Executor.layer),
    Layer.provide(SqlParser.layer),
    Layer.provide(withOrigin)
  )

/**
 * Migrations run on connections that the application chooses by providing a `MigrationClient`, for instance with the
 * credentials of a role that owns the schema. The layer reads and checks the migrations when it is built.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  AutoMigration,
  MigrationDefinitionError,
  MigrationClient.MigrationClient | MigrationSource
> = Layer.provide(layerShared, readingMigrations)

/**
 * Migrations run on their own connections to the application's server, with the application's credentials. The layer
 * also gives the application's client as a `CheckedClient`, whose transactions fail when the server has rolled them
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
 * The same as {@link AutoMigrationLive} for one database of many, with a client of its own and the migrations of
 * `SharedMigrations`. Each call gives a new layer, so that no two tenants share a ledger, a memory or connections. A tenant
 * does not listen for announcements, and asks its ledger instead: so an idle tenant holds no connection.
 *
 * @example
 * ```ts check
 * import { PgClient } from "@effect/sql-pg"
 * import { AutoMigration } from "effect-auto-migration"
 * import { Redacted } from "effect"
 *
 * export const tenant = (name: string) =>
 *   AutoMigration.layerTenant(PgClient.layer({ url: Redacted.make(`postgresql://app@localhost/${name}`) }))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerTenant = <E, R>(
  client: Layer.Layer<PgClient | SqlClient, E, R>
): Layer.Layer<AutoMigration | PgClient | SqlClient, E, R | SharedMigrations> =>
  Layer.provide(Layer.fresh(tenantLive), client)

/** A tenant does not listen: each would hold a connection as long as one of its migrations is pending. */
const withoutListening = Layer.map(MigrationClient.layerFromApplication, (context) =>
  Context.make(MigrationClient.MigrationClient, {
    ...Context.get(context, MigrationClient.MigrationClient),
    listen: () => Effect.succeed("pooled" as const)
  })
)

const tenantLive: Layer.Layer<AutoMigration | PgClient | SqlClient, never, SharedMigrations | PgClient> = Layer.merge(
  Layer.provide(layerShared, withoutListening),
  CheckedClient.layer
)
