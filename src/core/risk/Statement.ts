/**
 * The candidates of one statement, from its syntax tree and the catalog before the statement. A table that the same
 * migration creates has no candidates: it has no rows, and no program uses it yet.
 *
 * @since 0.1.0
 * @internal
 */
import type { AlterDomainStmt, AlterSeqStmt, CreateTrigStmt, Node, RangeVar, TruncateStmt } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import { isOn, nameOfNodes, optionNamed, optionsOf } from "../sql/SyntaxTree.js"
import { isTransactional } from "../statement/TransactionBlock.js"
import { about, aboutType, general, onInsert, onRows, onTable, type RiskCandidate } from "./Candidate.js"
import { ofCascade } from "./Cascade.js"
import { ofAccess, ofDrop, ofEnum, ofNewSchema, ofRename } from "./Name.js"
import { ofAlterTable, ofNewTable } from "./Table.js"

/** `json` is the node as JSON. @since 0.1.0 @category operations */
export const candidatesOf = (recorder: R.Recorder, node: Node, json: string): ReadonlyArray<RiskCandidate> => [
  ...(mayRunInBlock(recorder, node) ? [] : [general("not-transactional")]),
  ...(isUnseen(node, json) ? [general("opaque")] : []),
  ...ofStatement(recorder, node),
  ...ofCascade(recorder, node),
  ...(runsQueries(node) ? changesWithin(node).flatMap((change) => ofRows(recorder, change) ?? []) : [])
]

/**
 * Whether a statement may hide what other code does: it names the setting that counts changed rows, which the look at
 * the end of a migration rests on, or a foreign table whose rows a shell command gives.
 */
const isUnseen = (node: Node, json: string): boolean =>
  json.includes("track_counts") ||
  ("CreateForeignTableStmt" in node && optionNamed(node.CreateForeignTableStmt.options, "program") !== undefined)

/**
 * Whether a statement may run inside a transaction block, by the catalog before the statement.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayRunInBlock = (recorder: R.Recorder, node: Node): boolean =>
  isTransactional(node, (range) => {
    const known = R.findRelation(recorder, Path.range(recorder, range))
    const owner = Option.getOrUndefined(known?.owner ?? Option.none())
    return (owner === undefined ? known : R.findRelation(recorder, owner))?.isPartitioned === true
  })

/** Whether a statement runs its queries: a view, a rule or a function only stores them. */
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

/** The statements on rows inside a statement: in `WITH`, in `EXPLAIN`, in `CREATE TABLE AS`. */
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
  (tag === "DeleteStmt" || tag === "UpdateStmt" || tag === "MergeStmt" || tag === "InsertStmt") && tag in value

const ofStatement = (recorder: R.Recorder, node: Node): ReadonlyArray<RiskCandidate> => {
  if ("AlterTableStmt" in node) return ofAlterTable(recorder, node.AlterTableStmt)
  if ("CreateStmt" in node) return ofNewTable(recorder, node.CreateStmt)
  if ("IndexStmt" in node) {
    return node.IndexStmt.concurrent === true ? [] : onTable(recorder, "blocking-index-build", node.IndexStmt.relation)
  }
  if ("RuleStmt" in node) return onTable(recorder, "incompatible-change", node.RuleStmt.relation)
  if ("CreateTrigStmt" in node) return ofNewTrigger(recorder, node.CreateTrigStmt)
  if ("RenameStmt" in node) return ofRename(recorder, node.RenameStmt)
  if ("AlterObjectSchemaStmt" in node) return ofNewSchema(recorder, node.AlterObjectSchemaStmt)
  if ("AlterEnumStmt" in node) return ofEnum(recorder, node.AlterEnumStmt)
  if ("AlterDomainStmt" in node) return ofDomain(recorder, node.AlterDomainStmt)
  if ("DropStmt" in node) return ofDrop(recorder, node.DropStmt)
  if ("AlterSeqStmt" in node) return ofSequence(recorder, node.AlterSeqStmt)
  if (endsQuietly(recorder, node)) return [general("incompatible-change")]
  return ofRows(recorder, node) ?? ofMaintenance(recorder, node) ?? ofPrivileges(recorder, node)
}

/** Its next values may be old ones, unless the statement only says which column owns it, or how it is kept. */
const ofSequence = (recorder: R.Recorder, { options, sequence }: AlterSeqStmt): ReadonlyArray<RiskCandidate> =>
  optionsOf(options).every(({ defname = "" }) => ["as", "cache", "logged", "owned_by"].includes(defname))
    ? []
    : onTable(recorder, "incompatible-change", sequence)

