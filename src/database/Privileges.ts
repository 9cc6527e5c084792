/**
 * Privileges that a role lacks for a statement, and the statements that grant them. The catalog tells them: the
 * server's message is in the server's language, and does not always name the role.
 *
 * Source: PostgreSQL manual, section 9.27.2, Access Privilege Inquiry Functions.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SqlState from "../core/detect/SqlState.js"
import type { Parser } from "../core/sql/ParsedSql.js"
import { statementsOf } from "../core/sql/ParsedSql.js"
import * as Definition from "../core/statement/DefinitionPrivilege.js"
import type { RequiredPrivilege } from "../core/statement/Privilege.js"
import type * as CommandLine from "../runtime/CommandLine.js"
import * as Message from "./Message.js"
import * as MigrationFailure from "./MigrationFailure.js"
import { qualified } from "./Qualified.js"

/**
 * A privilege that the asking role lacks.
 *
 * @since 0.1.0
 * @category models
 */
export const MissingPrivilege = Schema.Struct({
  role: Schema.String,
  /** The object's kind and full name, such as `relation public.users`. */
  object: Schema.String,
  /** A privilege of `GRANT`, an attribute of roles, or `OWNER` or `SUPERUSER`, which no `GRANT` gives. */
  privilege: Schema.String,
  /** The statement that gives it. */
  remedy: Schema.String,
  /** The statement that gives it on later objects as well, where default privileges can. */
  byDefault: Schema.NullOr(Schema.String)
})

/** @since 0.1.0 @category models */
export type MissingPrivilege = typeof MissingPrivilege.Type

const isDenied: ReadonlySet<string> = new Set(["42501"])

/** Whether the server denied a statement for a missing privilege. @since 0.1.0 @category predicates */
export const isDenial = (error: unknown): boolean => Option.isSome(SqlState.evidenceAmong(isDenied, error))

/** The privileges that a text of one or more statements needs. @since 0.1.0 @category operations */
export const needsOf = (parser: Parser, text: string): ReadonlyArray<RequiredPrivilege> =>
  Either.match(statementsOf(parser, text), {
    onLeft: () => [],
    onRight: (statements) => statements.flatMap(({ node }) => Definition.ofStatement(parser, node))
  })

/** Whether an object is visible, or would be if the role had `USAGE` on its schema, which is on the search path. */
const inReach = (namespace: string, visible: string): string =>
  `CASE WHEN w.schema IS NOT NULL THEN ${namespace}.nspname = w.schema ELSE ${visible}
    OR NOT pg_catalog.has_schema_privilege(${namespace}.oid, 'USAGE') AND ${namespace}.nspname = ANY (SELECT name FROM path) END`

/** The privilege to use the schema of an object, beside the privilege on the object. */
const entering = (from: string): string => `
  SELECT 'schema ' || pg_catalog.quote_ident(nspname) AS object, 'USAGE' AS privilege,
    pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I', nspname, current_user) AS remedy,
    pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT USAGE ON SCHEMAS TO %I', nspowner, current_user) AS by_default
  FROM ${from} WHERE NOT pg_catalog.has_schema_privilege(nsp, 'USAGE')`

const isColumnar = "privilege = ANY ('{SELECT,INSERT,UPDATE,REFERENCES}')"

const deniedColumns = `SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.oid AND NOT a.attisdropped
  AND a.attname::text = ANY (SELECT pg_catalog.jsonb_array_elements_text(r.columns))
  AND NOT pg_catalog.has_column_privilege(r.oid, a.attnum, r.privilege)`

const ownerChange = (words: string, name: string): string =>
  `pg_catalog.format('ALTER %s %s OWNER TO %I', ${words}, ${name}, current_user)`

const byDefault = (owner: string, schema: string, privilege: string, on: string): string =>
  `pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT %s ON ${on} TO %I',
    pg_catalog.pg_get_userbyid(${owner}), ${schema}, ${privilege}, current_user)`

