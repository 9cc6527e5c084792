/**
 * What a migration has changed of the objects that were there before, by the server's own records, at the end of its
 * transaction. Triggers, rules and functions may change more than the SQL of a migration shows.
 *
 * The cost does not depend on what else the database holds. The server's locks tell which tables the transaction has
 * changed, and a cursor that was declared at its beginning tells what these were then: it sees the catalog as of that
 * time, and reads it only at the end. Source: PostgreSQL manual, `DECLARE`: a cursor is insensitive to later changes.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SqlState from "../core/detect/SqlState.js"
import type { Risk } from "../core/model/Risk.js"
import type { QualifiedName } from "../core/model/SchemaObject.js"
import * as Message from "./Message.js"
import { isMadeHere, isOwn, ownId } from "./Presence.js"

/** What {@link isOwn} reads. */
const own = `(SELECT ${ownId} AS own_id, (${ownId} >> 32) << 32 AS epoch) AS own`

const Strings = Schema.Array(Schema.String)

const BeforeAnswer = Schema.Struct({
  tables: Schema.Array(Schema.Struct({ oid: Schema.Int, file: Schema.Int, place: Schema.String, columns: Strings })),
  labels: Schema.Array(Schema.Tuple(Schema.Int, Strings)),
  schemas: Schema.Array(Schema.Tuple(Schema.Int, Schema.String))
})

/**
 * What was there when the transaction began, of all that the migrations have touched. Each object is known by its oid.
 *
 * @since 0.1.0
 * @category models
 */
export interface Before {
  readonly tables: ReadonlyMap<number, BeforeTable>
  /** The labels of enums: numbers and names. */
  readonly labels: ReadonlyMap<number, ReadonlyArray<string>>
  /** The names of schemas. */
  readonly schemas: ReadonlyMap<number, string>
}

type BeforeTable = (typeof BeforeAnswer.Type)["tables"][number]

/**
 * Rows that the session had written when the transaction began, and those of them that it had updated or deleted, and
 * that it had not reported yet, by the oids of the tables that were asked about.
 *
 * @since 0.1.0
 * @category models
 */
export type Counts = ReadonlyMap<number, readonly [written: number, changed: number]>

const Table = Schema.Struct({
  oid: Schema.Int,
  schema: Schema.String,
  name: Schema.String,
  /** See {@link schemaAndName}. */
  place: Schema.String,
  file: Schema.Int,
  written: Schema.Int,
  changed: Schema.Int,
  isMade: Schema.Boolean,
  isServers: Schema.Boolean,
  isExclusive: Schema.Boolean,
  isWritten: Schema.Boolean,
  isShown: Schema.Boolean,
  isForeseen: Schema.Boolean,
  isOfPlan: Schema.Boolean,
  isToLose: Schema.Boolean,
  hasLostColumn: Schema.Boolean,
  columns: Strings
})

/**
 * A table that a migration has locked for a change of its rows or its definition.
 *
 * @since 0.1.0
 * @category models
 */
export type Table = typeof Table.Type

const Enum = Schema.Struct({
  oid: Schema.Int,
  name: Schema.String,
  isShown: Schema.Boolean,
  isToLose: Schema.Boolean,
  labels: Strings
})

const DoneAnswer = Schema.Struct({
  transaction: Schema.String,
  isCounting: Schema.Boolean,
  tables: Schema.Array(Table),
  gone: Schema.Array(Schema.Int),
  enums: Schema.Array(Enum),
  schemas: Schema.Array(Schema.Tuple(Schema.Int, Schema.String))
})

/**
 * What a migration has done, by the server's records. `transaction` is the transaction's id, as in a row's `xmin`, and
 * `gone` are relations that it has locked exclusively and that no longer exist.
 *
 * @since 0.1.0
 * @category models
 */
export interface Done extends Schema.Schema.Type<typeof DoneAnswer> {
  readonly before: Before
}

/** The ledger's schema, and the names of its tables. @since 0.1.0 @category models */
export interface Ledger {
  readonly schema: string
  readonly tables: ReadonlyArray<string>
}

const namesIn = (all: ReadonlyArray<string>): string =>
  `ARRAY(SELECT pg_catalog.jsonb_array_elements_text(${Message.literal(JSON.stringify(all))}::pg_catalog.jsonb))`

/** A name, and the tables that it can mean: see `Risk.reach`. @since 0.1.0 @category models */
export interface Named extends Pick<Risk, "reach"> {
  readonly name: QualifiedName
}

