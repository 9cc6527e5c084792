/**
 * One migration: its id, its script, its footprint, and the checksum that shows later edits.
 *
 * @since 0.1.0
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { Effect } from "effect/Effect"
import * as Option from "effect/Option"
import * as Ordering from "effect/Order"
import { contentsOf } from "../catalog/KnownExtensions.js"
import type { Directives, Requirement } from "../file/Directive.js"
import * as TransactionMode from "../file/TransactionMode.js"
import { MigrationId, Order, RecordedId } from "../model/MigrationId.js"
import type { Risk, RiskKind } from "../model/Risk.js"
import * as SchemaObject from "../model/SchemaObject.js"
import { type Checksum, make as checksumFrom, type Digest } from "../text/Checksum.js"
import type { Footprint, StatementSpan } from "./Footprint.js"

export type { Checksum, Digest, Directives, Footprint, Requirement }
export { MigrationId, Order, RecordedId }

/** The SQL or the Effect that runs. @since 0.1.0 @category models */
export type Script =
  | { readonly _tag: "Sql"; readonly text: string }
  | { readonly _tag: "Effect"; readonly effect: Effect<unknown, unknown, SqlClient> }

/**
 * @since 0.1.0
 * @category models
 */
export interface Migration {
  readonly id: MigrationId
  /** A file's path, or a label such as `record:002_users`. Error messages name it. */
  readonly source: string
  readonly script: Script
  readonly checksum: Checksum
  /** The ids that `-- requires:` names, and their lines. */
  readonly requires: ReadonlyArray<Requirement>
  /** Kinds of risk that `-- accept:` consents to, for this migration only. */
  readonly accepts: ReadonlyArray<RiskKind>
  /** The objects that `-- provides:` promises. They are in `footprint.provides` as well. */
  readonly declares: ReadonlyArray<SchemaObject.SchemaObject>
  /** `"none"` for `-- transaction: none`, and for SQL with a statement that cannot run inside a transaction block. */
  readonly transaction: "own" | "none"
  /** The modes that the script asks for. */
  readonly mode: TransactionMode.TransactionMode
  readonly footprint: Footprint
  /** Its place in the order of its source. Migrations with the same place are ordered by id. */
  readonly position: number
  /** Whether an edit after it was applied makes it due again, for an operator only: Flyway's `R`. */
  readonly isRepeatable: boolean
}

/** By the order of their source, then by id. @since 0.1.0 @category instances */
export const byPosition: Ordering.Order<Migration> = Ordering.combine(
  Ordering.mapInput(Ordering.number, (migration: Migration) => migration.position),
  Ordering.mapInput(Order, (migration: Migration) => migration.id)
)

/**
 * A migration from the parts that a source knows. The script runs in the transaction that also records its event. So a `BEGIN` and
 * a `COMMIT` around the whole script, as Sqitch writes them, are left out, and so are the statements at its beginning that set
 * modes of the transaction, which begins with these modes. An Effect always runs in that transaction: it has no statements, so an
 * interrupted one could not continue.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({
  covered,
  declares,
  digest,
  directives,
  footprint: inferred,
  id,
  isRepeatable = false,
  position = 0,
  script,
  source
}: {
  readonly id: MigrationId
  readonly source: string
  readonly script: Script
  readonly directives: Directives
  readonly declares: ReadonlyArray<SchemaObject.SchemaObject>
  readonly footprint: Footprint
  readonly digest: Digest
  /** The text that the checksum covers. Defaults to the script's text. */
  readonly covered?: string | undefined
  /** Defaults to 0. */
  readonly position?: number
  /** Defaults to `false`. */
  readonly isRepeatable?: boolean
}): Migration => {
  const { footprint, mode } =
    script._tag === "Sql" && directives.transaction === "own"
      ? inOneTransaction(inferred, script.text)
      : { footprint: inferred, mode: TransactionMode.unstated }
  const isOutside =
    script._tag === "Sql" &&
    (directives.transaction === "none" || footprint.statements.some((statement) => !statement.transactional))
  return {
    id,
    source,
    script,
    checksum: checksumFrom(covered ?? (script._tag === "Sql" ? script.text : declarationText(id, directives)), digest),
    requires: directives.requires,
    accepts: directives.accepts,
    declares,
    transaction: isOutside ? "none" : "own",
    mode,
    footprint,
    position,
    isRepeatable
  }
}

/**
 * Whether a script begins or ends transactions itself, other than one around the whole script: its `COMMIT` would end a transaction
 * around it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const controlsTransactions = ({ footprint, script }: Migration): boolean =>
  script._tag === "Sql" &&
  footprint.statements
    .map((statement) => script.text.slice(statement.start, statement.end))
    .some((sql) => transactionControl.test(sql) && !savepointControl.test(sql))

/**
 * The risks of the statements, and those of the whole migration: an Effect is opaque, and `-- transaction: none` is not
 * transactional with any statements.
 *
 * @since 0.1.0
 * @category queries
 */
