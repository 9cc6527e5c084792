/**
 * Real processes are killed; `npm run test:deep` does the same before and after each message, and from an empty database.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Crash from "../../support/fleet/Crash.js"
import * as CrashOfHeal from "../../support/fleet/CrashOfHeal.js"
import * as Fleet from "../../support/fleet/Fleet.js"

describe("a process that is killed at any step of a heal", () => {
  it.scopedLive(
    "leaves what the next query heals, nothing applied twice, ledger and catalog in agreement, and no session",
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
