/**
 * What a database holds, as lines that are the same for the same content: definitions as the server prints them, the order of columns,
 * privileges and comments, and of each table the number and the hashes of its rows. Object ids, and the order in which rows were
 * written, are no part of it. The schemas of the server itself are left out.
 *
 * @internal
 */
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Message from "./Message.js"
import * as Transaction from "./Transaction.js"

/**
 * A query with one column `line`. Its names mean the server's own objects only where the search path says so.
 *
 * @since 0.1.0
 * @category statements
 */
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
         attstorage, attstattarget, attislocal, attinhcount) || format(' options %s', attoptions)
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
SELECT format('rule %s %s', pg_get_ruledef(r.oid), ev_enabled) FROM pg_rewrite r JOIN rel ON rel.oid = ev_class
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
SELECT format('partitioned %s %s', full_name, pg_get_partkeydef(oid)) FROM rel WHERE relkind = 'p'
UNION ALL
SELECT format('schema %I owner %s acl %s', nspname, nspowner::regrole, nspacl) FROM pg_namespace WHERE oid IN (SELECT oid FROM own)
UNION ALL
SELECT format('extension %s %s %s', extname, extversion, extnamespace::regnamespace) FROM pg_extension
UNION ALL
SELECT format('comment %s %s', pg_describe_object(classoid, objoid, objsubid), description) FROM pg_description
WHERE objoid >= 16384
UNION ALL
SELECT format('collation of column %s %I: %s', full_name, attname, attcollation::regcollation)
FROM rel JOIN pg_attribute ON attrelid = rel.oid AND attnum > 0 AND NOT attisdropped AND attcollation <> 0
UNION ALL
SELECT format('collation %s %s', oid::regcollation, to_jsonb(c) - ARRAY['oid', 'collname', 'collnamespace', 'collowner'])
FROM pg_collation c WHERE collnamespace IN (SELECT oid FROM own)
UNION ALL
SELECT format('text search configuration %s %s', c.oid::regconfig, (SELECT string_agg(format('%s %s', maptokentype, mapdict::regdictionary), ', '
         ORDER BY maptokentype, mapseqno) FROM pg_ts_config_map WHERE mapcfg = c.oid)) FROM pg_ts_config c WHERE cfgnamespace IN (SELECT oid FROM own)
UNION ALL
SELECT format('text search dictionary %s %s', oid::regdictionary, dictinitoption) FROM pg_ts_dict WHERE dictnamespace IN (SELECT oid FROM own)
UNION ALL
SELECT format('operator %s %s %s %s %s %s %s %s', oid::regoperator, oprcode, oprcom::regoperator, oprnegate::regoperator, oprrest, oprjoin, oprcanmerge, oprcanhash)
FROM pg_operator WHERE oprnamespace IN (SELECT oid FROM own)
UNION ALL
SELECT format('operator class %I.%I %s of %s default %s %s', nspname, opcname, amname, opcintype::regtype, opcdefault, opcfamily >= 16384)
FROM pg_opclass JOIN own ON own.oid = opcnamespace JOIN pg_am a ON a.oid = opcmethod
UNION ALL
SELECT format('operator %s %s of family %s', amopstrategy, amopopr::regoperator, opfname) FROM pg_amop o JOIN pg_opfamily f ON f.oid = amopfamily WHERE o.oid >= 16384
UNION ALL
SELECT format('function %s %s of family %s', amprocnum, amproc::regprocedure, opfname) FROM pg_amproc o JOIN pg_opfamily f ON f.oid = amprocfamily WHERE o.oid >= 16384
UNION ALL
SELECT format('aggregate %s %s %s %s %s %s', aggfnoid::regprocedure, aggtransfn, aggfinalfn, aggcombinefn, aggtranstype::regtype, agginitval)
FROM pg_aggregate WHERE aggfnoid::oid IN (SELECT oid FROM pg_proc WHERE pronamespace IN (SELECT oid FROM own))
UNION ALL
SELECT format('cast %s to %s by %s %s %s', castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod) FROM pg_cast WHERE oid >= 16384
UNION ALL
SELECT format('event trigger %s %s %s %s %s', evtname, evtevent, evtfoid::regprocedure, evtenabled, evttags) FROM pg_event_trigger
UNION ALL
SELECT format('server %s %s %s', srvname, (SELECT fdwname FROM pg_foreign_data_wrapper f WHERE f.oid = srvfdw), srvoptions) FROM pg_foreign_server
UNION ALL
SELECT format('foreign table %s %s', full_name, ftoptions) FROM pg_foreign_table JOIN rel ON rel.oid = ftrelid
UNION ALL
SELECT format('default privileges %s %s %s %s', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl) FROM pg_default_acl
UNION ALL
SELECT format('settings %s %s', setrole::regrole, setconfig) FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT format('large object %s', oid) FROM pg_largeobject_metadata
UNION ALL
SELECT format('publication %s %s %s', pubname, to_jsonb(p) - ARRAY['oid', 'pubname', 'pubowner'],
         (SELECT array_agg(prrelid::regclass ORDER BY 1) FROM pg_publication_rel WHERE prpubid = p.oid)) FROM pg_publication p
`

const tables = `SELECT format('%I.%I', nspname, relname) AS line FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'm') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  AND (relkind = 'r' OR relispopulated) ORDER BY 1`

/** The number of rows of a table, and hashes of all rows and of the values of each column, in any order. */
const contentOf = (table: string): string => {
  const hash = (text: string) => `md5(string_agg(${text}, ',' ORDER BY ${text} COLLATE "C"))`
  const label = (kind: string) => Message.literal(`${kind} of ${table}`)
  return `SELECT ${label("rows")} || ': ' || count(*) AS line FROM ${table}
    UNION ALL
    SELECT ${label("values")} || ': ' || ${hash("(content.*)::text")} FROM ${table} AS content HAVING count(*) > 0
    UNION ALL
    SELECT ${label("values")} || '.' || pair.name || ': ' || ${hash("coalesce(pair.text, 'NULL')")}
    FROM ${table} AS content, jsonb_each_text(to_jsonb(content.*)) AS pair (name, text) GROUP BY pair.name`
}

/** Sorted. @since 0.1.0 @category queries */
export const lines = (connection: Connection): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.gen(function* () {
    const contents = (yield* ask(connection, tables)).map(contentOf)
    const rows = contents.length === 0 ? [] : yield* ask(connection, contents.join("\nUNION ALL\n"))
    return [...(yield* ask(connection, definitions)), ...rows].toSorted()
  })

/**
 * The lines that only one of two lists has, `-` before those of the first one and `+` before those of the other. A line may be in a
 * list twice.
 *
 * @since 0.1.0
 * @category queries
 */
export const differences = (self: ReadonlyArray<string>, that: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...without(self, that).map((line) => `- ${line}`),
  ...without(that, self).map((line) => `+ ${line}`)
]

const without = (self: ReadonlyArray<string>, that: ReadonlyArray<string>): ReadonlyArray<string> => {
  const left = new Map<string, number>()
  for (const line of that) left.set(line, (left.get(line) ?? 0) + 1)
  return self.filter((line) => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count <= 0
  })
}

const readLines = Message.reader("lines", Schema.Array(Schema.String))

/** The migrations of a database may have made operators and functions of the server's names. */
const ask = (connection: Connection, query: string): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Transaction.sendScript(
    connection,
    `${Message.pinned};\n${Message.answering("lines", "coalesce(json_agg(line), '[]')", `FROM (${query}) AS listed`)}`
  ).pipe(Effect.flatMap((results) => readLines(Message.columnsOf(results))))
