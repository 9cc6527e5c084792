/**
 * Which statements of a plan lose data. The files tell which ones may; whether there is data to lose is asked of the database.
 *
 * **Laws**
 *
 * 1. A risk about a relation that exists without a row, or does not exist, loses no data, unless the plan may give that name to
 *    another relation first.
 * 2. A risk about a relation that is not named loses data.
 * 3. What the file consents to with `-- accept: data-loss` is no loss.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Migration from "./Migration.js"
import * as Plan from "./Plan.js"
import * as SchemaObject from "./SchemaObject.js"

/**
 * The risks of data loss without consent, in the plan's order.
 *
 * @since 0.1.0
 * @category queries
 */
export const possible = (plan: Plan.Plan): ReadonlyArray<Plan.StepRisk> =>
  Plan.risks(plan).filter(({ risk }) => risk.kind === "data-loss")

/**
 * The relations that {@link real} wants to know about, each once.
 *
 * @since 0.1.0
 * @category queries
 */
export const relations = (risks: ReadonlyArray<Plan.StepRisk>): ReadonlyArray<SchemaObject.QualifiedName> => [
  ...new Map(
    risks.flatMap(({ risk }) => Option.toArray(risk.relation)).map((relation) => [keyOf(relation), relation])
  ).values()
]

/**
 * Those of the possible losses that the database bears out; `occupied` are the relations that hold a row.
 *
 * @since 0.1.0
 * @category queries
 */
export const real = (
  plan: Plan.Plan,
  occupied: ReadonlyArray<SchemaObject.QualifiedName>
): ReadonlyArray<Plan.StepRisk> => {
  const keys = new Set(occupied.map(keyOf))
  return possible(plan).filter(({ migration, risk }) =>
    Option.match(risk.relation, {
      onNone: () => true,
      onSome: (relation) => keys.has(keyOf(relation)) || isNameOfAnother(plan, migration, relation)
    })
  )
}

const keyOf = (relation: SchemaObject.QualifiedName): string => SchemaObject.key(SchemaObject.relation(relation))

/**
 * A migration up to this one may rename or move a relation, or a schema, to that name: the rows that it has then stand elsewhere now.
 * The statement is read as text, since the files need not know the relation.
 */
const isNameOfAnother = (
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
        (statement.endsWith("…") ||
          (/\b(?:rename|set\s+schema)\b/i.test(statement) && names.some((one) => statement.includes(one))))
    )
}
