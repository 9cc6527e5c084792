/**
 * Drops objects. A drop reads every object that the dropped one ever depended on, so it stays before their later drop.
 * It writes every name that becomes free. With CASCADE it also writes and drops the dependent objects.
 *
 * @since 0.1.0
 * @internal
 */
import type { AlterTableCmd } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as ExpectedRefusal from "../reading/ExpectedRefusal.js"
import * as R from "../reading/Recorder.js"
import { uncertainly } from "../reading/Uncertainty.js"
import * as Use from "../reading/Use.js"

/** Whether dependent objects are dropped too, or prevent the drop. @since 0.1.0 @category models */
export type Behavior = "cascade" | "restrict"

const behaviorOf = ({ behavior }: Pick<AlterTableCmd, "behavior">): Behavior =>
  behavior === "DROP_CASCADE" ? "cascade" : "restrict"

/** @since 0.1.0 @category statements */
export const dropRelation = (recorder: R.Recorder, relation: Catalog.Relation, behavior: Behavior): void => {
  if (!Catalog.hasRelation(recorder.catalog, relation.name)) return
  if (Option.isSome(relation.owner)) Use.changePart(recorder, relation.name)
  else Use.change(recorder, relation.name)
  R.readAll(recorder, relation.dependencies)
  R.forgetRelation(recorder, relation.name)
  for (const part of relation.parts) dropPart(recorder, part)
  for (const constraint of relation.constraints) freeConstraint(recorder, relation.name, constraint)
  if (Option.isSome(relation.owner)) leaveOwner(recorder, relation, relation.owner.value)
  for (const parent of relation.parents) forgetChild(recorder, parent, relation.name)
  for (const child of relation.children) {
    const found = R.findRelation(recorder, child)
    if (found !== undefined) dropRelation(recorder, found, behavior)
  }
  if (behavior === "cascade") {
    for (const other of relation.referencedBy) dropForeignKeys(recorder, other, relation.name, undefined)
    cascade(recorder, relation.name.name, undefined, relation.name)
    if (relation.kind !== "index" && relation.kind !== "sequence") cascadeType(recorder, relation.name)
    for (const part of relation.parts) cascade(recorder, part.name, undefined, part)
  }
}

/** Drops an index, a sequence or statistics together with its table. */
const dropPart = (recorder: R.Recorder, name: QualifiedName): void => {
  const part = R.findRelation(recorder, name)
  R.writeName(recorder, name)
  if (part === undefined || !Catalog.isSameName(part.name, name)) return
  R.readAll(recorder, part.dependencies)
  leaveParents(recorder, part.name)
  R.forgetRelation(recorder, part.name)
}

/** Detaches an index of a partition from the index of the parent. @since 0.1.0 @category operations */
export const leaveParents = (recorder: R.Recorder, part: QualifiedName): void => {
  for (const parent of R.findRelation(recorder, part)?.parents ?? []) forgetChild(recorder, parent, part)
  R.updateLinks(recorder, part, (known) => ({ ...known, parents: [] }))
}

const leaveOwner = (recorder: R.Recorder, part: Catalog.Relation, owner: QualifiedName): void =>
  R.updateRelation(recorder, owner, (known) => ({
    ...known,
    parts: known.parts.filter((other) => !Catalog.isSameName(other, part.name)),
    constraints: known.constraints.filter(({ name }) => !part.isConstraint || name !== part.name.name)
  }))

const forgetChild = (recorder: R.Recorder, parent: QualifiedName, child: QualifiedName): void =>
  R.updateLinks(recorder, parent, (known) => ({
    ...known,
    children: known.children.filter((other) => !Catalog.isSameName(other, child))
  }))

