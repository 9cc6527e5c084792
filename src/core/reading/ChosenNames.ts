/**
 * Chooses names as the server does, in the simulated catalog. Every tried name is written: whether it is free depends
 * on each statement that takes or frees it.
 *
 * @since 0.1.0
 * @internal
 */

import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import { choose } from "../sql/ImpliedNames.js"
import * as R from "./Recorder.js"

/** The suffixes in the names of indexes that carry a constraint. @since 0.1.0 @category constants */
export const labels = { "primary key": "pkey", unique: "key", exclusion: "excl" } as const

/**
 * Reads the given name of a constraint, which orders the statement with queries for that name.
 *
 * @since 0.1.0
 * @category operations
 */
export const readConstraintName = (recorder: R.Recorder, name: string, table: QualifiedName): string => {
  R.read(recorder, HazardKey.constraint(name), table)
  return name
}

/** Chooses a free name for a sequence or a plain index. @since 0.1.0 @category operations */
export const freeRelationName = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string | undefined,
  label: string
): string =>
  choose(table.name, column, label, (name) => {
    R.write(recorder, name, table)
    return Catalog.hasRelation(recorder.catalog, { ...table, name })
  })

/** Chooses a free name for a constraint without an index. @since 0.1.0 @category operations */
export const freeConstraintName = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string | undefined,
  label: string
): string =>
  choose(table.name, column, label, (name) => {
    R.write(recorder, HazardKey.constraint(name), table)
    return Catalog.hasConstraint(recorder.catalog, { ...table, name })
  })

/**
 * Chooses a free name for an index that carries a constraint: neither a relation nor a constraint may have it.
 *
 * @since 0.1.0
 * @category operations
 */
export const freeIndexConstraintName = (
  recorder: R.Recorder,
  table: QualifiedName,
  columns: string | undefined,
  label: string
): string =>
  choose(table.name, columns, label, (name) => {
    R.write(recorder, name, table)
    R.write(recorder, HazardKey.constraint(name), table)
    const candidate = { ...table, name }
    return Catalog.hasRelation(recorder.catalog, candidate) || Catalog.hasConstraint(recorder.catalog, candidate)
  })
