/**
 * The hazards of one statement, from its syntax tree and the catalog as it is before the statement. A table that the same
 * migration creates has no rows and nobody who waits for it: nothing about it is a hazard.
 *
 * @since 0.1.0
 * @internal
 */
import type { AlterTableCmd, AlterTableType, ColumnDef, Constraint, Node, RangeVar, RenameStmt } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { isBuiltInRoutine } from "./BuiltInRoutines.js"
import * as R from "./FootprintRecorder.js"
import { mentionsOf } from "./Mentions.js"
import { serialOf, wordingOf } from "./ParsedType.js"
import type { Risk, RiskKind } from "./Risk.js"
import type { QualifiedName } from "./SchemaObject.js"
import * as Catalog from "./SimulatedCatalog.js"
import { isOn, nameOfObject, nameOfRangeVar, optionNamed } from "./SyntaxTree.js"
import { isTransactional } from "./TransactionBlock.js"

/** A hazard before its place is known. @since 0.1.0 @category models */
export type Hazard = Pick<Risk, "kind" | "relation">

/** @since 0.1.0 @category operations */
export const hazardsOf = (recorder: R.Recorder, node: Node): ReadonlyArray<Hazard> => [
  ...(isTransactional(node) ? [] : [general("not-transactional")]),
  ...ofStatement(recorder, node),
  ...(runsQueries(node) ? changesWithin(node).flatMap((change) => ofRows(recorder, change) ?? []) : [])
]

/** A view, a rule or a function holds queries and does not run them. */
const runsQueries = (node: Node): boolean => queries.some((tag) => tag in node)

const queries = [
  "CopyStmt",
  "CreateTableAsStmt",
  "DeclareCursorStmt",
  "DeleteStmt",
  "ExplainStmt",
  "InsertStmt",
  "MergeStmt",
  "SelectStmt",
  "UpdateStmt"
] as const

/** The statements on rows below a statement: in `WITH`, in `EXPLAIN`, in `CREATE TABLE AS`. */
const changesWithin = (node: Node): ReadonlyArray<Node> => {
  const found: Array<Node> = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit)
    else if (Predicate.isRecord(value)) {
      for (const [tag, inner] of Object.entries(value)) {
        if (isChange(value, tag) && value !== node) found.push(value)
        visit(inner)
      }
    }
  }
  visit(node)
  return found
}

const isChange = (value: object, tag: string): value is Node =>
  (tag === "DeleteStmt" || tag === "UpdateStmt" || tag === "MergeStmt") && tag in value

const general = (kind: RiskKind): Hazard => ({ kind, relation: Option.none() })

/** Nothing is at risk in what this migration has made. */
const about = (recorder: R.Recorder, kind: RiskKind, name: QualifiedName): ReadonlyArray<Hazard> => {
  const known = R.findRelation(recorder, name)
  const isNew = known !== undefined && !known.isExternal && !Catalog.hasRelation(recorder.atStart, known.name)
  return isNew ? [] : [{ kind, relation: Option.some(known?.name ?? name) }]
}

const onTable = (recorder: R.Recorder, kind: RiskKind, range: RangeVar | undefined): ReadonlyArray<Hazard> =>
  about(recorder, kind, nameOfRangeVar(range))

const ofStatement = (recorder: R.Recorder, node: Node): ReadonlyArray<Hazard> => {
  if ("AlterTableStmt" in node) {
    const { cmds, objtype, relation } = node.AlterTableStmt
    if (objtype !== "OBJECT_TABLE" && objtype !== "OBJECT_MATVIEW") return ownerOnly(cmds)
    const table = nameOfRangeVar(relation)
    return (cmds ?? []).flatMap((command) =>
      "AlterTableCmd" in command ? ofCommand(recorder, table, command.AlterTableCmd) : []
    )
  }
  if ("CreateStmt" in node) return (node.CreateStmt.tableElts ?? []).flatMap((element) => ofElement(recorder, element))
  if ("IndexStmt" in node) {
    return node.IndexStmt.concurrent === true ? [] : onTable(recorder, "blocking-index-build", node.IndexStmt.relation)
  }
  if ("RenameStmt" in node) return ofRename(recorder, node.RenameStmt)
  if ("AlterObjectSchemaStmt" in node) {
    const { relation } = node.AlterObjectSchemaStmt
    return relation === undefined ? [] : onTable(recorder, "incompatible-change", relation)
  }
  if ("DropStmt" in node) return ofDrop(recorder, node.DropStmt.removeType, node.DropStmt.objects)
  return ofRows(recorder, node) ?? ofMaintenance(recorder, node) ?? ofPrivileges(node)
}