export const risks = ({ footprint, script, transaction }: Migration): ReadonlyArray<Risk> => {
  const has = (kind: RiskKind) => footprint.risks.some((risk) => risk.kind === kind)
  const whole = (kind: RiskKind, statement: string): Risk => ({
    kind,
    relation: Option.none(),
    declared: Option.none(),
    isOfRows: false,
    reach: "path",
    lock: "ACCESS EXCLUSIVE",
    start: 0,
    line: 1,
    statement
  })
  return [
    ...footprint.risks,
    ...(transaction === "none" && !has("not-transactional")
      ? [whole("not-transactional", "-- transaction: none")]
      : []),
    ...(script._tag === "Effect" && !has("opaque") ? [whole("opaque", "an Effect")] : [])
  ]
}

/**
 * The objects that must be in the catalog after a migration: those that it declares, and those that its SQL provides if all of it
 * is certain to run. An extension is a promise, but its contents are not: they depend on the version that the server has.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Migration, MigrationSource, SchemaObject, SqlParser } from "effect-auto-migration"
 * import { Effect, Layer } from "effect"
 *
 * const source = MigrationSource.layerRecord({ "001_users": "CREATE TABLE users (id integer)" })
 *
 * const [users] = await Effect.runPromise(
 *   Effect.provide(MigrationSource.loadMigrations, Layer.merge(source, SqlParser.layer))
 * )
 *
 * assert.ok(users)
 * assert.equal(users.id, "001_users")
 * assert.ok(Migration.promises(users).map(SchemaObject.render).includes("relation users"))
 * ```
 *
 * @since 0.1.0
 * @category queries
 */
export const promises = ({ declares, footprint }: Migration): ReadonlyArray<SchemaObject.SchemaObject> => {
  if (!footprint.isCertain) return declares
  const objects = footprint.provides.filter(({ _tag }) => _tag !== "Relaxation")
  const brought = new Set(objects.flatMap(broughtBy))
  return brought.size === 0
    ? objects
    : objects.filter((object) => declares.includes(object) || !brought.has(bareKey(object)))
}

const broughtBy = (object: SchemaObject.SchemaObject): ReadonlyArray<string> =>
  object._tag === "Extension"
    ? contentsOf(object.name, undefined).objects.flatMap((one) => (one._tag === "Extension" ? [] : [bareKey(one)]))
    : []

/** A key without the schema: the statement that creates an extension chooses the schema of its objects. */
const bareKey = (object: SchemaObject.SchemaObject): string =>
  SchemaObject.key("schema" in object ? { ...object, schema: Option.none() } : object)

/**
 * Whether a migration may write rows of any table: it runs code that is not understood, and declares no objects. A statement that is
 * not understood but runs no code, such as `GRANT … ON ALL TABLES`, writes no rows.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayWriteAnything = ({ declares, footprint, script }: Migration): boolean =>
  declares.length === 0 && (script._tag === "Effect" || footprint.runsUnknownCode)

/** The text that the checksum of an Effect covers: its declaration. */
const declarationText = (id: MigrationId, { provides, requires }: Directives): string =>
  ["effect", id, ...provides.map((promised) => promised.text), ...requires.map((requirement) => requirement.id)].join(
    "\n"
  )

/** PostgreSQL manual, part VI: the commands BEGIN to SAVEPOINT, and their synonyms. */
const transactionControl =
  /^(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b/i

/** Commands about savepoints, which neither begin nor end a transaction. */
const savepointControl = /^(?:savepoint|release|rollback\s+(?:(?:work|transaction)\s+)?to)\b/i

const plainCommit = /^(?:commit|end)(?:\s+(?:work|transaction))?$/i

interface InOneTransaction {
  readonly footprint: Footprint
  readonly mode: TransactionMode.TransactionMode
}

/** Leaves out the statements that only begin, end or set the one transaction that the whole script can run in. */
const inOneTransaction = (footprint: Footprint, text: string): InOneTransaction => {
  const sqlOf = ({ end, start }: StatementSpan) => text.slice(start, end)
  const wrapped = insideOf(footprint.statements, sqlOf)
  const statements = wrapped?.statements ?? footprint.statements
  if (statements.some((statement) => !statement.transactional)) {
    return { footprint, mode: TransactionMode.unstated }
  }
  let mode = wrapped?.mode ?? TransactionMode.unstated
  let isBefore = true
  const left = statements.filter((statement) => {
    const sql = sqlOf(statement)
    isBefore &&= TransactionMode.isBeforeQueries(sql)
    if (!isBefore) return true
    const set = TransactionMode.ofSetting(sql)
    mode = { ...mode, ...(set ?? (wrapped === undefined ? TransactionMode.ofDefault(sql) : undefined)) }
    return set === undefined
  })
  return {
    mode,
    footprint: left.length === footprint.statements.length ? footprint : { ...footprint, statements: left }
  }
}

/** The statements between one `BEGIN` and the `COMMIT` at the end. One that cannot run in a transaction fails in any case. */
const insideOf = (statements: ReadonlyArray<StatementSpan>, sqlOf: (statement: StatementSpan) => string) => {
  const [first, ...rest] = statements
  const [last, ...inner] = rest.toReversed()
  if (first === undefined || last === undefined || !plainCommit.test(sqlOf(last))) return undefined
  const mode = TransactionMode.ofBegin(sqlOf(first))
  return mode !== undefined &&
    inner.map(sqlOf).every((sql) => !transactionControl.test(sql) || savepointControl.test(sql))
    ? { mode, statements: inner.reverse().map((statement) => ({ ...statement, transactional: true })) }
    : undefined
}
