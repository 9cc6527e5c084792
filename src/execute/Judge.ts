/**
 * Judges a plan again while it runs. The database may have changed since the policy allowed the plan. So the policy's
 * questions are asked once more inside the transaction of each step, under the locks that its statements take, in the
 * plan's order.
 *
 * A table that was not there at that time is asked about again right before its statement, since another session may
 * have made it. The body of a function is compared with the files right before the statement that runs it.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as TransactionMode from "../core/file/TransactionMode.js"
import * as Plan from "../core/graph/Plan.js"
import type { StatementSpan } from "../core/migration/Footprint.js"
import type { Migration } from "../core/migration/Migration.js"
import * as DeclaredRoutine from "../core/model/DeclaredRoutine.js"
import type { Risk } from "../core/model/Risk.js"
import * as Policy from "../core/policy/Policy.js"
import * as Changes from "../database/Changes.js"
import type * as Message from "../database/Message.js"
import type { Reserved } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Presence from "../database/Presence.js"
import * as Transaction from "../database/Transaction.js"
import * as Look from "./Look.js"
import * as Script from "./Script.js"

/**
 * An allowed plan, and all that it takes to judge it again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Judgement {
  readonly policy: Policy.Policy
  readonly plan: Plan.Plan
  /** The answers that the policy was given, by `Policy.questionKey`. */
  readonly answers: ReadonlyMap<string, Presence.Answer>
  /** The failure of a plan that the policy now refuses. */
  readonly refuse: (reasons: Arr.NonEmptyReadonlyArray<Policy.Refusal>) => MigrationFailure.Failure
}

/** Where a migration runs. @since 0.1.0 @category models */
export interface Place {
  readonly reserved: Reserved
  readonly role: string
  /** The migrations of the transaction, in order. */
  readonly migrations: Steps
  /** The statement that sets the limits of each statement of the migration. */
  readonly limits: string
  /** Rows that the session had not reported when the transaction began. */
  readonly counts: Changes.Counts
}

/** A question that the server does not answer, or a plan that the policy refuses. @since 0.1.0 @category models */
export type Setback = Script.StatementError | MigrationFailure.Failure

/**
 * A judgement needs counts of rows that were not asked for when the transaction began. The next transaction asks for
 * them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Uncounted {
  readonly _tag: "Uncounted"
}

/** @since 0.1.0 @category models */
export interface Judge {
  /** Whether neither `begin` nor `before` asks the server anything for a migration. */
  readonly asksNothing: (migration: Migration) => boolean
  /** Statements for the message that opens a transaction of so many migrations. */
  readonly opening: (migrations: number) => Effect.Effect<ReadonlyArray<string>>
  /** Runs before the first statement of a transaction. */
  readonly begin: (place: Place, locks: Presence.Inquiry["locks"]) => Effect.Effect<void, Setback>
  /** Runs before each statement of that transaction. */
  readonly before: (place: Place, migration: Migration, span: StatementSpan) => Effect.Effect<void, Setback>
  /** Questions for the message that records a migration: before and after it resets the session. */
  readonly closing: (place: Pick<Place, "migrations">, migration: Migration) => Closing
  /** Judges the answers of that message. */
  readonly end: (
    place: Pick<Place, "counts" | "migrations">,
    migration: Migration,
    columns: Message.Columns
  ) => Effect.Effect<void, Setback | Uncounted>
}

/** @since 0.1.0 @category models */
export interface Closing {
  readonly before: ReadonlyArray<string>
  readonly after: ReadonlyArray<string>
}

type Steps = Arr.NonEmptyReadonlyArray<Migration>

/** Allows everything: the judge of a plan that an operator runs. @since 0.1.0 @category constructors */
export const none: Judge = {
  asksNothing: () => true,
  opening: () => Effect.succeed([]),
  begin: () => Effect.void,
  before: () => Effect.void,
  closing: () => ({ before: [], after: [] }),
  end: () => Effect.void
}

interface State {
  readonly answers: ReadonlyMap<string, Presence.Answer>
  readonly made: Presence.PlanMade
  /** Whether a migration of the plan has run. */
  readonly hasRun: boolean
  /** The bodies of routines that were compared in this transaction, by migration and routine. */
  readonly comparedBodies: ReadonlySet<string>
}

/** One run of a plan. */
interface Run extends Judgement {
  /** The ledger's schema. A policy does not judge the ledger's own tables. */
  readonly ledger: string
  readonly counted: Counted
  readonly state: Ref.Ref<State>
}

/**
 * Tables that hidden code has written, as far as this process has seen: their rows are counted from the beginning.
 *
 * @since 0.1.0
 * @category models
 */
export type Counted = Ref.Ref<ReadonlySet<number>>

/** The statement that a question is asked for. A lock that the question does not get is an error of this statement. */
interface Statement {
  readonly place: Place
  readonly migration: Migration
  readonly span: StatementSpan
}

