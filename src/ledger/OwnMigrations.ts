/**
 * The ledger's own migrations, from the files of `migrations/`. They are a graph of their own, which is
 * resolved and run like the program's.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Detector from "../core/detect/Detector.js"
import * as Directive from "../core/file/Directive.js"
import * as MigrationGraph from "../core/graph/MigrationGraph.js"
import type * as Plan from "../core/graph/Plan.js"
import * as Resolver from "../core/graph/Resolver.js"
import * as Footprint from "../core/migration/Footprint.js"
import * as LedgerEvent from "../core/migration/LedgerEvent.js"
import * as Migration from "../core/migration/Migration.js"
import * as SchemaObject from "../core/model/SchemaObject.js"
import type { Failure } from "../database/MigrationFailure.js"
import { defaults, type SchemaName } from "../runtime/AutoMigrationConfig.js"
import { sha256 } from "../runtime/Sha256.js"
import type { Journal } from "./Journal.js"
import { ledgerScripts } from "./LedgerScripts.js"
import * as LedgerStatements from "./Statements.js"

/** Ids of the ledger's own migrations begin with this prefix, so no migration of the program has the same id. */
const prefix = "effect-auto-migration/"

const log = "001_zero_trust_schema"
const projection = "002_add_bitmap_sequences"
const leases = "003_add_leases"
const kinds = "004_add_event_kinds"
const guard = "005_guard_projection"
const limits = "006_limit_values"
const sizes = "007_limit_sizes"

const logTable = "event"

/**
 * Each file with the tables that it brings. A reader or writer of the ledger finds them missing before. The last three
 * stand for triggers and constraints, see `LedgerStatements.current`.
 */
const tablesByFile: ReadonlyArray<readonly [file: keyof typeof ledgerScripts, tables: ReadonlyArray<string>]> = [
  [log, [logTable]],
  [projection, ["migration_bit", "applied_set"]],
  [leases, ["lease"]],
  [kinds, ["event_kind"]],
  [guard, ["projection_guard"]],
  [limits, ["value_limits"]],
  [sizes, ["size_limits"]]
]

/**
 * The ids of this version's own migrations.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ids: ReadonlyArray<Migration.MigrationId> = tablesByFile.map(([file]) =>
  Migration.MigrationId.make(`${prefix}${file}`)
)

/**
 * Records an adoption in which another tool's table named no migration of the program. From then on the table's history
 * counts as known.
 *
 * @since 0.1.0
 * @category constructors
 */
export const emptyAdoption: Migration.Migration = Migration.make({
  id: Migration.MigrationId.make(`${prefix}adoption`),
  source: "adoption",
  script: { _tag: "Sql", text: "" },
  directives: Directive.none,
  declares: [],
  footprint: Footprint.empty,
  digest: sha256
})

/** Whether an id is that of {@link emptyAdoption}. @since 0.1.0 @category predicates */
export const isAdoption = (id: string): boolean => id === emptyAdoption.id

/**
 * Whether an id is one of the ledger's own.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOwn = (id: string): boolean => id.startsWith(prefix)

/**
 * Replaces the default schema: in a literal by text, and elsewhere by a quoted identifier, since it may be a key word.
 */
const named = (text: string, schema: SchemaName): string =>
  text
    .replaceAll(`'${defaults.schema}'`, `'${schema}'`)
    .replaceAll(new RegExp(`(?<!')\\b${defaults.schema}\\b`, "g"), `"${schema}"`)

const table = (name: string, schema: SchemaName): SchemaObject.Relation =>
  SchemaObject.relation(SchemaObject.qualifiedName(name, schema))

/**
 * The log, which the first migration brings. Without it there is no ledger.
 *
 * @since 0.1.0
 * @category constructors
 */
export const logIn = (schema: SchemaName): SchemaObject.Relation => table(logTable, schema)

/** Each migration writes the same key, so it waits for the one before. */
const footprintOf = (tables: ReadonlyArray<string>, text: string, schema: SchemaName): Footprint.Footprint => ({
  ...Footprint.empty,
  provides: tables.map((name) => table(name, schema)),
  writes: new Set([schema]),
  statements: [{ start: 0, end: text.length, line: 1, transactional: true }],
  isNeutral: false
})

const migrationOf = ([file, tables]: (typeof tablesByFile)[number], schema: SchemaName): Migration.Migration => {
  const text = named(ledgerScripts[file], schema)
  return Migration.make({
    id: Migration.MigrationId.make(`${prefix}${file}`),
    source: `${file}.sql`,
    script: { _tag: "Sql", text },
    directives: Directive.none,
    declares: [],
    footprint: footprintOf(tables, text, schema),
    digest: sha256
  })
}

const graphIn = (schema: SchemaName): Effect.Effect<MigrationGraph.MigrationGraph> =>
  Effect.suspend(() => Effect.orDie(MigrationGraph.make(tablesByFile.map((file) => migrationOf(file, schema)))))

/** Made once for all programs of a process. */
const ofDefaultSchema = Effect.runSync(Effect.cached(graphIn(defaults.schema)))

/**
 * The graph of the ledger's own migrations, with the configured schema. They are not parsed: of a hundred processes
 * that find no ledger at once only one builds it, and parsing would take each of them longer than all the rest. So the
 * list above tells what each migration brings, and they are sent as one message.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (schema: SchemaName): Effect.Effect<MigrationGraph.MigrationGraph> =>
  schema === defaults.schema ? ofDefaultSchema : graphIn(schema)

/**
 * The plan that brings the whole ledger. `Left` when no migration of the ledger brings the missing object.
 *
 * @since 0.1.0
 * @category operations
 */
export const planFor = (
  graph: MigrationGraph.MigrationGraph,
  gap: Option.Option<Detector.MissingObject>
): Either.Either<Plan.Plan, string> =>
  Either.fromOption(
    Option.isNone(gap) || Either.isRight(Resolver.resolve(graph, new Set(), gap.value, Option.none()))
      ? Resolver.pending(graph, new Set())
      : Option.none(),
    () => "it lacks something that none of its own migrations brings"
  )

/**
 * Refuses to build a ledger upon tables that are not its own. Its questions go through `ask`, on the connection of the
 * transaction that would build.
 *
 * @since 0.1.0
 * @category models
 */
export type Inspector = (
  presence: LedgerStatements.Presence,
  ask: (text: string) => Effect.Effect<unknown, SqlError>
) => Effect.Effect<void, Failure>

/**
 * The journal while the ledger is being built: the catalog tells which of its migrations have run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const journal = (schema: SchemaName, graph: MigrationGraph.MigrationGraph, inspect: Inspector): Journal => ({
  statement: () => LedgerStatements.presence(schema),
  unchanged: Option.none,
  recordsFailures: false,
  read: (_, columns, ask) =>
    Effect.map(
      Effect.tap(LedgerStatements.readPresence(columns), (presence) => inspect(presence, ask)),
      (presence): LedgerEvent.AppliedSet => {
        const present = new Set([
          ...(presence.log ? [log] : []),
          ...(presence.projection ? [projection] : []),
          ...(presence.leases ? [leases] : []),
          ...(presence.kinds ? [kinds] : []),
          ...(presence.guard ? [guard] : []),
          ...(presence.limits ? [limits] : []),
          ...(presence.sizes ? [sizes] : [])
        ])
        return {
          ...LedgerEvent.empty,
          checksumById: new Map(
            graph.migrations
              .filter((migration) => present.has(migration.id.slice(prefix.length)))
              .map((migration) => [migration.id, migration.checksum])
          )
        }
      }
    ),
  leases: () => Effect.succeed([])
})
