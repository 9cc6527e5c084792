/**
 * May a plan run by itself, now? A policy is a plain function from a plan, and what the catalog says of its tables, to a
 * verdict. Policies compose; the default is {@link expandOnly}.
 *
 * **Laws**
 *
 * 1. `and` is associative, and `always` is its identity on either side.
 * 2. `or` is associative, and `never` is its identity on either side, as far as allowing goes.
 * 3. `and` allows exactly what both allow; `or` exactly what one of them allows.
 * 4. What `expandOnly` refuses, it refuses with more steps behind it.
 * 5. What `expandOnly` allows, it allows when more tables are new, or empty in place of holding rows.
 * 6. Consent covers the kinds it names, in the migration that gives it, and nothing else.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Plan from "../graph/Plan.js"
import type { Migration } from "../migration/Migration.js"
import * as HazardKey from "../model/HazardKey.js"
import type { Risk, RiskKind } from "../model/Risk.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as ToldRoutine from "../model/ToldRoutine.js"

/**
 * What the database says of an object before a plan: it is not there (or the plan has made it since), it is there and holds no
 * row, it holds rows, or that cannot be told. Types and routines hold no rows. Of a routine that the files tell, `new` means that
 * the database has no other body of it. Where a risk asks for code, a table is plain if a new row runs none of the database's own.
 *
 * @since 0.1.0
 * @category models
 */
export type Presence = "new" | "empty" | "rows" | "plain" | "unknown"

/**
 * What the database says. {@link expandOnly} asks only about risks that name an object.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts {
  readonly presence: (risk: Pick<Risk, "relation" | "reach" | "asks" | "told">) => Presence
}

/** What there is to ask about an object, and the lock under which the answer lasts. @since 0.1.0 @category models */
export interface Question extends Pick<Risk, "reach" | "lock" | "asks" | "told"> {
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
  /** `None` where the whole migration is refused. */
  readonly risk: Option.Option<Risk>
  /** A clause that goes on from the statement: `it would lose data`. */
  readonly why: string
}

/** @since 0.1.0 @category models */
export type Verdict =
  | { readonly _tag: "Allowed" }
  | { readonly _tag: "Refused"; readonly reasons: Arr.NonEmptyReadonlyArray<Refusal> }

/**
 * One line for an error: the file, the line, the statement, and why it may not run.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = ({ migration, risk, why }: Refusal): string =>
  Option.match(risk, {
    onNone: () => `${migration.source}: ${why}`,
    onSome: ({ line, statement }) => `${migration.source}:${line}: ${statement}: ${why}`
  })

/** A judgement on a plan. @since 0.1.0 @category models */
export type Policy = (plan: Plan.Plan, facts: Facts) => Verdict

/** @since 0.1.0 @category constructors */
export const allowed: Verdict = { _tag: "Allowed" }

/** @since 0.1.0 @category constructors */
export const refused = (reasons: Arr.NonEmptyReadonlyArray<Refusal>): Verdict => ({ _tag: "Refused", reasons })

/** Allows every plan. @since 0.1.0 @category policies */
export const always: Policy = () => allowed

/** Allows none: everything is applied by hand, or ahead of time. @since 0.1.0 @category policies */
export const never: Policy = (plan) =>
  refused(
    Arr.map(plan.steps, ({ migration }) => ({ migration, risk: Option.none(), why: "nothing may run by itself" }))
  )

/**
 * Refuses each risk for which the rule has a reason. Risks that a migration consents to never reach the rule.
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
      danger: Plan.StepRisk,
      circumstances: { readonly plan: Plan.Plan; readonly facts: Facts }
    ) => Option.Option<string>
  ): Policy =>
  (plan, facts) => {
    const reasons = Plan.risks(plan).flatMap((danger) =>
      Option.toArray(rule(danger, { plan, facts })).map(
        (why): Refusal => ({ migration: danger.migration, risk: Option.some(danger.risk), why })
      )
    )
    return Arr.isNonEmptyReadonlyArray(reasons) ? refused(reasons) : allowed
  }

/**
 * The default on the request path: a plan may add to the schema. It may not lose data, rewrite, scan or index a table that is
 * not empty, change privileges, run outside a transaction, or hold what is not understood; unless the migration consents with
 * `-- accept:`. Short locks are no reason: `lock_timeout` bounds them. An object that was not there before the plan has no rows
 * and no users yet, so no risk about it counts. A function is known as far as the database has the body that the files tell.
 *
 * @since 0.1.0
 * @category policies
 */
