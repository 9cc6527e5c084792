/**
 * Failures of the ledger. When the server refuses a message about the ledger, the module asks for the reason: the role
 * lacks a privilege, which a `GRANT` mends, or the ledger is not as this version of the library makes it.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as SqlState from "../core/detect/SqlState.js"
import { InsufficientPrivilege, LedgerUnusable } from "../core/error/AutoMigrationError.js"
import type { Migration } from "../core/migration/Migration.js"
import * as LockHolder from "../core/model/LockHolder.js"
import { visible } from "../core/text/Visible.js"
import * as Message from "../database/Message.js"
import { MigrationClient } from "../database/MigrationClient.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Transaction from "../database/Transaction.js"
import { AutoMigrationConfig, type Options, type SchemaName } from "../runtime/AutoMigrationConfig.js"
import * as CommandLine from "../runtime/CommandLine.js"
import * as Holders from "./Holders.js"
import * as LedgerMigrations from "./OwnMigrations.js"
import * as LedgerStatements from "./Statements.js"
import * as Trust from "./Trust.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface LedgerFailure {
  /** Fails for a message of the library that failed, because of the ledger or of the connection. */
  readonly ofMessage: (
    doing: string,
    remains?: MigrationFailure.Remains
  ) => (error: SqlError) => Effect.Effect<never, MigrationFailure.Failure>
  /** Fails for `reason`, or because a newer version of the library made the ledger. */
  readonly unusable: (reason: string, remedy?: string) => Effect.Effect<never, MigrationFailure.Failure>
  /** The failure of a message of the library that failed, without a question to the server. */
  readonly withoutAsking: (doing: string, error: SqlError) => MigrationFailure.Failure
  /** The failure for `reason`, without a question to the server. */
  readonly offhand: (reason: string, remedy?: string) => MigrationFailure.Failure
  /** Fails where a newer version of the library made the ledger. Succeeds where its log cannot be read. */
  readonly refuseNewer: Effect.Effect<void, MigrationFailure.Failure>
  /** Fails where a newer version of the library made a ledger that this version does not know, and its owners are trusted. */
  readonly refuseNewerOfOwners: Effect.Effect<void, MigrationFailure.Failure>
  /** `refuseNewer` for a log that exists. `ask` is the connection of the transaction that would complete the ledger. */
  readonly refuseNewerWithin: (ask: Message.Ask) => Effect.Effect<void, MigrationFailure.Failure>
}

interface Dependencies {
  readonly ask: Message.Ask
  readonly config: Options
  /** The ledger's own migrations. */
  readonly own: Effect.Effect<ReadonlyArray<Migration>>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<LedgerFailure, never, MigrationClient> = Effect.gen(function* () {
  const { ask } = yield* MigrationClient
  const config = yield* AutoMigrationConfig
  const own = Effect.map(LedgerMigrations.load(config.schema), ({ migrations }) => migrations)
  const dependencies: Dependencies = { ask, config, own }
  return {
    ofMessage: (doing, remains) => (error) => failForMessage(dependencies, error, doing, remains),
    unusable: (reason, remedy) => unusable(dependencies, reason, remedy),
    withoutAsking: (doing, error) =>
      Option.match(Trust.faultOf(error), {
        onNone: () => MigrationFailure.ofMessage(error, doing),
        onSome: ({ kind, reason }) =>
          unusableFor(config.schema, reason, kind === "owner" ? takeOver(config.schema) : putBack)
      }),
    offhand: (reason, remedy = restore) => unusableFor(config.schema, reason, remedy),
    refuseNewer: refuseNewer(dependencies),
    refuseNewerOfOwners: refuseNewerOfOwners(dependencies),
    refuseNewerWithin: (askWithin) => refuseNewerWithin(dependencies, askWithin)
  }
})

/**
 * SQLSTATEs of data, constraints, names and kinds of objects. The server gives them for tables that are not the
 * ledger's.
 */
const unfit = /^(?:0A|22|23|42|P0)|^55000$/

const failForMessage = (
  dependencies: Dependencies,
  error: SqlError,
  doing: string,
  remains?: MigrationFailure.Remains
): Effect.Effect<never, MigrationFailure.Failure> =>
  Option.match(SqlState.evidenceFrom(error), {
    onNone: () => Effect.fail(MigrationFailure.ofMessage(error, doing, remains)),
    onSome: ({ message, sqlState }) => {
      const fault = Trust.faultOf(error)
      if (Option.isSome(fault)) return distrusted(dependencies, fault.value)
      if (sqlState === "42501") return forbidden(dependencies, doing, message)
      if (sqlState === lockNotAvailable) return lockedOut(dependencies, error, doing, remains)
      return unfit.test(sqlState)
        ? unusable(dependencies, `${doing} failed: ${message}`)
        : Effect.fail(MigrationFailure.ofMessage(error, doing, remains))
    }
  })

const lockNotAvailable = "55P03"

/** Names the sessions that have locked a table of the ledger. */
const lockedOut = (
  dependencies: Dependencies,
  error: SqlError,
  doing: string,
  remains?: MigrationFailure.Remains
): Effect.Effect<never, MigrationFailure.Failure> =>
  Effect.flatMap(
    Holders.ofTables((question) => askWhy(dependencies, question), dependencies.config.schema),
    (holders) =>
      Effect.fail(
        MigrationFailure.ofMessage(
          error,
          doing,
          remains,
          holders.map((holder) => visible(LockHolder.render(holder, () => "")))
        )
      )
  )

const distrusted = (dependencies: Dependencies, { kind, reason }: Trust.Fault) => {
  const { schema } = dependencies.config
  return kind === "owner"
    ? Effect.fail(unusableFor(schema, reason, takeOver(schema)))
    : Effect.zipRight(refuseNewerOfOwners(dependencies), Effect.fail(unusableFor(schema, reason, putBack)))
}

/** Reads the log only where that runs no foreign code. */
const refuseNewerOfOwners = (dependencies: Dependencies): Effect.Effect<void, MigrationFailure.Failure> =>
  Effect.flatMap(dependencies.own, (own) => askWhy(dependencies, Trust.readable(dependencies.config, own))).pipe(
    Effect.flatMap(Trust.readReadable),
    Effect.orElseSucceed(() => false),
    Effect.flatMap((isReadable) => (isReadable ? refuseNewer(dependencies) : Effect.void))
  )

/** The remedy is a statement that the ledger's owner can run without changes. */
const forbidden = (
  dependencies: Dependencies,
  doing: string,
  reason: string
): Effect.Effect<never, MigrationFailure.Failure> => {
  const { schema } = dependencies.config
  return askWhy(dependencies, LedgerStatements.identity(schema)).pipe(
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
        MigrationFailure.circumstance(({ asked }) => new InsufficientPrivilege({ ...known, doing, reason, ...asked }))
      )
    )
  )
}

