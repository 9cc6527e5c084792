/**
 * Provokes every error that the detectors claim on the real server, with names that need quotes.
 */
import { layer as suite } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Detector from "../../../src/core/detect/Detector.js"
import * as ServerErrors from "../../support/detect/ServerErrors.js"
import * as Server from "../../support/server/Server.js"

suite(Server.layer, { excludeTestServices: true })("an error of the server", (it) => {
  ServerErrors.areRead(it, 12)

  it.effect("a plan older than the schema needs a second try and no migration", () =>
    Effect.gen(function* () {
      const error = yield* ServerErrors.errorOf({
        setup: [
          "CREATE TABLE known (id integer)",
          "PREPARE stale AS SELECT * FROM known",
          "ALTER TABLE known ADD x text"
        ],
        statement: "EXECUTE stale"
      })
      deepStrictEqual(
        Option.map(Detector.detect(error), ({ _tag, sqlState }) => [_tag, String(sqlState)]),
        Option.some(["StalePlan", "0A000"])
      )
    })
  )
})
