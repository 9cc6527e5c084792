/**
 * Work that takes long leaves room for other work.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { MigrationSource, SqlParser } from "effect-auto-migration"
import * as TimeSlice from "../../src/runtime/TimeSlice.js"

describe("work in steps", () => {
  it.live("ends although it waits for an event: the event loop has turns in between", () =>
    Effect.gen(function* () {
      let hasTurned = false
      setImmediate(() => {
        hasTurned = true
      })
      const result = yield* TimeSlice.run(function* () {
        while (!hasTurned) yield
        return "done"
      })
      assert.strictEqual(result, "done")
    })
  )

  it.live("can be interrupted", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(
        TimeSlice.run(function* (): Generator<void, never, void> {
          for (;;) yield
        })
      )
      yield* Effect.sleep("1 millis")
      yield* Fiber.interrupt(fiber)
    })
  )
})

describe("the loading of migrations", () => {
  const statements = Array.from({ length: 2000 }, (_, n) => `CREATE TABLE t${n} (id int PRIMARY KEY, name text);`)
  const sources = {
    "one long file": { "1": statements.join("\n") },
    "many files": Object.fromEntries(statements.map((text, n) => [`${n}`, text]))
  }
  for (const [name, source] of Object.entries(sources)) {
    it.live(`gives the event loop turns: ${name}`, () =>
      Effect.gen(function* () {
        let turns = 0
        let next = setImmediate(function count() {
          turns++
          next = setImmediate(count)
        })
        const migrations = yield* MigrationSource.loadMigrations
        clearImmediate(next)
        assert.strictEqual(migrations.flatMap(({ footprint }) => footprint.statements).length, statements.length)
        assert.isAtLeast(turns, 3)
      }).pipe(Effect.provide(Layer.merge(MigrationSource.layerRecord(source), SqlParser.layer)))
    )
  }
})
