/**
 * Finds the smallest plan that brings a missing object: its pending provider, and the ancestors that have not run. If the failing
 * statement is known, the plan also brings the other tables, columns, routines and types that the statement lacks, and the pending
 * writers of these. So one heal is enough, and the answer is that of the up-to-date schema.
 *
 * A pending migration that runs opaque code and does not declare what it provides may write any table, so it counts as a writer of the
 * statement's tables.
 *
 * **Laws**
 *
 * 1. A plan holds no step that is applied, and every step comes after all it waits for, in `prerequisites` or in the plan.
 * 2. A plan holds a provider of each object in `targets`, and each of its steps is a provider, a writer or an ancestor of one.
 * 3. Once a plan's steps are applied, no later resolution returns one of them again.
 * 4. No plan closes a gap whose object a later migration removes.
 * 5. If a column can only belong to a relation of the statement, no plan adds it to another relation.
 * 6. A gap that no migration may explain is unexplained with every scope.
 * 7. The time depends on the closure and on the pending writers, not on the number of migrations.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { MissingObject } from "../detect/Detector.js"
import type { Migration, MigrationId } from "../migration/Migration.js"
import * as HazardKey from "../model/HazardKey.js"
import * as SchemaObject from "../model/SchemaObject.js"
import { isColumnOf, type StatementScope, tableOf } from "../statement/StatementScope.js"
import * as MigrationGraph from "./MigrationGraph.js"
import type { Plan, Reason, Step } from "./Plan.js"
import * as Provider from "./Provider.js"

/**
 * All providers have run, as far as the applied set knows. `objects` are their promises, as they spell them.
 *
 * @since 0.1.0
 * @category models
 */
export interface AlreadyApplied {
  readonly _tag: "AlreadyApplied"
  readonly providers: Arr.NonEmptyReadonlyArray<Migration>
  readonly objects: ReadonlyArray<SchemaObject.SchemaObject>
}

/**
 * Why there is no plan.
 *
 * @since 0.1.0
 * @category models
 */
export type NoPlan =
  /** No migration provides the object, so the error has another cause. */
  | { readonly _tag: "Unexplained" }
  | AlreadyApplied
  /** A later migration removes the object. */
  | { readonly _tag: "Removed"; readonly by: Migration }

type Graph = MigrationGraph.MigrationGraph
type Applied = MigrationGraph.Applied

/**
 * Whether a migration may provide the object. Where it is `false`, {@link resolve} finds the gap unexplained with every
 * scope, so that no scope has to be read.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayExplain = (graph: Graph, { object }: MissingObject): boolean =>
  (object._tag === "ConflictTarget" && Option.isNone(object.relation)) || Provider.isNamed(graph.providers, object)

/**
 * The plan that closes a gap. A column that is named without its table may have several pending providers. Those of the statement's
 * tables come first; others follow in the graph's order, if the column may come from elsewhere. Only the plan of the first provider is
 * returned; a call after its run returns the next.
 *
 * @since 0.1.0
 * @category operations
 */
export const resolve = (
  graph: Graph,
  applied: Applied,
  gap: MissingObject,
  scope: Option.Option<StatementScope>
): Either.Either<Plan, NoPlan> => resolveWith(graph, applied, gap, scope, () => true)

/**
 * Like {@link resolve}, without the writers that change no answer, such as plain indexes. A heal tries this plan if the policy refuses
 * the whole one, since an index is no reason to refuse a heal.
 *
 * @since 0.1.0
 * @category operations
 */
export const resolveSparingly = (
  graph: Graph,
  applied: Applied,
  gap: MissingObject,
  scope: Option.Option<StatementScope>
): Either.Either<Plan, NoPlan> => resolveWith(graph, applied, gap, scope, (writer) => !writer.footprint.isNeutral)

const resolveWith = (
  graph: Graph,
  applied: Applied,
  gap: MissingObject,
  scope: Option.Option<StatementScope>,
  isWanted: (writer: Migration) => boolean
): Either.Either<Plan, NoPlan> => {
  const { found, guesses } = search(graph, gap, scope)
  const candidates = [...found, ...guesses]
  return Arr.findFirst(candidates, isPending(graph, applied)).pipe(
    Option.flatMap(({ rank }) =>
      planOf(graph, applied, {
        reasons: new Map([
          ...Option.match(scope, { onNone: () => [], onSome: (_) => neededBy(graph, applied, _, isWanted) }),
          ...writersOfTable(graph, applied, gap.object),
          [rank, "provider"]
        ]),
        targets: candidates.filter((other) => other.rank === rank && isAlive(other)).map(({ object }) => object)
      })
    ),
    Either.fromOption(() => noPlan(graph, found))
  )
}

/**
 * The plan of all pending migrations, in the graph's order; `None` if there is none.
 *
 * @since 0.1.0
 * @category operations
 */
