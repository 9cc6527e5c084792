/**
 * The rules of a table that a migration drops or widens: what rows may be in the table after it that could not before.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as SchemaObject from "../model/SchemaObject.js"

/** A table in a catalog. @since 0.1.0 @category models */
export interface State {
  readonly catalog: Catalog.SimulatedCatalog
  readonly table: Catalog.Relation
}

/**
 * The rules that the table has before and not after, or has in another form that no longer excludes the same rows.
 *
 * @since 0.1.0
 * @category operations
 */
export const relaxations = (before: State, after: State): ReadonlyArray<SchemaObject.Relaxation> => {
  const { name } = after.table
  const columns = after.table.columns.flatMap((column) => {
    const old = before.table.columns.find((one) => one.name === column.name)
    if (old === undefined) return []
    return [
      ...(old.isNotNull && !column.isNotNull ? [SchemaObject.relaxation("not null", column.name, name)] : []),
      ...(isLonger(old, column) ? [SchemaObject.relaxation("length", `${column.name} ${typeOf(old)}`, name)] : [])
    ]
  })
  const constraints = before.table.constraints.filter(
    (old) =>
      old.kind !== "not null" && !after.table.constraints.some((one) => one.name === old.name && isKept(old, one))
  )
  const names = new Set([...constraints.map((one) => one.name), ...droppedKeys(before, after)])
  return [...columns, ...[...names].map((one) => SchemaObject.relaxation("constraint", one, name))]
}

/** A new partition of each partitioned parent. @since 0.1.0 @category operations */
export const partitions = (
  before: Catalog.Relation | undefined,
  { catalog, table }: State
): ReadonlyArray<SchemaObject.Relaxation> =>
  table.parents
    .filter((parent) => Catalog.findRelation(catalog, parent)?.isPartitioned === true)
    .filter((parent) => before?.parents.some((old) => Catalog.isSameName(old, parent)) !== true)
    .map((parent) => SchemaObject.relaxation("partition", table.name.name, parent))

const limited: ReadonlySet<string> = new Set(["character varying", "character", "bit varying", "bit"])

const typeOf = ({ modifiers, wording }: Catalog.Column): string => `${wording}(${modifiers[0]})`

const isLonger = (old: Catalog.Column, now: Catalog.Column): boolean =>
  limited.has(old.wording) &&
  old.modifiers.length === 1 &&
  (now.modifiers.length === 0 || (now.modifiers[0] ?? 0) > (old.modifiers[0] ?? 0))

/** Whether a constraint still excludes what it excluded, as far as its text tells. */
const isKept = (old: Catalog.Constraint, now: Catalog.Constraint): boolean => {
  if (old.kind !== now.kind) return false
  if (old.kind === "check") return Option.exists(old.condition, (text) => isKeptText(text, now.condition))
  return (
    old.columns.join() === now.columns.join() &&
    old.referencedColumns.join() === now.referencedColumns.join() &&
    Option.getEquivalence(Catalog.isSameName)(old.references, now.references)
  )
}

/** A list that lacks one of the values before is narrower, and so is the same text. */
const isKeptText = (old: string, now: Option.Option<string>): boolean => {
  if (Option.isNone(now)) return true
  const [before, after] = [valuesIn(old), valuesIn(now.value)]
  if (before === undefined || after === undefined || before.of !== after.of) return old === now.value
  return !before.values.every((value) => after.values.includes(value)) || before.values.length === after.values.length
}

const valuesIn = (text: string): { readonly of: string; readonly values: ReadonlyArray<string> } | undefined => {
  const found = /^\((.+?) in \((.*)\)\)$/s.exec(text)
  return found === null ? undefined : { of: found[1] ?? "", values: found[2]?.match(/'(?:[^']|'')*'|[^',\s]+/g) ?? [] }
}

/** Unique indexes that no constraint has. */
const droppedKeys = (before: State, after: State): ReadonlyArray<string> =>
  before.table.parts.flatMap((part) => {
    const index = Catalog.findRelation(before.catalog, part)
    const isKey = index?.kind === "index" && index.isUnique
    return isKey && Catalog.findRelation(after.catalog, part) === undefined ? [part.name] : []
  })
