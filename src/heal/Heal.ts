/**
 * One heal: from a missing object to the migrations that bring it. It resolves a plan, judges it, and runs it. Cheap
 * steps come first: the first ones ask the database nothing.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as Detector from "../core/detect/Detector.js"
import { MigrationPending, MigrationRefused, ObjectRemoved, SchemaDrift } from "../core/error/AutoMigrationError.js"
import * as Plan from "../core/graph/Plan.js"
import * as ProvidedAt from "../core/graph/ProvidedAt.js"
import * as Resolver from "../core/graph/Resolver.js"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import { type MigrationId, promises } from "../core/migration/Migration.js"
import * as Policy from "../core/policy/Policy.js"
import type { StatementScope } from "../core/statement/StatementScope.js"
import type { Catalog } from "../database/Catalog.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Presence from "../database/Presence.js"
import type * as Judge from "../execute/Judge.js"
import type * as Breaker from "../runner/Breaker.js"
import type { Knowledge, View } from "../runner/Knowledge.js"
import * as OldNames from "../runner/OldNames.js"
import type * as PlanRunner from "../runner/PlanRunner.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"
import * as Monotonic from "../runtime/Monotonic.js"
import type * as Boundary from "./Boundary.js"
import type { Findings } from "./Findings.js"
import * as HealFacts from "./HealFacts.js"
import * as HealLog from "./HealLog.js"

/**
 * What all heals of a process share.
 *
 * @since 0.1.0
 * @category models
 */
export interface Services extends Pick<Options, "deadline" | "mode" | "origin" | "policy" | "schema"> {
  readonly catalog: Context.Tag.Service<Catalog>
  readonly knowledge: Context.Tag.Service<Knowledge>
  readonly runner: Context.Tag.Service<PlanRunner.PlanRunner>
  /** Gaps that a retry did not close: the object exists, and the query cannot see it. */
  readonly futile: Findings<"futile">
}

/**
 * How a boundary meets a gap. `first`: for the first time. `again`: after the effect ran again for this gap.
 * `in transaction`: in a transaction of the caller, which the server has aborted.
 *
 * @since 0.1.0
 * @category models
 */
export type Occurrence = "first" | "again" | "in transaction"

/**
 * A missing object, and what its statement says.
 *
 * @since 0.1.0
 * @category models
 */
export interface Heal extends Services {
  readonly gap: Detector.MissingObject
  readonly occurrence: Occurrence
  /** The names that the statement uses, where its text is known. The text is parsed with the first call. */
  readonly scope: () => Option.Option<StatementScope>
  /** A hash of the statement without its values, for the event. Empty where the text is not known. */
  readonly fingerprint: () => { readonly fingerprint?: string }
  /** A link to the span in which the query failed, where it has one. */
  readonly links: () => ReadonlyArray<Tracer.SpanLink>
  /** `in view`: the statement's connection is known. `out of view`: the effect may have begun a transaction by hand. */
  readonly caller: "in view" | "out of view"
  /** Called when the window of a failed migration refuses the plan. */
  readonly onWindow: (window: Breaker.Window) => Effect.Effect<void>
}

/**
 * The end of a heal: an answer for the boundary, or the migrations for which the caller's transaction must restart.
 *
 * @since 0.1.0
 * @category models
 */
export type Conclusion = Boundary.Answer | ReadonlyArray<MigrationId>

/** @since 0.1.0 @category models */
export type Healing = Effect.Effect<Conclusion, PlanRunner.RunFailure>

type Resolution = Either.Either<Plan.Plan, Resolver.NoPlan>

/**
 * Runs a heal to its conclusion, for at most twice the deadline. The server ends each statement before that, so a
 * longer heal has lost its connection.
 *
 * @since 0.1.0
 * @category operations
 */
export const conclude = (heal: Heal): Healing =>
  HealLog.watched(
    triggerOf(heal),
    Effect.timeoutFail(begin(heal), { duration: Duration.times(heal.deadline, 2), onTimeout: () => late(heal) })
  )

const triggerOf = (heal: Heal): HealLog.Trigger => ({ gap: HealFacts.nameOf(heal), sqlState: heal.gap.sqlState })

