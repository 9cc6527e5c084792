/**
 * What a migration has changed of the objects that were there before, by the server's own records, at the end of its
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

const Strings = Schema.Array(Schema.String)

const BeforeAnswer = Schema.Struct({
  tables: Schema.Array(Schema.Tuple(Schema.Int, Schema.Int)),
  counts: Schema.Array(Schema.Tuple(Schema.Int, Schema.Int, Schema.Int)),
  names: Schema.Array(Schema.Tuple(Schema.Int, Schema.String)),
  columns: Schema.Array(Schema.Tuple(Schema.Int, Strings)),
  labels: Schema.Array(Schema.Tuple(Schema.Int, Strings)),
  schemas: Schema.Array(Schema.Tuple(Schema.Int, Schema.String))
})

/** The database when a transaction of migrations begins. Each object is known by its oid. @since 0.1.0 @category models */
export interface Before {
  /** The file that each table is stored in. A new file tells that a table was emptied or rewritten. */
  readonly files: ReadonlyMap<number, number>
  /** Rows that the session has written, and those that it has updated or deleted, and not reported yet. */
  readonly counts: ReadonlyMap<number, readonly [written: number, changed: number]>
  /** The schemas and names of the tables that the migrations name, and the names of the schemas. */
  readonly names: ReadonlyMap<number, string>
  /** The columns of the tables, and the labels of the enums, that the migrations name: numbers and names. */
  readonly parts: ReadonlyMap<number, ReadonlyArray<string>>
}

/** @since 0.1.0 @category constructors */
export const empty: Before = { files: new Map(), counts: new Map(), names: new Map(), parts: new Map() }

