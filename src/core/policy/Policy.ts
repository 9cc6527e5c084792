/**
 * Decides whether a plan may run by itself. A policy is a plain function from a plan, and the database's facts about its tables, to a
 * verdict. Policies compose. The default is {@link expandOnly}.
 *
 * **Laws**
 *
 * 1. `and` is associative, and `always` is its identity on either side.
 * 2. `or` is associative, and `never` is its identity on either side, as far as allowing goes.
 * 3. `and` allows exactly what both allow; `or` exactly what one of them allows.
 * 4. If `expandOnly` refuses a plan, it refuses the plan with more steps at its end.
 * 5. If `expandOnly` allows a plan, it allows the plan when more tables are new, or are empty instead of holding rows.
 * 6. Consent covers only the kinds that it names, in the migration that gives it.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type { RefusedRisk } from "../error/AutoMigrationError.js"
import * as Plan from "../graph/Plan.js"
import type { Migration } from "../migration/Migration.js"
import * as DeclaredRoutine from "../model/DeclaredRoutine.js"
import * as HazardKey from "../model/HazardKey.js"
import type { Risk, RiskKind } from "../model/Risk.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as SchemaObject from "../model/SchemaObject.js"

/**
 * The state of an object in the database. `new`: it was not there before the plan. `empty`: it was there and holds no row; types and
 * routines hold none. `rows`: it holds rows. `plain`: the answer to a risk that asks for code, if a new row runs no code of the
 * database's own. `unknown`: the database cannot tell. For a routine whose body the files tell, `new` means that the database has no other
 * body of it.
 *
 * @since 0.1.0
 * @category models
 */
export type Presence = "new" | "empty" | "rows" | "plain" | "unknown"

/**
 * The facts of the database that a policy may ask for. {@link expandOnly} asks only about risks that name an object.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts {
  readonly presence: (risk: Pick<Risk, "relation" | "reach" | "asks" | "declared">) => Presence
}

/** A question to the database about an object, and the lock under which the answer stays true. @since 0.1.0 @category models */
export interface Question extends Pick<Risk, "reach" | "lock" | "asks" | "declared"> {
  readonly relation: QualifiedName
}

/**
 * Why a plan may not run by itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface Refusal {
  readonly migration: Migration
  /** `None` if the whole migration is refused. */
  readonly risk: Option.Option<Risk>
  /** A clause about the statement, such as `it would lose data`. */
  readonly why: string
}

/** @since 0.1.0 @category models */
export type Verdict =
  | { readonly _tag: "Allowed" }
  | { readonly _tag: "Refused"; readonly reasons: Arr.NonEmptyReadonlyArray<Refusal> }

/**
 * Renders a refusal in one line: the file, the line, the statement, and why it may not run.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = ({ migration, risk, why }: Refusal): string =>
  Option.match(risk, {
    onNone: () => `${migration.source}: ${why}`,
    onSome: ({ line, statement }) => `${migration.source}:${line}: ${statement}: ${why}`
  })

/** A refusal as the error of a refused plan holds it. @since 0.1.0 @category conversions */
export const inParts = ({ migration, risk, why }: Refusal): RefusedRisk => {
  const whole = { kind: null, line: null, statement: null }
  const { kind, line, statement } = Option.getOrElse(risk, () => whole)
  return { migrationId: migration.id, file: migration.source, line, statement, kind, why }
}

/** A judgement on a plan. @since 0.1.0 @category models */
export type Policy = (plan: Plan.Plan, facts: Facts) => Verdict

/** @since 0.1.0 @category constructors */
export const allowed: Verdict = { _tag: "Allowed" }

/** @since 0.1.0 @category constructors */
export const refused = (reasons: Arr.NonEmptyReadonlyArray<Refusal>): Verdict => ({ _tag: "Refused", reasons })

/** Allows every plan. @since 0.1.0 @category policies */
export const always: Policy = () => allowed

/** Refuses every plan: migrations are applied by hand, or ahead of time. @since 0.1.0 @category policies */
export const never: Policy = (plan) =>
  refused(
    Arr.map(plan.steps, ({ migration }) => ({ migration, risk: Option.none(), why: "no migration may run by itself" }))
  )

/**
 * Refuses each risk for which the rule gives a reason. The rule never sees a risk that the migration consents to.
 *
 * @example
 * import * as Policy from "effect-auto-migration/Policy"
 * import { Option } from "effect"
 *
 * const keepsData = Policy.refusing(({ risk }) =>
 *   risk.kind === "data-loss" ? Option.some("it would lose data") : Option.none()
 * )
 *
 * @since 0.1.0
 * @category constructors
 */
