/**
 * Folders of migrations, on disk and in memory.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { AutoMigrationError } from "effect-auto-migration"
import type { Listing } from "../../../src/core/layout/Listing.js"
import { hashes } from "../../../src/source/Hashes.js"

/** Contents by path. */
export type Files = Readonly<Record<string, string | Uint8Array>>

export const write = (root: string, files: Files) =>
  Effect.promise(async () => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), content)
    }
  })

/** Lives as long as the test. */
export const folderOf = (files: Files) =>
  Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "migrations-"))).pipe(Effect.tap((root) => write(root, files))),
    (root) => Effect.promise(() => rm(root, { recursive: true, force: true }))
  )

/** A folder called `m`. */
export const listingOf = (files: Readonly<Record<string, string>>): Listing => {
  const nameOf = (path: string) => (path === "" ? "m" : `m/${path}`)
  return {
    paths: Object.keys(files).sort(),
    text: (path) =>
      Either.fromNullable(
        files[path],
        () => new AutoMigrationError.MigrationUnreadable({ path: nameOf(path), reason: "it does not exist" })
      ),
    nameOf,
    hashes
  }
}