export const pending = (graph: Graph, applied: Applied): Option.Option<Plan> =>
  upTo(graph, applied, graph.rankById.keys())

/**
 * The plan of the given migrations and their ancestors that are pending; `None` if there is none. Unknown ids are ignored.
 *
 * @since 0.1.0
 * @category operations
 */
export const upTo = (graph: Graph, applied: Applied, ids: Iterable<MigrationId>): Option.Option<Plan> =>
  planOf(graph, applied, {
    reasons: new Map([...ids].flatMap((id) => ranked(graph.rankById.get(id), "pending"))),
    targets: []
  })

type Ranked = readonly [rank: number, reason: Reason]

const ranked = (rank: number | undefined, reason: Reason): ReadonlyArray<Ranked> =>
  rank === undefined ? [] : [[rank, reason]]

/** The plan of the pending migrations in a closure. A step without a reason of its own is an ancestor. */
const planOf = (
  graph: Graph,
  applied: Applied,
  { reasons, targets }: { readonly reasons: ReadonlyMap<number, Reason>; readonly targets: Plan["targets"] }
): Option.Option<Plan> => {
  const [done, waiting] = Arr.partition(MigrationGraph.closure(graph, reasons.keys()), isUnapplied(graph, applied))
  const steps = waiting.flatMap((rank) =>
    MigrationGraph.migrationsAt(graph, [rank]).map(
      (migration): Step => ({ migration, reason: reasons.get(rank) ?? "ancestor" })
    )
  )
  const prerequisites = MigrationGraph.migrationsAt(graph, done).map(({ id }) => id)
  return Arr.isNonEmptyReadonlyArray(steps) ? Option.some({ steps, targets, prerequisites }) : Option.none()
}

const isAlive = (candidate: Provider.Candidate): boolean => Option.isNone(candidate.removedBy)

const isPending =
  (graph: Graph, applied: Applied) =>
  (candidate: Provider.Candidate): boolean =>
    isAlive(candidate) && isUnapplied(graph, applied)(candidate.rank)

const isUnapplied =
  (graph: Graph, applied: Applied) =>
  (rank: number): boolean =>
    MigrationGraph.migrationsAt(graph, [rank]).some((migration) => !applied.has(migration.id))

/** Guesses are not considered: an applied column of the same name in another table does not explain the gap. */
const noPlan = (graph: Graph, found: ReadonlyArray<Provider.Candidate>): NoPlan => {
  const matching = found.filter(({ matchesSignature }) => matchesSignature)
  const alive = matching.filter(isAlive)
  const providers = MigrationGraph.migrationsAt(graph, new Set(alive.map(({ rank }) => rank)))
  const [remover] = MigrationGraph.migrationsAt(
    graph,
    matching.flatMap(({ removedBy }) => Option.toArray(removedBy))
  )
  return Arr.isNonEmptyReadonlyArray(providers)
    ? { _tag: "AlreadyApplied", providers, objects: alive.map(({ object }) => object) }
    : remover === undefined || found.every(({ object }) => object._tag === "Relaxation")
      ? { _tag: "Unexplained" }
      : { _tag: "Removed", by: remover }
}

/** `found` are candidates whose full names may match; `guesses` share only a column's name. */
interface Search {
  readonly found: ReadonlyArray<Provider.Candidate>
  readonly guesses: ReadonlyArray<Provider.Candidate>
}

const search = (graph: Graph, { object, qualifier }: MissingObject, scope: Option.Option<StatementScope>): Search => {
  const lookUp = (missing: SchemaObject.SchemaObject) => Provider.candidates(graph.providers, missing)
  if (object._tag === "Relaxation" && object.rule === "length")
    return { found: lengthsOf(graph, scope, object).flatMap(lookUp), guesses: [] }
  if (object._tag === "ConflictTarget") return { found: askedBy(scope, object).flatMap(lookUp), guesses: [] }
  if (object._tag !== "Column" || Option.isSome(object.relation)) return { found: lookUp(object), guesses: [] }
  const behind = Option.match(scope, {
    onNone: () => Option.map(qualifier, (name) => SchemaObject.qualifiedName(name)),
    onSome: (_) => Option.flatMap(qualifier, (name) => tableOf(_, name))
  })
  const named = Option.toArray(behind).flatMap((table) => lookUp(SchemaObject.column(object.name, table)))
  if (named.length > 0 || (Option.isSome(scope) && Option.isSome(behind))) return { found: named, guesses: [] }
  const found = tablesOf(scope).flatMap((table) => lookUp(SchemaObject.column(object.name, table)))
  const isElsewhere = Option.exists(scope, (_) => isColumnOf(_, object.name))
  return { found: Arr.sort(found, Provider.byMatch), guesses: isElsewhere ? [] : lookUp(object) }
}