/**
 * Whether a statement ends what works behind the queries of other programs, although no object is gone: an event
 * trigger, the tables of a publication, a mapping of a text search configuration. A publication of all tables lets an
 * UPDATE fail on a table without a key.
 */
const endsQuietly = (recorder: R.Recorder, node: Node): boolean => {
  if ("AlterEventTrigStmt" in node)
    return node.AlterEventTrigStmt.tgenabled !== "O" && node.AlterEventTrigStmt.tgenabled !== "A"
  if ("AlterPublicationStmt" in node) return node.AlterPublicationStmt.action !== "AP_AddObjects"
  if ("CreatePublicationStmt" in node) return node.CreatePublicationStmt.for_all_tables === true
  if (!("AlterTSConfigurationStmt" in node)) return false
  const { cfgname, kind } = node.AlterTSConfigurationStmt
  return kind !== "ALTER_TSCONFIG_ADD_MAPPING" && !isNewConfiguration(recorder, nameOfNodes(cfgname))
}

/** Without a schema, the server takes its own one first. Source: src/backend/snowball/Makefile. */
const serversConfigurations =
  /^(?:simple|arabic|armenian|basque|catalan|danish|dutch|english|estonian|finnish|french|german|greek|hindi|hungarian|indonesian|irish|italian|lithuanian|nepali|norwegian|polish|portuguese|romanian|russian|serbian|spanish|swedish|tamil|turkish|yiddish|esperanto)$/

/** Whether this migration makes the configuration that a statement means. */
const isNewConfiguration = (recorder: R.Recorder, written: SchemaObject.QualifiedName): boolean => {
  const key = HazardKey.textSearch(written.name)
  const meant = SchemaObject.key(SchemaObject.textSearchConfiguration(Path.placed(recorder, written)))
  const made = Catalog.findNamed(recorder.catalog, key)?.objects ?? []
  return (
    Catalog.findNamed(recorder.atStart, key) === undefined &&
    !(Option.isNone(written.schema) && serversConfigurations.test(written.name)) &&
    made.some((object) => SchemaObject.key(object) === meant)
  )
}

/**
 * A new trigger that deletes: programs of the previous release write to the table and do not expect it. One that replaces
 * another ends what that did.
 */
const ofNewTrigger = (
  recorder: R.Recorder,
  { funcname, relation, replace, trigname }: CreateTrigStmt
): ReadonlyArray<RiskCandidate> => {
  const known = R.findRelation(recorder, Path.range(recorder, relation))?.attachments
  const mayReplace =
    replace === true && known?.some(({ kind, name }) => kind === "trigger" && name === trigname) !== true
  if (mayReplace) return onTable(recorder, "incompatible-change", relation)
  const bodies = R.routines(recorder, Path.routine(recorder, nameOfNodes(funcname))).map(({ body }) => body)
  const removes = bodies.some((body) => body._tag === "Code" && body.steps.some(({ node }) => isRemoval(node)))
  return removes ? onTable(recorder, "incompatible-change", relation) : []
}

const isRemoval = (node: Node): boolean =>
  ["DeleteStmt", "DropStmt", "TruncateStmt"].some((tag) => JSON.stringify(node).includes(`"${tag}":`))

/**
 * The constraint of a domain is checked in every column of that type. After an opaque statement there may be unknown
 * tables.
 */
const ofDomain = (recorder: R.Recorder, { def, subtype, typeName }: AlterDomainStmt): ReadonlyArray<RiskCandidate> => {
  const isNotValid = def !== undefined && "Constraint" in def && def.Constraint.skip_validation === true
  if ((subtype !== "C" && subtype !== "O" && subtype !== "V") || isNotValid) return []
  const kind = subtype === "O" ? "table-scan" : "validation-scan"
  const name = Path.type(recorder, nameOfNodes(typeName))
  const candidates = aboutType(recorder, kind, name)
  if (candidates.length === 0) return []
  const known = Catalog.tablesWithType(recorder.catalog, name).flatMap((table) => about(recorder, kind, table))
  return recorder.catalog.isComplete ? known : [...known, general(kind)]
}

/** Marks candidates of statements that take rows and leave the table: an empty table cannot lose any. */
const ofRowsOnly = (candidates: ReadonlyArray<RiskCandidate>): ReadonlyArray<RiskCandidate> =>
  candidates.map((candidate) => ({ ...candidate, isOfRows: true }))

