import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { AutoMigrationConfig, AutoMigrationError, Policy } from "effect-auto-migration"
import { expectTypeOf } from "vitest"

const from = (environment: Readonly<Record<string, string>>) =>
  Effect.provide(
    AutoMigrationConfig.AutoMigrationConfig,
    Layer.provide(
      AutoMigrationConfig.layerEnvironment,
      Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment)), { pathDelim: "_" }))
    )
  )

describe("options", () => {
  it.effect("have defaults without any layer", () =>
    Effect.map(AutoMigrationConfig.AutoMigrationConfig, (options) =>
      assert.strictEqual(options, AutoMigrationConfig.defaults)
    )
  )

  it.effect("set by code leave the others at their defaults", () =>
    Effect.gen(function* () {
      const options = yield* AutoMigrationConfig.AutoMigrationConfig
      assert.strictEqual(options.mode, "observe")
      assert.strictEqual(options.budget, AutoMigrationConfig.defaults.budget)
    }).pipe(Effect.provide(AutoMigrationConfig.layer({ mode: "observe" })))
  )

  it.effect("set by code are durations and names as Effect's users write them", () =>
    Effect.map(
      Effect.provide(
        AutoMigrationConfig.AutoMigrationConfig,
        AutoMigrationConfig.layer({
          mode: "observe",
          healConstraints: true,
          schema: "my_ledger",
          ledgerOwner: "The Owner",
          policy: Policy.always,
          transaction: "plan",
          budget: 0,
          deadline: Duration.minutes(1),
          lockTimeout: "5 seconds",
          lockRetry: Schedule.forever,
          lease: 10_000,
          breaker: { cap: "1 hour" },
          origin: { _tag: "Folder", path: "db" }
        })
      ),
      (options) =>
        deepStrictEqual(options, {
          mode: "observe",
          healConstraints: true,
          schema: AutoMigrationConfig.SchemaName.make("my_ledger"),
          ledgerOwner: AutoMigrationConfig.RoleName.make("The Owner"),
          policy: Policy.always,
          transaction: "plan",
          budget: 0,
          deadline: Duration.minutes(1),
          lockTimeout: Duration.seconds(5),
          lockRetry: Schedule.forever,
          lease: Duration.seconds(10),
          breaker: { first: AutoMigrationConfig.defaults.breaker.first, cap: Duration.hours(1) },
          origin: { _tag: "Folder", path: "db" }
        })
    )
  )

  const wrong: ReadonlyArray<readonly [given: unknown, option: string, value: string, remedy: string]> = [
    [{ mode: "maybe" }, "mode", "maybe", '"heal" or "observe"'],
    [{ transaction: "none" }, "transaction", "none", '"migration" or "plan"'],
    [{ healConstraints: "yes" }, "healConstraints", "yes", "true or false"],
    [{ schema: "My Ledger" }, "schema", "My Ledger", "lower-case letters"],
    [{ schema: "" }, "schema", "", "lower-case letters"],
    [{ ledgerOwner: "a\u0000" }, "ledgerOwner", "a\\u{0}", "without control characters"],
    [{ budget: 1.5 }, "budget", "1.5", "a whole number"],
    [{ deadline: "soon" }, "deadline", "soon", '"5 seconds"'],
    [{ lockTimeout: Number.NaN }, "lockTimeout", "NaN", '"5 seconds"'],
    [{ lease: "-5 seconds" }, "lease", "-5 seconds", '"5 seconds"'],
    [{ breaker: { first: -1 } }, "breaker.first", "-1", '"5 seconds"'],
    [{ breaker: { cap: {} } }, "breaker.cap", "{}", '"5 seconds"']
  ]

  for (const [given, option, value, remedy] of wrong) {
    it.effect(`fail their layer where ${option} is ${value}`, () =>
      Effect.gen(function* () {
        const layer: ReturnType<typeof AutoMigrationConfig.layer> = Reflect.apply(
          AutoMigrationConfig.layer,
          undefined,
          [given]
        )
        const error = yield* Effect.flip(Effect.provide(Effect.void, layer))
        assert.instanceOf(error, AutoMigrationError.InvalidOption)
        for (const part of [`The option ${option} cannot be ${value}. `, remedy]) assert.include(error.message, part)
      })
    )
  }

  it("have the types of Effect's own options", () => {
    expectTypeOf(AutoMigrationConfig.layer({})).toEqualTypeOf<Layer.Layer<never, AutoMigrationError.InvalidOption>>()
    expectTypeOf<AutoMigrationConfig.OptionsInput["lockTimeout"]>().toEqualTypeOf<Duration.DurationInput | undefined>()
    expectTypeOf<Partial<AutoMigrationConfig.Options>>().toExtend<AutoMigrationConfig.OptionsInput>()
    // @ts-expect-error A mode is one of two words.
    AutoMigrationConfig.layer({ mode: "maybe" })
    // @ts-expect-error A duration has a unit of time.
    AutoMigrationConfig.layer({ lockTimeout: "5 parsecs" })
    // @ts-expect-error An option has no other name.
    AutoMigrationConfig.layer({ lockTimeuot: "5 seconds" })
  })

  it.effect("come from the environment", () =>
    Effect.gen(function* () {
      const options = yield* from({
        AUTO_MIGRATION_MODE: "observe",
        AUTO_MIGRATION_HEAL_CONSTRAINTS: "true",
        AUTO_MIGRATION_SCHEMA: "ledger_2",
        AUTO_MIGRATION_LEDGER_OWNER: "The Owner",
        AUTO_MIGRATION_TRANSACTION: "plan",
        AUTO_MIGRATION_BUDGET: "3",
        AUTO_MIGRATION_DEADLINE: "5 seconds",
        AUTO_MIGRATION_LOCK_TIMEOUT: "250 millis",
        AUTO_MIGRATION_LEASE: "10 seconds"
      })
      deepStrictEqual(
        { ...options, policy: undefined, lockRetry: undefined, breaker: undefined },
        {
          mode: "observe",
          healConstraints: true,
          schema: AutoMigrationConfig.SchemaName.make("ledger_2"),
          ledgerOwner: AutoMigrationConfig.RoleName.make("The Owner"),
          transaction: "plan",
          budget: 3,
          deadline: Duration.seconds(5),
          lockTimeout: Duration.millis(250),
          lease: Duration.seconds(10),
          policy: undefined,
          lockRetry: undefined,
          breaker: undefined,
          origin: undefined
        }
      )
    })
  )

  it.effect("from an empty environment are the defaults", () =>
    Effect.map(from({}), (options) => deepStrictEqual(options, AutoMigrationConfig.defaults))
  )

  for (const [name, value] of [
    ["AUTO_MIGRATION_MODE", "maybe"],
    ["AUTO_MIGRATION_SCHEMA", "Robert'); DROP TABLE students"],
    ["AUTO_MIGRATION_LEDGER_OWNER", "ä".repeat(32)],
    ["AUTO_MIGRATION_BUDGET", "-1"],
    ["AUTO_MIGRATION_DEADLINE", "soon"]
  ] as const) {
    it.effect(`reject ${name}=${value} with a ConfigError that names it`, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(from({ [name]: value }))
        assert.isTrue(Exit.isFailure(exit))
        assert.match(String(exit), new RegExp(name.replace("AUTO_MIGRATION_", "")))
      })
    )
  }
})

