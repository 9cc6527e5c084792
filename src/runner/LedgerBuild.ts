/**
 * Builds the missing parts of the ledger. The executor runs the ledger's own migrations like those of a program, and
 * refuses to build upon tables that are not the ledger's.
 *
 * @internal
 */

import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Detector from "../core/detect/Detector.js"
import type * as MigrationGraph from "../core/graph/MigrationGraph.js"
import type * as Plan from "../core/graph/Plan.js"
import * as LedgerEvent from "../core/migration/LedgerEvent.js"
import * as Policy from "../core/policy/Policy.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import type * as Executor from "../execute/Executor.js"
import * as Job from "../execute/Job.js"
import type * as Judge from "../execute/Judge.js"
import * as LedgerMigrations from "../ledger/OwnMigrations.js"
import * as LedgerStatements from "../ledger/Statements.js"
import type { LedgerFailure } from "../ledger/Unusable.js"
import type { SchemaName } from "../runtime/AutoMigrationConfig.js"
import * as CommandLine from "../runtime/CommandLine.js"
import type { TrustedLedger } from "./TrustedLedger.js"

/** @since 0.1.0 @category models */
export interface Dependencies {
  readonly schema: SchemaName
  readonly commands: CommandLine.Setting
  readonly failures: LedgerFailure
  readonly trusted: TrustedLedger
  readonly executor: Context.Tag.Service<Executor.Executor>
  /** The ledger's own migrations. */
  readonly ownGraph: MigrationGraph.MigrationGraph
}

/** How the job that needs the ledger waits: the build waits alike. @since 0.1.0 @category models */
export type Timing = Pick<Executor.Job, "attend" | "pace" | "deadlineAt">

/**
 * Runs the ledger's own migrations as far as they have not run. `gap` is the object that a reader of the ledger found
 * missing.
 *
 * @since 0.1.0
 * @category operations
 */
export const build = Effect.fnUntraced(function* (
  { commands, executor, failures, ownGraph, schema, trusted }: Dependencies,
  gap: Option.Option<Detector.MissingObject>,
  timing: Timing,
  guarding: (journal: Executor.Journal) => Executor.Journal
): Effect.fn.Return<void, MigrationFailure.Failure> {
  const plan = yield* Either.match(LedgerMigrations.planFor(ownGraph, gap), {
    onLeft: failures.unusable,
    onRight: Effect.succeed
  })
  const own = LedgerMigrations.journal(schema, ownGraph, inspectorOf(failures))
  const journal = guarding({ ...own, statement: (known, ids) => `${trusted.check};\n${own.statement(known, ids)}` })
  const job = {
    ...jobFor(commands, plan, journal, timing, failures),
    before: [LedgerStatements.makeSchema(schema), trusted.check]
  }
  yield* Effect.catchAll(executor.run(job), blameLedger(failures))
})

/** Refuses a table that has the name of a ledger table and is not one, and a table of a newer version. */
const inspectorOf =
  ({ refuseNewerWithin, unusable }: LedgerFailure): LedgerMigrations.Inspector =>
  ({ guard, kinds, leases, limits, log, projection, sizes }, ask) => {
    if (!log) {
      return projection || leases || kinds
        ? unusable(`it has ${projection ? "an applied_set" : leases ? "leases" : "kinds of events"} and no log`)
        : Effect.void
    }
    return projection && leases && kinds && guard && limits && sizes ? Effect.void : refuseNewerWithin(ask)
  }

const jobFor = (
  commands: CommandLine.Setting,
  plan: Plan.Plan,
  journal: Executor.Journal,
  { attend, deadlineAt, pace }: Timing,
  failures: LedgerFailure
): Executor.Job => ({
  plan,
  journal,
  known: LedgerEvent.empty,
  attend,
  transaction: "plan",
  pace,
  caller: "in view",
  deadlineAt,
  onDeadline: () => failures.offhand("it could not be built in time"),
  doing: "build",
  judgement: pace === "request" ? Option.some(judgementOf(plan, commands, failures)) : Option.none(),
  condition: Job.unconditional,
  detail: { because: "the ledger itself was missing" }
})

/**
 * The ledger's own files change no other object, so each change of one comes from code of the database, such as an event
 * trigger. A query may not cause it.
 */
const judgementOf = (plan: Plan.Plan, commands: CommandLine.Setting, { offhand }: LedgerFailure): Judge.Judgement => ({
  policy: Policy.refusing(({ risk }) => Option.liftPredicate(risk.statement, () => risk.kind === "data-loss")),
  plan,
  answers: new Map(),
  refuse: (reasons) =>
    offhand(
      `building it ${reasons.map(({ why }) => why).join(", and ")}`,
      `Look at the database's event triggers. An operator builds the ledger, and runs them: \`${CommandLine.command(commands, "migrate")}\`.`
    )
})

/**
 * Blames the ledger for a failure, since no program can correct the library's own files. A missing privilege keeps its
 * error.
 */
const blameLedger =
  ({ unusable }: LedgerFailure) =>
  (failure: MigrationFailure.Failure): Effect.Effect<never, MigrationFailure.Failure> =>
    Option.match(failure.blames, {
      onNone: () => Effect.fail(failure),
      onSome: ({ detail }) =>
        detail["sqlState"] === "42501" ? Effect.fail(failure) : unusable(`it could not be built: ${reasonOf(failure)}`)
    })

/** The server's message as it is: no row of a program stands in the ledger's own files. */
const reasonOf = (failure: MigrationFailure.Failure): string => {
  const error = MigrationFailure.withoutQuery(failure)
  return error._tag === "MigrationFailed" ? error.reason : error.message
}
