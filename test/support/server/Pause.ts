/**
 * A migration that takes as long as its test wants: it sleeps for the seconds that a table of the test's says, or
 * until the test opens a gate, so that the test ends the wait and no time does, however busy the machine.
 */
import * as Database from "./Database.js"
import { untilFound } from "./Until.js"

/** What the migration runs; {@link lasts} has to be told before. */
export const statement = "SELECT pg_sleep(seconds) FROM pause;"

/** From its next run on, the statement takes that long; 0 is no time at all. Known after a crash of the server too. */
export const lasts = (url: string, seconds: number) =>
  Database.query(
    url,
    "SET synchronous_commit = on",
    "CREATE TABLE IF NOT EXISTS pause (seconds double precision)",
    "DELETE FROM pause",
    `INSERT INTO pause VALUES (${seconds})`
  )

/** Of the session that sleeps now, in this database. */
export const sleeping = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"

/** Waits until the server is in the middle of the statement. */
export const untilSleeping = (url: string) => untilFound(url, sleeping)

/** Waits in PL/pgSQL until the test opens the gate. The test closes the gate before. */
export const loop = "LOOP EXIT WHEN EXISTS (SELECT FROM gate); PERFORM pg_sleep(0.02); END LOOP;"

/** What a migration runs that waits for the gate. */
export const gate = `DO $$ BEGIN ${loop} END $$;`

export const closeGate = (url: string) => Database.query(url, "CREATE TABLE gate (n integer)")

export const openGate = (url: string) => Database.query(url, "INSERT INTO gate VALUES (1)")
