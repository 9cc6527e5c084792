/**
 * The test kills real processes. `npm run test:deep` kills them before and after each message, and from an empty
 * database.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Crash from "../../support/fleet/Crash.js"
import * as CrashOfHeal from "../../support/fleet/CrashOfHeal.js"
import * as Fleet from "../../support/fleet/Fleet.js"

describe("a process that is killed at any step of a heal", () => {
  it.scopedLive(
    "leaves a state that the next query heals: no migration twice, ledger and catalog in agreement, no session",
    () =>
      Effect.gen(function* () {
        const messages = yield* Crash.everywhere({
          victim: CrashOfHeal.victim(yield* Fleet.build),
          database: CrashOfHeal.prepared,
          sides: ["before"],
          holds: CrashOfHeal.holds
        })
        assert.isAtLeast(messages, 8)
      }),
    600_000
  )
})
