/**
 * Candidates about the objects that `CASCADE` drops together with a new object of the same migration. An older object
 * can depend on a new one only if this migration has changed it, such as a view that it has replaced.
 *
 * @since 0.1.0
 * @internal
 */
import type { DropStmt, Node } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import * as Path from "../reading/NameResolution.js"
import type * as R from "../reading/Recorder.js"
import { nameOfObject } from "../sql/SyntaxTree.js"
import { aboutOther, aboutType, type RiskCandidate } from "./Candidate.js"

/**
 * Candidates of `DROP … CASCADE` and `ALTER TABLE … DROP … CASCADE` about the dependent objects, at any depth.
 *
 * @since 0.1.0
 * @category operations
 */
export const ofCascade = (recorder: R.Recorder, node: Node): ReadonlyArray<RiskCandidate> => {
  const gone = new Set(goneBy(recorder, node))
  return gone.size === 0 ? [] : dependents(recorder, gone).flatMap(({ candidates }) => candidates)
}

const goneBy = (recorder: R.Recorder, node: Node): ReadonlyArray<HazardKey.HazardKey> => {
  if ("DropStmt" in node) return node.DropStmt.behavior === "DROP_CASCADE" ? droppedBy(recorder, node.DropStmt) : []
  if (!("AlterTableStmt" in node)) return []
  const { cmds = [], relation } = node.AlterTableStmt
  const cascades = cmds.some((one) => "AlterTableCmd" in one && one.AlterTableCmd.behavior === "DROP_CASCADE")
  return cascades ? [Path.range(recorder, relation).name] : []
}

const droppedBy = (recorder: R.Recorder, { objects = [] }: DropStmt): ReadonlyArray<HazardKey.HazardKey> =>
  objects.map((object) =>
    "ObjectWithArgs" in object
      ? HazardKey.routine(Path.routine(recorder, nameOfObject(object)).name)
      : Path.object(recorder, object).name
  )

/** An object that this migration has created or changed. */
interface Dependent {
  readonly key: HazardKey.HazardKey
  readonly dependencies: ReadonlySet<HazardKey.HazardKey>
  readonly candidates: ReadonlyArray<RiskCandidate>
}

/** The objects that go with those in `gone`; their keys are added to `gone`. */
const dependents = (recorder: R.Recorder, gone: Set<HazardKey.HazardKey>): ReadonlyArray<Dependent> => {
  const found = new Set<Dependent>()
  const changed = changedIn(recorder)
  for (let size = -1; size !== found.size; ) {
    size = found.size
    for (const one of changed) {
      if (gone.has(one.key) || ![...gone].some((key) => one.dependencies.has(key))) continue
      found.add(one)
      gone.add(one.key)
    }
  }
  return [...found]
}

const kind = "incompatible-change"

const changedIn = (recorder: R.Recorder): ReadonlyArray<Dependent> => {
  const { atStart, catalog } = recorder
  const isSame = <A>(all: ReadonlyArray<A>, one: A) => all.includes(one)
  return [
    ...Catalog.allRelations(catalog)
      .filter((one) => !isSame(Catalog.relationsNamed(atStart, one.name), one))
      .map(({ dependencies, name }) => ({
        key: name.name,
        dependencies,
        candidates: aboutOther(recorder, kind, name)
      })),
    ...Catalog.allTypes(catalog)
      .filter((one) => !isSame(Catalog.typesNamed(atStart, one.name), one))
      .map(({ dependencies, name }) => ({ key: name.name, dependencies, candidates: aboutType(recorder, kind, name) })),
    ...Catalog.allRoutines(catalog)
      .filter((one) => !isSame(Catalog.routinesNamed(atStart, one.name), one))
      .map((one) => ({
        key: HazardKey.routine(one.name.name),
        dependencies: one.dependencies,
        candidates: isNewRoutine(recorder, one) ? [] : [{ kind, relation: Option.some(one.name) } as const]
      }))
  ]
}

const isNewRoutine = ({ atStart }: R.Recorder, routine: Catalog.Routine): boolean =>
  routine.isCertain && !Catalog.routinesNamed(atStart, routine.name).some((one) => Catalog.isSameRoutine(one, routine))