/** Parses the statement only where a migration may explain the gap and no retry for the gap was futile. */
const begin = (heal: Heal): Healing => {
  if (!Resolver.mayExplain(heal.knowledge.graph, heal.gap)) return Effect.succeed("NotOurs")
  return heal.occurrence === "again"
    ? ifExplained(heal)
    : Effect.flatMap(isKnownFutile(heal), (futile) => (futile ? Effect.succeed("NotOurs") : ifExplained(heal)))
}

const isKnownFutile = (heal: Heal): Effect.Effect<boolean> =>
  Effect.flatMap(
    heal.knowledge.remembered,
    Option.match({
      onNone: () => Effect.succeed(false),
      onSome: (applied) => isFutile(heal, applied)
    })
  )

/** Asks the database only where a migration explains the gap. */
const ifExplained = (heal: Heal): Healing => {
  const ofAll = Resolver.resolve(heal.knowledge.graph, new Set(), heal.gap, heal.scope())
  if (Either.isLeft(ofAll) && ofAll.left._tag !== "AlreadyApplied") return withoutPlan(heal, ofAll.left)
  switch (heal.occurrence) {
    case "first":
      return first(heal)
    case "again":
      return again(heal)
    case "in transaction":
      return restart(heal)
  }
}

/** The conclusion for a gap that no plan can close. */
const withoutPlan = (heal: Heal, reason: Exclude<Resolver.NoPlan, Resolver.AlreadyApplied>): Healing =>
  reason._tag === "Unexplained"
    ? Effect.succeed("NotOurs")
    : failWith(({ asked }) => new ObjectRemoved({ ...HealFacts.removal(heal, reason.by), ...asked }))

const first = (heal: Heal): Healing =>
  withView(heal, (seen) => {
    const resolution = resolve(heal, seen)
    return isGuessApplied(resolution) ? Effect.succeed("Retry") : decide(heal, seen, resolution)
  })

/**
 * Whether each migration that could bring the object by a guess is applied. Another process or an inner boundary may
 * have applied it just now, so the effect runs again. For a certain provider the catalog is asked first.
 */
const isGuessApplied = (resolution: Resolution): boolean =>
  Either.match(resolution, { onLeft: (reason) => reason._tag === "Unexplained", onRight: () => false })

/**
 * Looks for another provider that is pending, and for an object that another session has dropped. Else the heal gives
 * up.
 */
const again = (heal: Heal): Healing =>
  Effect.flatMap(asRunFailure(heal.knowledge.view), (seen) => {
    const resolution = resolve(heal, seen)
    if (Either.isRight(resolution)) return decide(heal, seen, resolution)
    const { left } = resolution
    const settled = left._tag === "AlreadyApplied" ? settle(heal, seen, left) : Effect.void
    return Effect.zipRight(settled, giveUp(heal, seen))
  })

/**
 * Asks the database for the ledger's row only, since the caller's own transaction may hold a lock on any other object.
 * The policy judges later, when the boundary around the transaction asks.
 */
const restart = (heal: Heal): Healing =>
  withView(heal, (seen) =>
    Effect.succeed(
      Either.match(resolve(heal, seen), {
        onLeft: (reason) => (reason._tag === "AlreadyApplied" ? reason.providers.map((migration) => migration.id) : []),
        onRight: Plan.ids
      })
    )
  )

/** Goes on with the applied set, unless a retry for this gap was futile and the ledger is unchanged. */
const withView = (heal: Heal, step: (seen: View) => Healing): Healing =>
  Effect.flatMap(asRunFailure(heal.knowledge.view), (seen) =>
    Effect.flatMap(isFutile(heal, seen.applied), (futile) => (futile ? Effect.succeed("NotOurs") : step(seen)))
  )

const isFutile = ({ futile, gap }: Heal, applied: AppliedSet): Effect.Effect<boolean> =>
  Effect.sync(() => Option.isSome(futile.unsafeRecall(Detector.key(gap), applied)))

const giveUp = ({ futile, gap }: Heal, { applied }: View): Effect.Effect<Boundary.Answer> =>
  Effect.as(futile.record(Detector.key(gap), applied, "futile"), "NotOurs")

