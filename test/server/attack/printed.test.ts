/**
 * A terminal obeys escape codes, so the command line and the errors print none of those that stand in files, rows and messages of the server.
 */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { AutoMigration } from "effect-auto-migration"
import * as CommandLine from "../../support/program/CommandLine.js"
import { failsWith, holding, inProgram, migrationLock } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const escape = "\u001b[31m\u009b2J\u202e\u200b"
const shown = "\\u{1b}[31m\\u{9b}2J\\u{202e}\\u{200b}"

const hidden = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** A database and a folder that hold the escape code, and the command that meets it. */
const meetings: Readonly<
  Record<string, { readonly file: string; readonly text: string; readonly before?: string; readonly words: string }>
> = {
  "a row that the server quotes": {
    file: "001_code",
    before: `CREATE TABLE t (code text); INSERT INTO t VALUES ('${escape}')`,
    text: "ALTER TABLE t ALTER COLUMN code TYPE integer USING code::integer;",
    words: "migrate"
  },
  "a message that a function raises": {
    file: "001_raise",
    text: `DO $$ BEGIN RAISE EXCEPTION '${escape}'; END $$;`,
    words: "migrate"
  },
  "a name in a file that is not valid SQL": { file: "001_x", text: `SELECT a frm b "${escape}" c d;`, words: "plan" },
  "the name of a file": { file: `001_${escape}`, text: "SELECT 1;", words: "plan" },
  "an object that a plan names": { file: "001_drop", text: `DROP TABLE "${escape}";`, words: "plan" },
  "an id in the ledger that is no file's": {
    file: "001_users",
    text: "CREATE TABLE users (id integer);",
    before: "",
    words: "status"
  },
  "a word of the command": { file: "001_users", text: "SELECT 1;", words: `migrate ${escape}` }
}

describe("a program that meets an escape code in", () => {
  it.scopedLive("a row gets it as the code's characters in the error", () =>
    inProgram(
      {
        migrations: { "001_code": "ALTER TABLE t ALTER COLUMN code TYPE integer USING code::integer;" },
        before: [`CREATE TABLE t (code text); INSERT INTO t VALUES ('${escape}')`]
      },
      () =>
        Effect.map(failsWith("MigrationFailed", AutoMigration.migrate), ({ message }) => {
          assert.notMatch(message, hidden)
          assert.include(message, shown)
        })
    )
  )

  it.scopedLive(
    "the name of the role that holds the migration lock gets it as the code's characters in the status",
    () =>
      inProgram({ migrations: {} }, (url) =>
        Effect.gen(function* () {
          const name = `${new URL(url).pathname.slice(-8)}${escape}`
          const as = new URL(url)
          as.username = encodeURIComponent(name)
          as.password = "secret"
          yield* Effect.acquireRelease(Database.query(url, `CREATE ROLE "${name}" LOGIN PASSWORD 'secret'`), () =>
            Database.query(url, `DROP ROLE "${name}"`)
          )
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* holding(as.href, migrationLock)
              const held = (yield* AutoMigration.status).held.join()
              assert.notMatch(held, hidden)
              assert.include(held, shown)
            })
          )
        })
      )
  )
})

describe("a command that meets an escape code in", () => {
  for (const [where, { before, file, text, words }] of Object.entries(meetings)) {
    it.scopedLive(`${where} prints the code's characters, and not the code`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const folder = yield* CommandLine.folderOf({})
        yield* Effect.promise(() => writeFile(join(folder, `${file}.sql`), text))
        const type = (command: string) => CommandLine.type([...command.split(" "), "--folder", folder, "--url", url])
        if (before === "") {
          yield* type("migrate")
          yield* Database.query(
            url,
            `INSERT INTO auto_migration.event (kind, migration_id, checksum) VALUES ('Applied', 'x${"\u200b\u202e"}y', 'sha256:00')`
          )
        } else if (before !== undefined) yield* Database.query(url, before)
        const { printed } = yield* type(words)
        assert.notMatch(printed, hidden)
        assert.match(printed, /\\u\{/)
        if (before !== "") assert.include(printed, shown)
      })
    )
  }
})
