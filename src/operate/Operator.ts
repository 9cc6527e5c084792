/**
 * Operations for a start-up, a command line or a test: apply migrations, show their status, record those that are
 * applied already, and check the ledger. No policy judges a plan that an operator runs.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type * as Adoption from "../core/adoption/Adoption.js"
import { type AdoptionError, type AutoMigrationError, UnknownMigration } from "../core/error/AutoMigrationError.js"
import type * as MigrationGraph from "../core/graph/MigrationGraph.js"
import type * as Plan from "../core/graph/Plan.js"
import * as Resolver from "../core/graph/Resolver.js"
import {
  type AppliedSet,
  type BrokenLink,
  type ChainHead,
  isCurrent,
  type LedgerEvent
} from "../core/migration/LedgerEvent.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import * as DataLoss from "../core/policy/DataLoss.js"
import * as Catalog from "../database/Catalog.js"
import * as Message from "../database/Message.js"
import { MigrationClient } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Presence from "../database/Presence.js"
import * as Waits from "../execute/Waits.js"
import * as Holders from "../ledger/Holders.js"
import { Knowledge } from "../runner/Knowledge.js"
import { Ledger } from "../runner/Ledger.js"
import * as OldNames from "../runner/OldNames.js"
import * as PlanRunner from "../runner/PlanRunner.js"
import { AutoMigrationConfig, type Options } from "../runtime/AutoMigrationConfig.js"
import * as Telemetry from "../runtime/Telemetry.js"
import * as Adopter from "./Adopter.js"
import * as OperatorRun from "./OperatorRun.js"
import * as Recording from "./Recording.js"
import * as Status from "./Status.js"

export type { BaselineOptions } from "./Recording.js"
export type { Status } from "./Status.js"

type Recorded = Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | UnknownMigration>

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
  readonly status: Effect.Effect<Status.Status, AutoMigrationError>
  readonly isApplied: (id: string) => Effect.Effect<boolean, AutoMigrationError | UnknownMigration>
  readonly losses: Effect.Effect<ReadonlyArray<Plan.StepRisk>, AutoMigrationError>
  readonly lossesTo: (
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Plan.StepRisk>, AutoMigrationError | UnknownMigration>
  readonly baseline: (ids: ReadonlyArray<string>, options?: Recording.BaselineOptions) => Recorded
  readonly baselineAll: (
    options?: Recording.BaselineOptions
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError>
  readonly baselineTo: (id: string, options?: Recording.BaselineOptions) => Recorded
  readonly adoption: (
    options: Adoption.AdoptOptions
  ) => Effect.Effect<Adoption.Adoption, AutoMigrationError | AdoptionError>
  readonly adopt: (
    options: Adoption.AdoptOptions
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | AdoptionError>
  readonly release: (id: string) => Effect.Effect<boolean, AutoMigrationError>
  readonly rename: (from: string, to: string) => Effect.Effect<void, AutoMigrationError | UnknownMigration>
  readonly events: Stream.Stream<LedgerEvent, AutoMigrationError>
  readonly verify: Effect.Effect<Either.Either<ChainHead, BrokenLink>, AutoMigrationError>
  readonly rebuild: Effect.Effect<void, AutoMigrationError>
}

interface Services extends Status.Services, Recording.Services {
  readonly catalog: Context.Tag.Service<Catalog.Catalog>
  readonly release: (id: string) => Effect.Effect<boolean, AutoMigrationError>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const config = yield* AutoMigrationConfig
  const { ask } = yield* MigrationClient
  const { graph, refresh } = yield* Knowledge
  const runner = yield* PlanRunner.PlanRunner
  const applied = Effect.map(withoutQuery(refresh), (view) => view.applied)
  const ledger = yield* Ledger
  return operatorFrom({
    commands: config,
    graph,
    migrations: graph.nodes.map(({ migration }) => migration),
    applied,
    catalog: yield* Catalog.Catalog,
    ledger,
    runner,
    waits: Waits.holders({ ask, config }),
    release: (id) => Effect.zipRight(applied, release(ask, config, id)),
    adopter: yield* Adopter.make({
      applied,
      events: ledger.events,
      record: (plan, details) =>
        Effect.map(OperatorRun.run(runner, { plan, doing: "adopt", details }), OperatorRun.idsOf)
    })
  })
})

const operatorFrom = (services: Services): Operator => {
  const { adopter, applied, graph, ledger, migrations } = services
  const known = (ids: ReadonlyArray<string>) => Effect.forEach(ids, (id) => migrationOf(services, id))
  const all: Choose = (set) => Resolver.pending(graph, set)
  const upTo =
    (chosen: ReadonlyArray<Migration>): Choose =>
    (set) =>
      Resolver.upTo(graph, set, chosen.map(idOf))
  return {
    graph,
    events: ledger.events,
    verify: ledger.verify,
    rebuild: withoutQuery(ledger.rebuild),
    plan: Effect.map(applied, (set) => all(current(services, set))),
    losses: lossesOf(services, all),
    lossesTo: (ids) => Effect.flatMap(known(ids), (chosen) => lossesOf(services, upTo(chosen))),
    migrate: migrate(services, all, "apply"),
    migrateTo: (ids) => Effect.flatMap(known(ids), (chosen) => migrate(services, upTo(chosen), "apply")),
    migrateAgain: (ids) => Effect.flatMap(known(ids), (chosen) => migrate(services, upTo(chosen), "again")),
    status: Effect.flatMap(applied, (set) => Status.status(services, set)),
    isApplied: (id) => isApplied(services, id),
    baseline: (ids, options) => Effect.flatMap(known(ids), (chosen) => Recording.baseline(services, chosen, options)),
    baselineAll: (options) => Recording.baseline(services, migrations, options),
    baselineTo: (id, options) =>
      Effect.flatMap(migrationOf(services, id), (last) =>
        Recording.baseline(services, migrations.slice(0, migrations.indexOf(last) + 1), options)
      ),
    adopt: adopter.adopt,
    adoption: adopter.adoption,
    rename: (from, to) =>
      Effect.flatMap(migrationOf(services, to), (migration) => Recording.rename(services, from, migration)),
    release: services.release
  }
}

const release = (ask: Message.Ask, config: Options, id: string): Effect.Effect<boolean, AutoMigrationError> =>
  ask(Message.changing(config, "operator", Holders.release(config.schema, id))).pipe(
    Effect.mapError((error) => MigrationFailure.withoutQuery(MigrationFailure.ofMessage(error, "the end of a lease"))),
    Effect.flatMap((results) => Holders.readIsReleased(Message.columnsOf(results)))
  )

const migrationOf = ({ migrations }: Services, id: string): Effect.Effect<Migration, UnknownMigration> =>
  Effect.mapError(
    Arr.findFirst(migrations, (migration) => migration.id === id),
    () => new UnknownMigration({ id, known: migrations.map(idOf) })
  )

/** Chooses a plan from the migrations that an applied set lacks. */
type Choose = (applied: AppliedSet["checksumById"]) => Option.Option<Plan.Plan>