const resolve = ({ gap, knowledge, scope }: Heal, { applied }: View): Resolution =>
  Resolver.resolve(knowledge.graph, applied.checksumById, gap, scope())

/** Fails only by a ledger that was read just now, and else reads it first. */
const decide = (heal: Heal, seen: View, resolution: Resolution): Healing =>
  Either.match(resolution, {
    onLeft: (reason) => {
      if (reason._tag !== "AlreadyApplied") return withoutPlan(heal, reason)
      return seen.age === "fresh" ? settle(heal, seen, reason) : refresh(heal)
    },
    onRight: (plan) =>
      Effect.flatMap(
        judgeSparingly(heal, seen, plan),
        Either.match({
          onLeft: (failure): Healing =>
            heal.gap.object._tag === "Relaxation"
              ? Effect.succeed("NotOurs")
              : seen.age === "fresh"
                ? Effect.zipRight(unlessElsewhere(heal, seen), Effect.fail(withoutWindow(failure)))
                : refresh(heal),
          onRight: (judgement) => run(heal, judgement)
        })
      )
  })

const refresh = (heal: Heal): Healing =>
  Effect.flatMap(asRunFailure(heal.knowledge.refresh), (seen) => decide(heal, seen, resolve(heal, seen)))

/** Fails where another tool has applied the migrations, which is reported before the policy's reasons. */
const unlessElsewhere = ({ mode, runner }: Heal, { applied }: View): Effect.Effect<void, PlanRunner.RunFailure> =>
  mode === "observe" ? Effect.void : runner.unlessElsewhere(applied)

/** Asks the catalog whether it has the objects, after a ledger that was read just now says that their providers ran. */
const settle = Effect.fnUntraced(function* (
  heal: Heal,
  seen: View,
  { objects, providers }: Resolver.AlreadyApplied
): Effect.fn.Return<Boundary.Answer, PlanRunner.RunFailure> {
  const { checksumById } = seen.applied
  const missing = yield* asRunFailure(heal.catalog.missing(objects, "anywhere"))
  if (missing.length === 0) return "Retry"
  const edited = providers.find((migration) => checksumById.get(migration.id) !== migration.checksum)
  if (edited?.isRepeatable === true) {
    const plan: Plan.Plan = {
      steps: [{ migration: edited, reason: "provider" }],
      targets: [heal.gap.object],
      prerequisites: []
    }
    return yield* failWith(({ asked }) => new MigrationPending({ ...HealFacts.ofPlan(heal, plan), ...asked }))
  }
  if (edited !== undefined) {
    const recorded = checksumById.get(edited.id) ?? ""
    return yield* failWith(({ asked }) => MigrationFailure.edited(edited, recorded, asked))
  }
  if (providers.every((migration) => promises(migration).length === 0)) return yield* giveUp(heal, seen)
  const migrationIds = Arr.map(providers, (migration) => migration.id)
  const at = providers.map((migration) => ProvidedAt.find(migration, heal.gap.object))
  return yield* failWith(
    ({ asked }) => new SchemaDrift({ gap: HealFacts.nameOf(heal), migrationIds, providers: at, ...asked })
  )
})

/** Judges the whole plan. Where it may not run, judges the smaller plan of the objects that the statement must have. */
const judgeSparingly = (heal: Heal, seen: View, plan: Plan.Plan) =>
  Effect.flatMap(judge(heal, seen, plan), (verdict) => {
    if (Either.isRight(verdict)) return Effect.succeed(verdict)
    const sparing = Resolver.resolveSparingly(heal.knowledge.graph, seen.applied.checksumById, heal.gap, heal.scope())
    return Either.isRight(sparing) && sparing.right.steps.length < plan.steps.length
      ? judge(heal, seen, sparing.right)
      : Effect.succeed(verdict)
  })

