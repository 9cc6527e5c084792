/**
 * The ledger's own migrations, from the files that ship with the package: a graph of their own, resolved and run by the
 * same engine as everybody else's.
 *
 * @internal
 */

import { readFileSync } from "node:fs"
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
import * as LedgerStatements from "./Statements.js"

/** Ids of the ledger's own migrations begin with this, so that none of the program's own can be mistaken for one. */
const prefix = "effect-auto-migration/"

const log = "001_zero_trust_schema"
const projection = "002_add_bitmap_sequences"
const leases = "003_add_leases"
const kinds = "004_add_event_kinds"

const logTable = "event"

/** Each file with the tables that it brings: what anybody who reads or writes the ledger finds missing before. */
const tablesByFile: ReadonlyArray<readonly [file: string, tables: ReadonlyArray<string>]> = [
  [log, [logTable]],
  [projection, ["migration_bit", "applied_set"]],
  [leases, ["lease"]],
  [kinds, ["event_kind"]]
]

/**
 * The ids of the ledger's own migrations, as far as this version has them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ids: ReadonlyArray<string> = tablesByFile.map(([file]) => `${prefix}${file}`)

/**
 * Stands for an adoption in which another tool's table named no migration of the program: from then on its history is known.
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

/** The ledger's schema as an identifier, quoted since it may be a key word; and, where it stands in a literal of its own, as text. */
const named = (text: string, schema: SchemaName): string =>
  text
    .replaceAll(`'${defaults.schema}'`, `'${schema}'`)
    .replaceAll(new RegExp(`(?<!')\\b${defaults.schema}\\b`, "g"), `"${schema}"`)

const table = (name: string, schema: SchemaName): SchemaObject.Relation =>
  SchemaObject.relation(SchemaObject.qualifiedName(name, schema))

/**
 * What the first of them brings: without it there is no ledger.
 *
 * @since 0.1.0
 * @category constructors
 */
export const logIn = (schema: SchemaName): SchemaObject.Relation => table(logTable, schema)

/** Each builds upon the one before. */
const footprintOf = (tables: ReadonlyArray<string>, text: string, schema: SchemaName): Footprint.Footprint => ({
  ...Footprint.empty,
  provides: tables.map((name) => table(name, schema)),
  writes: new Set([schema]),
  statements: [{ start: 0, end: text.length, line: 1, transactional: true }],
  isNeutral: false
})

const read = ([file, tables]: (typeof tablesByFile)[number], schema: SchemaName) =>
  Effect.map(
    Effect.sync(() => readFileSync(new URL(`../../migrations/${file}.sql`, import.meta.url), "utf8")),
    (original) => {
      const text = named(original, schema)
      const id = Migration.MigrationId.make(`${prefix}${file}`)
      return Migration.make({
        id,
        source: `${file}.sql`,
        script: { _tag: "Sql", text },
        directives: Directive.none,
        declares: [],
        footprint: footprintOf(tables, text, schema),
        digest: sha256
      })
    }
  )

/**
 * Their graph, with the ledger's schema named as configured. Nothing of them is parsed or inferred: a hundred processes that
 * find no ledger at once would each spend longer on that than on everything else, and only one of them builds it. So they
 * are sent as one message, and what each brings is said above. Files of ours that cannot be read are a defect of the package.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (schema: SchemaName): Effect.Effect<MigrationGraph.MigrationGraph> =>
  Effect.forEach(tablesByFile, (file) => read(file, schema)).pipe(Effect.flatMap(MigrationGraph.make), Effect.orDie)

/**
 * The plan that brings all of the ledger, whatever of it was found missing; `Left` when that is none of the ledger's.
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
 * Refuses to build upon what is there; it may ask by `ask`, on the connection whose transaction would build.
 *
 * @since 0.1.0
 * @category models
 */
export type Inspector = (
  presence: LedgerStatements.Presence,
  ask: (text: string) => Effect.Effect<unknown, SqlError>
) => Effect.Effect<void, Failure>

/**
 * While the ledger is being built, the catalog tells which of its migrations have run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const journal = (schema: SchemaName, graph: MigrationGraph.MigrationGraph, inspect: Inspector): Journal => ({
  statement: () => LedgerStatements.presence(schema),
  recordsFailures: false,
  read: (_, columns, ask) =>
    Effect.map(
      Effect.tap(LedgerStatements.readPresence(columns), (presence) => inspect(presence, ask)),
      (presence): LedgerEvent.AppliedSet => {
        const present = new Set([
          ...(presence.log ? [log] : []),
          ...(presence.projection ? [projection] : []),
          ...(presence.leases ? [leases] : []),
          ...(presence.kinds ? [kinds] : [])
        ])
        return {
          ...LedgerEvent.nothing,
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
