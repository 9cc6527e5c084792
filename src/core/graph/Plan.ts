/**
 * A non-empty, ordered list of migrations: the smallest that closes one gap, or everything that is pending.
 *
 * **Laws**
 *
 * 1. `groups` neither loses, repeats nor reorders a step.
 * 2. With `"migration"` every step commits by itself.
 * 3. A step that cannot share a transaction never does, and every group after the first says why it does not share the one
 *    before it.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as TransactionMode from "../file/TransactionMode.js"
import * as Migration from "../migration/Migration.js"
import * as MigrationWarning from "../migration/MigrationWarning.js"
import type { Risk } from "../model/Risk.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as ToldRoutine from "../model/ToldRoutine.js"
import { location } from "../text/Location.js"

/**
 * Why a step is in the plan: it provides what is missing, it writes a table that the failing statement touches, one of those
 * waits for it, or it is pending and everything was asked for.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason = "provider" | "writer" | "ancestor" | "pending"

/** @since 0.1.0 @category models */
export interface Step {
  readonly migration: Migration.Migration
  readonly reason: Reason
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Plan {
  /** In an order that respects the graph: the source's order wherever the graph allows. */
  readonly steps: Arr.NonEmptyReadonlyArray<Step>
  /**
   * What the gap's provider promises, with schema and table as it spells them: the catalog must lack at least one of these
   * before the plan runs. Empty for a plan made ahead of time.
   */
  readonly closes: ReadonlyArray<SchemaObject.SchemaObject>
  /** What the steps wait for and the applied set had, from which the plan was made: it is outdated on a ledger without one of these. */
  readonly upon: ReadonlyArray<Migration.MigrationId>
}

/**
 * How steps commit: each migration in a transaction of its own, as its author tested it, or the whole plan at once where that
 * is possible.
 *
 * @since 0.1.0
 * @category models
 */
export type Grouping = "migration" | "plan"

/**
 * Steps that commit together, or a single step that runs outside transactions.
 *
 * @since 0.1.0
 * @category models
 */
export interface Group {
  readonly steps: Arr.NonEmptyReadonlyArray<Step>
  readonly transaction: "own" | "none"
  /** With `"plan"`: why this group does not share the transaction of the one before it. */
  readonly because: Option.Option<string>
}

/** A hazard of one step that its migration does not consent to. @since 0.1.0 @category models */
export interface StepRisk {
  readonly migration: Migration.Migration
  readonly risk: Risk
}

/**
 * How the command line is called. The name is spelled here and nowhere else.
 *
 * @since 0.1.0
 * @category rendering
 */
export const commandName = "npx effect-auto-migration"

/** @since 0.1.0 @category queries */
export const ids = (plan: Pick<Plan, "steps">): Arr.NonEmptyReadonlyArray<Migration.MigrationId> =>
  Arr.map(plan.steps, (step) => step.migration.id)

/**
 * What the steps risk, in their order, without what `-- accept:` consents to.
 *
 * @since 0.1.0
 * @category queries
 */
export const risks = (plan: Pick<Plan, "steps">): ReadonlyArray<StepRisk> =>
  plan.steps.flatMap(({ migration }) => risksOf(migration).map((risk) => ({ migration, risk })))

/** The same of one migration. @since 0.1.0 @category queries */
export const risksOf = (migration: Migration.Migration): ReadonlyArray<Risk> =>
  Migration.risks(migration).filter((risk) => !migration.accepts.includes(risk.kind))

/**
 * Which steps commit together. The whole plan in one transaction breaks where a migration uses an enum value that another has
 * just added (the server refuses it until the commit, 55P04), begins or ends transactions by itself, says of which kind its
 * transaction is, or has a statement that cannot run in one at all: there the plan is split, and the group says why.
 *
 * @since 0.1.0
 * @category queries
 */
export const groups = (plan: Plan, grouping: Grouping): Arr.NonEmptyReadonlyArray<Group> => {
  const [first, ...rest] = plan.steps
  const done = Arr.of(open(first, Option.none()))
  for (const step of rest) {
    const current = Arr.lastNonEmpty(done)
    const because = grouping === "plan" ? apart(current, step.migration) : Option.none()
    if (grouping === "plan" && Option.isNone(because)) join(current, step)
    else done.push(open(step, because))
  }
  return done
}

/**
 * One line: file and line as editors link them, the kind of risk, what it is about, the statement, and whether the file consents.
 *
 * @since 0.1.0
 * @category rendering
 */
export const renderRisk = ({ migration, risk }: StepRisk): string => {
  const { kind, line, relation, statement, told } = risk
  const about = Option.match(relation, {
    onNone: () => "",
    onSome: (name) => ` of ${SchemaObject.render(SchemaObject.relation(name))}`
  })
  const condition = Option.match(told, {
    onNone: () => "",
    onSome: (routine) => ` unless the database has it as ${ToldRoutine.files(routine)} says`
  })
  const consent = migration.accepts.includes(kind) ? " (accepted by the file)" : ""
  return `${location(migration.source, line)}: ${kind}${about}${condition}: ${statement}${consent}`
}

/**
 * For people: one line a step, with its file, why it is in the plan and what it needs, followed by a line for each of its risks; then
 * the warnings.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (plan: Plan): string => {
  const heading =
    plan.closes.length === 0 ? "Everything pending" : `To bring ${plan.closes.map(SchemaObject.render).join(", ")}`
  const lines = plan.steps.flatMap(({ migration, reason }, index) => {
    const dangers = Migration.risks(migration)
      .filter(isShown(migration))
      .map((risk) => `   ${renderRisk({ migration, risk })}`)
    const needs = migration.footprint.needs.map(
      ({ feature, line, since }) => `PostgreSQL ${since} for ${feature} in line ${line}`
    )
    const note = needs.length === 0 ? "" : `; needs ${needs.join(", ")}`
    return [`${index + 1}. ${migration.id} (${migration.source}): ${meaning[reason]}${note}`, ...dangers]
  })
  const warnings = MigrationWarning.of(plan.steps.map(({ migration }) => migration))
  return [`${heading}:`, ...lines, ...warnings.map((warning) => `warning: ${MigrationWarning.render(warning)}`)].join(
    "\n"
  )
}

/** A body that the file makes itself is for the server to check, and no news to a person. */
const isShown =
  ({ source }: Migration.Migration) =>
  ({ told }: Risk): boolean =>
    Option.isNone(told) || told.value.bodies.some(({ file }) => file !== source)

/**
 * What a person types into a shell to apply the plan by hand. Ids are quoted where a shell would read them otherwise.
 *
 * @since 0.1.0
 * @category rendering
 */
export const command = (plan: Plan): string =>
  plan.closes.length === 0 ? `${commandName} migrate` : commandFor("migrate", ids(plan))

/**
 * The same for a command that is given ids.
 *
 * @since 0.1.0
 * @category rendering
 */
export const commandFor = (command: string, migrationIds: ReadonlyArray<string>): string =>
  [
    commandName,
    command,
    ...(migrationIds.some((id) => id.startsWith("-")) ? ["--"] : []),
    ...migrationIds.map(shellWord)
  ].join(" ")

const meaning: Readonly<Record<Reason, string>> = {
  provider: "provides what is missing",
  writer: "writes a table of the statement",
  ancestor: "comes before those",
  pending: "is pending"
}

/**
 * A word as a POSIX shell reads it: inside single quotes nothing is special, and a single quote cannot be written.
 *
 * @since 0.1.0
 * @category rendering
 */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** A group that may still grow. */
interface Growing extends Group {
  readonly steps: Arr.NonEmptyArray<Step>
  /** Enums by bare name that gained a value in this group, with the migration that added it. */
  readonly extendedBy: Map<string, Migration.MigrationId>
}

const open = (step: Step, because: Option.Option<string>): Growing => {
  const steps: Arr.NonEmptyArray<Step> = [step]
  const group = {
    steps,
    transaction: step.migration.transaction,
    because,
    extendedBy: new Map()
  }
  noteEnums(group, step.migration)
  return group
}

const join = (group: Growing, step: Step): void => {
  group.steps.push(step)
  noteEnums(group, step.migration)
}

/**
 * The values that an enum is made with can be used at once. One that is added later cannot, be the enum as new as itself:
 * PostgreSQL before 17 makes no difference there (`EnumUncommitted` in `pg_enum.c`).
 */
const noteEnums = ({ extendedBy }: Growing, migration: Migration.Migration): void => {
  const { id } = migration
  const { provides } = migration.footprint
  const made = new Set(provides.flatMap((object) => (object._tag === "Type" ? [object.name] : [])))
  for (const object of provides) {
    if (object._tag === "EnumValue" && (!made.has(object.type.name) || mayAddValues(migration))) {
      extendedBy.set(object.type.name, id)
    }
  }
}

/** A file that makes or renames an enum and adds a value to it provides both alike. One split too many costs nothing. */
const mayAddValues = ({ script }: Migration.Migration): boolean =>
  script._tag === "Sql" && /\bADD\s+VALUE\b/i.test(script.text)

const apart = (group: Growing, next: Migration.Migration): Option.Option<string> => {
  const last = Arr.lastNonEmpty(group.steps).migration
  return Option.firstSomeOf([
    Option.map(alone(next), (reason) => `${next.id} ${reason}`),
    Option.map(alone(last), (reason) => `${last.id} ${reason}`),
    usesNewValue(group, next)
  ])
}

const alone = (migration: Migration.Migration): Option.Option<string> =>
  migration.transaction === "none"
    ? Option.some("runs outside transactions")
    : Migration.controlsTransactions(migration)
      ? Option.some("begins or ends transactions by itself")
      : TransactionMode.isStated(migration.mode)
        ? Option.some("says of which kind its transaction is")
        : Option.none()

const usesNewValue = ({ extendedBy }: Growing, { footprint, id }: Migration.Migration): Option.Option<string> =>
  Arr.findFirst(
    extendedBy,
    ([type]) => footprint.barriers.length > 0 || footprint.reads.has(type) || footprint.writes.has(type)
  ).pipe(
    Option.map(
      ([type, adder]) =>
        `${id} may use the value that ${adder} adds to the enum ${type}, which the server allows only after a commit`
    )
  )