const ofRelations = `
  SELECT CASE WHEN sort = 'S' THEN 'sequence ' ELSE 'relation ' END || full_name,
    CASE WHEN sort = 'S' AND privilege <> 'OWNER' THEN 'USAGE' ELSE privilege END,
    CASE WHEN privilege = 'OWNER' THEN ${ownerChange("word", "full_name")}
      WHEN sort = 'S' THEN pg_catalog.format('GRANT USAGE ON SEQUENCE %s TO %I', full_name, current_user)
      ELSE pg_catalog.format('GRANT %s ON TABLE %s TO %I', privilege || coalesce(' (' || denied || ')', ''), full_name, current_user)
    END,
    CASE WHEN privilege <> 'OWNER' AND denied IS NULL THEN CASE WHEN sort = 'S'
      THEN ${byDefault("owner", "nspname", "'USAGE'", "SEQUENCES")}
      ELSE ${byDefault("owner", "nspname", "privilege", "TABLES")} END END
  FROM (SELECT r.*, CASE WHEN ${isColumnar} AND pg_catalog.jsonb_array_length(r.columns) > 0
      AND pg_catalog.has_any_column_privilege(r.oid, r.privilege) THEN (${deniedColumns}) END AS denied
    FROM relations r) r
  WHERE CASE WHEN privilege = 'OWNER' THEN NOT pg_catalog.pg_has_role(owner, 'USAGE')
    WHEN sort = 'S' THEN NOT pg_catalog.has_sequence_privilege(oid, 'USAGE')
    WHEN privilege = 'USAGE' THEN false
    WHEN NOT ${isColumnar} OR columns IS NULL THEN NOT pg_catalog.has_table_privilege(oid, privilege)
    WHEN pg_catalog.jsonb_array_length(columns) = 0 THEN NOT pg_catalog.has_any_column_privilege(oid, privilege)
    ELSE (${deniedColumns}) IS NOT NULL END`

/**
 * Sequences in the defaults of columns that an `INSERT` leaves out. Sequences of identity columns need no privilege.
 */
const ofDefaults = `
  SELECT 'sequence ' || name, 'USAGE', pg_catalog.format('GRANT USAGE ON SEQUENCE %s TO %I', name, current_user),
    ${byDefault("relowner", "nspname", "'USAGE'", "SEQUENCES")}
  FROM (SELECT DISTINCT s.oid, s.relkind, s.relowner, n.nspname, pg_catalog.format('%I.%I', n.nspname, s.relname) AS name
    FROM relations r JOIN pg_catalog.pg_attrdef f ON f.adrelid = r.oid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = f.adnum
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
      AND d.refclassid = 'pg_catalog.pg_class'::regclass
    JOIN pg_catalog.pg_class s ON s.oid = d.refobjid 
    JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
    WHERE r.privilege = 'INSERT' AND NOT coalesce(r.columns ? a.attname::text, false)) AS s
  WHERE CASE WHEN relkind = 'S' THEN NOT pg_catalog.has_sequence_privilege(oid, 'USAGE') ELSE false END`

const ofRoutines = `
  SELECT 'routine ' || full_name, privilege, CASE WHEN privilege = 'OWNER' THEN ${ownerChange("'ROUTINE'", "full_name")}
    ELSE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO %I', full_name, current_user) END,
    CASE WHEN privilege <> 'OWNER' THEN ${byDefault("owner", "nspname", "'EXECUTE'", "ROUTINES")} END
  FROM routines WHERE CASE WHEN privilege = 'OWNER' THEN NOT pg_catalog.pg_has_role(owner, 'USAGE')
    ELSE NOT pg_catalog.has_function_privilege(oid, 'EXECUTE') END`

const ofTypes = `
  SELECT 'type ' || full_name, privilege, CASE WHEN privilege = 'OWNER' THEN ${ownerChange("'TYPE'", "full_name")}
    ELSE pg_catalog.format('GRANT USAGE ON TYPE %s TO %I', full_name, current_user) END,
    CASE WHEN privilege <> 'OWNER' THEN ${byDefault("owner", "nspname", "'USAGE'", "TYPES")} END
  FROM types WHERE CASE WHEN privilege = 'OWNER' THEN NOT pg_catalog.pg_has_role(owner, 'USAGE')
    ELSE NOT pg_catalog.has_type_privilege(oid, 'USAGE') END`

