/**
 * The command line of an operator. The library's own errors name its commands.
 *
 * @since 0.1.0
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as AutoMigration from "../AutoMigration.js"
import type { AdoptionError, AutoMigrationError, UnknownMigration } from "../core/error/AutoMigrationError.js"
import * as Plan from "../core/graph/Plan.js"
import * as LedgerEvent from "../core/migration/LedgerEvent.js"
import * as MigrationWarning from "../core/migration/MigrationWarning.js"
import { visible, visibleName } from "../core/text/Visible.js"
import type * as Operator from "../operate/Operator.js"
import * as AutoMigrationConfig from "../runtime/AutoMigrationConfig.js"
import * as MigrationSource from "../source/MigrationSource.js"
import * as Adopt from "./Adopt.js"
import * as Invocation from "./Invocation.js"
import * as Migrate from "./Migrate.js"
import type { Terminal } from "./Terminal.js"

const list = (ids: ReadonlyArray<string>): string => (ids.length === 0 ? "none" : ids.join(", "))

const migrate = (
  { command, ids, options, schema }: Invocation.Invocation & { readonly command: Migrate.MigrateOptions["command"] },
  terminal: Option.Option<Terminal>
) =>
  Effect.flatMap(
    Migrate.run({ command, ids, schema, terminal, yes: options.yes, acceptsDataLoss: options.acceptsDataLoss }),
    Option.match({
      onNone: () => Effect.as(Console.log("Nothing was applied."), 1),
      onSome: (applied) => Effect.as(Console.log(`applied  ${list(applied)}`), 0)
    })
  )

/**
 * A line for each migration that has a new name, with the command that records it, and for each table of another tool.
 */
const notes = (
  schema: AutoMigrationConfig.SchemaName,
  { elsewhere, renamed }: Pick<Operator.Status, "elsewhere" | "renamed">
): ReadonlyArray<string> => [
  ...renamed.map(
    ({ from, to }) =>
      `renamed  ${from} is ${to} now: ${Plan.commandFor("rename", [from, to])}${AutoMigrationConfig.commandSuffix(schema)}`
  ),
  ...elsewhere.map(Adopt.renderHistory)
]

const status = ({ schema }: Invocation.Invocation) =>
  Effect.map(
    AutoMigration.status,
    (now): ReadonlyArray<string> => [
      `applied  ${list(now.applied)}`,
      `pending  ${list(now.pending)}`,
      `unknown  ${list(now.unknown)}`,
      `edited   ${list(now.edited)}`,
      ...notes(schema, now),
      ...now.held.map((holder) => `held     ${holder}`),
      ...now.warnings.map((warning) => `warning  ${MigrationWarning.render(warning)}`)
    ]
  )

const plan = ({ schema }: Invocation.Invocation) =>
  Effect.zipWith(
    AutoMigration.plan,
    AutoMigration.status,
    (pending, now): ReadonlyArray<string> => [
      Option.match(pending, { onNone: () => "nothing is pending", onSome: Plan.render }),
      ...notes(schema, now)
    ]
  )

const print = <E, R>(lines: Effect.Effect<ReadonlyArray<string>, E, R>): Effect.Effect<number, E, R> =>
  Effect.flatMap(lines, (all) => Effect.as(Console.log(all.join("\n")), 0))

const verify = ({ schema }: Invocation.Invocation) =>
  Effect.flatMap(
    AutoMigration.verify,
    Either.match({
      onLeft: (broken) => Effect.as(Console.error(renderBroken(broken)), 1),
      onRight: ({ hash, sequence }) =>
        Effect.zipWith(unreadable, oldMessages(schema), (strange, old) => [
          `${sequence} events, head ${hash}`,
          ...strange,
          ...old
        ]).pipe(print)
    })
  )

/** Events that a writer of the ledger recorded under an id that no migration can have. */
const unreadable = Effect.map(
  Stream.runCollect(Stream.filter(AutoMigration.events, LedgerEvent.isUnreadable)),
  (events): ReadonlyArray<string> =>
    Array.from(
      events,
      ({ migrationId, recordedBy, sequence }) =>
        `event ${sequence}, by role ${recordedBy}, has an id that no migration can have: "${visibleName(migrationId)}"`
    )
)