type Question = Omit<Presence.Inquiry, "made">

/**
 * The judge of one run of a plan. `ledger` is the ledger's schema.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (judgement: Judgement, ledger: string, counted: Counted): Effect.Effect<Judge> =>
  Effect.map(
    Ref.make<State>({
      answers: judgement.answers,
      made: Presence.noneMade,
      hasRun: false,
      comparedBodies: new Set()
    }),
    (state): Judge => {
      const run: Run = { ...judgement, ledger, counted, state }
      return {
        asksNothing,
        opening: (migrations) => Effect.map(Ref.get(counted), (oids) => Changes.before(migrations, [...oids])),
        begin: (place, locks) => begin(run, place, locks),
        before: (place, migration, span) => before(run, { place, migration, span }),
        closing: (place, migration) => ({
          before: Changes.look,
          after: [Look.question(run, ranUpTo(place, migration))]
        }),
        end: (place, migration, columns) => end(run, place, migration, columns)
      }
    }
  )

const asksNothing = (migration: Migration): boolean =>
  migration.footprint.statements.every(({ start }) => Policy.questionsAt(migration, start).length === 0)

const begin = Effect.fnUntraced(function* (
  run: Run,
  place: Place,
  locks: Presence.Inquiry["locks"]
): Effect.fn.Return<void, Setback> {
  const { migrations } = place
  const [first] = migrations
  const statement: Statement = { place, migration: first, span: firstSpanOf(first) }
  yield* Ref.update(run.state, (known) => ({ ...known, comparedBodies: new Set<string>() }))
  const steps = Arr.map(migrations, (migration): Plan.Step => ({ migration, reason: "pending" }))
  const questions = Policy.questions({ steps }).filter(({ declared }) => Option.isNone(declared))
  if (questions.length > 0) {
    const about = (yield* Ref.get(run.state)).hasRun ? "tables" : "everything"
    yield* learn(run, { questions, locks, about }, statement)
    yield* judgeByAnswers(run, stepsFrom(run.plan, first))
  }
  if (locks === "as they are") yield* compareBodies(run, withRisks(first, bodiesOf(first)), statement, locks)
})

const before = Effect.fnUntraced(function* (run: Run, statement: Statement): Effect.fn.Return<void, Setback> {
  const { migration, span } = statement
  const { answers } = yield* Ref.get(run.state)
  const questions = Policy.questionsAt(migration, span.start).filter(
    (question) => Option.isNone(question.declared) && answers.get(Policy.questionKey(question)) === "new"
  )
  if (questions.length > 0) {
    yield* learn(run, { questions, locks: "locked", about: "tables" }, statement)
    yield* judgeByAnswers(run, [{ migration, reason: "pending" }])
  }
  yield* compareNewBodies(run, statement)
})

/** The migrations that have run in a transaction, up to this one. */
const ranUpTo = ({ migrations }: Pick<Place, "migrations">, { id }: Migration): ReadonlyArray<Migration> =>
  migrations.slice(0, migrations.findIndex((one) => one.id === id) + 1)

const end = Effect.fnUntraced(function* (
  run: Run,
  place: Pick<Place, "counts" | "migrations">,
  migration: Migration,
  columns: Message.Columns
): Effect.fn.Return<void, Setback | Uncounted> {
  const done = yield* Changes.readDone(columns)
  const ran = ranUpTo(place, migration)
  const isWatched = ran.every(Look.isWatched)
  if (isWatched) yield* unlessUncounted(run, Look.uncounted(place.counts, done, ran))
  const made = done.tables.flatMap(({ isMade, oid }) => (isMade ? [oid] : []))
  yield* Ref.update(run.state, (known) => ({
    ...known,
    hasRun: true,
    made: { oids: [...known.made.oids, ...made], transactions: [...known.made.transactions, done.transaction] }
  }))
  const found = Look.unforeseen(run.plan, place.counts, done, ran)
  if (!Arr.isNonEmptyReadonlyArray(found) || !isWatched) return
  const step = { migration: withRisks(migration, found), reason: "pending" as const }
  yield* judge(run, [step], { presence: () => "rows" })
})

const unlessUncounted = ({ counted }: Run, tables: ReadonlyArray<number>): Effect.Effect<void, Uncounted> =>
  tables.length === 0
    ? Effect.void
    : Effect.zipRight(
        Ref.update(counted, (oids) => new Set([...oids, ...tables])),
        Effect.fail<Uncounted>({ _tag: "Uncounted" })
      )

const ask = Effect.fnUntraced(function* (
  { state }: Run,
  question: Question,
  { migration, place, span }: Statement
): Effect.fn.Return<State["answers"], Setback> {
  const { made } = yield* Ref.get(state)
  const message = Presence.statements({ ...question, made }, place.limits)
  const results = yield* Effect.mapError(
    Transaction.send(place.reserved.connection, message),
    (error): Setback =>
      MigrationFailure.isContention(error)
        ? Script.at(migration, place.role, span)(error)
        : MigrationFailure.ofMessage(error, `a look at what migration ${migration.id} is about`)
  )
  const seen = yield* Presence.read(question, results)
  return TransactionMode.hasOneSnapshot(migration.mode) ? Presence.outdated(seen) : seen
})

