/**
 * What a client may leave in a session that a pooler gives to other clients, and what it must not change.
 */
import * as Effect from "effect/Effect"
import { AutoMigration } from "effect-auto-migration"
import { ask } from "../program/Situation.js"

/** Statements for one session. `other` is a role and a schema that the database has. */
export const leftovers: Readonly<Record<string, ReadonlyArray<string>>> = {
  "a search path": ["SET search_path = other, public"],
  "types named like the server's": [
    ...["text", "jsonb", "name", "oid", "integer"].map(
      (name) => `CREATE DOMAIN pg_temp.${name === "integer" ? "int4" : name} AS boolean`
    )
  ],
  "a table named like the ledger's, and one like the migration's": [
    "CREATE TEMP TABLE event (sequence integer)",
    "CREATE TEMP TABLE users (id integer)"
  ],
  "a role": ["SET ROLE other"],
  settings: [
    "SET row_security = off",
    "SET standard_conforming_strings = off",
    "SET transform_null_equals = on",
    "SET check_function_bodies = off",
    "SET session_replication_role = replica",
    "SET default_table_access_method = heap",
    "SET bytea_output = escape",
    "SET DateStyle = 'SQL, DMY'",
    "SET lock_timeout = '1ms'"
  ]
}

/** The statements, with the name of the role. */
export const left = (statements: ReadonlyArray<string>, role: string): ReadonlyArray<string> =>
  statements.map((statement) => statement.replace("ROLE other", `ROLE ${role}`))

/** Migrations whose objects depend on a path, a role, types and settings. */
export const migrations = {
  "001_users":
    "CREATE TABLE users (id integer PRIMARY KEY, name text);\nCREATE FUNCTION f(a text) RETURNS text LANGUAGE sql AS 'SELECT a';",
  "002_email": "ALTER TABLE users ADD COLUMN email text, ADD COLUMN born date DEFAULT '01/02/2020';",
  "003_index": "CREATE INDEX CONCURRENTLY users_name ON users (name);"
}

/** Where the objects are, who owns them, and which types and defaults they have. */
export const found = `SELECT (SELECT json_agg(n.nspname || '.' || c.relname || ' of ' || pg_get_userbyid(c.relowner) ORDER BY c.relname)::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname IN ('users', 'users_name') AND c.relpersistence = 'p') AS relations,
  (SELECT json_agg(attname || ' ' || atttypid::int ORDER BY attnum)::text FROM pg_attribute
    WHERE attrelid = 'public.users'::regclass AND attnum > 0) AS columns,
  (SELECT json_agg(pg_get_expr(adbin, adrelid))::text FROM pg_attrdef WHERE adrelid = 'public.users'::regclass) AS defaults,
  (SELECT json_agg(p.oid::regprocedure::text)::text FROM pg_proc p WHERE p.proname = 'f') AS functions`

/** What a program does behind the pooler: two heals, and an operator's work. */
export const use = Effect.all([
  ask("SELECT name FROM users"),
  ask("SELECT email FROM users"),
  AutoMigration.migrate,
  Effect.map(AutoMigration.status, ({ applied, pending }) => ({ applied, pending })),
  Effect.map(AutoMigration.verify, ({ _tag }) => _tag)
])
