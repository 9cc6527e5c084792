/**
 * A database that exists as long as a scope, on a given server. The role of the URL needs `CREATEDB`.
 *
 * @since 0.1.0
 * @internal
 */
import { randomBytes } from "node:crypto"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as MigrationClient from "../database/MigrationClient.js"
import * as Transaction from "../database/Transaction.js"

/** The URL of a new and empty database. It is dropped with all its sessions. @since 0.1.0 @category operations */
export const make = (
  server: Redacted.Redacted<string>
): Effect.Effect<Redacted.Redacted<string>, SqlError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const name = `effect_auto_migration_${randomBytes(8).toString("hex")}`
      return Effect.as(send(server, `CREATE DATABASE ${name} TEMPLATE template0`), name)
    }),
    (name) => Effect.orDie(send(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  ).pipe(Effect.map((name) => Redacted.make(otherDatabase(Redacted.value(server), name))))

/** One statement on a connection of its own, outside a transaction. */
const send = (url: Redacted.Redacted<string>, statement: string): Effect.Effect<unknown, SqlError> =>
  Effect.flatMap(MigrationClient.MigrationClient, ({ reserve }) =>
    Effect.scoped(Effect.flatMap(reserve, ({ connection }) => Transaction.send(connection, statement)))
  ).pipe(Effect.provide(MigrationClient.layer({ url, connectTimeout: "1 minute" })))

const otherDatabase = (server: string, name: string): string => {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
