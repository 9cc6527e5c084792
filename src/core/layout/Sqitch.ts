/**
 * Sqitch: `sqitch.plan` gives the order and what waits for what, `deploy/` holds the scripts; what `revert/` and `verify/` hold
 * is no migration. A change keeps its name as its id. One that was reworked has several versions: the first keeps the name, so
 * that it stays applied when it is reworked, and the others are `name#2`, `name#3`. Requirements come from the plan alone: the
 * comments that Sqitch's templates write into a script are its copy.
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
      invalid(layout, listing, planFile)(line, reason, "Correct the plan, as sqitch plan would ask.")
    )
    const versions = versionsOf(plan)
    yield* taggedBetween(listing, plan, versions)
    const entries = yield* Either.all(versions.map((version) => entryOf(listing, plan, versions, version)))
    const taken = new Set(entries.map(({ path }) => path))
    return {
      layout,
      entries,
      passedOver: listing.paths.filter((path) => !taken.has(path)).map(judge),
      warnings: versions.flatMap(({ change }) => elsewhere(listing, plan, change))
    }
  })

/** A change in one of its versions. */
interface Version {
  readonly change: Change
  readonly index: number
  readonly id: string
  /** Of the versions of its name, the place of the next. */
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
    const local = version.change.requires.filter((name) => !isElsewhere(plan, name))
    const requires = yield* Either.all(
      local.map((requirement) =>
        Either.fromOption(
          resolved(plan, versions, version.index, requirement),
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

/** Two versions of a change that no tag parts would have one script. */
const taggedBetween = (
  listing: Listing,
  { changes }: SqitchPlan,
  versions: ReadonlyArray<Version>
): Either.Either<void, ArrangeError> => {
  const twice = versions.find(
    ({ index, next }) => next !== undefined && changes.slice(index, next).every(({ tags }) => tags.length === 0)
  )
  return twice === undefined
    ? Either.right(undefined)
    : invalid(layout, listing, planFile)(
        changes[twice.next ?? twice.index]?.line ?? 1,
        `${twice.change.name} is there before, and no tag stands between the two`,
        "Tag the plan before a change is reworked, or remove one of the two lines."
      )
}

/** Before a change is reworked, Sqitch moves its script to `name@tag.sql`, by a tag that stands between the two versions. */
const scriptOf = ({ paths }: Listing, { changes }: SqitchPlan, { change, index, next }: Version): string => {
  if (next === undefined) return `deploy/${change.name}.sql`
  const tags = changes.slice(index, next).flatMap((one) => one.tags)
  const candidates = tags.map((tag) => `deploy/${change.name}${tag}.sql`)
  return candidates.find((path) => paths.includes(path)) ?? candidates[0] ?? ""
}

/** `project:change`, where the project is another one. */
const isElsewhere = ({ project }: SqitchPlan, requirement: string): boolean =>
  requirement.includes(":") && !requirement.startsWith(`${project}:`) && !requirement.startsWith(":")

/** `change`, `change@tag` or `@tag`: the last version before the change that requires it, or as of the tag. */
const resolved = (
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

const elsewhere = (listing: Listing, plan: SqitchPlan, { line, name, requires }: Change): ReadonlyArray<string> =>
  requires
    .filter((requirement) => isElsewhere(plan, requirement))
    .map(
      (requirement) =>
        `${listing.nameOf(planFile)}:${line}: ${name} requires ${requirement} of another project, which is not read here; deploy that one first.`
    )

const judge = (path: string): PassedOver => {
  if (/^(?:revert|verify)\//.test(path)) {
    const reason = path.startsWith("revert/") ? "it undoes a migration" : "it checks a migration"
    return { path, reason, kind: "undo" }
  }
  return passOver(path, "sqitch.plan does not name it")
}