/** Frees the name of a constraint, and unlinks the table that it references. */
const freeConstraint = (recorder: R.Recorder, table: QualifiedName, constraint: Catalog.Constraint): void => {
  R.read(recorder, HazardKey.constraint(constraint.name), table)
  if (Option.isNone(constraint.references)) return
  const target = constraint.references.value
  const rest = (R.findRelation(recorder, table)?.constraints ?? []).filter(
    ({ name, references }) =>
      name !== constraint.name && Option.exists(references, (other) => Catalog.isSameName(other, target))
  )
  if (rest.length > 0) return
  R.updateLinks(recorder, target, (known) => ({
    ...known,
    referencedBy: known.referencedBy.filter((other) => !Catalog.isSameName(other, table))
  }))
}

/** Drops the foreign keys to a table, or only those to the given columns. */
const dropForeignKeys = (
  recorder: R.Recorder,
  from: QualifiedName,
  to: QualifiedName,
  columns: ReadonlyArray<string> | undefined
): void => {
  const table = R.findRelation(recorder, from)
  if (table === undefined) return
  const isGone = ({ referencedColumns, references }: Catalog.Constraint): boolean =>
    Option.exists(references, (name) => Catalog.isSameName(name, to)) &&
    (columns === undefined ||
      referencedColumns.length === 0 ||
      referencedColumns.some((name) => columns.includes(name)))
  const gone = table.constraints.filter(isGone)
  if (gone.length === 0) return
  Use.change(recorder, from)
  R.updateRelation(recorder, from, (known) => ({
    ...known,
    constraints: known.constraints.filter((constraint) => !gone.includes(constraint))
  }))
  for (const constraint of gone) freeConstraint(recorder, from, constraint)
  for (const child of table.children) dropForeignKeys(recorder, child, to, columns)
}

/**
 * Drops the objects that depend on a key: views, routines, defaults, checks, triggers and policies. With a column, it
 * drops only those that name that column or all columns (`*`). `target` tells relations of the same name apart.
 *
 * @since 0.1.0
 * @category statements
 */
export const cascade = (
  recorder: R.Recorder,
  key: HazardKey.HazardKey,
  column: string | undefined,
  target: QualifiedName | undefined
): void => {
  const isMeant = ({ base }: Catalog.Relation): boolean =>
    target === undefined ||
    base.every(({ name }) => name !== key) ||
    base.some((name) => Catalog.isSameName(name, target))
  const isHit = (uses: ReadonlyArray<HazardKey.HazardKey>): boolean =>
    uses.includes(key) && (column === undefined || uses.includes(HazardKey.columnOf(key, column)))
  const isAmbiguous =
    target !== undefined &&
    Catalog.relationsCalled(recorder.catalog, key).some(({ name }) => !Catalog.isSameName(name, target))
  const take = (work: () => void): void => (isAmbiguous ? uncertainly(recorder, work) : work())
  for (const relation of Catalog.allRelations(recorder.catalog)) {
    const isView = relation.kind === "view" || relation.kind === "materialized view"
    if (isView && isHit(relation.uses) && isMeant(relation)) dropRelation(recorder, relation, "cascade")
    else if (column !== undefined) {
      const isOwn = target !== undefined && Catalog.isSameName(relation.name, target)
      detach(recorder, relation, ({ uses }) => isOwn && uses.includes(HazardKey.column(column)))
      take(() => detach(recorder, relation, ({ uses }) => isHit(uses)))
    } else take(() => loosen(recorder, relation, key))
  }
  for (const routine of Catalog.allRoutines(recorder.catalog)) {
    if (isHit(routine.uses)) take(() => dropRoutine(recorder, routine, "cascade"))
  }
  for (const type of Catalog.allTypes(recorder.catalog)) {
    if (type.constraints.some(({ uses }) => isHit(uses))) take(() => loosenDomain(recorder, type, isHit))
  }
}

const loosenDomain = (
  recorder: R.Recorder,
  type: Catalog.Type,
  isHit: (uses: ReadonlyArray<HazardKey.HazardKey>) => boolean
): void => {
  Use.touchType(recorder, type.name)
  R.writeName(recorder, type.name)
  R.readAll(recorder, type.dependencies)
  for (const { name, uses } of type.constraints) if (isHit(uses)) R.read(recorder, HazardKey.constraint(name))
  R.saveType(recorder, { ...type, constraints: type.constraints.filter(({ uses }) => !isHit(uses)) })
}