const ofSchemas = `
  SELECT 'schema ' || pg_catalog.quote_ident(n.nspname), w.privilege,
    CASE WHEN w.privilege = 'OWNER' THEN ${ownerChange("'SCHEMA'", "pg_catalog.quote_ident(n.nspname)")}
    ELSE pg_catalog.format('GRANT %s ON SCHEMA %I TO %I', w.privilege, n.nspname, current_user) END, NULL
  FROM w JOIN pg_catalog.pg_namespace n ON n.nspname = coalesce(w.name, current_schema)
  WHERE w.kind = 'schema' AND CASE WHEN w.privilege = 'OWNER' THEN NOT pg_catalog.pg_has_role(n.nspowner, 'USAGE')
    ELSE NOT pg_catalog.has_schema_privilege(n.oid, w.privilege) END`

const ofDatabase = `
  SELECT 'database ' || pg_catalog.quote_ident(pg_catalog.current_database()), privilege,
    pg_catalog.format('GRANT %s ON DATABASE %I TO %I', privilege, pg_catalog.current_database(), current_user), NULL
  FROM (SELECT w.privilege FROM w WHERE w.kind = 'database'
    UNION SELECT 'CREATE' FROM w JOIN pg_catalog.pg_available_extension_versions x ON x.name = w.name
    WHERE w.kind = 'extension' AND x.trusted) AS d
  WHERE NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), privilege)`

const ofLanguages = `
  SELECT 'language ' || pg_catalog.quote_ident(l.lanname), 'USAGE',
    pg_catalog.format('GRANT USAGE ON LANGUAGE %I TO %I', l.lanname, current_user), NULL
  FROM w JOIN pg_catalog.pg_language l ON l.lanname = w.name
  WHERE w.kind = 'language' AND l.lanpltrusted AND NOT pg_catalog.has_language_privilege(l.oid, 'USAGE')`

/**
 * Attributes of roles. The remedy for `SUPERUSER` is a single run, since the role of the migrations should not keep it.
 */
const ofRoles = `
  SELECT 'role ' || pg_catalog.quote_ident(current_user), privilege, CASE WHEN privilege = 'SUPERUSER' THEN
      'apply it once with the --url of a superuser, since no GRANT allows it'
    ELSE pg_catalog.format('ALTER ROLE %I %s', current_user, privilege) END, NULL
  FROM (SELECT w.privilege FROM w WHERE w.kind = 'role'
    UNION SELECT 'SUPERUSER' FROM w JOIN pg_catalog.pg_language l ON l.lanname = w.name
    WHERE w.kind = 'language' AND NOT l.lanpltrusted
    UNION SELECT 'SUPERUSER' FROM w JOIN pg_catalog.pg_available_extension_versions x ON x.name = w.name
    WHERE w.kind = 'extension' AND x.superuser AND NOT x.trusted) AS q
  JOIN pg_catalog.pg_roles o ON o.rolname = current_user
  WHERE NOT o.rolsuper AND NOT CASE WHEN privilege = 'CREATEROLE' THEN o.rolcreaterole WHEN privilege = 'CREATEDB' THEN o.rolcreatedb
    ELSE false END`

/**
 * An answer `lacks`: the privileges among `needs` that the asking role lacks, one entry for each statement that gives
 * one. An object that does not exist needs no privilege.
 *
 * @since 0.1.0
 * @category statements
 */
