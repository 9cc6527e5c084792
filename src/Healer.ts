/**
 * Decides about one gap: is there a plan, may it run by itself, is somebody running it already, did it help. The questions
 * come in the order of their cost; those that need the database come last.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as AbortedTransaction from "./AbortedTransaction.js"
import * as ApplicationAccess from "./ApplicationAccess.js"
import { AutoMigrationConfig, commandSuffix } from "./AutoMigrationConfig.js"
import type * as Boundary from "./Boundary.js"
import * as Catalog from "./Catalog.js"
import {
  type AutoMigrationError,
  HealTimeout,
  MigrationPending,
  MigrationRefused,
  ObjectRemoved,
  SchemaDrift,
  TransactionMustRestart
} from "./core/AutoMigrationError.js"
import * as Detector from "./core/Detector.js"
import { type Migration, type MigrationId, promises } from "./core/Migration.js"
import * as Plan from "./core/Plan.js"
import * as Policy from "./core/Policy.js"
import * as Resolver from "./core/Resolver.js"
import * as SchemaObject from "./core/SchemaObject.js"
import * as SqlState from "./core/SqlState.js"
import * as StatementScope from "./core/StatementScope.js"
import * as Findings from "./Findings.js"
import * as History from "./History.js"
import type * as Judge from "./Judge.js"
import { Knowledge, type View } from "./Knowledge.js"
import * as MigrationFailure from "./MigrationFailure.js"
import * as Monotonic from "./Monotonic.js"
import * as PlanRunner from "./PlanRunner.js"
import * as Presence from "./Presence.js"
import * as Refusals from "./Refusals.js"
import * as SingleFlight from "./SingleFlight.js"
import { SqlParser } from "./SqlParser.js"
import * as Telemetry from "./Telemetry.js"

/** What is missing, with the names its statement uses. */
interface Question {
  /** What two questions share exactly when they ask the same. */
  readonly key: string
  /** Whether the effect has been run again for this gap. */
  readonly isAgain: boolean
  readonly gap: Detector.MissingObject
  readonly scope: Option.Option<StatementScope.StatementScope>
  /** A statement's connection is known, the pool's or the transaction's; a larger effect may have begun one by hand. */
  readonly caller: "in view" | "out of view"
  /** The error of whoever asked first. */
  readonly errorOf: (refusal: PlanRunner.Refusal) => AutoMigrationError
}

/** What a flight lands with: an answer, or the migrations for which the caller's transaction must start again. */
type Landing = Boundary.Closing | ReadonlyArray<MigrationId>

type Answer = Effect.Effect<Landing, PlanRunner.Refusal>

type Resolved = Either.Either<Plan.Plan, Resolver.NoPlan>

const bringing = (resolved: Resolved): ReadonlyArray<MigrationId> =>
  Either.match(resolved, {
    onLeft: (reason) => (reason._tag === "AlreadyApplied" ? reason.providers.map((migration) => migration.id) : []),
    onRight: Plan.ids
  })

const retry: Boundary.Closing = "Retry"

/** How often one boundary runs a statement again whose plan the server finds stale. */
const staleRetries = 3

/** An error inside a function, a trigger or a default has no place in the text. */
const pointsIntoStatement = (error: unknown): boolean =>
  Option.exists(SqlState.evidenceFrom(error), ({ position }) => Option.isSome(position))

const nameOf = ({ gap }: Question): string => SchemaObject.render(gap.object)

const refuse = (failure: MigrationFailure.Failure) => Effect.fail<PlanRunner.Refusal>({ failure, retryAt: 0 })

const unjudged = <A>(effect: Effect.Effect<A, MigrationFailure.Failure>): Effect.Effect<A, PlanRunner.Refusal> =>
  Effect.catchAll(effect, refuse)

