/**
 * Records what the use of an object reads and writes. A relation includes the types of its columns, its base tables and
 * its children. Writing a row runs triggers, defaults, checks and foreign keys. A call runs the body of the routine.
 * Each object is followed once in a statement.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import { isBuiltInRoutine } from "../catalog/BuiltInRoutines.js"
import { hasHiddenEffects, hasOutsideEffects } from "../catalog/HiddenEffects.js"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import type { DeclaredRoutine } from "../model/DeclaredRoutine.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import { type Access, type Call, type Mentions, mentionsOf, type NamedInText } from "../sql/Mentions.js"
import { isBuiltIn } from "../sql/ParsedType.js"
import { nameOfStrings } from "../sql/SyntaxTree.js"
import { isRunning, runBody } from "./BodyRun.js"
import { inspectCatalog, isCatalogRelation } from "./CatalogQuery.js"
import { movedBy } from "./ComputedSequence.js"
import * as Path from "./NameResolution.js"
import * as R from "./Recorder.js"
import { readTextSearch, thingsIn } from "./StoredExpression.js"
import * as UnknownTable from "./UnknownTable.js"

export { directKeys, hiddenCalls, movedSequences } from "./StoredExpression.js"

const once = (recorder: R.Recorder, what: string, name: QualifiedName): boolean => {
  const { followed } = recorder.statement
  const key = `${what} ${Option.getOrElse(name.schema, () => "")}.${name.name}`
  if (followed.has(key)) return false
  followed.add(key)
  return true
}

/** Reads the definition of a relation, with its types, base tables and children. @since 0.1.0 @category reading */
export const touch = (recorder: R.Recorder, name: QualifiedName): void => {
  touchAlone(recorder, name)
  if (!once(recorder, "children", name)) return
  for (const { children } of R.relations(recorder, name)) for (const child of children) touch(recorder, child)
}

/** Reads the definition of a relation without those of its children. @since 0.1.0 @category reading */
export const touchAlone = (recorder: R.Recorder, name: QualifiedName): void => {
  if (recorder.locals.has(name.name) || isCatalogRelation(recorder, name) || !once(recorder, "touch", name)) return
  const found = R.relations(recorder, name)
  R.readName(recorder, name)
  if (found.length === 0) unknown(recorder, name)
  for (const relation of found) {
    R.readName(recorder, relation.name)
    touchTypes(recorder, relation)
    for (const other of relation.base) touch(recorder, other)
  }
}

const touchTypes = (recorder: R.Recorder, relation: Catalog.Relation): void => {
  for (const { collation, type } of relation.columns) {
    touchType(recorder, type)
    if (Option.isSome(collation) && R.isKnownNamed(recorder, collation.value)) R.read(recorder, collation.value)
  }
}

/** Reads a type and the types that it consists of. @since 0.1.0 @category reading */
export const touchType = (recorder: R.Recorder, name: QualifiedName): void => {
  const types = R.types(recorder, name)
  const rows = R.relations(recorder, name)
  const parts = [...Option.toArray(name.schema), name.name]
  if (types.length === 0 && rows.length === 0) {
    if (isBuiltIn(parts)) return
    R.readName(recorder, name)
    R.unlessComplete(recorder, `type ${name.name} is not created by any migration`)
    return
  }
  if (!once(recorder, "type", name)) return
  R.readName(recorder, name)
  for (const type of types) {
    R.readAll(recorder, type.uses)
    for (const part of type.parts) touchType(recorder, part)
    for (const { arity, name: run } of type.runs) touchRoutine(recorder, run, arity)
  }
  for (const row of rows) touchTypes(recorder, row)
}

/** After an opaque statement, a relation that no known migration creates may be a view of any table. */
const unknown = (recorder: R.Recorder, { name }: QualifiedName): void => {
  R.unlessComplete(recorder, `relation ${name} is not created by any migration`)
}

/**
 * Reads rows: reads the definition, and runs the functions of the views and policies in between.
 *
 * @since 0.1.0
 * @category reading
 */
export const fetch = (recorder: R.Recorder, name: QualifiedName): void => {
  touch(recorder, name)
  if (!once(recorder, "fetch", name)) return
  for (const relation of R.relations(recorder, name)) {
    readTextSearch(recorder, relation.dependencies)
    for (const hidden of relation.onRead) runHidden(recorder, relation, hidden)
    for (const { calls, kind } of relation.attachments) {
      if (kind !== "trigger") for (const hidden of calls) runHidden(recorder, relation, hidden)
    }
    for (const other of [...relation.base, ...relation.children]) fetch(recorder, other)
  }
}