/** Events of versions that recorded the messages of the server as they were. */
const oldMessages = (schema: AutoMigrationConfig.SchemaName) =>
  Effect.map(
    Stream.runCount(Stream.filter(AutoMigration.events, LedgerEvent.mayHoldData)),
    (count): ReadonlyArray<string> =>
      count === 0
        ? []
        : [
            `${count === 1 ? "1 event holds a message" : `${count} events hold messages`} of the server as an earlier version ` +
              "recorded it, which may quote rows. To find them:",
            `SELECT sequence, migration_id, detail FROM "${schema}".event WHERE kind = 'Failed' AND detail ? 'reason'`
          ]
  )

const renderBroken = ({ migrationId, reason, sequence }: LedgerEvent.BrokenLink): string =>
  reason === "projection"
    ? `the applied set is not the one of the events up to ${sequence}${migrationId === undefined ? "" : `, first at ${migrationId}`}`
    : `event ${sequence} does not fit: ${reason}`

const rebuild = print(Effect.as(AutoMigration.rebuild, ["rebuilt  the applied set"]))

const baseline = ({ ids, options: { all, to, unchecked } }: Invocation.Invocation) => {
  const upTo = Option.map(Option.fromNullable(to), (id) => AutoMigration.baselineTo(id, { unchecked }))
  const recorded = all
    ? AutoMigration.baselineAll({ unchecked })
    : Option.getOrElse(upTo, () => AutoMigration.baseline(ids, { unchecked }))
  return print(Effect.map(recorded, (done) => [`recorded ${list(done)}`]))
}

const rename = ({ ids: [from = "", to = ""] }: Invocation.Invocation) =>
  print(Effect.as(AutoMigration.rename(from, to), [`renamed  ${from} to ${to}`]))

const release = ({ ids: [id = ""] }: Invocation.Invocation) =>
  Effect.flatMap(AutoMigration.release(id), (isReleased) =>
    isReleased
      ? Effect.as(Console.log(`released ${id}`), 0)
      : Effect.as(Console.error(`${id} has no lease whose holder is gone. Ask for the status to see who holds it.`), 1)
  )

const execute = (
  invocation: Invocation.Invocation,
  terminal: Option.Option<Terminal>
): Effect.Effect<
  number,
  AutoMigrationError | AdoptionError | UnknownMigration | Migrate.DataLossNotAccepted,
  AutoMigration.AutoMigration
> => {
  const { command } = invocation
  switch (command) {
    case "migrate":
    case "again":
      return migrate({ ...invocation, command }, terminal)
    case "baseline":
      return baseline(invocation)
    case "adopt":
      return Adopt.run(invocation, terminal)
    case "rename":
      return rename(invocation)
    case "release":
      return release(invocation)
    case "plan":
      return print(plan(invocation))
    case "status":
      return print(status(invocation))
    case "verify":
      return verify(invocation)
    case "rebuild":
      return rebuild
  }
}

const services = ({ folder, ledgerOwner, options: { order }, schema, url }: Invocation.Invocation) =>
  AutoMigration.AutoMigrationLive.pipe(
    Layer.provide(MigrationSource.layerDirectory(folder, order === undefined ? {} : { order })),
    Layer.provide(AutoMigrationConfig.layer({ schema, ledgerOwner })),
    Layer.provide(PgClient.layer({ url: Redacted.make(url) }))
  )

/**
 * Runs a command and gives the process's exit code: 0 for success, 1 for a failure or a no at the terminal, 2 for words
 * that are no command. Prints the error. Asks no question without a terminal.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  words: ReadonlyArray<string>,
  environment: Readonly<Record<string, string | undefined>>,
  terminal: Option.Option<Terminal> = Option.none()
): Effect.Effect<number> =>
  withVisibleConsole(
    Invocation.parse(words, environment).pipe(
      Effect.flatMap(
        Option.match({
          onNone: () => Effect.as(Console.log(Invocation.usage), 0),
          onSome: (invocation) => Effect.provide(execute(invocation, terminal), services(invocation))
        })
      ),
      Effect.catchTag("SqlError", (error) => Effect.as(Console.error(`${error.message}: ${error.cause}`), 1)),
      Effect.catchAll((error) => Effect.as(Console.error(error.message), error._tag === "UsageError" ? 2 : 1))
    )
  )

/** Prints no character that a terminal obeys: names of files, rows and other tools' tables may hold some. */
const withVisibleConsole = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Console.consoleWith(({ unsafe: direct, ...console }) =>
    Console.withConsole(effect, {
      ...console,
      log: (...lines) => console.log(...lines.map(visibly)),
      error: (...lines) => console.error(...lines.map(visibly)),
      unsafe: { ...direct, log: (...lines: ReadonlyArray<unknown>) => direct.log(...lines.map(visibly)) }
    })
  )

const visibly = (line: unknown): string => visible(String(line))
