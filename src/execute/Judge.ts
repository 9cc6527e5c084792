/**
 * Judges a plan while it runs. What the policy was told before the plan began may be otherwise by the time its statements get
 * their locks: so the questions are asked again inside the transaction of each step, under the locks that its statements take,
 * in the plan's order, and the policy says its word again. A table that was not there then is asked about once more right before
 * the statement in question, since another session may have made it. Whether a function has the body that the files tell is asked
 * right before the statement that runs it.
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
import type { Risk } from "../core/model/Risk.js"
import type { QualifiedName } from "../core/model/SchemaObject.js"
import * as ToldRoutine from "../core/model/ToldRoutine.js"
import * as Policy from "../core/policy/Policy.js"
import type * as Message from "../database/Message.js"
import type { Reserved } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Presence from "../database/Presence.js"
import * as Transaction from "../database/Transaction.js"
import * as Script from "./Script.js"

/**
 * A verdict that allowed a plan, and all that it takes to reach it again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Judgement {
  readonly policy: Policy.Policy
  readonly plan: Plan.Plan
  /** What the policy was told. */
  readonly answers: ReadonlyMap<string, Presence.Answer>
  /** The failure of a plan that the policy refuses after all. */
  readonly refuse: (reasons: Arr.NonEmptyReadonlyArray<Policy.Refusal>) => MigrationFailure.Failure
}

/** Where a migration runs. @since 0.1.0 @category models */
export interface Place {
  readonly reserved: Reserved
  readonly role: string
  /** The server's major version. */
  readonly server: number
  /** What holds for each statement of the migration. */
  readonly limits: string
}

/** What stands in the way of a question. @since 0.1.0 @category models */
export type Setback = Script.StatementError | MigrationFailure.Failure

/** @since 0.1.0 @category models */
export interface Judge {
  /** Before the first statement in a transaction that will run these migrations. */
  readonly begin: (place: Place, migrations: Steps, locks: Presence.Asking["locks"]) => Effect.Effect<void, Setback>
  /** Before a statement in that transaction. */
  readonly before: (place: Place, migration: Migration, span: StatementSpan) => Effect.Effect<void, Setback>
  /** Statements for the message that records a migration. */
  readonly closing: (place: Place, migration: Migration) => ReadonlyArray<string>
  /** What that message has brought. */
  readonly end: (migration: Migration, columns: Message.Columns) => Effect.Effect<void, Setback>
}

type Steps = Arr.NonEmptyReadonlyArray<Migration>

/** For an operator's own word. @since 0.1.0 @category constructors */
export const none: Judge = {
  begin: () => Effect.void,
  before: () => Effect.void,
  closing: () => [],
  end: () => Effect.void
}

interface State {
  readonly answers: ReadonlyMap<string, Presence.Answer>
  readonly made: Presence.Made
  readonly hasRun: boolean
  /** Bodies of routines that were asked about in this transaction, by migration and question. */
  readonly asked: ReadonlySet<string>
}

/** A table that is gone by now may have been a type or a view, which is not asked about again. */
const merge = (known: State["answers"], told: State["answers"]): State["answers"] =>
  new Map([
    ...known,
    ...[...told].map(([key, answer]) => [key, answer === "new" ? (known.get(key) ?? answer) : answer] as const)
  ])

const spanOf = (migration: Migration): StatementSpan =>
  migration.footprint.statements[0] ?? { start: 0, end: 0, line: 1, transactional: true }

/** What a trigger, a rule or a function of the database has changed, as a risk that its statement had. */
const unforeseen = (relation: Option.Option<QualifiedName>): Risk => ({
  kind: "data-loss",
  relation,
  told: Option.none(),
  isOfRows: false,
  reach: "anywhere",
  lock: "ACCESS EXCLUSIVE",
  start: 0,
  line: 1,
  statement: Option.match(relation, {
    onNone: () => "runs something that drops a table, which its SQL does not show",
    onSome: ({ name }) => `runs something that changes ${name} or its rows, which its SQL does not show`
  })
})

/** Whether the SQL of a migration may drop something, or rewrite a table, which drops what the table was stored in. */
const mayDrop = ({ script }: Migration): boolean =>
  script._tag === "Sql" && /\b(?:alter|cluster|drop|refresh|reindex|temp|temporary|vacuum)\b/i.test(script.text)

/** Who consents to what cannot be seen has been told that it cannot. */
const isWatched = ({ accepts, script }: Migration): boolean => script._tag === "Sql" && !accepts.includes("opaque")

const withRisks = (migration: Migration, risks: ReadonlyArray<Risk>): Migration => ({
  ...migration,
  footprint: { ...migration.footprint, risks }
})

/** What a migration runs and does not consent to run unseen. */
const bodiesOf = (migration: Migration): ReadonlyArray<Risk> =>
  Plan.risksOf(migration).filter(({ told }) => Option.isSome(told))

/** Right before a statement the database tells what the migration has made, and its file does not. */
const asOfNow = (migration: Migration): Migration => ({
  ...migration,
  footprint: { ...migration.footprint, writes: new Set() }
})

/** A body is asked about right before it runs, and is taken for the told one until then. */
const apartFromBodies = (facts: Policy.Facts): Policy.Facts => ({
  presence: (risk) => (Option.isSome(risk.told) ? "new" : facts.presence(risk))
})