const askWhy = ({ ask, config }: Dependencies, question: string): Effect.Effect<Message.Columns, SqlError> =>
  Effect.map(Transaction.askWhy(ask, Message.briefly(config, question)), Message.columnsOf)

const restore = "Restore its tables, or choose another schema in AutoMigrationConfig."

const putBack = "Find out which role has changed it, and put it back, or choose another schema in AutoMigrationConfig."

const takeOver = (schema: SchemaName): string =>
  `If that role is known to own the ledger, run as that role, or name it as ledgerOwner in AutoMigrationConfig (--ledger-owner). Else find out who made it: give it to a role that this one trusts (ALTER SCHEMA "${schema}" OWNER TO …, and its tables and functions alike), or choose another schema in AutoMigrationConfig.`

const update =
  "Update effect-auto-migration in this program; until then it works as long as nothing is missing from its schema."

/** The remedy where the log and its projection do not agree. @since 0.1.0 @category rendering */
export const rebuild = (commands: CommandLine.Setting): string =>
  `Find out who changed it, look at the events, and run \`${CommandLine.command(commands, "rebuild")}\`, which makes the applied set anew from the log.`

const unusable = (
  dependencies: Dependencies,
  reason: string,
  remedy = restore
): Effect.Effect<never, MigrationFailure.Failure> =>
  Effect.zipRight(refuseNewer(dependencies), Effect.fail(unusableFor(dependencies.config.schema, reason, remedy)))

const refuseNewer = (dependencies: Dependencies): Effect.Effect<void, MigrationFailure.Failure> =>
  Effect.flatMap(loggedIds(dependencies), (ids) => refuseUnknown(dependencies.config.schema, ids))

/** None where the log cannot be read. */
const loggedIds = (dependencies: Dependencies): Effect.Effect<ReadonlyArray<string>> =>
  askWhy(dependencies, LedgerStatements.ownIds(dependencies.config.schema)).pipe(
    Effect.flatMap(LedgerStatements.readOwnIds),
    Effect.orElseSucceed(() => [])
  )

const refuseNewerWithin = (
  dependencies: Dependencies,
  ask: Message.Ask
): Effect.Effect<void, MigrationFailure.Failure> => {
  const { schema } = dependencies.config
  return Effect.matchEffect(ask(LedgerStatements.ownIds(schema)), {
    onFailure: (error) => failForMessage(dependencies, error, "a read of the ledger's log"),
    onSuccess: (results) =>
      Effect.flatMap(LedgerStatements.readOwnIds(Message.columnsOf(results)), (ids) => refuseUnknown(schema, ids))
  })
}

const refuseUnknown = (
  schema: SchemaName,
  ids: ReadonlyArray<string>
): Effect.Effect<void, MigrationFailure.Failure> => {
  const newer = ids.filter((id) => !LedgerMigrations.ids.some((own) => own === id) && !LedgerMigrations.isAdoption(id))
  return newer.length === 0
    ? Effect.void
    : Effect.fail(unusableFor(schema, `a newer version of the library made it (${newer.join(", ")})`, update))
}

const unusableFor = (schema: SchemaName, reason: string, remedy: string): MigrationFailure.Failure =>
  MigrationFailure.circumstance(({ asked }) => new LedgerUnusable({ schema, reason, remedy, ...asked }))
