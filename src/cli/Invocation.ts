/**
 * The words of a command, read by Node's own `parseArgs`, so that the command needs no further package.
 *
 * @since 0.1.0
 */
import { parseArgs } from "node:util"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { MisfitKind } from "../core/adoption/Adoption.js"
import * as AutoMigrationConfig from "../runtime/AutoMigrationConfig.js"

/** Options that only some commands take, as `parseArgs` wants them. */
const commandOptions = {
  accept: { type: "string", multiple: true },
  all: { type: "boolean" },
  probe: { type: "boolean" },
  table: { type: "string" },
  to: { type: "string" },
  unchecked: { type: "boolean" },
  yes: { type: "boolean" }
} as const

interface Command {
  /** The command as an operator types it. */
  readonly form: string
  readonly does: string
  readonly minIds: number
  readonly maxIds: number
  readonly options: ReadonlyArray<keyof typeof commandOptions>
}

const many = Number.POSITIVE_INFINITY

const commands = {
  migrate: {
    form: "migrate [ids]",
    does: "apply all pending migrations, or these and their ancestors",
    minIds: 0,
    maxIds: many,
    options: ["accept", "yes"]
  },
  plan: { form: "plan", does: "show what migrate would apply, and its risks", minIds: 0, maxIds: 0, options: [] },
  status: {
    form: "status",
    does: "list what is applied, pending, unknown, edited and renamed",
    minIds: 0,
    maxIds: 0,
    options: []
  },
  again: {
    form: "again ids",
    does: "apply these migrations, and run a statement again that an attempt left in doubt",
    minIds: 1,
    maxIds: many,
    options: ["accept", "yes"]
  },
  baseline: {
    form: "baseline ids",
    does: "record these migrations as applied without running them; their objects must exist",
    minIds: 1,
    maxIds: many,
    options: ["all", "to", "unchecked"]
  },
  adopt: {
    form: "adopt",
    does: "show what another tool's table records as applied, and record it after a yes",
    minIds: 0,
    maxIds: 0,
    options: ["accept", "probe", "table", "yes"]
  },
  rename: {
    form: "rename old new",
    does: "record the new id of an applied migration whose file was renamed",
    minIds: 2,
    maxIds: 2,
    options: []
  },
  release: {
    form: "release id",
    does: "end the lease of a migration whose holder is gone",
    minIds: 1,
    maxIds: 1,
    options: []
  },
  verify: {
    form: "verify",
    does: "follow the ledger's hash chain, and compare the applied set with it",
    minIds: 0,
    maxIds: 0,
    options: []
  },
  rebuild: {
    form: "rebuild",
    does: "make the applied set anew from the ledger's events",
    minIds: 0,
    maxIds: 0,
    options: []
  }
} satisfies Readonly<Record<string, Command>>

/** @since 0.1.0 @category models */
export type CommandName = keyof typeof commands

const commandNamed = (name: CommandName): Command => commands[name]

/** @since 0.1.0 @category constants */
export const usage = `Usage: effect-auto-migration <command> [ids] [options]

Commands
${Object.values(commands)
  .map(({ does, form }) => `  ${form.padEnd(16)}${does}`)
  .join("\n")}

Options
  --folder PATH        the folder of migrations (default: migrations)
  --order ORDER        the order of names that have two: natural (9 before 10) or text (default: an error)
  --url URL            the database (default: the environment's DATABASE_URL)
  --schema NAME        the ledger's schema (default: AUTO_MIGRATION_SCHEMA, or auto_migration)
  --ledger-owner ROLE  the role that owns the ledger (default: AUTO_MIGRATION_LEDGER_OWNER, or one that is trusted)
  --help               show this text
  migrate, again
  --accept data-loss   let migrations that are not named lose data (default: not allowed without a terminal)
  --yes                do not ask at a terminal (default: ask)
  baseline
  --all                all migrations
  --to ID              this migration and all before it
  --unchecked          do not look for their objects in the database (default: look)
  adopt
  --yes                record what is shown (default: ask at a terminal, and else only show)
  --probe              look in the catalog for the objects of each migration (default: read another tool's table)
  --table NAME         the table to read, where several tools have one (default: the only one)
  --accept KINDS       accept misfits of these kinds: edited, without-file, not-recorded, failed, unclear,
                       half-there (default: none)`

/** The arguments make no sense. @since 0.1.0 @category errors */
export class UsageError extends Schema.TaggedError<UsageError>("effect-auto-migration/UsageError")("UsageError", {
  reason: Schema.String
}) {
  override get message() {
    return `${this.reason}\n\n${usage}`
  }
}

/**
 * Options of commands, each with its default where it is not given.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** `--accept data-loss`, of `migrate` and `again`. */
  readonly acceptsDataLoss: boolean
  /** `--accept KINDS`, of `adopt`. */
  readonly misfits: ReadonlyArray<MisfitKind>
  readonly probe: boolean
  readonly table: string | undefined
  readonly all: boolean
  /** The order of the names in the folder, for each command. */
  readonly order: "natural" | "text" | undefined
  readonly to: string | undefined
  readonly unchecked: boolean
  readonly yes: boolean
}

