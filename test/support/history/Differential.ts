/**
 * Histories that nobody wrote, against the server: the files of a history run in their own order and in the orders of
 * {@link LinearExtensions}, and all must leave the same definitions and rows; and after the last file the simulated catalog
 * must list what the server has.
 *
 * A history is told by its seed. One that shows a difference is cut down, file by file, to the smallest that still does.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as fc from "fast-check"
import * as SimulatedCatalog from "../../../src/core/catalog/SimulatedCatalog.js"
import * as LinearExtensions from "../../../src/core/graph/LinearExtensions.js"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import * as Transaction from "../../../src/database/Transaction.js"
import * as SqlParser from "../../../src/runtime/SqlParser.js"
import * as MigrationSource from "../../../src/source/MigrationSource.js"
import { type History, hidden, history } from "../arbitraries/History.js"
import * as SchemaDump from "../server/SchemaDump.js"
import * as SchemaListing from "../server/SchemaListing.js"
import * as ServerOfRun from "../server/Server.js"
import { parser } from "./Parsing.js"

/** The prelude, and up to this many files on it. */
const most = 25

/** Orders tried of each history; each inverts pairs that no order before has inverted. */
const orders = 3

/**
 * How many histories are drawn from one seed: the next come from the next seed. Each batch has a database
 * and a session of its own: with what is gone they carry along traces of it, and each history takes longer than the one before.
 */
const batch = 50

/** A history that shows a difference, cut down, and what differs. */
export interface Difference {
  readonly seed: number
  readonly files: ReadonlyArray<string>
  readonly lines: ReadonlyArray<string>
}

export interface Report {
  readonly histories: number
  readonly files: number
  /** Orders other than the files' own. */
  readonly orders: number
  /** Pairs that were run the other way round. */
  readonly inverted: number
  readonly difference: Option.Option<Difference>
}

/** Runs so many histories, and stops at the first difference. */
export const check = ({
  runs,
  seed
}: {
  readonly runs: number
  readonly seed: number
}): Effect.Effect<Report, SqlError | ConfigError.ConfigError> =>
  Effect.gen(function* () {
    let report: Report = { histories: 0, files: 0, orders: 0, inverted: 0, difference: Option.none() }
    for (let done = 0; done < runs && Option.isNone(report.difference); done += batch) {
      const candidates = fc.sample(history, { numRuns: Math.min(batch, runs - done), seed: seed + done / batch })
      report = yield* Effect.scoped(checkBatch(report, candidates, seed + done / batch)).pipe(
        Effect.provide(ServerOfRun.layer)
      )
    }
    return report
  })

const checkBatch = (
  before: Report,
  batch: ReadonlyArray<History>,
  seed: number
): Effect.Effect<Report, SqlError, SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function* () {
    const own = yield* server
    let report = before
    for (const { files: candidates, prelude } of batch) {
      const files = yield* accepted(own, [prelude, ...candidates])
      const outcome = yield* compare(own, files)
      report = added(report, outcome)
      if (outcome.lines.length > 0) {
        const smallest = yield* cut(own, files)
        const { lines } = yield* compare(own, smallest)
        return { ...report, difference: Option.some({ seed, files: smallest, lines }) }
      }
    }
    return report
  })

/** What to do with a difference that was found. */
export const told = ({ files, lines, seed }: Difference): string =>
  [`DIFFERENTIAL_SEED=${seed}`, ...files.map((file, index) => `-- ${index}\n${file}`), "", ...lines].join("\n")

const added = (report: Report, { files, inverted, orders: tried }: Outcome): Report => ({
  ...report,
  histories: report.histories + 1,
  files: report.files + files,
  orders: report.orders + tried,
  inverted: report.inverted + inverted
})

/** The one connection of a search: what one file leaves in its session, the next would find. */
export interface Server {
  readonly connection: Connection
}

export const server: Effect.Effect<Server, SqlError, SqlClient.SqlClient | Scope.Scope> = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => Effect.map(sql.reserve, (connection) => ({ connection }))
)

const clear = [
  "DROP SCHEMA IF EXISTS public, s1, s2 CASCADE",
  "CREATE SCHEMA public",
  "SELECT lo_unlink(oid) FROM pg_largeobject_metadata"
].join(";\n")

/** A file in a transaction of its own, and nothing of its session afterwards. */
const block = (file: string): string => `BEGIN;\n${file};\nRESET ALL; DISCARD TEMP; COMMIT;\n`

const send = ({ connection }: Server, text: string): Effect.Effect<unknown, SqlError> =>
  Transaction.sendScript(connection, text)

/**
 * The files that run one after the other, tried by the server itself: most of what is drawn does not run. They are tried again
 * among themselves, since a file that failed may have moved a sequence.
 */