const ownerOnly = (commands: ReadonlyArray<Node> | undefined): ReadonlyArray<Hazard> =>
  (commands ?? []).some((node) => "AlterTableCmd" in node && node.AlterTableCmd.subtype === "AT_ChangeOwner")
    ? [general("privilege-change")]
    : []

/** Nobody's query names an index, a constraint, a trigger, a rule or a policy. */
const unnamedByQueries: ReadonlySet<string> = new Set([
  "OBJECT_INDEX",
  "OBJECT_TABCONSTRAINT",
  "OBJECT_TRIGGER",
  "OBJECT_RULE",
  "OBJECT_POLICY"
])

const ofRename = (recorder: R.Recorder, { relation, renameType }: RenameStmt): ReadonlyArray<Hazard> =>
  relation === undefined || unnamedByQueries.has(renameType ?? "")
    ? []
    : onTable(recorder, "incompatible-change", relation)

const ofDrop = (
  recorder: R.Recorder,
  kind: string | undefined,
  objects: ReadonlyArray<Node> | undefined
): ReadonlyArray<Hazard> => {
  switch (kind) {
    case "OBJECT_TABLE":
    case "OBJECT_FOREIGN_TABLE":
    case "OBJECT_MATVIEW":
    case "OBJECT_SEQUENCE":
      return (objects ?? []).flatMap((object) => about(recorder, "data-loss", nameOfObject(object)))
    case "OBJECT_SCHEMA":
    case "OBJECT_EXTENSION":
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN":
      return [general("data-loss")]
    case "OBJECT_POLICY":
      return [general("privilege-change")]
    default:
      return []
  }
}

/** Statements on rows. */
const ofRows = (recorder: R.Recorder, node: Node): ReadonlyArray<Hazard> | undefined => {
  if ("TruncateStmt" in node) {
    return (node.TruncateStmt.relations ?? []).flatMap((one) => about(recorder, "data-loss", nameOfObject(one)))
  }
  if ("DeleteStmt" in node) return onTable(recorder, "data-loss", node.DeleteStmt.relation)
  if ("UpdateStmt" in node) {
    const isWhole = node.UpdateStmt.whereClause === undefined
    return onTable(recorder, isWhole ? "table-rewrite" : "table-scan", node.UpdateStmt.relation)
  }
  if ("MergeStmt" in node) {
    const deletes = (node.MergeStmt.mergeWhenClauses ?? []).some(
      (clause) => "MergeWhenClause" in clause && clause.MergeWhenClause.commandType === "CMD_DELETE"
    )
    return onTable(recorder, deletes ? "data-loss" : "table-scan", node.MergeStmt.relation)
  }
  return undefined
}

const ofMaintenance = (recorder: R.Recorder, node: Node): ReadonlyArray<Hazard> | undefined => {
  if ("RefreshMatViewStmt" in node) {
    const { concurrent, relation } = node.RefreshMatViewStmt
    return concurrent === true ? [] : onTable(recorder, "table-rewrite", relation)
  }
  if ("ClusterStmt" in node) {
    const { relation } = node.ClusterStmt
    return relation === undefined ? [general("table-rewrite")] : onTable(recorder, "table-rewrite", relation)
  }
  if ("VacuumStmt" in node) {
    const { options, rels } = node.VacuumStmt
    if (!isOn(optionNamed(options, "full"))) return []
    return (rels ?? []).flatMap((one) =>
      "VacuumRelation" in one ? onTable(recorder, "table-rewrite", one.VacuumRelation.relation) : []
    )
  }
  if ("ReindexStmt" in node) {
    const { params, relation } = node.ReindexStmt
    if (isOn(optionNamed(params, "concurrently"))) return []
    return relation === undefined ? [general("blocking-index-build")] : onIndex(recorder, relation)
  }
  return undefined
}

const onIndex = (recorder: R.Recorder, range: RangeVar): ReadonlyArray<Hazard> => {
  const name = nameOfRangeVar(range)
  const owner = R.findRelation(recorder, name)?.owner ?? Option.none()
  return about(
    recorder,
    "blocking-index-build",
    Option.getOrElse(owner, () => name)
  )
}

