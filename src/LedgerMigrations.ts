/**
 * The ledger's own two migrations, from the files that ship with the package: a graph of their own, resolved and run by the
 * same engine as everybody else's.
 *
 * @internal
 */

import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { defaults, type SchemaName } from "./AutoMigrationConfig.js"
import type * as Detector from "./core/Detector.js"
import * as LedgerEvent from "./core/LedgerEvent.js"
import * as MigrationGraph from "./core/MigrationGraph.js"
import type * as Plan from "./core/Plan.js"
import * as Resolver from "./core/Resolver.js"
import type * as Executor from "./Executor.js"
import * as LedgerStatements from "./LedgerStatements.js"
import * as Message from "./Message.js"
import type { Failure } from "./MigrationFailure.js"
import * as MigrationSource from "./MigrationSource.js"
import type { SqlParser } from "./SqlParser.js"

/** Ids of the ledger's own migrations begin with this, so that none of the program's own can be mistaken for one. */
const prefix = "effect-auto-migration/"

const log = "001_zero_trust_schema"
const projection = "002_add_bitmap_sequences"

/**
 * The ids of the ledger's own migrations, as far as this version has them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ids: ReadonlyArray<string> = [log, projection].map((file) => `${prefix}${file}`)

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

const read = (file: string, schema: SchemaName) =>
  Effect.map(
    Effect.promise(() => readFile(new URL(`../migrations/${file}.sql`, import.meta.url), "utf8")),
    (text) => [`${prefix}${file}`, named(text, schema)] as const
  )

/**
 * The graph of the two, with the ledger's schema named as configured. Files of ours that cannot be read or understood are
 * a defect of the package.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (schema: SchemaName): Effect.Effect<MigrationGraph.MigrationGraph, never, SqlParser> =>
  Effect.all([read(log, schema), read(projection, schema)]).pipe(
    Effect.flatMap((files) =>
      Effect.provide(MigrationSource.loadMigrations, MigrationSource.layerRecord(Object.fromEntries(files)))
    ),
    Effect.flatMap(MigrationGraph.make),
    Effect.orDie
  )

/**
 * The plan that brings the ledger, or what is missing of it; `Left` when the gap is none of the ledger's.
 *
 * @since 0.1.0
 * @category operations
 */
export const planFor = (
  graph: MigrationGraph.MigrationGraph,
  gap: Detector.MissingObject
): Either.Either<Plan.Plan, string> =>
  Either.mapLeft(
    Resolver.resolve(graph, new Set(), gap, Option.none()),
    () => "it lacks something that none of its own migrations brings"
  )

/**
 * While the ledger is being built, the catalog tells which of its migrations have run. What has the name of a table of the
 * ledger's and cannot be one is refused: `inspect` is asked about what is there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const journal = (
  schema: SchemaName,
  graph: MigrationGraph.MigrationGraph,
  inspect: (presence: typeof LedgerStatements.Presence.Type) => Effect.Effect<void, Failure>
): Executor.Journal => ({
  statement: () => LedgerStatements.presence(schema),
  read: (_, columns) =>
    Effect.map(
      Effect.tap(Message.answer("presence", LedgerStatements.Presence, columns), inspect),
      (presence): LedgerEvent.AppliedSet => {
        const present = new Set([...(presence.log ? [log] : []), ...(presence.projection ? [projection] : [])])
        return {
          ...LedgerEvent.nothing,
          checksumById: new Map(
            graph.migrations
              .filter((migration) => present.has(migration.id.slice(prefix.length)))
              .map((migration) => [migration.id, migration.checksum])
          )
        }
      }
    )
})