/** Whether a table is one that some names mean: a namesake in a schema off the search path is another table. */
const isAmong = (all: ReadonlyArray<Named>, name: string, schema: string, isVisible: string): string => {
  const given = all.map(({ name: { name, schema }, reach }) => ({
    name,
    schema: Option.getOrNull(schema),
    is_visible: reach === "path"
  }))
  return `EXISTS (SELECT FROM pg_catalog.jsonb_to_recordset(${Message.literal(JSON.stringify(given))}::pg_catalog.jsonb)
        AS f (schema pg_catalog.text, name pg_catalog.text, is_visible boolean)
      WHERE f.name = ${name} AND CASE WHEN f.schema IS NOT NULL THEN f.schema = ${schema} WHEN f.is_visible THEN ${isVisible} ELSE true END)`
}

/** Whether a relation is one of the ledger's own. Other tables may stand in its schema. */
const isOfLedger = ({ schema, tables }: Ledger): string =>
  `n.nspname = ${Message.literal(schema)} AND c.relname = ANY ('{${tables.join()}}')`

/** Whether a table or one above it fulfils a condition on `p`, the relation, and `m`, its schema. */
const isAbove = (oid: string, condition: string): string => `EXISTS (
      WITH RECURSIVE above AS (SELECT ${oid} UNION SELECT i.inhparent FROM pg_catalog.pg_inherits AS i JOIN above ON i.inhrelid = above.oid)
      SELECT FROM above JOIN pg_catalog.pg_class AS p ON p.oid = above.oid
        JOIN pg_catalog.pg_namespace AS m ON m.oid = p.relnamespace WHERE ${condition})`

const changed = (oid: string): string =>
  `pg_catalog.pg_stat_get_xact_tuples_updated(${oid}) + pg_catalog.pg_stat_get_xact_tuples_deleted(${oid})`

const written = (oid: string): string => `pg_catalog.pg_stat_get_xact_tuples_inserted(${oid}) + ${changed(oid)}`

/** The name and the type of each column. Types between which values stay as they are count as one. */
const columns = (
  oid: string
): string => `ARRAY(SELECT pg_catalog.unnest(ARRAY[a.attnum || ' ' || a.attname, a.attnum || ':' ||
      CASE WHEN a.atttypid = ANY ('{25,1043}') THEN 25::oid WHEN a.atttypid = ANY ('{650,869}') THEN 869::oid ELSE a.atttypid END])
      FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid = ${oid} AND a.attnum > 0 AND NOT a.attisdropped)`

/** The oid of a table's schema and the table's name, as one text. */
const schemaAndName = "c.relnamespace || ' ' || c.relname"

const labels = (oid: string): string =>
  `ARRAY(SELECT e.oid || ' ' || e.enumlabel FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = ${oid})`

const list = (values: string, from: string): string =>
  `(SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(${values})), '[]') FROM ${from})`

/** The server's own tables of large objects, as an array of oids. */
const largeObjects = `ARRAY['pg_catalog.pg_largeobject'::pg_catalog.regclass::pg_catalog.oid, 'pg_catalog.pg_largeobject_metadata'::pg_catalog.regclass]`

/** The cursor on the catalog as it was when the transaction began. @since 0.1.0 @category constants */
export const cursor = "effect_auto_migration_before"

/** A setting of our own: the oids that the cursor is asked about. */
const touched = "effect_auto_migration.touched"

/**
 * Statements that open a transaction: they declare {@link cursor}, which {@link look} reads up to `looks` times, and
 * answer `counts` for the tables `counted` and the large objects. Each row of the cursor has the answers about the oids
 * of {@link touched}. The server numbers its own objects up to 16383 (src/include/access/transam.h).
 *
 * @since 0.1.0
 * @category statements
 */
export const before = (looks: number, counted: ReadonlyArray<number>): ReadonlyArray<string> => {
  const asked = "= ANY (look.oids)"
  const tables = `(SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('oid', c.oid::bigint, 'file', c.relfilenode::bigint,
      'place', ${schemaAndName}, 'columns', ${columns("c.oid")})), '[]')
    FROM pg_catalog.pg_class AS c WHERE c.oid ${asked} AND c.relkind = ANY ('{r,p}') AND c.relpersistence <> 't' AND c.oid >= 16384)`
  const enums = `pg_catalog.pg_type AS t WHERE t.oid ${asked} AND t.typtype = 'e' AND t.oid >= 16384`
  const answer = Message.answering(
    "before",
    `pg_catalog.json_build_object('tables', ${tables}, 'labels', ${list(`t.oid::bigint, ${labels("t.oid")}`, enums)},
  'schemas', ${list("n.oid::bigint, n.nspname", `pg_catalog.pg_namespace AS n WHERE n.oid ${asked}`)})`,
    `FROM pg_catalog.generate_series(1, ${looks}) AS g (turn) CROSS JOIN LATERAL (
    SELECT g.turn, pg_catalog.current_setting('${touched}', true)::oid[] AS oids OFFSET 0) AS look`
  )
  const oids = `pg_catalog.unnest(ARRAY[${counted.join()}]::oid[] || ${largeObjects}) AS o`
  return [
    `DECLARE ${cursor} NO SCROLL CURSOR FOR ${answer}`,
    Message.answering("counts", list(`o::bigint, ${written("o")}, ${changed("o")}`, oids))
  ]
}

