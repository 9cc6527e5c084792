/**
 * Names that the server chooses, chosen in the simulated catalog. Every name that is tried is written: whether it is free
 * depends on everybody who takes it or gives it back.
 *
 * @since 0.1.0
 * @internal
 */

import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import { choose } from "../sql/ImpliedNames.js"
import * as R from "./Recorder.js"

/** What the names of indexes that carry a constraint end with. @since 0.1.0 @category constants */
export const labels = { "primary key": "pkey", unique: "key", exclusion: "excl" } as const

/** A constraint's name that is given is read, so that who asks the catalog for it is ordered. @since 0.1.0 @category operations */
export const readConstraintName = (recorder: R.Recorder, name: string): string => {
  R.read(recorder, HazardKey.constraint(name))
  return name
}

/** A free name for a sequence or a plain index. @since 0.1.0 @category operations */
export const freeRelationName = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string | undefined,
  label: string
): string =>
  choose(table.name, column, label, (name) => {
    R.write(recorder, name)
    return Catalog.hasRelation(recorder.catalog, { ...table, name })
  })

/** A free name for a constraint without index. @since 0.1.0 @category operations */
export const freeConstraintName = (
  recorder: R.Recorder,
  table: QualifiedName,
  column: string | undefined,
  label: string
): string =>
  choose(table.name, column, label, (name) => {
    R.write(recorder, HazardKey.constraint(name))
    return Catalog.hasConstraint(recorder.catalog, { ...table, name })
  })

/**
 * A free name for an index that carries a constraint: neither a relation nor a constraint may have it.
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
    R.write(recorder, name)
    R.write(recorder, HazardKey.constraint(name))
    const candidate = { ...table, name }
    return Catalog.hasRelation(recorder.catalog, candidate) || Catalog.hasConstraint(recorder.catalog, candidate)
  })
