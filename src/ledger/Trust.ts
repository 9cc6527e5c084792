/**
 * Whether the ledger is the library's own. A role that may create objects in the database can make a schema of its name
 * beforehand, with a trigger, a rule, a policy or a default that would run with the rights of the migrations' role. So the
 * first message of a process about a ledger begins with a question to the catalog. Where an object is not as the library
 * makes it, or belongs to a role that is not trusted, the question fails, and the statements after it do not run.
 *
 * A newer version of the library may have other definitions. The log then names its migrations, see `Unusable`.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SqlState from "../core/detect/SqlState.js"
import type { Migration } from "../core/migration/Migration.js"
import { visible } from "../core/text/Visible.js"
import { answering, literal, reader } from "../database/Message.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"
import { sha256 } from "../runtime/Sha256.js"
import { definitions } from "./OwnDefinitions.js"

/**
 * Why a ledger is not used. `owner`: an object belongs to a role that is not trusted. `definition`: an object is not as this
 * version of the library makes it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fault {
  readonly kind: "owner" | "definition"
  readonly reason: string
}

/** The ledger's own migrations, in order, with the ledger's schema. */
type Own = ReadonlyArray<Pick<Migration, "script">>

/** The object that shows that the ledger's own migration of this place has run. */
const traces = [
  "table event",
  "table applied_set",
  "table lease",
  "table event_kind",
  "trigger guard on migration_bit",
  "constraint lease_lasts_limit on lease",
  "constraint event_detail_size on event"
]

/** The names of the ledger's tables. @since 0.1.0 @category constants */
export const tables: ReadonlyArray<string> = [...new Set(definitions.map(([, table]) => table))]

/** One definition of an object of a ledger, and the place of the migration that gives it. */
type Row = readonly [place: number, table: string, object: string, definition: string]

const functionHead =
  /^CREATE (?:OR REPLACE )?FUNCTION "?\w+"?\.(\w+)\([^)]*\) RETURNS \w+\nLANGUAGE (\w+)([^\n]*)\nAS \$\$([\s\S]*?)\$\$;/gm

const pinnedPath = "search_path=pg_catalog, pg_temp"

/** The functions as the files make them. In a file that was run by hand, the name of the schema has no quotes. */
const functionsOf = (own: Own, schema: string): ReadonlyArray<Row> =>
  own.flatMap(({ script }, index) =>
    script._tag === "Effect"
      ? []
      : [...script.text.matchAll(functionHead)].flatMap(([, name = "", language = "", words = "", body = ""]) =>
          [identity<string>, (text: string) => text.replaceAll(`"${schema}"`, schema)].map((written): Row => {
            const definer = words.includes("SECURITY DEFINER") ? "definer" : "invoker"
            return [index + 1, "", `function ${name}`, `${language} ${definer} ${pinnedPath} ${sha256(written(body))}`]
          })
        )
  )

const valuesOf = (rows: ReadonlyArray<Row>): string =>
  `(VALUES ${rows.map(([place, ...texts]) => `(${[place, ...texts.map(literal)].join(", ")})`).join(",\n  ")})`

/** The objects of a schema that a ledger has: its tables and functions, by their names. */
const objects = (schema: string, functions: ReadonlyArray<string>): string => `
  space AS MATERIALIZED (SELECT n.oid, n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname = '${schema}'),
  own AS MATERIALIZED (SELECT c.* FROM space s JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
    WHERE c.relname = ANY ('{${tables.join(",")}}')),
  routine AS MATERIALIZED (SELECT p.* FROM space s JOIN pg_catalog.pg_proc p ON p.pronamespace = s.oid
    WHERE p.proname = ANY ('{${functions.join(",")}}'))`

const isUnusualTrigger = `(t.tgqual IS NOT NULL) OR (t.tgnargs > 0) OR ((t.tgattr::text) <> '') OR (t.tgconstraint <> 0)
    OR (t.tgoldtable IS NOT NULL) OR (t.tgnewtable IS NOT NULL)`

