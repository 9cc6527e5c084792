/**
 * Decides about one gap: is there a plan, may it run by itself, is somebody running it already, did it help. The questions
 * come in the order of their cost; those that need the database come last.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { AutoMigrationConfig } from "./AutoMigrationConfig.js"
import type * as Boundary from "./Boundary.js"
import * as Catalog from "./Catalog.js"
import {
  type AutoMigrationError,
  ChecksumMismatch,
  HealTimeout,
  MigrationPending,
  MigrationRefused,
  ObjectRemoved,
  SchemaDrift,
  TransactionMustRestart
} from "./core/AutoMigrationError.js"
import * as Detector from "./core/Detector.js"
import type { Migration } from "./core/Migration.js"
import * as Plan from "./core/Plan.js"
import * as Policy from "./core/Policy.js"
import * as Resolver from "./core/Resolver.js"
import * as SchemaObject from "./core/SchemaObject.js"
import * as StatementScope from "./core/StatementScope.js"
import { Knowledge, type View } from "./Knowledge.js"
import type { Failure } from "./MigrationFailure.js"
import * as PlanRunner from "./PlanRunner.js"
import * as SingleFlight from "./SingleFlight.js"
import { SqlParser } from "./SqlParser.js"
import * as Telemetry from "./Telemetry.js"

/** A request about a missing object, with the names its statement uses. */
interface Question {
  readonly request: Boundary.Request
  readonly gap: Detector.MissingObject
  readonly scope: Option.Option<StatementScope.StatementScope>
}

const tableKey = (name: SchemaObject.QualifiedName): string => SchemaObject.key(SchemaObject.relation(name))

const renderRefusal = ({ migration, risk, why }: Policy.Refusal): string =>
  Option.match(risk, {
    onNone: () => `${migration.source}: ${why}`,
    onSome: ({ line, statement }) => `${migration.source}:${line}: ${statement}: ${why}`
  })

/** How often one boundary runs a statement again whose plan the server finds stale. */
const staleRetries = 3

const nameOf = ({ gap }: Question): string => SchemaObject.render(gap.object)

const isRestartInside = ({ error, place }: Boundary.Request): boolean =>
  place === "inside a transaction" && error instanceof TransactionMustRestart

