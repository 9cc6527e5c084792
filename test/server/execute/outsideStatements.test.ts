/**
 * Each statement that the server runs only outside transactions, tested on that server. It is a step of its own, which
 * is recorded when it starts and when it is applied.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { noLease } from "../../support/program/Outside.js"
import { failsWith, kinds } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

interface Case {
  /** The objects of the statement. */
  readonly tables?: string
  /** `extra` is a name that is unique on the server. */
  readonly sql: (extra: string) => string
  /** Statements for the whole server, before and afterwards. */
  readonly before?: (extra: string) => ReadonlyArray<string>
  readonly cleanUp?: (extra: string) => string
  /** A condition that holds afterwards, and did not hold before. */
  readonly holds: (extra: string) => string
  /** The major version that knows the statement. */
  readonly since?: number
}

/** Notes the files of relations, so that a rewrite shows. */
const noted =
  "CREATE TABLE was AS SELECT oid, relname, pg_relation_filenode(oid) AS file FROM pg_class WHERE relname IN"

const table = `CREATE TABLE t (a integer);\nINSERT INTO t VALUES (1), (2), (3);\nCREATE INDEX i ON t (a);\n${noted} ('t', 'i');`

const partitioned = `CREATE TABLE p (a integer) PARTITION BY LIST (a);\nCREATE INDEX p_a ON p (a);
  CREATE TABLE c PARTITION OF p FOR VALUES IN (1);\n${noted} ('c');`

const isRewritten = (name: string): string =>
  `(SELECT file <> pg_relation_filenode(to_regclass(relname)) FROM was WHERE relname = '${name}')`

const isReplaced =
  "(SELECT was.oid <> indexrelid AND indisvalid FROM was, pg_index WHERE relname = 'i' AND indexrelid = to_regclass('i'))"

const setting = "(SELECT count(*) = 1 FROM pg_file_settings WHERE name = 'geqo_seed' AND setting = '0.25')"

const database = (extra: string): string => `EXISTS (SELECT FROM pg_database WHERE datname = '${extra}')`

const tablespace = (extra: string): string => `EXISTS (SELECT FROM pg_tablespace WHERE spcname = '${extra}')`

const inPlace = "SET allow_in_place_tablespaces = on"

const cases: Readonly<Record<string, Case>> = {
  "DROP INDEX CONCURRENTLY": {
    tables: table,
    sql: () => "DROP INDEX CONCURRENTLY i",
    holds: () => "to_regclass('i') IS NULL"
  },
  "REINDEX TABLE CONCURRENTLY": {
    tables: table,
    sql: () => "REINDEX TABLE CONCURRENTLY t",
    holds: () => isReplaced
  },
  "REINDEX INDEX CONCURRENTLY": {
    tables: table,
    sql: () => "REINDEX INDEX CONCURRENTLY i",
    holds: () => isReplaced
  },
  "REINDEX SCHEMA": { tables: table, sql: () => "REINDEX SCHEMA public", holds: () => isRewritten("i") },
  "VACUUM (FULL, ANALYZE)": {
    tables: table,
    sql: () => "VACUUM (FULL, ANALYZE) t",
    holds: () => `${isRewritten("t")} AND EXISTS (SELECT FROM pg_stats WHERE tablename = 't')`
  },
  "CLUSTER of all tables": {
    tables: `${table}\nALTER TABLE t CLUSTER ON i;`,
    sql: () => "CLUSTER",
    holds: () => isRewritten("t")
  },
  "CLUSTER of a partitioned table": {
    tables: partitioned,
    sql: () => "CLUSTER p USING p_a",
    holds: () => isRewritten("c"),
    since: 15
  },
  "ALTER TABLE … DETACH PARTITION … CONCURRENTLY": {
    tables: partitioned,
    sql: () => "ALTER TABLE p DETACH PARTITION c CONCURRENTLY",
    holds: () => "NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass('c'))"
  },
  "DISCARD ALL": {
    tables: "CREATE SCHEMA app;",
    sql: () => "SET search_path = app;\nDISCARD ALL;\nCREATE TABLE t (a integer)",
    holds: () => "to_regclass('public.t') IS NOT NULL"
  },
  "ALTER SYSTEM SET": {
    sql: () => "ALTER SYSTEM SET geqo_seed = 0.25",
    cleanUp: () => "ALTER SYSTEM RESET geqo_seed",
    holds: () => setting
  },
  "CREATE DATABASE": {
    sql: (extra) => `CREATE DATABASE ${extra} TEMPLATE template0`,
    cleanUp: (extra) => `DROP DATABASE IF EXISTS ${extra}`,
    holds: database
  },
  "DROP DATABASE": {
    before: (extra) => [`CREATE DATABASE ${extra} TEMPLATE template0`],
    sql: (extra) => `DROP DATABASE ${extra}`,
    cleanUp: (extra) => `DROP DATABASE IF EXISTS ${extra}`,
    holds: (extra) => `NOT ${database(extra)}`
  },
  "CREATE TABLESPACE": {
    sql: (extra) => `${inPlace};\nCREATE TABLESPACE ${extra} LOCATION ''`,
    cleanUp: (extra) => `DROP TABLESPACE IF EXISTS ${extra}`,
    holds: tablespace
  },
  "DROP TABLESPACE": {
    before: (extra) => [inPlace, `CREATE TABLESPACE ${extra} LOCATION ''`],
    sql: (extra) => `DROP TABLESPACE ${extra}`,
    cleanUp: (extra) => `DROP TABLESPACE IF EXISTS ${extra}`,
    holds: (extra) => `NOT ${tablespace(extra)}`
  }
}

const version = (url: string) =>
  Effect.map(Database.query(url, "SELECT current_setting('server_version_num')::int / 10000 AS major"), ([row]) =>
    Number(row?.["major"])
  )

const isStep = ({ before, cleanUp, holds, since = 14, sql, tables = "CREATE TABLE t (a integer);" }: Case) =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    const extra = `${new URL(url).pathname.slice(1)}_extra`
    const condition = `SELECT ${holds(extra)} AS holds`
    if (before !== undefined) yield* Database.query(url, ...before(extra))
    if (cleanUp !== undefined) yield* Effect.addFinalizer(() => Database.query(url, cleanUp(extra)))
    const migrations = { "001_tables": tables, "002_step": `${sql(extra)};` }
    yield* Effect.gen(function* () {
      yield* AutoMigration.migrateTo(["001_tables"])
      deepStrictEqual(yield* Database.query(url, condition), [{ holds: false }])
      if ((yield* version(url)) < since) {
        const { message } = yield* failsWith("MigrationFailed", AutoMigration.migrate)
        return assert.match(message, /It runs outside transactions/)
      }
      deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["002_step"])
      deepStrictEqual(yield* Database.query(url, condition), [{ holds: true }])
      deepStrictEqual(yield* kinds, ["Applied 001_tables", "Started 002_step", "Applied 002_step"])
      yield* noLease(url)
    }).pipe(Effect.provide(App.layer({ url, migrations })))
  })

describe("a step of its own is", () => {
  for (const [name, one] of Object.entries(cases)) {
    const { since } = one
    it.scopedLive(`${name}${since === undefined ? "" : `, which came with PostgreSQL ${since}`}`, () => isStep(one))
  }
})
