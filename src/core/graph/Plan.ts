/**
 * A plan: a non-empty, ordered list of migrations. It is the smallest one that closes a gap, or holds all pending migrations.
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
import * as DeclaredRoutine from "../model/DeclaredRoutine.js"
import type { Risk } from "../model/Risk.js"
import * as SchemaObject from "../model/SchemaObject.js"
import { location } from "../text/Location.js"
import { isHidden } from "../text/Visible.js"

/**
 * Why a step is in the plan. `provider`: it provides a missing object. `writer`: it writes a table of the failing statement.
 * `ancestor`: another step waits for it. `pending`: it is not applied, and the plan was made ahead of time.
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
  /** In the order of the graph. */
  readonly steps: Arr.NonEmptyReadonlyArray<Step>
  /**
   * The objects that the gap's provider promises, with schema and table as it spells them. At least one of them must be missing in the
   * catalog before the plan runs. Empty for a plan made ahead of time.
   */
  readonly targets: ReadonlyArray<SchemaObject.SchemaObject>
  /** The applied migrations that the steps wait for. The plan is outdated if the ledger no longer has one of them. */
  readonly prerequisites: ReadonlyArray<Migration.MigrationId>
}

/**
 * How steps commit. `migration`: each in a transaction of its own, as its author tested it. `plan`: all in one transaction where
 * PostgreSQL can do that.
 *
 * @since 0.1.0
 * @category models
 */
export type Grouping = "migration" | "plan"

/**
 * Steps that commit together, or one step that runs outside transactions.
 *
 * @since 0.1.0
 * @category models
 */
export interface Group {
  readonly steps: Arr.NonEmptyReadonlyArray<Step>
  readonly transaction: "own" | "none"
  /** Why this group does not share the transaction of the group before it. `None` for the first group and with `"migration"`. */
  readonly because: Option.Option<string>
}

/** A risk of one step that its migration does not consent to. @since 0.1.0 @category models */
export interface StepRisk {
  readonly migration: Migration.Migration
  readonly risk: Risk
}

/**
 * How the command line is called. No other file spells it.
 *
 * @since 0.1.0
 * @category rendering
 */
export const commandName = "npx effect-auto-migration"

/** @since 0.1.0 @category queries */
export const ids = (plan: Pick<Plan, "steps">): Arr.NonEmptyReadonlyArray<Migration.MigrationId> =>
  Arr.map(plan.steps, (step) => step.migration.id)

/**
 * The risks of all steps, in the order of the steps, without those that `-- accept:` consents to.
 *
 * @since 0.1.0
 * @category queries
 */
export const risks = (plan: Pick<Plan, "steps">): ReadonlyArray<StepRisk> =>
  plan.steps.flatMap(({ migration }) => risksOf(migration).map((risk) => ({ migration, risk })))

/** The risks of one migration, without those that it consents to. @since 0.1.0 @category queries */
export const risksOf = (migration: Migration.Migration): ReadonlyArray<Risk> =>
  Migration.risks(migration).filter((risk) => !migration.accepts.includes(risk.kind))

/**
 * Groups the steps that commit together. With `"plan"` a new group begins at a migration that cannot share the transaction, and says
 * why: the migration uses an enum value that a step of the group has added (the server refuses that before the commit, 55P04), begins
 * or ends transactions by itself, sets the mode of its transaction, or runs outside transactions.
 *
 * @since 0.1.0
 * @category queries
 */
export const groups = (plan: Plan, grouping: Grouping): Arr.NonEmptyReadonlyArray<Group> => {
  const [first, ...rest] = plan.steps
  const done = Arr.of(begin(first, Option.none()))
  for (const step of rest) {
    const current = Arr.lastNonEmpty(done)
    const because = grouping === "plan" ? reasonToSplit(current, step.migration) : Option.none()
    if (grouping === "plan" && Option.isNone(because)) add(current, step)
    else done.push(begin(step, because))
  }
  return done
}

/**
 * Renders a risk in one line: file and line as editors link them, the kind, the object, the statement, and whether the file consents.
 *
 * @since 0.1.0
 * @category rendering
 */
export const renderRisk = ({ migration, risk }: StepRisk): string => {
  const { kind, line, relation, statement, declared } = risk
  const about = Option.match(relation, {
    onNone: () => "",
    onSome: (name) => ` of ${SchemaObject.render(SchemaObject.relation(name))}`
  })
  const condition = Option.match(declared, {
    onNone: () => "",
    onSome: (routine) => ` unless the database has it as ${DeclaredRoutine.files(routine)} says`
  })
  const consent = migration.accepts.includes(kind) ? " (accepted by the file)" : ""
  return `${location(migration.source, line)}: ${kind}${about}${condition}: ${statement}${consent}`
}

