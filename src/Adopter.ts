/**
 * Takes over what another tool has applied, or what the catalog shows to be there: says what that would record, records it in one
 * transaction under the migration lock, and tells when there is more to take over.
 *
 * @internal
 */
import { readFile } from "node:fs/promises"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { AutoMigrationConfig, type SchemaName } from "./AutoMigrationConfig.js"
import { Catalog } from "./Catalog.js"
import * as Adoption from "./core/Adoption.js"
import {
  type AdoptionError,
  AdoptionRefused,
  type AutoMigrationError,
  NothingToAdopt,
  SeveralHistories
} from "./core/AutoMigrationError.js"
import type { Content } from "./core/history/FileHash.js"
import * as Matching from "./core/history/Matching.js"
import * as Probe from "./core/history/Probe.js"
import type { AppliedSet } from "./core/LedgerEvent.js"
import type { Migration, MigrationId } from "./core/Migration.js"
import * as Plan from "./core/Plan.js"
import * as ForeignHistory from "./ForeignHistory.js"
import type * as Job from "./Job.js"
import { Knowledge } from "./Knowledge.js"
import * as LedgerMigrations from "./LedgerMigrations.js"
import type { MigrationClient } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import { digest } from "./Sha256.js"

/**
 * Another tool's table, next to the ledger.
 *
 * @since 0.1.0
 * @category models
 */
export interface HistoryStatus {
  readonly tool: string
  /** With its schema where the search path does not lead to it. */
  readonly table: string
  /** Its rows that count; `null` where it cannot be read. */
  readonly recorded: number | null
  /** Migrations of this program that it records and the ledger does not: `adopt` records them. */
  readonly due: ReadonlyArray<MigrationId>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Adopter {
  readonly adoption: (request: Adoption.Request) => Effect.Effect<Adoption.Adoption, AutoMigrationError | AdoptionError>
  readonly adopt: (
    request: Adoption.Request
  ) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError | AdoptionError>
  /**
   * Fails with `HistoryElsewhere` where the ledger is begun, and another tool's table records some of the plan: that tool may have
   * gone on, or a program that shares the ledger has begun it.
   */
  readonly unlessDue: (applied: AppliedSet, plan: Plan.Plan) => Effect.Effect<void, AutoMigrationError>
  /** Asked anew each time. */
  readonly histories: (applied: AppliedSet) => Effect.Effect<ReadonlyArray<HistoryStatus>, AutoMigrationError>
}

/** Records a plan, with what the event of each migration says. */
type Record = (
  plan: Plan.Plan,
  details: NonNullable<Job.Job["details"]>
) => Effect.Effect<ReadonlyArray<MigrationId>, AutoMigrationError>

const nameOf = (path: string): string => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1)

const contentFrom = (name: string, bytes: Uint8Array): Content => ({
  name,
  bytes,
  text: new TextDecoder().decode(bytes)
})

/** As it stands on the disk, since that is what other tools take a hash of; code that is no file stands for itself. */
const contentOf = ({ script, source }: Migration): Effect.Effect<Content | undefined> =>
  script._tag === "Sql"
    ? Effect.promise(() =>
        readFile(source).then(
          (bytes) => contentFrom(nameOf(source), bytes),
          () => contentFrom(nameOf(source), new TextEncoder().encode(script.text))
        )
      )
    : Effect.succeed(undefined)

const detailOf = (
  witness: Adoption.Witness,
  { because, migration, recordedAs, recordedAt }: Adoption.Entry
): readonly [MigrationId, Readonly<globalThis.Record<string, unknown>>] => [
  migration.id,
  witness._tag === "Catalog"
    ? { because }
    : { tool: witness.tool, table: witness.table, recordedAs, recordedAt, because }
]

const planOf = (migrations: Arr.NonEmptyReadonlyArray<Migration>): Plan.Plan => ({
  steps: Arr.map(migrations, (migration): Plan.Step => ({ migration, reason: "pending" })),
  closes: [],
  upon: []
})

/**
 * Fails where something does not fit and is not accepted.
 *
 * @since 0.1.0
 * @category operations
 */
