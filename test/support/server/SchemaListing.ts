/**
 * A schema as a list of lines, taken from the simulated catalog and from the server: equal lists mean that both know
 * the same tables, columns, types, labels, views, indexes, sequences, routines, constraints, triggers and policies.
 */

import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Catalog from "../../../src/core/catalog/SimulatedCatalog.js"
import * as HazardKey from "../../../src/core/model/HazardKey.js"
import type { QualifiedName } from "../../../src/core/model/SchemaObject.js"

/** A line, and the key under which the simulated catalog may be uncertain about it. */
export interface Line {
  readonly line: string
  readonly key: string
}

/** What the simulated catalog says exists. */
const simulated = (catalog: Catalog.SimulatedCatalog): ReadonlyArray<Line> => [
  ...Catalog.allRelations(catalog).flatMap((relation) =>
    relationLines(relation).map((line) => ({ line, key: relation.name.name }))
  ),
  ...Catalog.allTypes(catalog).flatMap((type) => typeLines(type).map((line) => ({ line, key: type.name.name }))),
  ...Catalog.allRoutines(catalog).map(({ inputs, kind, name }) => ({
    line: `${kind} ${full(name)}(${inputs.map(unquoted).join(", ")})`,
    key: HazardKey.routine(name.name)
  }))
]

/**
 * Lines that only one of the two has, in order. Of what the catalog is uncertain about, either may have any; where it does not
 * know a type (`?`), any type will do. The simulated catalog is that of PostgreSQL 18, where NOT NULL is a constraint with a
 * name; before that it is no more than a property of its column, and the column's line tells it.
 */
const differencesFrom = (
  catalog: Catalog.SimulatedCatalog,
  server: ReadonlyArray<Line & { readonly major: number }>
): ReadonlyArray<string> => {
  const isNamed = server.every(({ major }) => major >= 18)
  const isCertain = ({ key }: Line): boolean => !catalog.uncertain.has(key)
  const ours = simulated(catalog).filter((own) => isCertain(own) && (isNamed || !own.line.startsWith("not null ")))
  const left = new Set(ours.map(({ line }) => line))
  const right = new Set(server.filter(isCertain).map(({ line }) => line))
  const vague = [...left].filter((line) => line.endsWith(" ?")).map((line) => line.slice(0, -1))
  return [
    ...[...right]
      .filter((line) => !left.has(line) && !vague.some((start) => line.startsWith(start)))
      .map((line) => `lacks ${line}`),
    ...[...left].filter((line) => !right.has(line) && !line.endsWith(" ?")).map((line) => `makes up ${line}`)
  ].toSorted()
}

/** In what the simulated catalog is wrong about this server, leaving out what extensions brought. */
export const differences = (
  catalog: Catalog.SimulatedCatalog
): Effect.Effect<ReadonlyArray<string>, SqlError, SqlClient.SqlClient> =>
  Effect.scoped(
    Effect.flatMap(SqlClient.SqlClient, (sql) =>
      Effect.flatMap(sql.reserve, (connection) => differencesOver({ connection, catalog, hidden: [] }))
    )
  )

/** The same over a connection at hand, and without keys that the catalog cannot know. */
export const differencesOver = ({
  catalog,
  connection,
  hidden
}: {
  readonly connection: Connection
  readonly catalog: Catalog.SimulatedCatalog
  readonly hidden: ReadonlyArray<string>
}): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.map(connection.execute(listing, [], undefined), (rows) =>
    differencesFrom(
      catalog,
      rows
        .map(({ key, line, major }) => ({ key: String(key), line: String(line), major: Number(major) }))
        .filter(({ key }) => !hidden.includes(key))
    )
  )

/** Of the server: 14 for PostgreSQL 14.23. */
export const major: Effect.Effect<number, SqlError, SqlClient.SqlClient> = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql.unsafe<{ readonly major: number }>("SELECT current_setting('server_version_num')::int / 10000 AS major"),
    (rows) => rows[0]?.major ?? 0
  )
)

const full = ({ name, schema }: QualifiedName): string => `${Option.getOrElse(schema, () => "public")}.${name}`

const unquoted = (wording: string): string => wording.replace(/^public\./, "")

const relationLines = (relation: Catalog.Relation): ReadonlyArray<string> => {
  if (relation.isExternal || relation.isTemporary) return []
  const name = full(relation.name)
  const isTable = relation.kind === "table" || relation.kind === "composite type" || relation.kind === "foreign table"
  const isView = relation.kind === "view" || relation.kind === "materialized view"
  return [
    `${relation.kind} ${name}${relation.kind === "index" && relation.isUnique ? " unique" : ""}`,
    ...(isTable ? relation.columns.map((column) => `column ${name}.${columnText(column)}`) : []),
    ...(isView ? relation.columns.map((column) => `column ${name}.${column.name}`) : []),
    ...relation.constraints.map((constraint) => `${constraint.kind} ${name}.${constraint.name}`),
    ...relation.attachments.map((attachment) => `${attachment.kind} ${name}.${attachment.name}`)
  ]
}

