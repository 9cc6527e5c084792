/**
 * Reads migrations that a bundler includes in the program, by the same rules as a folder of these files.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { type MigrationDefinitionError, MigrationUnreadable } from "../core/error/AutoMigrationError.js"
import * as Layout from "../core/layout/Layout.js"
import type { Arrangement } from "../core/layout/Listing.js"
import type { NameOrder } from "../core/layout/NameOrder.js"
import { hashes } from "./Hashes.js"

/** By path: a function that imports the file. @since 0.1.0 @category models */
export type Loaders = Readonly<Record<string, () => Promise<unknown>>>

/**
 * The migrations, with their paths as given. Fails with `MigrationUnreadable` for a file that cannot be imported or is not text, and
 * with the errors of `Layout.arrange`.
 *
 * @since 0.1.0
 * @category operations
 */
export const read = (
  loaderByPath: Loaders,
  order: Option.Option<NameOrder>
): Effect.Effect<Arrangement, MigrationDefinitionError> =>
  Effect.gen(function* () {
    const given = Object.keys(loaderByPath)
    const root = rootOf(given)
    const nameOf = (path: string) => given.find((one) => one.slice(root.length) === path) ?? root + path
    const texts = yield* Effect.forEach(
      Object.entries(loaderByPath).filter(([path]) => Layout.isRead(path.slice(root.length))),
      ([path, load]) =>
        Effect.map(Effect.either(imported(path, load)), (text) => [path.slice(root.length), text] as const)
    )
    const textByPath = new Map(texts)
    const text = (path: string) =>
      textByPath.get(path) ?? Either.left(new MigrationUnreadable({ path: nameOf(path), reason: "it does not exist" }))
    const paths = given.map((path) => path.slice(root.length)).sort()
    return yield* Layout.arrange({ paths, text, nameOf, hashes }, order)
  })

/** The folder above all paths. A folder that is a part of a layout, such as Prisma's `20240101_users/`, stays below it. */
const rootOf = (paths: ReadonlyArray<string>): string => {
  const folders = paths.map(folderOf)
  const [first = "", ...others] = folders
  let root = first
  while (!others.every((folder) => folder.startsWith(root))) root = parentOf(root)
  return root
}

const folderOf = (path: string): string => {
  const own = parentOf(path)
  const name = own.split("/").at(-2)
  const isOfLayout =
    /\/(?:migration|up|down)\.sql$/i.test(path) || /\/(?:committed|deploy|revert|verify|meta)\/[^/]*$/.test(path)
  return isOfLayout && name !== undefined && !/^\.{0,2}$/.test(name) ? parentOf(own) : own
}

/** The folder of a path, with `/` at its end. */
const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/", path.length - 2) + 1)

const imported = (path: string, load: () => Promise<unknown>): Effect.Effect<string, MigrationUnreadable> =>
  Effect.tryPromise({ try: load, catch: (error) => new MigrationUnreadable({ path, reason: String(error) }) }).pipe(
    Effect.map((module) => (Predicate.hasProperty(module, "default") ? module.default : module)),
    Effect.filterOrFail(Predicate.isString, () => new MigrationUnreadable({ path, reason: "it is not text" }))
  )