export const unlessUnfit = (
  schema: SchemaName,
  adoption: Adoption.Adoption,
  request: Adoption.Request
): Effect.Effect<void, AdoptionRefused> => {
  const misfits = Adoption.objections(adoption, request)
  return Arr.isNonEmptyReadonlyArray(misfits)
    ? Effect.fail(
        new AdoptionRefused({
          witness: Adoption.renderWitness(adoption.witness),
          misfits,
          command: ForeignHistory.command(schema, ...Adoption.optionsFor(request, misfits))
        })
      )
    : Effect.void
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (record: Record): Effect.Effect<Adopter, never, Catalog | Knowledge | MigrationClient> =>
  Effect.gen(function* () {
    const { schema } = yield* AutoMigrationConfig
    const { graph, refresh } = yield* Knowledge
    const catalog = yield* Catalog
    const foreign = yield* ForeignHistory.make
    const ordered = graph.nodes.map(({ migration }) => migration)

    const known = Effect.mapBoth(refresh, {
      onFailure: MigrationFailure.withoutQuery,
      onSuccess: ({ applied }) => applied
    })

    const look = Effect.mapError(foreign.look, MigrationFailure.withoutQuery)

    const knownFiles = ({ keeping, naming }: ForeignHistory.History["tool"]) =>
      Effect.forEach(ordered, (migration) =>
        keeping === "nothing" && naming !== "hash"
          ? Effect.succeed<Matching.Known>({ migration, content: undefined })
          : Effect.map(contentOf(migration), (content): Matching.Known => ({ migration, content }))
      )

    const match = (history: ForeignHistory.History, rows: Matching.Case["rows"], applied: AppliedSet) =>
      Effect.map(knownFiles(history.tool), (migrations) =>
        Matching.match({
          tool: history.tool,
          witness: { _tag: "Table", tool: history.tool.name, table: history.table },
          rows,
          migrations,
          isInLedger: (id) => applied.checksumById.has(id),
          digests: digest
        })
      )

    const chosen = (
      { table }: Adoption.Request,
      histories: ReadonlyArray<ForeignHistory.History>
    ): Effect.Effect<ForeignHistory.History, NothingToAdopt | SeveralHistories> => {
      const named = histories.filter((history) => table === undefined || table === history.table)
      if (!Arr.isNonEmptyReadonlyArray(named)) {
        const command = ForeignHistory.command(schema, "--probe")
        return Effect.fail(new NothingToAdopt({ table: table ?? null, command }))
      }
      return named.length === 1
        ? Effect.succeed(named[0])
        : Effect.fail(
            new SeveralHistories({
              tables: Arr.map(named, (history) => history.table),
              command: ForeignHistory.command(schema, "--table", named[0].table)
            })
          )
    }

    const fromTable = (
      request: Adoption.Request,
      applied: AppliedSet
    ): Effect.Effect<Adoption.Adoption, AutoMigrationError | AdoptionError> =>
      Effect.flatMap(look, (histories) => chosen(request, histories)).pipe(
        Effect.flatMap((history) =>
          Either.isLeft(history.rows)
            ? Effect.fail(MigrationFailure.withoutQuery(foreign.elsewhere(history)))
            : match(history, history.rows.right, applied)
        )
      )

    const fromCatalog = (applied: AppliedSet) =>
      catalog.missing(Probe.questions(graph), "anywhere").pipe(
        Effect.mapBoth({
          onFailure: MigrationFailure.withoutQuery,
          onSuccess: (missing) => Probe.adoption(graph, missing, (id) => applied.checksumById.has(id))
        })
      )

    const adoptionFor = (
      request: Adoption.Request,
      applied: AppliedSet
    ): Effect.Effect<Adoption.Adoption, AutoMigrationError | AdoptionError> =>
      request.by === "catalog" ? fromCatalog(applied) : fromTable(request, applied)

    /** An adoption of nothing is recorded once: the history elsewhere has been looked at. */
    const stepsOf = ({ entries, witness }: Adoption.Adoption, applied: AppliedSet): ReadonlyArray<Migration> =>
      entries.length === 0 && witness._tag === "Table" && !ForeignHistory.isBegun(applied)
        ? [LedgerMigrations.emptyAdoption]
        : entries.map(({ migration }) => migration)

    const adopt = Effect.fnUntraced(function* (request: Adoption.Request) {
      const applied = yield* known
      const adoption = yield* adoptionFor(request, applied)
      yield* unlessUnfit(schema, adoption, request)
      const steps = stepsOf(adoption, applied)
      if (!Arr.isNonEmptyReadonlyArray(steps)) return []
      const details = new Map(adoption.entries.map((entry) => detailOf(adoption.witness, entry)))
      const recorded = yield* record(planOf(steps), details)
      return recorded.filter((id) => !LedgerMigrations.isOwn(id))
    })

    const dueIn = (history: ForeignHistory.History, applied: AppliedSet): Effect.Effect<ReadonlyArray<MigrationId>> =>
      Either.match(history.rows, {
        onLeft: () => Effect.succeed([]),
        onRight: (rows) =>
          Effect.map(match(history, rows, applied), ({ entries }) => entries.map(({ migration }) => migration.id))
      })

    const statusOf = (history: ForeignHistory.History, applied: AppliedSet): Effect.Effect<HistoryStatus> =>
      Effect.map(dueIn(history, applied), (due) => ({
        tool: history.tool.name,
        table: history.table,
        recorded: Either.match(history.rows, { onLeft: () => null, onRight: ({ length }) => length }),
        due
      }))

    const unlessIn = (
      history: ForeignHistory.History,
      applied: AppliedSet,
      planned: ReadonlyArray<MigrationId>
    ): Effect.Effect<void, AutoMigrationError> =>
      Effect.flatMap(dueIn(history, applied), (ids) => {
        const due = ids.filter((id) => planned.includes(id))
        return due.length === 0
          ? Effect.void
          : Effect.fail(MigrationFailure.withoutQuery(foreign.elsewhere(history, due)))
      })

    const unlessDue = (applied: AppliedSet, plan: Plan.Plan): Effect.Effect<void, AutoMigrationError> =>
      ForeignHistory.isBegun(applied)
        ? Effect.flatMap(look, (histories) =>
            Effect.forEach(histories, (history) => unlessIn(history, applied, Plan.ids(plan)), { discard: true })
          )
        : Effect.void

    return {
      adoption: (request) => Effect.flatMap(known, (applied) => adoptionFor(request, applied)),
      adopt,
      unlessDue,
      histories: (applied) =>
        Effect.flatMap(look, (histories) => Effect.forEach(histories, (history) => statusOf(history, applied)))
    }
  })
