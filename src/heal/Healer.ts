/**
 * Answers the requests of boundaries. Equal requests that come at once share one heal. Two kinds of gaps need no
 * migration and get their answer here: a stale plan of the server, and a replica that is behind.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as Detector from "../core/detect/Detector.js"
import * as SqlState from "../core/detect/SqlState.js"
import { type AutoMigrationError, TransactionMustRestart } from "../core/error/AutoMigrationError.js"
import { isOfValues } from "../core/model/TableRule.js"
import type { Parser } from "../core/sql/ParsedSql.js"
import * as StatementScope from "../core/statement/StatementScope.js"
import * as AbortedTransaction from "../database/AbortedTransaction.js"
import * as Catalog from "../database/Catalog.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import { Knowledge } from "../runner/Knowledge.js"
import * as PlanRunner from "../runner/PlanRunner.js"
import { AutoMigrationConfig, type Options } from "../runtime/AutoMigrationConfig.js"
import * as SingleFlight from "../runtime/SingleFlight.js"
import { SqlParser } from "../runtime/SqlParser.js"
import * as ApplicationAccess from "./ApplicationAccess.js"
import type * as Boundary from "./Boundary.js"
import * as Findings from "./Findings.js"
import * as Heal from "./Heal.js"
import * as Refusals from "./Refusals.js"

interface Dependencies extends Pick<Options, "healConstraints"> {
  readonly services: Heal.Services
  readonly parser: Parser
  readonly access: ApplicationAccess.ApplicationAccess
  readonly heals: SingleFlight.SingleFlight<Heal.Conclusion, PlanRunner.RunFailure>
  readonly refusals: Refusals.Refusals
}

type Answering = Effect.Effect<Boundary.Answer, AutoMigrationError>

/** A request for an object that is missing. */
interface MissingObjectRequest extends Boundary.HealRequest {
  readonly gap: Detector.MissingObject
}

/** How often one boundary runs a statement again because the server finds its plan stale. */
const staleRetries = 3

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const config = yield* AutoMigrationConfig
  const knowledge = yield* Knowledge
  const dependencies: Dependencies = {
    healConstraints: config.healConstraints,
    services: {
      ...config,
      catalog: yield* Catalog.Catalog,
      knowledge,
      runner: yield* PlanRunner.PlanRunner,
      futile: yield* Findings.make<"futile">()
    },
    parser: yield* SqlParser,
    access: yield* ApplicationAccess.make(knowledge.graph),
    heals: yield* SingleFlight.make<Heal.Conclusion, PlanRunner.RunFailure>(
      { failure: MigrationFailure.ended, retryAt: 0 },
      config.deadline
    ),
    refusals: yield* Refusals.make(knowledge.remembered)
  }
  return {
    budget: config.budget,
    heal: (request) => answer(dependencies, request),
    denied: dependencies.access.denied
  } satisfies Boundary.Healer
})

const answer = (dependencies: Dependencies, request: Boundary.HealRequest): Answering => {
  const { error, place } = request
  if (place === "inside a transaction" && error instanceof TransactionMustRestart) return Effect.succeed("NotOurs")
  if (isForMissing(request)) return answerMissing(dependencies, request)
  return request.retriesLeft > 0 ? replan(request) : Effect.succeed("NotOurs")
}

const isForMissing = (request: Boundary.HealRequest): request is MissingObjectRequest =>
  request.gap._tag === "MissingObject"

/** The server makes a new plan when the statement runs again. */
const replan = (request: Boundary.HealRequest): Answering => {
  if (request.place === "inside a transaction") return Effect.fail(AbortedTransaction.mustRestart(request, []))
  return Effect.succeed(request.retriesForGap < staleRetries ? "Retry" : "NotOurs")
}

const answerMissing = (dependencies: Dependencies, request: MissingObjectRequest): Answering => {
  const { object } = request.gap
  const isLeft = object._tag === "Relaxation" && isOfValues(object.rule) && !dependencies.healConstraints
  if (isLeft) return Effect.succeed("NotOurs")
  if (request.place === "inside a transaction") return recallOrHeal(dependencies, request, "in transaction")
  return request.retriesForGap === 0 && request.retriesLeft > 0
    ? recallOrHeal(dependencies, request, "first")
    : answerAgain(dependencies, request)
}

/** Answers a gap that came back after it was closed. A replica may not have replayed the migration yet. */
const answerAgain = Effect.fnUntraced(function* (
  dependencies: Dependencies,
  request: MissingObjectRequest
): Effect.fn.Return<Boundary.Answer, AutoMigrationError> {
  if (yield* dependencies.access.hasCaughtUp(request, request.gap.object)) return "CaughtUp"
  const healed = request.retriesLeft > 0 ? yield* recallOrHeal(dependencies, request, "again") : "NotOurs"
  return healed === "NotOurs" && request.retriesForGap > 0 ? yield* unlessHidden(dependencies, request) : healed
})

