/**
 * The rules that a risk of a statement falls under. A risk has no rule where the statement is itself the safer way: a
 * validation in a migration of its own, `SET NOT NULL` behind a validated check, a backfill that commits each batch.
 *
 * @since 0.1.0
 * @internal
 */
import type { AlterTableCmd, AlterTableStmt, ColumnDef, Constraint, Node, RangeVar } from "@pgsql/types"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import type { RiskKind } from "../model/Risk.js"
import { quote } from "../model/SchemaObject.js"
import { serialOf } from "../sql/ParsedType.js"
import { nameOfRangeVar } from "../sql/SyntaxTree.js"
import type { RuleId } from "./Rule.js"

/** A statement, and what its file says around it. @since 0.1.0 @category models */
export interface Linted {
  readonly node: Node
  /** The catalog before the file. */
  readonly catalog: Catalog.SimulatedCatalog
  /** All kinds of risk of the statement. */
  readonly kinds: ReadonlySet<RiskKind>
  /** The kinds of risk of the statements behind it. */
  readonly later: ReadonlySet<RiskKind>
  /** The constraints that statements of the file before it add. */
  readonly added: ReadonlySet<string>
  /** Whether the file has no other statement. */
  readonly isAlone: boolean
}

/** @since 0.1.0 @category queries */
export const rulesOf = (kind: RiskKind, linted: Linted): ReadonlyArray<RuleId> => {
  const { isAlone, later, node } = linted
  switch (kind) {
    case "not-transactional":
      return isAlone ? [] : ["not-transactional"]
    case "referenced-table-lock":
      return slow.some((one) => later.has(one)) ? ["foreign-key-lock"] : []
    case "row-update":
      return ["upsert"]
    case "opaque":
    case "privilege-change":
    case "volatile-default":
      return [kind]
    default:
      if (isBatched(linted)) return []
      if ("AlterTableStmt" in node) return ofAlterTable(kind, linted, node.AlterTableStmt)
      return [ofNode(kind, node)]
  }
}

/** Kinds of risk that take time in proportion to the size of a table. */
const slow: ReadonlyArray<RiskKind> = [
  "blocking-index-build",
  "table-rewrite",
  "table-scan",
  "validation-scan",
  "volatile-default"
]

/** Whether a body commits by itself, as a backfill in batches does. */
const isBatched = ({ kinds, node }: Linted): boolean =>
  ("DoStmt" in node || "CallStmt" in node) && kinds.has("not-transactional")

const ofNode = (kind: RiskKind & RuleId, node: Node): RuleId => {
  if ("DropStmt" in node) return ofDrop(kind, node.DropStmt.removeType)
  if ("TruncateStmt" in node) return "truncate"
  if ("DeleteStmt" in node || ("MergeStmt" in node && kind === "data-loss")) return "delete-rows"
  if ("RenameStmt" in node) return ofRename(node.RenameStmt.renameType)
  if ("AlterObjectSchemaStmt" in node || "AlterEnumStmt" in node) return "rename-object"
  if ("UpdateStmt" in node || "MergeStmt" in node) return kind === "table-rewrite" ? "update-all-rows" : "update-rows"
  if ("VacuumStmt" in node || "ClusterStmt" in node) return "vacuum-full"
  if ("RefreshMatViewStmt" in node) return "refresh-materialized-view"
  if ("IndexStmt" in node) return "create-index"
  if ("ReindexStmt" in node) return "reindex"
  return kind === "validation-scan" && "CreateStmt" in node ? "attach-partition" : kind
}

const ofDrop = (kind: RiskKind & RuleId, type: string | undefined): RuleId => {
  if (kind === "incompatible-change") return type === "OBJECT_INDEX" ? "drop-unique" : "drop-used-object"
  if (kind !== "data-loss") return kind
  return type === "OBJECT_TABLE" || type === "OBJECT_FOREIGN_TABLE" ? "drop-table" : "drop-object"
}

const ofRename = (type: string | undefined): RuleId => {
  if (type === "OBJECT_TABLE") return "rename-table"
  return type === "OBJECT_COLUMN" ? "rename-column" : "rename-object"
}

/** The rules of the commands that may have the risk; the general one where none is known for it. */
const ofAlterTable = (
  kind: RiskKind & RuleId,
  linted: Linted,
  { cmds = [], objtype, relation }: AlterTableStmt
): ReadonlyArray<RuleId> => {
  if (objtype !== "OBJECT_TABLE") return [kind]
  const found = cmds.map((node) =>
    "AlterTableCmd" in node ? ofCommand(kind, linted, node.AlterTableCmd, relation) : undefined
  )
  const known = found.filter((ids) => ids !== undefined)
  return known.length === 0 ? [kind] : Arr.dedupe(known.flat())
}