describe("the default pauses between two requests for a lock", () => {
  /** The pauses of a process with this random seed, in milliseconds. */
  const pauses = (seed: number) =>
    Schedule.run(Schedule.delays(AutoMigrationConfig.defaults.lockRetry), 0, Array.from({ length: 8 })).pipe(
      Effect.withRandom(Random.make(seed)),
      Effect.map((delays) => Chunk.toReadonlyArray(delays).map(Duration.toMillis))
    )

  it.effect("begin with 50 ms and grow threefold up to a second, within a fifth", () =>
    Effect.gen(function* () {
      for (const seed of [1, 2, 3]) {
        const found = yield* pauses(seed)
        const expected = [50, 150, 450, 1000, 1000, 1000, 1000, 1000]
        assert.strictEqual(found.length, expected.length)
        for (const [n, about] of expected.entries()) {
          assert.isAtLeast(found[n] ?? 0, 0.8 * about - 1)
          assert.isAtMost(found[n] ?? 0, 1.2 * about + 1)
        }
      }
    })
  )

  it.effect("differ between processes, so that two processes do not collide each time", () =>
    Effect.gen(function* () {
      const [one, other] = yield* Effect.all([pauses(1), pauses(2)])
      for (const [n, pause] of one.entries()) assert.notStrictEqual(pause, other[n])
    })
  )
})
