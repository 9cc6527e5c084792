/**
 * Reads a folder of Flyway's: `V` files in the order of their versions, then `R` files in the order of their descriptions, in any
 * subfolder. It leaves out `U` files, which undo a migration, callbacks, and a baseline (`B`) whose versions are there. A script's own
 * configuration (`V1__users.sql.conf`) decides whether the script runs in a transaction.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import { DuplicateMigrationId } from "../error/MigrationDefinitionError.js"
import { byVersion, type FlywayName, parse, type Version } from "./FlywayName.js"
import { placeholdersIn } from "./FlywayPlaceholder.js"
import {
  type ArrangeError,
  type Arrangement,
  baseName,
  type Chosen,
  type Entry,
  invalid,
  type Listing,
  linesOf,
  type PassedOver,
  passOver,
  read,
  withoutEnding
} from "./Listing.js"

const layout = "Flyway"

/** @since 0.1.0 @category predicates */
export const matches = ({ paths }: Listing): boolean =>
  paths.some((path) => ["V", "R", "B"].includes(parse(path)?.kind ?? ""))

/** @since 0.1.0 @category operations */
export const arrange = (listing: Listing): Either.Either<Arrangement, ArrangeError> =>
  Either.gen(function* () {
    const { repeatable, versioned } = choose(listing.paths)
    yield* checkVersions(listing, versioned)
    const chosen: ReadonlyArray<Chosen> = [
      ...versioned.map(({ path }) => ({ id: idOf(path), path })),
      ...repeatable.map((path): Chosen => ({ id: idOf(path), path, isRepeatable: true }))
    ]
    const results = yield* Either.all(chosen.map((one) => entryOf(listing, one)))
    const taken = new Set(chosen.map(({ path }) => path))
    return {
      layout,
      entries: results.map(({ entry }) => entry),
      passedOver: listing.paths.filter((path) => !taken.has(path)).map((path) => passedOverFrom(path, parse(path))),
      warnings: results.flatMap(({ warnings }) => warnings)
    }
  })

const idOf = (path: string): string => withoutEnding(baseName(path))

interface Versioned {
  readonly path: string
  readonly version: Version
}

const choose = (
  paths: ReadonlyArray<string>
): { readonly versioned: ReadonlyArray<Versioned>; readonly repeatable: ReadonlyArray<string> } => {
  const named = paths.flatMap((path) => {
    const name = parse(path)
    return name === undefined ? [] : [{ path, name }]
  })
  const ofKind = (kind: "V" | "B"): ReadonlyArray<Versioned> =>
    named.flatMap(({ name, path }) => (name.kind === kind ? [{ path, version: name.version }] : []))
  const versions = Arr.sort(ofKind("V"), inOrder)
  const baseline = Arr.last(Arr.sort(ofKind("B"), inOrder)).pipe(
    Option.filter(({ version }) => versions.every((other) => byVersion(other.version, version) > 0))
  )
  const repeatable = named.flatMap(({ name, path }) =>
    name.kind === "R" ? [{ path, description: name.description }] : []
  )
  return {
    versioned: [...Option.toArray(baseline), ...versions],
    repeatable: Arr.sort(repeatable, byDescription).map(({ path }) => path)
  }
}

const inOrder: Order.Order<Versioned> = Order.combine(
  Order.mapInput(byVersion, ({ version }: Versioned) => version),
  Order.mapInput(Order.string, ({ path }: Versioned) => path)
)

const byDescription: Order.Order<{ readonly description: string; readonly path: string }> = Order.combine(
  Order.mapInput(Order.string, ({ description }) => description),
  Order.mapInput(Order.string, ({ path }) => path)
)

const checkVersions = (
  listing: Listing,
  versioned: ReadonlyArray<Versioned>
): Either.Either<void, DuplicateMigrationId> => {
  const at = versioned.findIndex(({ version }, index) => {
    const next = versioned[index + 1]
    return next !== undefined && byVersion(version, next.version) === 0
  })
  const [one, other] = versioned.slice(at, at + 2)
  return at === -1 || one === undefined || other === undefined
    ? Either.right(undefined)
    : Either.left(
        new DuplicateMigrationId({
          id: one.version.join(".") || "0",
          files: [one, other].map(({ path }) => listing.nameOf(path))
        })
      )
}

interface EntryWithWarnings {
  readonly entry: Entry
  readonly warnings: ReadonlyArray<string>
}

const entryOf = (listing: Listing, chosen: Chosen): Either.Either<EntryWithWarnings, ArrangeError> =>
  Either.gen(function* () {
    const configuration = yield* configurationOf(listing, chosen.path)
    const entry = yield* read(listing)({ ...chosen, ...(configuration.isOutside ? { transaction: "none" } : {}) })
    const found = configuration.isReplaced ? placeholdersIn(entry.text) : []
    const first = found.find(({ isQuoted }) => !isQuoted)
    if (first !== undefined) {
      return yield* invalid(layout, listing, chosen.path)(
        first.line,
        `the value of the placeholder ${first.text} is in Flyway's configuration and not in the folder`,
        "Write the value into the file."
      )
    }
    return {
      entry,
      warnings: found.map(
        ({ line, text }) =>
          `${listing.nameOf(chosen.path)}:${line}: ${text} stands in a string and is not replaced, though Flyway would replace it; write the value into the file, or set placeholderReplacement=false in ${baseName(chosen.path)}.conf.`
      )
    }
  })

interface Configuration {
  readonly isOutside: boolean
  readonly isReplaced: boolean
}

const configurationOf = (listing: Listing, script: string): Either.Either<Configuration, ArrangeError> => {
  const path = `${script}.conf`
  if (!listing.paths.includes(path)) return Either.right({ isOutside: false, isReplaced: true })
  return Either.flatMap(listing.text(path), (text) => {
    const lines = linesOf(text).map((line) => /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [])
    const hasSetting = (name: string, value: string) =>
      lines.some(([, key, said]) => key === name && said?.toLowerCase() === value)
    const condition = lines.findIndex(([, key, value]) => key === "shouldExecute" && value !== "true")
    return condition === -1
      ? Either.right({
          isOutside: hasSetting("executeInTransaction", "false"),
          isReplaced: !hasSetting("placeholderReplacement", "false")
        })
      : invalid(layout, listing, path)(
          condition + 1,
          "shouldExecute is a condition that only Flyway evaluates",
          "Remove the line, or move the script elsewhere."
        )
  })
}

const passedOverFrom = (path: string, name: FlywayName | undefined): PassedOver => {
  switch (name?.kind) {
    case "U":
      return { path, reason: "it undoes a migration", kind: "undo" }
    case "B":
      return { path, reason: "it stands for versions that are in the folder", kind: "undo" }
    case "callback":
      return { path, reason: "it is a callback, which only Flyway runs", kind: "unexplained" }
    default:
      return passOver(path, "it is not named as Flyway names a file")
  }
}