export const expandOnly: Policy = refusing(({ migration, risk }, { facts, plan }) => {
  if (Option.isSome(risk.told)) {
    const known = isMadeBy(plan, migration, risk.told.value) ? "new" : facts.presence(risk)
    return known === "new" ? Option.none() : Option.some(untold(risk.told.value, known))
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

/** Allows what both allow; refuses for the reasons of both. @since 0.1.0 @category combinators */
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

/** Allows what one of them allows; refuses for the reasons of both. @since 0.1.0 @category combinators */
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
 * What {@link expandOnly} has to know about a plan, each question once and in the plan's order: all that the database is asked.
 *
 * @since 0.1.0
 * @category queries
 */
export const questions = (plan: Pick<Plan.Plan, "steps">): ReadonlyArray<Question> =>
  distinct(
    Plan.risks(plan).flatMap(({ migration, risk }) =>
      Option.exists(risk.told, (told) => isMadeBy(plan, migration, told)) ? [] : questionOf(risk)
    )
  )

/**
 * The same about one statement of a migration, which is the one that begins at `start`.
 *
 * @since 0.1.0
 * @category queries
 */
export const questionsAt = (migration: Migration, start: number): ReadonlyArray<Question> =>
  distinct(Plan.risksOf(migration).flatMap((risk) => (risk.start === start ? questionOf(risk) : [])))

const questionOf = ({ asks, kind, lock, reach, relation, told }: Risk): ReadonlyArray<Question> => {
  const { harmless } = rules[kind]
  const matters = harmless === "empty" || harmless === "new" || asks === "code" || Option.isSome(told)
  const asked = asks === undefined ? {} : { asks }
  return matters ? Option.toArray(relation).map((name) => ({ ...asked, relation: name, reach, lock, told })) : []
}

/** What two questions about one object share. @since 0.1.0 @category conversions */
export const questionKey = ({ asks, reach, relation, told }: Omit<Question, "lock">): string =>
  `${asks ?? "presence"} ${reach} ${Option.match(told, {
    onNone: () => SchemaObject.key(SchemaObject.relation(relation)),
    onSome: ToldRoutine.key
  })}`

const distinct = (all: ReadonlyArray<Question>): ReadonlyArray<Question> => [
  ...new Map(all.map((question) => [`${question.lock} ${questionKey(question)}`, question])).values()
]

interface Rule {
  /** When a risk is none: about an empty table, about an object that was not there before the plan, always or never. */
  readonly harmless: "always" | "empty" | "new" | "never"
  readonly why: (holds: "holds" | "may hold") => string
}

const rules: Readonly<Record<RiskKind, Rule>> = {
  "data-loss": { harmless: "new", why: () => "it would lose data" },
  "incompatible-change": {
    harmless: "new",
    why: () => "programs of the previous release still count on what it takes away or renames"
  },
  "table-rewrite": {
    harmless: "empty",
    why: (holds) => `it would rewrite a table that ${holds} rows, and block all who use it meanwhile`
  },
  "table-scan": {
    harmless: "empty",
    why: (holds) => `it would read all rows of a table that ${holds} some, while nobody else may use it`
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
  "privilege-change": { harmless: "new", why: () => "it would change who may do what" },
  opaque: { harmless: "never", why: () => "it cannot be seen what it would do" }
}

const untold = (told: ToldRoutine.ToldRoutine, known: Presence): string =>
  `the database ${known === "unknown" ? "may have" : "has"} another body of the ${told.kind} ${told.name.name} than ` +
  `${ToldRoutine.files(told)} says, so it cannot be seen what it would do: put that body back, bring the new one by a ` +
  `migration, or consent with "-- accept: opaque"`

/**
 * What a migration writes itself, or one before it in the plan, is another body by then: so it is asked about only right before
 * the statement that runs it.
 */
const isMadeBy = (plan: Pick<Plan.Plan, "steps">, migration: Migration, { name }: ToldRoutine.ToldRoutine): boolean =>
  upTo(plan, migration).some(({ migration: { footprint } }) => footprint.writes.has(HazardKey.routine(name.name)))

/** The steps before a migration, and its own. */
const upTo = (plan: Pick<Plan.Plan, "steps">, migration: Migration): ReadonlyArray<Plan.Step> =>
  plan.steps.slice(0, plan.steps.findIndex((step) => step.migration.id === migration.id) + 1)

/** A migration that renames or moves a table provides the new name, and the table was there under the old one. */
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
