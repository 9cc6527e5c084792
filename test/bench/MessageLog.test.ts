/**
 * What `bench:fire` counts and claims, it reads from the server's log: a reader that finds nothing there would keep every limit.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as MessageLog from "../../bench/fire/MessageLog.js"

const url = "postgresql://localhost/fire"

const line = (session: number, user: string, text: string, name = "effect-auto-migration", database = "fire") =>
  `#${session} ${name} ${database} ${user}# LOG:  statement: ${text}\n`

const heardIn = (...lines: ReadonlyArray<string>) => MessageLog.messages(lines.join(""), url)

describe("the server's log", () => {
  it("gives the messages of the migrations' connections to this database, with their lines", () => {
    const heard = heardIn(
      line(1, "process_0", "BEGIN;\n\tSELECT 1"),
      line(2, "process_0", "SELECT height FROM step_10", "@effect/sql-pg"),
      line(3, "process_1", "SELECT 1", "effect-auto-migration", "another"),
      '#1 effect-auto-migration fire process_0# ERROR:  relation "step_10" does not exist\n'
    )
    deepStrictEqual(heard, [{ session: "1", user: "process_0", text: "BEGIN;\n\tSELECT 1" }])
  })

  it("is counted by user, over all sessions that it has", () => {
    const heard = heardIn(line(1, "process_0", "A"), line(2, "process_0", "B"), line(3, "process_1", "C"))
    deepStrictEqual(
      [...MessageLog.countByUser(heard)],
      [
        ["process_0", 2],
        ["process_1", 1]
      ]
    )
  })

  const work = "CREATE TABLE step_01 (id integer)"

  it("tells who worked: whoever built the ledger, read or waited did not", () => {
    const heard = heardIn(
      line(1, "process_0", "CREATE TABLE auto_migration.event (id integer)"),
      line(2, "process_1", work),
      line(1, "process_0", "COMMIT"),
      line(2, "process_1", "COMMIT"),
      line(3, "process_2", "INSERT INTO step_01 (height) SELECT 1"),
      line(3, "process_2", "ROLLBACK; RESET ALL")
    )
    deepStrictEqual([...MessageLog.workers(heard)], ["process_1", "process_2"])
  })

  it("shows two sessions at work at once, be they of one process", () => {
    for (const other of ["process_0", "process_1"]) {
      assert.throws(
        () =>
          MessageLog.workers(heardIn(line(1, "process_0", work), line(2, other, work), line(1, "process_0", "COMMIT"))),
        "one session works at a time"
      )
    }
  })
})
