/**
 * The command line on the real server, with the commands that errors name.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { folderOf, type } from "../../support/program/CommandLine.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const folder = folderOf({
  "001_users": "CREATE TABLE users (id integer);",
  "002_orders": "CREATE TABLE orders (id integer);",
  "003_email": "ALTER TABLE users ADD COLUMN email text;"
})

describe("the executable", () => {
  it("passes its words to the command and ends with its exit code", () => {
    const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url))
    const ended = spawnSync(
      process.execPath,
      ["--import", "tsx", main, "status", "--url", "postgres://127.0.0.1:1/x"],
      {
        encoding: "utf8"
      }
    )
    assert.match(ended.stderr, /migrations: it does not exist|connect/i)
    assert.strictEqual(ended.status, 1)
  })
})

describe("the command line", () => {
  it.scopedLive("applies, lists, records and verifies", () =>
    Effect.gen(function* () {
      const [url, directory] = yield* Effect.all([Server.freshDatabase, folder])
      const typed = (...words: ReadonlyArray<string>) => type([...words, "--folder", directory, "--url", url])
      assert.include((yield* typed("plan")).printed, "003_email")
      deepStrictEqual(yield* typed("migrate", "003_email"), { code: 0, printed: "applied  001_users, 003_email" })
      deepStrictEqual(yield* typed("status"), {
        code: 0,
        printed: "applied  001_users, 003_email\npending  002_orders\nunknown  none\nedited   none"
      })
      deepStrictEqual(yield* typed("baseline", "002_orders", "--unchecked"), {
        code: 0,
        printed: "recorded 002_orders"
      })
      deepStrictEqual(yield* typed("migrate"), { code: 0, printed: "applied  none" })
      deepStrictEqual((yield* typed("plan")).printed, "nothing is pending")
      assert.match((yield* typed("verify")).printed, /^9 events, head [0-9a-f]{64}$/)
      yield* Database.query(
        url,
        "ALTER TABLE auto_migration.event DISABLE TRIGGER append_only",
        "UPDATE auto_migration.event SET migration_id = 'forged' WHERE sequence = 4",
        "ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER append_only"
      )
      deepStrictEqual(yield* typed("verify"), { code: 1, printed: "event 4 does not fit: hash" })
    })
  )

  it.scopedLive("warns in plan and status of pending migrations that will fail as far as the files tell", () =>
    Effect.gen(function* () {
      const [url, directory] = yield* Effect.all([Server.freshDatabase, folder])
      const typed = (...words: ReadonlyArray<string>) => type([...words, "--folder", directory, "--url", url])
      const file = path.join(directory, "004_again.sql")
      yield* Effect.promise(() => fs.writeFile(file, "SELECT 1;\nCREATE TABLE users (id integer);"))
      const warning = `${file}:2: creates relation users, which ${path.join(directory, "001_users.sql")} has created before`
      assert.include((yield* typed("plan")).printed, `\nwarning: ${warning}`)
      assert.include((yield* typed("status")).printed, `\nwarning  ${warning}`)
      assert.strictEqual((yield* typed("migrate", "003_email")).code, 0)
      assert.include((yield* typed("migrate")).printed, "already exists")
      yield* typed("baseline", "004_again")
      assert.notInclude((yield* typed("status")).printed, "warning")
    })
  )

  it.scopedLive("takes the database from the environment and the ledger's schema from an option", () =>
    Effect.gen(function* () {
      const [url, directory] = yield* Effect.all([Server.freshDatabase, folder])
      const words = ["migrate", "--folder", directory, "--schema", "ledger"]
      strictEnd(yield* type(words, { DATABASE_URL: url }), 0, /^applied {2}001_users, 002_orders, 003_email$/)
      deepStrictEqual(yield* Database.query(url, "SELECT count(*)::int AS n FROM ledger.event"), [{ n: 9 }])
    })
  )

  it.scopedLive("takes the order for names that have two", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const root = yield* folderOf({
        "9_users": "CREATE TABLE users (id integer)",
        "10_email": "ALTER TABLE users ADD COLUMN email text"
      })
      const words = ["migrate", "--folder", root, "--url", url]
      strictEnd(
        yield* type(words),
        1,
        /9_users\.sql and .*10_email\.sql have two orders.*--order natural or --order text/
      )
      deepStrictEqual(yield* type([...words, "--order", "natural"]), { code: 0, printed: "applied  9_users, 10_email" })
    })
  )

  for (const [what, words, environment, code, says] of [
    ["no command", [], {}, 2, /No command is given/],
    ["no database", ["status"], {}, 2, /give --url, or set DATABASE_URL/],
    ["a request for help", ["migrate", "--help"], {}, 0, /^Usage: effect-auto-migration <command>/],
    ["a request for help in short", ["-h"], {}, 0, /^Usage: effect-auto-migration <command>/],
    ["an unknown option", ["status", "--fold", "x"], {}, 2, /--fold/],
    ["an option of another command", ["status", "--all"], {}, 2, /"status" takes no --all/],
    [
      "consent to something else",
      ["migrate", "--accept", "opaque"],
      {},
      2,
      /--accept takes data-loss, and not "opaque"/
    ],
    ["ids beside --all", ["baseline", "001", "--all"], { DATABASE_URL: "x" }, 2, /--all takes no ids beside it: 001/],
    [
      "--all and --to",
      ["baseline", "--all", "--to", "1"],
      { DATABASE_URL: "x" },
      2,
      /--all and --to exclude each other/
    ],
    ["one id to rename", ["rename", "001"], { DATABASE_URL: "x" }, 2, /"rename" takes 2 ids/],
    ["three ids to rename", ["rename", "1", "2", "3"], { DATABASE_URL: "x" }, 2, /"rename" takes 2 ids/],
    ["no role's name", ["status", "--ledger-owner", ""], { DATABASE_URL: "x" }, 2, /"" is not a role's name/],
    ["a schema's name that needs quotes", ["status", "--schema", "A B"], { DATABASE_URL: "x" }, 2, /"A B"/],
    ["an order that is none", ["status", "--order", "size"], { DATABASE_URL: "x" }, 2, /--order is natural or text/],
    ["ids where none are taken", ["status", "001"], { DATABASE_URL: "x" }, 2, /takes no ids: 001/],
    ["no ids to run again", ["again"], { DATABASE_URL: "x" }, 2, /No ids are given/],
    ["no ids to record", ["baseline"], { DATABASE_URL: "x" }, 2, /No ids are given/],
    ["a folder that is missing", ["status", "--folder", "nowhere"], "server", 1, /nowhere: it does not exist/],
    ["a server that does not answer", ["status"], { DATABASE_URL: "postgres://127.0.0.1:1/x" }, 1, /connect/],
    ["an unknown command", ["florble"], "server", 2, /no command "florble"/],
    ["an unknown id", ["migrate", "007_none"], "server", 1, /no migration "007_none"/]
  ] as const) {
    it.scopedLive(`given ${what}, names the remedy and ends with ${code}`, () =>
      Effect.gen(function* () {
        const directory = yield* folder
        const given = environment === "server" ? { DATABASE_URL: yield* Server.freshDatabase } : environment
        const inFolder = words.some((word) => word === "--folder") ? words : [...words, "--folder", directory]
        strictEnd(yield* type(inFolder, given), code, says)
      })
    )
  }
})

const strictEnd = (ended: { readonly code: number; readonly printed: string }, code: number, says: RegExp): void => {
  assert.match(ended.printed, says)
  assert.strictEqual(ended.code, code)
}