/** Reads every object that a relation ever depended on. @since 0.1.0 @category reading */
export const readDependencies = (recorder: R.Recorder, table: QualifiedName): void => {
  for (const relation of R.relations(recorder, table)) R.readAll(recorder, relation.dependencies)
}

/** Writes the definition of a relation and those of its children. @since 0.1.0 @category writing */
export const change = (recorder: R.Recorder, name: QualifiedName): void => {
  touch(recorder, name)
  if (!once(recorder, "change", name)) return
  R.writeName(recorder, name)
  for (const relation of R.relations(recorder, name)) {
    R.write(recorder, relation.name.name, relation.name)
    for (const child of relation.children) change(recorder, child)
  }
}

/** Writes rows, and runs the code that the server then runs. @since 0.1.0 @category writing */
export const store = (recorder: R.Recorder, name: QualifiedName, access: Access): void => {
  if (access === "insert" && UnknownTable.insert(recorder, name)) return
  fetch(recorder, name)
  if (access === "read" || recorder.locals.has(name.name) || !once(recorder, access, name)) return
  R.writeName(recorder, name)
  const found = R.relations(recorder, name)
  if (found.length === 0) R.opaqueBarrier(recorder, UnknownTable.triggers(name))
  for (const relation of found) storeRows(recorder, relation, access)
}

const storeRows = (recorder: R.Recorder, relation: Catalog.Relation, access: Access): void => {
  R.write(recorder, relation.name.name, relation.name)
  if (relation.isExternal && access === "insert") {
    UnknownTable.runTriggers(recorder, relation.name, "anywhere")
  } else if (relation.isExternal) R.opaqueBarrier(recorder, UnknownTable.triggers(relation.name))
  for (const hidden of relation.onWrite) runHidden(recorder, relation, hidden)
  for (const sequence of relation.alsoWrites) moveSequence(recorder, sequence)
  for (const { alsoWrites, calls } of relation.attachments) {
    for (const hidden of calls) runHidden(recorder, relation, hidden)
    for (const other of alsoWrites) store(recorder, other, "merge")
  }
  for (const column of relation.columns) storeValue(recorder, column.type)
  for (const { references } of relation.constraints) if (Option.isSome(references)) touch(recorder, references.value)
  if (access !== "insert") for (const other of relation.referencedBy) followForeignKeys(recorder, relation, other)
  for (const other of [...relation.base, ...relation.children]) store(recorder, other, access)
  for (const parent of relation.parents) runInherited(recorder, parent)
}

/** A dropped default may leave behind the name of a dropped sequence. */
const moveSequence = (recorder: R.Recorder, sequence: QualifiedName): void =>
  R.relations(recorder, sequence).length > 0 ? changePart(recorder, sequence) : R.writeName(recorder, sequence)

/** Runs the checks of the domains in a type. */
const storeValue = (recorder: R.Recorder, name: QualifiedName): void => {
  if (!once(recorder, "value", name)) return
  for (const type of R.types(recorder, name)) {
    readTextSearch(recorder, type.dependencies)
    for (const hidden of [...type.onWrite, ...type.runs]) runHidden(recorder, undefined, hidden)
    for (const part of type.parts) storeValue(recorder, part)
  }
}

/** The referencing table is read by the check of a foreign key, and written by `CASCADE` and the other actions. */
const followForeignKeys = (recorder: R.Recorder, target: Catalog.Relation, from: QualifiedName): void => {
  const keys = (R.findRelation(recorder, from)?.constraints ?? []).filter(({ references }) =>
    Option.exists(references, (name) => name.name === target.name.name)
  )
  if (keys.some(({ onReferenced }) => onReferenced === "write")) store(recorder, from, "update")
  else touch(recorder, from)
  if (keys.some(({ onReferenced }) => onReferenced === "write")) store(recorder, from, "delete")
}

/** Runs the row triggers of a partitioned table, which fire for its partitions. */
const runInherited = (recorder: R.Recorder, parent: QualifiedName): void => {
  for (const relation of R.relations(recorder, parent)) {
    if (!once(recorder, "inherited", parent)) continue
    const hidden = [...relation.onWrite, ...relation.attachments.flatMap(({ calls }) => calls)]
    for (const call of hidden) runHidden(recorder, relation, call)
    for (const other of relation.parents) runInherited(recorder, other)
  }
}