/** Removes triggers, policies and rules from a table. */
const detach = (
  recorder: R.Recorder,
  relation: Catalog.Relation,
  isGone: (attachment: Catalog.Attachment) => boolean
): void => {
  if (!relation.attachments.some(isGone)) return
  Use.change(recorder, relation.name)
  R.readAll(recorder, relation.dependencies)
  R.updateRelation(recorder, relation.name, (known) => ({
    ...known,
    attachments: known.attachments.filter((attachment) => !isGone(attachment))
  }))
}

const isStillThere = ({ catalog }: R.Recorder, name: QualifiedName): boolean =>
  [...Catalog.typesCalled(catalog, name.name), ...Catalog.relationsCalled(catalog, name.name)].some((other) =>
    Catalog.isSameName(other.name, name)
  )

/** Drops the columns, routines and types that use a type, or a table as the type of its rows. */
const cascadeType = (recorder: R.Recorder, gone: QualifiedName): void => {
  const isGone = (name: QualifiedName): boolean =>
    name.name === gone.name &&
    (Catalog.isSameName(name, gone) || (Option.isNone(name.schema) && !isStillThere(recorder, name)))
  for (const routine of Catalog.allRoutines(recorder.catalog)) {
    if (routine.types.some(isGone)) dropRoutine(recorder, routine, "cascade")
  }
  for (const type of Catalog.allTypes(recorder.catalog)) {
    if (type.parts.some(isGone)) dropType(recorder, type, "cascade")
  }
  for (const relation of Catalog.allRelations(recorder.catalog)) {
    const columns = relation.kind === "table" || relation.kind === "composite type" ? relation.columns : []
    for (const { name, type } of columns) {
      if (!isGone(type)) continue
      Use.change(recorder, relation.name)
      R.readAll(recorder, relation.dependencies)
      removeColumn(recorder, relation.name, name, "cascade")
    }
  }
}

/**
 * Removes the parts of a table that use a key: generated columns, defaults, checks, triggers, policies, indexes,
 * statistics.
 */
const loosen = (recorder: R.Recorder, relation: Catalog.Relation, key: HazardKey.HazardKey): void => {
  const columns = relation.columns.filter(({ uses }) => uses.includes(key))
  const defaults = columns.filter(({ isGenerated }) => !isGenerated)
  const checks = relation.constraints.filter(({ uses }) => uses.includes(key))
  detach(recorder, relation, ({ uses }) => uses.includes(key))
  const isPart = relation.kind === "index" || relation.kind === "statistics"
  if (isPart && relation.uses.includes(key)) dropRelation(recorder, relation, "cascade")
  for (const { isGenerated, name } of columns) {
    if (!isGenerated) continue
    Use.change(recorder, relation.name)
    removeColumn(recorder, relation.name, name, "cascade")
  }
  if (defaults.length + checks.length === 0) return
  Use.change(recorder, relation.name)
  R.readAll(recorder, relation.dependencies)
  for (const { name } of checks) R.read(recorder, HazardKey.constraint(name))
  R.updateRelation(recorder, relation.name, (known) => ({
    ...known,
    columns: known.columns.map((column) =>
      defaults.includes(column) ? { ...column, hasDefault: false, uses: [] } : column
    ),
    constraints: known.constraints.filter((constraint) => !checks.includes(constraint))
  }))
}

