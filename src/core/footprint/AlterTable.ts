/**
 * Reads `ALTER TABLE`, with one rule for each of its actions. Every action writes the table; its rule records what else
 * it reads, writes, adds and drops. The compiler checks that the table has every action.
 *
 * @since 0.1.0
 * @internal
 */
import type { AlterTableCmd, AlterTableStmt, AlterTableType, ColumnDef, Node } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as ExpectedRefusal from "../reading/ExpectedRefusal.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { modifiersOf, optionNamed, partsOfObject } from "../sql/SyntaxTree.js"
import * as Column from "./Column.js"
import { addConstraint } from "./Constraint.js"
import { dropColumn, dropConstraint, dropIdentity } from "./Drop.js"
import * as Parents from "./Parents.js"

/** @since 0.1.0 @category statements */
export const alterTable = (recorder: R.Recorder, statement: AlterTableStmt): void => {
  const name = Path.range(recorder, statement.relation)
  const known = R.findRelation(recorder, name)
  if (known === undefined && statement.missing_ok === true) {
    R.writeName(recorder, name)
    return
  }
  if (statement.objtype === "OBJECT_INDEX" || statement.objtype === "OBJECT_SEQUENCE") Use.changePart(recorder, name)
  else Use.change(recorder, name)
  if (known === undefined)
    R.saveRelation(recorder, { ...Catalog.relation("table", Path.placed(recorder, name)), isExternal: true })
  const table = known?.name ?? Path.placed(recorder, name)
  R.updateRelation(recorder, table, (same) => same)
  for (const node of statement.cmds ?? []) {
    if ("AlterTableCmd" in node)
      actions[node.AlterTableCmd.subtype ?? "AT_ReAddComment"](recorder, table, node.AlterTableCmd)
  }
}

type Action = (recorder: R.Recorder, table: QualifiedName, command: AlterTableCmd) => void

/** An action that writes the table and has no other effect. */
const tableOnly: Action = () => undefined

/** An action that only the server creates. */
const internal: Action = (recorder, _, { subtype }) =>
  R.opaqueBarrier(recorder, `${subtype} is an action that only the server creates`)

const addColumn: Action = (recorder, table, { def, missing_ok }) => {
  if (def === undefined || !("ColumnDef" in def)) return
  const name = def.ColumnDef.colname ?? ""
  const isThere = R.findRelation(recorder, table)?.columns.some((column) => column.name === name) === true
  if (isThere && missing_ok === true) return
  ExpectedRefusal.creation(recorder, SchemaObject.column(name, table))
  addColumnTo(recorder, table, def.ColumnDef)
}

/** Adds the column to the table and its children. The server computes the default for existing rows. */
const addColumnTo = (recorder: R.Recorder, table: QualifiedName, definition: ColumnDef): void => {
  const pending: Array<Column.Pending> = []
  Column.addColumn(recorder, table, definition, pending)
  for (const node of definition.constraints ?? []) {
    if ("Constraint" in node && node.Constraint.contype !== "CONSTR_CHECK")
      Use.useNow(recorder, node.Constraint.raw_expr)
  }
  Column.addPending(recorder, table, pending)
  const added = R.findRelation(recorder, table)?.columns.find(({ name }) => name === definition.colname)
  const notNull = R.findRelation(recorder, table)?.constraints.find(
    ({ columns, kind }) => kind === "not null" && columns[0] === definition.colname
  )
  if (added !== undefined) inChildren(recorder, table, (child) => addInherited(recorder, child, added, notNull))
}

/** Adds a column to a child. A child that has the column keeps it, and it becomes NOT NULL if the new one is. */
const addInherited = (
  recorder: R.Recorder,
  child: QualifiedName,
  column: Catalog.Column,
  notNull: Catalog.Constraint | undefined
): void =>
  R.updateRelation(recorder, child, (known) => {
    const isThere = known.columns.some(({ name }) => name === column.name)
    const isHeld = known.constraints.some(({ columns, kind }) => kind === "not null" && columns[0] === column.name)
    return {
      ...known,
      columns: isThere
        ? known.columns.map((own) =>
            own.name === column.name ? { ...own, isNotNull: own.isNotNull || column.isNotNull } : own
          )
        : [...known.columns, { ...column, isLocal: false }],
      constraints:
        notNull === undefined || isHeld ? known.constraints : [...known.constraints, { ...notNull, isLocal: false }]
    }
  })

/** Changes each child once, at any depth: a child may have several parents. */
const inChildren = (
  recorder: R.Recorder,
  table: QualifiedName,
  change: (child: QualifiedName) => void,
  changed: Set<string> = new Set()
): void => {
  for (const child of R.findRelation(recorder, table)?.children ?? []) {
    const key = `${Catalog.schemaOf(child)}.${child.name}`
    if (changed.has(key)) continue
    changed.add(key)
    change(child)
    inChildren(recorder, child, change, changed)
  }
}

