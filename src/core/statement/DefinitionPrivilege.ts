/**
 * The privileges that a statement of a migration requires: `CREATE` on the schema of a new object, ownership of a
 * changed object, and a privilege on each object that a definition refers to. `CREATE TABLE app.t (…)` requires
 * `CREATE` and `USAGE` on `app`.
 *
 * Source: PostgreSQL manual, section 5.8, Privileges, and the notes of each statement.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node, RangeVar } from "@pgsql/types"
import * as Option from "effect/Option"
import { isRecord } from "effect/Predicate"
import { type QualifiedName, qualifiedName } from "../model/SchemaObject.js"
import { mentionsOf } from "../sql/Mentions.js"
import type { Parser } from "../sql/ParsedSql.js"
import { isBuiltIn } from "../sql/ParsedType.js"
import { bodyOfBlock } from "../sql/RoutineBody.js"
import {
  type Body,
  isNode,
  nameOfNodes,
  nameOfObject,
  nameOfRangeVar,
  nameOfStrings,
  optionNamed,
  optionText,
  partsOfObject,
  type StatementTag,
  stringsOf
} from "../sql/SyntaxTree.js"
import { callsOf, ofQuery, owner, type RequiredPrivilege, required } from "./Privilege.js"

type Privileges = ReadonlyArray<RequiredPrivilege>

type Rule<K extends StatementTag> = (statement: Body<K>, parser: Parser) => Privileges

/**
 * The privileges that a statement of a script requires; empty for an unknown statement.
 *
 * @since 0.1.0
 * @category operations
 */
export const ofStatement = (parser: Parser, node: Node): Privileges => {
  for (const key in node) {
    if (isRuled(key)) return byRule(parser, key, node)
  }
  return ofQuery(node)
}

const isRuled = (key: string): key is keyof typeof rules => key in rules

const byRule = <K extends keyof typeof rules & StatementTag>(parser: Parser, key: K, node: Node): Privileges => {
  const rule: Rule<K> | undefined = rules[key]
  return rule !== undefined && has(node, key) ? rule(node[key], parser) : []
}

const has = <K extends StatementTag>(node: Node, key: K): node is Extract<Node, { readonly [_ in K]: unknown }> =>
  key in node

const creating = (name: QualifiedName): Privileges =>
  Option.match(name.schema, {
    onNone: () => [required("schema", "CREATE")],
    onSome: (schema) => ["CREATE", "USAGE"].map((privilege) => required("schema", privilege, qualifiedName(schema)))
  })

const creatingRelation = (range: RangeVar | undefined): Privileges =>
  range?.relpersistence === "t" ? [required("database", "TEMPORARY")] : creating(nameOfRangeVar(range))

const owning = (range: RangeVar | undefined): RequiredPrivilege => owner("relation", nameOfRangeVar(range))

const superuser: RequiredPrivilege = required("role", "SUPERUSER")

/** Privileges on the types of a definition, the functions in its expressions and the tables of its foreign keys. */
const using = (definition: unknown): Privileges => {
  const mentions = mentionsOf(definition)
  return [
    ...mentions.types.flatMap((name) =>
      isBuiltIn([...Option.toArray(name.schema), name.name]) ? [] : [required("type", "USAGE", name)]
    ),
    ...callsOf(mentions),
    ...referencing(definition)
  ]
}

const referencing = (value: unknown): Privileges => {
  if (Array.isArray(value)) return value.flatMap(referencing)
  if (!isRecord(value)) return []
  const inside = Object.values(value).flatMap(referencing)
  if (!isNode(value) || !("Constraint" in value) || value.Constraint.pktable === undefined) return inside
  const { pk_attrs, pktable } = value.Constraint
  const columns = pk_attrs === undefined ? null : stringsOf(pk_attrs)
  return [...inside, required("relation", "REFERENCES", nameOfRangeVar(pktable), columns)]
}

const relations: ReadonlySet<string> = new Set(
  ["TABLE", "VIEW", "MATVIEW", "SEQUENCE", "INDEX", "FOREIGN_TABLE"].map((kind) => `OBJECT_${kind}`)
)

const partsOfRelations: ReadonlySet<string> = new Set(
  ["COLUMN", "TABCONSTRAINT", "TRIGGER", "POLICY", "RULE"].map((kind) => `OBJECT_${kind}`)
)

const routines: ReadonlySet<string> = new Set(
  ["FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE"].map((kind) => `OBJECT_${kind}`)
)

const types: ReadonlySet<string> = new Set(["TYPE", "DOMAIN"].map((kind) => `OBJECT_${kind}`))

const owningObject = (kind: string | undefined, range: RangeVar | undefined, object: Node | undefined): Privileges => {
  if (range !== undefined) return [kind === "OBJECT_TYPE" ? owner("type", nameOfRangeVar(range)) : owning(range)]
  if (kind === undefined) return []
  if (relations.has(kind)) return [owner("relation", nameOfObject(object))]
  if (partsOfRelations.has(kind)) return [owner("relation", nameOfStrings(partsOfObject(object).slice(0, -1)))]
  if (routines.has(kind)) return [owner("routine", nameOfObject(object))]
  if (types.has(kind)) return [owner("type", nameOfObject(object))]
  return kind === "OBJECT_SCHEMA" ? [owner("schema", nameOfObject(object))] : []
}