const Table = Schema.Struct({
  oid: Schema.Int,
  schema: Schema.String,
  name: Schema.String,
  /** Its schema's oid and its name. */
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

/** A table that a migration has locked for a change of its rows or its definition. */
type Table = typeof Table.Type

const Enum = Schema.Struct({ oid: Schema.Int, name: Schema.String, isToLose: Schema.Boolean, labels: Strings })

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
export type Done = typeof DoneAnswer.Type

const namesIn = (all: ReadonlyArray<string>): string =>
  `ARRAY(SELECT pg_catalog.jsonb_array_elements_text(${Message.literal(JSON.stringify(all))}::pg_catalog.jsonb))`

/** Whether a table is one of some names, of which the files may not tell the schema. */
const isAmong = (all: ReadonlyArray<QualifiedName>, name: string, schema: string): string => {
  const given = JSON.stringify(all.map((one) => ({ name: one.name, schema: Option.getOrNull(one.schema) })))
  return `EXISTS (SELECT FROM pg_catalog.jsonb_to_recordset(${Message.literal(given)}::pg_catalog.jsonb) AS f (schema pg_catalog.text, name pg_catalog.text)
      WHERE f.name = ${name} AND (f.schema IS NULL OR f.schema = ${schema}))`
}

/** Whether a table or one above it fulfils a condition on `p`, the relation, and `m`, its schema. */
const isAbove = (oid: string, condition: string): string => `EXISTS (
      WITH RECURSIVE above AS (SELECT ${oid} UNION SELECT i.inhparent FROM pg_catalog.pg_inherits AS i JOIN above ON i.inhrelid = above.oid)
      SELECT FROM above JOIN pg_catalog.pg_class AS p ON p.oid = above.oid
        JOIN pg_catalog.pg_namespace AS m ON m.oid = p.relnamespace WHERE ${condition})`

const changed = (oid: string): string =>
  `pg_catalog.pg_stat_get_xact_tuples_updated(${oid}) + pg_catalog.pg_stat_get_xact_tuples_deleted(${oid})`

const written = (oid: string): string => `pg_catalog.pg_stat_get_xact_tuples_inserted(${oid}) + ${changed(oid)}`

const columns = (oid: string): string => `ARRAY(SELECT a.attnum || ' ' || a.attname FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid = ${oid} AND a.attnum > 0 AND NOT a.attisdropped)`

/** A table's schema and name, as one text. */
const schemaAndName = "c.relnamespace || ' ' || c.relname"

const labels = (oid: string): string =>
  `ARRAY(SELECT e.oid || ' ' || e.enumlabel FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = ${oid})`

const list = (values: string, from: string): string =>
  `(SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(${values})), '[]') FROM ${from})`

/** The server's own tables of large objects, as an array of oids. */
const largeObjects = `ARRAY['pg_catalog.pg_largeobject'::pg_catalog.regclass::pg_catalog.oid, 'pg_catalog.pg_largeobject_metadata'::pg_catalog.regclass]`

/** Relations whose changed rows are looked at: tables, and large objects. */
const countable = `pg_catalog.pg_class AS c
    WHERE c.relkind = ANY ('{r,p,m}') AND (c.oid >= 16384 OR c.oid = ANY (${largeObjects}))`

/**
 * An answer `before`: see {@link Before}. `shown` are the names in the migrations' SQL. A process that did not get the
 * migration lock asks again later, so it gets nothing. The server numbers its own objects up to 16383
 * (src/include/access/transam.h).
 *
 * @since 0.1.0
 * @category statements
 */
export const before = (shown: ReadonlyArray<string>): string => {
  const { isLocked } = Message
  const tables = `pg_catalog.pg_class AS c WHERE c.relkind = ANY ('{r,p}') AND c.relpersistence <> 't' AND c.oid >= 16384 AND ${isLocked}`
  const named = `${tables} AND c.relname = ANY (${namesIn(shown)})`
  return Message.answering(
    "before",
    `pg_catalog.json_build_object(
  'tables', ${list("c.oid::bigint, c.relfilenode::bigint", tables)},
  'counts', ${list(`c.oid::bigint, ${written("c.oid")}, ${changed("c.oid")}`, `${countable} AND ${written("c.oid")} > 0 AND ${isLocked}`)},
  'names', ${list(`c.oid::bigint, ${schemaAndName}`, named)},
  'columns', ${list(`c.oid::bigint, ${columns("c.oid")}`, named)},
  'labels', ${list(
    `t.oid::bigint, ${labels("t.oid")}`,
    `pg_catalog.pg_type AS t WHERE t.typtype = 'e' AND t.oid >= 16384 AND t.typname = ANY (${namesIn(shown)}) AND ${isLocked}`
  )},
  'schemas', ${list("n.oid::bigint, n.nspname", `pg_catalog.pg_namespace AS n WHERE n.oid >= 16384 AND ${isLocked}`)})`
  )
}

/** @since 0.1.0 @category readers */
export const readBefore: (columns: Message.Columns) => Effect.Effect<Before> = (columns) =>
  Effect.map(readBeforeAnswer(columns), (answer) => ({
    files: new Map(answer.tables),
    counts: new Map(answer.counts.map(([oid, ...counts]) => [oid, counts])),
    names: new Map([...answer.names, ...answer.schemas]),
    parts: new Map([...answer.columns, ...answer.labels])
  }))

const readBeforeAnswer = Message.reader("before", BeforeAnswer)

/** Where code of the database switches the counts of changed rows off, or may do so. */
const isCounting = `pg_catalog.current_setting('track_counts')::boolean AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc AS p
    WHERE p.oid >= 16384 AND (pg_catalog.strpos(pg_catalog.lower(p.prosrc), 'track_counts') > 0
      OR pg_catalog.strpos(pg_catalog.lower(p.proconfig::text), 'track_counts') > 0))`

/**
 * An answer `counting`, before the settings of the migration are reset: whether the server counts changed rows.
 *
 * @since 0.1.0
 * @category statements
 */
export const counting: string = Message.answering("counting", "pg_catalog.current_setting('track_counts')::boolean")

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
 * An answer `done`, at the end of a migration's transaction: the tables that it has made, and what it has changed by a
 * trigger, a rule or a function of the database, which its SQL does not show. `shown` are the names in its SQL,
 * `foreseen` the tables of its risks, `ofPlan` those of the whole plan, and `toLose` those that the plan may drop, rename
 * or narrow.
 *
 * @since 0.1.0
 * @category statements
 */
export const done = (options: {
  readonly ledger: string
  readonly shown: ReadonlyArray<string>
  readonly foreseen: ReadonlyArray<QualifiedName>
  readonly ofPlan: ReadonlyArray<QualifiedName>
  readonly toLose: ReadonlyArray<QualifiedName>
}): string => {
  const isOld = (condition: string): string => `CASE WHEN k.is_made THEN false ELSE ${condition} END`
  return Message.answering(
    "done",
    `pg_catalog.json_build_object('transaction', pg_catalog.pg_current_xact_id()::pg_catalog.xid::text, 'isCounting', ${isCounting},
  'tables', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('oid', c.oid::bigint, 'schema', n.nspname, 'name', c.relname,
      'file', c.relfilenode::bigint, 'written', ${written("c.oid")}, 'changed', ${changed("c.oid")}, 'isMade', k.is_made,
      'place', ${schemaAndName}, 'isServers', n.nspname = 'pg_catalog', 'isExclusive', held.is_exclusive, 'isWritten', held.is_written,
      'isShown', ${isOld(isAbove("c.oid", `p.relname = ANY (${namesIn(options.shown)})`))},
      'isForeseen', ${isOld(isAmong(options.foreseen, "c.relname", "n.nspname"))},
      'isOfPlan', ${isOld(isAbove("c.oid", isAmong(options.ofPlan, "p.relname", "m.nspname")))},
      'isToLose', ${isOld(isAbove("c.oid", isAmong(options.toLose, "p.relname", "m.nspname")))},
      'hasLostColumn', ${isOld(`EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attisdropped AND ${isOwn("a.xmin")})`)},
      'columns', CASE WHEN k.is_made OR NOT held.is_exclusive THEN '{}'::text[] ELSE ${columns("c.oid")} END)), '[]')
    FROM ${held} AS held JOIN pg_catalog.pg_class AS c ON c.oid = held.relation JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL (SELECT ${isMadeHere("c.oid")} AS is_made OFFSET 0) AS k
    WHERE c.relkind = ANY ('{r,p,m}') AND CASE WHEN n.nspname = 'pg_catalog' THEN c.relname = ANY ('{${catalogs}}') OR c.oid = ANY (${largeObjects})
      ELSE n.nspname <> ALL ('{information_schema,pg_toast}') AND n.nspname <> ${Message.literal(options.ledger)} END),
  'gone', (SELECT coalesce(pg_catalog.json_agg(held.relation::bigint), '[]') FROM ${held} AS held
    WHERE held.is_exclusive AND NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = held.relation)),
  'enums', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('oid', t.oid::bigint, 'name', t.typname,
      'isToLose', ${isAmong(options.toLose, "t.typname", "n.nspname")}, 'labels', ${labels("t.oid")})), '[]')
    FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
    WHERE t.oid = ANY (ARRAY(SELECT e.enumtypid FROM pg_catalog.pg_enum AS e WHERE ${isOwn("e.xmin")})) AND NOT (${isOwn("t.xmin")})),
  'schemas', ${list("n.oid::bigint, n.nspname", `pg_catalog.pg_namespace AS n WHERE n.oid >= 16384 AND ${isOwn("n.xmin")}`)})`,
    `FROM ${own}`
  )
}

/** @since 0.1.0 @category readers */
export const readDone: (columns: Message.Columns) => Effect.Effect<Done> = (columns) =>
  Effect.zipWith(readDoneAnswer(columns), readCounting(columns), (answer, isOn) => ({
    ...answer,
    isCounting: answer.isCounting && isOn
  }))

const readDoneAnswer = Message.reader("done", DoneAnswer)
const readCounting = Message.reader("counting", Schema.Boolean)

/** What the text of a migration says, for {@link unforeseen}. @since 0.1.0 @category models */
export interface Text {
  /** Whether it may write rows, or use a table as a pattern or a parent, which locks it as an INSERT does. */
  readonly mayWrite: boolean
  /** Whether it may make an extension, whose own script may write to the server's tables. */
  readonly mayExtend: boolean
}

/**
 * Tables and types of before that a migration has changed and that its SQL does not show.
 *
 * @since 0.1.0
 * @category queries
 */
export const unforeseen = (then: Before, now: Done, text: Text): ReadonlyArray<QualifiedName> => [
  ...now.tables
    .filter((table) => !table.isMade && (hasChangedRows(then, now, text, table) || hasLostParts(then, table)))
    .map(({ name, schema }) => qualifiedName(name, schema)),
  ...now.enums
    .filter(({ isToLose, labels, oid }) => !isToLose && !hasAll(labels, then.parts.get(oid)))
    .map(({ name }) => qualifiedName(name))
]

/** Schemas of before that have another name now. @since 0.1.0 @category queries */
export const renamed = (then: Before, now: Done): ReadonlyArray<string> =>
  now.schemas.flatMap(([oid, name]) => {
    const old = then.names.get(oid)
    return old === undefined || old === name ? [] : [old]
  })

const hasChangedRows = (then: Before, { isCounting }: Done, { mayExtend, mayWrite }: Text, table: Table): boolean => {
  const { changed, isExclusive, isForeseen, isServers, isShown, isWritten, name, oid, written } = table
  if (isForeseen) return false
  const [writtenBefore, changedBefore] = then.counts.get(oid) ?? [0, 0]
  const isCounted = changed > changedBefore
  if (isServers) return name.startsWith("pg_largeobject") ? isCounted : isWritten && !mayExtend
  const isSilent = isWritten && written === writtenBefore && !(isShown && mayWrite)
  return isCounted || (isExclusive && !isShown) || isSilent || (isWritten && !isCounting)
}

/** Only a table that is locked exclusively can be emptied, rewritten, renamed or narrowed. */
const hasLostParts = (then: Before, table: Table): boolean => {
  const { columns, file, hasLostColumn, isExclusive, isOfPlan, isToLose, oid, place } = table
  if (!isExclusive || !then.files.has(oid)) return false
  const isRenamed = (then.names.get(oid) ?? place) !== place
  const isNarrower = hasLostColumn || isRenamed || !hasAll(columns, then.parts.get(oid) ?? [])
  return (isNarrower && !isToLose) || (then.files.get(oid) !== file && !isOfPlan)
}

/** Whether all parts of before are there; `false` where they are not known. */
const hasAll = (now: ReadonlyArray<string>, then: ReadonlyArray<string> | undefined): boolean =>
  then?.every((part) => now.includes(part)) === true
