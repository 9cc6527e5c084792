/**
 * Builds the candidates of a statement: risks before their place is known. An object that the same migration certainly
 * creates has none. It is certain if the creating statement stands alone in the file, fails where the object exists,
 * and names it as the later statement does. In every other case the server decides, when the migration runs.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node, RangeVar } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import type { LockMode, RiskKind } from "../model/Risk.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import * as Path from "../reading/NameResolution.js"
import type { RiskCandidate } from "../reading/Reading.js"
import * as R from "../reading/Recorder.js"

export type { RiskCandidate }

/** A candidate about no single relation. @since 0.1.0 @category constructors */
export const general = (kind: RiskKind): RiskCandidate => ({ kind, relation: Option.none() })

/**
 * Candidates about a relation by the name in the statement, unless the migration certainly creates it, and about the
 * older children that it has taken over.
 *
 * @since 0.1.0
 * @category constructors
 */
export const about = (recorder: R.Recorder, kind: RiskKind, name: QualifiedName): ReadonlyArray<RiskCandidate> => {
  const own = isNew(recorder, name) ? [] : [{ kind, relation: Option.some(Path.written(recorder, name)) }]
  return [...own, ...childrenOf(recorder, name).flatMap((child) => aboutKnown(kind, child))]
}

/**
 * A candidate about a relation by the name in the catalog: the server looks for it in every schema.
 *
 * @since 0.1.0
 * @category constructors
 */
export const aboutKnown = (kind: RiskKind, { name }: QualifiedName): ReadonlyArray<RiskCandidate> => [
  { kind, relation: Option.some({ name, schema: Option.none() }), reach: "anywhere" }
]

/** Children at any depth that this migration does not certainly create. */
const childrenOf = (recorder: R.Recorder, name: QualifiedName): ReadonlyArray<QualifiedName> => {
  const found = new Map<string, QualifiedName>()
  const visit = (parent: QualifiedName): void => {
    for (const child of R.findRelation(recorder, parent)?.children ?? []) {
      const key = `${Catalog.schemaOf(child)}.${child.name}`
      if (found.has(key)) continue
      found.set(key, child)
      visit(child)
    }
  }
  visit(name)
  return [...found.values()].filter((child) => !isMade(recorder, child))
}

/** Whether this migration certainly creates a relation, and the name in the statement certainly means it. */
const isNew = (recorder: R.Recorder, name: QualifiedName): boolean => {
  const { schema } = Path.written(recorder, name)
  const creation = creationOf(recorder, name)
  return Option.exists(creation, (made) =>
    Option.isSome(schema)
      ? Option.contains(made.schema, schema.value)
      : Option.isNone(made.schema) && made.path === recorder.path && !recorder.statement.runsCode
  )
}

/** Whether this migration certainly creates a relation of the catalog. */
const isMade = (recorder: R.Recorder, name: QualifiedName): boolean => Option.isSome(creationOf(recorder, name))

const creationOf = (recorder: R.Recorder, name: QualifiedName): Option.Option<Catalog.Creation> => {
  const known = R.findRelation(recorder, name)
  return known === undefined || known.isExternal || Catalog.hasRelation(recorder.atStart, known.name)
    ? Option.none()
    : known.creation
}

/** Candidates about the table of a statement. @since 0.1.0 @category constructors */
export const onTable = (
  recorder: R.Recorder,
  kind: RiskKind,
  range: RangeVar | undefined
): ReadonlyArray<RiskCandidate> => about(recorder, kind, Path.range(recorder, range))

/**
 * Candidates about a statement that changes or deletes rows: about its table, and about the tables whose rows may
 * change with it. These are the tables of a view, the children, the tables that a rule writes, and those that a foreign
 * key action changes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const onRows = (
  recorder: R.Recorder,
  kind: RiskKind,
  range: RangeVar | undefined
): ReadonlyArray<RiskCandidate> => {
  const name = Path.range(recorder, range)
  return [
    ...about(recorder, kind, name),
    ...changedAlong(recorder, name).flatMap((other) => aboutOther(recorder, kind, other))
  ]
}

/**
 * Candidates about a statement that inserts rows: about the tables that a rule of its table writes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const onInsert = (recorder: R.Recorder, range: RangeVar | undefined): ReadonlyArray<RiskCandidate> => {
  const found = R.findRelation(recorder, Path.range(recorder, range))
  return rulesOf(found).flatMap((other) => aboutOther(recorder, "data-loss", other))
}

/**
 * A candidate about a relation of the catalog, unless the migration certainly creates it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const aboutOther = (recorder: R.Recorder, kind: RiskKind, name: QualifiedName): ReadonlyArray<RiskCandidate> =>
  isMade(recorder, name) ? [] : aboutKnown(kind, name)

const changedAlong = (recorder: R.Recorder, name: QualifiedName): ReadonlyArray<QualifiedName> => {
  const found = new Map<string, QualifiedName>()
  const visit = (one: QualifiedName): void => {
    const known = R.findRelation(recorder, one)
    const others = [
      ...(known?.base ?? []),
      ...(known?.children ?? []),
      ...rulesOf(known),
      ...followers(recorder, known)
    ]
    for (const other of others) {
      const key = `${Catalog.schemaOf(other)}.${other.name}`
      if (found.has(key)) continue
      found.set(key, other)
      visit(other)
    }
  }
  visit(name)
  return [...found.values()]
}

const rulesOf = (known: Catalog.Relation | undefined): ReadonlyArray<QualifiedName> =>
  (known?.attachments ?? []).flatMap(({ alsoWrites, kind }) => (kind === "rule" ? alsoWrites : []))

/** Tables whose rows a foreign key action deletes or changes together with those of `known`. */
const followers = (recorder: R.Recorder, known: Catalog.Relation | undefined): ReadonlyArray<QualifiedName> =>
  (known?.referencedBy ?? []).filter((other) =>
    (R.findRelation(recorder, other)?.constraints ?? []).some(
      ({ onReferenced, references }) =>
        onReferenced === "write" && Option.exists(references, ({ name }) => name === known?.name.name)
    )
  )

/** A candidate about a type, unless the migration certainly creates it. @since 0.1.0 @category constructors */
export const aboutType = (recorder: R.Recorder, kind: RiskKind, name: QualifiedName): ReadonlyArray<RiskCandidate> => {
  const [known] = R.types(recorder, name)
  if (known === undefined) return about(recorder, kind, name)
  const wasThere = Catalog.typesNamed(recorder.atStart, known.name).some((type) =>
    Catalog.isSameName(type.name, known.name)
  )
  return known.isExternal || wasThere || !known.isCertain ? [{ kind, relation: Option.some(known.name) }] : []
}

/** A copy of a candidate that does not count if the migration undoes it later. @since 0.1.0 @category constructors */
export const unless =
  (isUndone: (end: Catalog.SimulatedCatalog) => boolean) =>
  (candidate: RiskCandidate): RiskCandidate => ({ ...candidate, isUndone })

/**
 * The lock that keeps a checked fact about the table true until the statement has run. It is at least as strong as the
 * lock that the statement takes itself. Source: PostgreSQL manual, section 13.3, Explicit Locking.
 *
 * @since 0.1.0
 * @category queries
 */
export const lockOf = (node: Node): LockMode => {
  if ("IndexStmt" in node || "ReindexStmt" in node) return "SHARE"
  return sharing.some((tag) => tag in node) ? "SHARE ROW EXCLUSIVE" : "ACCESS EXCLUSIVE"
}

const sharing = ["CreateStmt", "CreateTrigStmt", "DeleteStmt", "InsertStmt", "MergeStmt", "UpdateStmt"] as const
