/**
 * Tables in which other tools record their applied migrations. One question looks for them by name, their columns tell
 * the tool, and their rows are read. While the ledger holds no migration of this program, no migration is applied where
 * such a table has a row.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Sighting from "../core/adoption/Sighting.js"
import * as Tools from "../core/adoption/Tools.js"
import * as SqlState from "../core/detect/SqlState.js"
import { HistoryElsewhere } from "../core/error/AutoMigrationError.js"
import type { MigrationGraph } from "../core/graph/MigrationGraph.js"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import type { MigrationId } from "../core/migration/Migration.js"
import { quote } from "../core/model/SchemaObject.js"
import * as Message from "../database/Message.js"
import { MigrationClient } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import type { Journal } from "../execute/Job.js"
import * as LedgerMigrations from "../ledger/OwnMigrations.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import * as CommandLine from "../runtime/CommandLine.js"
import type { History, Obstacle } from "./HistoryMatch.js"
import * as HistoryMatch from "./HistoryMatch.js"
import { Knowledge } from "./Knowledge.js"

type Ask = (text: string) => Effect.Effect<unknown, SqlError>

export type { History, Obstacle }

/**
 * @since 0.1.0
 * @category models
 */
export interface ForeignHistory {
  /** Looks for tables that have a row, or may have one. */
  readonly look: Effect.Effect<ReadonlyArray<History>, MigrationFailure.Failure>
  /**
   * The error that names the table. `due`: migrations of a plan that it records, where the ledger is begun. Defaults to
   * none.
   */
  readonly elsewhere: (history: History, due?: ReadonlyArray<MigrationId>) => MigrationFailure.Failure
  /**
   * Fails with `HistoryElsewhere` where the ledger has no migration of this program, and another tool's table has a row.
   */
  readonly refuse: (applied: AppliedSet) => Effect.Effect<void, MigrationFailure.Failure>
  /** Does the same in the transaction that applies a plan: the question goes with those of the journal. */
  readonly guarding: (journal: Journal) => Journal
}

const doing = "a look for other tools' tables of migrations"

const tableNames = Tools.tables.map(Message.literal).join(", ")

const foreignSchemas = Tools.foreignSchemas.map(Message.literal).join(", ")

/**
 * Whether a query on a table runs only code of the server. Any role that may create objects can make a table with a
 * tool's name: a cast of a type of its own, or a function in an index, would run with the rights of the migrations'
 * role. The server numbers its own objects up to 16383 (src/include/access/transam.h). `OFFSET 0` keeps the planner from
 * reading all indexes of the database.
 */
const isHarmless = (oid: string): string => `NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = ${oid} AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_depend d
      ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid AND d.refobjid >= 16384
      AND d.refclassid <> ALL (ARRAY['pg_catalog.pg_class'::regclass, 'pg_catalog.pg_constraint'::regclass])
    WHERE i.indrelid = ${oid} OFFSET 0)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhparent = ${oid})`

/**
 * Asks for tables by the index on names; the answer is `sightings`. Row level security hides rows without an error, so
 * a table under it counts as unreadable.
 */
const sightings = Message.answering(
  "sightings",
  `coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'table', c.relname,
  'columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'isVisible', pg_catalog.pg_table_is_visible(c.oid),
  'isReadable', pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    AND NOT pg_catalog.row_security_active(c.oid),
  'isTable', c.relkind = ANY ('{r,p,m}'), 'isHarmless', ${isHarmless("c.oid")}) ORDER BY n.nspname, c.relname), '[]')`,
  `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = ANY (ARRAY[${tableNames}]::pg_catalog.name[]) AND c.relkind = ANY ('{r,p,v,m,f}')
    AND NOT (n.nspname = ANY (ARRAY[${foreignSchemas}]::pg_catalog.name[])
      AND pg_catalog.pg_get_userbyid(c.relowner) ~ '^${Tools.foreignOwner}')
    AND n.nspname !~ '^pg_'`
)

const readSightings = Message.reader("sightings", Schema.Array(Schema.mutable(Sighting.Sighting)))

/** The table may have changed since it was sighted: the division fails, and so the rows are not read. */
const recordsOf = (recognised: Sighting.Recognised): string => {
  const { schema, table } = recognised.sighting
  const name = `${quote(schema)}.${quote(table)}`
  return [
    `LOCK TABLE ${name} IN ACCESS SHARE MODE`,
    `SELECT 1 / CASE WHEN ${isHarmless(`${Message.literal(name)}::regclass`)} THEN 1 ELSE 0 END`,
    Message.answering(
      "recorded",
      `coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', r.name::text,
  'at', pg_catalog.to_json(r.at) #>> '{}', 'hash', r.hash::text, 'state', r.state)), '[]')`,
      `FROM (${Sighting.rowsOf(recognised)}) AS r`
    )
  ].join(";\n")
}

