/**
 * Questions to the catalog about a statement whose attempt was interrupted. They are asked on the session that would
 * run the statement again, so that names have the same meaning. For a half-done statement the answer has the statements
 * that clean up.
 *
 * @internal
 */
import * as Match from "effect/Match"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Leftover from "../core/attempt/Leftover.js"
import * as SchemaObject from "../core/model/SchemaObject.js"
import * as Catalog from "../database/Catalog.js"
import * as Message from "../database/Message.js"

/**
 * `cleanUp` are statements that run outside transactions. `unknown`: an object exists that the statement or another
 * session may have made.
 *
 * @since 0.1.0
 * @category models
 */
export const Finding = Schema.Struct({
  state: Schema.Literal("done", "half-done", "not-begun", "unknown"),
  cleanUp: Schema.Array(Schema.String)
})

/** @since 0.1.0 @category models */
export type Finding = typeof Finding.Type

/** Leftovers from which the catalog tells whether a statement took effect. @since 0.1.0 @category models */
export type Telling = Exclude<Leftover.Leftover, { readonly _tag: "Harmless" | "None" }>

/** @since 0.1.0 @category readers */
export const readFinding = Message.reader("finding", Finding)

/**
 * A query with an answer `finding`.
 *
 * @since 0.1.0
 * @category statements
 */
export const question: (leftover: Telling) => string = Match.type<Telling>().pipe(
  Match.tagsExhaustive({
    Index: ({ isImplied, name, table }) =>
      ofInvalid({
        which: `i.indrelid = ${relation(table)} AND ${
          isImplied
            ? `c.relname ~ ${Message.literal(`^${escaped(name)}[0-9]*$`)}`
            : `c.relname = ${Message.literal(name)}`
        }`,
        otherwise: isImplied ? "unknown" : "done"
      }),
    Rebuilt: ({ name, of }) =>
      ofInvalid({ which: `c.relname ~ '_cc(new|old)[0-9]*$' AND ${within[of](name)}`, otherwise: "not-begun" }),
    Detached: ({ partition, table }) =>
      finding(
        `CASE WHEN h.pending THEN 'half-done' WHEN h.pending IS NULL THEN 'done' ELSE 'not-begun' END`,
        `CASE WHEN h.pending THEN pg_catalog.json_build_array(${Message.literal(
          `ALTER TABLE ${rendered(table)} DETACH PARTITION ${rendered(partition)} FINALIZE`
        )}) ELSE '[]' END`,
        `FROM (SELECT (SELECT inhdetachpending FROM pg_catalog.pg_inherits
          WHERE inhparent = ${relation(table)} AND inhrelid = ${relation(partition)}) AS pending) AS h`
      ),
    OnServer: ({ exists, kind, name }) => existing(`EXISTS (${onServer[kind]} = ${Message.literal(name)})`, exists),
    Publications: ({ exists, names, subscription }) =>
      existing(
        `EXISTS (SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
          WHERE d.datname = pg_catalog.current_database() AND s.subname = ${Message.literal(subscription)}
          AND s.subpublications && ARRAY[${names.map(Message.literal).join(", ")}])`,
        exists
      ),
    Objects: ({ exist, objects }) =>
      `SELECT ('{"state": "' || CASE WHEN pg_catalog.json_array_length(m.missing::json) = ${exist ? 0 : objects.length}
        THEN 'done' ELSE 'not-begun' END || '", "cleanUp": []}') AS finding
        FROM (${Catalog.missing(objects, "visible")}) AS m`
  })
)

const finding = (state: string, cleanUp: string, from = ""): string =>
  Message.answering("finding", `pg_catalog.json_build_object('state', ${state}, 'cleanUp', ${cleanUp})`, from)

const existing = (isThere: string, shouldBe: boolean): string =>
  finding(`CASE WHEN ${isThere} = ${shouldBe} THEN 'done' ELSE 'not-begun' END`, "'[]'::json")

/** An interrupted build leaves an invalid index. `otherwise` is the state where all indexes are valid. */
const ofInvalid = (options: { readonly which: string; readonly otherwise: "done" | "not-begun" | "unknown" }): string =>
  finding(
    `CASE WHEN pg_catalog.bool_or(NOT i.indisvalid) THEN 'half-done' WHEN pg_catalog.count(*) = 0 THEN 'not-begun' ELSE '${options.otherwise}' END`,
    `coalesce(pg_catalog.json_agg(pg_catalog.format('DROP INDEX CONCURRENTLY %I.%I', n.nspname, c.relname))
      FILTER (WHERE NOT i.indisvalid), '[]')`,
    `FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${options.which}`
  )

const rendered = (name: SchemaObject.QualifiedName): string =>
  Option.match(name.schema, {
    onNone: () => SchemaObject.quote(name.name),
    onSome: (schema) => `${SchemaObject.quote(schema)}.${SchemaObject.quote(name.name)}`
  })

const relation = (name: SchemaObject.QualifiedName): string =>
  `pg_catalog.to_regclass(${Message.literal(rendered(name))})`

/** Escapes a text for a regular expression. */
const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** The tables whose indexes a rebuild touches: a table with its partitions and TOAST tables, a schema's, or all. */
const within: Readonly<
  Record<Extract<Telling, { _tag: "Rebuilt" }>["of"], (name: SchemaObject.QualifiedName) => string>
> = {
  relation: (name) => `i.indrelid = ANY (
    SELECT pg_catalog.unnest(ARRAY[t.oid, t.reltoastrelid]) FROM pg_catalog.pg_class t
    WHERE t.oid = ANY (
      SELECT coalesce(x.indrelid, leaf.relid::oid) FROM (
        SELECT ${relation(name)}::oid AS relid UNION SELECT relid FROM pg_catalog.pg_partition_tree(${relation(name)})
      ) AS leaf LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = leaf.relid))`,
  schema: (name) => `i.indrelid = ANY (
    SELECT pg_catalog.unnest(ARRAY[t.oid, t.reltoastrelid]) FROM pg_catalog.pg_class t
    JOIN pg_catalog.pg_namespace s ON s.oid = t.relnamespace WHERE s.nspname = ${Message.literal(name.name)})`,
  database: () => "true"
}

const onServer: Readonly<Record<Leftover.ServerObject, string>> = {
  database: "SELECT FROM pg_catalog.pg_database WHERE datname",
  tablespace: "SELECT FROM pg_catalog.pg_tablespace WHERE spcname",
  subscription: `SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
    WHERE d.datname = pg_catalog.current_database() AND s.subname`,
  "prepared transaction": "SELECT FROM pg_catalog.pg_prepared_xacts WHERE gid"
}