const ends = (
  toError: (facts: { readonly cause: unknown }) => AutoMigrationError
): Effect.Effect<never, PlanRunner.Refusal> => refuse(MigrationFailure.circumstance(toError))

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const { budget, deadline, mode, policy, schema } = yield* AutoMigrationConfig
  const { graph, refresh, remembered, view } = yield* Knowledge
  const catalog = yield* Catalog.Catalog
  const parser = yield* SqlParser
  const runner = yield* PlanRunner.PlanRunner
  const access = yield* ApplicationAccess.make(graph)
  const flights = yield* SingleFlight.make<Landing, PlanRunner.Refusal>(
    { failure: MigrationFailure.ended, retryAt: 0 },
    deadline
  )
  /** Gaps that a retry did not close, by the ledger's head at that time: the object exists and cannot be seen. */
  const futile = yield* Findings.make<"futile">()
  const refusals = yield* Refusals.make(remembered)

  const resolve = ({ gap, scope }: Question, { applied }: View) =>
    Resolver.resolve(graph, applied.checksumById, gap, scope)

  const isFutile = ({ gap }: Question, { applied }: View): Effect.Effect<boolean> =>
    Effect.sync(() => Option.isSome(futile.unsafeRecall(Detector.key(gap), applied)))

  const giveUp = ({ gap }: Question, { applied }: View): Effect.Effect<Boundary.Closing> =>
    Effect.as(futile.record(Detector.key(gap), applied, "futile"), "NotOurs")

  const command = (plan: Plan.Plan): string => `${Plan.command(plan)}${commandSuffix(schema)}`

  /** What mode and policy say of a plan: `Left` is the error of a plan that may not run. */
  const judge = Effect.fnUntraced(function* (
    question: Question,
    { applied }: View,
    plan: Plan.Plan
  ): Effect.fn.Return<Either.Either<Judge.Judgement, Effect.Effect<never, PlanRunner.Refusal>>, PlanRunner.Refusal> {
    const renamed = History.renamed(graph, schema, { applied, waiting: plan.steps.map(({ migration }) => migration) })
    if (Option.isSome(renamed)) return Either.left(unjudged(Effect.fail(renamed.value)))
    const [promised = question.gap.object] = plan.closes
    const facts = { gap: SchemaObject.render(promised), migrationIds: Plan.ids(plan), command: command(plan) }
    if (mode === "observe") return Either.left(ends(({ cause }) => new MigrationPending({ ...facts, cause })))
    const refuse: Judge.Judgement["refuse"] = (reasons) =>
      MigrationFailure.circumstance(
        ({ cause }) => new MigrationRefused({ ...facts, reasons: Arr.map(reasons, Policy.render), cause })
      )
    const answers = yield* unjudged(catalog.presence(Policy.questions(plan)))
    const verdict = policy(plan, Presence.facts(answers))
    return verdict._tag === "Allowed"
      ? Either.right({ policy, plan, answers, refuse })
      : Either.left(unjudged(Effect.fail(refuse(verdict.reasons))))
  })

  /** All of a plan, or else as much as the statement cannot do without. */
  const judgeSparingly = (question: Question, seen: View, plan: Plan.Plan) =>
    Effect.flatMap(judge(question, seen, plan), (verdict) => {
      if (Either.isRight(verdict)) return Effect.succeed(verdict)
      const sparing = Resolver.resolveSparingly(graph, seen.applied.checksumById, question.gap, question.scope)
      return Either.isRight(sparing) && sparing.right.steps.length < plan.steps.length
        ? judge(question, seen, sparing.right)
        : Effect.succeed(verdict)
    })

  const run = Effect.fnUntraced(function* (question: Question, judgement: Judge.Judgement) {
    const { plan } = judgement
    const open = yield* runner.refusal(plan)
    if (Option.isSome(open)) {
      yield* refusals.record(question.key, open.value, question.errorOf(open.value))
      return yield* Effect.fail(open.value)
    }
    const gap = nameOf(question)
    const ids = Plan.ids(plan)
    const result = yield* runner
      .run({
        plan,
        judgement: Option.some(judgement),
        pace: "request",
        caller: question.caller,
        doing: "apply",
        detail: { gap, plan: ids },
        deadlineAt: (yield* Monotonic.milliseconds) + Duration.toMillis(deadline),
        onDeadline: (migration) =>
          MigrationFailure.fault(migration, { reason: "it was not done at the deadline" }, ({ cause }) =>
            timeout(gap, [migration], cause)
          )
      })
      .pipe(
        Effect.withSpan(Telemetry.span.heal, {
          attributes: { [Telemetry.attribute.gap]: gap, [Telemetry.attribute.migrations]: ids.join(", ") }
        })
      )
    if (result._tag === "Outdated") return yield* again(question)
    if (result._tag === "Held") return "Doubt" satisfies Landing
    if (result._tag === "Present") return yield* unlessHidden(question, plan)
    yield* Metric.increment(Telemetry.healed)
    return retry
  })

  /** What the catalog shows, somebody may have brought in the meantime, in whatever way; or it cannot be seen, as a retry tells. */
  const unlessHidden = (question: Question, plan: Plan.Plan): Answer =>
    Effect.flatMap(unjudged(view), (now) =>
      !question.isAgain || Plan.ids(plan).some((id) => now.applied.checksumById.has(id))
        ? Effect.succeed<Landing>(retry)
        : giveUp(question, now)
    )

  const timeout = (gap: string, migrations: ReadonlyArray<Migration>, cause: unknown): HealTimeout =>
    new HealTimeout({
      gap,
      migrationIds: migrations.map(({ id }) => id),
      isRolledBack: migrations.every(({ transaction }) => transaction === "own"),
      milliseconds: Duration.toMillis(deadline),
      cause
    })

  /** The ledger, read just now, says that the providers ran: the catalog tells whether it is right. */
  const settle = Effect.fnUntraced(function* (
    question: Question,
    view: View,
    { objects, providers }: Resolver.AlreadyApplied
  ) {
    const { applied } = view
    const missing = yield* unjudged(catalog.missing(objects, "anywhere"))
    if (missing.length === 0) return retry
    const edited = providers.find((migration) => applied.checksumById.get(migration.id) !== migration.checksum)
    if (edited?.isRepeatable === true) {
      const again = command({ steps: [{ migration: edited, reason: "provider" }], closes: objects, upon: [] })
      const facts = { gap: nameOf(question), migrationIds: Arr.of(edited.id), command: again }
      return yield* ends(({ cause }) => new MigrationPending({ ...facts, cause }))
    }
    if (edited !== undefined) {
      const recorded = applied.checksumById.get(edited.id) ?? ""
      return yield* ends(({ cause }) => MigrationFailure.edited(edited, recorded, cause))
    }
    if (providers.every((migration) => promises(migration).length === 0)) return yield* giveUp(question, view)
    return yield* ends(
      ({ cause }) =>
        new SchemaDrift({
          gap: nameOf(question),
          migrationIds: Arr.map(providers, (migration) => migration.id),
          cause
        })
    )
  })

  const hopeless = (question: Question, reason: Exclude<Resolver.NoPlan, Resolver.AlreadyApplied>): Answer =>
    reason._tag === "Unexplained"
      ? Effect.succeed("NotOurs")
      : ends(({ cause }) => new ObjectRemoved({ gap: nameOf(question), removedBy: reason.by.id, cause }))

  /** An answer that would end in an error is given only on a ledger that was read just now. */
  const decide = (question: Question, seen: View, resolved = resolve(question, seen)): Answer =>
    Either.match(resolved, {
      onLeft: (reason) => {
        if (reason._tag !== "AlreadyApplied") return hopeless(question, reason)
        return seen.age === "fresh" ? settle(question, seen, reason) : again(question)
      },
      onRight: (plan) =>
        Effect.flatMap(
          judgeSparingly(question, seen, plan),
          Either.match({
            onLeft: (objection): Answer =>
              seen.age === "fresh" ? Effect.zipRight(unlessElsewhere(seen), objection) : again(question),
            onRight: (allowed) => run(question, allowed)
          })
        )
    })

  /** What policy refuses is not the matter where another tool has applied it: that is said first. */
  const unlessElsewhere = ({ applied }: View): Effect.Effect<void, PlanRunner.Refusal> =>
    mode === "observe" ? Effect.void : runner.unlessElsewhere(applied)

  const again = (question: Question): Answer => Effect.flatMap(unjudged(refresh), (seen) => decide(question, seen))

  /**
   * What could have brought the object has been applied: perhaps just now, by somebody else or by a boundary further in, so
   * the effect is run once more. A certain provider is looked up in the catalog before that; a guess is not.
   */
  const wasBrought = (resolved: Resolved): boolean =>
    Either.match(resolved, { onLeft: (reason) => reason._tag === "Unexplained", onRight: () => false })

  const decideFirst = (question: Question): Answer =>
    Effect.flatMap(unjudged(view), (seen) =>
      Effect.flatMap(isFutile(question, seen), (futile) => {
        if (futile) return Effect.succeed<Landing>("NotOurs")
        const resolved = resolve(question, seen)
        return wasBrought(resolved) ? Effect.succeed<Landing>(retry) : decide(question, seen, resolved)
      })
    )

  /** What no migration brings, whatever has been applied, needs no question to the database. */
  const answer = (question: Question, work: (question: Question) => Answer): Answer => {
    const offhand = Resolver.resolve(graph, new Set(), question.gap, question.scope)
    return Either.isLeft(offhand) && offhand.left._tag !== "AlreadyApplied"
      ? hopeless(question, offhand.left)
      : work(question)
  }

  const late = ({ object }: Detector.MissingObject): PlanRunner.Refusal => ({
    failure: MigrationFailure.circumstance(({ cause }) => timeout(SchemaObject.render(object), [], cause)),
    retryAt: 0
  })

  /** At twice the deadline the server would have ended whatever runs: one that is silent then has been lost. */
  const inTime = (gap: Detector.MissingObject, work: Answer): Answer =>
    Effect.timeoutFail(work, { duration: Duration.times(deadline, 2), onTimeout: () => late(gap) })

  /**
   * Of requests that ask the same at once one is thought about. Everything that asks the database belongs to the layer: a
   * request that is interrupted leaves nothing half-asked.
   */
  const fly = (
    about: string,
    gap: Detector.MissingObject,
    request: Boundary.Request,
    work: (_: Question) => Answer
  ) => {
    const caller = Option.isNone(request.statement) && !request.doubted ? "out of view" : "in view"
    const isPointed = pointsIntoStatement(request.error)
    const text = Option.getOrElse(request.statement, () => "")
    const key = [about, caller, isPointed, Detector.key(gap), text].join("\n")
    const thought = Effect.suspend(() => {
      const scope = Option.map(
        Option.flatMap(request.statement, (text) => StatementScope.scopeFrom(parser, text)),
        (_) => ({ ..._, isClosed: _.isClosed && isPointed })
      )
      return answer({ key, isAgain: about === "again", gap, scope, caller, errorOf }, work)
    })
    const errorOf = ({ failure, retryAt }: PlanRunner.Refusal) => failure.toError({ cause: request.error, retryAt })
    const flight = () =>
      flights.join(key, inTime(gap, thought), late(gap)).pipe(
        Effect.mapError(errorOf),
        Effect.flatMap((landing) =>
          typeof landing === "string"
            ? Effect.succeed(landing)
            : Effect.fail(AbortedTransaction.mustRestart(request, landing))
        )
      )
    return Effect.flatMap(refusals.recall(key), (error) => (Option.isSome(error) ? Effect.fail(error.value) : flight()))
  }

  /**
   * Nothing is asked of the database but the ledger's row: the caller's own transaction may hold a lock on anything else. What
   * policy says, the boundary around the transaction will hear.
   */
  const restart = (question: Question): Answer =>
    Effect.flatMap(unjudged(view), (seen) =>
      Effect.map(isFutile(question, seen), (futile) => (futile ? "NotOurs" : bringing(resolve(question, seen))))
    )

  const closeMissing = (gap: Detector.MissingObject, request: Boundary.Request) => {
    if (request.place === "inside a transaction") return fly(request.place, gap, request, restart)
    return request.closedBefore === 0 && request.closingsLeft > 0
      ? fly("first", gap, request, decideFirst)
      : closeAgain(gap, request)
  }

  const closeAgain = (gap: Detector.MissingObject, request: Boundary.Request) =>
    Effect.flatMap(
      access.hasCaughtUp(request, gap.object),
      (waited): Effect.Effect<Boundary.Closing, AutoMigrationError> => {
        if (waited) return Effect.succeed("CaughtUp")
        return Effect.flatMap(
          request.closingsLeft > 0
            ? fly("again", gap, request, decideAgain)
            : Effect.succeed<Boundary.Closing>("NotOurs"),
          (closing) => (closing === "NotOurs" && request.closedBefore > 0 ? notSeen(request) : Effect.succeed(closing))
        )
      }
    )

  /** What was brought and is not seen may stand in a schema that the application's role may not look into. */
  const notSeen = (request: Boundary.Request): Effect.Effect<Boundary.Closing, AutoMigrationError> =>
    Effect.flatMap(
      access.hidden(request),
      Option.match({
        onNone: (): Effect.Effect<Boundary.Closing, AutoMigrationError> => Effect.succeed("NotOurs"),
        onSome: Effect.fail
      })
    )

  /** The same gap again: another provider may be pending, or what somebody else applied be gone; else nothing can be done. */
  const decideAgain = (question: Question): Answer =>
    Effect.flatMap(unjudged(view), (seen) => {
      const resolved = resolve(question, seen)
      if (Either.isRight(resolved)) return decide(question, seen, resolved)
      const { left } = resolved
      const settled = left._tag === "AlreadyApplied" ? settle(question, seen, left) : Effect.void
      return Effect.zipRight(settled, giveUp(question, seen))
    })

  const stale = (request: Boundary.Request): Effect.Effect<Boundary.Closing, AutoMigrationError> => {
    if (request.place === "inside a transaction") return Effect.fail(AbortedTransaction.mustRestart(request, []))
    return Effect.succeed(request.closedBefore < staleRetries ? "Retry" : "NotOurs")
  }

  const close = (request: Boundary.Request): Effect.Effect<Boundary.Closing, AutoMigrationError> => {
    const { error, gap, place } = request
    if (place === "inside a transaction" && error instanceof TransactionMustRestart) return Effect.succeed("NotOurs")
    if (gap._tag === "StalePlan") return request.closingsLeft > 0 ? stale(request) : Effect.succeed("NotOurs")
    return closeMissing(gap, request)
  }

  return { budget, close, denied: access.denied } satisfies Boundary.Closer
})
