/**
 * What an operator asks of the library ahead of time, at a start-up, from a command line or in a test: apply everything,
 * look, declare, check. None of it is judged by policy: it is the operator's own word.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import * as Adopter from "./Adopter.js"
import { AutoMigrationConfig } from "./AutoMigrationConfig.js"
import * as Catalog from "./Catalog.js"
import type * as Adoption from "./core/Adoption.js"
import {
  type AdoptionError,
  type AutoMigrationError,
  type ChecksumMismatch,
  UnknownMigration
} from "./core/AutoMigrationError.js"
import * as DataLoss from "./core/DataLoss.js"
import { type AppliedSet, type BrokenLink, type ChainHead, isCurrent, type LedgerEvent } from "./core/LedgerEvent.js"
import type { Migration, MigrationId } from "./core/Migration.js"
import * as MigrationGraph from "./core/MigrationGraph.js"
import type * as MigrationWarning from "./core/MigrationWarning.js"
import type * as Plan from "./core/Plan.js"
import * as Renaming from "./core/Renaming.js"
import * as Resolver from "./core/Resolver.js"
import * as History from "./History.js"
import * as Job from "./Job.js"
import { Knowledge } from "./Knowledge.js"
import { Ledger } from "./Ledger.js"
import * as LedgerMigrations from "./LedgerMigrations.js"
import * as MigrationFailure from "./MigrationFailure.js"
import * as PlanRunner from "./PlanRunner.js"
import * as Presence from "./Presence.js"
import * as Telemetry from "./Telemetry.js"

/**
 * Where this program and the database stand.
 *
 * @since 0.1.0
 * @category models
 */
export interface Status {
  /** In the graph's order. */
  readonly applied: ReadonlyArray<MigrationId>
  /** In the order in which `migrate` would run them. */
  readonly pending: ReadonlyArray<MigrationId>
  /** Applied according to the ledger, and not part of this program: a newer deployment's, or deleted here. */
  readonly unknown: ReadonlyArray<MigrationId>
  /** Edited after they had been applied; `migrate` runs the repeatable ones again, and refuses the others. */
  readonly edited: ReadonlyArray<MigrationId>
  /**
   * Pending, with exactly the text of what is applied under an id that no file has any more: renamed after they had been applied, as
   * `rename` has still to record. The old ids are not among the unknown ones, neither before nor after that.
   */
  readonly renamed: ReadonlyArray<{ readonly from: MigrationId; readonly to: MigrationId }>
  /** Pending, though something applied waits for them by now: files that were added below what has already run. */
  readonly overtaken: ReadonlyArray<MigrationId>
  /** What looks wrong about the pending ones and is no error; `graph.warnings` has those of all. */
  readonly warnings: ReadonlyArray<MigrationWarning.MigrationWarning>
  /** Tables in which other tools record migrations, asked for anew each time. */
  readonly elsewhere: ReadonlyArray<Adopter.HistoryStatus>
}

/**
 * How migrations are recorded as applied.
 *
 * @since 0.1.0
 * @category models
 */
export interface BaselineOptions {
  /** Whether they are recorded without a look at what the database holds of them. Defaults to `false`. */
  readonly unchecked?: boolean
}

type Recording = Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration>

/**
 * @since 0.1.0
 * @category models
 */
