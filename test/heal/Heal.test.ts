/**
 * When a heal parses the failed statement, with a database that is never asked.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { MissingObject } from "../../src/core/detect/Detector.js"
import * as Detector from "../../src/core/detect/Detector.js"
import { sqlState } from "../../src/core/detect/SqlState.js"
import * as MigrationGraph from "../../src/core/graph/MigrationGraph.js"
import * as LedgerEvent from "../../src/core/migration/LedgerEvent.js"
import * as Policy from "../../src/core/policy/Policy.js"
import { Catalog } from "../../src/database/Catalog.js"
import * as Findings from "../../src/heal/Findings.js"
import * as Heal from "../../src/heal/Heal.js"
import { Knowledge } from "../../src/runner/Knowledge.js"
import { PlanRunner } from "../../src/runner/PlanRunner.js"
import { defaults } from "../../src/runtime/AutoMigrationConfig.js"
import { column, migration, table } from "../support/arbitraries/Migration.js"

const graph = Either.getOrThrow(
  MigrationGraph.make([migration({ id: "1", provides: [table("users"), column("email", "users")] })])
)

const applied: LedgerEvent.AppliedSet = { ...LedgerEvent.empty, sequence: 1, hash: "one" }

const unasked = Effect.dieMessage("the database was asked")

const gapOf = (object: MissingObject["object"]): MissingObject => ({
  _tag: "MissingObject",
  object,
  qualifier: Option.none(),
  sqlState: Option.getOrThrow(sqlState("42703"))
})

/** The conclusion, and how often the statement was parsed. */
const concluded = Effect.fnUntraced(function* (gap: MissingObject, futile: Findings.Findings<"futile">) {
  let parsed = 0
  const conclusion = yield* Heal.conclude({
    deadline: Duration.seconds(30),
    mode: defaults.mode,
    policy: Policy.expandOnly,
    schema: defaults.schema,
    catalog: Catalog.of({ missing: () => unasked, presence: () => unasked }),
    knowledge: Knowledge.of({
      graph,
      remembered: Effect.succeedSome(applied),
      view: unasked,
      refresh: unasked,
      learn: () => unasked,
      attend: unasked,
      subscribe: unasked
    }),
    runner: PlanRunner.of({
      openWindow: () => unasked,
      openWindows: unasked,
      unlessElsewhere: () => unasked,
      run: () => unasked
    }),
    futile,
    gap,
    occurrence: "first",
    fingerprint: () => ({}),
    links: () => [],
    scope: () => {
      parsed++
      return Option.none()
    },
    caller: "in view",
    onWindow: () => Effect.void
  }).pipe(Effect.exit)
  return { conclusion, parsed }
})

describe("the statement of a failed query is not parsed", () => {
  it.effect("where no migration provides an object of that name", () =>
    Effect.gen(function* () {
      const futile = yield* Findings.make<"futile">()
      for (const object of [table("nowhere"), column("nope"), column("nope", "users"), column("email", "nowhere")]) {
        const { conclusion, parsed } = yield* concluded(gapOf(object), futile)
        deepStrictEqual([conclusion, parsed], [Exit.succeed<Heal.Conclusion>("NotOurs"), 0])
      }
    })
  )

  it.effect("where a retry for the gap was futile", () =>
    Effect.gen(function* () {
      const futile = yield* Findings.make<"futile">()
      const gap = gapOf(column("email"))
      assert.strictEqual((yield* concluded(gap, futile)).parsed, 1)
      yield* futile.record(Detector.key(gap), applied, "futile")
      deepStrictEqual(yield* concluded(gap, futile), {
        conclusion: Exit.succeed<Heal.Conclusion>("NotOurs"),
        parsed: 0
      })
    })
  )
})