const columnText = ({ hasDefault, isNotNull, name, wording }: Catalog.Column): string =>
  wording === ""
    ? `${name} ?`
    : `${name} ${unquoted(wording)}${isNotNull ? " not null" : ""}${hasDefault ? " default" : ""}`

const typeLines = ({ constraints, extension, isExternal, kind, name, values }: Catalog.Type): ReadonlyArray<string> =>
  isExternal || Option.isSome(extension)
    ? []
    : [
        `${kind} ${full(name)}${kind === "enum" ? ` (${values.join(", ")})` : ""}`,
        ...constraints.map((constraint) => `domain check ${full(name)}.${constraint.name}`)
      ]

const listing = `
SELECT line, key, current_setting('server_version_num')::int / 10000 AS major FROM (
WITH own AS (
  SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), brought AS (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), rel AS (
  SELECT c.*, o.nspname || '.' || c.relname AS full_name FROM pg_class c JOIN own o ON o.oid = c.relnamespace
  WHERE NOT EXISTS (SELECT FROM brought b WHERE b.classid = 'pg_class'::regclass AND b.objid = c.oid)
    AND NOT EXISTS (SELECT FROM brought b WHERE b.classid = 'pg_type'::regclass AND b.objid = c.reltype)
)
SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
         WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' WHEN 'f' THEN 'foreign table' ELSE 'index' END
       || ' ' || full_name || CASE WHEN i.indisunique OR i.indisexclusion THEN ' unique' ELSE '' END AS line, relname AS key
FROM rel LEFT JOIN pg_index i ON i.indexrelid = rel.oid
UNION ALL
SELECT 'column ' || full_name || '.' || attname || CASE WHEN relkind IN ('v', 'm') THEN '' ELSE
         ' ' || format_type(atttypid, NULL)
         || CASE WHEN attnotnull THEN ' not null' ELSE '' END
         || CASE WHEN atthasdef OR attidentity <> '' THEN ' default' ELSE '' END END, relname
FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND attnum > 0 AND NOT attisdropped
WHERE relkind IN ('r', 'p', 'v', 'm', 'c', 'f')
UNION ALL
SELECT CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'x' THEN 'exclusion' WHEN 'f' THEN 'foreign key'
         WHEN 'c' THEN 'check' ELSE 'not null' END || ' ' || full_name || '.' || conname, relname
FROM rel JOIN pg_constraint k ON k.conrelid = rel.oid
WHERE contype IN ('p', 'u', 'x', 'f', 'c', 'n') AND NOT (contype = 'f' AND conparentid <> 0 AND conrelid = (SELECT conrelid FROM pg_constraint up WHERE up.oid = k.conparentid))
UNION ALL
SELECT 'trigger ' || full_name || '.' || tgname, relname FROM rel JOIN pg_trigger t ON t.tgrelid = rel.oid AND NOT tgisinternal AND tgparentid = 0
UNION ALL
SELECT 'policy ' || full_name || '.' || polname, relname FROM rel JOIN pg_policy p ON p.polrelid = rel.oid
UNION ALL
SELECT 'rule ' || full_name || '.' || rulename, relname FROM rel JOIN pg_rewrite r ON r.ev_class = rel.oid AND rulename <> '_RETURN'
UNION ALL
SELECT 'statistics ' || o.nspname || '.' || stxname, stxname FROM pg_statistic_ext s JOIN own o ON o.oid = s.stxnamespace
UNION ALL
SELECT CASE typtype WHEN 'e' THEN 'enum ' WHEN 'd' THEN 'domain ' WHEN 'b' THEN 'base ' ELSE 'range ' END || o.nspname || '.' || typname
       || CASE typtype WHEN 'e' THEN ' (' || COALESCE((SELECT string_agg(enumlabel, ', ' ORDER BY enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '') || ')' ELSE '' END, typname
FROM pg_type t JOIN own o ON o.oid = t.typnamespace
WHERE typtype IN ('e', 'd', 'r', 'm') AND NOT EXISTS (SELECT FROM brought b WHERE b.classid = 'pg_type'::regclass AND b.objid = t.oid)
UNION ALL
SELECT 'domain check ' || o.nspname || '.' || typname || '.' || conname, typname
FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN own o ON o.oid = t.typnamespace WHERE contype = 'c'
UNION ALL
SELECT CASE prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END || o.nspname || '.' || proname
       || '(' || COALESCE((SELECT string_agg(format_type(u.type, NULL), ', ' ORDER BY u.place) FROM unnest(proargtypes::oid[]) WITH ORDINALITY u(type, place)), '') || ')', 'routine ' || proname
FROM pg_proc p JOIN own o ON o.oid = p.pronamespace
WHERE NOT EXISTS (SELECT FROM brought b WHERE b.classid = 'pg_proc'::regclass AND b.objid = p.oid)
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
) listed`
