/**
 * Answers the requests of boundaries. One heal closes the gap of all equal requests that come at once. A gap that needs
 * no migration gets its answer here: a stale plan, and a replica that is behind.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Detector from "../core/detect/Detector.js"
import * as SqlState from "../core/detect/SqlState.js"
import { type AutoMigrationError, TransactionMustRestart } from "../core/error/AutoMigrationError.js"
import type { Parser } from "../core/sql/ParsedSql.js"
import * as StatementScope from "../core/statement/StatementScope.js"
import * as AbortedTransaction from "../database/AbortedTransaction.js"
import * as Catalog from "../database/Catalog.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import { Knowledge } from "../runner/Knowledge.js"
import * as PlanRunner from "../runner/PlanRunner.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import * as SingleFlight from "../runtime/SingleFlight.js"
import { SqlParser } from "../runtime/SqlParser.js"
import * as ApplicationAccess from "./ApplicationAccess.js"
import type * as Boundary from "./Boundary.js"
import * as Findings from "./Findings.js"
import * as Heal from "./Heal.js"
import * as Refusals from "./Refusals.js"

interface Healer {
  readonly services: Heal.Services
  readonly parser: Parser
  readonly access: ApplicationAccess.ApplicationAccess
  readonly flights: SingleFlight.SingleFlight<Heal.Conclusion, PlanRunner.Refusal>
  readonly refusals: Refusals.Refusals
}

type Answer = Effect.Effect<Boundary.Closing, AutoMigrationError>

/** A request for an object that is missing. */
interface HealRequest extends Boundary.Request {
  readonly gap: Detector.MissingObject
}

/** How often one boundary runs a statement again whose plan the server finds stale. */
const staleRetries = 3

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const config = yield* AutoMigrationConfig
  const knowledge = yield* Knowledge
  const healer: Healer = {
    services: {
      ...config,
      catalog: yield* Catalog.Catalog,
      knowledge,
      runner: yield* PlanRunner.PlanRunner,
      futile: yield* Findings.make<"futile">()
    },
    parser: yield* SqlParser,
    access: yield* ApplicationAccess.make(knowledge.graph),
    flights: yield* SingleFlight.make<Heal.Conclusion, PlanRunner.Refusal>(
      { failure: MigrationFailure.ended, retryAt: 0 },
      config.deadline
    ),
    refusals: yield* Refusals.make(knowledge.remembered)
  }
  return {
    budget: config.budget,
    close: (request) => close(healer, request),
    denied: healer.access.denied
  } satisfies Boundary.Closer
})

const close = (healer: Healer, request: Boundary.Request): Answer => {
  const { error, place } = request
  if (place === "inside a transaction" && error instanceof TransactionMustRestart) return Effect.succeed("NotOurs")
  if (isForMissing(request)) return closeMissing(healer, request)
  return request.closingsLeft > 0 ? replan(request) : Effect.succeed("NotOurs")
}

const isForMissing = (request: Boundary.Request): request is HealRequest => request.gap._tag === "MissingObject"

/** The server makes a new plan when the statement runs again. */
const replan = (request: Boundary.Request): Answer => {
  if (request.place === "inside a transaction") return Effect.fail(AbortedTransaction.mustRestart(request, []))
  return Effect.succeed(request.closedBefore < staleRetries ? "Retry" : "NotOurs")
}

const closeMissing = (healer: Healer, request: HealRequest): Answer => {
  if (request.place === "inside a transaction") return ask(healer, request, "in transaction")
  return request.closedBefore === 0 && request.closingsLeft > 0
    ? ask(healer, request, "first")
    : closeAgain(healer, request)
}

/** The gap came back after it was closed. A replica may not have heard of that yet. */
const closeAgain = Effect.fnUntraced(function* (
  healer: Healer,
  request: HealRequest
): Effect.fn.Return<Boundary.Closing, AutoMigrationError> {
  if (yield* healer.access.hasCaughtUp(request, request.gap.object)) return "CaughtUp"
  const closing = request.closingsLeft > 0 ? yield* ask(healer, request, "again") : "NotOurs"
  return closing === "NotOurs" && request.closedBefore > 0 ? yield* unseen(healer, request) : closing
})

/** What was brought and is not seen may stand in a schema that the application's role may not use. */
const unseen = ({ access }: Healer, request: HealRequest): Answer =>
  Effect.flatMap(
    access.hidden(request),
    Option.match({ onNone: (): Answer => Effect.succeed("NotOurs"), onSome: Effect.fail })
  )

/** Gives the refusal that equal requests were given, while it holds. */
const ask = (healer: Healer, request: HealRequest, occasion: Heal.Occasion): Answer => {
  const key = keyOf(request, occasion)
  return Effect.flatMap(
    healer.refusals.recall(key),
    Option.match({ onNone: () => join(healer, request, occasion, key), onSome: Effect.fail })
  )
}

/** Two requests are equal if they have the same key. */
const keyOf = (request: HealRequest, occasion: Heal.Occasion): string =>
  [
    occasion,
    callerOf(request),
    pointsIntoStatement(request),
    Detector.key(request.gap),
    Option.getOrElse(request.statement, () => "")
  ].join("\n")

/** A larger effect may have begun a transaction by hand. */
const callerOf = ({ doubted, statement }: HealRequest): Heal.Heal["caller"] =>
  Option.isNone(statement) && !doubted ? "out of view" : "in view"

/** An error inside a function, a trigger or a default has no position in the text. */
const pointsIntoStatement = ({ error }: HealRequest): boolean =>
  Option.exists(SqlState.evidenceFrom(error), ({ position }) => Option.isSome(position))

/**
 * Waits for the heal of all equal requests, and begins it if there is none. The heal belongs to the layer: it goes on
 * when a request is interrupted.
 */
const join = (
  { flights, parser, refusals, services }: Healer,
  request: HealRequest,
  occasion: Heal.Occasion,
  key: string
) => {
  const errorOf = ({ failure, retryAt }: PlanRunner.Refusal) => failure.toError({ cause: request.error, retryAt })
  const heal = Effect.suspend(() =>
    Heal.conclude({
      ...services,
      gap: request.gap,
      occasion,
      scope: scopeOf(parser, request),
      caller: callerOf(request),
      onWindow: (window) => refusals.record(key, window, errorOf(window))
    })
  )
  return flights.join(key, heal, Heal.late({ deadline: services.deadline, gap: request.gap })).pipe(
    Effect.mapError(errorOf),
    Effect.flatMap((conclusion) =>
      typeof conclusion === "string"
        ? Effect.succeed(conclusion)
        : Effect.fail(AbortedTransaction.mustRestart(request, conclusion))
    )
  )
}

/** The statement's scope is closed only where the error is about the statement itself. */
const scopeOf = (parser: Parser, request: HealRequest): Option.Option<StatementScope.StatementScope> =>
  Option.map(
    Option.flatMap(request.statement, (text) => StatementScope.scopeFrom(parser, text)),
    (scope) => ({ ...scope, isClosed: scope.isClosed && pointsIntoStatement(request) })
  )
