/**
 * One program, one folder of migrations, and a schema for each tenant. The first query of a tenant heals that tenant's schema alone. It
 * prints what each tenant has, and ends.
 */
import { NodeRuntime } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Config, Console, Effect, Layer, LayerMap, Redacted } from "effect"
import {
  AutoMigration,
  AutoMigrationConfig,
  MigrationSource,
  SharedMigrations,
  withAutoMigration
} from "effect-auto-migration"

/** The program's own list: a tenant's name becomes a part of a connection's options. */
const tenants = ["acme", "globex"] as const
type Tenant = (typeof tenants)[number]

const databaseUrl = Config.redacted("DATABASE_URL")

const clientOf = (tenant: Tenant) =>
  Layer.unwrapEffect(
    Effect.map(databaseUrl, (database) => {
      const url = new URL(Redacted.value(database))
      url.searchParams.set("options", `-c search_path=${tenant}`)
      return PgClient.layer({ url: Redacted.make(url.href), maxConnections: 2 })
    })
  )

/** A tenant's connections, ledger and memory, from its first query until it is idle. All tenants share the migrations. */
class Tenants extends LayerMap.Service<Tenants>()("Tenants", {
  lookup: (tenant: Tenant) =>
    AutoMigration.layerTenant(clientOf(tenant)).pipe(Layer.provide(AutoMigrationConfig.layer({ schema: tenant }))),
  dependencies: [Layer.provide(SharedMigrations.layer, MigrationSource.layerDirectory("migrations"))],
  idleTimeToLive: "5 minutes"
}) {}

/** A tenant that signs up gets its schema, and no table yet. */
const signUp = (tenant: Tenant) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE SCHEMA IF NOT EXISTS ${sql(tenant)}`)

const send = (cents: number) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql`INSERT INTO invoices ${sql.insert({ cents, currency: "USD" })}`.pipe(withAutoMigration)
  )

const print = (tenant: Tenant) =>
  Effect.gen(function* () {
    const { applied, pending } = yield* AutoMigration.status
    yield* Console.log(`${tenant}: applied ${applied.join(", ") || "none"}; pending ${pending.join(", ") || "none"}`)
  })

const program = Effect.gen(function* () {
  yield* Effect.provide(Effect.forEach(tenants, signUp), PgClient.layerConfig({ url: databaseUrl }))
  yield* Effect.provide(send(950), Tenants.get("acme"))
  for (const tenant of tenants) yield* Effect.provide(print(tenant), Tenants.get(tenant))
  // Ahead of time, for all tenants.
  yield* Effect.forEach(tenants, (tenant) => Effect.provide(AutoMigration.migrate, Tenants.get(tenant)), {
    concurrency: 8
  })
  for (const tenant of tenants) yield* Effect.provide(print(tenant), Tenants.get(tenant))
})

NodeRuntime.runMain(Effect.provide(program, Tenants.Default))
