/**
 * The commands that errors print: they work when they are pasted.
 */
import { describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import { AutoMigrationConfig } from "effect-auto-migration"
import * as CommandLine from "../../src/runtime/CommandLine.js"

const schema = AutoMigrationConfig.defaults.schema
const folder = (path: string): CommandLine.Setting => ({ schema, origin: { _tag: "Folder", path } })
const code: CommandLine.Setting = { schema, origin: { _tag: "Code" } }
const npx = "npx effect-auto-migration"

describe("a command for a folder", () => {
  it("names the folder, its order and the schema where they are not the defaults", () => {
    strictEqual(CommandLine.command(folder("migrations"), "migrate", ["002"]), `${npx} migrate 002`)
    strictEqual(CommandLine.command(folder("./migrations/"), "migrate"), `${npx} migrate`)
    const setting: CommandLine.Setting = {
      schema: AutoMigrationConfig.SchemaName.make("log"),
      origin: { _tag: "Folder", path: "db/own files", order: "text" }
    }
    strictEqual(
      CommandLine.command(setting, "rename", ["001", "it's"]),
      `${npx} rename 001 'it'\\''s' --folder 'db/own files' --order text --schema log`
    )
    strictEqual(
      CommandLine.adopt(setting, { by: "catalog", table: "t", accept: ["edited", "failed"], yes: true }),
      `${npx} adopt --probe --table t --accept edited,failed --yes --folder 'db/own files' --order text --schema log`
    )
  })

  it("ends the options before an id that looks like one", () =>
    strictEqual(CommandLine.command(folder("db"), "migrate", ["-x", "1"]), `${npx} migrate --folder db -- -x 1`))

  it("writes a character that a terminal obeys as its code", () =>
    strictEqual(CommandLine.command(folder("a\u001B'b"), "migrate"), `${npx} migrate --folder $'a\\U0000001b\\'b'`))
})

describe("a call for migrations in code", () => {
  it("is what the program does in place of the command", () => {
    strictEqual(CommandLine.command(code, "migrate"), "AutoMigration.migrate")
    strictEqual(CommandLine.command(code, "migrate", ["001", "002"]), 'AutoMigration.migrateTo(["001", "002"])')
    strictEqual(CommandLine.command(code, "again", ["001"]), 'AutoMigration.migrateAgain(["001"])')
    strictEqual(CommandLine.command(code, "baseline", ["001"]), 'AutoMigration.baseline(["001"])')
    strictEqual(CommandLine.command(code, "rename", ["001", "002"]), 'AutoMigration.rename("001", "002")')
    strictEqual(CommandLine.command(code, "release", ["001"]), 'AutoMigration.release("001")')
    strictEqual(CommandLine.command(code, "rebuild"), "AutoMigration.rebuild")
    strictEqual(
      CommandLine.adopt(code, { table: "t", accept: ["edited"], yes: true }),
      'AutoMigration.adopt({ by: "table", table: "t", accept: ["edited"] })'
    )
  })
})