const readRecords = Message.reader("recorded", Schema.Array(Sighting.Recorded))

/**
 * Whether the ledger holds a migration of this program, by its id and its text. Several programs may share a ledger, and
 * use the same id.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOfProgram = ({ migrations }: MigrationGraph, { checksumById }: AppliedSet): boolean =>
  migrations.some(({ checksum, id }) => checksumById.get(id) === checksum)

const isLookedAt = ({ checksumById }: AppliedSet): boolean => checksumById.has(LedgerMigrations.emptyAdoption.id)

/**
 * Whether the ledger holds a migration of this program, or an empty adoption.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBegun = (graph: MigrationGraph, applied: AppliedSet): boolean =>
  isOfProgram(graph, applied) || isLookedAt(applied)

/** SQLSTATEs that pass: a lock that is not available, and a statement that was cancelled or took too long. */
const passingStates: ReadonlySet<string> = new Set(["55P03", "57014"])

/**
 * The obstacle to reading a table. `None` for a question that does not fit the table's types or values: the table is
 * not the tool's. Fails where the connection or the server is at fault, which tells nothing about the table.
 */
const obstacleTo = (error: SqlError): Effect.Effect<Option.Option<Obstacle>, SqlError> =>
  Option.match(SqlState.evidenceFrom(error), {
    onNone: () => Effect.fail(error),
    onSome: ({ message, sqlState }) => {
      if (sqlState === "42501" || passingStates.has(sqlState)) {
        return Effect.succeedSome({ reason: message, passes: passingStates.has(sqlState) })
      }
      return /^(?:22|42)/.test(sqlState) ? Effect.succeedNone : Effect.fail(error)
    }
  })

const point = "effect_auto_migration"

/** Asks behind a savepoint, so that a question that fails leaves the transaction as it was. */
const undoably =
  (ask: Ask): Ask =>
  (question) =>
    Effect.tapError(ask(`SAVEPOINT ${point};\n${question};\nRELEASE SAVEPOINT ${point}`), () =>
      Effect.ignore(ask(`ROLLBACK TO SAVEPOINT ${point};\nRELEASE SAVEPOINT ${point}`))
    )

const recordsAnything = ({ rows }: History): boolean =>
  Either.match(rows, { onLeft: () => true, onRight: Arr.isNonEmptyReadonlyArray })

/** The current version, where the tool keeps that in one row instead of a row for each migration. */
const versionIn = (rows: ReadonlyArray<Sighting.Recorded>): string | null =>
  rows.find(({ state }) => state === "below" || state === "unfinished")?.name ?? null

/**
 * The command to adopt the table. It names the table where the ledger is begun, since several tables may record the
 * same.
 */
const remedy = (
  commands: CommandLine.Setting,
  { rows, table }: History,
  due: ReadonlyArray<MigrationId>
): string | null => {
  if (Either.isLeft(rows) && rows.left.passes) return null
  return CommandLine.adopt(commands, due.length === 0 ? {} : { table })
}

const elsewhere = (
  commands: CommandLine.Setting,
  history: History,
  due: ReadonlyArray<MigrationId> = []
): MigrationFailure.Failure =>
  MigrationFailure.everywhere(
    ({ asked }) =>
      new HistoryElsewhere({
        tool: history.tool.name,
        table: history.table,
        recorded: Either.match(history.rows, { onLeft: () => null, onRight: ({ length }) => length }),
        version: Either.match(history.rows, { onLeft: () => null, onRight: versionIn }),
        obstacle: Either.match(history.rows, { onLeft: ({ reason }) => reason, onRight: () => null }),
        due,
        command: remedy(commands, history, due),
        ...asked
      })
  )

const partlyHidden: Obstacle = { reason: "this role may not read all of it", passes: false }

const harmful: Obstacle = {
  reason: "it has a type or an index with code of the database, which a query on it would run",
  passes: false
}

const indirect: Obstacle = { reason: "it is no table, and a query on it would run its code", passes: false }

const obstacleIn = ({ isHarmless, isReadable, isTable }: Sighting.Sighting): Option.Option<Obstacle> => {
  if (!isReadable) return Option.some(partlyHidden)
  if (!isTable) return Option.some(indirect)
  return isHarmless ? Option.none() : Option.some(harmful)
}