const languageOf = (options: ReadonlyArray<Node> | undefined, otherwise: string): RequiredPrivilege =>
  required(
    "language",
    "USAGE",
    qualifiedName(Option.getOrElse(optionText(optionNamed(options, "language")), () => otherwise))
  )

const onlySuperuser = (): Privileges => [superuser]

const rangesOf = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<RangeVar> =>
  (nodes ?? []).flatMap((node) => ("RangeVar" in node ? [node.RangeVar] : []))

const rules: { readonly [K in StatementTag]?: Rule<K> } = {
  AlterDomainStmt: ({ def, typeName }) => [owner("type", nameOfNodes(typeName)), ...using(def)],
  AlterEnumStmt: ({ typeName }) => [owner("type", nameOfNodes(typeName))],
  AlterFunctionStmt: ({ func }) => [owner("routine", nameOfNodes(func?.objname))],
  AlterObjectSchemaStmt: ({ newschema, object, objectType, relation }) => [
    ...owningObject(objectType, relation, object),
    required("schema", "CREATE", qualifiedName(newschema ?? ""))
  ],
  AlterOwnerStmt: ({ object, objectType, relation }) => owningObject(objectType, relation, object),
  AlterPolicyStmt: ({ table }) => [owning(table)],
  AlterRoleStmt: () => [required("role", "CREATEROLE")],
  AlterSeqStmt: ({ sequence }) => [owning(sequence)],
  AlterSystemStmt: onlySuperuser,
  AlterTableStmt: ({ cmds, objtype, relation }) => [...owningObject(objtype, relation, undefined), ...using(cmds)],
  AlterTypeStmt: ({ typeName }) => [owner("type", nameOfNodes(typeName))],
  CommentStmt: ({ object, objtype }) => owningObject(objtype, undefined, object),
  CompositeTypeStmt: ({ coldeflist, typevar }) => [...creating(nameOfRangeVar(typevar)), ...using(coldeflist)],
  CreateDomainStmt: (statement) => [...creating(nameOfNodes(statement.domainname)), ...using(Object.values(statement))],
  CreateEnumStmt: ({ typeName }) => [...creating(nameOfNodes(typeName))],
  CreateEventTrigStmt: onlySuperuser,
  CreateExtensionStmt: ({ extname }) => [required("extension", "CREATE", qualifiedName(extname ?? ""))],
  CreateFdwStmt: onlySuperuser,
  CreateFunctionStmt: ({ funcname, options, parameters, replace, returnType }) => [
    ...creating(nameOfNodes(funcname)),
    ...(replace === true ? [owner("routine", nameOfNodes(funcname))] : []),
    languageOf(options, "sql"),
    ...using([parameters, returnType])
  ],
  CreatePLangStmt: onlySuperuser,
  CreatePolicyStmt: ({ qual, table, with_check }) => [owning(table), ...using([qual, with_check])],
  CreatePublicationStmt: () => [required("database", "CREATE")],
  CreateRangeStmt: ({ params, typeName }) => [...creating(nameOfNodes(typeName)), ...using(params)],
  CreateRoleStmt: () => [required("role", "CREATEROLE")],
  CreateSchemaStmt: () => [required("database", "CREATE")],
  CreateSeqStmt: ({ sequence }) => [...creatingRelation(sequence)],
  CreateStatsStmt: ({ relations: of }) => rangesOf(of).map(owning),
  CreateStmt: ({ inhRelations, relation, tableElts, constraints }) => [
    ...creatingRelation(relation),
    ...rangesOf(inhRelations).map(owning),
    ...using([tableElts, constraints])
  ],
  CreateTableAsStmt: ({ into, query }) => [
    ...creatingRelation(into?.rel),
    ...(query === undefined ? [] : ofQuery(query))
  ],
  CreateTableSpaceStmt: onlySuperuser,
  CreateTrigStmt: ({ funcname, relation, whenClause }) => [
    required("relation", "TRIGGER", nameOfRangeVar(relation)),
    required("routine", "EXECUTE", nameOfNodes(funcname)),
    ...using(whenClause)
  ],
  CreatedbStmt: () => [required("role", "CREATEDB")],
  DefineStmt: ({ definition, defnames }) => [...creating(nameOfNodes(defnames)), ...using(definition)],
  DoStmt: ({ args }, parser) => {
    const body = bodyOfBlock(parser, args)
    return [
      languageOf(args, "plpgsql"),
      ...(body._tag === "Code"
        ? body.steps.flatMap(({ _tag, node }) => (_tag === "Static" ? ofStatement(parser, node) : []))
        : [])
    ]
  },
  DropRoleStmt: () => [required("role", "CREATEROLE")],
  DropStmt: ({ objects, removeType }) =>
    (objects ?? []).flatMap((object) => owningObject(removeType, undefined, object)),
  IndexStmt: (statement) => [owning(statement.relation), ...using([statement.indexParams, statement.whereClause])],
  RefreshMatViewStmt: ({ relation }) => [owning(relation)],
  RenameStmt: ({ object, relation, relationType, renameType }) => [
    ...owningObject(relation === undefined ? renameType : relationType, relation, object),
    ...creating(relation === undefined ? nameOfObject(object) : nameOfRangeVar(relation))
  ],
  RuleStmt: ({ relation }) => [owning(relation)],
  TruncateStmt: ({ relations: of }) =>
    rangesOf(of).map((range) => required("relation", "TRUNCATE", nameOfRangeVar(range))),
  ViewStmt: ({ replace, view }) => [...creatingRelation(view), ...(replace === true ? [owning(view)] : [])]
}