const updateColumn = (
  recorder: R.Recorder,
  table: QualifiedName,
  name: string | undefined,
  change: (column: Catalog.Column) => Catalog.Column
): void =>
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    columns: known.columns.map((column) => (column.name === name ? change(column) : column))
  }))

const setNotNull: Action = (recorder, table, { name = "" }) => {
  addConstraint(recorder, table, { contype: "CONSTR_NOTNULL" }, name, "old")
}

const dropNotNull: Action = (recorder, table, { name }) => {
  Use.readDependencies(recorder, table)
  loosenColumn(recorder, table, name)
}

/** Drops NOT NULL from a column and from the children that only inherit it. */
const loosenColumn = (recorder: R.Recorder, table: QualifiedName, name: string | undefined): void => {
  updateColumn(recorder, table, name, (column) => ({ ...column, isNotNull: false }))
  const isIt = ({ columns, kind }: Catalog.Constraint): boolean => kind === "not null" && columns[0] === name
  R.updateRelation(recorder, table, (known) => ({
    ...known,
    constraints: known.constraints.filter((constraint) => !isIt(constraint))
  }))
  for (const child of R.findRelation(recorder, table)?.children ?? []) {
    if (R.findRelation(recorder, child)?.constraints.find(isIt)?.isLocal === false) loosenColumn(recorder, child, name)
  }
}

/**
 * Changes the type of a column. The column no longer depends on the old type. The server rebuilds indexes, defaults and
 * checks, and checks the tables that reference this one.
 */
const alterType: Action = (recorder, table, { def, name }) => {
  Use.readDependencies(recorder, table)
  if (def === undefined || !("ColumnDef" in def)) return
  const { collClause, raw_default, typeName } = def.ColumnDef
  Use.useNow(recorder, typeName, raw_default, collClause)
  const retype = (column: Catalog.Column): Catalog.Column =>
    typeName === undefined
      ? column
      : {
          ...column,
          ...Path.resolvedType(recorder, typeName),
          collation: Column.collationOf(def.ColumnDef),
          modifiers: modifiersOf(typeName.typmods)
        }
  for (const other of R.findRelation(recorder, table)?.referencedBy ?? []) Use.change(recorder, other)
  Use.recompute(recorder, table)
  updateColumn(recorder, table, name, retype)
  inChildren(recorder, table, (child) => updateColumn(recorder, child, name, retype))
}

const columnDefault: Action = (recorder, table, { def, name = "" }) => {
  Use.readDependencies(recorder, table)
  setValue(recorder, table, name, def, "default")
}

const setValue = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string,
  expression: Node | undefined,
  kind: "default" | "generated"
): void => {
  Column.setDefault(recorder, table, column, expression, kind)
  inChildren(recorder, table, (child) => Column.setDefault(recorder, child, column, expression, kind))
}

/** Changes a generated value. The server computes stored values at once. */
const setExpression: Action = (recorder, table, { def, name = "" }) => {
  Use.readDependencies(recorder, table)
  setValue(recorder, table, name, def, "generated")
  Use.useNow(recorder, def)
}

const addTableConstraint: Action = (recorder, table, { def }) => {
  if (def === undefined || !("Constraint" in def)) return
  const constraint = def.Constraint
  addConstraint(recorder, table, constraint, undefined, "old")
  const known = R.findRelation(recorder, table)
  const isRow = constraint.contype === "CONSTR_CHECK" || constraint.contype === "CONSTR_NOTNULL"
  const isInherited = isRow || (known?.isPartitioned === true && constraint.contype === "CONSTR_FOREIGN")
  const added = known?.constraints.at(-1)
  if (!isInherited || added === undefined || constraint.is_no_inherit === true) return
  inChildren(recorder, table, (child) =>
    R.updateRelation(recorder, child, (known) =>
      known.constraints.some(({ name }) => name === added.name)
        ? known
        : { ...known, constraints: [...known.constraints, { ...added, isLocal: false }] }
    )
  )
}

/** Validates a constraint: checks the rows, for a foreign key against those of the referenced table. */
const validate: Action = (recorder, table, { name = "" }) => {
  R.read(recorder, HazardKey.constraint(name))
  const known = R.findRelation(recorder, table)
  const constraint = known?.constraints.find((other) => other.name === name)
  if (constraint !== undefined && Option.isSome(constraint.references)) Use.touch(recorder, constraint.references.value)
  for (const hidden of known?.onWrite ?? []) Use.runNow(recorder, hidden)
  R.updateRelation(recorder, table, (relation) => ({
    ...relation,
    constraints: relation.constraints.map((other) => (other.name === name ? { ...other, isValidated: true } : other))
  }))
}

