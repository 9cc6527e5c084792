/**
 * Applies a migration by one message, on the assumption that the ledger is as this process knows it. The server checks that before it
 * runs the script, and refuses the message where it is not so. `TransactionStep` then finds out why.
 *
 * The message holds the limits, the lock, the conditions, the script, its record and its promises. It also holds the `COMMIT` where no judge
 * looks at what the script has changed.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as TransactionMode from "../core/file/TransactionMode.js"
import { including, isApplied } from "../core/migration/LedgerEvent.js"
import { type Migration, promises } from "../core/migration/Migration.js"
import * as Catalog from "../database/Catalog.js"
import * as Changes from "../database/Changes.js"
import * as Driver from "../database/Driver.js"
import * as Message from "../database/Message.js"
import type { Reserved } from "../database/MigrationClient.js"
import * as Privileges from "../database/Privileges.js"
import { qualified } from "../database/Qualified.js"
import * as Transaction from "../database/Transaction.js"
import * as Appending from "../ledger/Appending.js"
import type { SchemaName } from "../runtime/AutoMigrationConfig.js"
import * as Telemetry from "../runtime/Telemetry.js"
import * as Closing from "./Closing.js"
import * as Job from "./Job.js"
import type { MigrationLock, Setback } from "./MigrationLock.js"
import * as Script from "./Script.js"
import * as ScriptText from "./ScriptText.js"
import * as StatementSpans from "./StatementSpans.js"
import * as StepMessages from "./StepMessages.js"

/** @since 0.1.0 @category models */
export interface Dependencies {
  readonly schema: SchemaName
  readonly lock: MigrationLock
}

/** The server refused the message before it ran the script, or does not tell which statement it refused. */
interface Refused {
  readonly _tag: "Refused"
}

/** A migration that one message can apply. */
interface Candidate extends Dependencies {
  readonly task: Job.Task
  readonly migration: Migration
  readonly script: ScriptText.ScriptText
  /** The condition that the ledger is as it is known. */
  readonly unchanged: string
}

/**
 * Applies the migration of a task. `None` where the task needs more than one message, or the server refuses the message: then nothing
 * has been done. The connection of a refused message is not used again, since its session has been reset.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (dependencies: Dependencies, task: Job.Task): Effect.Effect<Option.Option<Job.Outcome>, Setback> =>
  Option.match(candidateFor(dependencies, task), {
    onNone: () => Effect.succeedNone,
    onSome: (candidate) =>
      Job.inTime(
        task.job,
        candidate.migration,
        Effect.scoped(Effect.flatMap(dependencies.lock.connect, (reserved) => apply(candidate, reserved)))
      ).pipe(
        Effect.map(Option.some),
        Effect.catchTag("Refused", () => Effect.succeedNone)
      )
  })

const candidateFor = (dependencies: Dependencies, task: Job.Task): Option.Option<Candidate> => {
  const { group, job, judge, known } = task
  const [{ migration }] = group.steps
  const isAlone = job.doing === "apply" && group.steps.length === 1 && Job.left(job, known, group).length === 1
  const isPlain = !TransactionMode.isStated(migration.mode) && migration.footprint.versionRequirements.length === 0
  const isReady = isApplied(known, job.plan.prerequisites)
  return isAlone && isPlain && isReady && judge.asksNothing(migration)
    ? Option.zipWith(
        ScriptText.make(migration),
        job.journal.unchanged(known, [migration.id]),
        (script, unchanged): Candidate => ({ ...dependencies, task, migration, script, unchanged })
      )
    : Option.none()
}

const unlessConditionFails = (
  { task: { job, known } }: Candidate,
  { connection }: Reserved
): Effect.Effect<void, Refused> => {
  const waiting = job.plan.steps.map((step) => step.migration).filter(({ id }) => !known.checksumById.has(id))
  const ask = (text: string) => Transaction.send(connection, text)
  return Effect.catchAll(job.condition({ applied: known, waiting, ask }), () => refused)
}

/** Stands between the conditions and the script. No statement of the library before it has its command tag. */
const mark = { statement: "UNLISTEN *", tag: "UNLISTEN" }

/** Whether the message itself commits: an operator needs no judge. */
const commits = ({ task }: Candidate): boolean => Option.isNone(task.job.judgement)

/** The message around the script. */
interface Parts {
  readonly before: string
  readonly after: string
}