/**
 * Each object of a ledger with its definition, in words that do not depend on the schema's name and the server's version. An
 * index counts where it runs code.
 */
const found = `SELECT o.relname::text, 'table ' || o.relname, pg_catalog.concat_ws(' ', o.relkind, o.relpersistence,
    CASE WHEN o.relrowsecurity THEN 'row security' END, CASE WHEN o.relforcerowsecurity THEN 'forced' END,
    CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = o.oid) THEN 'with a rule' END,
    CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = o.oid) THEN 'with a parent' END,
    CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = o.oid) THEN 'with a child' END) FROM own o
  UNION ALL SELECT o.relname::text, 'column ' || a.attname || ' of ' || o.relname, pg_catalog.concat_ws(' ',
    pg_catalog.format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
    CASE WHEN a.attcollation <> y.typcollation THEN 'COLLATE ' || (a.attcollation::text) END,
    CASE WHEN (a.attidentity <> '') OR (a.attgenerated <> '') THEN 'GENERATED' END,
    'DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)) FROM own o
    JOIN pg_catalog.pg_attribute a ON a.attrelid = o.oid JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON (d.adrelid = a.attrelid) AND (d.adnum = a.attnum)
    WHERE (a.attnum > 0) AND NOT a.attisdropped
  UNION ALL SELECT o.relname::text, 'constraint ' || k.conname || ' on ' || o.relname,
    pg_catalog.replace(pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID', '') FROM own o
    JOIN pg_catalog.pg_constraint k ON k.conrelid = o.oid WHERE k.contype <> 'n'
  UNION ALL SELECT o.relname::text, 'index ' || (i.indexrelid::regclass::text) || ' on ' || o.relname, 'with code' FROM own o
    JOIN pg_catalog.pg_index i ON i.indrelid = o.oid WHERE (i.indexprs IS NOT NULL) OR (i.indpred IS NOT NULL)
      OR EXISTS (SELECT FROM pg_catalog.unnest(i.indclass) AS k (class) WHERE k.class >= 16384)
  UNION ALL SELECT o.relname::text, 'trigger ' || t.tgname || ' on ' || o.relname, pg_catalog.concat_ws(' ', t.tgtype, p.proname,
    CASE WHEN p.pronamespace <> o.relnamespace THEN 'of another schema' END, CASE WHEN ${isUnusualTrigger} THEN 'with conditions' END,
    CASE WHEN t.tgenabled <> ALL ('{A,O}') THEN 'disabled' END) FROM own o
    JOIN pg_catalog.pg_trigger t ON t.tgrelid = o.oid JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal
  UNION ALL SELECT o.relname::text, 'policy ' || l.polname || ' on ' || o.relname, pg_catalog.concat_ws(' ', l.polcmd,
    CASE WHEN l.polpermissive THEN 'permissive' END, CASE WHEN (l.polroles::text) = '{0}' THEN 'PUBLIC' END,
    'USING ' || pg_catalog.pg_get_expr(l.polqual, l.polrelid), 'CHECK ' || pg_catalog.pg_get_expr(l.polwithcheck, l.polrelid))
    FROM own o JOIN pg_catalog.pg_policy l ON l.polrelid = o.oid
  UNION ALL SELECT '', 'function ' || r.proname, pg_catalog.concat_ws(' ', l.lanname,
    CASE WHEN r.prosecdef THEN 'definer' ELSE 'invoker' END, pg_catalog.array_to_string(r.proconfig, ' '),
    pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(r.prosrc, 'UTF8')), 'hex')) FROM routine r
    JOIN pg_catalog.pg_language l ON l.oid = r.prolang`

