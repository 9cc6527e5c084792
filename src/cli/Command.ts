/**
 * The command line: what an operator types, and what the library's own errors tell them to type.
 *
 * ```
 * effect-auto-migration migrate [ids]    apply everything pending, or these migrations and what they wait for
 * effect-auto-migration plan             say what migrate would apply
 * effect-auto-migration status           say what is applied, pending, unknown and edited
 * effect-auto-migration again ids        apply them, and run once more what an interrupted attempt left in doubt
 * effect-auto-migration baseline ids     record these as applied without running them
 * effect-auto-migration adopt            record what another tool has applied, or with --probe what is there
 * effect-auto-migration verify           follow the ledger's hash chain
 * ```
 *
 * The arguments are read by Node's own `parseArgs`, so that the command needs nothing that the library does not.
 *
 * @since 0.1.0
 */
import { parseArgs } from "node:util"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as AutoMigration from "../AutoMigration.js"
import * as AutoMigrationConfig from "../AutoMigrationConfig.js"
import type { AdoptionError, AutoMigrationError, UnknownMigration } from "../core/AutoMigrationError.js"
import * as MigrationWarning from "../core/MigrationWarning.js"
import * as Plan from "../core/Plan.js"
import * as MigrationSource from "../MigrationSource.js"
import * as Adopt from "./Adopt.js"

const usage = `Usage: effect-auto-migration <command> [ids] [options]

Commands
  migrate [ids]   apply everything that is pending, or these migrations and what they wait for
  plan            say what migrate would apply
  status          say what is applied, pending, unknown and edited
  again ids       apply these migrations, and run once more what an interrupted attempt left in doubt
  baseline ids    record these migrations as applied without running them
  adopt           say what another tool's table records as applied, and with --yes record it
  verify          follow the ledger's hash chain

Options
  --folder PATH   the folder of migrations (default: migrations)
  --url URL       the database (default: the environment's DATABASE_URL)
  --schema NAME   the ledger's schema (default: AUTO_MIGRATION_SCHEMA, or auto_migration)

${Adopt.usage}`

/** The arguments make no sense. */
class UsageError extends Schema.TaggedError<UsageError>("effect-auto-migration/UsageError")("UsageError", {
  reason: Schema.String
}) {
  override get message() {
    return `${this.reason}\n\n${usage}`
  }
}

interface Invocation {
  readonly command: string
  readonly ids: ReadonlyArray<string>
  readonly folder: string
  readonly url: string
  readonly schema: AutoMigrationConfig.SchemaName
  readonly adopt: Adopt.Words
}

const takesIds = ["migrate", "again", "baseline"]

const needsIds = ["again", "baseline"]

const parse = (
  words: ReadonlyArray<string>,
  environment: Readonly<Record<string, string | undefined>>
): Either.Either<Invocation, UsageError> =>
  Either.gen(function* () {
    const { positionals, values } = yield* Either.try({
      try: () =>
        parseArgs({
          args: [...words],
          allowPositionals: true,
          options: { folder: { type: "string" }, url: { type: "string" }, schema: { type: "string" }, ...Adopt.options }
        }),
      catch: (error) => new UsageError({ reason: error instanceof Error ? error.message : String(error) })
    })
    const [command, ...ids] = positionals
    if (command === undefined) return yield* Either.left(new UsageError({ reason: "No command is given." }))
    const url = values.url ?? environment["DATABASE_URL"]
    if (url === undefined || url === "") {
      return yield* Either.left(new UsageError({ reason: "No database is named: give --url, or set DATABASE_URL." }))
    }
    const schema = yield* Either.mapLeft(
      Schema.decodeUnknownEither(AutoMigrationConfig.SchemaName)(
        values.schema ?? environment["AUTO_MIGRATION_SCHEMA"] ?? AutoMigrationConfig.defaults.schema
      ),
      () => new UsageError({ reason: `"${values.schema}" is not a schema's name of letters, digits and underscores.` })
    )
    if (ids.length > 0 && !takesIds.includes(command)) {
      return yield* Either.left(new UsageError({ reason: `"${command}" takes no ids: ${ids.join(", ")}.` }))
    }
    if (ids.length === 0 && needsIds.includes(command)) {
      return yield* Either.left(new UsageError({ reason: `No ids are given to ${command}.` }))
    }
    const adopt = yield* Either.mapLeft(Adopt.read(command, values), (reason) => new UsageError({ reason }))
    return { command, ids, folder: values.folder ?? "migrations", url, schema, adopt }
  })