const tablesOf = (scope: Option.Option<StatementScope>): ReadonlyArray<SchemaObject.QualifiedName> =>
  Option.toArray(scope).flatMap(({ relations }) => relations.map(({ relation }) => relation))

/** The server tells the type of a value that is too long, and the statement its columns, or a table of which it writes all. */
const lengthsOf = (
  graph: Graph,
  scope: Option.Option<StatementScope>,
  { name, relation, rule }: SchemaObject.Relaxation
): ReadonlyArray<SchemaObject.Relaxation> => {
  const tables = Option.match(relation, { onNone: () => tablesOf(scope), onSome: (table) => [table] })
  const written = Option.toArray(scope).flatMap(({ columns }) => columns.map((column) => column.name))
  return tables.flatMap((table) =>
    (Option.isSome(relation) ? Provider.columnsOf(graph.providers, table) : written).map((column) =>
      SchemaObject.relaxation(rule, `${column} ${name}`, table)
    )
  )
}

/** The target of a statement about the same table, which has its expressions and conditions too. */
const askedBy = (
  scope: Option.Option<StatementScope>,
  detected: SchemaObject.ConflictTarget
): ReadonlyArray<SchemaObject.ConflictTarget> => {
  const asked = Option.flatMap(scope, ({ conflictTarget }) => conflictTarget)
  if (Option.isNone(detected.relation)) return Option.toArray(asked)
  const table = detected.relation.value.name
  const ofTable = Option.filter(asked, ({ relation }) => Option.exists(relation, ({ name }) => name === table))
  return [Option.getOrElse(ofTable, () => detected)]
}

/** With all writers of its table, a rule that a later migration makes decides about the row too. */
const writersOfTable = (graph: Graph, applied: Applied, object: SchemaObject.SchemaObject): ReadonlyArray<Ranked> =>
  object._tag === "Relaxation" && Option.isSome(object.relation)
    ? writersOf(graph, SchemaObject.relation(object.relation.value))
        .filter(isUnapplied(graph, applied))
        .map((rank): Ranked => [rank, "writer"])
    : []

/** The pending providers of the statement's objects, and the pending writers of its tables. Of two reasons for a rank the last counts. */
const neededBy = (
  graph: Graph,
  applied: Applied,
  scope: StatementScope,
  isWanted: (writer: Migration) => boolean
): ReadonlyArray<Ranked> => {
  const unapplied = isUnapplied(graph, applied)
  const named = [
    ...scope.relations.map(({ relation }) => SchemaObject.relation(relation)),
    ...scope.routines.map((name) => SchemaObject.routine(name)),
    ...scope.types.map(SchemaObject.type)
  ]
  const writers = [...named.flatMap((object) => writersOf(graph, object)), ...graph.opaque]
  const providers = mentionedBy(scope).flatMap((object) =>
    Provider.candidates(graph.providers, object)
      .filter(isAlive)
      .slice(0, 1)
      .map(({ rank }) => rank)
  )
  return [
    ...writers
      .filter((rank) => unapplied(rank) && MigrationGraph.migrationsAt(graph, [rank]).every(isWanted))
      .map((rank): Ranked => [rank, "writer"]),
    ...providers.filter(unapplied).map((rank): Ranked => [rank, "provider"])
  ]
}

/**
 * The writers of an object. Where a migration provides it in `public` or without a schema, or the name has a schema, those that only
 * write an object of the same name in another schema are left out.
 */
const writersOf = (
  graph: Graph,
  object: SchemaObject.Relation | SchemaObject.Routine | SchemaObject.Type
): ReadonlyArray<number> => {
  const key = HazardKey.keyOf(object)
  const isDefault = ({ object: one }: Provider.Candidate): boolean =>
    "schema" in one && (Option.isNone(one.schema) || one.schema.value === "public")
  const meant = Option.orElse(object.schema, () =>
    Provider.candidates(graph.providers, object).some(isDefault) ? Option.some("public") : Option.none()
  )
  return (graph.writersByKey.get(key) ?? []).filter((rank) =>
    MigrationGraph.migrationsAt(graph, [rank]).every(({ footprint }) => {
      const places = footprint.places.get(key)
      return places === undefined || Option.isNone(meant) || places.has(meant.value)
    })
  )
}

const mentionedBy = (scope: StatementScope): ReadonlyArray<SchemaObject.SchemaObject> => [
  ...scope.relations.map(({ relation }) => SchemaObject.relation(relation)),
  ...scope.columns.flatMap(({ name, qualifier }) =>
    Option.match(qualifier, {
      onNone: () => tablesOf(Option.some(scope)),
      onSome: (alias) => Option.toArray(tableOf(scope, alias))
    }).map((table) => SchemaObject.column(name, table))
  ),
  ...scope.routines.map((name) => SchemaObject.routine(name)),
  ...scope.types.map(SchemaObject.type),
  ...Option.toArray(scope.conflictTarget)
]
