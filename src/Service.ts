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
import * as Verdict from "./operate/Verdict.js"
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
  Boundary.Healer & Observer.Observer & Operator.Operator & Verdict.Verdicts & Activity.Activities
>() {}

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
> = Layer.scoped(
  AutoMigration,
  Effect.map(
    Effect.all([Healer.make, Operator.make, Observer.make, Verdict.make, Activity.make]),
    ([healer, operator, observer, verdicts, activities]) =>
      AutoMigration.of({ ...healer, ...operator, ...observer, ...verdicts, ...activities })
  )
).pipe(
  Layer.provide(PlanRunner.layer),
  Layer.provide(Layer.mergeAll(Knowledge.layer, Catalog.layer)),
  Layer.provide(Ledger.layer),
  Layer.provide(Executor.layer),
  Layer.provide(SqlParser.layer)
)

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
