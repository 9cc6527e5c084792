/**
 * Runs a history of migrations in one order, in a database that is made for it and dropped afterwards. That database has no ledger: it
 * holds only what the migrations make.
 *
 * @internal
 */
import { randomUUID } from "node:crypto"
import type { SqlError } from "@effect/sql/SqlError"
import type * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { TaggedError } from "../core/error/Explained.js"
import type { Explanation } from "../core/error/Explanation.js"
import * as TransactionMode from "../core/file/TransactionMode.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import * as Message from "../database/Message.js"
import * as MigrationClient from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as SchemaDump from "../database/SchemaDump.js"
import * as Transaction from "../database/Transaction.js"
import * as Script from "../execute/Script.js"

/**
 * A history cannot be checked, through no fault of its graph: it does not run in its own order, it changes the server itself, or the
 * server does not let this role make databases.
 *
 * @since 0.1.0
 * @category errors
 */
export class HistoryUnusable extends TaggedError<HistoryUnusable>("effect-auto-migration/HistoryUnusable")(
  "HistoryUnusable",
  { reason: Schema.String, remedy: Schema.String }
) {
  get explanation(): Explanation {
    return { problem: this.reason, remedies: [{ say: this.remedy }] }
  }
}

/** What a history left behind, or the statement that failed. @since 0.1.0 @category models */
export type Outcome =
  | { readonly _tag: "Built"; readonly lines: ReadonlyArray<string> }
  | { readonly _tag: "Failed"; readonly id: MigrationId; readonly line: number; readonly reason: string }

/** Runs migrations, one after the other. @since 0.1.0 @category operations */
export const run = (
  server: PgClient.PgClientConfig,
  migrations: ReadonlyArray<Migration>
): Effect.Effect<Outcome, HistoryUnusable> =>
  Effect.flatMap(scratch(server), (database) =>
    Effect.provide(build(migrations), MigrationClient.layer(database))
  ).pipe(
    Effect.scoped,
    Effect.catchTag("SqlError", (error) =>
      unusable(`The server failed: ${reasonOf(error)}`, "Look into the server's log")
    )
  )

/** Fails where the role may not create databases. @since 0.1.0 @category operations */
export const mayCreateDatabases = (server: PgClient.PgClientConfig): Effect.Effect<void, HistoryUnusable> =>
  Effect.flatMap(MigrationClient.MigrationClient, ({ ask }) => ask(role)).pipe(
    Effect.provide(MigrationClient.layer(server)),
    Effect.catchAll((error) => unusable(`The server cannot be reached: ${reasonOf(error)}`, "Check the URL")),
    Effect.flatMap((results) => readRole(Message.columnsOf(results))),
    Effect.flatMap(({ allowed, name }) =>
      allowed
        ? Effect.void
        : unusable(
            `The role ${name} may not create databases`,
            "Name one that may, or let a superuser run ALTER ROLE … CREATEDB"
          )
    )
  )

const unusable = (reason: string, remedy: string): Effect.Effect<never, HistoryUnusable> =>
  new HistoryUnusable({ reason, remedy })

const role = Message.answering(
  "role",
  "pg_catalog.json_build_object('name', r.rolname, 'allowed', r.rolsuper OR r.rolcreatedb)",
  "FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user"
)

const readRole = Message.reader("role", Schema.Struct({ name: Schema.String, allowed: Schema.Boolean }))

/** The server's own words, which an error of the driver holds as its cause. */
const reasonOf = ({ cause, message }: SqlError): string =>
  cause instanceof Error ? cause.message || cause.name : message

/** An empty database that exists as long as the scope. */
const scratch = (
  server: PgClient.PgClientConfig
): Effect.Effect<PgClient.PgClientConfig, SqlError | HistoryUnusable, Scope.Scope> => {
  const send = (statement: string) =>
    Effect.flatMap(MigrationClient.MigrationClient, ({ reserve }) =>
      Effect.scoped(Effect.flatMap(reserve, ({ connection }) => Transaction.send(connection, statement)))
    ).pipe(Effect.provide(MigrationClient.layer(server)))
  return Effect.acquireRelease(
    Effect.suspend(() => {
      const name = `history_${randomUUID().replaceAll("-", "")}`
      return Effect.zipRight(
        inDatabase(server, name),
        Effect.as(send(`CREATE DATABASE ${name} TEMPLATE template0`), name)
      )
    }),
    (name) => Effect.ignore(send(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  ).pipe(Effect.flatMap((name) => inDatabase(server, name)))
}

/** Source: the forms of a connection string in the documentation of node-postgres. The path of a URL wins over other settings. */
const inDatabase = (
  { url, ...server }: PgClient.PgClientConfig,
  database: string
): Effect.Effect<PgClient.PgClientConfig, HistoryUnusable> => {
  if (url === undefined) return Effect.succeed({ ...server, database })
  const [, authority, query = ""] = /^([\w+.-]+:\/\/[^/?#]*)(?:\/[^?#]*)?(\?.*)?$/.exec(Redacted.value(url)) ?? []
  return authority === undefined
    ? unusable("The URL names no database", "Give one of the form postgresql://role@host/database")
    : Effect.succeed({ ...server, url: Redacted.make(`${authority}/${database}${query}`) })
}

const build = (
  migrations: ReadonlyArray<Migration>
): Effect.Effect<Outcome, SqlError, MigrationClient.MigrationClient> =>
  Effect.flatMap(MigrationClient.MigrationClient, ({ reserve }) => reserve).pipe(
    Effect.flatMap((reserved) =>
      Effect.flatMap(
        Effect.either(Effect.forEach(migrations, (migration) => apply(reserved, migration), { discard: true })),
        Either.match({
          onLeft: (failed): Effect.Effect<Outcome> => Effect.succeed(failed),
          onRight: () =>
            Effect.map(SchemaDump.lines(reserved.connection), (lines): Outcome => ({ _tag: "Built", lines }))
        })
      )
    ),
    Effect.scoped
  )

type Failed = Outcome & { readonly _tag: "Failed" }

/** As a plan does it: in a transaction where one can hold it, and the session forgets the rest. */
const apply = (reserved: MigrationClient.Reserved, migration: Migration): Effect.Effect<void, Failed> => {
  const { connection } = reserved
  const script = Effect.mapError(
    Script.run(reserved, "of the migrations", migration, () => Effect.void),
    failed(migration)
  )
  const send = (text: string) =>
    Effect.mapError(Transaction.send(connection, text), (error) =>
      failed(migration)(Script.atEndOf(migration, "of the migrations")(error))
    )
  return migration.transaction === "none"
    ? Effect.ensuring(script, Transaction.abandon(connection))
    : Effect.mapError(
        Transaction.run(connection, send(TransactionMode.begin(migration.mode)), () =>
          Effect.as(Effect.zipRight(script, send(Transaction.forget.join("; "))), Transaction.commit(undefined))
        ),
        (error) =>
          error._tag === "Failed" ? error : failed(migration)(Script.atEndOf(migration, "of the migrations")(error))
      )
}

const failed =
  ({ id }: Migration) =>
  (failure: Script.StatementError | MigrationFailure.Failure): Failed =>
    "error" in failure
      ? { _tag: "Failed", id, line: failure.place.span?.line ?? 1, reason: reasonOf(failure.error) }
      : { _tag: "Failed", id, line: 1, reason: MigrationFailure.withoutQuery(failure).message }