const privileged = [
  "AlterDefaultPrivilegesStmt",
  "AlterOwnerStmt",
  "AlterPolicyStmt",
  "AlterRoleSetStmt",
  "AlterRoleStmt",
  "CreatePolicyStmt",
  "CreateRoleStmt",
  "DropRoleStmt",
  "GrantRoleStmt",
  "GrantStmt",
  "ReassignOwnedStmt"
] as const

const ofPrivileges = (node: Node): ReadonlyArray<Hazard> => {
  if ("DropOwnedStmt" in node) return [general("privilege-change"), general("data-loss")]
  if ("CreateFunctionStmt" in node) {
    const isDefiner = isOn(optionNamed(node.CreateFunctionStmt.options, "security"))
    return isDefiner ? [general("privilege-change")] : []
  }
  if ("AlterFunctionStmt" in node) {
    const security = optionNamed(node.AlterFunctionStmt.actions, "security")
    return security === undefined ? [] : [general("privilege-change")]
  }
  if ("DropdbStmt" in node) return [general("data-loss")]
  return privileged.some((tag) => tag in node) ? [general("privilege-change")] : []
}

/** A new table's foreign keys lock what they point at. */
const ofElement = (recorder: R.Recorder, node: Node): ReadonlyArray<Hazard> => {
  if ("Constraint" in node) return locksOf(recorder, node.Constraint)
  if (!("ColumnDef" in node)) return []
  return (node.ColumnDef.constraints ?? []).flatMap((inner) =>
    "Constraint" in inner ? locksOf(recorder, inner.Constraint) : []
  )
}

const locksOf = (recorder: R.Recorder, { contype, pktable }: Constraint): ReadonlyArray<Hazard> =>
  contype === "CONSTR_FOREIGN" ? onTable(recorder, "referenced-table-lock", pktable) : []

const ofCommand = (recorder: R.Recorder, table: QualifiedName, command: AlterTableCmd): ReadonlyArray<Hazard> => {
  const { def, name, subtype = "AT_ReAddComment" } = command
  const simple = simpleKinds[subtype]
  if (simple !== undefined) return simple.flatMap((kind) => about(recorder, kind, table))
  if (def !== undefined && "ColumnDef" in def) {
    return subtype === "AT_AlterColumnType"
      ? ofNewType(recorder, table, name, def.ColumnDef)
      : ofNewColumn(recorder, table, def.ColumnDef)
  }
  if (def !== undefined && "Constraint" in def) return ofConstraint(recorder, table, def.Constraint)
  if (subtype === "AT_SetNotNull") return isProven(recorder, table, name) ? [] : about(recorder, "table-scan", table)
  if (subtype === "AT_AttachPartition" && def !== undefined && "PartitionCmd" in def) {
    return onTable(recorder, "validation-scan", def.PartitionCmd.name)
  }
  return []
}

const simpleKinds: Readonly<Partial<Record<AlterTableType, ReadonlyArray<RiskKind>>>> = {
  AT_AddIdentity: ["table-rewrite"],
  AT_ChangeOwner: ["privilege-change"],
  AT_DisableRowSecurity: ["privilege-change"],
  AT_DropColumn: ["data-loss"],
  AT_EnableRowSecurity: ["privilege-change"],
  AT_ForceRowSecurity: ["privilege-change"],
  AT_NoForceRowSecurity: ["privilege-change"],
  AT_SetAccessMethod: ["table-rewrite"],
  AT_SetExpression: ["table-rewrite"],
  AT_SetLogged: ["table-rewrite"],
  AT_SetTableSpace: ["table-rewrite"],
  AT_SetUnLogged: ["table-rewrite"],
  AT_ValidateConstraint: ["validation-scan"]
}

/** Of a column that is not null already there is nothing to scan. */
const isProven = (recorder: R.Recorder, table: QualifiedName, column: string | undefined): boolean => {
  const known = R.findRelation(recorder, table)
  return known?.columns.some(({ isNotNull, name }) => name === column && isNotNull) === true
}

