/**
 * Reads a folder of Sqitch's. `sqitch.plan` gives the order and the requirements, `deploy/` holds the scripts; files in `revert/` and
 * `verify/` are not migrations. The id of a change is its name. A reworked change has several versions: the first keeps the name, so
 * that it stays applied when the change is reworked, and the others are `name#2`, `name#3`. Requirements come from the plan alone; the
 * comments that Sqitch's templates write into a script are a copy of it.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { UnknownRequirement } from "../error/MigrationDefinitionError.js"
import {
  type ArrangeError,
  type Arrangement,
  type Entry,
  invalid,
  type Listing,
  type PassedOver,
  passOver,
  read
} from "./Listing.js"
import { type Change, parse, type SqitchPlan } from "./SqitchPlan.js"

const planFile = "sqitch.plan"
const layout = "Sqitch"

/** @since 0.1.0 @category predicates */
export const matches = ({ paths }: Listing): boolean => paths.includes(planFile)

/** @since 0.1.0 @category operations */
export const arrange = (listing: Listing): Either.Either<Arrangement, ArrangeError> =>
  Either.gen(function* () {
    const text = yield* listing.text(planFile)
    const plan = yield* Either.orElse(parse(text), ({ line, reason }) =>
      invalid(layout, listing, planFile)(line, reason, "Correct the plan until sqitch plan accepts it.")
    )
    const versions = versionsOf(plan)
    yield* checkTags(listing, plan, versions)
    const entries = yield* Either.all(versions.map((version) => entryOf(listing, plan, versions, version)))
    const taken = new Set(entries.map(({ path }) => path))
    return {
      layout,
      entries,
      passedOver: listing.paths.filter((path) => !taken.has(path)).map(passedOverFrom),
      warnings: versions.flatMap(({ change }) => otherProjectWarnings(listing, plan, change))
    }
  })

/** One version of a change. */
interface Version {
  readonly change: Change
  readonly index: number
  readonly id: string
  /** The index of the next version of the same change. */
  readonly next: number | undefined
}

const versionsOf = ({ changes }: SqitchPlan): ReadonlyArray<Version> =>
  changes.map((change, index) => {
    const before = changes.slice(0, index).filter(({ name }) => name === change.name).length
    const next = changes.findIndex(({ name }, other) => other > index && name === change.name)
    return {
      change,
      index,
      id: before === 0 ? change.name : `${change.name}#${before + 1}`,
      next: next === -1 ? undefined : next
    }
  })

const entryOf = (
  listing: Listing,
  plan: SqitchPlan,
  versions: ReadonlyArray<Version>,
  version: Version
): Either.Either<Entry, ArrangeError> =>
  Either.gen(function* () {
    const local = version.change.requires.filter((name) => !isOfOtherProject(plan, name))
    const requires = yield* Either.all(
      local.map((requirement) =>
        Either.fromOption(
          resolve(plan, versions, version.index, requirement),
          () =>
            new UnknownRequirement({
              id: version.id,
              file: listing.nameOf(planFile),
              line: version.change.line,
              requirement
            })
        )
      )
    )
    return yield* read(listing)({ id: version.id, path: scriptOf(listing, plan, version), requires })
  })

/** Fails if no tag stands between two versions of a change: they would share one script. */
const checkTags = (
  listing: Listing,
  { changes }: SqitchPlan,
  versions: ReadonlyArray<Version>
): Either.Either<void, ArrangeError> => {
  const untagged = versions.find(
    ({ index, next }) => next !== undefined && changes.slice(index, next).every(({ tags }) => tags.length === 0)
  )
  return untagged === undefined
    ? Either.right(undefined)
    : invalid(layout, listing, planFile)(
        changes[untagged.next ?? untagged.index]?.line ?? 1,
        `the change ${untagged.change.name} comes a second time, and no tag stands between the two`,
        "Tag the plan before a change is reworked, or remove one of the two lines."
      )
}

/** When a change is reworked, Sqitch moves the old script to `name@tag.sql`, named after a tag between the two versions. */
const scriptOf = ({ paths }: Listing, { changes }: SqitchPlan, { change, index, next }: Version): string => {
  if (next === undefined) return `deploy/${change.name}.sql`
  const tags = changes.slice(index, next).flatMap((one) => one.tags)
  const candidates = tags.map((tag) => `deploy/${change.name}${tag}.sql`)
  return candidates.find((path) => paths.includes(path)) ?? candidates[0] ?? ""
}

/** Whether a requirement names another project: `project:change`. */
const isOfOtherProject = ({ project }: SqitchPlan, requirement: string): boolean =>
  requirement.includes(":") && !requirement.startsWith(`${project}:`) && !requirement.startsWith(":")

/** The id that `change`, `change@tag` or `@tag` means: the last version before the requiring change, and not after the tag. */
const resolve = (
  { changes, project }: SqitchPlan,
  versions: ReadonlyArray<Version>,
  index: number,
  requirement: string
): Option.Option<string> => {
  const own = requirement.replace(/^:/, "")
  const [name = "", tag] = (own.startsWith(`${project}:`) ? own.slice(project.length + 1) : own).split("@")
  const until = tag === undefined ? index - 1 : changes.findIndex(({ tags }) => tags.includes(`@${tag}`))
  const found = Arr.findLast(
    versions.slice(0, Math.min(until, index - 1) + 1),
    ({ change }) => name === "" || change.name === name
  )
  return Option.map(found, ({ id }) => id)
}

const otherProjectWarnings = (
  listing: Listing,
  plan: SqitchPlan,
  { line, name, requires }: Change
): ReadonlyArray<string> =>
  requires
    .filter((requirement) => isOfOtherProject(plan, requirement))
    .map(
      (requirement) =>
        `${listing.nameOf(planFile)}:${line}: ${name} requires ${requirement} of another project, which is not read here; deploy that project first.`
    )

const passedOverFrom = (path: string): PassedOver => {
  if (/^(?:revert|verify)\//.test(path)) {
    const reason = path.startsWith("revert/") ? "it undoes a migration" : "it checks a migration"
    return { path, reason, kind: "undo" }
  }
  return passOver(path, "sqitch.plan does not name it")
}
