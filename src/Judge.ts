/**
 * Judges a plan while it runs. What the policy was told before the plan began may be otherwise by the time its statements get
 * their locks: so the questions are asked again inside the transaction of each step, under the locks that its statements take,
 * in the plan's order, and the policy says its word again. A table that was not there then is asked about once more right before
 * the statement in question, since another session may have made it.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { StatementSpan } from "./core/Footprint.js"
import type { Migration } from "./core/Migration.js"
import type * as Plan from "./core/Plan.js"
import * as Policy from "./core/Policy.js"
import type { Risk } from "./core/Risk.js"
import type { QualifiedName } from "./core/SchemaObject.js"
import * as TransactionMode from "./core/TransactionMode.js"
import type * as Message from "./Message.js"
import type { Reserved } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import * as Presence from "./Presence.js"
import * as Script from "./Script.js"
import * as Transaction from "./Transaction.js"

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

/**
 * The judge of one run of a plan. `ledger` is the schema of the ledger, whose own tables are no concern of a policy.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ answers, plan, policy, refuse }: Judgement, ledger: string): Effect.Effect<Judge> =>
  Effect.map(Ref.make<State>({ answers, made: Presence.nothingMade, hasRun: false }), (state): Judge => {
    const ask = (place: Place, asking: Omit<Presence.Asking, "made">, blamed: Migration, span: StatementSpan) =>
      Effect.gen(function* () {
        const { made } = yield* Ref.get(state)
        const message = Presence.statements({ ...asking, made }, place.limits)
        const results = yield* Effect.mapError(
          Transaction.send(place.reserved.connection, message),
          (error): Setback =>
            MigrationFailure.isContention(error)
              ? Script.at(blamed, place.role, span)(error)
              : MigrationFailure.ofMessage(error, `a look at the tables of migration ${blamed.id}`)
        )
        const seen = yield* Presence.read(asking, results)
        const told = TransactionMode.hasOneSnapshot(blamed.mode) ? Presence.outdated(seen) : seen
        const isAll = asking.about === "everything"
        yield* Ref.update(state, (known) => ({
          ...known,
          answers: isAll ? new Map([...known.answers, ...told]) : merge(known.answers, told)
        }))
      })

    const judge = (
      steps: Arr.NonEmptyReadonlyArray<Plan.Step>,
      facts: (known: State) => Policy.Facts = ({ answers: told }) => Presence.facts(told)
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
          const steps = Arr.map(migrations, (migration): Plan.Step => ({ migration, reason: "pending" }))
          const questions = Policy.questions({ steps })
          if (questions.length === 0) return
          const about = (yield* Ref.get(state)).hasRun ? "tables" : "everything"
          yield* ask(place, { questions, locks, about }, migrations[0], spanOf(migrations[0]))
          yield* judge(from(migrations))
        }),
      before: (place, migration, span) =>
        Effect.gen(function* () {
          const known = yield* Ref.get(state)
          const questions = Policy.questionsAt(migration, span.start).filter(
            (question) => known.answers.get(Policy.questionKey(question)) === "new"
          )
          if (questions.length === 0) return
          yield* ask(place, { questions, locks: "locked", about: "tables" }, migration, span)
          yield* judge([{ migration, reason: "pending" }])
        }),
      closing: ({ server }, { footprint }) => {
        const foreseen = footprint.risks.flatMap(({ asks, kind, relation }) =>
          kind === "referenced-table-lock" || asks === "code" ? [] : Option.toArray(relation)
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
  })