/** Asks, and keeps the answers for the rest of the run. */
const learn = (run: Run, question: Question, statement: Statement): Effect.Effect<void, Setback> =>
  Effect.flatMap(ask(run, question, statement), (found) =>
    Ref.update(run.state, (known) => ({
      ...known,
      answers: question.about === "everything" ? new Map([...known.answers, ...found]) : merge(known.answers, found)
    }))
  )

/**
 * Keeps the earlier answer for a table that is gone now: it may have been a type or a view, which is not asked about
 * again.
 */
const merge = (known: State["answers"], found: State["answers"]): State["answers"] =>
  new Map([
    ...known,
    ...[...found].map(([key, answer]) => [key, answer === "new" ? (known.get(key) ?? answer) : answer] as const)
  ])

/** Fails unless the policy allows the steps. */
const judge = (
  { plan, policy, refuse }: Run,
  steps: Arr.NonEmptyReadonlyArray<Plan.Step>,
  facts: Policy.Facts
): Effect.Effect<void, Setback> =>
  Effect.suspend(() => {
    const verdict = policy({ ...plan, steps }, facts)
    return verdict._tag === "Allowed" ? Effect.void : Effect.fail(refuse(verdict.reasons))
  })

const judgeByAnswers = (run: Run, steps: Arr.NonEmptyReadonlyArray<Plan.Step>): Effect.Effect<void, Setback> =>
  Effect.flatMap(Ref.get(run.state), ({ answers }) => judge(run, steps, withoutBodies(Presence.facts(answers))))

/** Takes each body for the one that the files tell: the body is compared right before it runs. */
const withoutBodies = (facts: Policy.Facts): Policy.Facts => ({
  presence: (risk) => (Option.isSome(risk.declared) ? "new" : facts.presence(risk))
})

/** Fails unless the policy allows the bodies that a migration runs as the database has them. */
const compareBodies = Effect.fnUntraced(function* (
  run: Run,
  migration: Migration,
  statement: Statement,
  locks: Presence.Inquiry["locks"]
): Effect.fn.Return<void, Setback> {
  const step = { migration, reason: "pending" } as const
  const questions = Policy.questions({ steps: [step] })
  if (questions.length === 0) return
  const answers = yield* ask(run, { questions, locks, about: "tables" }, { ...statement, migration })
  yield* judge(run, [step], Presence.facts(answers))
})

/** Compares each body once in a migration: right before the first statement that runs it. */
const compareNewBodies = Effect.fnUntraced(function* (run: Run, statement: Statement): Effect.fn.Return<void, Setback> {
  const { migration, span } = statement
  const { comparedBodies } = yield* Ref.get(run.state)
  const keysOf = ({ declared }: Risk) =>
    Option.toArray(declared).map((routine) => `${migration.id} ${DeclaredRoutine.key(routine)}`)
  const risks = bodiesOf(migration).filter(
    (risk) => risk.start === span.start && keysOf(risk).some((key) => !comparedBodies.has(key))
  )
  if (risks.length === 0) return
  yield* compareBodies(run, withoutWrites(withRisks(migration, risks)), statement, "locked")
  yield* Ref.update(run.state, (known) => ({
    ...known,
    comparedBodies: new Set([...comparedBodies, ...risks.flatMap(keysOf)])
  }))
})

/** The steps that have not run. They begin with the first migration that no process has run meanwhile. */
const stepsFrom = (plan: Plan.Plan, migration: Migration): Arr.NonEmptyReadonlyArray<Plan.Step> => {
  const first = plan.steps.findIndex((step) => step.migration.id === migration.id)
  const rest = plan.steps.slice(Math.max(first, 0))
  return Arr.isNonEmptyReadonlyArray(rest) ? rest : plan.steps
}

const firstSpanOf = (migration: Migration): StatementSpan =>
  migration.footprint.statements[0] ?? { start: 0, end: 0, line: 1, transactional: true }

const withRisks = (migration: Migration, risks: ReadonlyArray<Risk>): Migration => ({
  ...migration,
  footprint: { ...migration.footprint, risks }
})

/** The risks of running bodies, without those that the migration accepts. */
const bodiesOf = (migration: Migration): ReadonlyArray<Risk> =>
  Plan.risksOf(migration).filter(({ declared }) => Option.isSome(declared))

/** Right before a statement the database tells what the migration has made, so its footprint need not. */
const withoutWrites = (migration: Migration): Migration => ({
  ...migration,
  footprint: { ...migration.footprint, writes: new Set() }
})