/**
 * Applies the chosen plan. Fails before the first step where the file of an applied migration was edited. The span gets the
 * error as it is told to others, since exporters print it.
 */
const migrate = (
  services: Services,
  choose: Choose,
  doing: "apply" | "again"
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError> =>
  Effect.mapError(Effect.withSpan(applyChosen(services, choose, doing), Telemetry.span.migrate), (error) =>
    "failure" in error ? OperatorRun.forItsRunner(error) : error
  )

const applyChosen = (
  services: Services,
  choose: Choose,
  doing: "apply" | "again"
): Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | PlanRunner.RunFailure> =>
  Effect.gen(function* () {
    const set = yield* appliedUnlessEdited(services)
    const plan = choose(current(services, set))
    if (Option.isNone(plan)) return []
    yield* services.adopter.unlessDue(set, plan.value)
    const result = yield* services.runner.run({ ...OperatorRun.options, plan: plan.value, doing })
    return result._tag === "Outdated" ? yield* applyChosen(services, choose, doing) : OperatorRun.idsOf(result)
  })

/** The applied set. Fails if the file of an applied migration was edited, and the migration is not repeatable. */
const appliedUnlessEdited = ({ applied, migrations }: Services): Effect.Effect<AppliedSet, AutoMigrationError> =>
  Effect.tap(applied, (set) =>
    Option.match(
      Arr.findFirst(migrations, (migration) => !migration.isRepeatable && Status.isEdited(set, migration)),
      {
        onNone: () => Effect.void,
        onSome: (migration) => Effect.fail(MigrationFailure.edited(migration, set.checksumById.get(migration.id) ?? ""))
      }
    )
  )

/** The applied set without repeatable migrations that were edited: an operator runs these again. */
const current = ({ migrations }: Services, set: AppliedSet): AppliedSet["checksumById"] => {
  const again = new Set(
    migrations.filter((migration) => set.checksumById.has(migration.id) && !isCurrent(set, migration)).map(idOf)
  )
  if (again.size === 0) return set.checksumById
  return new Map([...set.checksumById].filter(([id]) => !again.has(id)))
}

const idOf = (migration: Migration): MigrationId => migration.id

/** The statements of the chosen plan that lose data. Fails where the plan would not begin. */
const lossesOf = Effect.fnUntraced(function* (
  services: Services,
  choose: Choose
): Effect.fn.Return<ReadonlyArray<Plan.StepRisk>, AutoMigrationError> {
  const { adopter, catalog, commands, graph, runner } = services
  const set = yield* appliedUnlessEdited(services)
  const plan = choose(current(services, set))
  if (Option.isNone(plan)) return []
  const waiting = plan.value.steps.map(({ migration }) => migration)
  const renamed = OldNames.renamed(graph, commands, { applied: set, waiting })
  if (Option.isSome(renamed)) return yield* MigrationFailure.withoutQuery(renamed.value)
  yield* Effect.mapError(runner.unlessElsewhere(set), ({ failure }) => MigrationFailure.withoutQuery(failure))
  yield* adopter.unlessDue(set, plan.value)
  const answers = yield* withoutQuery(catalog.presence(DataLoss.questions(plan.value)))
  return DataLoss.real(plan.value, Presence.unlockedFacts(answers))
})

const withoutQuery = <A>(effect: Effect.Effect<A, MigrationFailure.Failure>): Effect.Effect<A, AutoMigrationError> =>
  Effect.mapError(effect, MigrationFailure.withoutQuery)

const isApplied = (services: Services, id: string): Effect.Effect<boolean, AutoMigrationError | UnknownMigration> =>
  Effect.flatMap(services.applied, ({ checksumById }) => {
    const known: ReadonlyMap<string, unknown> = checksumById
    return known.has(id) ? Effect.succeed(true) : Effect.as(migrationOf(services, id), false)
  })