/**
 * The judge of one run of a plan. `ledger` is the schema of the ledger, whose own tables are no concern of a policy.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ answers, plan, policy, refuse }: Judgement, ledger: string): Effect.Effect<Judge> =>
  Effect.map(
    Ref.make<State>({ answers, made: Presence.nothingMade, hasRun: false, asked: new Set() }),
    (state): Judge => {
      const ask = (place: Place, asking: Omit<Presence.Asking, "made">, blamed: Migration, span: StatementSpan) =>
        Effect.gen(function* () {
          const { made } = yield* Ref.get(state)
          const message = Presence.statements({ ...asking, made }, place.limits)
          const results = yield* Effect.mapError(
            Transaction.send(place.reserved.connection, message),
            (error): Setback =>
              MigrationFailure.isContention(error)
                ? Script.at(blamed, place.role, span)(error)
                : MigrationFailure.ofMessage(error, `a look at what migration ${blamed.id} is about`)
          )
          const seen = yield* Presence.read(asking, results)
          return TransactionMode.hasOneSnapshot(blamed.mode) ? Presence.outdated(seen) : seen
        })

      const learn = (place: Place, asking: Omit<Presence.Asking, "made">, blamed: Migration, span: StatementSpan) =>
        Effect.flatMap(ask(place, asking, blamed, span), (told) =>
          Ref.update(state, (known) => ({
            ...known,
            answers: asking.about === "everything" ? new Map([...known.answers, ...told]) : merge(known.answers, told)
          }))
        )

      /** Whether the database has the bodies that a migration runs. */
      const askOfBodies = (place: Place, migration: Migration, span: StatementSpan, locks: Presence.Asking["locks"]) =>
        Effect.gen(function* () {
          const step = { migration, reason: "pending" } as const
          const questions = Policy.questions({ steps: [step] })
          if (questions.length === 0) return
          const answers = yield* ask(place, { questions, locks, about: "tables" }, migration, span)
          yield* judge([step], () => Presence.facts(answers))
        })

      /** Once for each body in a migration: right before the first statement that runs it. */
      const beforeBodies = (place: Place, migration: Migration, span: StatementSpan) =>
        Effect.gen(function* () {
          const { asked } = yield* Ref.get(state)
          const keyOf = ({ told }: Risk) =>
            Option.toArray(told).map((routine) => `${migration.id} ${ToldRoutine.key(routine)}`)
          const risks = bodiesOf(migration).filter(
            (risk) => risk.start === span.start && keyOf(risk).some((key) => !asked.has(key))
          )
          if (risks.length === 0) return
          yield* askOfBodies(place, asOfNow(withRisks(migration, risks)), span, "locked")
          yield* Ref.update(state, (known) => ({ ...known, asked: new Set([...asked, ...risks.flatMap(keyOf)]) }))
        })

      const judge = (
        steps: Arr.NonEmptyReadonlyArray<Plan.Step>,
        facts: (known: State) => Policy.Facts = ({ answers: told }) => apartFromBodies(Presence.facts(told))
      ): Effect.Effect<void, Setback> =>
        Effect.flatMap(Ref.get(state), (known) => {
          const verdict = policy({ ...plan, steps }, facts(known))
          return verdict._tag === "Allowed" ? Effect.void : Effect.fail(refuse(verdict.reasons))
        })

      /** The steps that have not run; what others have run meanwhile is not among them either. */
      const from = (migrations: Steps) => {
        const first = plan.steps.findIndex((step) => step.migration.id === migrations[0].id)
        const rest = plan.steps.slice(Math.max(first, 0))
        return Arr.isNonEmptyReadonlyArray(rest) ? rest : plan.steps
      }

      return {
        begin: (place, migrations, locks) =>
          Effect.gen(function* () {
            const [first] = migrations
            yield* Ref.update(state, (known) => ({ ...known, asked: new Set<string>() }))
            const steps = Arr.map(migrations, (migration): Plan.Step => ({ migration, reason: "pending" }))
            const questions = Policy.questions({ steps }).filter(({ told }) => Option.isNone(told))
            if (questions.length > 0) {
              const about = (yield* Ref.get(state)).hasRun ? "tables" : "everything"
              yield* learn(place, { questions, locks, about }, first, spanOf(first))
              yield* judge(from(migrations))
            }
            if (locks === "as they are")
              yield* askOfBodies(place, withRisks(first, bodiesOf(first)), spanOf(first), locks)
          }),
        before: (place, migration, span) =>
          Effect.gen(function* () {
            const known = yield* Ref.get(state)
            const questions = Policy.questionsAt(migration, span.start).filter(
              (question) => Option.isNone(question.told) && known.answers.get(Policy.questionKey(question)) === "new"
            )
            if (questions.length > 0) {
              yield* learn(place, { questions, locks: "locked", about: "tables" }, migration, span)
              yield* judge([{ migration, reason: "pending" }])
            }
            yield* beforeBodies(place, migration, span)
          }),
        closing: ({ server }, { footprint }) => {
          const foreseen = footprint.risks.flatMap(({ asks, kind, relation, told }) =>
            kind === "referenced-table-lock" || asks === "code" || Option.isSome(told) ? [] : Option.toArray(relation)
          )
          return [Presence.done({ ledger, server, shown: [...footprint.reads, ...footprint.writes], foreseen })]
        },
        end: (migration, columns) =>
          Effect.gen(function* () {
            const { changed, gone, made, transaction } = yield* Presence.readDone(columns)
            yield* Ref.update(state, (known) => ({
              ...known,
              hasRun: true,
              made: { oids: [...known.made.oids, ...made], transactions: [...known.made.transactions, transaction] }
            }))
            const relations = [
              ...changed.map(Option.some),
              ...(gone > 0 && !mayDrop(migration) ? [Option.none<QualifiedName>()] : [])
            ]
            if (relations.length === 0 || !isWatched(migration)) return
            const step = { migration: withRisks(migration, relations.map(unforeseen)), reason: "pending" as const }
            yield* judge([step], () => ({ presence: () => "rows" }))
          })
      }
    }
  )