/** @since 0.1.0 @category statements */
export const dropRoutine = (recorder: R.Recorder, routine: Catalog.Routine, behavior: Behavior): void => {
  const isThere = Catalog.routinesNamed(recorder.catalog, routine.name).some((_) => Catalog.isSameRoutine(_, routine))
  if (!isThere) return
  const key = HazardKey.routine(routine.name.name)
  R.readSchema(recorder, routine.name)
  R.write(recorder, key, routine.name)
  R.readAll(recorder, routine.dependencies)
  R.forgetRoutine(recorder, routine)
  if (behavior !== "cascade") return
  const isOverloaded = Catalog.routinesNamed(recorder.catalog, { ...routine.name, schema: Option.none() }).length > 0
  if (isOverloaded) uncertainly(recorder, () => cascade(recorder, key, undefined, undefined))
  else cascade(recorder, key, undefined, undefined)
}

/** @since 0.1.0 @category statements */
export const dropType = (recorder: R.Recorder, type: Catalog.Type, behavior: Behavior): void => {
  if (!Catalog.typesNamed(recorder.catalog, type.name).some(({ name }) => Catalog.isSameName(name, type.name))) return
  Use.touchType(recorder, type.name)
  R.writeName(recorder, type.name)
  R.readAll(recorder, type.dependencies)
  R.forgetType(recorder, type.name)
  if (behavior === "cascade") {
    cascade(recorder, type.name.name, undefined, undefined)
    cascadeType(recorder, type.name)
  }
}

type Action = (recorder: R.Recorder, table: QualifiedName, command: AlterTableCmd) => void

/** @since 0.1.0 @category actions */
export const dropColumn: Action = (recorder, table, command) => {
  const { name = "" } = command
  Use.readDependencies(recorder, table)
  const known = R.findRelation(recorder, table)
  const isThere = known?.columns.some((column) => column.name === name) === true
  if (!isThere && known !== undefined && command.missing_ok !== true) {
    const column = SchemaObject.column(name, known.name)
    if (known.isExternal) R.disclaim(recorder, column)
    else ExpectedRefusal.removal(recorder, column)
  }
  removeColumn(recorder, table, name, behaviorOf(command))
}

/** Removes a column with the indexes, constraints, statistics and sequences that it is part of. */
const removeColumn = (recorder: R.Recorder, table: QualifiedName, column: string, behavior: Behavior): void => {
  const known = R.findRelation(recorder, table)
  if (known === undefined) return
  const isKey = ({ columns, kind }: Catalog.Constraint): boolean =>
    columns.includes(column) && (kind === "primary key" || kind === "unique")
  if (behavior === "cascade") {
    if (known.constraints.some(isKey)) {
      for (const other of known.referencedBy) dropForeignKeys(recorder, other, known.name, [column])
    }
    cascade(recorder, known.name.name, column, known.name)
    for (const part of known.parts)
      if (isOfColumn(recorder, part, column)) cascade(recorder, part.name, undefined, part)
  }
  const parts = known.parts.filter((part) => isOfColumn(recorder, part, column))
  const gone = known.constraints.filter(
    ({ columns, name }) => columns.includes(column) || parts.some((part) => part.name === name)
  )
  for (const part of parts) dropPart(recorder, part)
  const generated = known.columns.filter(({ uses }) => uses.includes(HazardKey.column(column)))
  R.updateRelation(recorder, table, (relation) => ({
    ...relation,
    columns: relation.columns.filter(({ name }) => name !== column),
    constraints: relation.constraints.filter((constraint) => !gone.includes(constraint)),
    parts: relation.parts.filter((part) => Catalog.hasRelation(recorder.catalog, part))
  }))
  for (const constraint of gone) freeConstraint(recorder, table, constraint)
  if (behavior === "cascade") for (const { name } of generated) removeColumn(recorder, table, name, behavior)
  for (const child of known.children) {
    const inherited = R.findRelation(recorder, child)?.columns.find(({ name }) => name === column)
    if (inherited?.isLocal === false) removeColumn(recorder, child, column, behavior)
  }
}

