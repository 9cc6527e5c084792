/**
 * Reads a folder of migrations from disk: the paths of its files, and the texts that its layout may ask for.
 *
 * @internal
 */
import { readdir, readFile, realpath, stat } from "node:fs/promises"
import { basename, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import {
  InvalidEncoding,
  type MigrationDefinitionError,
  MigrationUnreadable
} from "../core/error/AutoMigrationError.js"
import * as Layout from "../core/layout/Layout.js"
import type { Arrangement, Unreadable } from "../core/layout/Listing.js"
import type { NameOrder } from "../core/layout/NameOrder.js"
import * as Utf8 from "../core/text/Utf8.js"
import { hashes } from "./Hashes.js"

/**
 * The migrations of a folder. Links are followed. Fails with `MigrationUnreadable` for a folder or file that cannot be read, with
 * `InvalidEncoding` for a file that is not UTF-8, and with the errors of `Layout.arrange`.
 *
 * @since 0.1.0
 * @category operations
 */
export const read = (
  folder: string | URL,
  order: Option.Option<NameOrder>
): Effect.Effect<Arrangement, MigrationDefinitionError> => {
  const named = typeof folder === "string" ? folder : fromWorkingDirectory(fileURLToPath(folder))
  return Effect.gen(function* () {
    const root = (yield* isScriptsOfSqitch(named)) ? join(named, "..") : named
    const paths = [...(yield* filesIn(root, "", []))].sort()
    const texts = yield* Effect.forEach(
      paths.filter(Layout.isRead),
      (path) => Effect.map(Effect.either(textOf(join(root, path))), (text) => [path, text] as const),
      { concurrency }
    )
    const textByPath: ReadonlyMap<string, Either.Either<string, Unreadable>> = new Map(texts)
    const text = (path: string) => textByPath.get(path) ?? Either.left(missing(join(root, path)))
    return yield* Layout.arrange({ paths, text, nameOf: (path) => join(root, path), hashes }, order)
  })
}

/** Whether a folder is Sqitch's `deploy`: the plan beside it gives the order of its scripts. */
const isScriptsOfSqitch = (folder: string): Effect.Effect<boolean> =>
  basename(resolve(folder)) === "deploy"
    ? Effect.promise(() =>
        stat(join(folder, "..", "sqitch.plan")).then(
          (plan) => plan.isFile(),
          () => false
        )
      )
    : Effect.succeed(false)

/** A path relative to the working directory, if it is below it: errors and the ledger then name files alike on every machine. */
const fromWorkingDirectory = (path: string): string => {
  const below = relative(process.cwd(), path)
  return below.startsWith("..") ? path : below
}

/** The number of files that are open at once. */
const concurrency = 16

/**
 * The paths below a folder, with `/` between folders. Hidden folders and `node_modules` are listed but not searched. A link back to one
 * of the folders around it (`around`, as real paths) is not followed.
 */
const filesIn = (
  root: string,
  folder: string,
  around: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, MigrationUnreadable> =>
  Effect.gen(function* () {
    const own = join(root, folder)
    const entries = yield* reading(own, () => readdir(own, { withFileTypes: true }))
    const real = yield* reading(own, () => realpath(own))
    if (around.includes(real)) return []
    const found = yield* Effect.forEach(
      entries,
      (entry) => {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`
        if (entry.name.startsWith(".") || entry.name === "node_modules") return Effect.succeed([path])
        return Effect.flatMap(isFolder(entry, join(root, path)), (isOne) =>
          isOne ? filesIn(root, path, [...around, real]) : Effect.succeed([path])
        )
      },
      { concurrency }
    )
    return found.flat()
  })

/** Whether an entry is a folder or a link to one. A broken link counts as a file, so that reading it fails with its path. */
const isFolder = (
  entry: { readonly isSymbolicLink: () => boolean; readonly isDirectory: () => boolean },
  path: string
): Effect.Effect<boolean> =>
  entry.isSymbolicLink()
    ? Effect.promise(() =>
        stat(path).then(
          (target) => target.isDirectory(),
          () => false
        )
      )
    : Effect.succeed(entry.isDirectory())

const textOf = (path: string): Effect.Effect<string, Unreadable> =>
  Effect.flatMap(
    reading(path, () => readFile(path)),
    (bytes) =>
      Either.mapLeft(
        Utf8.decode(bytes),
        ({ byteOffset, line }) => new InvalidEncoding({ file: path, line, byteOffset })
      )
  )

const reading = <A>(path: string, read: () => Promise<A>): Effect.Effect<A, MigrationUnreadable> =>
  Effect.tryPromise({ try: read, catch: (error) => new MigrationUnreadable({ path, reason: reasonOf(error) }) })

const missing = (path: string): MigrationUnreadable => new MigrationUnreadable({ path, reason: "it does not exist" })

const reasonOf = (error: unknown): string => {
  const code = Predicate.hasProperty(error, "code") ? error.code : undefined
  return reasonByCode.get(code) ?? String(error)
}

const reasonByCode: ReadonlyMap<unknown, string> = new Map([
  ["ENOENT", "it does not exist"],
  ["EACCES", "this process may not read it"],
  ["EPERM", "this process may not read it"],
  ["ENOTDIR", "it is not a folder"],
  ["EISDIR", "it is a folder"],
  ["ELOOP", "its links lead back to it"]
])