/** Candidates of statements on rows; `undefined` for other statements. */
const ofRows = (recorder: R.Recorder, node: Node): ReadonlyArray<RiskCandidate> | undefined => {
  if ("TruncateStmt" in node) {
    const candidates = ofTruncate(recorder, node.TruncateStmt)
    return node.TruncateStmt.behavior === "DROP_CASCADE" ? candidates : ofRowsOnly(candidates)
  }
  if ("InsertStmt" in node) {
    const { onConflictClause, relation } = node.InsertStmt
    const isUpsert = onConflictClause?.action === "ONCONFLICT_UPDATE"
    return [...onInsert(recorder, relation), ...(isUpsert ? onRows(recorder, "row-update", relation) : [])]
  }
  if ("CopyStmt" in node) {
    const { filename, is_from, is_program } = node.CopyStmt
    return is_program === true || (filename !== undefined && is_from !== true) ? [general("opaque")] : []
  }
  if ("DeleteStmt" in node) return ofRowsOnly(onRows(recorder, "data-loss", node.DeleteStmt.relation))
  if ("UpdateStmt" in node) {
    const isWhole = node.UpdateStmt.whereClause === undefined
    return onRows(recorder, isWhole ? "table-rewrite" : "table-scan", node.UpdateStmt.relation)
  }
  if ("MergeStmt" in node) {
    const deletes = (node.MergeStmt.mergeWhenClauses ?? []).some(
      (clause) => "MergeWhenClause" in clause && clause.MergeWhenClause.commandType === "CMD_DELETE"
    )
    return ofRowsOnly(onRows(recorder, deletes ? "data-loss" : "table-scan", node.MergeStmt.relation))
  }
  return undefined
}

/**
 * CASCADE also empties every table that references these, directly or not. Of an unknown table, these are not known.
 */
const ofTruncate = (recorder: R.Recorder, { behavior, relations }: TruncateStmt): ReadonlyArray<RiskCandidate> => {
  const names = (relations ?? []).map((node) => Path.object(recorder, node))
  if (behavior !== "DROP_CASCADE") return names.flatMap((name) => about(recorder, "data-loss", name))
  const all = new Map<string, ReadonlyArray<RiskCandidate>>()
  const visit = (name: SchemaObject.QualifiedName): void => {
    const known = R.findRelation(recorder, name)
    const id = `${Catalog.schemaOf(known?.name ?? name)}.${name.name}`
    if (all.has(id)) return
    const isGiven = names.includes(name)
    const own = about(recorder, "data-loss", name).map((candidate) =>
      isGiven ? candidate : { ...candidate, reach: "anywhere" as const }
    )
    const isUnknown = known === undefined || known.isExternal || !recorder.catalog.isComplete
    all.set(id, own.length > 0 && isUnknown ? [...own, general("data-loss")] : own)
    for (const other of [...(known?.referencedBy ?? []), ...(known?.children ?? [])]) visit(other)
  }
  names.forEach(visit)
  return [...all.values()].flat()
}

const ofMaintenance = (recorder: R.Recorder, node: Node): ReadonlyArray<RiskCandidate> | undefined => {
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

const onIndex = (recorder: R.Recorder, range: RangeVar): ReadonlyArray<RiskCandidate> => {
  const name = Path.range(recorder, range)
  const owner = R.findRelation(recorder, name)?.owner ?? Option.none()
  return about(
    recorder,
    "blocking-index-build",
    Option.getOrElse(owner, () => name)
  )
}

/** Candidates of changes to privileges: about the object where there is a single one. */
const ofPrivileges = (recorder: R.Recorder, node: Node): ReadonlyArray<RiskCandidate> => {
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
  if ("CreatePolicyStmt" in node) return onTable(recorder, "privilege-change", node.CreatePolicyStmt.table)
  if ("AlterPolicyStmt" in node) return onTable(recorder, "privilege-change", node.AlterPolicyStmt.table)
  if ("GrantStmt" in node && node.GrantStmt.targtype === "ACL_TARGET_OBJECT") {
    const { objects, objtype } = node.GrantStmt
    return (objects ?? []).flatMap((object) => ofAccess(recorder, objtype, object))
  }
  if ("GrantStmt" in node && node.GrantStmt.targtype === "ACL_TARGET_ALL_IN_SCHEMA") {
    const schemas = node.GrantStmt.objects ?? []
    return schemas.flatMap((schema) => ofAccess(recorder, "OBJECT_SCHEMA", schema))
  }
  if ("AlterOwnerStmt" in node) return ofAccess(recorder, node.AlterOwnerStmt.objectType, node.AlterOwnerStmt.object)
  return privileged.some((tag) => tag in node) ? [general("privilege-change")] : []
}

const privileged = [
  "AlterDefaultPrivilegesStmt",
  "AlterRoleSetStmt",
  "AlterRoleStmt",
  "CreateRoleStmt",
  "DropRoleStmt",
  "GrantRoleStmt",
  "GrantStmt",
  "ReassignOwnedStmt"
] as const
