/**
 * Reads a folder of migrations from disk: what is one, under which id, and what is none and why.
 *
 * @internal
 */
import type { Dirent } from "node:fs"
import { readdir, readFile, stat } from "node:fs/promises"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Order from "effect/Order"
import * as Predicate from "effect/Predicate"
import { InvalidEncoding, MigrationUnreadable } from "./core/AutoMigrationError.js"
import * as MigrationName from "./core/MigrationName.js"
import * as Utf8 from "./core/Utf8.js"

/** A file of SQL that is a migration. @since 0.1.0 @category models */
export interface SqlFile {
  readonly id: string
  readonly path: string
  readonly text: string
}

/** What lies beside the migrations and is none, and why. @since 0.1.0 @category models */
export interface Ignored {
  readonly path: string
  readonly reason: string
}

/** @since 0.1.0 @category models */
export interface Folder {
  readonly files: ReadonlyArray<SqlFile>
  readonly ignored: ReadonlyArray<Ignored>
}

/**
 * Files side by side, and the `migration.sql` of each sub-folder; links are followed. Fails with `MigrationUnreadable` for
 * what cannot be read and with `InvalidEncoding` for what is not UTF-8.
 *
 * @since 0.1.0
 * @category operations
 */
export const read = (folder: string | URL): Effect.Effect<Folder, MigrationUnreadable | InvalidEncoding> => {
  const root = typeof folder === "string" ? folder : fromWorkingDirectory(fileURLToPath(folder))
  return Effect.gen(function* () {
    const entries = Arr.sort(yield* reading(root, () => readdir(root, { withFileTypes: true })), byName)
    const siblings = entries.map((entry) => entry.name)
    const judged = yield* Effect.forEach(entries, (entry) => judge(root, entry, siblings), { concurrency })
    const [ignored, named] = Arr.separate(judged)
    return { files: yield* Effect.forEach(named, readText, { concurrency }), ignored }
  })
}

/** Errors and the ledger name files; below the working directory they do so alike on every machine. */
const fromWorkingDirectory = (path: string): string => {
  const below = relative(process.cwd(), path)
  return below.startsWith("..") ? path : below
}

/** So many files are open at once, whatever the size of the folder. */
const concurrency = 16

const byName: Order.Order<Dirent> = Order.mapInput(Order.string, (entry: Dirent) => entry.name)

interface Named {
  readonly id: string
  readonly path: string
}

const judge = (
  root: string,
  entry: Dirent,
  siblings: ReadonlyArray<string>
): Effect.Effect<Either.Either<Named, Ignored>> => {
  const own = join(root, entry.name)
  const inner = join(own, "migration.sql")
  const file = Either.mapBoth(MigrationName.idFrom(entry.name, siblings), {
    onLeft: (reason): Ignored => ({ path: own, reason }),
    onRight: (id): Named => ({ id, path: own })
  })
  return Effect.map(kindOf(entry, own, inner), (kind) => {
    switch (kind) {
      case "file":
        return file
      case "migration folder":
        return Either.right({ id: entry.name, path: inner })
      case "other":
        return Either.left({ path: own, reason: "it is neither a file nor a folder with a migration.sql" })
    }
  })
}

type Kind = "file" | "migration folder" | "other"

/** A link that leads nowhere counts as a file, so that reading it says so. */
const kindOf = (entry: Dirent, own: string, inner: string): Effect.Effect<Kind> =>
  Effect.promise(async () => {
    const target = entry.isSymbolicLink() ? await stat(own).catch(() => undefined) : entry
    if (target === undefined || target.isFile()) return "file"
    return target.isDirectory() && (await mayExist(inner)) ? "migration folder" : "other"
  })

/** What is there and may not be looked at must not pass for absent. */
const mayExist = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error) => codeOf(error) !== "ENOENT"
  )

const readText = ({ id, path }: Named): Effect.Effect<SqlFile, MigrationUnreadable | InvalidEncoding> =>
  Effect.flatMap(
    reading(path, () => readFile(path)),
    (bytes) =>
      Either.mapBoth(Utf8.decode(bytes), {
        onLeft: ({ byteOffset, line }) => new InvalidEncoding({ file: path, line, byteOffset }),
        onRight: (text) => ({ id, path, text })
      })
  )

const reading = <A>(path: string, read: () => Promise<A>): Effect.Effect<A, MigrationUnreadable> =>
  Effect.tryPromise({ try: read, catch: (error) => new MigrationUnreadable({ path, reason: reasonOf(error) }) })

const reasonOf = (error: unknown): string => reasonByCode.get(codeOf(error)) ?? String(error)

const codeOf = (error: unknown): unknown => (Predicate.hasProperty(error, "code") ? error.code : undefined)

const reasonByCode: ReadonlyMap<unknown, string> = new Map([
  ["ENOENT", "it does not exist"],
  ["EACCES", "this process may not read it"],
  ["EPERM", "this process may not read it"],
  ["ENOTDIR", "it is not a folder"],
  ["EISDIR", "it is a folder"],
  ["ELOOP", "its links lead back to it"]
])