export const refusing =
  (
    rule: (
      stepRisk: Plan.StepRisk,
      circumstances: { readonly plan: Plan.Plan; readonly facts: Facts }
    ) => Option.Option<string>
  ): Policy =>
  (plan, facts) => {
    const reasons = Plan.risks(plan).flatMap((stepRisk) =>
      Option.toArray(rule(stepRisk, { plan, facts })).map(
        (why): Refusal => ({ migration: stepRisk.migration, risk: Option.some(stepRisk.risk), why })
      )
    )
    return Arr.isNonEmptyReadonlyArray(reasons) ? refused(reasons) : allowed
  }

/**
 * The default policy on the request path: a plan may add to the schema. Without `-- accept:` it may not lose data, rewrite, scan or
 * index a table that is not empty, change privileges, run outside a transaction, or run a statement whose effect cannot be seen. Short
 * locks are allowed, because `lock_timeout` bounds them. Risks about an object that was not there before the plan do not count, because
 * it has no rows and no users. A call of a function is judged by the body in the files, if the database has the same body.
 *
 * @since 0.1.0
 * @category policies
 */
export const expandOnly: Policy = refusing(({ migration, risk }, { facts, plan }) => {
  if (Option.isSome(risk.declared)) {
    const known = isMadeBy(plan, migration, risk.declared.value) ? "new" : facts.presence(risk)
    return known === "new" ? Option.none() : Option.some(unknownBody(risk.declared.value, known))
  }
  const { harmless, why } = rules[risk.kind]
  const isAsked = (harmless === "empty" || harmless === "new" || risk.asks === "code") && Option.isSome(risk.relation)
  const presence = isAsked ? facts.presence(risk) : "unknown"
  const isNew = presence === "new" && !comesByRenaming(plan, migration, risk)
  const isEmptyEnough = presence === "empty" && (harmless === "empty" || risk.isOfRows)
  const isPlain = risk.asks === "code" && presence === "plain"
  const isHarmless = harmless === "always" || (risk.asks === "code" ? isPlain : isNew || isEmptyEnough)
  return isHarmless ? Option.none() : Option.some(why(presence === "unknown" ? "may hold" : "holds"))
})

/** Allows a plan that both policies allow; else refuses it for the reasons of both. @since 0.1.0 @category combinators */
export const and: {
  (that: Policy): (self: Policy) => Policy
  (self: Policy, that: Policy): Policy
} = dual(
  2,
  (self: Policy, that: Policy): Policy =>
    (plan, facts) => {
      const [left, right] = [self(plan, facts), that(plan, facts)]
      if (left._tag === "Allowed") return right
      return right._tag === "Allowed" ? left : refused(Arr.appendAll(left.reasons, right.reasons))
    }
)

/** Allows a plan that one of the policies allows; else refuses it for the reasons of both. @since 0.1.0 @category combinators */
export const or: {
  (that: Policy): (self: Policy) => Policy
  (self: Policy, that: Policy): Policy
} = dual(
  2,
  (self: Policy, that: Policy): Policy =>
    (plan, facts) => {
      const left = self(plan, facts)
      const right = left._tag === "Allowed" ? left : that(plan, facts)
      return left._tag === "Allowed" || right._tag === "Allowed"
        ? allowed
        : refused(Arr.appendAll(left.reasons, right.reasons))
    }
)

/**
 * The questions whose answers {@link expandOnly} needs about a plan, each once, in the plan's order.
 *
 * @since 0.1.0
 * @category queries
 */
export const questions = (plan: Pick<Plan.Plan, "steps">): ReadonlyArray<Question> =>
  distinct(
    Plan.risks(plan).flatMap(({ migration, risk }) =>
      Option.exists(risk.declared, (declared) => isMadeBy(plan, migration, declared)) ? [] : questionOf(risk)
    )
  )

/**
 * The questions about one statement of a migration, the one that begins at `start` (an offset into its text).
 *
 * @since 0.1.0
 * @category queries
 */
export const questionsAt = (migration: Migration, start: number): ReadonlyArray<Question> =>
  distinct(Plan.risksOf(migration).flatMap((risk) => (risk.start === start ? questionOf(risk) : [])))

