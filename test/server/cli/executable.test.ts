/**
 * The built, bundled file as a process: each command in a pipe, and those that ask or draw on a terminal.
 */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it, layer } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import manifest from "../../../package.json" with { type: "json" }
import * as CommandLine from "../../../src/cli/CommandLine.js"
import { folderOf } from "../../support/program/CommandLine.js"
import * as Executable from "../../support/program/Executable.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

class Bundle extends Context.Tag("effect-auto-migration/test/Bundle")<Bundle, string>() {}

const files = {
  "001_users": "CREATE TABLE users (id integer);",
  "002_email": "ALTER TABLE users ADD COLUMN email text;",
  "003_orders": "CREATE TABLE orders (id integer);"
}

/** A folder and a database, and the bundle in a pipe on them. */
const project = (migrations: Readonly<Record<string, string>> = files) =>
  Effect.gen(function* () {
    const [file, url, folder] = yield* Effect.all([Bundle, Server.freshDatabase, folderOf(migrations)])
    const environment = { DATABASE_URL: url, AUTO_MIGRATION_FOLDER: folder }
    return {
      ...{ url, folder, file, environment },
      piped: (...words: ReadonlyArray<string>) => Executable.inPipe(file, words, environment),
      shown: (...words: ReadonlyArray<string>) => Executable.onTerminal(file, words, environment)
    }
  })

/** What a command is typed with in the test of all commands, in this order, and what its JSON or its error holds. */
const typed: Readonly<Record<string, readonly [words: ReadonlyArray<string>, code: number, holds: string]>> = {
  plan: [["users.email"], 0, '"id":"002_email"'],
  explain: [['ERROR:  column "email" of relation "users" does not exist'], 0, '"outcome":"bring"'],
  migrate: [["002_email"], 0, '"applied":["001_users","002_email"]'],
  baseline: [["003_orders", "--unchecked"], 0, '"recorded":["003_orders"]'],
  status: [[], 3, '"object":"relation orders"'],
  log: [["-n", "1"], 0, '"kind":"Baselined"'],
  verify: [[], 0, '"verified":true'],
  rebuild: [[], 0, '"rebuilt":true'],
  adopt: [["--probe"], 0, '"entries":[]'],
  release: [["001_users"], 1, '"released":false'],
  again: [["001_users"], 0, '"applied":[]'],
  rename: [["001_users", "002_email"], 1, "RenameRefused"],
  lint: [[], 0, '"findings": []'],
  graph: [[], 0, '"state": "applied"'],
  why: [["001_users", "002_email"], 0, '"_tag":"Ordered"'],
  rewrite: [["FOLDER/003_orders.sql"], 1, "It is applied"],
  "check-history": [["--rounds", "1"], 0, "The same schema and rows in 1 other orders"],
  new: [["Add phone"], 0, '004_add_phone.sql"]'],
  completions: [["zsh"], 0, "#compdef"]
}

const withoutJson: ReadonlySet<string> = new Set(["completions", "check-history"])

/** Commands whose JSON is described on a page of its own, or that have none. */
const ofItsOwn: ReadonlySet<string> = new Set(["completions", "graph", "lint", "check-history"])