/** The judgement of mode and policy about a plan. `Left` is the failure of a plan that may not run. */
const judge = Effect.fnUntraced(function* (
  heal: Heal,
  { applied }: View,
  plan: Plan.Plan
): Effect.fn.Return<Either.Either<Judge.Judgement, MigrationFailure.Failure>, PlanRunner.RunFailure> {
  const { catalog, knowledge, mode, policy } = heal
  const waiting = plan.steps.map(({ migration }) => migration)
  const renamed = OldNames.renamed(knowledge.graph, heal, { applied, waiting })
  if (Option.isSome(renamed)) return Either.left(renamed.value)
  const facts = HealFacts.ofPlan(heal, plan)
  if (mode === "observe") {
    return Either.left(MigrationFailure.circumstance(({ asked }) => new MigrationPending({ ...facts, ...asked })))
  }
  const refuse: Judge.Judgement["refuse"] = (reasons) =>
    MigrationFailure.circumstance(
      ({ asked }) =>
        new MigrationRefused({
          ...facts,
          reasons: Arr.map(reasons, Policy.render),
          risks: reasons.map(Policy.inParts),
          ...asked
        })
    )
  const answers = yield* asRunFailure(catalog.presence(Policy.questions(plan)))
  const verdict = policy(plan, Presence.facts(answers))
  return verdict._tag === "Allowed"
    ? Either.right({ policy, plan, answers, refuse })
    : Either.left(refuse(verdict.reasons))
})

const run = Effect.fnUntraced(function* (
  heal: Heal,
  judgement: Judge.Judgement
): Effect.fn.Return<Conclusion, PlanRunner.RunFailure> {
  const { plan } = judgement
  const window = yield* heal.runner.openWindow(plan)
  if (Option.isSome(window)) return yield* Effect.zipRight(heal.onWindow(window.value), Effect.fail(window.value))
  const [elapsed, result] = yield* Effect.timed(runPlan(heal, judgement))
  if (result._tag === "Outdated") return yield* refresh(heal)
  if (result._tag === "Held") return "RetryBeforeWait"
  if (result._tag !== "Done") return yield* whenPresent(heal, plan)
  if (result.ran.length > 0)
    yield* HealLog.healed(
      triggerOf(heal),
      Arr.map(result.ran, ({ id }) => id),
      elapsed
    )
  return "Retry"
})

const runPlan = Effect.fnUntraced(function* (heal: Heal, judgement: Judge.Judgement) {
  const { plan } = judgement
  const gap = HealFacts.nameOf(heal)
  const ids = Plan.ids(plan)
  return yield* heal.runner
    .run({
      plan,
      judgement: Option.some(judgement),
      pace: "request",
      caller: heal.caller,
      doing: "apply",
      detail: { gap, plan: ids, trigger: heal.gap.sqlState, ...heal.fingerprint() },
      deadlineAt: (yield* Monotonic.milliseconds) + Duration.toMillis(heal.deadline),
      onDeadline: (migration) =>
        MigrationFailure.fault(migration, { message: "it was not done at the deadline" }, ({ asked }) =>
          HealFacts.timeout(heal, [migration], asked)
        )
    })
    .pipe(HealLog.traced(triggerOf(heal), ids, heal.links()))
})

/** Answers where the catalog has the object: another session has brought it meanwhile, or the query cannot see it. */
const whenPresent = (heal: Heal, plan: Plan.Plan): Healing =>
  Effect.flatMap(asRunFailure(heal.knowledge.view), (seen) =>
    heal.occurrence !== "again" || Plan.ids(plan).some((id) => seen.applied.checksumById.has(id))
      ? Effect.succeed("Retry")
      : giveUp(heal, seen)
  )

/**
 * The failure of a heal that took too long.
 *
 * @since 0.1.0
 * @category constructors
 */
export const late = (heal: Pick<Heal, "deadline" | "gap">): PlanRunner.RunFailure =>
  withoutWindow(MigrationFailure.circumstance(({ asked }) => HealFacts.timeout(heal, [], asked)))

const failWith = (toError: MigrationFailure.Failure["toError"]): Effect.Effect<never, PlanRunner.RunFailure> =>
  Effect.fail(withoutWindow(MigrationFailure.circumstance(toError)))

const asRunFailure = <A>(effect: Effect.Effect<A, MigrationFailure.Failure>): Effect.Effect<A, PlanRunner.RunFailure> =>
  Effect.mapError(effect, withoutWindow)

/** A failure for which no migration is at fault. */
const withoutWindow = (failure: MigrationFailure.Failure): PlanRunner.RunFailure => ({ failure, retryAt: 0 })