const runHidden = (
  recorder: R.Recorder,
  relation: Catalog.Relation | undefined,
  { arity, isPart, name, transitions }: Catalog.HiddenCall
): void => {
  if (isPart && isInC(recorder, name)) {
    touchRoutine(recorder, name, arity)
    return
  }
  if (!once(recorder, `run ${relation?.name.name ?? ""}`, name)) return
  const added = transitions.filter((transition) => !recorder.locals.has(transition))
  for (const transition of added) recorder.locals.add(transition)
  addRoutineRisk(recorder, name)
  runNamed(recorder, name, arity, (routine) => runBody(recorder, routine, [], relation?.name.name))
  for (const transition of added) recorder.locals.delete(transition)
}

/** Whether a routine is in C. As a part of an operator or a type, it computes a value and has no other effect. */
const isInC = (recorder: R.Recorder, name: QualifiedName): boolean =>
  R.routines(recorder, name).some(({ declared }) => declared.language === "c" || declared.language === "internal")

/** Runs a call that the server makes by itself. @since 0.1.0 @category writing */
export const runNow = (recorder: R.Recorder, hidden: Catalog.HiddenCall): void => runHidden(recorder, undefined, hidden)

/**
 * Runs the expressions of a table on its rows, as the server does when it builds an index again, checks the rows of a
 * new partition or gathers statistics.
 *
 * @since 0.1.0
 * @category writing
 */
export const recompute = (recorder: R.Recorder, name: QualifiedName): void => {
  for (const { onWrite, owner } of R.relations(recorder, name)) {
    for (const hidden of onWrite) runNow(recorder, hidden)
    if (Option.isSome(owner)) recompute(recorder, owner.value)
  }
}

/** Reads a routine and its signature, and does not run it. @since 0.1.0 @category reading */
export const touchRoutine = (recorder: R.Recorder, name: QualifiedName, arity: Option.Option<number>): void =>
  callNamed(recorder, name, arity, () => undefined)

/**
 * Runs the bodies that the files give a routine. The candidate asks the server whether the database has the same
 * bodies.
 */
const runNamed: typeof callNamed = (recorder, name, arity, run) => {
  const reach = recorder.running.length > 0 ? "anywhere" : "path"
  const routines: Array<Catalog.Routine> = []
  callNamed(recorder, name, arity, (routine) => {
    if (!isRunning(recorder, routine)) routines.push(routine)
    run(routine)
  })
  const [first] = routines
  if (first === undefined) return
  const declared: DeclaredRoutine = {
    kind: first.kind,
    name: Path.written(recorder, name),
    arity: Option.filter(arity, (count) => routines.every((routine) => takes(routine, count))),
    bodies: routines.map(({ declared: body }) => body)
  }
  recorder.statement.candidates.push({ kind: "opaque", relation: Option.some(declared.name), reach, declared })
}

const takes = ({ maxArity, minArity }: Catalog.Routine, count: number): boolean =>
  count >= minArity && count <= maxArity

const callNamed = (
  recorder: R.Recorder,
  name: QualifiedName,
  arity: Option.Option<number>,
  run: (routine: Catalog.Routine) => void
): void => {
  const overloads = R.routines(recorder, name)
  if (overloads.length === 0) {
    unknownRoutine(recorder, name)
    return
  }
  R.readSchema(recorder, name)
  R.read(recorder, HazardKey.routine(name.name), name)
  const fitting = overloads.filter((routine) =>
    Option.match(arity, { onNone: () => true, onSome: (count) => takes(routine, count) })
  )
  for (const routine of fitting.length === 0 ? overloads : fitting) {
    for (const type of routine.types) touchType(recorder, type)
    R.readAll(recorder, routine.uses)
    run(routine)
  }
}

const unknownRoutine = (recorder: R.Recorder, name: QualifiedName): void => {
  if (isBuiltInRoutine(name) || recorder.catalog.brought.has(name.name)) return
  R.readSchema(recorder, name)
  R.read(recorder, HazardKey.routine(name.name), name)
  R.unlessComplete(recorder, `routine ${name.name} is not created by any migration`)
}

/** Records a risk for a routine that no migration certainly creates: its body is not known. */
const addRoutineRisk = (recorder: R.Recorder, name: QualifiedName): void => {
  const isServers = isBuiltInRoutine(name) || recorder.catalog.brought.has(name.name)
  const overloads = R.routines(recorder, name)
  const isOwn = overloads.length > 0 && !recorder.catalog.uncertain.has(HazardKey.routine(name.name))
  if (!isServers && !isOwn) recorder.statement.candidates.push({ kind: "opaque", relation: Option.some(name) })
}

