/**
 * What tests of steps outside transactions share: what such a step waits for, and what the server and the ledger show of it.
 */
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import pg from "pg"
import * as Database from "../server/Database.js"

/** A transaction that `CREATE INDEX CONCURRENTLY` waits for, until the effect in the result is run. */
export const blocking = (url: string, statement = "INSERT INTO users VALUES (7, 'x')") =>
  Effect.gen(function* () {
    const client = new pg.Client({ connectionString: url })
    const end = yield* Effect.cached(Effect.promise(() => client.end()))
    client.on("error", () => {})
    yield* Effect.promise(() => client.connect())
    yield* Effect.addFinalizer(() => end)
    yield* Effect.promise(() => client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; ${statement}`))
    return end
  })

export { untilHolds as until } from "../server/Until.js"

export const building = "EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('users_name'))"

export const leaseIsOver = "(SELECT expires_at < clock_timestamp() FROM auto_migration.lease)"

/** The server's side of whoever runs a step, whatever became of the client. */
export const builders =
  "pg_stat_activity WHERE application_name LIKE 'effect-auto-migration %' AND datname = current_database()"

export const index = "SELECT indexrelid, indisvalid FROM pg_index WHERE indexrelid = 'users_name'::regclass"

export const onlyOnce = (log: ReadonlyArray<string>) =>
  deepStrictEqual(
    log.filter((event) => event === "Applied 003_index"),
    ["Applied 003_index"]
  )

export const noLease = (url: string) =>
  Effect.map(Database.query(url, "SELECT * FROM auto_migration.lease"), (rows) => deepStrictEqual(rows, []))