export interface Operator {
  readonly graph: MigrationGraph.MigrationGraph
  readonly migrate: Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError>
  readonly migrateTo: (
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration>
  readonly migrateAgain: (
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration>
  readonly plan: Effect.Effect<Option.Option<Plan.Plan>, AutoMigrationError>
  readonly status: Effect.Effect<Status, AutoMigrationError>
  readonly isApplied: (id: string) => Effect.Effect<boolean, AutoMigrationError | UnknownMigration>
  readonly losses: Effect.Effect<ReadonlyArray<Plan.StepRisk>, AutoMigrationError>
  readonly lossesTo: (
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Plan.StepRisk>, AutoMigrationError | UnknownMigration>
  readonly baseline: (ids: ReadonlyArray<string>, options?: BaselineOptions) => Recording
  readonly baselineAll: (options?: BaselineOptions) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError>
  readonly baselineTo: (id: string, options?: BaselineOptions) => Recording
  readonly adoption: (request: Adoption.Request) => Effect.Effect<Adoption.Adoption, AutoMigrationError | AdoptionError>
  readonly adopt: (
    request: Adoption.Request
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | AdoptionError>
  readonly rename: (from: string, to: string) => Effect.Effect<void, AutoMigrationError | UnknownMigration>
  readonly events: Stream.Stream<LedgerEvent, AutoMigrationError>
  readonly verify: Effect.Effect<Either.Either<ChainHead, BrokenLink>, AutoMigrationError>
}

/** Nobody waits for an operator's run but the operator. */
const forOperator: Omit<PlanRunner.Request, "plan" | "doing"> = {
  pace: "operator",
  judgement: Option.none(),
  caller: "in view",
  deadlineAt: Number.POSITIVE_INFINITY,
  onDeadline: (migration) => MigrationFailure.effectFailed(migration, "it was not done in time"),
  detail: { by: "operator" }
}

/** What to apply, of what an applied set lacks. */
type Choose = (applied: AppliedSet["checksumById"]) => Option.Option<Plan.Plan>

const nothing: PlanRunner.Result = { _tag: "Done", ran: [] }

/** Edited, and no repeatable migration, which may be. */
const isTampered = (set: AppliedSet, migration: Migration): boolean =>
  !migration.isRepeatable && isEdited(set, migration)

const isEdited = ({ checksumById }: AppliedSet, { checksum, id }: Migration): boolean => {
  const recorded = checksumById.get(id)
  return recorded !== undefined && recorded !== checksum
}

const idOf = (migration: Migration): MigrationId => migration.id

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const { schema } = yield* AutoMigrationConfig
  const { graph, refresh } = yield* Knowledge
  const { events, renamed, verify } = yield* Ledger
  const catalog = yield* Catalog.Catalog
  const runner = yield* PlanRunner.PlanRunner
  const ordered = graph.nodes.map((node) => node.migration)

  const applied = Effect.mapBoth(refresh, {
    onFailure: MigrationFailure.withoutQuery,
    onSuccess: (view) => view.applied
  })

  const run = (
    plan: Plan.Plan,
    request: Pick<PlanRunner.Request, "doing"> & Partial<Pick<PlanRunner.Request, "condition" | "detail" | "details">>
  ) =>
    Effect.mapError(runner.run({ ...forOperator, plan, ...request }), ({ failure, retryAt }) =>
      failure.toError({ cause: undefined, retryAt })
    )

  const idsOf = (result: PlanRunner.Result): ReadonlyArray<MigrationId> =>
    result._tag === "Done" ? result.ran.map(idOf) : []

  const { adopt, adoption, histories, unlessDue } = yield* Adopter.make((plan, details) =>
    Effect.map(run(plan, { doing: "adopt", details }), idsOf)
  )

  /** What an operator need not run: repeatable migrations that were edited run again. */
  const current = (set: AppliedSet): AppliedSet["checksumById"] => {
    const again = ordered.filter((migration) => !isCurrent(set, migration)).map(idOf)
    return new Map([...set.checksumById].filter(([id]) => !again.includes(id)))
  }

  const plan = Effect.map(applied, (set) => Resolver.pending(graph, current(set)))

  const refuseEdited = (set: AppliedSet): Effect.Effect<void, ChecksumMismatch> =>
    Option.match(
      Arr.findFirst(ordered, (migration) => isTampered(set, migration)),
      {
        onNone: () => Effect.void,
        onSome: (migration) => Effect.fail(MigrationFailure.edited(migration, set.checksumById.get(migration.id) ?? ""))
      }
    )

  const known = (id: string): Effect.Effect<Migration, UnknownMigration> =>
    Effect.mapError(
      Arr.findFirst(ordered, (migration) => migration.id === id),
      () => new UnknownMigration({ id, known: ordered.map(idOf) })
    )

  /** An edited file is an error before anything runs. */
  const apply = (choose: Choose, doing: "apply" | "again" = "apply") =>
    Effect.withSpan(applyChosen(choose, doing), Telemetry.span.migrate)

  const applyChosen = (
    choose: Choose,
    doing: "apply" | "again"
  ): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError> =>
    applied.pipe(
      Effect.tap(refuseEdited),
      Effect.flatMap((set) =>
        Option.match(choose(current(set)), {
          onNone: () => Effect.succeed(nothing),
          onSome: (chosen) => Effect.zipRight(unlessDue(set, chosen), run(chosen, { doing }))
        })
      ),
      Effect.flatMap((result) =>
        result._tag === "Outdated" ? applyChosen(choose, doing) : Effect.succeed(idsOf(result))
      )
    )

  const upTo = (doing: "apply" | "again") => (ids: ReadonlyArray<string>) =>
    Effect.flatMap(Effect.forEach(ids, known), (migrations) =>
      apply((set) => Resolver.upTo(graph, set, migrations.map(idOf)), doing)
    )

  const ended = (failure: MigrationFailure.Failure) => Effect.fail(MigrationFailure.withoutQuery(failure))

  /** Of a plan that would not begin there is nothing to lose: why it would not is the error. */
  const lossesOf = Effect.fnUntraced(function* (
    choose: Choose
  ): Effect.fn.Return<ReadonlyArray<Plan.StepRisk>, AutoMigrationError> {
    const set = yield* Effect.tap(applied, refuseEdited)
    const chosen = choose(current(set))
    if (Option.isNone(chosen)) return []
    const waiting = chosen.value.steps.map(({ migration }) => migration)
    const other = History.renamed(graph, schema, { applied: set, waiting })
    if (Option.isSome(other)) return yield* ended(other.value)
    yield* Effect.mapError(runner.unlessElsewhere(set), ({ failure }) => MigrationFailure.withoutQuery(failure))
    yield* unlessDue(set, chosen.value)
    const answers = yield* Effect.catchAll(catalog.presence(DataLoss.questions(chosen.value)), ended)
    return DataLoss.real(chosen.value, Presence.unlockedFacts(answers))
  })

  /** All of them or none. */
  const record = (migrations: ReadonlyArray<Migration>, { unchecked = false }: BaselineOptions = {}) => {
    const chosen = new Set(migrations)
    const steps = ordered
      .filter((migration) => chosen.has(migration))
      .map((migration): Plan.Step => ({ migration, reason: "pending" }))
    if (!Arr.isNonEmptyReadonlyArray(steps)) return Effect.succeed([])
    const request = unchecked
      ? { condition: Job.unconditional, detail: { ...forOperator.detail, unchecked } }
      : { condition: History.founded(graph, schema) }
    return Effect.map(run({ steps, closes: [], upon: [] }, { doing: "baseline", ...request }), idsOf)
  }

  const rename = (from: string, to: string): Effect.Effect<void, AutoMigrationError | UnknownMigration> =>
    Effect.gen(function* () {
      const migration = yield* known(to)
      const condition = History.renameable(graph, { from, to: migration })
      const set = yield* applied
      yield* Effect.catchAll(condition({ applied: set, waiting: [], ask: () => Effect.void }), ended)
      const plan: Plan.Plan = { steps: [{ migration, reason: "pending" }], closes: [], upon: [] }
      const result = yield* run(plan, { doing: "rename", condition, detail: { ...forOperator.detail, from } })
      if (idsOf(result).length === 0) yield* rename(from, to)
    })

  /** A migration that was renamed is applied with one checksum under two ids: only then the log is asked which of them is the old one. */
  const unknownOf = Effect.fnUntraced(function* (
    { checksumById }: AppliedSet,
    ids: ReadonlyArray<MigrationId>
  ): Effect.fn.Return<ReadonlyArray<MigrationId>, AutoMigrationError> {
    const own = new Set(ordered.map(({ id }) => checksumById.get(id)))
    if (ids.every((id) => !own.has(checksumById.get(id)))) return ids
    const before = yield* Effect.catchAll(renamed, ended)
    return ids.filter((id) => !before.has(id))
  })

  const status = Effect.fnUntraced(function* (set: AppliedSet): Effect.fn.Return<Status, AutoMigrationError> {
    const [pending, done] = Arr.partition(ordered, (migration) => set.checksumById.has(migration.id))
    const due = Renaming.renamings(graph, set).flatMap(({ from, migration }) =>
      from.map((old) => ({ from: old, to: migration.id }))
    )
    const known = new Set([...ordered.map(idOf), ...due.map(({ from }) => from)])
    return {
      applied: done.map(idOf),
      pending: pending.map(idOf),
      unknown: yield* unknownOf(
        set,
        [...set.checksumById.keys()].filter((id) => !known.has(id) && !LedgerMigrations.isOwn(id))
      ),
      edited: done.filter((migration) => isEdited(set, migration)).map(idOf),
      renamed: due,
      overtaken: MigrationGraph.overtaken(graph, new Set(done.map(idOf))).map(idOf),
      warnings: graph.warnings.filter(({ migration }) => pending.some(({ id }) => id === migration)),
      elsewhere: yield* histories(set)
    }
  })

  return {
    graph,
    events,
    verify,
    plan,
    losses: lossesOf((set) => Resolver.pending(graph, set)),
    lossesTo: (ids) =>
      Effect.flatMap(Effect.forEach(ids, known), (migrations) =>
        lossesOf((set) => Resolver.upTo(graph, set, migrations.map(idOf)))
      ),
    migrate: apply((set) => Resolver.pending(graph, set)),
    migrateTo: upTo("apply"),
    migrateAgain: upTo("again"),
    status: Effect.flatMap(applied, status),
    isApplied: (id) =>
      Effect.flatMap(applied, ({ checksumById }) =>
        [...checksumById.keys()].some((other) => other === id) ? Effect.succeed(true) : Effect.as(known(id), false)
      ),
    baseline: (ids, options) => Effect.flatMap(Effect.forEach(ids, known), (migrations) => record(migrations, options)),
    baselineAll: (options) => record(ordered, options),
    baselineTo: (id, options) =>
      Effect.flatMap(known(id), (last) => record(ordered.slice(0, ordered.indexOf(last) + 1), options)),
    adopt,
    adoption,
    rename
  } satisfies Operator
})
