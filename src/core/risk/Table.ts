/**
 * The candidates of `ALTER TABLE`, and of `CREATE TABLE` about other tables: what the server rewrites, scans, builds
 * and checks, and which changes break programs of the previous release.
 *
 * @since 0.1.0
 * @internal
 */
import type {
  AlterTableCmd,
  AlterTableStmt,
  AlterTableType,
  ColumnDef,
  Constraint,
  CreateStmt,
  Node,
  RangeVar
} from "@pgsql/types"
import * as Option from "effect/Option"
import { isBuiltInRoutine } from "../catalog/BuiltInRoutines.js"
import type * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type { RiskKind } from "../model/Risk.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import { mentionsOf } from "../sql/Mentions.js"
import { serialOf, wordingOf } from "../sql/ParsedType.js"
import { modifiersOf, optionsOf, stringsOf } from "../sql/SyntaxTree.js"
import { about, onTable, type RiskCandidate } from "./Candidate.js"
import { ofGoneConstraint } from "./Name.js"

/** @since 0.1.0 @category operations */
export const ofAlterTable = (recorder: R.Recorder, statement: AlterTableStmt): ReadonlyArray<RiskCandidate> => {
  const { cmds = [], objtype, relation } = statement
  const commands = cmds.flatMap((node) => ("AlterTableCmd" in node ? [node.AlterTableCmd] : []))
  if (objtype === "OBJECT_TABLE" || objtype === "OBJECT_MATVIEW") {
    return commands.flatMap((command) => ofCommand(recorder, Path.range(recorder, relation), command))
  }
  return commands.flatMap(({ subtype }): ReadonlyArray<RiskCandidate> => {
    if (subtype === "AT_ChangeOwner") return onTable(recorder, "privilege-change", relation)
    if (subtype === "AT_DropColumn") return onTable(recorder, "data-loss", relation)
    return subtype === "AT_AlterColumnType" ? onTable(recorder, "incompatible-change", relation) : []
  })
}

/**
 * Candidates of a new table. Its foreign keys lock the tables that they reference, and a new partition lets the server
 * scan the default partition.
 *
 * @since 0.1.0
 * @category operations
 */
export const ofNewTable = (
  recorder: R.Recorder,
  { inhRelations, partbound, tableElts }: CreateStmt
): ReadonlyArray<RiskCandidate> => {
  const parents = partbound === undefined ? [] : (inhRelations ?? [])
  return [
    ...(tableElts ?? []).flatMap((element) => ofElement(recorder, element)),
    ...parents.flatMap((node) =>
      "RangeVar" in node ? ofDefaultPartition(recorder, Path.range(recorder, node.RangeVar)) : []
    )
  ]
}

const ofElement = (recorder: R.Recorder, node: Node): ReadonlyArray<RiskCandidate> => {
  if ("Constraint" in node) return locksOf(recorder, node.Constraint)
  if (!("ColumnDef" in node)) return []
  return (node.ColumnDef.constraints ?? []).flatMap((inner) =>
    "Constraint" in inner ? locksOf(recorder, inner.Constraint) : []
  )
}

/** The server scans the default partition for rows of the new one. */
const ofDefaultPartition = (recorder: R.Recorder, parent: QualifiedName): ReadonlyArray<RiskCandidate> =>
  (R.findRelation(recorder, parent)?.children ?? [])
    .filter((child) => R.findRelation(recorder, child)?.isDefaultPartition === true)
    .flatMap((child) => about(recorder, "validation-scan", child))

const locksOf = (recorder: R.Recorder, { contype, pktable }: Constraint): ReadonlyArray<RiskCandidate> =>
  contype === "CONSTR_FOREIGN" ? onTable(recorder, "referenced-table-lock", pktable) : []

