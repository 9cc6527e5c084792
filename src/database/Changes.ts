/**
 * What a migration has changed of the tables that were there before, by the server's own records, at the end of its
 * transaction. Triggers, rules and functions may change more than the SQL of a migration shows.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type QualifiedName, qualifiedName } from "../core/model/SchemaObject.js"
import * as Message from "./Message.js"
import { isMadeHere, isOwn, ownId } from "./Presence.js"

/** The names that {@link isOwn} reads. */
const own = `(SELECT ${ownId} AS own_id, (${ownId} >> 32) << 32 AS epoch) AS own`

/**
 * The tables that are there, by oid, and the file that each is stored in. A new file tells that a table was emptied or
 * rewritten.
 *
 * @since 0.1.0
 * @category models
 */
export type FileByTable = ReadonlyMap<number, number>

const Locked = Schema.Struct({
  oid: Schema.Int,
  file: Schema.Int,
  hasLostColumn: Schema.Boolean,
  schema: Schema.String,
  name: Schema.String
})

/** A table at the end of a migration that has locked it exclusively. @since 0.1.0 @category models */
export type Locked = typeof Locked.Type

/** What a migration has done, by the server's records. @since 0.1.0 @category models */
export interface Done {
  /** The transaction's id, as in a row's `xmin`. */
  readonly transaction: string
  /** The oids of tables that it has made. */
  readonly made: ReadonlyArray<number>
  /** Tables of before whose rows it has changed or removed, or which it has locked as such a statement does. */
  readonly changed: ReadonlyArray<QualifiedName>
  /** The oids of relations that it has locked exclusively and that no longer exist. */
  readonly gone: ReadonlyArray<number>
  /** Tables that it has locked exclusively, and that no risk of the plan is about. */
  readonly locked: ReadonlyArray<Locked>
}

/** Whether a table is one of some names, of which the files may not tell the schema. */
const isAmong =
  (all: ReadonlyArray<QualifiedName>) =>
  (name: string, schema: string): string => {
    const given = JSON.stringify(all.map((one) => ({ name: one.name, schema: Option.getOrNull(one.schema) })))
    return `EXISTS (SELECT FROM pg_catalog.jsonb_to_recordset(${Message.literal(given)}::pg_catalog.jsonb) AS f (schema pg_catalog.text, name pg_catalog.text)
      WHERE f.name = ${name} AND (f.schema IS NULL OR f.schema = ${schema}))`
  }

/**
 * An answer `done`, at the end of a migration's transaction: the tables that it has made, and the tables that it has
 * changed by a trigger, a rule or a function of the database, which its SQL does not show. `shown` are the names in its
 * SQL, `foreseen` the tables of its risks, and `ofPlan` those of the whole plan. From version 15 on, the server counts the changed rows of one transaction. Before that, only a table with an
 * `ACCESS EXCLUSIVE` lock counts.
 *
 * @since 0.1.0
 * @category statements
 */