/** @since 0.1.0 @category readers */
export const readCounts: (columns: Message.Columns) => Effect.Effect<Counts> = (columns) =>
  Effect.map(readCountsAnswer(columns), (answer) => new Map(answer.map(([oid, ...counts]) => [oid, counts])))

const readCountsAnswer = Message.reader("counts", Schema.Array(Schema.Tuple(Schema.Int, Schema.Int, Schema.Int)))

const readBefore: (columns: Message.Columns) => Effect.Effect<Before> = (columns) =>
  Effect.map(readBeforeAnswer(columns), ({ labels, schemas, tables }) => ({
    tables: new Map(tables.map((table) => [table.oid, table])),
    labels: new Map(labels),
    schemas: new Map(schemas)
  }))

const readBeforeAnswer = Message.reader("before", BeforeAnswer)

/** Whether an error says that {@link cursor} was closed, as by `CLOSE ALL`. @since 0.1.0 @category predicates */
export const isClosed = (error: SqlError): boolean => Option.isSome(SqlState.evidenceAmong(new Set(["34000"]), error))

/** The enums of which the transaction has written a label, and the schemas that it has written, by their oids. */
const ownEnums = `ARRAY(SELECT e.enumtypid FROM pg_catalog.pg_enum AS e WHERE ${isOwn("e.xmin")})`
const ownSchemas = `pg_catalog.pg_namespace AS n WHERE n.oid >= 16384 AND ${isOwn("n.xmin")}`

/**
 * Whether no code of the database switches the counts of changed rows off, or may do so; and none defers triggers again
 * that have been made immediate, so that they fire after the look.
 */
const isCounting = `NOT EXISTS (SELECT FROM pg_catalog.pg_proc AS p
    WHERE p.oid >= 16384 AND (pg_catalog.strpos(pg_catalog.lower(p.prosrc), 'track_counts') > 0
      OR pg_catalog.strpos(pg_catalog.lower(p.proconfig::text), 'track_counts') > 0
      OR pg_catalog.strpos(pg_catalog.lower(p.prosrc), 'constraints') > 0 AND EXISTS (
        SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgdeferrable AND NOT t.tgisinternal)))`

/** The server's own tables that hold the names of tables, columns and labels. No DDL keeps such a lock on them. */
const catalogs = ["attrdef", "attribute", "class", "enum", "index", "inherits"].map((name) => `pg_${name}`).join()

/**
 * Relations that this session has locked, and whether as `DROP`, `TRUNCATE` and most of `ALTER TABLE` do. The removal of
 * a large object leaves no lock on the tables of large objects.
 */
const held = `(SELECT o AS relation, false AS is_exclusive, false AS is_written FROM pg_catalog.unnest(${largeObjects}) AS o
    UNION ALL SELECT l.relation, pg_catalog.bool_or(l.mode = 'AccessExclusiveLock') AS is_exclusive,
      pg_catalog.bool_or(l.mode = 'RowExclusiveLock') AS is_written FROM pg_catalog.pg_locks AS l
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.mode = ANY ('{RowExclusiveLock,AccessExclusiveLock}')
      AND l.relation <> ALL (${largeObjects})
    GROUP BY l.relation)`

/**
 * Statements that look, before the settings of the migration are reset: whether the server counts changed rows, and what
 * the objects that the transaction has touched were before. Only a table that is locked exclusively can be emptied,
 * rewritten, renamed, narrowed or dropped.
 *
 * @since 0.1.0
 * @category statements
 */
export const look: ReadonlyArray<string> = [
  Message.answering("counting", "pg_catalog.current_setting('track_counts')::boolean"),
  `SELECT pg_catalog.set_config('${touched}', (ARRAY(SELECT l.relation FROM pg_catalog.pg_locks AS l
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock')
  || ${ownEnums} || ARRAY(SELECT n.oid FROM ${ownSchemas}))::text, true) FROM ${own}`,
  `FETCH NEXT FROM ${cursor}`
]