/** Fails where the object stands in a schema that the application's role may not use. */
const unlessHidden = ({ access }: Dependencies, request: MissingObjectRequest): Answering =>
  Effect.flatMap(
    access.hidden(request),
    Option.match({ onNone: (): Answering => Effect.succeed("NotOurs"), onSome: Effect.fail })
  )

/** Refuses a request while the window is open that refused an equal one. */
const recallOrHeal = (
  dependencies: Dependencies,
  request: MissingObjectRequest,
  occurrence: Heal.Occurrence
): Answering => {
  const key = keyOf(request, occurrence)
  return Effect.flatMap(
    dependencies.refusals.recall(key),
    Option.match({
      onNone: () => join(dependencies, request, occurrence, key),
      onSome: (window) => Effect.fail(errorOf(request, window))
    })
  )
}

const errorOf = (
  request: MissingObjectRequest,
  { failure, retryAt }: PlanRunner.RunFailure,
  toItsRunner = false
): AutoMigrationError =>
  failure.toError({ asked: MigrationFailure.askedBy(request.error, request.statement), retryAt, toItsRunner })

/** The key that equal requests share. */
const keyOf = (request: MissingObjectRequest, occurrence: Heal.Occurrence): string =>
  [
    occurrence,
    callerOf(request),
    pointsIntoStatement(request),
    Detector.key(request.gap),
    Option.getOrElse(request.statement, () => "")
  ].join("\n")

const callerOf = ({ isInView, retriedBeforeWait }: MissingObjectRequest): Heal.Heal["caller"] =>
  isInView || retriedBeforeWait ? "in view" : "out of view"

/** An error inside a function, a trigger or a default has no position in the text. */
const pointsIntoStatement = ({ error }: MissingObjectRequest): boolean =>
  Option.exists(SqlState.evidenceFrom(error), ({ position }) => Option.isSome(position))

/**
 * Waits for the heal of all equal requests, and begins it if there is none. The heal belongs to the layer: it goes on
 * when a request is interrupted.
 */
const join = (
  { heals, parser, refusals, services }: Dependencies,
  request: MissingObjectRequest,
  occurrence: Heal.Occurrence,
  key: string
) => {
  let toItsRunner = false
  const conclusion = Effect.suspend(() => {
    toItsRunner = true
    return Heal.conclude({
      ...services,
      gap: request.gap,
      occurrence,
      scope: once(() => scopeOf(parser, request)),
      fingerprint: () => fingerprintOf(parser, request),
      links: () => linksTo(request),
      caller: callerOf(request),
      onWindow: (window) => refusals.record(key, window)
    })
  })
  return heals.join(key, conclusion, Heal.late({ deadline: services.deadline, gap: request.gap })).pipe(
    Effect.mapError((failure) => errorOf(request, failure, toItsRunner)),
    Effect.flatMap((concluded) =>
      typeof concluded === "string"
        ? Effect.succeed(concluded)
        : Effect.fail(AbortedTransaction.mustRestart(request, concluded))
    )
  )
}

const once = <A>(evaluate: () => A): (() => A) => {
  let known = Option.none<A>()
  return () => {
    const value = Option.getOrElse(known, evaluate)
    known = Option.some(value)
    return value
  }
}

/** Effect notes by an error the innermost span in which it occurred, which may have ended by now. */
const linksTo = ({ error }: MissingObjectRequest): ReadonlyArray<Tracer.SpanLink> =>
  Cause.prettyErrors(Cause.fail(error)).flatMap(({ span }) =>
    span === undefined ? [] : [{ _tag: "SpanLink", span, attributes: {} }]
  )

const fingerprintOf = (parser: Parser, { statement }: MissingObjectRequest): { readonly fingerprint?: string } =>
  Option.match(
    Option.flatMap(
      Option.filter(statement, (text) => text.length <= StatementScope.longestText),
      parser.fingerprint
    ),
    { onNone: () => ({}), onSome: (fingerprint) => ({ fingerprint }) }
  )

/** The statement's scope, which counts as closed only where the error is about the statement itself. */
const scopeOf = (parser: Parser, request: MissingObjectRequest): Option.Option<StatementScope.StatementScope> =>
  Option.map(
    Option.flatMap(request.statement, (text) => StatementScope.scopeFrom(parser, text)),
    (scope) => ({ ...scope, isClosed: scope.isClosed && pointsIntoStatement(request) })
  )
