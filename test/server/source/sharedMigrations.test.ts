/**
 * One program, one folder, a database or a schema for each tenant.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import {
  AutoMigration,
  AutoMigrationConfig,
  MigrationSource,
  ProtectedClient,
  SharedMigrations,
  withAutoMigration
} from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { folderOf } from "../../support/program/CommandLine.js"
import { appliedIds, failsWith, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const withSearchPath = (url: string, schema: string): string => {
  const changed = new URL(url)
  changed.searchParams.set("options", `-c search_path=${schema}`)
  return changed.href
}

const client = (url: string) =>
  PgClient.layer({ url: Redacted.make(url), maxConnections: 2, connectTimeout: App.connectTimeout })

/** A source that counts how often it is read. */
const counted = () => {
  let loads = 0
  const layer = Layer.effect(
    MigrationSource.MigrationSource,
    Effect.map(MigrationSource.MigrationSource, ({ load }) => ({
      load: Effect.tap(load, () => Effect.sync(() => loads++))
    }))
  ).pipe(Layer.provide(MigrationSource.layerRecord(users)))
  return { layer, loads: () => loads }
}

type Tenants = LayerMap.LayerMap<string, AutoMigration.AutoMigration | SqlClient.SqlClient | PgClient.PgClient, unknown>

const withTenants = <A, E>(
  layerOf: (tenant: string) => ReturnType<typeof client>,
  options: (tenant: string) => AutoMigrationConfig.OptionsInput,
  body: (tenants: Tenants, loads: () => number) => Effect.Effect<A, E, Scope.Scope>,
  ofTenant: typeof AutoMigration.layerTenant = AutoMigration.layerTenant
) =>
  Effect.suspend(() => {
    const source = counted()
    return Effect.gen(function* () {
      const tenants = yield* LayerMap.make(
        (tenant: string) =>
          Layer.provide(
            ofTenant(layerOf(tenant)),
            AutoMigrationConfig.layer({ deadline: App.deadline, ...options(tenant) })
          ),
        { idleTimeToLive: "1 minute" }
      )
      return yield* body(tenants, source.loads)
    }).pipe(Effect.provide(Layer.provide(SharedMigrations.layer, source.layer)))
  })

const ask = Effect.flatMap(SqlClient.SqlClient, (sql) => withAutoMigration(sql`SELECT id, email FROM users`))

const write = (email: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => withAutoMigration(sql`UPDATE users SET email = ${email}`))

/** Each tenant heals alone: the other's query finds nothing applied, and reads its own rows. */
const eachHealsAlone = (tenants: Tenants, loads: () => number) =>
  Effect.gen(function* () {
    yield* Effect.provide(write("a@a"), tenants.get("a"))
    deepStrictEqual(yield* Effect.provide(appliedIds, tenants.get("b")), [])
    deepStrictEqual(yield* Effect.provide(ask, tenants.get("b")), [{ id: 1, email: null }])
    deepStrictEqual(yield* Effect.provide(ask, tenants.get("a")), [{ id: 1, email: "a@a" }])
    for (const tenant of ["a", "b"]) {
      deepStrictEqual(yield* Effect.provide(appliedIds, tenants.get(tenant)), Object.keys(users))
    }
    strictEqual(loads(), 1)
  })

describe("tenants", () => {
  it.scopedLive("with a database each share the migrations, and nothing else", () =>
    Effect.gen(function* () {
      const urls = { a: yield* Server.freshDatabase, b: yield* Server.freshDatabase }
      yield* withTenants(
        (tenant) => client(tenant === "a" ? urls.a : urls.b),
        () => ({}),
        eachHealsAlone
      )
    })
  )

  it.scopedLive("with a schema each share the migrations, and nothing else", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(url, "CREATE SCHEMA a", "CREATE SCHEMA b")
      yield* withTenants(
        (tenant) => client(withSearchPath(url, tenant)),
        (tenant) => ({ schema: `${tenant}_ledger` }),
        eachHealsAlone
      )
      const tables = "SELECT schemaname AS schema FROM pg_tables WHERE tablename = 'users' ORDER BY 1"
      deepStrictEqual(yield* Database.query(url, tables), [{ schema: "a" }, { schema: "b" }])
    })
  )

  it.scopedLive("heal each alone by a protected client, without a boundary", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(url, "CREATE SCHEMA a", "CREATE SCHEMA b")
      const emails = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT id, email FROM users`)
      const inTransaction = Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(emails))
      yield* withTenants(
        (tenant) => client(withSearchPath(url, tenant)),
        (tenant) => ({ schema: `${tenant}_ledger` }),
        (tenants) =>
          Effect.gen(function* () {
            deepStrictEqual(yield* Effect.provide(emails, tenants.get("a")), [{ id: 1, email: null }])
            deepStrictEqual(yield* Effect.provide(appliedIds, tenants.get("b")), [])
            deepStrictEqual(yield* Effect.provide(inTransaction, tenants.get("b")), [{ id: 1, email: null }])
          }),
        (of) => Layer.provideMerge(ProtectedClient.layer({ transactions: "restart" }), AutoMigration.layerTenant(of))
      )
    })
  )

  it.scopedLive("heal at the same time", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const names = ["a", "b", "c", "d", "e", "f"]
      yield* Database.query(url, ...names.map((name) => `CREATE SCHEMA ${name}`))
      yield* withTenants(
        (tenant) => client(withSearchPath(url, tenant)),
        (tenant) => ({ schema: tenant }),
        (tenants) =>
          Effect.gen(function* () {
            const found = yield* Effect.forEach(names, (name) => Effect.provide(ask, tenants.get(name)), {
              concurrency: "unbounded"
            })
            deepStrictEqual(
              found,
              names.map(() => [{ id: 1, email: null }])
            )
          })
      )
    })
  )

  it.scopedLive("name the folder that they share in the commands of their errors", () =>
    Effect.gen(function* () {
      const [url, folder] = yield* Effect.all([Server.freshDatabase, folderOf(users)])
      const shared = Layer.provide(SharedMigrations.layer, MigrationSource.layerDirectory(folder))
      const tenant = AutoMigration.layerTenant(client(url)).pipe(
        Layer.provide(AutoMigrationConfig.layer({ mode: "observe" })),
        Layer.provide(shared)
      )
      const { command } = yield* Effect.provide(failsWith("MigrationPending", ask), tenant)
      strictEqual(command, `npx effect-auto-migration migrate ${Object.keys(users).join(" ")} --folder ${folder}`)
    })
  )

  it.scopedLive("leave no connection when their layers are closed", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Effect.scoped(
        withTenants(
          () => client(url),
          () => ({}),
          (tenants) => Effect.provide(ask, tenants.get("a"))
        )
      )
      assert.isEmpty(yield* Database.sessionsLeft(url))
    })
  )
})
