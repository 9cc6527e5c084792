/**
 * One candidate of one statement while its file is read, and whether there is one at all. An object is new, and has no candidates, only
 * where the same migration certainly makes it: by a statement that stands alone in the file, fails where the object is there,
 * and names it as the statement in question does. Everything else the server decides, when the migration runs.
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

/** @since 0.1.0 @category constructors */
export const general = (kind: RiskKind): RiskCandidate => ({ kind, relation: Option.none() })

/**
 * A candidate about a relation as a statement names it, unless the migration certainly makes that relation; and about the children
 * that such a new parent has taken over.
 *
 * @since 0.1.0
 * @category constructors
 */
export const about = (recorder: R.Recorder, kind: RiskKind, name: QualifiedName): ReadonlyArray<RiskCandidate> => {
  const own = isNew(recorder, name) ? [] : [{ kind, relation: Option.some(Path.written(recorder, name)) }]
  return [...own, ...childrenOf(recorder, name).flatMap((child) => aboutKnown(kind, child))]
}

/**
 * The same of a relation that the catalog names and no statement: it is looked for in every schema.
 *
 * @since 0.1.0
 * @category constructors
 */
export const aboutKnown = (kind: RiskKind, { name }: QualifiedName): ReadonlyArray<RiskCandidate> => [
  { kind, relation: Option.some({ name, schema: Option.none() }), reach: "anywhere" }
]

/** Children at any depth that were there before this migration, or may have been. */
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

/** Whether this migration certainly makes a relation, and the name in the statement is certain to mean that one. */
const isNew = (recorder: R.Recorder, name: QualifiedName): boolean => {
  const { schema } = Path.written(recorder, name)
  const creation = creationOf(recorder, name)
  return Option.exists(creation, (made) =>
    Option.isSome(schema)
      ? Option.contains(made.schema, schema.value)
      : Option.isNone(made.schema) && made.path === recorder.path && !recorder.statement.runsCode
  )
}

/** The same of a relation that the catalog names. */
const isMade = (recorder: R.Recorder, name: QualifiedName): boolean => Option.isSome(creationOf(recorder, name))

const creationOf = (recorder: R.Recorder, name: QualifiedName): Option.Option<Catalog.Creation> => {
  const known = R.findRelation(recorder, name)
  return known === undefined || known.isExternal || Catalog.hasRelation(recorder.atStart, known.name)
    ? Option.none()
    : known.creation
}

/** @since 0.1.0 @category constructors */
export const onTable = (
  recorder: R.Recorder,
  kind: RiskKind,
  range: RangeVar | undefined
): ReadonlyArray<RiskCandidate> => about(recorder, kind, Path.range(recorder, range))

/**
 * A candidate of a statement that changes or removes rows: of its table, and of all whose rows may change with them. These are the
 * tables of a view, what a rule writes, and what a foreign key changes along.
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
 * A candidate of a statement that inserts rows: about what a rule of the table writes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const onInsert = (recorder: R.Recorder, range: RangeVar | undefined): ReadonlyArray<RiskCandidate> => {
  const found = R.findRelation(recorder, Path.range(recorder, range))
  return rulesOf(found).flatMap((other) => aboutOther(recorder, "data-loss", other))
}

/** A candidate about a relation that the catalog names, unless the migration certainly makes it. @since 0.1.0 @category constructors */
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

/** Tables whose rows a foreign key removes or changes together with those of `known`. */
const followers = (recorder: R.Recorder, known: Catalog.Relation | undefined): ReadonlyArray<QualifiedName> =>
  (known?.referencedBy ?? []).filter((other) =>
    (R.findRelation(recorder, other)?.constraints ?? []).some(
      ({ onReferenced, references }) =>
        onReferenced === "write" && Option.exists(references, ({ name }) => name === known?.name.name)
    )
  )

/** A candidate about a type, unless the migration certainly makes it. @since 0.1.0 @category constructors */
export const aboutType = (recorder: R.Recorder, kind: RiskKind, name: QualifiedName): ReadonlyArray<RiskCandidate> => {
  const [known] = R.types(recorder, name)
  if (known === undefined) return about(recorder, kind, name)
  const wasThere = Catalog.typesNamed(recorder.atStart, known.name).some((type) =>
    Catalog.isSameName(type.name, known.name)
  )
  return known.isExternal || wasThere || !known.isCertain ? [{ kind, relation: Option.some(known.name) }] : []
}

/** The same candidate, unless the migration undoes it later. @since 0.1.0 @category constructors */
export const unless =
  (isUndone: (end: Catalog.SimulatedCatalog) => boolean) =>
  (candidate: RiskCandidate): RiskCandidate => ({ ...candidate, isUndone })

/**
 * The lock that keeps a fact about a statement's table as it is until the statement has run: at least what the statement takes
 * itself. Source: PostgreSQL manual, section 13.3, Explicit Locking.
 *
 * @since 0.1.0
 * @category queries
 */
export const lockOf = (node: Node): LockMode => {
  if ("IndexStmt" in node || "ReindexStmt" in node) return "SHARE"
  return sharing.some((tag) => tag in node) ? "SHARE ROW EXCLUSIVE" : "ACCESS EXCLUSIVE"
}

const sharing = ["CreateStmt", "CreateTrigStmt", "DeleteStmt", "InsertStmt", "MergeStmt", "UpdateStmt"] as const
