/**
 * A folder that another party can write to: what is in it may be no file, without end, or elsewhere.
 */
import { execFileSync } from "node:child_process"
import fs, { symlink, truncate, writeFile } from "node:fs/promises"
import { syncBuiltinESMExports } from "node:module"
import { createServer } from "node:net"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as SqlParser from "../../src/runtime/SqlParser.js"
import * as MigrationSource from "../../src/source/MigrationSource.js"
import { folderOf } from "../support/program/MigrationFolder.js"

const loadFrom = (root: string, options?: MigrationSource.FolderOptions) =>
  Effect.provide(MigrationSource.loadMigrations, MigrationSource.layerDirectory(root, options))

/** Why a folder is not read. A folder that is read has no error to compare, and its migrations would be long to print. */
const errorFrom = (root: string, options?: MigrationSource.FolderOptions) =>
  Effect.flip(Effect.flatMap(loadFrom(root, options), () => Effect.dieMessage("the folder was read")))

const plain = { "001_users.sql": "CREATE TABLE users (id integer)" }

/** What stands in the place of a file, and the error about it. */
const places: Readonly<
  Record<string, readonly [put: (path: string, root: string) => Promise<unknown>, reason: RegExp]>
> = {
  "a pipe, which never ends": [
    async (path) => execFileSync("mkfifo", [path]),
    /002\.sql: it is a pipe, a socket or a device/
  ],
  "a socket": [
    (path) =>
      new Promise((resolve) =>
        createServer()
          .listen(path, () => resolve(undefined))
          .unref()
      ),
    /002\.sql: it is a pipe, a socket or a device/
  ],
  "a link to a device without end": [(path) => symlink("/dev/zero", path), /002\.sql: it is a link out of the folder/],
  "a link to a file of the system": [
    (path) => symlink("/etc/passwd", path),
    /002\.sql: it is a link out of the folder/
  ],
  "a link through a folder inside": [
    async (path, root) => {
      await symlink(join(root, "..", ".."), join(root, "up"))
      await symlink("up/etc/passwd", path)
    },
    /it is a link out of the folder/
  ],
  "a link to a folder whose name begins like that of the migrations": [
    async (path, root) => {
      execFileSync("mkdir", ["-p", `${root}2`])
      await writeFile(`${root}2/a.sql`, "SELECT 1")
      await symlink(`${root}2/a.sql`, path)
    },
    /002\.sql: it is a link out of the folder/
  ],
  "a file of more than 16 MB": [
    async (path) => {
      await writeFile(path, "")
      await truncate(path, 16 * 1024 * 1024 + 1)
    },
    /002\.sql: it is larger than 16777216 bytes\. .*maxFileSize/
  ],
  "a file that says it has more bytes than the memory": [
    async (path) => {
      await writeFile(path, "")
      await truncate(path, 2 ** 40)
    },
    /002\.sql: it is larger than 16777216 bytes/
  ]
}

/** Node's own function, as each module that imports it finds it. */
const replaceRealpath = (other: (path: string) => Promise<string>) =>
  Effect.sync(() => {
    Object.assign(fs, { realpath: other })
    syncBuiltinESMExports()
  })

layer(SqlParser.layer)("a folder", (it) => {
  describe("in which a file's place is taken by", () => {
    for (const [what, [put, reason]] of Object.entries(places)) {
      it.scoped(`${what}, is MigrationUnreadable`, () =>
        Effect.gen(function* () {
          const root = yield* folderOf(plain)
          yield* Effect.promise(() => put(join(root, "002.sql"), root))
          const error = yield* errorFrom(root)
          assert.strictEqual(error._tag, "MigrationUnreadable")
          assert.match(error.message, reason)
        })
      )
    }
  })

  it.scoped("in which a link takes a file's place while it is read is not read through the link", () =>
    Effect.gen(function* () {
      const root = yield* folderOf({ ...plain, "002.sql": "SELECT 1" })
      const outside = join(yield* folderOf({ "secret.sql": "SELECT 'secret'" }), "secret.sql")
      const { realpath } = fs
      yield* Effect.acquireRelease(
        replaceRealpath(async (path) => {
          const real = await realpath(path)
          if (real.endsWith("002.sql")) {
            await fs.unlink(real)
            await symlink(outside, real)
          }
          return real
        }),
        () => replaceRealpath(realpath)
      )
      strictEqual((yield* errorFrom(root))._tag, "MigrationUnreadable")
    })
  )

  it.scoped("is read with files up to the size that an option gives", () =>
    Effect.gen(function* () {
      const root = yield* folderOf(plain)
      const { length } = plain["001_users.sql"]
      deepStrictEqual((yield* loadFrom(root, { maxFileSize: length })).length, 1)
      const error = yield* errorFrom(root, { maxFileSize: length - 1 })
      assert.include(error.message, `it is larger than ${length - 1} bytes`)
    })
  )

  describe("in which a name holds", () => {
    const names = {
      "an escape code": "001_\u001b[2J",
      "a C1 control": "001_\u009b2J",
      "a character that turns the direction of text": "001_\u202egpj",
      "an isolate": "001_\u2066a",
      "a zero-width space": "001_use\u200brs",
      "a soft hyphen": "001_use\u00adrs",
      "a filler": "001_\u3164",
      "an end of line": "001_\u2028a"
    }
    for (const [what, name] of Object.entries(names)) {
      it.scoped(`${what} is MigrationUnreadable, and the error shows the character as its code`, () =>
        Effect.gen(function* () {
          const error = yield* errorFrom(yield* folderOf({ [`${name}.sql`]: "SELECT 1" }))
          assert.strictEqual(error._tag, "MigrationUnreadable")
          assert.match(error.message, /\\u\{[0-9a-f]+\}/)
          assert.notMatch(error.message, /[\p{Cc}\p{Cf}\p{Zl}\u3164]/u)
        })
      )
    }
  })
})