const readOne = (ask: Ask, recognised: Sighting.Recognised): Effect.Effect<Option.Option<History>, SqlError> =>
  Option.match(obstacleIn(recognised.sighting), {
    onSome: (obstacle) => Effect.succeedSome<History>({ ...recognised, rows: Either.left(obstacle) }),
    onNone: () =>
      Effect.matchEffect(ask(recordsOf(recognised)), {
        onFailure: (error) =>
          Effect.map(
            obstacleTo(error),
            Option.map((obstacle): History => ({ ...recognised, rows: Either.left(obstacle) }))
          ),
        onSuccess: (results) =>
          Effect.map(readRecords(Message.columnsOf(results)), (rows) =>
            Option.some<History>({ ...recognised, rows: Either.right(rows) })
          )
      })
  })

/** The rows of each tool's table that may be read. */
const read = (
  ask: Ask,
  found: ReadonlyArray<Sighting.Sighting>
): Effect.Effect<ReadonlyArray<History>, MigrationFailure.Failure> =>
  Effect.forEach(Sighting.recognised(found), (recognised) => readOne(ask, recognised)).pipe(
    Effect.mapBoth({
      onFailure: (error) => MigrationFailure.ofMessage(error, doing),
      onSuccess: (histories) => Arr.filter(Arr.getSomes(histories), recordsAnything)
    })
  )

/** A table, and the migrations of the program that it records where the ledger is begun by another program. */
interface Obstructing {
  readonly history: History
  readonly due: ReadonlyArray<MigrationId>
}

/**
 * The table that stops a program without a migration in the ledger: one that records migrations of the program, or else
 * any. An empty adoption says that an operator knows the tables, so that the first kind alone counts.
 */
const obstructing = (
  graph: MigrationGraph,
  applied: AppliedSet,
  histories: ReadonlyArray<History>
): Effect.Effect<Option.Option<Obstructing>> => {
  const any = Option.map(Arr.head(histories), (history): Obstructing => ({ history, due: [] }))
  if ([...applied.checksumById.keys()].every(LedgerMigrations.isOwn) && !isLookedAt(applied)) return Effect.succeed(any)
  return Effect.map(
    Effect.forEach(histories, (history) =>
      Effect.map(HistoryMatch.dueIn(graph, history, applied), (due): Obstructing => ({ history, due }))
    ),
    (all) =>
      Option.orElse(
        Arr.findFirst(all, ({ due }) => due.length > 0),
        () => (isLookedAt(applied) ? Option.none() : any)
      )
  )
}

interface Setting {
  readonly commands: CommandLine.Setting
  readonly graph: MigrationGraph
}

const refuseOne = (
  { commands, graph }: Setting,
  applied: AppliedSet,
  histories: ReadonlyArray<History>
): Effect.Effect<void, MigrationFailure.Failure> =>
  Effect.flatMap(
    obstructing(graph, applied, histories),
    Option.match({
      onNone: () => Effect.void,
      onSome: ({ due, history }) => Effect.fail(elsewhere(commands, history, due))
    })
  )

const sightingsBy = (ask: Ask): Effect.Effect<Message.Columns, MigrationFailure.Failure> =>
  Effect.mapBoth(ask(sightings), {
    onFailure: (error) => MigrationFailure.ofMessage(error, doing),
    onSuccess: Message.columnsOf
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<ForeignHistory, never, Knowledge | MigrationClient> = Effect.gen(function* () {
  const config = yield* AutoMigrationConfig
  const setting: Setting = { commands: config, graph: (yield* Knowledge).graph }
  const { ask } = yield* MigrationClient

  const askBriefly: Ask = (text) => ask(Message.briefly(config, text))

  const look = sightingsBy(askBriefly).pipe(
    Effect.flatMap(readSightings),
    Effect.flatMap((found) => read(askBriefly, found))
  )

  const refuseWithin = (applied: AppliedSet, columns: Message.Columns, askOn: Ask) =>
    ("sightings" in columns ? Effect.succeed(columns) : sightingsBy(askOn)).pipe(
      Effect.flatMap(readSightings),
      Effect.flatMap((found) => read(undoably(askOn), found)),
      Effect.flatMap((histories) => refuseOne(setting, applied, histories))
    )

  const isKnown = (applied: AppliedSet): boolean => isOfProgram(setting.graph, applied)

  return {
    look,
    elsewhere: (history, due) => elsewhere(setting.commands, history, due),
    refuse: (applied) =>
      isKnown(applied) ? Effect.void : Effect.flatMap(look, (histories) => refuseOne(setting, applied, histories)),
    guarding: (journal) => ({
      ...journal,
      unchanged: (known, ids) => (isKnown(known) ? journal.unchanged(known, ids) : Option.none()),
      statement: (known, ids) => [journal.statement(known, ids), ...(isKnown(known) ? [] : [sightings])].join(";\n"),
      read: (known, columns, askOn) =>
        Effect.tap(journal.read(known, columns, askOn), (applied) =>
          isKnown(applied) ? Effect.void : refuseWithin(applied, columns, askOn)
        )
    })
  }
})