/** @since 0.1.0 @category models */
export interface Invocation {
  readonly command: CommandName
  readonly ids: ReadonlyArray<string>
  readonly options: Options
  readonly folder: string
  readonly url: string
  readonly schema: AutoMigrationConfig.SchemaName
  readonly ledgerOwner: AutoMigrationConfig.RoleName | undefined
}

const isCommand = (word: string): word is CommandName => Object.hasOwn(commands, word)

const fail = (reason: string): Either.Either<never, UsageError> => Either.left(new UsageError({ reason }))

const read = (words: ReadonlyArray<string>) =>
  Either.try({
    try: () =>
      parseArgs({
        args: [...words],
        allowPositionals: true,
        options: {
          folder: { type: "string" },
          order: { type: "string" },
          url: { type: "string" },
          schema: { type: "string" },
          "ledger-owner": { type: "string" },
          help: { type: "boolean", short: "h" },
          ...commandOptions
        }
      }),
    catch: (error) => new UsageError({ reason: error instanceof Error ? error.message : String(error) })
  })

type Values = Either.Either.Right<ReturnType<typeof read>>["values"]

const optionsOf = (command: CommandName, values: Values): Either.Either<Options, UsageError> => {
  const { accept = [], all = false, order, probe = false, table, to, unchecked = false, yes = false } = values
  if (order !== undefined && order !== "natural" && order !== "text") {
    return fail(`--order is natural or text, and not "${order}".`)
  }
  const own: ReadonlyArray<string> = commandNamed(command).options
  const foreign = Object.keys(values).find((name) => Object.hasOwn(commandOptions, name) && !own.includes(name))
  if (foreign !== undefined) return fail(`"${command}" takes no --${foreign}.`)
  if (probe && table !== undefined) return fail("--probe reads no table: leave out --table.")
  const kinds = accept.flatMap((list) => list.split(","))
  const possible = command === "adopt" ? MisfitKind.literals : ["data-loss"]
  const other = kinds.find((kind) => !possible.some((known) => known === kind))
  if (other !== undefined) return fail(`--accept takes ${possible.join(", ")}, and not "${other}".`)
  const misfits = MisfitKind.literals.filter((kind) => kinds.includes(kind))
  return Either.right({
    acceptsDataLoss: kinds.includes("data-loss"),
    misfits,
    all,
    order,
    probe,
    table,
    to,
    unchecked,
    yes
  })
}

/** The ids of a command. `baseline` takes ids, `--all` or `--to`, and only one of these. */
const idsOf = (
  command: CommandName,
  ids: ReadonlyArray<string>,
  { all, to }: Options
): Either.Either<ReadonlyArray<string>, UsageError> => {
  const { maxIds, minIds } = commandNamed(command)
  const others = [...(all ? ["--all"] : []), ...(to === undefined ? [] : ["--to"])]
  if (others.length > 1) return fail(`${others.join(" and ")} exclude each other.`)
  if (others.length > 0 && ids.length > 0) return fail(`${others.join()} takes no ids beside it: ${ids.join(", ")}.`)
  if (ids.length > maxIds) {
    return fail(maxIds === 0 ? `"${command}" takes no ids: ${ids.join(", ")}.` : `"${command}" takes ${maxIds} ids.`)
  }
  if (ids.length < minIds && others.length === 0) {
    return fail(minIds === 1 ? `No ids are given to ${command}.` : `"${command}" takes ${minIds} ids.`)
  }
  return Either.right(ids)
}

const schemaOf = (given: string): Either.Either<AutoMigrationConfig.SchemaName, UsageError> =>
  Either.mapLeft(
    Schema.decodeUnknownEither(AutoMigrationConfig.SchemaName)(given),
    () => new UsageError({ reason: `"${given}" is not a schema's name of lower-case letters, digits and underscores.` })
  )

const ownerOf = (given: string): Either.Either<AutoMigrationConfig.RoleName, UsageError> =>
  Either.mapLeft(
    Schema.decodeUnknownEither(AutoMigrationConfig.RoleName)(given),
    () => new UsageError({ reason: `"${given}" is not a role's name of at most 63 bytes without control characters.` })
  )

/**
 * Reads the words of a command. `None` stands for `--help`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (
  words: ReadonlyArray<string>,
  environment: Readonly<Record<string, string | undefined>>
): Either.Either<Option.Option<Invocation>, UsageError> =>
  Either.gen(function* () {
    const { positionals, values } = yield* read(words)
    if (values.help === true) return Option.none()
    const [command, ...ids] = positionals
    if (command === undefined) return yield* fail("No command is given.")
    if (!isCommand(command)) return yield* fail(`There is no command "${command}".`)
    const options = yield* optionsOf(command, values)
    const url = values.url ?? environment["DATABASE_URL"]
    if (url === undefined || url === "") return yield* fail("No database is named: give --url, or set DATABASE_URL.")
    const owner = values["ledger-owner"] ?? environment["AUTO_MIGRATION_LEDGER_OWNER"]
    return Option.some({
      command,
      ids: yield* idsOf(command, ids, options),
      options,
      folder: values.folder ?? "migrations",
      url,
      schema: yield* schemaOf(
        values.schema ?? environment["AUTO_MIGRATION_SCHEMA"] ?? AutoMigrationConfig.defaults.schema
      ),
      ledgerOwner: owner === undefined ? AutoMigrationConfig.defaults.ledgerOwner : yield* ownerOf(owner)
    })
  })
