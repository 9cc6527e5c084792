/**
 * A lease whose taker is interrupted at that moment.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { AutoMigration } from "effect-auto-migration"
import { inProgram, kinds } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Pause from "../../support/server/Pause.js"
import { during } from "../../support/server/Until.js"

const migrations = {
  "001_log": "CREATE TABLE log (what text);",
  "002_outside": "-- transaction: none\nINSERT INTO log VALUES ('once');"
}

/** Makes the server wait for the gate in the `COMMIT` that takes a lease. */
const slowCommit = `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
  $$ BEGIN ${Pause.loop} RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON auto_migration.lease DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION wait()`

describe("a process that is interrupted while it takes a lease", () => {
  it.scopedLive("gives it back, and leaves no doubt about a statement that was never sent", () =>
    inProgram({ migrations }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_log"])
        yield* Pause.closeGate(url)
        yield* Database.query(url, slowCommit)
        const migrating = yield* Effect.fork(AutoMigration.migrate)
        yield* during(migrating, Pause.untilSleeping(url))
        yield* Fiber.interruptFork(migrating)
        yield* Pause.openGate(url)
        yield* Fiber.await(migrating)
        const lease = "SELECT expires_at <= clock_timestamp() AS over, in_doubt FROM auto_migration.lease"
        deepStrictEqual(yield* Database.query(url, lease), [{ over: true, in_doubt: "nothing" }])
        deepStrictEqual<ReadonlyArray<string>>(yield* AutoMigration.migrate, ["002_outside"])
        deepStrictEqual(yield* Database.query(url, "SELECT what FROM log"), [{ what: "once" }])
        deepStrictEqual((yield* kinds).at(-1), "Applied 002_outside")
      })
    )
  )
})
