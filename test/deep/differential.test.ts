import * as SqlClient from "@effect/sql/SqlClient"
import { assert, layer as suite } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Footprint from "../../src/core/Footprint.js"
import * as SimulatedCatalog from "../../src/core/SimulatedCatalog.js"
import { history, prelude } from "../support/arbitraries/History.js"
import * as LinearExtension from "../support/LinearExtension.js"
import { footprints, parser, sourcesOf } from "../support/Parsing.js"
import * as SchemaDump from "../support/SchemaDump.js"
import * as SchemaListing from "../support/SchemaListing.js"
import * as Server from "../support/Server.js"

/** An hour and a half on two cores; `DIFFERENTIAL_RUNS` sets another number. */
const runs = Number(process.env["DIFFERENTIAL_RUNS"] ?? 5000)

/** Orders tried of each history; each prefers pairs that no order before has inverted. */
const orders = 3

const most = 25

const clear = `DROP SCHEMA IF EXISTS public, s1, s2 CASCADE; CREATE SCHEMA public`

/** A file in a transaction of its own, and nothing of its session afterwards. Answers whether the server took it. */
const apply = (file: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(sql.unsafe(`${file};\nRESET ALL; DISCARD TEMP`)).pipe(
      Effect.as(true),
      Effect.catchTag("SqlError", () => Effect.succeed(false))
    )
  )

const rebuild = (files: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(clear)
    for (const file of files) assert.isTrue(yield* apply(file), `in this order the server refuses\n${file}`)
    return yield* SchemaDump.dump
  })

/** The files that run one after the other, the prelude first. */
const accepted = (candidates: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(clear)
    const files: Array<string> = []
    for (const file of [prelude, ...candidates]) if (files.length < most && (yield* apply(file))) files.push(file)
    return files
  })

const catalogAfter = (files: ReadonlyArray<string>): SimulatedCatalog.SimulatedCatalog =>
  sourcesOf(files).reduce(
    (catalog, source) => Either.getOrThrow(Footprint.infer(parser, catalog, source)).catalog,
    SimulatedCatalog.empty
  )

suite(Server.layer, { excludeTestServices: true })("histories that nobody wrote", (it) => {
  it.effect(
    `give in any order that their hazards allow the schema and the rows of their own order (${runs} histories)`,
    () =>
      Effect.gen(function* () {
        for (const candidates of fc.sample(history, runs)) {
          const files = yield* accepted(candidates)
          const expected = yield* rebuild(files)
          const doubts = footprints(...files).flatMap((footprint) => footprint.doubts)
          deepStrictEqual(doubts, [], files.join("\n--\n"))
          deepStrictEqual(yield* SchemaListing.differences(catalogAfter(files)), [], files.join("\n--\n"))
          for (const order of LinearExtension.inverting(footprints(...files), orders)) {
            const dump = yield* rebuild(order.map((index) => files[index] ?? ""))
            deepStrictEqual(dump, expected, order.map((index) => `-- ${index}\n${files[index]}`).join("\n"))
          }
        }
      }),
    { timeout: 60_000 + runs * 2_000 }
  )
})
