/**
 * A process is killed at every step of a heal, before the server gets the message and after it has done it and before the
 * process hears of it; also from an empty database, where the ledger is built on the way, and of steps outside transactions.
 */
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Crash from "../support/fleet/Crash.js"
import * as CrashOfHeal from "../support/fleet/CrashOfHeal.js"
import * as CrashOfStep from "../support/fleet/CrashOfStep.js"
import * as Fleet from "../support/fleet/Fleet.js"
import * as Server from "../support/server/Server.js"

const sides = ["before", "after"] as const

describe("a process that is killed at any step, before and after the server does it", () => {
  for (const [what, database] of [
    ["a heal", CrashOfHeal.prepared],
    ["a heal that builds the ledger", Server.freshDatabase]
  ] as const) {
    it.scopedLive(`of ${what}: the next query heals, and nothing is lost, done twice, or left`, () =>
      Effect.flatMap(Fleet.build, (file) =>
        Crash.everywhere({ victim: CrashOfHeal.victim(file), database, sides, holds: CrashOfHeal.holds })
      )
    )
  }

  for (const { holds, of, victim } of CrashOfStep.cases) {
    it.scopedLive(`of ${of}: the next run goes on where it stopped, and nothing is lost, done twice, or left`, () =>
      Effect.flatMap(Fleet.build, (file) =>
        Crash.everywhere({ victim: victim(file), database: CrashOfStep.prepared, sides, holds })
      )
    )
  }
})
