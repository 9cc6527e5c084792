/**
 * The command line on the real server, with the commands that errors name.
 */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as LedgerMigrations from "../../../src/ledger/OwnMigrations.js"
import { folderOf, type } from "../../support/program/CommandLine.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

/** Where no server listens. */
const nowhere = { DATABASE_URL: "postgres://ada:secret@127.0.0.1:1/x" }

const folder = folderOf({
  "001_users": "CREATE TABLE users (id integer);",
  "002_orders": "CREATE TABLE orders (id integer);",
  "003_email": "ALTER TABLE users ADD COLUMN email text;"
})

describe("the command line", () => {
  it.scopedLive("applies, lists, records and verifies", () =>
    Effect.gen(function* () {
      const [url, directory] = yield* Effect.all([Server.freshDatabase, folder])
      const typed = (...words: ReadonlyArray<string>) => type([...words, "--folder", directory, "--url", url])
      assert.include((yield* typed("plan")).printed, "003_email")
      deepStrictEqual(yield* typed("migrate", "003_email"), { code: 0, printed: "applied  001_users, 003_email" })
      const { code, printed } = yield* typed("status")
      deepStrictEqual(
        printed.split("\n").map((line) => line.replace(/ {2,}\S+ \S+ {2}\S+ {2}\S+ m?s$/, "")),
        ["2 applied, 1 pending", "applied  001_users", "applied  003_email", "pending  002_orders"]
      )
      assert.strictEqual(code, 3)
      deepStrictEqual(yield* typed("baseline", "002_orders", "--unchecked"), {
        code: 0,
        printed: "recorded 002_orders"
      })
      deepStrictEqual(yield* typed("migrate"), { code: 0, printed: "applied  none" })
      deepStrictEqual((yield* typed("plan")).printed, "nothing is pending")
      assert.match(
        (yield* typed("verify")).printed,
        new RegExp(`^${LedgerMigrations.ids.length + 3} events, head [0-9a-f]{64}$`)
      )
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
      deepStrictEqual(yield* Database.query(url, "SELECT count(*)::int AS n FROM ledger.event"), [
        { n: LedgerMigrations.ids.length + 3 }
      ])
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
        /9_users\.sql and .*10_email\.sql have two orders[\s\S]*--order natural or --order text/
      )
      deepStrictEqual(yield* type([...words, "--order", "natural"]), { code: 0, printed: "applied  9_users, 10_email" })
    })
  )

  for (const [what, words, environment, code, says] of [
    ["no command", [], {}, 2, /^No command is given. Type effect-auto-migration --help.$/],
    ["no database", ["status"], {}, 2, /^No database is named. Give --url .*, or set DATABASE_URL, or PGHOST/],
    [
      "a request for help",
      ["migrate", "--help"],
      {},
      0,
      /^effect-auto-migration migrate \[options\]\napply all pending/
    ],
    ["a request for help in short", ["-h"], {}, 0, /^effect-auto-migration <command>[\s\S]*\n {2}status {2}/],
    ["an unknown option", ["status", "--fold", "x"], {}, 2, /^There is no option --fold/],
    ["an unknown option beside ids", ["migrate", "--fold"], {}, 2, /^There is no option --fold/],
    ["an option without its value", ["status", "--folder", "x", "--url"], {}, 2, /^--url needs a value/],
    ["an option of another command", ["status", "--all"], {}, 2, /^There is no option --all for this command/],
    ["consent to something else", ["migrate", "--accept", "opaque"], {}, 2, /--accept.*data-loss/],
    ["ids beside --all", ["baseline", "001", "--all"], nowhere, 2, /--all takes no ids beside it: 001/],
    ["--all and --to", ["baseline", "--all", "--to", "1"], nowhere, 2, /--all and --to exclude each other/],
    ["one id to rename", ["rename", "001"], nowhere, 2, /Missing argument <new>/],
    ["three ids to rename", ["rename", "1", "2", "3"], nowhere, 2, /takes no "3"/],
    ["no role's name", ["status", "--ledger-owner", ""], nowhere, 2, /--ledger-owner: "" is not a role's name/],
    ["a schema's name that needs quotes", ["status", "--schema", "A B"], nowhere, 2, /--schema: "A B"/],
    ["an order that is none", ["status", "--order", "size"], nowhere, 2, /--order is natural or text, and not "size"/],
    ["ids where none are taken", ["status", "001"], nowhere, 2, /takes no "001"/],
    ["no ids to run again", ["again"], nowhere, 2, /Missing argument <id>|must be repeated/i],
    ["no ids to record", ["baseline"], nowhere, 2, /No ids are given/],
    ["a variable that is none", ["status"], { ...nowhere, AUTO_MIGRATION_MODE: "x" }, 2, /AUTO_MIGRATION_MODE.*heal/],
    ["an address without a scheme", ["status", "--url", "host/x"], {}, 2, /^--url has no scheme/],
    ["an address of another server", ["status", "--url", "mysql://h/x"], {}, 2, /--url is the address of another kind/],
    ["a folder that is missing", ["status", "--folder", "nowhere"], "server", 1, /nowhere: it does not exist/],
    [
      "a server that does not answer",
      ["status"],
      nowhere,
      1,
      /^ConnectionFailed: Cannot connect to 127.0.0.1, port 1, database "x", user "ada" \(from DATABASE_URL\): no server listens/
    ],
    ["an unknown command", ["florble"], {}, 2, /^There is no command "florble"/],
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
