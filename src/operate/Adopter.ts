/**
 * Adopts migrations that another tool has applied, or whose objects the catalog holds: shows them, records them in one
 * transaction under the migration lock, and tells when the other tool has applied more.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Adoption from "../core/adoption/Adoption.js"
import * as Probe from "../core/adoption/Probe.js"
import {
  type AdoptionError,
  AdoptionRefused,
  type AutoMigrationError,
  NothingToAdopt,
  SeveralHistories
} from "../core/error/AutoMigrationError.js"
import type { MigrationGraph } from "../core/graph/MigrationGraph.js"
import * as Plan from "../core/graph/Plan.js"
import type { AppliedSet, LedgerEvent } from "../core/migration/LedgerEvent.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import { Catalog } from "../database/Catalog.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import type * as Job from "../execute/Job.js"
import * as LedgerMigrations from "../ledger/OwnMigrations.js"
import * as ForeignHistory from "../runner/ForeignHistory.js"
import * as HistoryMatch from "../runner/HistoryMatch.js"
import { Knowledge } from "../runner/Knowledge.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import * as CommandLine from "../runtime/CommandLine.js"

/**
 * Another tool's table, compared with the ledger.
 *
 * @since 0.1.0
 * @category models
 */
export interface HistoryStatus {
  readonly tool: string
  /** With the schema's name where that is not on the search path. */
  readonly table: string
  /** How many migrations the table records. `null` where it cannot be read. */
  readonly recorded: number | null
  /** Migrations of this program that the table records and the ledger does not: `adopt` records them. */
  readonly due: ReadonlyArray<MigrationId>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Adopter {
  /** The adoption that `adopt` would record. */
  readonly adoption: (
    options: Adoption.AdoptOptions
  ) => Effect.Effect<Adoption.Adoption, AutoMigrationError | AdoptionError>
  readonly adopt: (
    options: Adoption.AdoptOptions
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | AdoptionError>
  /**
   * Fails with `HistoryElsewhere` where the ledger has migrations of the program, and another tool's table records some
   * of the plan: that tool may have gone on, or another program has begun the ledger that both share.
   */
  readonly unlessDue: (applied: AppliedSet, plan: Plan.Plan) => Effect.Effect<void, AutoMigrationError>
  /** Reads the tables of other tools at each call. */
  readonly histories: (applied: AppliedSet) => Effect.Effect<ReadonlyArray<HistoryStatus>, AutoMigrationError>
}

interface LedgerAccess {
  /** Reads the ledger at each run. */
  readonly applied: Effect.Effect<AppliedSet, AutoMigrationError>
  readonly events: Stream.Stream<LedgerEvent, AutoMigrationError>
  /** Records the migrations of a plan as adopted. Each event holds its migration's details. */
  readonly record: (
    plan: Plan.Plan,
    details: NonNullable<Job.Job["details"]>
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError>
}

interface Services extends LedgerAccess {
  readonly commands: CommandLine.Setting
  readonly graph: MigrationGraph
  readonly catalog: Context.Tag.Service<Catalog>
  readonly foreign: ForeignHistory.ForeignHistory
}

type Adopting = Effect.Effect<Adoption.Adoption, AutoMigrationError | AdoptionError>

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (ledger: LedgerAccess) {
  const services: Services = {
    ...ledger,
    commands: yield* AutoMigrationConfig,
    graph: (yield* Knowledge).graph,
    catalog: yield* Catalog,
    foreign: yield* ForeignHistory.make
  }
  return {
    adoption: (options) => Effect.flatMap(services.applied, (applied) => adoptionFor(services, options, applied)),
    adopt: (options) => adopt(services, options),
    unlessDue: (applied, plan) => unlessDue(services, applied, plan),
    histories: (applied) =>
      Effect.flatMap(
        historiesOf(services),
        Effect.forEach((history) => statusOf(services, history, applied))
      )
  } satisfies Adopter
})

const adopt = Effect.fnUntraced(function* (services: Services, options: Adoption.AdoptOptions) {
  const applied = yield* services.applied
  const adoption = yield* adoptionFor(services, options, applied)
  yield* unlessUnfit(services.commands, adoption, options)
  const migrations = recordedBy(services.graph, adoption, applied)
  if (!Arr.isNonEmptyReadonlyArray(migrations)) return []
  const details = withAccepted(new Map(adoption.entries.map((entry) => detailOf(adoption.witness, entry))), {
    migration: migrations[0],
    accepted: adoption.misfits.map(({ text }) => text)
  })
  const recorded = yield* services.record(planOf(migrations), details)
  return recorded.filter((id) => !LedgerMigrations.isOwn(id))
})

/** The adoption, without the misfits that an earlier one has accepted. */
const adoptionFor = (services: Services, options: Adoption.AdoptOptions, applied: AppliedSet): Adopting =>
  Effect.zipWith(
    options.by === "catalog" ? fromCatalog(services, applied) : fromTable(services, options, applied),
    ForeignHistory.isBegun(services.graph, applied) ? acceptedBefore(services) : Effect.succeed(new Set<string>()),
    (adoption, accepted) => ({ ...adoption, misfits: adoption.misfits.filter(({ text }) => !accepted.has(text)) })
  )

const acceptedBefore = ({ events }: Services): Effect.Effect<ReadonlySet<string>, AutoMigrationError> =>
  Stream.runFold(events, new Set<string>(), (all, { detail, kind }) =>
    kind === "Adopted"
      ? new Set([...all, ...Option.getOrElse(acceptedIn(detail), (): ReadonlyArray<string> => [])])
      : all
  )

const acceptedIn = (detail: string): Option.Option<ReadonlyArray<string>> =>
  Option.map(readDetail(detail), ({ accepted }) => accepted)

const readDetail = Schema.decodeOption(Schema.parseJson(Schema.Struct({ accepted: Schema.Array(Schema.String) })))

const fromCatalog = ({ catalog, graph }: Services, applied: AppliedSet): Adopting =>
  catalog.missing(Probe.questions(graph), "anywhere").pipe(
    Effect.mapBoth({
      onFailure: MigrationFailure.withoutQuery,
      onSuccess: (missing) => Probe.adoption(graph, missing, (id) => applied.checksumById.has(id))
    })
  )

const fromTable = Effect.fnUntraced(function* (
  services: Services,
  options: Adoption.AdoptOptions,
  applied: AppliedSet
): Effect.fn.Return<Adoption.Adoption, AutoMigrationError | AdoptionError> {
  const history = yield* chosen(services.commands, options, yield* historiesOf(services))
  return Either.isLeft(history.rows)
    ? yield* MigrationFailure.withoutQuery(services.foreign.elsewhere(history))
    : yield* HistoryMatch.adoption(services.graph, history, history.rows.right, applied)
})

const historiesOf = ({ foreign }: Services): Effect.Effect<ReadonlyArray<ForeignHistory.History>, AutoMigrationError> =>
  Effect.mapError(foreign.look, MigrationFailure.withoutQuery)

/** The one table that the options mean. */
const chosen = (
  commands: CommandLine.Setting,
  { table }: Adoption.AdoptOptions,
  histories: ReadonlyArray<ForeignHistory.History>
): Effect.Effect<ForeignHistory.History, NothingToAdopt | SeveralHistories> => {
  const named = histories.filter((history) => table === undefined || table === history.table)
  if (!Arr.isNonEmptyReadonlyArray(named)) {
    return Effect.fail(
      new NothingToAdopt({ table: table ?? null, command: CommandLine.adopt(commands, { by: "catalog" }) })
    )
  }
  return named.length === 1
    ? Effect.succeed(named[0])
    : Effect.fail(
        new SeveralHistories({
          tables: Arr.map(named, (history) => history.table),
          command: CommandLine.adopt(commands, { table: named[0].table })
        })
      )
}

/**
 * Fails where a migration does not fit and the options do not accept that.
 *
 * @since 0.1.0
 * @category operations
 */
export const unlessUnfit = (
  commands: CommandLine.Setting,
  adoption: Adoption.Adoption,
  options: Adoption.AdoptOptions
): Effect.Effect<void, AdoptionRefused> => {
  const misfits = Adoption.objections(adoption, options)
  return Arr.isNonEmptyReadonlyArray(misfits)
    ? Effect.fail(
        new AdoptionRefused({
          witness: Adoption.renderWitness(adoption.witness),
          misfits,
          command: CommandLine.adopt(commands, {
            ...options,
            accept: Adoption.acceptedBy(options, misfits),
            yes: true
          })
        })
      )
    : Effect.void
}

/**
 * The migrations to record. A table that leads to none is an empty adoption, after which the program applies its own.
 */
const recordedBy = (
  graph: MigrationGraph,
  { entries, witness }: Adoption.Adoption,
  applied: AppliedSet
): ReadonlyArray<Migration> =>
  entries.length === 0 && witness._tag === "Table" && !ForeignHistory.isBegun(graph, applied)
    ? [LedgerMigrations.emptyAdoption]
    : entries.map(({ migration }) => migration)

const planOf = (migrations: Arr.NonEmptyReadonlyArray<Migration>): Plan.Plan => ({
  steps: Arr.map(migrations, (migration): Plan.Step => ({ migration, reason: "pending" })),
  targets: [],
  prerequisites: []
})

const detailOf = (
  witness: Adoption.Witness,
  { because, migration, recordedAs, recordedAt }: Adoption.Entry
): readonly [MigrationId, Readonly<Record<string, unknown>>] => [
  migration.id,
  witness._tag === "Catalog"
    ? { because }
    : { tool: witness.tool, table: witness.table, recordedAs, recordedAt, because }
]

/** Details with the accepted misfits, which the event of the first migration holds. */
const withAccepted = (
  details: NonNullable<Job.Job["details"]>,
  { accepted, migration: { id } }: { readonly migration: Migration; readonly accepted: ReadonlyArray<string> }
): NonNullable<Job.Job["details"]> =>
  accepted.length === 0 ? details : new Map([...details, [id, { ...details.get(id), accepted }]])

const unlessDue = (
  services: Services,
  applied: AppliedSet,
  plan: Plan.Plan
): Effect.Effect<void, AutoMigrationError> =>
  ForeignHistory.isBegun(services.graph, applied)
    ? Effect.flatMap(
        historiesOf(services),
        Effect.forEach((history) => unlessDueIn(services, history, applied, plan), { discard: true })
      )
    : Effect.void

const unlessDueIn = Effect.fnUntraced(function* (
  { foreign, graph }: Services,
  history: ForeignHistory.History,
  applied: AppliedSet,
  plan: Plan.Plan
) {
  const planned = Plan.ids(plan)
  const due = (yield* HistoryMatch.dueIn(graph, history, applied)).filter((id) => planned.includes(id))
  if (due.length > 0) yield* MigrationFailure.withoutQuery(foreign.elsewhere(history, due))
})

const statusOf = (
  { graph }: Services,
  history: ForeignHistory.History,
  applied: AppliedSet
): Effect.Effect<HistoryStatus> =>
  Effect.map(HistoryMatch.dueIn(graph, history, applied), (due) => ({
    tool: history.tool.name,
    table: history.table,
    recorded: Either.match(history.rows, { onLeft: () => null, onRight: ({ length }) => length }),
    due
  }))
