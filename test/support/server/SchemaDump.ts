/**
 * Everything that two orders of one history must agree on: definitions as the server itself prints them, the order of columns,
 * privileges and comments, and the rows. Lines are sorted, so that equal dumps are equal lists.
 */

import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"

/** The dump of the schemas that are not the server's own. */
export const dump: Effect.Effect<ReadonlyArray<string>, SqlError, SqlClient.SqlClient> = Effect.scoped(
  Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.flatMap(sql.reserve, fromConnection))
)

/** The same over a connection at hand: two messages, whatever the number of tables. */
export const fromConnection = (connection: Connection): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.gen(function* () {
    const lines = yield* linesOf(connection, definitions)
    const tables = yield* linesOf(
      connection,
      `SELECT format('%I.%I', nspname, relname) AS line FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
       WHERE relkind IN ('r', 'm') AND nspname !~ '^pg_' AND nspname <> 'information_schema'`
    )
    const contents = tables.map((name) => `SELECT '${name.replaceAll("'", "''")}: ' || t::text AS line FROM ${name} t`)
    const rows = contents.length === 0 ? [] : yield* linesOf(connection, contents.join(" UNION ALL "))
    return [...lines, ...rows].toSorted()
  })

/** The column `line` of what a query answers. */
export const linesOf = (connection: Connection, query: string): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.map(connection.execute(query, [], undefined), (rows) => rows.map(({ line }) => String(line)))

export const definitions = `
WITH own AS (
  SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), rel AS (
  SELECT c.*, format('%I.%I', nspname, relname) AS full_name FROM pg_class c JOIN own ON own.oid = relnamespace
)
SELECT format('%s %s %s rls %s %s replica %s options %s acl %s owner %s', relkind, full_name, relpersistence, relrowsecurity, relforcerowsecurity,
         relreplident, reloptions, relacl, relowner::regrole) AS line
FROM rel
UNION ALL
SELECT format('column %s %s: %s %s null %s default %s identity %s generated %s acl %s storage %s stats %s local %s inherited %s', full_name,
         (SELECT count(*) FROM pg_attribute b WHERE b.attrelid = a.attrelid AND b.attnum BETWEEN 1 AND a.attnum AND NOT b.attisdropped),
         quote_ident(attname), format_type(atttypid, atttypmod), NOT attnotnull, pg_get_expr(adbin, adrelid), attidentity, attgenerated, attacl,
         attstorage, attstattarget, attislocal, attinhcount)
FROM rel JOIN pg_attribute a ON attrelid = rel.oid AND attnum > 0 AND NOT attisdropped AND relkind NOT IN ('i', 'I')
LEFT JOIN pg_attrdef d ON adrelid = rel.oid AND adnum = attnum
UNION ALL
SELECT format('constraint %s %s %s valid %s deferrable %s local %s', conname, COALESCE(conrelid::regclass::text, contypid::regtype::text),
         pg_get_constraintdef(k.oid), convalidated, condeferrable, conislocal)
FROM pg_constraint k JOIN own ON own.oid = connamespace
UNION ALL
SELECT format('index %s valid %s clustered %s replica %s', pg_get_indexdef(indexrelid), indisvalid, indisclustered, indisreplident)
FROM pg_index JOIN rel ON rel.oid = indexrelid
UNION ALL
SELECT format('view %s %s', full_name, pg_get_viewdef(oid)) FROM rel WHERE relkind IN ('v', 'm')
UNION ALL
SELECT format('function %s kind %s owner %s acl %s %s', oid::regprocedure, prokind, proowner::regrole, proacl,
         CASE WHEN prokind = 'a' THEN '' ELSE pg_get_functiondef(p.oid) END)
FROM pg_proc p WHERE pronamespace IN (SELECT oid FROM own)
UNION ALL
SELECT format('trigger %s %s', pg_get_triggerdef(t.oid), tgenabled) FROM pg_trigger t JOIN rel ON rel.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT format('policy %s %s %s %s %s %s', full_name, polname, polcmd, polpermissive, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
FROM pg_policy JOIN rel ON rel.oid = polrelid
UNION ALL
SELECT format('rule %s', pg_get_ruledef(r.oid)) FROM pg_rewrite r JOIN rel ON rel.oid = ev_class
UNION ALL
SELECT format('sequence %s %s %s %s %s %s owned by %s', full_name, seqtypid::regtype, seqstart, seqincrement, seqcycle,
         pg_sequence_last_value(rel.oid), (SELECT refobjid::regclass || '.' || refobjsubid FROM pg_depend WHERE classid = 'pg_class'::regclass
         AND objid = rel.oid AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i') AND refobjsubid > 0 LIMIT 1) IS NOT NULL)
FROM pg_sequence JOIN rel ON rel.oid = seqrelid
UNION ALL
SELECT format('enum %s %s', enumtypid::regtype, string_agg(enumlabel, ', ' ORDER BY enumsortorder)) FROM pg_enum GROUP BY enumtypid
UNION ALL
SELECT format('type %I.%I %s base %s not null %s default %s acl %s', nspname, typname, typtype, format_type(typbasetype, typtypmod), typnotnull, typdefault, typacl)
FROM pg_type t JOIN own ON own.oid = typnamespace WHERE typcategory <> 'A'
UNION ALL
SELECT format('range %s %s', rngtypid::regtype, rngsubtype::regtype) FROM pg_range
UNION ALL
SELECT format('statistics %s', pg_get_statisticsobjdef(oid)) FROM pg_statistic_ext
UNION ALL
SELECT format('inherits %s %s %s', inhrelid::regclass, inhparent::regclass, inhseqno) FROM pg_inherits
UNION ALL
SELECT format('bound %s %s', full_name, pg_get_expr(relpartbound, oid)) FROM rel WHERE relispartition
UNION ALL
SELECT format('schema %I acl %s', nspname, (SELECT nspacl FROM pg_namespace n WHERE n.oid = own.oid)) FROM own
UNION ALL
SELECT format('extension %s %s', extname, extnamespace::regnamespace) FROM pg_extension
UNION ALL
SELECT format('comment %s %s', pg_describe_object(classoid, objoid, objsubid), description) FROM pg_description
WHERE objoid >= 16384
UNION ALL
SELECT format('collation of column %s %s: %s', full_name, attname, attcollation::regcollation)
FROM rel JOIN pg_attribute ON attrelid = rel.oid AND attnum > 0 AND NOT attisdropped AND attcollation >= 16384
UNION ALL
SELECT format('collation %s', oid::regcollation) FROM pg_collation WHERE collnamespace IN (SELECT oid FROM own)
UNION ALL
SELECT format('text search %s', oid::regconfig) FROM pg_ts_config WHERE cfgnamespace IN (SELECT oid FROM own)
UNION ALL
SELECT format('operator %s %s', oid::regoperator, oprcode) FROM pg_operator WHERE oprnamespace IN (SELECT oid FROM own)
UNION ALL
SELECT format('large object %s', oid) FROM pg_largeobject_metadata
UNION ALL
SELECT format('publication %s %s', pubname, (SELECT array_agg(prrelid::regclass ORDER BY 1) FROM pg_publication_rel WHERE prpubid = p.oid)) FROM pg_publication p
`