const list = (ids: ReadonlyArray<string>): string => (ids.length === 0 ? "none" : ids.join(", "))

const applied = (ids: ReadonlyArray<string>) => Effect.as(Console.log(`applied  ${list(ids)}`), 0)

const status = Effect.flatMap(AutoMigration.status, ({ applied, edited, elsewhere, pending, unknown, warnings }) =>
  Console.log(
    [
      `applied  ${list(applied)}`,
      `pending  ${list(pending)}`,
      `unknown  ${list(unknown)}`,
      `edited   ${list(edited)}`,
      ...warnings.map((warning) => `warning  ${MigrationWarning.render(warning)}`),
      ...elsewhere.map((history) => `elsewhere ${Adopt.renderHistory(history)}`)
    ].join("\n")
  )
)

/** Where another tool has migrated the database, `migrate` refuses what this says. */
const plan = Effect.flatMap(Effect.zip(AutoMigration.plan, AutoMigration.status), ([pending, { elsewhere }]) =>
  Console.log(
    [
      Option.match(pending, { onNone: () => "nothing is pending", onSome: Plan.render }),
      ...elsewhere.map((history) => `elsewhere ${Adopt.renderHistory(history)}`)
    ].join("\n")
  )
)

const verify = Effect.flatMap(
  AutoMigration.verify,
  Either.match({
    onLeft: ({ reason, sequence }) => Effect.as(Console.error(`event ${sequence} does not fit: ${reason}`), 1),
    onRight: ({ hash, sequence }) => Effect.as(Console.log(`${sequence} events, head ${hash}`), 0)
  })
)

const execute = ({
  adopt,
  command,
  ids,
  schema
}: Invocation): Effect.Effect<
  number,
  AutoMigrationError | AdoptionError | UnknownMigration | UsageError,
  AutoMigration.AutoMigration
> => {
  switch (command) {
    case "migrate":
      return Effect.flatMap(ids.length === 0 ? AutoMigration.migrate : AutoMigration.migrateTo(ids), applied)
    case "again":
      return Effect.flatMap(AutoMigration.migrateAgain(ids), applied)
    case "baseline":
      return Effect.flatMap(AutoMigration.baseline(ids), (recorded) =>
        Effect.as(Console.log(`recorded ${list(recorded)}`), 0)
      )
    case "adopt":
      return Adopt.run(adopt, schema)
    case "plan":
      return Effect.as(plan, 0)
    case "status":
      return Effect.as(status, 0)
    case "verify":
      return verify
    default:
      return Effect.fail(new UsageError({ reason: `There is no command "${command}".` }))
  }
}

const services = ({ folder, schema, url }: Invocation) =>
  AutoMigration.AutoMigrationLive.pipe(
    Layer.provide(MigrationSource.layerDirectory(folder)),
    Layer.provide(AutoMigrationConfig.layer({ schema })),
    Layer.provide(PgClient.layer({ url: Redacted.make(url) }))
  )

/**
 * Runs a command; the number is the process's exit code: 0 when it did what it says, 1 when it could not, 2 when the words
 * made no sense. What went wrong is printed.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  words: ReadonlyArray<string>,
  environment: Readonly<Record<string, string | undefined>>
): Effect.Effect<number> =>
  parse(words, environment).pipe(
    Effect.flatMap((invocation) => Effect.provide(execute(invocation), services(invocation))),
    Effect.catchTag("SqlError", (error) => Effect.as(Console.error(`${error.message}: ${error.cause}`), 1)),
    Effect.catchAll((error) => Effect.as(Console.error(error.message), error._tag === "UsageError" ? 2 : 1))
  )