layer(Layer.scoped(Bundle, Executable.bundle), { excludeTestServices: true, timeout: "5 minutes" })(
  "the bundled command line",
  (it) => {
    it.scoped("runs every command in a pipe, and prints nothing but the result to standard output", () =>
      Effect.gen(function* () {
        const { folder, piped } = yield* project()
        deepStrictEqual(Object.keys(typed).toSorted(), CommandLine.commands.toSorted())
        for (const [command, [words, code, holds]] of Object.entries(typed)) {
          const ended = yield* piped(
            command,
            ...words.map((word) => word.replace("FOLDER", folder)),
            ...(withoutJson.has(command) ? [] : ["--json"])
          )
          assert.include(code === 1 ? `${ended.out}${ended.err}` : ended.out, holds, `${command}: ${ended.err}`)
          strictEqual(ended.code, code, `${command}: ${ended.err}`)
          if (!ofItsOwn.has(command) && ended.out !== "") {
            deepStrictEqual([JSON.parse(ended.out).version, JSON.parse(ended.out).command], [1, command])
          }
        }
      })
    )

    it.scoped("tells its version without the rest of the program", () =>
      Effect.gen(function* () {
        const file = yield* Bundle
        deepStrictEqual(yield* Executable.inPipe(file, ["--version"]), {
          code: 0,
          out: `${manifest.version}\n`,
          err: ""
        })
      })
    )

    it.scoped("reads a server's log from standard input", () =>
      Effect.gen(function* () {
        const { environment, file } = yield* project()
        const log = '2026-01-31 12:00:01 UTC [72] ERROR:  relation "orders" does not exist at character 15\n'
        const { code, out } = yield* Executable.inPipe(file, ["explain"], environment, log)
        assert.include(out, "003_orders")
        strictEqual(code, 0)
      })
    )

    it.scoped(
      "asks at a terminal, shows colours and a line for each migration, and ends with 3 while some are pending",
      () =>
        Effect.gen(function* () {
          const { shown } = yield* project()
          const before = yield* shown("status")
          strictEqual(yield* before.exitCode, 3)
          assert.include(before.shown(), "0 applied, 3 pending")
          assert.include(before.raw(), "\u001b[33mpending")
          const migrate = yield* shown("migrate")
          yield* migrate.until("Apply? [y/N]")
          yield* migrate.type("y\r")
          strictEqual(yield* migrate.exitCode, 0)
          for (const id of Object.keys(files)) assert.match(migrate.shown(), new RegExp(`applied {2}${id} {2}\\d`))
          const plain = yield* shown("status")
          strictEqual(yield* plain.exitCode, 0)
        })
    )

    it.scoped("prints no colour on a terminal where NO_COLOR is set, and colours in a pipe where FORCE_COLOR is", () =>
      Effect.gen(function* () {
        const { environment, file } = yield* project()
        const plain = yield* Executable.onTerminal(file, ["status"], { ...environment, NO_COLOR: "1" })
        yield* plain.exitCode
        assert.notInclude(plain.raw(), "\u001b[33m")
        const colored = yield* Executable.inPipe(file, ["status"], { ...environment, FORCE_COLOR: "1" })
        assert.include(colored.out, "\u001b[33mpending")
      })
    )

    it.scoped("rolls back what runs at Ctrl-C, and says what was applied before", () =>
      Effect.gen(function* () {
        const { shown, url } = yield* project({ ...files, "004_slow": "CREATE TABLE slow (); SELECT pg_sleep(600);" })
        const migrate = yield* shown("migrate", "--yes")
        yield* migrate.until("004_slow")
        yield* migrate.type("\u0003")
        strictEqual(yield* migrate.exitCode, 130)
        assert.include(migrate.shown(), "Interrupted. Applied before that: 001_users, 002_email, 003_orders.")
        deepStrictEqual(
          yield* Database.query(url, "SELECT to_regclass('slow') AS slow, to_regclass('orders') AS orders"),
          [{ slow: null, orders: "orders" }]
        )
      })
    )

    it.scoped("shows on a terminal what a migration waits for", () =>
      Effect.gen(function* () {
        const { shown, url } = yield* project()
        const first = yield* shown("migrate", "001_users", "--yes")
        strictEqual(yield* first.exitCode, 0)
        const session = yield* Database.session(url)
        yield* session("BEGIN; LOCK TABLE users IN ACCESS SHARE MODE")
        const migrate = yield* shown("migrate", "--yes")
        yield* migrate.until("waits for pid")
        yield* session("COMMIT")
        strictEqual(yield* migrate.exitCode, 0)
      })
    )

    it.scoped("names on a terminal who holds the migration lock that it waits for", () =>
      Effect.gen(function* () {
        const { shown, url } = yield* project()
        const first = yield* shown("migrate", "001_users", "--yes")
        strictEqual(yield* first.exitCode, 0)
        const session = yield* Database.session(url)
        yield* session(
          "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('effect-auto-migration/' || 'auto_migration', 0))"
        )
        const migrate = yield* shown("migrate", "--yes")
        yield* migrate.until("Waits for the holder of a lock: ")
        yield* migrate.until("holds the migration lock")
        yield* session("COMMIT")
        strictEqual(yield* migrate.exitCode, 0)
      })
    )

    it.scoped("says what was applied also when a later migration fails", () =>
      Effect.gen(function* () {
        const { piped } = yield* project({ ...files, "004_wrong": "SELECT 1 / 0;" })
        const { code, err, out } = yield* piped("migrate")
        strictEqual(code, 1)
        strictEqual(out, "")
        assert.include(err, "Applied before the failure: 001_users, 002_email, 003_orders.")
        assert.include(err, "004_wrong")
      })
    )

    it.scoped("rewrites a file, and lints it without a finding then", () =>
      Effect.gen(function* () {
        const index = { ...files, "004_index": "CREATE INDEX users_email ON users (email);" }
        const { folder, piped } = yield* project(index)
        const file = path.join(folder, "004_index.sql")
        assert.include((yield* piped("lint", file)).out, "create-index")
        const dry = yield* piped("rewrite", file, "--dry-run")
        assert.include(dry.out, "CREATE INDEX CONCURRENTLY", dry.err)
        const { code, err, out } = yield* piped("rewrite", file)
        strictEqual(code, 0, err)
        assert.include(out, `wrote    ${file}`)
        assert.include((yield* piped("lint", file)).out, "no findings")
        strictEqual((yield* piped("lint", file)).code, 0)
      })
    )

    it.scoped("draws the graph as one page that loads no other file", () =>
      Effect.gen(function* () {
        const { piped } = yield* project()
        const { out } = yield* piped("graph", "--html")
        assert.match(out, /^<!doctype html>/i)
        assert.include(out, "002_email")
        assert.notMatch(out, /<(?:script|link|img)[^>]+(?:src|href)=/)
      })
    )

    it.scoped("follows the log until Ctrl-C", () =>
      Effect.gen(function* () {
        const { piped, shown } = yield* project()
        yield* piped("migrate", "001_users")
        const log = yield* shown("log", "--follow")
        yield* log.until("001_users")
        yield* piped("migrate", "003_orders")
        yield* log.until("003_orders")
        yield* log.type("\u0003")
        strictEqual(yield* log.exitCode, 130)
      })
    )

    it.scoped("shows in the status what was dropped by hand, and ends with 3", () =>
      Effect.gen(function* () {
        const { piped, url } = yield* project()
        yield* piped("migrate")
        yield* Database.query(url, "DROP TABLE orders")
        const { code, out } = yield* piped("status")
        assert.match(out, /^drifted {2}relation orders of 003_orders is missing, applied \d{4}-/m)
        strictEqual(code, 3)
      })
    )

    it.scoped("writes a new file once", () =>
      Effect.gen(function* () {
        const { folder, piped } = yield* project()
        strictEqual((yield* piped("new", "add phone")).code, 0)
        deepStrictEqual(yield* Effect.promise(() => fs.readFile(path.join(folder, "004_add_phone.sql"), "utf8")), "")
        strictEqual((yield* piped("new", "add phone")).out.trim(), path.join(folder, "005_add_phone.sql"))
      })
    )
  }
)

describe("the bundle", () => {
  it("is one file that needs the grammar's package only", () => {
    const external = manifest.scripts.bundle.match(/--external:\S+/g)
    deepStrictEqual(external, ["--external:libpg-query", "--external:pg-native"])
  })
})
