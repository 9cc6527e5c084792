/**
 * What the healer keeps of failing queries, with a database that is never asked.
 */
import { getHeapSnapshot, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { AutoMigrationError, MigrationClient, SqlParser } from "effect-auto-migration"
import type { MissingObject } from "../../src/core/detect/Detector.js"
import * as Detector from "../../src/core/detect/Detector.js"
import * as MigrationGraph from "../../src/core/graph/MigrationGraph.js"
import * as LedgerEvent from "../../src/core/migration/LedgerEvent.js"
import { longestText } from "../../src/core/statement/StatementScope.js"
import { Catalog } from "../../src/database/Catalog.js"
import * as MigrationFailure from "../../src/database/MigrationFailure.js"
import * as Healer from "../../src/heal/Healer.js"
import { Knowledge, type View } from "../../src/runner/Knowledge.js"
import { PlanRunner } from "../../src/runner/PlanRunner.js"
import { column, migration, table } from "../support/arbitraries/Migration.js"

const unasked = Effect.dieMessage("the database was asked")

const applied: LedgerEvent.AppliedSet = { ...LedgerEvent.empty, sequence: 1, hash: "one" }

const window = {
  failures: 1,
  endsAt: Number.POSITIVE_INFINITY,
  retryAt: 1,
  failure: MigrationFailure.circumstance(
    ({ asked }) =>
      new AutoMigrationError.LockTimeout({
        migrationIds: ["1"],
        waitingFor: "table-lock",
        milliseconds: 1,
        ...asked
      })
  )
}

/** The only migration has failed, and its window is open. */
const services = Layer.mergeAll(
  Layer.succeed(Catalog, { missing: () => unasked, presence: () => Effect.succeed(new Map()) }),
  Layer.succeed(Knowledge, {
    graph: Either.getOrThrow(
      MigrationGraph.make([migration({ id: "1", provides: [table("users"), column("email", "users")] })])
    ),
    remembered: Effect.succeedSome(applied),
    view: Effect.succeed<View>({ applied, age: "fresh" }),
    refresh: unasked,
    learn: () => unasked,
    attend: unasked,
    subscribe: unasked
  }),
  Layer.succeed(PlanRunner, {
    openWindow: () => Effect.succeedSome(window),
    openWindows: unasked,
    unlessElsewhere: () => Effect.void,
    run: () => unasked
  }),
  Layer.succeed(MigrationClient.MigrationClient, { ask: () => unasked, listen: () => unasked, reserve: unasked }),
  SqlParser.layer
)

const missingEmail = Object.assign(new Error('column "email" does not exist'), { code: "42703", severity: "ERROR" })

const isMissing = (gap: Detector.SchemaGap): gap is MissingObject => gap._tag === "MissingObject"

const gap = Option.getOrThrow(Option.filter(Detector.detect(missingEmail), isMissing))

/** Longer than the texts that are parsed. Two texts share no memory: the engine keeps a padded one as its parts. */
const longText = (beginning: string): string => Buffer.from(beginning.padEnd(longestText + 1, "x")).toString("latin1")

const refuse = (healer: Effect.Effect.Success<typeof Healer.make>, text: string) =>
  Effect.flip(
    healer.heal({
      gap,
      error: new SqlError({ cause: missingEmail }),
      statement: Option.some(longText(text)),
      isInView: true,
      application: Option.none(),
      place: "outside transactions",
      retriesForGap: 0,
      retriesLeft: 16,
      waitsLeft: 0,
      retriedBeforeWait: false
    })
  )

/**
 * The strings of the heap that are not garbage, each cut after 1,024 characters. The engine keeps the one text that a regular
 * expression has matched last (`RegExp.input`), so another is matched before.
 */
const heap = Effect.promise(async () => {
  assert.match("another text", /text/)
  await new Promise((resolve) => setImmediate(resolve))
  const parts: Array<string> = []
  for await (const part of getHeapSnapshot()) parts.push(String(part))
  return parts
})

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

const heapUsed = Effect.sync(() => {
  collectGarbage()
  return process.memoryUsage().heapUsed
})

/** Their texts have twice the limit. In `npm run bench:fire -- attacks` they are a hundred thousand. */
const queries = Number(process.env["FAILING_QUERIES"] ?? 600)

describe("hundreds of failing queries with long texts, each another one", () => {
  it.scopedLive(
    "let the heap grow by less than 10 MB, though their window stays open",
    () =>
      Effect.gen(function* () {
        const healer = yield* Healer.make
        const before = yield* heapUsed
        for (let query = 0; query < queries; query++) yield* refuse(healer, `${query} fails `)
        assert.isBelow((yield* heapUsed) - before, 10_000_000)
      }).pipe(Effect.provide(services), Logger.withMinimumLogLevel(LogLevel.None)),
    3_600_000
  )
})

describe("a failing query with a long text", () => {
  it.scopedLive("leaves no text in the memory of its process, though its window stays open", () =>
    Effect.gen(function* () {
      const healer = yield* Healer.make
      const text = "it fails "
      assert.strictEqual((yield* refuse(healer, text))._tag, "LockTimeout")
      assert.isFalse((yield* heap).some((part) => /it fails x{40}/.test(part)))
    }).pipe(Effect.provide(services))
  )
})
