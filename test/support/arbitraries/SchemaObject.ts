/** Schema objects with names that need every care. */
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import * as TableRule from "../../../src/core/model/TableRule.js"
import * as Identifier from "./Identifier.js"

const optional = <A>(arbitrary: fc.Arbitrary<A>): fc.Arbitrary<A | undefined> =>
  fc.option(arbitrary, { nil: undefined })

/** Few and short, so that two objects are often nearly the same. */
const name = fc.oneof(fc.constantFrom("a", "b", "a.b", 'a"b', '"', "a,b", "A"), Identifier.stored)

export const qualifiedName: fc.Arbitrary<SchemaObject.QualifiedName> = fc
  .tuple(name, optional(name))
  .map(([table, schema]) => SchemaObject.qualifiedName(table, schema))

const types = fc.array(fc.constantFrom("integer", "text[]", 'app."Mo,od"', "a => b"), { maxLength: 3 })

const texts = fc.array(fc.constantFrom('lower("a")', '"a"', '"a" collate b'), { maxLength: 2 })

const arbiter = fc.record({ expressions: texts, classes: texts, conditions: texts }, { requiredKeys: [] })

const byKind: { readonly [K in SchemaObject.SchemaObject["_tag"]]: fc.Arbitrary<SchemaObject.SchemaObject> } = {
  Relation: qualifiedName.map(SchemaObject.relation),
  Column: fc.tuple(name, optional(qualifiedName)).map(([column, table]) => SchemaObject.column(column, table)),
  Routine: fc.tuple(qualifiedName, optional(types)).map(([routine, list]) => SchemaObject.routine(routine, list)),
  Type: qualifiedName.map(SchemaObject.type),
  Schema: name.map(SchemaObject.schema),
  EnumValue: fc.tuple(qualifiedName, name).map(([type, value]) => SchemaObject.enumValue(type, value)),
  Constraint: fc
    .tuple(name, optional(qualifiedName))
    .map(([constraint, table]) => SchemaObject.constraint(constraint, table)),
  ConflictTarget: fc
    .tuple(fc.array(name, { maxLength: 3 }), optional(qualifiedName), arbiter)
    .map(([columns, table, others]) => SchemaObject.conflictTarget(columns, table, others)),
  Collation: qualifiedName.map(SchemaObject.collation),
  Operator: fc.tuple(qualifiedName, optional(types)).map(([operator, list]) => SchemaObject.operator(operator, list)),
  TextSearchConfiguration: qualifiedName.map(SchemaObject.textSearchConfiguration),
  Role: name.map(SchemaObject.role),
  Relaxation: fc
    .tuple(fc.constantFrom(...TableRule.Rule.literals), name, optional(qualifiedName))
    .map(([rule, member, table]) => SchemaObject.relaxation(rule, member, table)),
  Extension: name.map(SchemaObject.extension)
}

export const schemaObject: fc.Arbitrary<SchemaObject.SchemaObject> = fc.oneof(...Object.values(byKind))

/** Two objects that are often equal and often differ in one place. */
export const pair: fc.Arbitrary<readonly [SchemaObject.SchemaObject, SchemaObject.SchemaObject]> = fc.oneof(
  fc.tuple(schemaObject, schemaObject),
  schemaObject.map((object) => [object, { ...object }] as const)
)

export const isQualified = ({ schema }: SchemaObject.QualifiedName): boolean => Option.isSome(schema)