const accepted = (server: Server, candidates: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.flatMap(tried(server, candidates), (files) =>
    files.length === candidates.length ? Effect.succeed(files) : accepted(server, files)
  )

const tried = (server: Server, candidates: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.gen(function* () {
    yield* send(server, clear)
    yield* send(server, trial(candidates))
    const answer = yield* SchemaDump.linesOf(server.connection, "SELECT current_setting('differential.ran') AS line")
    const ran = (answer[0] ?? "").split(",").flatMap((rank) => candidates[Number(rank) - 1] ?? [])
    return ran.filter((file, rank) =>
      Option.match(after(file), { onNone: () => true, onSome: (text) => rankOf(ran.slice(0, rank), text) !== -1 })
    )
  })

/** Leaves the places of the files that ran in a setting of the session. */
const trial = (files: ReadonlyArray<string>): string => `
  DO $trial$
  DECLARE
    files text[] := ARRAY[${files.map((file) => `$file$${file}$file$`).join(", ")}];
    ran int[] := '{}';
  BEGIN
    FOR place IN 1 .. cardinality(files) LOOP
      EXIT WHEN cardinality(ran) > ${most};
      BEGIN
        EXECUTE files[place];
        ran := ran || place;
      EXCEPTION WHEN OTHERS THEN NULL;
      END;
      RESET ALL;
      DISCARD TEMP;
      COMMIT;
    END LOOP;
    PERFORM set_config('differential.ran', array_to_string(ran, ','), false);
  END $trial$`

/** `-- after: text` in a generated file stands for `-- requires:` the last file before it that has the text. */
const after = (file: string): Option.Option<string> => Option.fromNullable(/^-- after: (.*)$/m.exec(file)?.[1])

const rankOf = (files: ReadonlyArray<string>, text: string): number =>
  files.findLastIndex((file) => file.includes(text) && Option.isNone(after(file)))

const idAt = (rank: number): string => `${rank}_file`

const withDirective = (file: string, rank: number, files: ReadonlyArray<string>): string =>
  Option.match(after(file), {
    onNone: () => file,
    onSome: (text) => `-- requires: ${idAt(rankOf(files.slice(0, rank), text))}\n${file}`
  })

const theParser = Layer.succeed(SqlParser.SqlParser, parser)

/** The graph of these files, each with a name of its place. */
export const graphOf = (files: ReadonlyArray<string>): Effect.Effect<MigrationGraph.MigrationGraph> => {
  const texts = files.map((file, rank) => [idAt(rank), withDirective(file, rank, files)] as const)
  return MigrationSource.loadMigrations.pipe(
    Effect.provide(Layer.merge(MigrationSource.layerRecord(Object.fromEntries(texts)), theParser)),
    Effect.flatMap(MigrationGraph.make),
    Effect.orDie
  )
}

const catalogAfter = (files: ReadonlyArray<string>): SimulatedCatalog.SimulatedCatalog =>
  files.reduce(
    (catalog, text, rank) =>
      Either.getOrThrow(
        Footprint.infer(parser, catalog, { source: `${idAt(rank)}.sql`, script: { _tag: "Sql", text } })
      ).catalog,
    SimulatedCatalog.empty
  )

interface Outcome {
  readonly files: number
  readonly orders: number
  readonly inverted: number
  /** None when all is the same. */
  readonly lines: ReadonlyArray<string>
}

const compare = (server: Server, files: ReadonlyArray<string>): Effect.Effect<Outcome, SqlError> =>
  Effect.gen(function* () {
    const expected = yield* rebuilt(server, files)
    const graph = yield* graphOf(files)
    const doubted = graph.nodes.flatMap(({ migration: { footprint, source } }) =>
      footprint.expectedRefusals.map(
        ({ kind, object }) => `expectedRefusals what the server takes: ${source} ${kind} ${SchemaObject.render(object)}`
      )
    )
    const lines = [...(yield* unlisted(server, files)), ...doubted]
    const outcome = { files: files.length, orders: 0, inverted: 0, lines }
    if (lines.length > 0) return outcome
    let left = LinearExtensions.unorderedPairs(graph).length
    for (const { open, order } of LinearExtensions.orders(graph)) {
      if (outcome.orders >= orders) break
      const found = yield* rebuilt(
        server,
        order.map((rank) => files[rank] ?? "")
      )
      const lines = [
        ...expected.filter((line) => !found.includes(line)).map((line) => `- ${line}`),
        ...found.filter((line) => !expected.includes(line)).map((line) => `+ ${line}`)
      ]
      outcome.orders++
      outcome.inverted += left - open
      left = open
      if (lines.length > 0 || found.length !== expected.length) {
        return { ...outcome, lines: [`order ${order.join(" ")}`, ...lines] }
      }
    }
    return outcome
  })

/** In what the simulated catalog is wrong after these files, which have run. */
export const unlisted = (
  { connection }: Server,
  files: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  SchemaListing.differencesOver({ connection, catalog: catalogAfter(files), hidden: [hidden] })

/** What the server has after these files, or why it refuses one of them. */
export const rebuilt = (server: Server, files: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.gen(function* () {
    const ran = yield* Effect.either(send(server, [clear, ...files].map(block).join("")))
    if (Either.isRight(ran)) return yield* SchemaDump.fromConnection(server.connection)
    yield* send(server, "ROLLBACK")
    return [`the server refuses: ${ran.left.cause instanceof Error ? ran.left.cause.message : ran.left.message}`]
  })

/** Leaves out whatever may be left out while a difference remains. */
const cut = (server: Server, files: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.gen(function* () {
    let smallest = files
    for (let rank = files.length - 1; rank > 0; rank--) {
      const fewer = yield* accepted(server, smallest.toSpliced(rank, 1))
      if ((yield* compare(server, fewer)).lines.length > 0) {
        smallest = fewer
        rank = Math.min(rank, smallest.length)
      }
    }
    return smallest
  })
