/**
 * One hazard of one statement while its file is read, and whether there is one at all: nothing is at risk in what the same
 * migration has made, since it has no rows and nobody who waits for it or counts on it.
 *
 * @since 0.1.0
 * @internal
 */
import type { RangeVar } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Path from "./FootprintPath.js"
import * as R from "./FootprintRecorder.js"
import type { Risk, RiskKind } from "./Risk.js"
import type { QualifiedName } from "./SchemaObject.js"
import * as Catalog from "./SimulatedCatalog.js"

/** A hazard before its place is known. @since 0.1.0 @category models */
export interface Hazard extends Pick<Risk, "kind" | "relation"> {
  /** Whether the migration has made good for it at its end: what it took away is there again. */
  readonly isUndone?: (end: Catalog.SimulatedCatalog) => boolean
}

/** @since 0.1.0 @category constructors */
export const general = (kind: RiskKind): Hazard => ({ kind, relation: Option.none() })

/** Nothing is at risk in a relation that this migration has made. @since 0.1.0 @category constructors */
export const about = (recorder: R.Recorder, kind: RiskKind, name: QualifiedName): ReadonlyArray<Hazard> => {
  const known = R.findRelation(recorder, name)
  const isNew = known !== undefined && !known.isExternal && !Catalog.hasRelation(recorder.atStart, known.name)
  return isNew ? [] : [{ kind, relation: Option.some(known?.name ?? name) }]
}

/** @since 0.1.0 @category constructors */
export const onTable = (recorder: R.Recorder, kind: RiskKind, range: RangeVar | undefined): ReadonlyArray<Hazard> =>
  about(recorder, kind, Path.range(recorder, range))

/** Nothing counts yet on a type that this migration has made. @since 0.1.0 @category constructors */
export const aboutType = (recorder: R.Recorder, kind: RiskKind, name: QualifiedName): ReadonlyArray<Hazard> => {
  const [known] = R.types(recorder, name)
  if (known === undefined) return about(recorder, kind, name)
  const wasThere = Catalog.typesNamed(recorder.atStart, known.name).some((type) =>
    Catalog.isSameName(type.name, known.name)
  )
  return known.isExternal || wasThere ? [{ kind, relation: Option.some(known.name) }] : []
}

/** The same hazard, unless the migration makes good for it. @since 0.1.0 @category constructors */
export const unless =
  (isUndone: (end: Catalog.SimulatedCatalog) => boolean) =>
  (hazard: Hazard): Hazard => ({ ...hazard, isUndone })
