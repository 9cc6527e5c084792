/**
 * Reads queries on the server's catalogs. A query that asks for an object by its name depends on that object. A query
 * that asks without a name may depend on every object and is not understood. The catalogs have many columns for the
 * same name (`relname`, `tablename`, `table_name`), so this file lists them.
 *
 * Many tables may have a constraint, trigger or policy of the same name. A statement that creates one reads its key,
 * and a query that asks for one writes it. So the creating statements do not wait for each other.
 *
 * @since 0.1.0
 * @internal
 */
import type { A_Expr, Node } from "@pgsql/types"
import * as Option from "effect/Option"
import { isRecord } from "effect/Predicate"
import * as HazardKey from "../model/HazardKey.js"
import { nameFrom, type QualifiedName } from "../model/SchemaObject.js"
import { fold } from "../sql/DynamicSql.js"
import type { Mentions } from "../sql/Mentions.js"
import { isNode, lastString, listItems, stringsOf } from "../sql/SyntaxTree.js"
import * as R from "./Recorder.js"

/** Whether a name means a relation of the server. @since 0.1.0 @category predicates */
export const isCatalogRelation = (recorder: R.Recorder, { name, schema }: QualifiedName): boolean =>
  Option.match(schema, {
    onSome: R.isSystemSchema,
    onNone: () => name.startsWith("pg_") && R.relations(recorder, { name, schema }).length === 0
  })

/** Relations of the server that do not change with the schema. */
const unrelated: ReadonlySet<string> = new Set(
  (
    "pg_settings pg_stat_activity pg_timezone_names pg_timezone_abbrevs pg_locks pg_database pg_available_extensions " +
    "pg_available_extension_versions pg_stat_replication pg_file_settings pg_hba_file_rules pg_config pg_language " +
    "pg_am pg_tablespace pg_cursors pg_prepared_statements information_schema_catalog_name"
  ).split(" ")
)

type Ask = (recorder: R.Recorder, name: string) => void

const object: Ask = (recorder, name) => R.read(recorder, Option.getOrElse(nameFrom(name), () => ({ name })).name)

const keyed =
  (key: (name: string) => HazardKey.HazardKey): Ask =>
  (recorder, name) =>
    R.read(recorder, key(name))

const shared =
  (key: (name: string) => HazardKey.HazardKey): Ask =>
  (recorder, name) =>
    R.write(recorder, key(name))

/** Columns that hold names, and what a query for such a name depends on. */
const nameColumns: Readonly<Record<string, Ask>> = {
  conname: (recorder, name) => {
    object(recorder, name)
    R.write(recorder, HazardKey.constraint(name))
  },
  constraint_name: (recorder, name) => {
    object(recorder, name)
    R.write(recorder, HazardKey.constraint(name))
  },
  event_object_table: object,
  extname: keyed(HazardKey.extension),
  indexname: object,
  matviewname: object,
  nspname: keyed(HazardKey.schema),
  policyname: shared(HazardKey.policy),
  polname: shared(HazardKey.policy),
  proname: keyed(HazardKey.routine),
  pubname: keyed((name) => `publication ${name}`),
  relname: object,
  rolname: keyed(HazardKey.role),
  routine_name: keyed(HazardKey.routine),
  schema_name: keyed(HazardKey.schema),
  sequence_name: object,
  sequencename: object,
  table_name: object,
  tablename: object,
  tgname: shared(HazardKey.trigger),
  trigger_name: shared(HazardKey.trigger),
  type_name: object,
  typname: object,
  udt_name: object,
  usename: keyed(HazardKey.role),
  view_name: object,
  viewname: object
}

/** A schema name does not name an object, unless the query asks for schemas only. */
const namespaceColumns: ReadonlySet<string> = new Set(["nspname", "schema_name"])
const namespaces: ReadonlySet<string> = new Set(["pg_namespace", "schemata"])

/**
 * Reads the objects that a query on the catalogs asks for.
 *
 * @since 0.1.0
 * @category reading
 */
export const inspectCatalog = (recorder: R.Recorder, mentions: Mentions, pieces: ReadonlyArray<unknown>): void => {
  const asked = mentions.relations.filter(
    ({ name }) => isCatalogRelation(recorder, name) && !unrelated.has(name.name) && !recorder.locals.has(name.name)
  )
  if (asked.length === 0) return
  const onlyNamespaces = asked.every(({ name }) => namespaces.has(name.name))
  let isNamed = mentions.inTexts.some(({ kind }) => kind === "relation" || kind === "type" || kind === "routine")
  for (const { column, text } of comparisons(recorder, pieces)) {
    nameColumns[column]?.(recorder, text)
    if (column in nameColumns && (onlyNamespaces || !namespaceColumns.has(column))) isNamed = true
  }
  if (!isNamed)
    R.opaqueBarrier(recorder, `asks the catalog (${asked[0]?.name.name ?? ""}) about objects it does not name`)
}

interface Comparison {
  readonly column: string
  readonly text: string
}

/** All comparisons `column = 'text'` and `column IN ('text', …)` at any depth. */
const comparisons = (recorder: R.Recorder, pieces: ReadonlyArray<unknown>): ReadonlyArray<Comparison> => {
  const found: Array<Comparison> = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item)
    else if (isRecord(value)) {
      const children: ReadonlyArray<unknown> = Object.values(value)
      if (isNode(value) && "A_Expr" in value) found.push(...comparisonsOf(recorder, value.A_Expr))
      for (const child of children) visit(child)
    }
  }
  visit(pieces)
  return found
}

const comparisonsOf = (recorder: R.Recorder, { kind, lexpr, name, rexpr }: A_Expr): ReadonlyArray<Comparison> => {
  if (lastString(name) !== "=" || (kind !== "AEXPR_OP" && kind !== "AEXPR_IN")) return []
  const column = columnName(lexpr)
  if (column === undefined) return kind === "AEXPR_OP" ? pairs(recorder, columnName(rexpr), [lexpr]) : []
  return pairs(recorder, column, kind === "AEXPR_IN" ? listItems(rexpr) : [rexpr])
}

const pairs = (
  recorder: R.Recorder,
  column: string | undefined,
  values: ReadonlyArray<Node | undefined>
): ReadonlyArray<Comparison> =>
  column === undefined
    ? []
    : values.flatMap((value) =>
        Option.getOrElse(fold(value, recorder.lookup), (): ReadonlyArray<string> => []).map((text) => ({
          column,
          text
        }))
      )

const columnName = (node: Node | undefined): string | undefined => {
  if (node === undefined) return undefined
  if ("TypeCast" in node) return columnName(node.TypeCast.arg)
  return "ColumnRef" in node ? stringsOf(node.ColumnRef.fields).at(-1) : undefined
}