/** Settings that change how the server prints a definition. They hold until the transaction or its savepoint ends. */
const pins = `SELECT ${Object.entries({
  search_path: "pg_catalog, pg_temp",
  quote_all_identifiers: "off",
  standard_conforming_strings: "on",
  IntervalStyle: "postgres"
})
  .map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`)
  .join(", ")}`

/**
 * Lists the definitions of all objects of a ledger but its functions: rows of `table`, `object` and `definition`.
 *
 * @since 0.1.0
 * @category statements
 */
export const listing = (schema: string): string =>
  `${pins};\nWITH ${objects(schema, [])} SELECT * FROM (${found}) AS found ("table", object, definition)`

/**
 * The roles that own a part of the ledger. A superuser counts as a member of each role, so membership does not count for it.
 * A role that is not trusted is tolerated where the session has no more rights than that role.
 */
const owners = ({ ledgerOwner }: Pick<Options, "ledgerOwner">): string => `
  part (owner, name) AS MATERIALIZED (SELECT s.nspowner, 'schema' FROM space s UNION ALL SELECT c.relowner, 'table ' || c.relname FROM own c
    UNION ALL SELECT p.proowner, 'function ' || p.proname FROM routine p),
  me AS MATERIALIZED (SELECT r.*, d.datdba FROM pg_catalog.pg_roles r, pg_catalog.pg_database d
    WHERE (r.rolname = current_user) AND (d.datname = pg_catalog.current_database())),
  owner AS MATERIALIZED (SELECT o.oid, o.rolname, o.rolsuper OR (o.oid = m.oid) OR (o.oid = m.datdba) OR (o.rolname = 'pg_database_owner')
      OR ${ledgerOwner === undefined ? "false" : `(o.rolname = ${literal(ledgerOwner)})`}
      OR (NOT m.rolsuper AND pg_catalog.pg_has_role(o.oid, 'MEMBER')) AS trusted,
    ${ledgerOwner === undefined} AND NOT m.rolsuper AND (m.oid <> m.datdba) AND (o.rolcreaterole OR NOT m.rolcreaterole)
      AND (o.rolreplication OR NOT m.rolreplication) AND (o.rolbypassrls OR NOT m.rolbypassrls) AS tolerated
    FROM me m, pg_catalog.pg_roles o WHERE o.oid = ANY (ARRAY(SELECT p.owner FROM part p)))`

const ofStrangers = `SELECT 'owner its ' || p.name || ' belongs to the role ' || o.rolname FROM part p JOIN owner o ON o.oid = p.owner
    WHERE NOT (o.trusted OR o.tolerated)`

/**
 * An object has the last definition of the migrations that have run. A ledger that was completed may have later ones too, and
 * any of the texts that a function has had. Each object of a table belongs to it from the migration on that makes it. `0`
 * stands for none. A constraint that another session has just replaced has no definition any more.
 */
const changed = `SELECT 'definition its ' || f.object || ' is not as the library makes it' FROM found f
    WHERE (f.definition IS NOT NULL) AND NOT EXISTS (SELECT FROM expected e
    WHERE (e.object = f.object) AND (e.definition = f.definition) AND ((e."table" = '') OR (e.place >= coalesce((SELECT pg_catalog.max(l.place)
      FROM expected l JOIN present p ON p.place = l.place WHERE l.object = f.object), 0))))
  UNION ALL SELECT 'definition its ' || e.object || ' is missing' FROM expected e JOIN present p ON p.place = e.place
    JOIN own c ON c.relname = e."table" WHERE NOT EXISTS (SELECT FROM found f WHERE f.object = e.object)`

const beginning = "effect-auto-migration:"

const ending = ":effect-auto-migration"

const namesOf = (functions: ReadonlyArray<Row>): ReadonlyArray<string> => [
  ...new Set(functions.map(([, , object]) => object.replace("function ", "")))
]

/**
 * A question that fails where the ledger in the schema is not the library's own, see {@link faultOf}. It succeeds where there
 * is no such schema.
 *
 * @since 0.1.0
 * @category statements
 */
export const check = (config: Pick<Options, "ledgerOwner" | "schema">, own: Own): string => {
  const functions = functionsOf(own, config.schema)
  const rows = [...definitions.map(([place, ...texts]): Row => [place, ...texts]), ...functions]
  return `${pins};\n${answering(
    "trust",
    `('${beginning}' || q.fault || '${ending}')::int`,
    `FROM (WITH ${objects(config.schema, namesOf(functions))},${owners(config)},
  expected (place, "table", object, definition) AS MATERIALIZED ${valuesOf(rows)},
  found ("table", object, definition) AS MATERIALIZED (${found}),
  present (place) AS MATERIALIZED (SELECT t.place FROM pg_catalog.unnest(ARRAY[${traces.map(literal).join(", ")}]::text[])
    WITH ORDINALITY AS t (object, place) WHERE EXISTS (SELECT FROM found f WHERE f.object = t.object))
  SELECT coalesce((${ofStrangers} LIMIT 1), (${changed} LIMIT 1))) AS q (fault)`
  )}`
}

/**
 * The same question in a transaction whose later statements need the settings of the session.
 *
 * @since 0.1.0
 * @category statements
 */
export const checkWithin = (check: string): string =>
  [
    "SAVEPOINT effect_auto_migration",
    check,
    "ROLLBACK TO SAVEPOINT effect_auto_migration",
    "RELEASE SAVEPOINT effect_auto_migration"
  ].join(";\n")

/** The server quotes the text that is no number, in each of its languages. */
const quoted = new RegExp(`${beginning}(owner|definition) ([\\s\\S]*)${ending}`)

/** The fault that a failed {@link check} has found. @since 0.1.0 @category readers */
export const faultOf = (error: SqlError): Option.Option<Fault> =>
  Option.flatMap(SqlState.evidenceFrom(error), ({ message, sqlState }) => {
    const [, kind, reason = ""] = (sqlState === "22P02" && quoted.exec(message)) || []
    return kind === "owner" || kind === "definition" ? Option.some({ kind, reason: visible(reason) }) : Option.none()
  })

/** The catalogs of what a table may depend on and run: functions, operators, types and operator classes. */
const codeClasses = ["pg_proc", "pg_operator", "pg_type", "pg_opclass"]
  .map((name) => `'pg_catalog.${name}'::regclass::oid`)
  .join(", ")

/**
 * An answer `readable`: whether a read of the log runs only code of the server, and each owner is trusted. It decides about a
 * ledger that is not as this version makes it, before its log is asked whether a newer version has made it.
 *
 * @since 0.1.0
 * @category statements
 */
export const readable = (config: Pick<Options, "ledgerOwner" | "schema">, own: Own): string =>
  answering(
    "readable",
    "pg_catalog.to_json(q.readable)",
    `FROM (WITH ${objects(config.schema, namesOf(functionsOf(own, config.schema)))},${owners(config)},
  log AS MATERIALIZED (SELECT c.* FROM own c WHERE c.relname = 'event')
  SELECT NOT EXISTS (SELECT FROM owner o WHERE NOT o.trusted)
    AND EXISTS (SELECT FROM log c WHERE (c.relkind = 'r') AND (c.relpersistence = 'p') AND NOT c.relispartition)
    AND NOT EXISTS (SELECT FROM log c JOIN pg_catalog.pg_inherits i ON i.inhparent = c.oid)
    AND NOT EXISTS (SELECT FROM log c JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid)
    AND NOT EXISTS (SELECT FROM (SELECT 'pg_catalog.pg_class'::regclass::oid, c.oid FROM log c
      UNION ALL SELECT 'pg_catalog.pg_class'::regclass::oid, i.indexrelid FROM log c JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
      UNION ALL SELECT 'pg_catalog.pg_policy'::regclass::oid, l.oid FROM log c JOIN pg_catalog.pg_policy l ON l.polrelid = c.oid)
      AS x (class, oid) JOIN pg_catalog.pg_depend d ON (d.classid = x.class) AND (d.objid = x.oid)
      WHERE (d.refobjid >= 16384) AND (d.refclassid = ANY (ARRAY[${codeClasses}])))) AS q (readable)`
  )

/** @since 0.1.0 @category readers */
export const readReadable = reader("readable", Schema.Boolean)
