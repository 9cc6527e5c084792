/**
 * Reads the actions of `ALTER TABLE` that give a table a parent or take it away: a table that it inherits from or is a
 * partition of, and a type that it follows.
 *
 * @since 0.1.0
 * @internal
 */
import type { AlterTableCmd, Node, PartitionCmd } from "@pgsql/types"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { elementName } from "../sql/ParsedType.js"
import { attachIndex } from "./CopiedIndexes.js"
import { leaveParents } from "./Drop.js"
import { clonePartition, followType, inherit } from "./Inheritance.js"

/** @since 0.1.0 @category actions */
export const addParent = (recorder: R.Recorder, table: QualifiedName, { def }: AlterTableCmd): void => {
  if (def !== undefined && "RangeVar" in def) inherit(recorder, table, Path.range(recorder, def.RangeVar), undefined)
}

/** Takes a child from its parent. Both change: what the parent includes, and what the child inherits. */
const leaveParent = (recorder: R.Recorder, child: QualifiedName, parent: QualifiedName): void => {
  Use.readDependencies(recorder, child)
  Use.readDependencies(recorder, parent)
  Use.change(recorder, parent)
  Use.change(recorder, child)
  const from = R.findRelation(recorder, parent)
  R.updateRelation(recorder, child, (known) => ({
    ...known,
    parents: known.parents.filter((other) => from === undefined || !Catalog.isSameName(other, from.name)),
    columns: known.columns.map((column) => ({ ...column, isLocal: true })),
    constraints: known.constraints.map((constraint) => ({ ...constraint, isLocal: true }))
  }))
  const left = R.findRelation(recorder, child)
  for (const part of left?.parts ?? []) leaveParents(recorder, part)
  R.updateRelation(recorder, parent, (known) => ({
    ...known,
    children: known.children.filter((other) => left === undefined || !Catalog.isSameName(other, left.name))
  }))
}

/** @since 0.1.0 @category actions */
export const dropParent = (recorder: R.Recorder, table: QualifiedName, { def }: AlterTableCmd): void => {
  if (def !== undefined && "RangeVar" in def) leaveParent(recorder, table, Path.range(recorder, def.RangeVar))
}

const partition = (def: Node | undefined): PartitionCmd | undefined =>
  def !== undefined && "PartitionCmd" in def ? def.PartitionCmd : undefined

/** Attaches a partition to a table, or an index to a partitioned index. @since 0.1.0 @category actions */
export const attach = (recorder: R.Recorder, table: QualifiedName, { def }: AlterTableCmd): void => {
  const command = partition(def)
  const child = Path.range(recorder, command?.name)
  if (R.findRelation(recorder, table)?.kind === "index") {
    Use.changePart(recorder, child)
    attachIndex(recorder, child, table)
    return
  }
  Use.change(recorder, child)
  Use.fetch(recorder, child)
  for (const name of [table, child]) Use.recompute(recorder, name)
  const known = R.findRelation(recorder, child)
  const isOnly = (constraint: Catalog.Constraint): boolean =>
    constraint.kind !== "check" && constraint.kind !== "not null"
  R.updateRelation(recorder, child, (one) => ({
    ...one,
    columns: one.columns.map((column) => ({ ...column, isLocal: false })),
    constraints: one.constraints.map((constraint) => ({ ...constraint, isLocal: isOnly(constraint) }))
  }))
  inherit(recorder, known?.name ?? child, table, command?.bound)
  const from = R.findRelation(recorder, table)
  if (from !== undefined) clonePartition(recorder, known?.name ?? child, from)
}

/** @since 0.1.0 @category actions */
export const detach = (recorder: R.Recorder, table: QualifiedName, { def }: AlterTableCmd): void =>
  leaveParent(recorder, Path.range(recorder, partition(def)?.name), table)

/** @since 0.1.0 @category actions */
export const ofType = (recorder: R.Recorder, table: QualifiedName, { def }: AlterTableCmd): void => {
  if (def === undefined || !("TypeName" in def)) return
  const type = Path.type(recorder, elementName(def.TypeName))
  Use.touchType(recorder, type)
  notOfType(recorder, table)
  followType(recorder, table, type)
}

/** @since 0.1.0 @category actions */
export const notOfType = (recorder: R.Recorder, table: QualifiedName): void => {
  const types = (R.findRelation(recorder, table)?.parents ?? []).filter(
    (parent) => R.findRelation(recorder, parent)?.kind === "composite type"
  )
  for (const type of types) leaveParent(recorder, table, type)
}