const isOfColumn = (recorder: R.Recorder, part: QualifiedName, column: string): boolean => {
  const found = R.findRelation(recorder, part)
  if (found === undefined) return false
  const isOwned = Option.contains(found.ownerColumn, column)
  const isIn = found.indexColumns.includes(column) || found.included.includes(column)
  return isOwned || isIn || found.uses.includes(HazardKey.column(column))
}

/** @since 0.1.0 @category actions */
export const dropConstraint: Action = (recorder, table, command) => {
  const { name = "" } = command
  Use.readDependencies(recorder, table)
  R.read(recorder, HazardKey.constraint(name), table)
  const known = R.findRelation(recorder, table)
  const gone = known?.constraints.find((constraint) => constraint.name === name)
  if (known === undefined || gone === undefined) {
    const isCertain = known !== undefined && command.missing_ok !== true
    if (isCertain) R.disclaim(recorder, SchemaObject.constraint(name, known.name))
    R.write(recorder, name)
    return
  }
  const isKey = gone.kind === "primary key" || gone.kind === "unique"
  if (isKey && behaviorOf(command) === "cascade") {
    for (const other of known.referencedBy) dropForeignKeys(recorder, other, known.name, gone.columns)
    if (gone.kind === "primary key") dropGrouped(recorder, known.name.name)
  }
  removeConstraint(recorder, known, gone)
}

/** Drops queries that group rows. Only the server knows whether such a query depends on the primary key. */
const dropGrouped = (recorder: R.Recorder, key: HazardKey.HazardKey): void => {
  const isHit = ({ uses }: Pick<Catalog.Relation, "uses">): boolean =>
    uses.includes(HazardKey.grouping) && uses.includes(key)
  uncertainly(recorder, () => {
    for (const view of Catalog.allRelations(recorder.catalog).filter(isHit)) dropRelation(recorder, view, "cascade")
    for (const routine of Catalog.allRoutines(recorder.catalog).filter(isHit)) dropRoutine(recorder, routine, "cascade")
  })
}

const removeConstraint = (recorder: R.Recorder, table: Catalog.Relation, gone: Catalog.Constraint): void => {
  const carrier = table.parts.find(({ name }) => name === gone.name)
  if (carrier !== undefined && gone.kind !== "check" && gone.kind !== "foreign key") dropPart(recorder, carrier)
  R.updateRelation(recorder, table.name, (known) => ({
    ...known,
    constraints: known.constraints.filter(({ name }) => name !== gone.name),
    parts: known.parts.filter((part) => Catalog.hasRelation(recorder.catalog, part)),
    columns: known.columns.map((column) =>
      gone.kind === "not null" && gone.columns.includes(column.name) ? { ...column, isNotNull: false } : column
    )
  }))
  freeConstraint(recorder, table.name, gone)
  for (const child of table.children) {
    const found = R.findRelation(recorder, child)
    const inherited = found?.constraints.find(
      ({ columns, kind, name }) =>
        kind === gone.kind && (name === gone.name || (carrier !== undefined && columns.join() === gone.columns.join()))
    )
    const isOwn = inherited?.isLocal === true && (inherited.kind === "check" || inherited.kind === "not null")
    if (found !== undefined && inherited !== undefined && !isOwn) removeConstraint(recorder, found, inherited)
  }
}

/** @since 0.1.0 @category actions */
export const dropIdentity: Action = (recorder, table, { name = "" }) => {
  Use.readDependencies(recorder, table)
  const known = R.findRelation(recorder, table)
  const sequences = (known?.parts ?? []).filter((part) => {
    const found = R.findRelation(recorder, part)
    return found?.kind === "sequence" && found.isIdentity && Option.contains(found.ownerColumn, name)
  })
  for (const sequence of sequences) dropPart(recorder, sequence)
  R.updateRelation(recorder, table, (relation) => ({
    ...relation,
    parts: relation.parts.filter((part) => Catalog.hasRelation(recorder.catalog, part)),
    columns: relation.columns.map((column) => (column.name === name ? { ...column, hasDefault: false } : column))
  }))
}