const ofCommand = (
  recorder: R.Recorder,
  table: QualifiedName,
  command: AlterTableCmd
): ReadonlyArray<RiskCandidate> => {
  const { def, name = "", subtype = "AT_ReAddComment" } = command
  const simple = simpleKinds[subtype]
  if (simple !== undefined) return simple.flatMap((kind) => about(recorder, kind, table))
  if (subtype === "AT_SetIdentity") return ofIdentity(recorder, table, def)
  if (def !== undefined && "ColumnDef" in def) {
    return subtype === "AT_AlterColumnType"
      ? ofNewType(recorder, table, name, def.ColumnDef)
      : ofNewColumn(recorder, table, def.ColumnDef)
  }
  if (def !== undefined && "Constraint" in def) return ofNewConstraint(recorder, table, def.Constraint)
  if (def !== undefined && "PartitionCmd" in def) return ofPartition(recorder, table, subtype, def.PartitionCmd.name)
  if (def !== undefined && "ATAlterConstraint" in def) {
    const { alterEnforceability, is_enforced } = def.ATAlterConstraint
    return alterEnforceability === true && is_enforced === true ? about(recorder, "validation-scan", table) : []
  }
  if (subtype === "AT_SetNotNull") return ofNotNull(recorder, table, [name])
  if (subtype === "AT_DropConstraint") return ofGoneConstraint(recorder, table, name)
  return subtype === "AT_ColumnDefault" && def === undefined ? ofGoneDefault(recorder, table, name) : []
}

/** Queries of the parent no longer return the rows of a detached partition. */
const ofPartition = (
  recorder: R.Recorder,
  parent: QualifiedName,
  subtype: AlterTableType,
  partition: RangeVar | undefined
): ReadonlyArray<RiskCandidate> => {
  if (subtype === "AT_DetachPartition") return onTable(recorder, "incompatible-change", partition)
  if (subtype !== "AT_AttachPartition") return []
  return [...onTable(recorder, "validation-scan", partition), ...ofDefaultPartition(recorder, parent)]
}

/** An INSERT without the column needs its default, unless the column may be NULL. */
const ofGoneDefault = (recorder: R.Recorder, table: QualifiedName, column: string): ReadonlyArray<RiskCandidate> => {
  const known = R.findRelation(recorder, table)?.columns.find(({ name }) => name === column)
  return known?.isNotNull === false ? [] : about(recorder, "incompatible-change", table)
}

/** New values of an identity may be old ones, unless the statement only says when they are given. */
const ofIdentity = (
  recorder: R.Recorder,
  table: QualifiedName,
  def: Node | undefined
): ReadonlyArray<RiskCandidate> => {
  const options = def !== undefined && "List" in def ? optionsOf(def.List.items) : []
  return options.some(({ defname }) => defname !== "generated") ? about(recorder, "incompatible-change", table) : []
}

/** Kinds of risk that the action alone decides. */
const simpleKinds: Readonly<Partial<Record<AlterTableType, ReadonlyArray<RiskKind>>>> = {
  AT_AddIdentity: ["table-rewrite"],
  AT_ChangeOwner: ["privilege-change"],
  AT_DisableRowSecurity: ["privilege-change"],
  AT_DisableRule: ["incompatible-change"],
  AT_DisableTrig: ["incompatible-change"],
  AT_DisableTrigAll: ["incompatible-change"],
  AT_DisableTrigUser: ["incompatible-change"],
  AT_DropColumn: ["data-loss"],
  AT_DropExpression: ["incompatible-change"],
  AT_DropIdentity: ["incompatible-change"],
  AT_DropInherit: ["incompatible-change"],
  AT_EnableReplicaRule: ["incompatible-change"],
  AT_EnableReplicaTrig: ["incompatible-change"],
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

/** The server scans the table, unless all columns are known to be NOT NULL already. */
const ofNotNull = (
  recorder: R.Recorder,
  table: QualifiedName,
  columns: ReadonlyArray<string>
): ReadonlyArray<RiskCandidate> => {
  const known = R.findRelation(recorder, table)
  const isPending = known?.constraints.some(
    ({ columns: [column = ""], isValidated, kind }) => kind === "not null" && !isValidated && columns.includes(column)
  )
  const isProven = columns.every((column) => known?.columns.some(({ isNotNull, name }) => name === column && isNotNull))
  return isProven && isPending !== true && columns.length > 0 ? [] : about(recorder, "table-scan", table)
}

const ofNewColumn = (
  recorder: R.Recorder,
  table: QualifiedName,
  definition: ColumnDef
): ReadonlyArray<RiskCandidate> => {
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
    ...(isRequired ? [...about(recorder, "table-scan", table), ...about(recorder, "incompatible-change", table)] : []),
    ...(rewrites ? about(recorder, "table-rewrite", table) : []),
    ...(defaults.some(({ raw_expr }) => isVolatile(recorder, raw_expr))
      ? about(recorder, "volatile-default", table)
      : []),
    ...constraints.flatMap((constraint) => ofConstraint(recorder, table, constraint))
  ]
}