const mustRestart = (request: Boundary.Request, migrationIds: ReadonlyArray<string>): TransactionMustRestart =>
  new TransactionMustRestart({ gap: request.gap, migrationIds, cause: request.error })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const { budget, deadline, mode, policy } = yield* AutoMigrationConfig
  const { graph, refresh, view } = yield* Knowledge
  const catalog = yield* Catalog.Catalog
  const parser = yield* SqlParser
  const runner = yield* PlanRunner.PlanRunner
  const flights = yield* SingleFlight.make<PlanRunner.Result, PlanRunner.Refusal>()
  /** Gaps that a retry did not close, by the ledger's sequence at that time: the object exists and cannot be seen. */
  const futile = yield* Ref.make<ReadonlyMap<string, number>>(new Map())

  const attributed =
    <A>({ request }: Question) =>
    (effect: Effect.Effect<A, Failure>): Effect.Effect<A, AutoMigrationError> =>
      Effect.mapError(effect, (failure) => failure.toError({ cause: request.error, retryAt: 0 }))

  const resolve = ({ gap, scope }: Question, { applied }: View) =>
    Resolver.resolve(graph, applied.checksumById, gap, scope)

  const inPlace = (
    question: Question,
    migrations: ReadonlyArray<Migration>
  ): Effect.Effect<Boundary.Closing, AutoMigrationError> =>
    question.request.place === "inside a transaction"
      ? Effect.fail(
          mustRestart(
            question.request,
            migrations.map((migration) => migration.id)
          )
        )
      : Effect.succeed("Retry")

  /** What mode and policy say against a plan. */
  const objectionTo = Effect.fnUntraced(function* (
    question: Question,
    plan: Plan.Plan
  ): Effect.fn.Return<Option.Option<MigrationPending | MigrationRefused>, AutoMigrationError> {
    const [promised = question.gap.object] = plan.closes
    const facts = {
      gap: SchemaObject.render(promised),
      migrationIds: Plan.ids(plan),
      command: Plan.command(plan),
      cause: question.request.error
    }
    if (mode === "observe") return Option.some(new MigrationPending(facts))
    const occupied = new Set((yield* sizes(question, plan)).map(tableKey))
    const verdict = policy(plan, { isEmpty: (relation) => !occupied.has(tableKey(relation)) })
    return verdict._tag === "Allowed"
      ? Option.none()
      : Option.some(new MigrationRefused({ ...facts, reasons: Arr.map(verdict.reasons, renderRefusal) }))
  })

  const sizes = (question: Question, plan: Plan.Plan) => {
    const relations = Policy.needsFacts(plan)
    return relations.length === 0
      ? Effect.succeed<ReadonlyArray<SchemaObject.QualifiedName>>([])
      : attributed<ReadonlyArray<SchemaObject.QualifiedName>>(question)(catalog.occupied(relations))
  }

  const fly = Effect.fnUntraced(function* (question: Question, plan: Plan.Plan) {
    const ids = Plan.ids(plan)
    const deadlineAt = (yield* Clock.currentTimeMillis) + Duration.toMillis(deadline)
    const open = yield* runner.refusal(plan)
    const flight = Option.match(open, {
      onNone: () =>
        flights.join(
          ids.join("\n"),
          runner.run({ plan, deadlineAt, doing: "apply", detail: { gap: nameOf(question), plan: ids } })
        ),
      onSome: (refusal) => Effect.fail(refusal)
    })
    return yield* flight.pipe(
      Effect.mapError(({ failure, retryAt }) => failure.toError({ cause: question.request.error, retryAt })),
      Effect.timeoutFail({
        duration: deadline,
        onTimeout: () =>
          new HealTimeout({
            gap: nameOf(question),
            milliseconds: Duration.toMillis(deadline),
            cause: question.request.error
          })
      }),
      Effect.map((result): Boundary.Closing => (result._tag === "Done" ? "Retry" : "NotOurs")),
      Effect.withSpan(Telemetry.span.heal, {
        attributes: { [Telemetry.attribute.gap]: nameOf(question), [Telemetry.attribute.migrations]: ids.join(", ") }
      })
    )
  })

  /** The ledger, read just now, says that the providers ran: the catalog tells whether it is right. */
  const settle = Effect.fnUntraced(function* (
    question: Question,
    { applied }: View,
    { objects, providers }: Resolver.AlreadyApplied
  ) {
    const { error } = question.request
    const edited = providers.find((migration) => applied.checksumById.get(migration.id) !== migration.checksum)
    if (edited !== undefined) {
      return yield* new ChecksumMismatch({
        migrationId: edited.id,
        file: edited.source,
        recorded: applied.checksumById.get(edited.id) ?? "",
        actual: edited.checksum,
        cause: error
      })
    }
    const missing = yield* attributed<ReadonlyArray<SchemaObject.SchemaObject>>(question)(
      catalog.missing(objects, "anywhere")
    )
    if (missing.length > 0) {
      return yield* new SchemaDrift({
        gap: nameOf(question),
        migrationIds: Arr.map(providers, (migration) => migration.id),
        cause: error
      })
    }
    return yield* inPlace(question, providers)
  })

  const hopeless = (question: Question, reason: Exclude<Resolver.NoPlan, Resolver.AlreadyApplied>) =>
    reason._tag === "Unexplained"
      ? Effect.succeed<Boundary.Closing>("NotOurs")
      : new ObjectRemoved({ gap: nameOf(question), removedBy: reason.by.id, cause: question.request.error })

  /** An answer that would end in an error is given only on a ledger that was read just now. */
  const decide = (question: Question, seen: View): Effect.Effect<Boundary.Closing, AutoMigrationError> =>
    Either.match(resolve(question, seen), {
      onLeft: (reason) => {
        if (reason._tag !== "AlreadyApplied") return hopeless(question, reason)
        return seen.age === "fresh" ? settle(question, seen, reason) : again(question)
      },
      onRight: (plan) =>
        Effect.flatMap(objectionTo(question, plan), (objection) => {
          if (Option.isSome(objection)) return seen.age === "fresh" ? Effect.fail(objection.value) : again(question)
          return question.request.place === "outside transactions"
            ? fly(question, plan)
            : Effect.fail(mustRestart(question.request, Plan.ids(plan)))
        })
    })

  const again = (question: Question) =>
    Effect.flatMap(attributed<View>(question)(refresh), (seen) => decide(question, seen))

  const closeMissing = Effect.fnUntraced(function* (question: Question) {
    const key = Detector.key(question.gap)
    const offhand = Resolver.resolve(graph, new Set(), question.gap, question.scope)
    if (Either.isLeft(offhand) && offhand.left._tag !== "AlreadyApplied") return yield* hopeless(question, offhand.left)
    const seen = yield* attributed<View>(question)(view)
    const isAnswered = Either.match(resolve(question, seen), { onLeft: () => true, onRight: () => false })
    if (isAnswered && question.request.closedBefore > 0) {
      yield* Ref.update(futile, (known) => new Map(known).set(key, seen.applied.sequence))
      return "NotOurs"
    }
    if (isAnswered && (yield* Ref.get(futile)).get(key) === seen.applied.sequence) return "NotOurs"
    return yield* decide(question, seen)
  })

  const stale = (request: Boundary.Request): Effect.Effect<Boundary.Closing, AutoMigrationError> => {
    if (request.place === "inside a transaction") return Effect.fail(mustRestart(request, []))
    return Effect.succeed(request.closedBefore < staleRetries ? "Retry" : "NotOurs")
  }

  const close = (request: Boundary.Request): Effect.Effect<Boundary.Closing, AutoMigrationError> => {
    const { gap, statement } = request
    if (isRestartInside(request)) return Effect.succeed("NotOurs")
    if (gap._tag === "StalePlan") return stale(request)
    return closeMissing({
      request,
      gap,
      scope: Option.flatMap(statement, (text) => StatementScope.scopeFrom(parser, text))
    })
  }

  return { budget, close } satisfies Boundary.Closer
})