/**
 * An answer `done`, at the end of a migration's transaction: the tables that it has made, and what it has changed by a
 * trigger, a rule or a function of the database, which its SQL does not show. `shown` are the names in its SQL,
 * `foreseen` the tables of its risks, `ofPlan` those of the whole plan, and `toLose` those that the plan may drop, rename
 * or narrow.
 *
 * @since 0.1.0
 * @category statements
 */
export const done = (options: {
  readonly ledger: Ledger
  readonly shown: ReadonlyArray<string>
  readonly foreseen: ReadonlyArray<Named>
  readonly ofPlan: ReadonlyArray<Named>
  readonly toLose: ReadonlyArray<Named>
}): string => {
  const visible = (oid: string): string => `pg_catalog.pg_table_is_visible(${oid})`
  const isOld = (condition: string): string => `CASE WHEN k.is_made THEN false ELSE ${condition} END`
  return Message.answering(
    "done",
    `pg_catalog.json_build_object('transaction', pg_catalog.pg_current_xact_id()::pg_catalog.xid::text,
  'isCounting', pg_catalog.current_setting('track_counts')::boolean AND CASE WHEN EXISTS (SELECT FROM ${held} AS held
      JOIN pg_catalog.pg_class AS c ON c.oid = held.relation JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE held.is_written AND c.oid >= 16384 AND NOT (${isOfLedger(options.ledger)}) AND NOT ${isMadeHere("c.oid")}) THEN ${isCounting} ELSE true END,
  'tables', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('oid', c.oid::bigint, 'schema', n.nspname, 'name', c.relname,
      'file', c.relfilenode::bigint, 'written', ${written("c.oid")}, 'changed', ${changed("c.oid")}, 'isMade', k.is_made,
      'place', ${schemaAndName}, 'isServers', n.nspname = 'pg_catalog', 'isExclusive', held.is_exclusive, 'isWritten', held.is_written,
      'isShown', ${isOld(isAbove("c.oid", `p.relname = ANY (${namesIn(options.shown)})`))},
      'isForeseen', ${isOld(isAmong(options.foreseen, "c.relname", "n.nspname", visible("c.oid")))},
      'isOfPlan', ${isOld(isAbove("c.oid", isAmong(options.ofPlan, "p.relname", "m.nspname", visible("p.oid"))))},
      'isToLose', ${isOld(isAbove("c.oid", isAmong(options.toLose, "p.relname", "m.nspname", visible("p.oid"))))},
      'hasLostColumn', ${isOld(`EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attisdropped AND ${isOwn("a.xmin")})`)},
      'columns', CASE WHEN k.is_made OR NOT held.is_exclusive THEN '{}'::text[] ELSE ${columns("c.oid")} END)), '[]')
    FROM ${held} AS held JOIN pg_catalog.pg_class AS c ON c.oid = held.relation JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL (SELECT ${isMadeHere("c.oid")} AS is_made OFFSET 0) AS k
    WHERE c.relkind = ANY ('{r,p,m}') AND CASE WHEN n.nspname = 'pg_catalog' THEN c.relname = ANY ('{${catalogs}}') OR c.oid = ANY (${largeObjects})
      ELSE n.nspname <> ALL ('{information_schema,pg_toast}') AND NOT (${isOfLedger(options.ledger)}) END),
  'gone', (SELECT coalesce(pg_catalog.json_agg(held.relation::bigint), '[]') FROM ${held} AS held
    WHERE held.is_exclusive AND NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = held.relation)),
  'enums', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('oid', t.oid::bigint, 'name', t.typname,
      'isShown', t.typname = ANY (${namesIn(options.shown)}), 'isToLose', ${isAmong(options.toLose, "t.typname", "n.nspname", "pg_catalog.pg_type_is_visible(t.oid)")},
      'labels', ${labels("t.oid")})), '[]')
    FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
    WHERE t.oid = ANY (${ownEnums}) AND NOT (${isOwn("t.xmin")})),
  'schemas', ${list("n.oid::bigint, n.nspname", ownSchemas)})`,
    `FROM ${own}`
  )
}

/** Reads the answers of {@link look} and {@link done}. @since 0.1.0 @category readers */
export const readDone: (columns: Message.Columns) => Effect.Effect<Done> = (columns) =>
  Effect.zipWith(
    Effect.zip(readDoneAnswer(columns), readBefore(columns)),
    readCounting(columns),
    ([answer, before], isOn) => ({ ...answer, before, isCounting: answer.isCounting && isOn })
  )

const readDoneAnswer = Message.reader("done", DoneAnswer)
const readCounting = Message.reader("counting", Schema.Boolean)