/** Whether the column has a domain with constraints: the server checks the domain for existing rows. */
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

/** Whether a default calls a function that may be volatile: each function that is not built in may be. */
const isVolatile = (recorder: R.Recorder, expression: Node | undefined): boolean =>
  Path.mentioned(recorder, mentionsOf(expression)).calls.some(
    ({ name }) => volatileFunctions.has(name.name) || !isBuiltInRoutine(name) || R.routines(recorder, name).length > 0
  )

/** Candidates of `ADD CONSTRAINT`: only there can a constraint be NOT NULL by name, or take over an index. */
const ofNewConstraint = (
  recorder: R.Recorder,
  table: QualifiedName,
  constraint: Constraint
): ReadonlyArray<RiskCandidate> => {
  const { contype, indexname, keys, skip_validation } = constraint
  if (contype === "CONSTR_NOTNULL") return skip_validation === true ? [] : ofNotNull(recorder, table, stringsOf(keys))
  if (contype !== "CONSTR_PRIMARY" || indexname === undefined) return ofConstraint(recorder, table, constraint)
  const { schema } = R.findRelation(recorder, table)?.name ?? table
  const index = R.findRelation(recorder, { name: indexname, schema })
  return ofNotNull(recorder, table, index?.indexColumns ?? [])
}

const ofConstraint = (
  recorder: R.Recorder,
  table: QualifiedName,
  constraint: Constraint
): ReadonlyArray<RiskCandidate> => {
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

/**
 * A wider type rewrites no row. The server validates checks on the column again, and rebuilds indexes with expressions
 * or a condition.
 */
const ofNewType = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string,
  definition: ColumnDef
): ReadonlyArray<RiskCandidate> => {
  const relation = R.findRelation(recorder, table)
  const known = relation?.columns.find(({ name }) => name === column)
  const isWider = known !== undefined && definition.raw_default === undefined && widens(known, definition)
  if (relation === undefined || !isWider) return about(recorder, "table-rewrite", table)
  const isChecked = relation.constraints.some(({ columns, kind }) => kind === "check" && columns.includes(known.name))
  const isComputed = relation.parts.some((part) => {
    const index = R.findRelation(recorder, part)
    const isPlain = index?.hasOnlyColumns !== false && index?.isPartial !== true
    return !isPlain && index?.uses.includes(HazardKey.column(known.name)) === true
  })
  return [
    ...(isChecked ? about(recorder, "validation-scan", table) : []),
    ...(isComputed ? about(recorder, "blocking-index-build", table) : [])
  ]
}

/** Whether the server changes the type in its catalog only. Source: ATColumnChangeRequiresRewrite, tablecmds.c. */
const widens = (from: Catalog.Column, { typeName }: ColumnDef): boolean => {
  const to = wordingOf(typeName)
  const [next] = modifiersOf(typeName?.typmods)
  const [length] = from.modifiers
  const isText = (wording: string): boolean => wording === "character varying" || wording === "text"
  if (isText(from.wording) && to === "text") return true
  if (isText(from.wording) && to === "character varying")
    return next === undefined || (length !== undefined && next >= length)
  if (from.wording === "cidr" && to === "inet") return true
  if (from.wording === to && to === "numeric")
    return next === undefined || isWiderNumeric(from.modifiers, modifiersOf(typeName?.typmods))
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