/** The rules of a command for a kind of risk: none where it is the safer way, `undefined` where it has no such risk. */
const ofCommand = (
  kind: RiskKind,
  linted: Linted,
  command: AlterTableCmd,
  range: RangeVar | undefined
): ReadonlyArray<RuleId> | undefined => {
  const { def, name = "", subtype = "AT_ReAddComment" } = command
  if (def !== undefined && "ColumnDef" in def && subtype === "AT_AddColumn") return ofColumn(kind, def.ColumnDef)
  if (def !== undefined && "Constraint" in def) return ofConstraint(kind, def.Constraint)
  if (subtype === "AT_ValidateConstraint" && kind === "validation-scan")
    return linted.added.has(name) ? ["validate-in-same-file"] : []
  if (subtype === "AT_SetNotNull" && kind === "table-scan")
    return isProven(linted.catalog, range, name) ? [] : ["set-not-null"]
  if (subtype === "AT_AlterColumnType") return ["change-column-type"]
  const [risk, id] = byCommand[subtype] ?? []
  return risk === kind && id !== undefined ? [id] : undefined
}

const byCommand: Readonly<Record<string, readonly [RiskKind, RuleId]>> = {
  AT_AddIdentity: ["table-rewrite", "add-serial-column"],
  AT_AttachPartition: ["validation-scan", "attach-partition"],
  AT_ColumnDefault: ["incompatible-change", "drop-default"],
  AT_DetachPartition: ["incompatible-change", "detach-partition"],
  AT_DisableRule: ["incompatible-change", "disable-trigger"],
  AT_DisableTrig: ["incompatible-change", "disable-trigger"],
  AT_DisableTrigAll: ["incompatible-change", "disable-trigger"],
  AT_DisableTrigUser: ["incompatible-change", "disable-trigger"],
  AT_DropColumn: ["data-loss", "drop-column"],
  AT_DropConstraint: ["incompatible-change", "drop-unique"],
  AT_EnableReplicaRule: ["incompatible-change", "disable-trigger"],
  AT_EnableReplicaTrig: ["incompatible-change", "disable-trigger"]
}

const ofColumn = (kind: RiskKind, { constraints = [], typeName }: ColumnDef): ReadonlyArray<RuleId> | undefined => {
  const own = constraints.flatMap((node) => ("Constraint" in node ? [node.Constraint] : []))
  const has = (type: Constraint["contype"]) => own.some(({ contype }) => contype === type)
  if (kind === "table-scan" || kind === "incompatible-change")
    return has("CONSTR_NOTNULL") ? ["required-column"] : undefined
  if (kind === "table-rewrite") {
    if (serialOf(typeName) !== undefined || has("CONSTR_IDENTITY")) return ["add-serial-column"]
    return has("CONSTR_GENERATED") ? ["add-stored-column"] : undefined
  }
  const ids = own.flatMap((constraint) => ofConstraint(kind, constraint) ?? [])
  return ids.length === 0 ? undefined : ids
}

const ofConstraint = (
  kind: RiskKind,
  { contype, indexname, skip_validation }: Constraint
): ReadonlyArray<RuleId> | undefined => {
  const [risk, id] = byConstraint[contype ?? ""] ?? []
  if (kind === "table-scan" && contype === "CONSTR_NOTNULL") return ["set-not-null"]
  if (kind === "table-scan" && indexname !== undefined) return ["nullable-primary-key"]
  return risk === kind && id !== undefined && skip_validation !== true && indexname === undefined ? [id] : undefined
}

const byConstraint: Readonly<Record<string, readonly [RiskKind, RuleId]>> = {
  CONSTR_CHECK: ["validation-scan", "add-check"],
  CONSTR_EXCLUSION: ["blocking-index-build", "add-exclusion"],
  CONSTR_FOREIGN: ["validation-scan", "add-foreign-key"],
  CONSTR_PRIMARY: ["blocking-index-build", "add-primary-key"],
  CONSTR_UNIQUE: ["blocking-index-build", "add-unique"]
}

/** Whether a validated check proves that a column has no NULL. */
const isProven = (catalog: Catalog.SimulatedCatalog, range: RangeVar | undefined, column: string): boolean =>
  Catalog.findRelation(catalog, nameOfRangeVar(range))?.constraints.some(
    ({ condition, isValidated, kind }) =>
      kind === "check" && isValidated && Option.contains(condition, `${quote(column)} is not null`)
  ) === true

/** The constraints that a statement adds to old tables by name. @since 0.1.0 @category queries */
export const constraintsOf = (node: Node): ReadonlyArray<string> =>
  "AlterTableStmt" in node
    ? (node.AlterTableStmt.cmds ?? []).flatMap((one) => {
        const def = "AlterTableCmd" in one ? one.AlterTableCmd.def : undefined
        return def !== undefined && "Constraint" in def ? (def.Constraint.conname ?? []) : []
      })
    : []

/** Whether a statement takes away the limit of the wait for locks. @since 0.1.0 @category queries */
export const isLockTimeoutOff = (node: Node): boolean => {
  if (!("VariableSetStmt" in node) || node.VariableSetStmt.name !== "lock_timeout") return false
  const { args = [], kind } = node.VariableSetStmt
  if (kind !== "VAR_SET_VALUE") return kind === "VAR_SET_DEFAULT" || kind === "VAR_RESET"
  return args.some(
    (arg) =>
      "A_Const" in arg &&
      (arg.A_Const.ival === undefined
        ? /^\s*0\s*[a-z]*\s*$/.test(arg.A_Const.sval?.sval ?? "")
        : (arg.A_Const.ival.ival ?? 0) === 0)
  )
}
