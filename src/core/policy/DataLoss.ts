/**
 * Finds the statements of a plan that lose data. The files show which statements may; the database tells whether there is data to lose.
 *
 * **Laws**
 *
 * 1. A risk about a relation that exists without a row, or does not exist, loses no data, unless the plan may give that name to
 *    another relation first.
 * 2. A risk about a relation that is not named loses data.
 * 3. A risk that the file accepts with `-- accept: data-loss` is no loss.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Plan from "../graph/Plan.js"
import * as Migration from "../migration/Migration.js"
import type * as SchemaObject from "../model/SchemaObject.js"
import { withheld } from "../text/Redaction.js"
import * as Policy from "./Policy.js"

/**
 * The risks of data loss without consent, in the plan's order.
 *
 * @since 0.1.0
 * @category queries
 */
export const possible = (plan: Plan.Plan): ReadonlyArray<Plan.StepRisk> =>
  Plan.risks(plan).filter(({ risk }) => risk.kind === "data-loss")

/**
 * The questions whose answers {@link real} needs about a plan, each once.
 *
 * @since 0.1.0
 * @category queries
 */
export const questions = (plan: Plan.Plan): ReadonlyArray<Policy.Question> => [
  ...new Map(
    possible(plan)
      .flatMap(({ risk: { lock, reach, relation, declared } }) =>
        Option.toArray(Option.map(relation, (name): Policy.Question => ({ relation: name, reach, lock, declared })))
      )
      .map((question) => [Policy.questionKey(question), question])
  ).values()
]

/**
 * The possible losses of relations that hold rows, or may hold some.
 *
 * @since 0.1.0
 * @category queries
 */
export const real = (plan: Plan.Plan, facts: Policy.Facts): ReadonlyArray<Plan.StepRisk> =>
  possible(plan).filter(({ migration, risk }) =>
    Option.match(risk.relation, {
      onNone: () => true,
      onSome: (relation) => {
        const presence = facts.presence(risk)
        return presence === "rows" || presence === "unknown" || mayGetItsNameFromAnother(plan, migration, relation)
      }
    })
  )

/**
 * Whether a migration up to `last` may rename or move a relation, or a schema, to this name: then the rows are still under the old name.
 * The statement is read as text, since the files may not know the relation. Withheld text may say anything.
 */
const mayGetItsNameFromAnother = (
  { steps }: Plan.Plan,
  last: Migration.Migration,
  { name, schema }: SchemaObject.QualifiedName
): boolean => {
  const names = [name, ...Option.toArray(schema)]
  return steps
    .slice(0, steps.findIndex(({ migration }) => migration === last) + 1)
    .flatMap(({ migration }) => Migration.risks(migration))
    .some(
      ({ kind, statement }) =>
        kind === "incompatible-change" &&
        (statement.includes(withheld) ||
          (/\b(?:rename|set\s+schema)\b/i.test(statement) && names.some((one) => statement.includes(one))))
    )
}