const messageOf = Effect.fnUntraced(function* (candidate: Candidate, renew: string): Effect.fn.Return<Parts> {
  const { lock, migration, schema, task, unchanged } = candidate
  const { caller } = task.job
  const limits = lock.limits(task.job)
  const after = yield* task.judge.opening(1)
  const opening = [
    TransactionMode.begin(migration.mode),
    Message.unless("pg_catalog.current_setting('standard_conforming_strings') = 'on'"),
    `${renew}${StepMessages.conditions({ schema, limits, caller, targets: task.targets, unchanged, after })}`,
    mark.statement
  ]
  const detail = Job.runDetail(task.job, migration)
  const closing = [
    ...Closing.before(task, { migrations: [migration] }, migration),
    limits,
    Appending.appendRun(schema, { kind: "Applied", migration, detail }),
    ...(commits(candidate)
      ? [StepMessages.keeping(promises(migration)), "COMMIT"]
      : [Catalog.missing(promises(migration), "anywhere")])
  ]
  return { before: `${qualified(opening.join(";\n"))};\n`, after: `\n;\n${qualified(closing.join(";\n"))}` }
})

const apply = Effect.fnUntraced(function* (
  candidate: Candidate,
  reserved: Reserved
): Effect.fn.Return<Job.Outcome, Setback | Refused, Scope.Scope> {
  const { migration, script } = candidate
  const completed: Array<string> = []
  if (!(yield* Driver.completing(reserved.connection, (tag) => completed.push(tag)))) return yield* refused
  yield* unlessConditionFails(candidate, reserved)
  const { after, before } = yield* messageOf(candidate, reserved.renew)
  const sent = StatementSpans.around(
    Transaction.sendScript,
    {
      connection: reserved.connection,
      message: `${before}${script.text}${after}`,
      texts: script.statements.map(({ text }) => text),
      id: migration.id,
      line: Arr.headNonEmpty(script.statements).span.line
    },
    () => completed.includes(mark.tag)
  )
  return yield* Transaction.run(
    reserved.connection,
    Effect.catchAll(sent, (error) => failureOf(candidate, before, completed, error)),
    (results) => conclude(candidate, results)
  ).pipe(Effect.catchTag("SqlError", (error) => Effect.fail(atEnd(migration, error))))
})

const refused = Effect.fail<Refused>({ _tag: "Refused" })

/** The error of a privilege says less than the question which one is missing, and that needs the role. */
const failureOf = (
  { lock, migration, schema, script }: Candidate,
  before: string,
  completed: ReadonlyArray<string>,
  error: SqlError
): Effect.Effect<never, Setback | Refused> => {
  const marked = completed.indexOf(mark.tag)
  if (marked < 0 || Privileges.isDenial(error)) return refused
  const index = completed.length - marked - 1
  const statement = script.statements[index]
  if (statement !== undefined) {
    return Effect.fail(Script.at(migration, itsRole, statement.span)(ScriptText.relocate(error, script, before, index)))
  }
  const broken = Option.flatMap(Message.toldBy(error), StepMessages.readTold)
  if (Option.isSome(broken)) return Effect.zipRight(Script.keepsPromises(migration, broken.value), refused)
  const isRecorded = completed.slice(marked + 1 + script.statements.length).some((tag) => tag.startsWith("INSERT"))
  if (isRecorded) return Effect.fail(atEnd(migration, error))
  return Option.match(Closing.errorOfScript(migration, schema, error), {
    onNone: () => lock.ofMessage(`the record of migration ${migration.id}`)(error),
    onSome: Effect.fail
  })
}

/** Only the failure of a missing privilege names the role. */
const itsRole = "of the migrations"

/** The error of a `COMMIT`. */
const atEnd = (migration: Migration, error: SqlError): Setback => Script.atEndOf(migration, itsRole)(error)

const conclude = Effect.fnUntraced(function* (
  candidate: Candidate,
  results: unknown
): Effect.fn.Return<Transaction.Ending<Job.Outcome>, Setback> {
  const { migration, script, task } = candidate
  const [opening, closing] = Message.aroundScript(results, mark.tag, script.statements.length)
  if (!commits(candidate)) {
    const counts = yield* Changes.readCounts(opening)
    yield* task.judge.end({ migrations: [migration], counts }, migration, closing)
    yield* Effect.flatMap(Catalog.readMissing(closing), (missing) => Script.keepsPromises(migration, missing))
  }
  const applied = including(task.known, [migration], yield* Appending.readAppended(closing))
  yield* Metric.increment(Telemetry.applied)
  const outcome = Job.done([migration], applied)
  return commits(candidate) ? Transaction.ended(outcome) : Transaction.commit(outcome)
})
