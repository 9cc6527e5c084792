/**
 * The command `lint`, on a folder and in a repository of git.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { folderOf, type } from "../../support/program/CommandLine.js"

const files = {
  "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text, fax text);",
  "002_fax": "ALTER TABLE users DROP COLUMN fax;",
  "003_name": "CREATE INDEX users_name ON users (name);"
}

describe("lint", () => {
  it.scopedLive("names file, line, rule and the safer way, and ends with 3", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf(files)
      const { code, printed } = yield* type(["lint", "--folder", folder])
      assert.include(printed, `${path.join(folder, "002_fax.sql")}:1:1 error drop-column`)
      assert.include(printed, "CREATE INDEX CONCURRENTLY")
      strictEqual(code, 3)
      strictEqual((yield* type(["lint", "--folder", folder, "--fail-on", "never"])).code, 0)
      const one = yield* type(["lint", path.join(folder, "001_users.sql"), "--folder", folder])
      assert.notInclude(one.printed, "drop-column")
      strictEqual(one.code, 0)
    })
  )

  it.scopedLive("prints annotations, SARIF and JSON", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf(files)
      const as = (format: string) => type(["lint", "--folder", folder, "--format", format])
      assert.match((yield* as("github")).printed, /^::error file=.*002_fax\.sql,line=1,/m)
      strictEqual(JSON.parse((yield* as("sarif")).printed).version, "2.1.0")
      strictEqual(JSON.parse((yield* as("json")).printed).version, 1)
    })
  )

  it.scopedLive("looks only at what changed since a commit", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf({ "001_users": files["001_users"], "002_fax": files["002_fax"] })
      const git = (...words: ReadonlyArray<string>) =>
        execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...words], { cwd: folder, stdio: "pipe" })
      git("init", "-q")
      git("add", ".")
      git("commit", "-qm", "one")
      yield* Effect.promise(() => fs.writeFile(path.join(folder, "003_name.sql"), files["003_name"]))
      const { printed } = yield* type(["lint", "--folder", folder, "--since", "HEAD"])
      assert.include(printed, "003_name.sql")
      assert.notInclude(printed, "002_fax.sql")
      const unknown = yield* type(["lint", "--folder", folder, "--since", "nowhere"])
      assert.include(unknown.printed, "Git knows no commit nowhere")
      strictEqual(unknown.code, 1)
    })
  )
})
