/**
 * The schema of a database as sorted lines: definitions as the server itself prints them, with names, the order of
 * columns, validity, owners, privileges and comments. Databases with the same lines have the same schema. The ledger is
 * left out.
 *
 * @since 0.1.0
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Message from "../database/Message.js"
import { MigrationClient } from "../database/MigrationClient.js"

/** The lines of a database, without those of one schema. @since 0.1.0 @category queries */
export const read = (without: string): Effect.Effect<ReadonlyArray<string>, SqlError, MigrationClient> =>
  Effect.flatMap(MigrationClient, ({ ask }) =>
    Effect.flatMap(ask(question(without)), (raw) => readLines(Message.columnsOf(raw)))
  )

/** A difference between two schemas: the first line that one of them lacks. @since 0.1.0 @category queries */
export const firstDifference = (
  original: ReadonlyArray<string>,
  rewritten: ReadonlyArray<string>
): string | undefined => {
  const lost = original.find((line) => !rewritten.includes(line))
  const gained = rewritten.find((line) => !original.includes(line))
  if (lost === undefined && gained === undefined) return undefined
  return [...(lost === undefined ? [] : [`lacks: ${lost}`]), ...(gained === undefined ? [] : [`has: ${gained}`])].join(
    "; "
  )
}

const readLines = Message.reader("schema_lines", Schema.Array(Schema.String))

const question = (without: string): string =>
  Message.answering(
    "schema_lines",
    "pg_catalog.json_agg(line ORDER BY line)",
    `FROM (${lines(Message.literal(without))}) AS listed`
  )

const lines = (without: string): string => `
WITH own AS (
  SELECT oid, nspname, nspacl FROM pg_catalog.pg_namespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ${without}
), rel AS (
  SELECT c.*, pg_catalog.format('%I.%I', nspname, relname) AS full_name
  FROM pg_catalog.pg_class AS c JOIN own ON own.oid = c.relnamespace
)
SELECT pg_catalog.format('%s %s %s row security %s %s replica identity %s options %s tablespace %s method %s privileges %s owner %s',
  relkind, full_name, relpersistence, relrowsecurity, relforcerowsecurity, relreplident, reloptions, reltablespace, relam,
  relacl, relowner::regrole) AS line
FROM rel
UNION ALL
SELECT pg_catalog.format('column %s %s: %I %s not null %s default %s identity %s generated %s privileges %s storage %s collation %s local %s',
  full_name, pg_catalog.row_number() OVER (PARTITION BY attrelid ORDER BY attnum), attname,
  pg_catalog.format_type(atttypid, atttypmod), attnotnull, pg_catalog.pg_get_expr(adbin, adrelid), attidentity,
  attgenerated, attacl, attstorage, attcollation::regcollation, attislocal)
FROM rel JOIN pg_catalog.pg_attribute AS a ON a.attrelid = rel.oid AND attnum > 0 AND NOT attisdropped
  AND relkind <> ALL ('{i,I}')
LEFT JOIN pg_catalog.pg_attrdef AS d ON adrelid = rel.oid AND adnum = attnum
UNION ALL
SELECT pg_catalog.format('constraint %I of %s: %s validated %s local %s', conname,
  coalesce(conrelid::regclass::text, contypid::regtype::text), pg_catalog.pg_get_constraintdef(k.oid), convalidated, conislocal)
FROM pg_catalog.pg_constraint AS k JOIN own ON own.oid = connamespace
UNION ALL
SELECT pg_catalog.format('index %s valid %s ready %s clustered %s replica identity %s', pg_catalog.pg_get_indexdef(indexrelid),
  indisvalid, indisready, indisclustered, indisreplident)
FROM pg_catalog.pg_index JOIN rel ON rel.oid = indexrelid
UNION ALL
SELECT pg_catalog.format('view %s: %s', full_name, pg_catalog.pg_get_viewdef(oid)) FROM rel WHERE relkind = ANY ('{v,m}')
UNION ALL
SELECT pg_catalog.format('routine %s: %s owner %s privileges %s', p.oid::regprocedure,
  CASE WHEN prokind = 'a' THEN '' ELSE pg_catalog.pg_get_functiondef(p.oid) END, proowner::regrole, proacl)
FROM pg_catalog.pg_proc AS p JOIN own ON own.oid = pronamespace
UNION ALL
SELECT pg_catalog.format('trigger %s enabled %s', pg_catalog.pg_get_triggerdef(t.oid), tgenabled)
FROM pg_catalog.pg_trigger AS t JOIN rel ON rel.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT pg_catalog.format('policy %s %I: %s %s %s %s', full_name, polname, polcmd, polpermissive,
  pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid))
FROM pg_catalog.pg_policy JOIN rel ON rel.oid = polrelid
UNION ALL
SELECT pg_catalog.format('rule %s', pg_catalog.pg_get_ruledef(r.oid))
FROM pg_catalog.pg_rewrite AS r JOIN rel ON rel.oid = ev_class
UNION ALL
SELECT pg_catalog.format('sequence %s: %s start %s increment %s cycle %s', full_name, seqtypid::regtype, seqstart, seqincrement, seqcycle)
FROM pg_catalog.pg_sequence JOIN rel ON rel.oid = seqrelid
UNION ALL
SELECT pg_catalog.format('enum %s: %s', enumtypid::regtype, pg_catalog.string_agg(enumlabel::text, ', ' ORDER BY enumsortorder))
FROM pg_catalog.pg_enum GROUP BY enumtypid
UNION ALL
SELECT pg_catalog.format('type %I.%I: %s base %s not null %s default %s privileges %s', nspname, typname, typtype,
  pg_catalog.format_type(typbasetype, typtypmod), typnotnull, typdefault, typacl)
FROM pg_catalog.pg_type AS t JOIN own ON own.oid = typnamespace WHERE typcategory <> 'A'
UNION ALL
SELECT pg_catalog.format('statistics %s', pg_catalog.pg_get_statisticsobjdef(s.oid))
FROM pg_catalog.pg_statistic_ext AS s JOIN own ON own.oid = stxnamespace
UNION ALL
SELECT pg_catalog.format('%s inherits %s, %s', inhrelid::regclass, inhparent::regclass, inhseqno) FROM pg_catalog.pg_inherits
UNION ALL
SELECT pg_catalog.format('bound %s: %s', full_name, pg_catalog.pg_get_expr(relpartbound, oid)) FROM rel WHERE relispartition
UNION ALL
SELECT pg_catalog.format('schema %I privileges %s', nspname, nspacl) FROM own
UNION ALL
SELECT pg_catalog.format('extension %I in %s', extname, extnamespace::regnamespace) FROM pg_catalog.pg_extension
UNION ALL
SELECT pg_catalog.format('comment on %s: %s', pg_catalog.pg_describe_object(classoid, objoid, objsubid), description)
FROM pg_catalog.pg_description WHERE objoid >= 16384
`
