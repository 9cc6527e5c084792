/**
 * Matches the rows of another tool's table with the migrations of the program, and reads their files where the tool keeps
 * hashes.
 *
 * @internal
 */
import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Adoption from "../core/adoption/Adoption.js"
import type { Content } from "../core/adoption/FileHash.js"
import * as Matching from "../core/adoption/Matching.js"
import type { Recognised } from "../core/adoption/Sighting.js"
import type { MigrationGraph } from "../core/graph/MigrationGraph.js"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import { digest } from "../runtime/Sha256.js"

/**
 * Why a table cannot be read.
 *
 * @since 0.1.0
 * @category models
 */
export interface Obstacle {
  readonly reason: string
  /** Whether another session is in the way, which takes no long time. */
  readonly passes: boolean
}

/**
 * A tool's table, and its rows or the reason why they cannot be read.
 *
 * @since 0.1.0
 * @category models
 */
export interface History extends Recognised {
  readonly rows: Either.Either<Matching.Case["rows"], Obstacle>
}

/**
 * The migrations that a table records and the ledger does not.
 *
 * @since 0.1.0
 * @category queries
 */
export const dueIn = (
  graph: MigrationGraph,
  history: History,
  applied: AppliedSet
): Effect.Effect<ReadonlyArray<MigrationId>> =>
  Either.match(history.rows, {
    onLeft: () => Effect.succeed([]),
    onRight: (rows) =>
      Effect.map(adoption(graph, history, rows, applied), ({ entries }) => entries.map(({ migration }) => migration.id))
  })

/**
 * Matches the rows of a tool's table with the migrations of the program.
 *
 * @since 0.1.0
 * @category operations
 */
export const adoption = (
  graph: MigrationGraph,
  { table, tool }: History,
  rows: Matching.Case["rows"],
  applied: AppliedSet
): Effect.Effect<Adoption.Adoption> =>
  Effect.map(knownFiles(graph, tool), (migrations) =>
    Matching.match({
      tool,
      witness: { _tag: "Table", tool: tool.name, table },
      rows,
      migrations,
      isInLedger: (id) => applied.checksumById.has(id),
      digests: digest
    })
  )

/** The migrations, with the contents of their files if the tool keeps a hash of a file or names a migration by it. */
const knownFiles = (
  { nodes }: MigrationGraph,
  { keeping, naming }: History["tool"]
): Effect.Effect<ReadonlyArray<Matching.Known>> =>
  Effect.forEach(nodes, ({ migration }) =>
    keeping === "nothing" && naming !== "hash"
      ? Effect.succeed({ migration, content: undefined })
      : Effect.map(contentOf(migration), (content) => ({ migration, content }))
  )

/**
 * Reads the file, since other tools hash its bytes. SQL that comes from no file stands for one, and an Effect has no
 * content.
 */
const contentOf = ({ script, source }: Migration): Effect.Effect<Content | undefined> =>
  script._tag === "Sql"
    ? Effect.promise(() =>
        readFile(source).then(
          (bytes) => contentFrom(fileNameOf(source), bytes),
          () => contentFrom(fileNameOf(source), new TextEncoder().encode(script.text))
        )
      )
    : Effect.succeed(undefined)

const fileNameOf = (path: string): string => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1)

const contentFrom = (name: string, bytes: Uint8Array): Content => ({
  name,
  bytes,
  text: new TextDecoder().decode(bytes)
})
