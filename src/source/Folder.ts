/**
 * Reads a folder of migrations from disk: the paths of its files, and the texts that its layout may ask for.
 *
 * @internal
 */
import { constants } from "node:fs"
import { type FileHandle, open, readdir, realpath, stat } from "node:fs/promises"
import { basename, join, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
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
 * The migrations of a folder. Links are followed inside the folder. Fails with `MigrationUnreadable` for a folder or file that cannot
 * be read, for a link out of the folder, for a device or a pipe and for a file that is too large, with `InvalidEncoding` for a file
 * that is not UTF-8, and with the errors of `Layout.arrange`.
 *
 * @since 0.1.0
 * @category operations
 */
export const read = (
  folder: string | URL,
  { maxFileSize = defaultMaxFileSize, order }: Options
): Effect.Effect<Arrangement, MigrationDefinitionError> => {
  const named = nameOf(folder)
  return Effect.gen(function* () {
    const root = (yield* isScriptsOfSqitch(named)) ? join(named, "..") : named
    const real = yield* reading(root, () => realpath(root))
    const paths = [...(yield* filesIn(root, "", [], real))].sort()
    const texts = yield* Effect.forEach(
      paths.filter(Layout.isRead),
      (path) =>
        Effect.map(Effect.either(textOf(join(root, path), { real, maxFileSize })), (text) => [path, text] as const),
      { concurrency }
    )
    const textByPath: ReadonlyMap<string, Either.Either<string, Unreadable>> = new Map(texts)
    const text = (path: string) => textByPath.get(path) ?? Either.left(missing(join(root, path)))
    return yield* Layout.arrange(
      { paths, text, nameOf: (path) => join(root, path), hashes },
      Option.fromNullable(order)
    )
  })
}

/** The folder as a path that works in the working directory. @since 0.1.0 @category rendering */
export const nameOf = (folder: string | URL): string =>
  typeof folder === "string" ? folder : fromWorkingDirectory(fileURLToPath(folder))

/** See `MigrationSource.FolderOptions`. @since 0.1.0 @category models */
export interface Options {
  readonly order?: NameOrder
  readonly maxFileSize?: number
}

const defaultMaxFileSize = 16 * 1024 * 1024

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
  around: ReadonlyArray<string>,
  outermost: string
): Effect.Effect<ReadonlyArray<string>, MigrationUnreadable> =>
  Effect.gen(function* () {
    const own = join(root, folder)
    const entries = yield* reading(own, () => readdir(own, { withFileTypes: true }))
    const real = yield* realPathWithin(outermost, own)
    if (around.includes(real)) return []
    const found = yield* Effect.forEach(
      entries,
      (entry) => {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`
        if (entry.name.startsWith(".") || entry.name === "node_modules") return Effect.succeed([path])
        return Effect.flatMap(isFolder(entry, join(root, path)), (isOne) =>
          isOne ? filesIn(root, path, [...around, real], outermost) : Effect.succeed([path])
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

/** The path without links. Fails for one that leads out of the folder. */
const realPathWithin = (folder: string, path: string): Effect.Effect<string, MigrationUnreadable> =>
  Effect.filterOrFail(
    reading(path, () => realpath(path)),
    (real) => real === folder || real.startsWith(folder.endsWith(sep) ? folder : folder + sep),
    () =>
      new MigrationUnreadable({
        path,
        reason: "it is a link out of the folder of migrations",
        remedy: "Put the file into the folder, or name the folder that the link leads to."
      })
  )

interface Bounds {
  /** The folder of migrations, without links. */
  readonly real: string
  readonly maxFileSize: number
}

const textOf = (path: string, bounds: Bounds): Effect.Effect<string, Unreadable> =>
  Effect.flatMap(
    Effect.flatMap(realPathWithin(bounds.real, path), (real) => bytesOf(path, real, bounds)),
    (bytes) =>
      Either.mapLeft(
        Utf8.decode(bytes),
        ({ byteOffset, line }) => new InvalidEncoding({ file: path, line, byteOffset })
      )
  )

/** Does not wait for the other end of a pipe, and follows no link that was put there meanwhile. */
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0)

/** Looks at the file that is open, since its path may name another one by now. */
const bytesOf = (path: string, real: string, { maxFileSize }: Bounds): Effect.Effect<Uint8Array, MigrationUnreadable> =>
  Effect.acquireUseRelease(
    reading(path, () => open(real, openFlags)),
    (file) =>
      Effect.filterOrFail(
        reading(path, () => firstBytes(file, maxFileSize + 1)),
        ({ length }) => length <= maxFileSize,
        () => tooLarge(path, maxFileSize)
      ),
    (file) => Effect.promise(() => file.close())
  )

/** At most so many bytes, also of a file that grows while it is read. */
const firstBytes = async (file: FileHandle, most: number): Promise<Uint8Array> => {
  const found = await file.stat()
  if (!found.isFile()) throw Object.assign(new Error(), { code: "ENOTFILE" })
  const buffer = Buffer.alloc(Math.min(most, found.size + 1))
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length)
    length += bytesRead
    if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length)
  }
}

const tooLarge = (path: string, maxFileSize: number): MigrationUnreadable =>
  new MigrationUnreadable({
    path,
    reason: `it is larger than ${maxFileSize} bytes`,
    remedy: "Split it, load its data another way, or raise maxFileSize of MigrationSource.layerDirectory."
  })

const reading = <A>(path: string, read: () => Promise<A>): Effect.Effect<A, MigrationUnreadable> =>
  Effect.tryPromise({ try: read, catch: (error) => unreadable(path, error) })

const unreadable = (path: string, error: unknown): MigrationUnreadable => {
  const code = Predicate.hasProperty(error, "code") ? error.code : undefined
  return code === "ENXIO" || code === "ENOTFILE"
    ? new MigrationUnreadable({
        path,
        reason: "it is a pipe, a socket or a device",
        remedy: "Put a file in its place, or remove it."
      })
    : new MigrationUnreadable({ path, reason: reasonByCode.get(code) ?? String(error) })
}

const missing = (path: string): MigrationUnreadable => new MigrationUnreadable({ path, reason: "it does not exist" })

const reasonByCode: ReadonlyMap<unknown, string> = new Map([
  ["ENOENT", "it does not exist"],
  ["EACCES", "this process may not read it"],
  ["EPERM", "this process may not read it"],
  ["ENOTDIR", "it is not a folder"],
  ["EISDIR", "it is a folder"],
  ["ELOOP", "its links lead back to it"]
])