const addIdentity: Action = (recorder, table, { def, name = "" }) => {
  const options = def !== undefined && "Constraint" in def ? def.Constraint.options : undefined
  Column.ownSequence(recorder, table, name, partsOfObject(optionNamed(options, "sequence_name")?.arg), "identity")
}

/** An action that names an index of the table. */
const namesIndex: Action = (recorder, table, { name }) => useIndex(recorder, table, name)

const useIndex = (recorder: R.Recorder, table: QualifiedName, name: string | undefined): void => {
  if (name !== undefined) Use.changePart(recorder, { schema: table.schema, name })
}

/** An action that names a trigger of the table. */
const namesTrigger: Action = (recorder, _, { name }) => {
  if (name !== undefined) R.read(recorder, HazardKey.trigger(name))
}

const changeOwner: Action = (recorder, table, { newowner }) => {
  Use.readDependencies(recorder, table)
  if (newowner?.rolename !== undefined) R.read(recorder, HazardKey.role(newowner.rolename))
  for (const part of R.findRelation(recorder, table)?.parts ?? []) R.writeName(recorder, part)
}

const moveToAccessMethod: Action = (recorder, _, { name }) => R.read(recorder, `access method ${name ?? ""}`)

const replicaIdentity: Action = (recorder, table, { def }) => {
  if (def !== undefined && "ReplicaIdentityStmt" in def) useIndex(recorder, table, def.ReplicaIdentityStmt.name)
}

const actions: Readonly<Record<AlterTableType, Action>> = {
  AT_AddColumn: addColumn,
  AT_AddColumnToView: internal,
  AT_AddConstraint: addTableConstraint,
  AT_AddIdentity: addIdentity,
  AT_AddIndex: internal,
  AT_AddIndexConstraint: internal,
  AT_AddInherit: Parents.addParent,
  AT_AddOf: Parents.ofType,
  AT_AlterColumnGenericOptions: tableOnly,
  AT_AlterColumnType: alterType,
  AT_AlterConstraint: validate,
  AT_AttachPartition: Parents.attach,
  AT_ChangeOwner: changeOwner,
  AT_ClusterOn: namesIndex,
  AT_ColumnDefault: columnDefault,
  AT_CookedColumnDefault: internal,
  AT_DetachPartition: Parents.detach,
  AT_DetachPartitionFinalize: Parents.detach,
  AT_DisableRowSecurity: tableOnly,
  AT_DisableRule: tableOnly,
  AT_DisableTrig: namesTrigger,
  AT_DisableTrigAll: tableOnly,
  AT_DisableTrigUser: tableOnly,
  AT_DropCluster: tableOnly,
  AT_DropColumn: dropColumn,
  AT_DropConstraint: dropConstraint,
  AT_DropExpression: columnDefault,
  AT_DropIdentity: dropIdentity,
  AT_DropInherit: Parents.dropParent,
  AT_DropNotNull: dropNotNull,
  AT_DropOf: Parents.notOfType,
  AT_DropOids: tableOnly,
  AT_EnableAlwaysRule: tableOnly,
  AT_EnableAlwaysTrig: namesTrigger,
  AT_EnableReplicaRule: tableOnly,
  AT_EnableReplicaTrig: namesTrigger,
  AT_EnableRowSecurity: tableOnly,
  AT_EnableRule: tableOnly,
  AT_EnableTrig: namesTrigger,
  AT_EnableTrigAll: tableOnly,
  AT_EnableTrigUser: tableOnly,
  AT_ForceRowSecurity: tableOnly,
  AT_GenericOptions: tableOnly,
  AT_NoForceRowSecurity: tableOnly,
  AT_ReAddComment: internal,
  AT_ReAddConstraint: internal,
  AT_ReAddDomainConstraint: internal,
  AT_ReAddIndex: internal,
  AT_ReAddStatistics: internal,
  AT_ReplaceRelOptions: tableOnly,
  AT_ReplicaIdentity: replicaIdentity,
  AT_ResetOptions: tableOnly,
  AT_ResetRelOptions: tableOnly,
  AT_SetAccessMethod: moveToAccessMethod,
  AT_SetCompression: tableOnly,
  AT_SetExpression: setExpression,
  AT_SetIdentity: tableOnly,
  AT_SetLogged: tableOnly,
  AT_SetNotNull: setNotNull,
  AT_SetOptions: tableOnly,
  AT_SetRelOptions: tableOnly,
  AT_SetStatistics: tableOnly,
  AT_SetStorage: tableOnly,
  AT_SetTableSpace: tableOnly,
  AT_SetUnLogged: tableOnly,
  AT_ValidateConstraint: validate
}