const ofNewColumn = (recorder: R.Recorder, table: QualifiedName, definition: ColumnDef): ReadonlyArray<Hazard> => {
  const constraints = (definition.constraints ?? []).flatMap((node) => ("Constraint" in node ? [node.Constraint] : []))
  const isSerial = serialOf(definition.typeName) !== undefined
  const isStored = constraints.some(
    ({ contype, generated_kind }) => contype === "CONSTR_GENERATED" && generated_kind !== "v"
  )
  const isIdentity = constraints.some(({ contype }) => contype === "CONSTR_IDENTITY")
  const rewrites = isSerial || isStored || isIdentity || isDomain(recorder, definition)
  const defaults = constraints.filter(({ contype }) => contype === "CONSTR_DEFAULT")
  const isRequired =
    constraints.some(({ contype }) => contype === "CONSTR_NOTNULL") && defaults.length === 0 && !rewrites
  return [
    ...(isRequired ? about(recorder, "table-scan", table) : []),
    ...(rewrites ? about(recorder, "table-rewrite", table) : []),
    ...(defaults.some(({ raw_expr }) => isVolatile(recorder, raw_expr))
      ? about(recorder, "volatile-default", table)
      : []),
    ...constraints.flatMap((constraint) => ofConstraint(recorder, table, constraint))
  ]
}

/** A domain with a constraint is checked for the rows that are there. */
const isDomain = (recorder: R.Recorder, { typeName }: ColumnDef): boolean => {
  const name = { schema: Option.none(), name: wordingOf(typeName) }
  return R.types(recorder, name).some(({ constraints, kind }) => kind === "domain" && constraints.length > 0)
}

const volatileFunctions: ReadonlySet<string> = new Set([
  "clock_timestamp",
  "currval",
  "gen_random_uuid",
  "lastval",
  "nextval",
  "random",
  "random_normal",
  "setval",
  "timeofday",
  "uuidv4",
  "uuidv7"
])

/** What the server does not bring may be volatile: most functions do not say. */
const isVolatile = (recorder: R.Recorder, expression: Node | undefined): boolean =>
  mentionsOf(expression).calls.some(
    ({ name }) => volatileFunctions.has(name.name) || !isBuiltInRoutine(name) || R.routines(recorder, name).length > 0
  )

const ofConstraint = (recorder: R.Recorder, table: QualifiedName, constraint: Constraint): ReadonlyArray<Hazard> => {
  const isChecked = constraint.skip_validation !== true
  switch (constraint.contype) {
    case "CONSTR_CHECK":
      return isChecked ? about(recorder, "validation-scan", table) : []
    case "CONSTR_FOREIGN":
      return [...(isChecked ? about(recorder, "validation-scan", table) : []), ...locksOf(recorder, constraint)]
    case "CONSTR_PRIMARY":
    case "CONSTR_UNIQUE":
    case "CONSTR_EXCLUSION":
      return constraint.indexname === undefined ? about(recorder, "blocking-index-build", table) : []
    default:
      return []
  }
}

const ofNewType = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string | undefined,
  definition: ColumnDef
): ReadonlyArray<Hazard> => {
  const known = R.findRelation(recorder, table)?.columns.find(({ name }) => name === column)
  const isWider = known !== undefined && definition.raw_default === undefined && widens(known, definition)
  return isWider ? [] : about(recorder, "table-rewrite", table)
}

/** Changes that the server makes in the catalog alone. Source: ATColumnChangeRequiresRewrite, tablecmds.c. */
const widens = (from: Catalog.Column, { typeName }: ColumnDef): boolean => {
  const to = wordingOf(typeName)
  const [next] = limitsOf(typeName?.typmods)
  const [length] = from.modifiers
  const isText = (wording: string): boolean => wording === "character varying" || wording === "text"
  if (isText(from.wording) && to === "text") return true
  if (isText(from.wording) && to === "character varying")
    return next === undefined || (length !== undefined && next >= length)
  if (from.wording === "cidr" && to === "inet") return true
  if (from.wording === to && to === "numeric")
    return next === undefined || isWiderNumeric(from.modifiers, limitsOf(typeName?.typmods))
  const isTimed = to === "bit varying" || to.startsWith("timestamp") || to.startsWith("time") || to === "interval"
  return (
    from.wording === to && (isTimed ? next === undefined || (length !== undefined && next >= length) : next === length)
  )
}

const isWiderNumeric = (from: ReadonlyArray<number>, to: ReadonlyArray<number>): boolean => {
  const [precision, scale = 0] = from
  const [next = 0, nextScale = 0] = to
  return precision !== undefined && next >= precision && nextScale === scale
}

const limitsOf = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<number> =>
  (nodes ?? []).flatMap((node) =>
    "A_Const" in node && node.A_Const.ival !== undefined ? [node.A_Const.ival.ival ?? 0] : []
  )