export const lacking = (needs: ReadonlyArray<RequiredPrivilege>): string =>
  `WITH w AS (SELECT * FROM pg_catalog.jsonb_to_recordset(${Message.literal(JSON.stringify(needs))}::jsonb)
  AS w (kind pg_catalog.text, privilege pg_catalog.text, schema pg_catalog.text, name pg_catalog.text, columns pg_catalog.jsonb)),
path AS (SELECT pg_catalog.btrim(p, '" ') AS name
  FROM pg_catalog.regexp_split_to_table(pg_catalog.current_setting('search_path'), ',') p),
relations AS (SELECT w.*, c.oid, c.relkind::text AS sort, c.relowner AS owner, n.oid AS nsp, n.nspname,
    pg_catalog.pg_get_userbyid(n.nspowner) AS nspowner, pg_catalog.format('%I.%I', n.nspname, c.relname) AS full_name,
    CASE WHEN c.relkind = 'v' THEN 'VIEW' WHEN c.relkind = 'm' THEN 'MATERIALIZED VIEW' WHEN c.relkind = 'S' THEN 'SEQUENCE'
      WHEN c.relkind = 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS word
  FROM w JOIN pg_catalog.pg_class named ON named.relname = w.name
  JOIN pg_catalog.pg_namespace n ON n.oid = named.relnamespace
  JOIN pg_catalog.pg_class c ON c.oid = coalesce(
    (SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = named.oid), named.oid)
  WHERE w.kind = 'relation' AND ${inReach("n", "pg_catalog.pg_table_is_visible(named.oid)")}),
routines AS (SELECT w.*, p.oid, p.proowner AS owner, n.oid AS nsp, n.nspname,
    pg_catalog.pg_get_userbyid(n.nspowner) AS nspowner,
    pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS full_name
  FROM w JOIN pg_catalog.pg_proc p ON p.proname = w.name JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE w.kind = 'routine' AND ${inReach("n", "pg_catalog.pg_function_is_visible(p.oid)")}),
types AS (SELECT w.*, t.oid, t.typowner AS owner, n.oid AS nsp, n.nspname,
    pg_catalog.pg_get_userbyid(n.nspowner) AS nspowner, pg_catalog.format('%I.%I', n.nspname, t.typname) AS full_name
  FROM w JOIN pg_catalog.pg_type t ON t.typname = w.name JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  WHERE w.kind = 'type' AND ${inReach("n", "pg_catalog.pg_type_is_visible(t.oid)")}),
lacks AS (${[
    ...["relations", "routines", "types"].map(entering),
    ofRelations,
    ofDefaults,
    ofRoutines,
    ofTypes,
    ofSchemas,
    ofDatabase,
    ofLanguages,
    ofRoles
  ].join("\nUNION")})
${Message.answering(
  "lacks",
  `coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('role', current_user, 'object', object,
  'privilege', privilege, 'remedy', remedy, 'byDefault', by_default) ORDER BY object, privilege), '[]')`,
  "FROM lacks"
)}`

const readMissing = Message.reader("lacks", Schema.Array(MissingPrivilege))

type Ask = (text: string) => Effect.Effect<unknown, SqlError>

/**
 * The privileges that a connection's role lacks. None where the server does not answer.
 *
 * @since 0.1.0
 * @category operations
 */
export const missingOf = (
  ask: Ask,
  needs: ReadonlyArray<RequiredPrivilege>
): Effect.Effect<ReadonlyArray<MissingPrivilege>> =>
  needs.length === 0
    ? Effect.succeed([])
    : Effect.flatMap(ask(qualified(lacking(needs))), (results) => readMissing(Message.columnsOf(results))).pipe(
        Effect.catchAll(() => Effect.succeed([]))
      )

/**
 * The failure of a statement of a migration. Where the server denied the statement, the failure has all privileges that
 * the role lacks for it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const statementFailure = (
  ask: Ask,
  parser: Parser,
  commands: CommandLine.Setting,
  { error, place }: { readonly error: SqlError; readonly place: MigrationFailure.Place }
): Effect.Effect<MigrationFailure.Failure> => {
  const { migration, span } = place
  const text = migration.script._tag === "Sql" ? migration.script.text.slice(span.start, span.end) : ""
  return Effect.map(missingOf(ask, isDenial(error) ? needsOf(parser, text) : []), (lacks) =>
    MigrationFailure.ofStatement(error, place, { commands, grants: [...new Set(lacks.map(({ remedy }) => remedy))] })
  )
}
