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
import type * as Adoption from "./core/Adoption.js"
import {
  type AdoptionError,
  type AutoMigrationError,
  type ChecksumMismatch,
  UnknownMigration
} from "./core/AutoMigrationError.js"
import type { AppliedSet, BrokenLink, ChainHead, LedgerEvent } from "./core/LedgerEvent.js"
import type { Migration, MigrationId } from "./core/Migration.js"
import * as MigrationGraph from "./core/MigrationGraph.js"
import * as MigrationWarning from "./core/MigrationWarning.js"
import type * as Plan from "./core/Plan.js"
import * as Resolver from "./core/Resolver.js"
import { Knowledge } from "./Knowledge.js"
import { Ledger } from "./Ledger.js"
import * as LedgerMigrations from "./LedgerMigrations.js"
import * as MigrationFailure from "./MigrationFailure.js"
import * as PlanRunner from "./PlanRunner.js"
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
  /** Edited after they had been applied. */
  readonly edited: ReadonlyArray<MigrationId>
  /** Pending, though something applied waits for them by now: files that were added below what has already run. */
  readonly overtaken: ReadonlyArray<MigrationId>
  /** What looks wrong about the pending ones and is no error; `graph.warnings` has those of all. */
  readonly warnings: ReadonlyArray<MigrationWarning.MigrationWarning>
  /** Tables in which other tools record migrations, asked for anew each time. */
  readonly elsewhere: ReadonlyArray<Adopter.HistoryStatus>
}

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
  readonly baseline: (
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration>
  readonly adoption: (request: Adoption.Request) => Effect.Effect<Adoption.Adoption, AutoMigrationError | AdoptionError>
  readonly adopt: (
    request: Adoption.Request
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | AdoptionError>
  readonly events: Stream.Stream<LedgerEvent, AutoMigrationError>
  readonly verify: Effect.Effect<Either.Either<ChainHead, BrokenLink>, AutoMigrationError>
}

/** Nobody waits for an operator's run but the operator. */
const forOperator: Pick<PlanRunner.Request, "pace" | "caller" | "deadlineAt" | "onDeadline" | "detail"> = {
  pace: "operator",
  caller: "in view",
  deadlineAt: Number.POSITIVE_INFINITY,
  onDeadline: (migration) => MigrationFailure.effectFailed(migration, "it was not done in time"),
  detail: { by: "operator" }
}

/** What to apply, of what an applied set lacks. */
type Choose = (applied: AppliedSet["checksumById"]) => Option.Option<Plan.Plan>

const nothing: PlanRunner.Result = { _tag: "Done", ran: [] }

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
  const { graph, refresh } = yield* Knowledge
  const { events, verify } = yield* Ledger
  const runner = yield* PlanRunner.PlanRunner
  const ordered = graph.nodes.map((node) => node.migration)

  const applied = Effect.mapBoth(refresh, {
    onFailure: MigrationFailure.withoutQuery,
    onSuccess: (view) => view.applied
  })

  const run = (
    plan: Plan.Plan,
    doing: PlanRunner.Request["doing"],
    details: PlanRunner.Request["details"] = new Map()
  ) =>
    Effect.mapError(runner.run({ ...forOperator, plan, doing, details }), ({ failure, retryAt }) =>
      failure.toError({ cause: undefined, retryAt })
    )

  const idsOf = (result: PlanRunner.Result): ReadonlyArray<MigrationId> =>
    result._tag === "Done" ? result.ran.map(idOf) : []

  const { adopt, adoption, histories } = yield* Adopter.make((plan, details) =>
    Effect.map(run(plan, "adopt", details), idsOf)
  )

  const plan = Effect.map(applied, ({ checksumById }) => Resolver.pending(graph, checksumById))

  const refuseEdited = (set: AppliedSet): Effect.Effect<void, ChecksumMismatch> =>
    Option.match(
      Arr.findFirst(ordered, (migration) => isEdited(set, migration)),
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
      Effect.map(({ checksumById }) => choose(checksumById)),
      Effect.flatMap(Option.match({ onNone: () => Effect.succeed(nothing), onSome: (chosen) => run(chosen, doing) })),
      Effect.flatMap((result) =>
        result._tag === "Outdated" ? applyChosen(choose, doing) : Effect.succeed(idsOf(result))
      )
    )

  const upTo = (doing: "apply" | "again") => (ids: ReadonlyArray<string>) =>
    Effect.flatMap(Effect.forEach(ids, known), (migrations) =>
      apply((set) => Resolver.upTo(graph, set, migrations.map(idOf)), doing)
    )

  return {
    graph,
    events,
    verify,
    plan,
    migrate: apply((set) => Resolver.pending(graph, set)),
    migrateTo: upTo("apply"),
    migrateAgain: upTo("again"),
    adopt,
    adoption,
    status: Effect.map(
      Effect.bindTo(applied, "set").pipe(Effect.bind("elsewhere", ({ set }) => histories(set))),
      ({ elsewhere, set }): Status => {
        const [pending, done] = Arr.partition(ordered, (migration) => set.checksumById.has(migration.id))
        const own = new Set(ordered.map(idOf))
        return {
          applied: done.map(idOf),
          pending: pending.map(idOf),
          unknown: [...set.checksumById.keys()].filter((id) => !own.has(id) && !LedgerMigrations.isOwn(id)),
          edited: done.filter((migration) => isEdited(set, migration)).map(idOf),
          overtaken: MigrationGraph.overtaken(graph, new Set(done.map(idOf))).map(idOf),
          warnings: pending.flatMap(MigrationWarning.of),
          elsewhere
        }
      }
    ),
    isApplied: (id) =>
      Effect.flatMap(applied, ({ checksumById }) =>
        [...checksumById.keys()].some((other) => other === id) ? Effect.succeed(true) : Effect.as(known(id), false)
      ),
    baseline: (ids) =>
      Effect.flatMap(Effect.forEach(ids, known), (migrations) => {
        const chosen = new Set(migrations)
        const steps = ordered
          .filter((migration) => chosen.has(migration))
          .map((migration): Plan.Step => ({ migration, reason: "pending" }))
        return Arr.isNonEmptyReadonlyArray(steps)
          ? Effect.map(run({ steps, closes: [], upon: [] }, "baseline"), idsOf)
          : Effect.succeed([])
      })
  } satisfies Operator
})