/**
 * Renders a plan for people: a line for each step with its file, its reason and the server version that it needs, a line for each of its
 * risks, and the warnings.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { PgClient } from "@effect/sql-pg"
 * import { AutoMigration, AutoMigrationLive, MigrationSource, Plan } from "effect-auto-migration"
 * import { Config, Effect, Layer, Option } from "effect"
 *
 * const Live = AutoMigrationLive.pipe(
 *   Layer.provide(MigrationSource.layerRecord({ "001_users": "CREATE TABLE users (id integer)" })),
 *   Layer.provide(PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") }))
 * )
 *
 * const plan = await Effect.runPromise(Effect.provide(AutoMigration.plan, Live))
 * assert.deepEqual(Option.getOrThrow(Option.map(plan, Plan.ids)), ["001_users"])
 * assert.ok(Option.getOrThrow(Option.map(plan, Plan.render)).includes("001_users"))
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (plan: Plan): string => {
  const heading =
    plan.targets.length === 0 ? "Everything pending" : `To bring ${plan.targets.map(SchemaObject.render).join(", ")}`
  const lines = plan.steps.flatMap(({ migration, reason }, index) => {
    const riskLines = Migration.risks(migration)
      .filter(isShown(migration))
      .map((risk) => `   ${renderRisk({ migration, risk })}`)
    const needs = migration.footprint.versionRequirements.map(
      ({ feature, line, since }) => `PostgreSQL ${since} for ${feature} in line ${line}`
    )
    const note = needs.length === 0 ? "" : `; needs ${needs.join(", ")}`
    return [`${index + 1}. ${migration.id} (${migration.source}): ${textByReason[reason]}${note}`, ...riskLines]
  })
  const warnings = MigrationWarning.of(plan.steps.map(({ migration }) => migration))
  return [`${heading}:`, ...lines, ...warnings.map((warning) => `warning: ${MigrationWarning.render(warning)}`)].join(
    "\n"
  )
}

/** Hides risks about a body that the file itself makes: the server checks it, and the reader has it at hand. */
const isShown =
  ({ source }: Migration.Migration) =>
  ({ declared }: Risk): boolean =>
    Option.isNone(declared) || declared.value.bodies.some(({ file }) => file !== source)

/**
 * The shell command that applies the plan. Ids are quoted where a shell would change them.
 *
 * @since 0.1.0
 * @category rendering
 */
export const command = (plan: Plan): string =>
  plan.targets.length === 0 ? `${commandName} migrate` : commandFor("migrate", ids(plan))

/**
 * The shell command that passes ids to a command of the command line.
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

const textByReason: Readonly<Record<Reason, string>> = {
  provider: "provides what is missing",
  writer: "writes a table of the statement",
  ancestor: "comes before those",
  pending: "is pending"
}

/**
 * Quotes a word for a POSIX shell, if it needs quotes. No character is special inside single quotes, and a single quote cannot
 * stand there. A character that a terminal does not show is written as its code (`$'…'`).
 *
 * @since 0.1.0
 * @category rendering
 */
export const shellWord = (text: string): string => {
  if (isHidden(text)) return `$'${[...text].map(shellCode).join("")}'`
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

const shellCode = (character: string): string => {
  if (character === "'" || character === "\\") return `\\${character}`
  const code = character.codePointAt(0)?.toString(16).padStart(8, "0")
  return isHidden(character) ? `\\U${code}` : character
}

/** A group that further steps may join. */
interface OpenGroup extends Group {
  readonly steps: Arr.NonEmptyArray<Step>
  /** By the bare name of an enum that gained a value in this group: the migration that added the value. */
  readonly extendedBy: Map<string, Migration.MigrationId>
}

const begin = (step: Step, because: Option.Option<string>): OpenGroup => {
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

const add = (group: OpenGroup, step: Step): void => {
  group.steps.push(step)
  noteEnums(group, step.migration)
}

/**
 * Notes the enums that gain a value. The values of `CREATE TYPE` can be used at once. A value that is added later cannot, not even if
 * the same transaction made the enum, since PostgreSQL before 17 refuses that as well (`EnumUncommitted` in `pg_enum.c`).
 */
const noteEnums = ({ extendedBy }: OpenGroup, migration: Migration.Migration): void => {
  const { id } = migration
  const { provides } = migration.footprint
  const made = new Set(provides.flatMap((object) => (object._tag === "Type" ? [object.name] : [])))
  for (const object of provides) {
    if (object._tag === "EnumValue" && (!made.has(object.type.name) || mayAddValues(migration))) {
      extendedBy.set(object.type.name, id)
    }
  }
}

/** The footprint does not tell a value of `CREATE TYPE` from an added one, so the text decides. An extra split does no harm. */
const mayAddValues = ({ script }: Migration.Migration): boolean =>
  script._tag === "Sql" && /\bADD\s+VALUE\b/i.test(script.text)

const reasonToSplit = (group: OpenGroup, next: Migration.Migration): Option.Option<string> => {
  const last = Arr.lastNonEmpty(group.steps).migration
  return Option.firstSomeOf([
    Option.map(reasonToStandAlone(next), (reason) => `${next.id} ${reason}`),
    Option.map(reasonToStandAlone(last), (reason) => `${last.id} ${reason}`),
    usesNewValue(group, next)
  ])
}

const reasonToStandAlone = (migration: Migration.Migration): Option.Option<string> =>
  migration.transaction === "none"
    ? Option.some("runs outside transactions")
    : Migration.controlsTransactions(migration)
      ? Option.some("begins or ends transactions by itself")
      : TransactionMode.isStated(migration.mode)
        ? Option.some("says of which kind its transaction is")
        : Option.none()

const usesNewValue = ({ extendedBy }: OpenGroup, { footprint, id }: Migration.Migration): Option.Option<string> =>
  Arr.findFirst(
    extendedBy,
    ([type]) => footprint.barriers.length > 0 || footprint.reads.has(type) || footprint.writes.has(type)
  ).pipe(
    Option.map(
      ([type, adder]) =>
        `${id} may use the value that ${adder} adds to the enum ${type}, which the server allows only after a commit`
    )
  )