const runCall = (recorder: R.Recorder, call: Call): void => {
  const { args, name } = call
  addRoutineRisk(recorder, name)
  const moved = movedBy(recorder, call)
  if (moved === undefined) R.barrier(recorder, `${name.name} moves a sequence whose name is computed`)
  for (const found of moved ?? []) changeNamed(recorder, Path.relation(recorder, found))
  if (hasHiddenEffects(name.name, args))
    R.opaqueBarrier(recorder, `${name.name} has effects that its call does not show`)
  if (hasOutsideEffects(name.name)) recorder.statement.isOpaque = true
  for (const { onCall } of R.routines(recorder, name))
    for (const hidden of onCall) runHidden(recorder, undefined, hidden)
  runNamed(recorder, name, Option.some(args.length), (routine) => runBody(recorder, routine, args, undefined))
}

/**
 * Reads an operator, an operator class, a collation or a text search object that a migration creates, with all that it is made of, and
 * returns the calls of its functions.
 *
 * @since 0.1.0
 * @category reading
 */
export const useThing = (recorder: R.Recorder, key: HazardKey.HazardKey): ReadonlyArray<Catalog.HiddenCall> => {
  const known = Catalog.findNamed(recorder.catalog, key)
  if (known === undefined) return []
  R.read(recorder, key)
  R.readAll(recorder, known.dependencies)
  for (const { arity, name } of known.runs) touchRoutine(recorder, name, arity)
  return known.runs
}

/** Reads a routine that an object is made of, and returns its call. @since 0.1.0 @category reading */
export const calledFrom = (recorder: R.Recorder, parts: ReadonlyArray<string>): Catalog.HiddenCall => {
  const name = Path.routine(recorder, nameOfStrings(parts))
  touchRoutine(recorder, name, Option.none())
  return { name, arity: Option.none(), transitions: [], isPart: true }
}

/**
 * Reads an expression that the server stores: its names are looked up now, and it runs later.
 *
 * @since 0.1.0
 * @category expressions
 */
export const useStored = (recorder: R.Recorder, ...pieces: ReadonlyArray<unknown>): Mentions => {
  const mentions = Path.mentioned(recorder, mentionsOf(...pieces))
  useNames(recorder, mentions)
  for (const { runs } of thingsIn(recorder, mentions))
    for (const { arity, name } of runs) touchRoutine(recorder, name, arity)
  for (const { name } of mentions.relations) touch(recorder, name)
  for (const { args, name } of mentions.calls) touchRoutine(recorder, name, Option.some(args.length))
  for (const { kind, name } of mentions.inTexts) if (isRelation(kind)) touch(recorder, name)
  return mentions
}

/** Reads an expression or a query that runs now. @since 0.1.0 @category expressions */
export const useNow = (recorder: R.Recorder, ...pieces: ReadonlyArray<unknown>): Mentions => {
  const mentions = Path.mentioned(recorder, mentionsOf(...pieces))
  useNames(recorder, mentions)
  for (const { runs } of thingsIn(recorder, mentions)) for (const hidden of runs) runHidden(recorder, undefined, hidden)
  for (const type of mentions.types) storeValue(recorder, type)
  for (const { access, name } of mentions.relations) store(recorder, name, access)
  for (const { kind, name } of mentions.inTexts) {
    if (kind === "sequence") changePart(recorder, name)
    else if (kind === "relation") touch(recorder, name)
  }
  inspectCatalog(recorder, mentions, pieces)
  for (const call of mentions.calls) runCall(recorder, call)
  return mentions
}

const useNames = (recorder: R.Recorder, mentions: Mentions): void => {
  for (const type of mentions.types) touchType(recorder, type)
  for (const { dependencies, key } of thingsIn(recorder, mentions)) {
    R.read(recorder, key)
    R.readAll(recorder, dependencies)
  }
  for (const { kind, name } of mentions.inTexts) {
    if (kind === "type") touchType(recorder, name)
    else if (kind === "routine") touchRoutine(recorder, name, Option.none())
  }
}

/** Whether a name in a string is one of a relation; a type may be the row of one. */
const isRelation = (kind: NamedInText["kind"]): boolean => kind === "relation" || kind === "sequence" || kind === "type"

const changeNamed = (recorder: R.Recorder, name: QualifiedName): void =>
  R.findRelation(recorder, name)?.kind === "sequence" ? changePart(recorder, name) : change(recorder, name)

/** Writes an index, a sequence or a statistics object, and its table. @since 0.1.0 @category writing */
export const changePart = (recorder: R.Recorder, name: QualifiedName): void => {
  const found = R.relations(recorder, name)
  R.writeName(recorder, name)
  if (found.length === 0)
    R.opaqueBarrier(recorder, `${name.name} is not created by any migration: its table is not known`)
  for (const part of found) {
    R.write(recorder, part.name.name, part.name)
    if (Option.isSome(part.owner)) change(recorder, part.owner.value)
  }
}