export const done = (options: {
  readonly ledger: string
  readonly server: number
  readonly shown: ReadonlyArray<string>
  readonly foreseen: ReadonlyArray<QualifiedName>
  readonly ofPlan: ReadonlyArray<QualifiedName>
}): string => {
  const counted = options.server >= 15
  const changes = counted
    ? "pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid)"
    : "0"
  const isForeseen = isAmong(options.foreseen)
  const isOfPlan = isAmong(options.ofPlan)
  const names = (all: ReadonlyArray<string>): string =>
    `ARRAY(SELECT pg_catalog.jsonb_array_elements_text(${Message.literal(JSON.stringify(all))}::pg_catalog.jsonb))`
  return Message.answering(
    "done",
    `pg_catalog.json_build_object('transaction', pg_catalog.pg_current_xact_id()::pg_catalog.xid::text,
  'made', coalesce(pg_catalog.json_agg(t.oid::bigint) FILTER (WHERE t.is_made), '[]'),
  'changed', coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(t.nspname, t.relname)) FILTER (WHERE NOT t.is_made
    AND NOT ${isForeseen("t.relname", "t.nspname")} AND (t.changes > 0 OR t.is_exclusive AND NOT EXISTS (
      WITH RECURSIVE above AS (SELECT t.oid UNION SELECT i.inhparent FROM pg_catalog.pg_inherits AS i JOIN above ON i.inhrelid = above.oid)
      SELECT FROM above JOIN pg_catalog.pg_class AS p ON p.oid = above.oid WHERE p.relname = ANY (${names(options.shown)})))), '[]')
  , 'gone', (SELECT coalesce(pg_catalog.json_agg(l.relation::bigint), '[]') FROM ${exclusive}
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = l.relation))
  , 'locked', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('oid', c.oid::bigint, 'file', c.relfilenode::bigint,
      'schema', n.nspname, 'name', c.relname, 'hasLostColumn', EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attisdropped AND ${isOwn("a.xmin")}))), '[]')
    FROM ${own} CROSS JOIN ${exclusive} JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = ANY ('{r,p}') AND NOT EXISTS (
      WITH RECURSIVE above AS (SELECT c.oid UNION SELECT i.inhparent FROM pg_catalog.pg_inherits AS i JOIN above ON i.inhrelid = above.oid)
      SELECT FROM above JOIN pg_catalog.pg_class AS p ON p.oid = above.oid
        JOIN pg_catalog.pg_namespace AS m ON m.oid = p.relnamespace WHERE ${isOfPlan("p.relname", "m.nspname")}))
  ${counted ? ", 'flush', pg_catalog.pg_stat_force_next_flush()::text" : ""})`,
    `FROM ${own}
  CROSS JOIN (SELECT l.relation, pg_catalog.bool_or(l.mode = 'AccessExclusiveLock') AS is_exclusive FROM pg_catalog.pg_locks AS l
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.mode = ANY ('{RowExclusiveLock,AccessExclusiveLock}')
    GROUP BY l.relation) AS held
  CROSS JOIN LATERAL (SELECT c.oid, n.nspname, c.relname, held.is_exclusive, ${changes} AS changes, ${isMadeHere("c.oid")} AS is_made
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = held.relation AND c.relkind = ANY ('{r,p,m}')
      AND n.nspname <> ALL ('{pg_catalog,information_schema,pg_toast}') AND n.nspname <> ${Message.literal(options.ledger)} OFFSET 0) AS t`
  )
}

/** Relations that this session has locked as `DROP`, `TRUNCATE` and most of `ALTER TABLE` do. */
const exclusive = `(SELECT DISTINCT l.relation FROM pg_catalog.pg_locks AS l WHERE l.pid = pg_catalog.pg_backend_pid()
      AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock') AS l`

/**
 * An answer `tables`: the database's own tables, see {@link FileByTable}. A process that did not get the migration lock
 * asks again later, so it gets none. The server numbers its own tables up to 16383 (src/include/access/transam.h).
 *
 * @since 0.1.0
 * @category statements
 */
export const tables: string = Message.answering(
  "tables",
  `coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(c.oid::bigint, c.relfilenode::bigint)), '[]')`,
  `FROM pg_catalog.pg_class AS c WHERE c.relkind = ANY ('{r,p}') AND c.relpersistence <> 't' AND c.oid >= 16384
    AND EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'advisory')`
)

/** @since 0.1.0 @category readers */
export const readTables: (columns: Message.Columns) => Effect.Effect<FileByTable> = (columns) =>
  Effect.map(readTablesAnswer(columns), (rows) => new Map(rows))

const readTablesAnswer = Message.reader("tables", Schema.Array(Schema.Tuple(Schema.Int, Schema.Int)))

/**
 * Tables of before that a migration has emptied, rewritten or narrowed.
 *
 * @since 0.1.0
 * @category queries
 */
export const rewritten = (before: FileByTable, { locked }: Pick<Done, "locked">): ReadonlyArray<QualifiedName> =>
  locked
    .filter(({ file, hasLostColumn, oid }) => before.has(oid) && (hasLostColumn || before.get(oid) !== file))
    .map(({ name, schema }) => qualifiedName(name, schema))

/** @since 0.1.0 @category readers */
export const readDone: (columns: Message.Columns) => Effect.Effect<Done> = (columns) =>
  Effect.map(readDoneAnswer(columns), ({ changed, ...done }) => ({
    ...done,
    changed: changed.map(([schema, name]) => qualifiedName(name, schema))
  }))

const readDoneAnswer = Message.reader(
  "done",
  Schema.Struct({
    transaction: Schema.String,
    made: Schema.Array(Schema.Int),
    gone: Schema.Array(Schema.Int),
    locked: Schema.Array(Locked),
    changed: Schema.Array(Schema.Tuple(Schema.String, Schema.String))
  })
)
