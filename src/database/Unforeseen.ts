/**
 * Which changes of a migration its SQL does not show: the server's records of what it has done, compared with what was
 * there before, and with what its text says.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import { type QualifiedName, qualifiedName } from "../core/model/SchemaObject.js"
import type { Counts, Done, Table } from "./Changes.js"

/** What the text of a migration says, as far as its changes are concerned. @since 0.1.0 @category models */
export interface Text {
  /** Whether it may write rows, or use a table as a pattern or a parent, which locks it as an INSERT does. */
  readonly mayWrite: boolean
  /** Whether it may make an extension, whose own script may write to the server's tables. */
  readonly mayExtend: boolean
}

/**
 * Old tables of which the counts at the beginning decide whether {@link unforeseen} names them, and are not known. A
 * session that has run other transactions within the last seconds may not have reported their rows yet.
 *
 * @since 0.1.0
 * @category queries
 */
export const uncounted = (counts: Counts, now: Done, { mayWrite }: Text): ReadonlyArray<number> =>
  now.tables
    .filter((table) => !table.isMade && !table.isServers && !table.isForeseen && !counts.has(table.oid))
    .filter(
      ({ changed, isShown, isWritten, written }) => changed > 0 || (written > 0 && isWritten && !(isShown && mayWrite))
    )
    .map(({ oid }) => oid)

/**
 * Tables and types of before that a migration has changed and that its SQL does not show.
 *
 * @since 0.1.0
 * @category queries
 */
export const unforeseen = (counts: Counts, now: Done, text: Text): ReadonlyArray<QualifiedName> => [
  ...now.tables
    .filter((table) => !table.isMade && (hasChangedRows(counts, now, text, table) || hasLostParts(now, table)))
    .map(({ name, schema }) => qualifiedName(name, schema)),
  ...now.enums
    .filter(
      ({ isShown, isToLose, labels, oid }) => !isToLose && !(isShown && hasAll(labels, now.before.labels.get(oid)))
    )
    .map(({ name }) => qualifiedName(name))
]

/** Schemas of before that have another name now. @since 0.1.0 @category queries */
export const renamed = ({ before, schemas }: Done): ReadonlyArray<string> =>
  schemas.flatMap(([oid, name]) => {
    const old = before.schemas.get(oid)
    return old === undefined || old === name ? [] : [old]
  })

/** Whether a table of before no longer exists. @since 0.1.0 @category predicates */
export const hasDropped = ({ before, gone }: Done): boolean => gone.some((oid) => before.tables.has(oid))

const hasChangedRows = (counts: Counts, { isCounting }: Done, { mayExtend, mayWrite }: Text, table: Table): boolean => {
  const { changed, isExclusive, isForeseen, isServers, isShown, isWritten, name, oid, written } = table
  if (isForeseen) return false
  const [writtenBefore, changedBefore] = counts.get(oid) ?? [0, 0]
  const isCounted = changed > changedBefore
  if (isServers) return name.startsWith("pg_largeobject") ? isCounted : isWritten && !mayExtend
  const isSilent = isWritten && written === writtenBefore && !(isShown && mayWrite)
  return isCounted || (isExclusive && !isShown) || isSilent || (isWritten && !isCounting)
}

const hasLostParts = ({ before }: Done, table: Table): boolean => {
  const { columns, file, hasLostColumn, isExclusive, isOfPlan, isToLose, oid, place } = table
  const then = before.tables.get(oid)
  if (!isExclusive || then === undefined) return false
  const [names, types] = Arr.partition(then.columns, (part) => /^\d+:/.test(part))
  const isNarrower = hasLostColumn || then.place !== place || !hasAll(columns, names)
  return (isNarrower && !isToLose) || ((then.file !== file || !hasAll(columns, types)) && !isOfPlan)
}

/** Whether all parts of before are there; `false` where they are not known. */
const hasAll = (now: ReadonlyArray<string>, then: ReadonlyArray<string> | undefined): boolean =>
  then?.every((part) => now.includes(part)) === true