const questionOf = ({ asks, kind, lock, reach, relation, declared }: Risk): ReadonlyArray<Question> => {
  const { harmless } = rules[kind]
  const matters = harmless === "empty" || harmless === "new" || asks === "code" || Option.isSome(declared)
  const asked = asks === undefined ? {} : { asks }
  return matters ? Option.toArray(relation).map((name) => ({ ...asked, relation: name, reach, lock, declared })) : []
}

/** The key of a question without its lock: two questions with one key have the same answer. @since 0.1.0 @category conversions */
export const questionKey = ({ asks, reach, relation, declared }: Omit<Question, "lock">): string =>
  `${asks ?? "presence"} ${reach} ${Option.match(declared, {
    onNone: () => SchemaObject.key(SchemaObject.relation(relation)),
    onSome: DeclaredRoutine.key
  })}`

const distinct = (all: ReadonlyArray<Question>): ReadonlyArray<Question> => [
  ...new Map(all.map((question) => [`${question.lock} ${questionKey(question)}`, question])).values()
]

interface Rule {
  /** When a risk does not count: always, for an empty table, for an object that was not there before the plan, or never. */
  readonly harmless: "always" | "empty" | "new" | "never"
  readonly why: (holds: "holds" | "may hold") => string
}

const rules: Readonly<Record<RiskKind, Rule>> = {
  "data-loss": { harmless: "new", why: () => "it would lose data" },
  "incompatible-change": {
    harmless: "new",
    why: () => "programs of the previous release may still use the object that it removes or renames"
  },
  "table-rewrite": {
    harmless: "empty",
    why: (holds) => `it would rewrite a table that ${holds} rows, and block all its users meanwhile`
  },
  "table-scan": {
    harmless: "empty",
    why: (holds) => `it would read all rows of a table that ${holds} some, and block all its users meanwhile`
  },
  "blocking-index-build": {
    harmless: "empty",
    why: (holds) => `it would index a table that ${holds} rows, and block all writers meanwhile`
  },
  "validation-scan": {
    harmless: "empty",
    why: (holds) => `it would check all rows of a table that ${holds} some, under a lock`
  },
  "volatile-default": {
    harmless: "empty",
    why: (holds) =>
      `its default would be computed for every row of a table that ${holds} some, which rewrites the table`
  },
  "row-update": { harmless: "empty", why: (holds) => `it would overwrite rows of a table that ${holds} some` },
  "referenced-table-lock": { harmless: "always", why: () => "it would lock the table that it references" },
  "not-transactional": { harmless: "never", why: () => "it cannot be rolled back" },
  "privilege-change": { harmless: "new", why: () => "it would change privileges" },
  opaque: { harmless: "never", why: () => "its effects cannot be seen" }
}

const unknownBody = (declared: DeclaredRoutine.DeclaredRoutine, known: Presence): string =>
  `the database ${known === "unknown" ? "may have" : "has"} another body of the ${declared.kind} ${declared.name.name} than ` +
  `${DeclaredRoutine.files(declared)} says, so its effects cannot be seen: put that body back, bring the new one by a ` +
  `migration, or consent with "-- accept: opaque"`

/**
 * Whether the migration or an earlier step of the plan writes the routine. Then the body changes before the statement runs, and the
 * database is asked right before that statement.
 */
const isMadeBy = (
  plan: Pick<Plan.Plan, "steps">,
  migration: Migration,
  { name }: DeclaredRoutine.DeclaredRoutine
): boolean =>
  upTo(plan, migration).some(({ migration: { footprint } }) => footprint.writes.has(HazardKey.routine(name.name)))

/** The steps up to a migration, with its own. */
const upTo = (plan: Pick<Plan.Plan, "steps">, migration: Migration): ReadonlyArray<Plan.Step> =>
  plan.steps.slice(0, plan.steps.findIndex((step) => step.migration.id === migration.id) + 1)

/** Whether a step up to the migration renames or moves a table to this name: the table was there under its old name. */
const comesByRenaming = (plan: Plan.Plan, migration: Migration, risk: Risk): boolean =>
  Option.exists(risk.relation, (relation) =>
    upTo(plan, migration).some(
      ({ migration: { footprint } }) =>
        footprint.provides.some((object) => object._tag === "Relation" && isSameName(object, relation)) &&
        footprint.removes.some((object) => object._tag === "Relation")
    )
  )

const isSameName = (self: QualifiedName, that: QualifiedName): boolean =>
  self.name === that.name &&
  (Option.isNone(self.schema) || Option.isNone(that.schema) || self.schema.value === that.schema.value)
