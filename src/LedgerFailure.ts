/**
 * What is wrong with a ledger that does not answer, or answers something else: who may not read it and what would let them, or
 * that it is not as this version of the library makes it. Asked of the server when something has failed already, and never before.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { AutoMigrationConfig } from "./AutoMigrationConfig.js"
import { InsufficientPrivilege, LedgerUnusable } from "./core/AutoMigrationError.js"
import * as SqlState from "./core/SqlState.js"
import * as LedgerMigrations from "./LedgerMigrations.js"
import * as LedgerStatements from "./LedgerStatements.js"
import * as Message from "./Message.js"
import { MigrationClient } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import * as Transaction from "./Transaction.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface LedgerFailure {
  /** A message of the library itself failed: about the ledger, or on the way to it. */
  readonly ofMessage: (
    doing: string,
    remains?: MigrationFailure.Remains
  ) => (error: SqlError) => Effect.Effect<never, MigrationFailure.Failure>
  /** The ledger is not as it should be; where a newer version made it so, that is the reason. */
  readonly unusable: (reason: string) => Effect.Effect<never, MigrationFailure.Failure>
  /** The same without asking the server. */
  readonly offhand: (reason: string) => MigrationFailure.Failure
  /** Fails where a newer version of the library has been at work. Nothing is known of a ledger whose log cannot be read. */
  readonly refuseNewer: Effect.Effect<void, MigrationFailure.Failure>
  /** The same for a log that is there; `ask` may be that of the transaction that would complete the ledger. */
  readonly refuseNewerWithin: (
    ask: (text: string) => Effect.Effect<unknown, SqlError>
  ) => Effect.Effect<void, MigrationFailure.Failure>
}

/** Data, constraints, names, and objects of another kind: what the server says of tables that are not the ledger's. */
const unfit = /^(?:0A|22|23|42|P0)|^55000$/

const restore = "Restore its tables, or choose another schema in AutoMigrationConfig."

const update =
  "Update effect-auto-migration in this program; until then it works as long as nothing is missing from its schema."

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<LedgerFailure, never, MigrationClient> = Effect.gen(function* () {
  const config = yield* AutoMigrationConfig
  const { schema } = config
  const { ask } = yield* MigrationClient
  const columns = (question: string) =>
    Effect.map(Transaction.askWhy(ask, Message.briefly(config, question)), Message.columnsOf)

  const failure = (reason: string, remedy: string): MigrationFailure.Failure =>
    MigrationFailure.circumstance(({ cause }) => new LedgerUnusable({ schema, reason, remedy, cause }))

  const refuseUnknown = (ids: ReadonlyArray<string>) => {
    const newer = ids.filter((id) => !LedgerMigrations.ids.includes(id) && !LedgerMigrations.isAdoption(id))
    return newer.length === 0
      ? Effect.void
      : Effect.fail(failure(`a newer version of the library made it (${newer.join(", ")})`, update))
  }

  const ownIds = LedgerStatements.ownIds(schema)

  const refuseNewer = columns(ownIds).pipe(
    Effect.flatMap(LedgerStatements.readOwnIds),
    Effect.catchAll(() => Effect.succeed<ReadonlyArray<string>>([])),
    Effect.flatMap(refuseUnknown)
  )

  const unusable = (reason: string) => Effect.zipRight(refuseNewer, Effect.fail(failure(reason, restore)))

  /** The remedy is one that an owner can run as it stands. */
  const forbidden = (doing: string, reason: string) =>
    columns(LedgerStatements.identity(schema)).pipe(
      Effect.flatMap(LedgerStatements.readIdentity),
      Effect.map(({ isBuilt, role }) => ({
        role,
        remedy: isBuilt ? LedgerStatements.writerGrant(schema, role) : LedgerStatements.builderGrant(schema, role)
      })),
      Effect.catchAll(() =>
        Effect.succeed({ role: null, remedy: LedgerStatements.writerGrant(schema, "the role of the migrations") })
      ),
      Effect.flatMap((known) =>
        Effect.fail(
          MigrationFailure.circumstance(({ cause }) => new InsufficientPrivilege({ ...known, doing, reason, cause }))
        )
      )
    )

  const ofMessage = (doing: string, remains?: MigrationFailure.Remains) => (error: SqlError) =>
    Option.match(SqlState.evidenceFrom(error), {
      onNone: () => Effect.fail(MigrationFailure.ofMessage(error, doing, remains)),
      onSome: ({ message, sqlState }) => {
        if (sqlState === "42501") return forbidden(doing, message)
        return unfit.test(sqlState)
          ? unusable(`${doing} failed: ${message}`)
          : Effect.fail(MigrationFailure.ofMessage(error, doing, remains))
      }
    })

  return {
    offhand: (reason) => failure(reason, restore),
    refuseNewer,
    refuseNewerWithin: (askOn) =>
      Effect.matchEffect(askOn(ownIds), {
        onFailure: ofMessage("a read of the ledger's log"),
        onSuccess: (results) => Effect.flatMap(LedgerStatements.readOwnIds(Message.columnsOf(results)), refuseUnknown)
      }),
    unusable,
    ofMessage
  }
})
