import { execFileSync } from "node:child_process"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as ChangedFiles from "../../src/source/ChangedFiles.js"
import { folderOf, write } from "../support/program/MigrationFolder.js"

const git = (root: string, ...words: ReadonlyArray<string>): string =>
  execFileSync(
    "git",
    ["-C", root, "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", ...words],
    {
      encoding: "utf8"
    }
  ).trim()

/** A repository with one commit on `main`. */
const repository = (files: Readonly<Record<string, string>>) =>
  Effect.tap(folderOf(files), (root) =>
    Effect.sync(() => {
      git(root, "init", "--quiet", "--initial-branch=main")
      git(root, "add", ".")
      git(root, "commit", "--quiet", "--message=one")
    })
  )

describe("the changed files of a folder", () => {
  it.scoped("are edited, added and untracked ones, and no deleted ones and none beside the folder", () =>
    Effect.gen(function* () {
      const root = yield* repository({ "m/1.sql": "", "m/2.sql": "", "m/3.sql": "", "other.sql": "" })
      yield* write(root, { "m/1.sql": "SELECT 1", "m/4 ü.sql": "", "m/5.sql": "", "other.sql": "SELECT 1" })
      yield* Effect.sync(() => {
        rmSync(join(root, "m/2.sql"))
        git(root, "add", "m/5.sql")
      })
      const changed = yield* ChangedFiles.since(join(root, "m"), "main")
      deepStrictEqual(
        [...changed].toSorted(),
        ["1.sql", "4 ü.sql", "5.sql"].map((file) => join(root, "m", file))
      )
    })
  )

  it.scoped("are those of the branch, and none that changed on the other one since", () =>
    Effect.gen(function* () {
      const root = yield* repository({ "m/1.sql": "", "m/2.sql": "" })
      yield* Effect.sync(() => git(root, "switch", "--quiet", "--create", "feature"))
      yield* write(root, { "m/3.sql": "" })
      yield* Effect.sync(() => {
        git(root, "add", ".")
        git(root, "commit", "--quiet", "--message=two")
        git(root, "switch", "--quiet", "main")
      })
      yield* write(root, { "m/1.sql": "SELECT 1" })
      yield* Effect.sync(() => {
        git(root, "commit", "--quiet", "--all", "--message=three")
        git(root, "switch", "--quiet", "feature")
      })
      deepStrictEqual([...(yield* ChangedFiles.since(join(root, "m"), "main"))], [join(root, "m", "3.sql")])
    })
  )

  it.scoped("are not known for an unknown commit, nor for one that looks like an option", () =>
    Effect.gen(function* () {
      const root = yield* repository({ "m/1.sql": "" })
      for (const ref of ["nowhere", "--output=x"]) {
        const { reason } = yield* Effect.flip(ChangedFiles.since(join(root, "m"), ref))
        strictEqual(reason, "unknown ref")
      }
    })
  )

  it.scoped("are not known outside a repository", () =>
    Effect.gen(function* () {
      const root = yield* folderOf({ "1.sql": "" })
      const { reason } = yield* Effect.flip(ChangedFiles.since(root, "main"))
      strictEqual(reason, "no repository")
    })
  )

  it.scoped("are not known without git", () =>
    Effect.gen(function* () {
      const root = yield* folderOf({ "1.sql": "" })
      const path = process.env["PATH"]
      process.env["PATH"] = root
      const error = yield* Effect.flip(ChangedFiles.since(root, "main")).pipe(
        Effect.ensuring(Effect.sync(() => (process.env["PATH"] = path)))
      )
      strictEqual(error.reason, "no git")
    })
  )
})
