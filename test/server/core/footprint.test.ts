import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, layer as suite } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as fc from "fast-check"
import { names } from "../../../src/core/catalog/BuiltInRoutines.js"
import * as KnownExtensions from "../../../src/core/catalog/KnownExtensions.js"
import { serverExtensions } from "../../../src/core/catalog/ServerExtensions.js"
import * as SimulatedCatalog from "../../../src/core/catalog/SimulatedCatalog.js"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import { quote } from "../../../src/core/model/SchemaObject.js"
import { truncate } from "../../../src/core/text/Lexer.js"
import { histories } from "../../support/history/Histories.js"
import { parser, sourcesOf } from "../../support/history/Parsing.js"
import { builtInRoutines } from "../../support/repository/Catalogues.js"
import { extensions } from "../../support/repository/Extensions.js"
import * as SchemaListing from "../../support/server/SchemaListing.js"
import * as Server from "../../support/server/Server.js"

/** Runs a file on the server as it stands, and reads it. */
const step = (catalog: SimulatedCatalog.SimulatedCatalog, source: Footprint.Source) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { catalog: next } = yield* Either.mapLeft(Footprint.infer(parser, catalog, source), (error) => error)
    const text = source.script._tag === "Sql" ? source.script.text : ""
    yield* sql
      .withTransaction(sql.unsafe(`${text};\nRESET ALL; DISCARD TEMP`))
      .pipe(Effect.mapError(({ cause }) => cause))
    deepStrictEqual(yield* SchemaListing.differences(next), [], text)
    return next
  })

describe("after each file the simulated catalog and the server's own say the same:", () => {
  for (const { about, before = "42601", files, since = 0 } of histories) {
    suite(Server.layer, { excludeTestServices: true })(about, (it) => {
      it.effect("in file order", () =>
        Effect.gen(function* () {
          const history = Effect.reduce(sourcesOf(files), SimulatedCatalog.empty, step)
          if ((yield* SchemaListing.major) >= since) yield* history
          else assert.include(yield* Effect.flip(history), { code: before })
        })
      )
    })
  }
})

/** Names long enough to be cut, with characters of one to four bytes, so alike that they collide. */
const name = fc
  .tuple(fc.constantFrom("a", "é", "名", "😀", "A b"), fc.integer({ min: 1, max: 30 }))
  .map(([unit, count]) => quote(truncate(unit.repeat(count))))

/** A table with all that is named by the server; without a name of its own, a statistics object is known since 16. */
const table = (major: number) =>
  fc
    .tuple(name, fc.uniqueArray(name, { minLength: 2, maxLength: 4 }))
    .map(([of, [first = "", second = "", ...rest]]) => {
      const more = rest.map((column) => `, ${column} int UNIQUE CHECK (${column} > 0)`).join("")
      return `CREATE TABLE ${of} (${first} int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ${second} int REFERENCES ${of}${more},
      UNIQUE (${[first, second, ...rest].join()}), CHECK (${first} <> ${second}));
      CREATE INDEX ON ${of} (${[second, first, ...rest].join()}); CREATE INDEX ON ${of} (abs(${second}), (${first} + 1));
      ${major < 16 ? "" : `CREATE STATISTICS ON ${first}, ${second} FROM ${of}`}`
    })

suite(Server.layer, { excludeTestServices: true })("names that the server makes up", (it) => {
  it.effect("are the simulated ones, cut and numbered, whatever the tables are called", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const tables = table(yield* SchemaListing.major)
      for (const texts of fc.sample(fc.uniqueArray(tables, { minLength: 1, maxLength: 4, selector: nameOf }), 40)) {
        yield* sql.unsafe("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        yield* Effect.reduce(sourcesOf(texts), SimulatedCatalog.empty, step)
      }
    })
  )
})

const nameOf = (text: string): string => /"[^"]*"/.exec(text)?.[0] ?? ""

/** What extensions brought first with a version of PostgreSQL. Knowing more than an older one has is no harm: nobody calls it. */
const newcomers: ReadonlyArray<{ readonly since: number; readonly routines: ReadonlyArray<string> }> = [
  {
    since: 16,
    routines: [
      "bt_multi_page_stats",
      "daitch_mokotoff",
      "pg_buffercache_summary",
      "pg_buffercache_usage_counts",
      "pg_get_wal_block_info"
    ]
  },
  { since: 17, routines: ["pg_buffercache_evict"] },
  {
    since: 18,
    routines: [
      "fips_mode",
      "gin_index_check",
      "pg_buffercache_evict_all",
      "pg_buffercache_evict_relation",
      "pg_buffercache_numa_pages"
    ]
  }
]

suite(Server.layer, { excludeTestServices: true })("what is listed as the server's own", (it) => {
  it.effect("routines: exactly those of PostgreSQL 18 that are not only behind operators, types and indexes", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql.unsafe<{ readonly name: string; readonly version: number }>(builtInRoutines)
      const listed = new Set(rows.map(({ name }) => name))
      const isListVersion = rows.some(({ version }) => version >= 180_000 && version < 190_000)
      const unknown = [...listed].filter((name) => !names.has(name))
      const gone = [...names].filter((name) => !listed.has(name))
      assert.isAtMost(unknown.length, isListVersion ? 0 : 40, unknown.join())
      assert.isAtMost(gone.length, isListVersion ? 0 : 120, gone.join())
    })
  )

  it.effect("extensions: exactly what those of PostgreSQL 18 bring", () =>
    Effect.gen(function* () {
      const found = (yield* Effect.scoped(Effect.flatMap(Server.freshDatabase, extensions))).map(
        ({ name, ...parts }) => ({
          name,
          ...Record.map(
            Record.filter(parts, (part) => part.length > 0),
            (part) => part.join()
          )
        })
      )
      assert.isAbove(found.length, 20)
      if ((yield* SchemaListing.major) === 18) deepStrictEqual(found, [...serverExtensions])
    })
  )

  it.effect("extensions: what each is said to bring is there once it is installed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const available = yield* sql.unsafe<{ readonly name: string }>("SELECT name FROM pg_available_extensions")
      const major = yield* SchemaListing.major
      const absent: Array<string> = []
      const known = KnownExtensions.known().filter((name) => available.some((row) => row.name === name))
      assert.isAbove(known.length, 20)
      for (const name of known) {
        yield* sql.unsafe(`CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE`)
        const { functions, objects, types } = KnownExtensions.contentsOf(name, undefined)
        const operators = objects.flatMap((object) =>
          object._tag === "Operator"
            ? [
                `${object.name}(${Option.getOrThrow(object.operands)
                  .map((type, _, all) => (all.length === 1 ? `NONE,${type}` : type))
                  .join()})`
              ]
            : []
        )
        const lacking = yield* sql.unsafe<{ readonly name: string }>(
          `SELECT n AS name FROM unnest($1::text[]) n WHERE NOT EXISTS (SELECT FROM pg_type WHERE typname = n)
           UNION ALL SELECT n FROM unnest($2::text[]) n WHERE NOT EXISTS (SELECT FROM pg_proc WHERE proname = n)
           UNION ALL SELECT n FROM unnest($3::text[]) n WHERE to_regoperator(n) IS NULL`,
          [types, functions, operators]
        )
        absent.push(...lacking.map((row) => row.name))
      }
      const younger = newcomers.flatMap(({ since, routines }) => (since > major ? routines : []))
      deepStrictEqual(absent.toSorted(), younger.toSorted())
    })
  )
})
