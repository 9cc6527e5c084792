/**
 * The words of a command, read by Node's own `parseArgs`, so that the command needs nothing that the library does not.
 *
 * @since 0.1.0
 */
import { parseArgs } from "node:util"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { MisfitKind } from "../core/adoption/Adoption.js"
import * as AutoMigrationConfig from "../runtime/AutoMigrationConfig.js"

/** Of single commands; what `parseArgs` reads them as. */
const ofSingleCommands = {
  accept: { type: "string", multiple: true },
  all: { type: "boolean" },
  probe: { type: "boolean" },
  table: { type: "string" },
  to: { type: "string" },
  unchecked: { type: "boolean" },
  yes: { type: "boolean" }
} as const

interface Command {
  /** As it is typed. */
  readonly form: string
  readonly does: string
  /** How many ids it takes. */
  readonly least: number
  readonly most: number
  readonly options: ReadonlyArray<keyof typeof ofSingleCommands>
}

const many = Number.POSITIVE_INFINITY

const commands = {
  migrate: {
    form: "migrate [ids]",
    does: "apply everything that is pending, or these migrations and what they wait for",
    least: 0,
    most: many,
    options: ["accept", "yes"]
  },
  plan: { form: "plan", does: "say what migrate would apply, and what it risks", least: 0, most: 0, options: [] },
  status: {
    form: "status",
    does: "say what is applied, pending, unknown, edited and renamed",
    least: 0,
    most: 0,
    options: []
  },
  again: {
    form: "again ids",
    does: "apply these migrations, and run once more what an interrupted attempt left in doubt",
    least: 1,
    most: many,
    options: ["accept", "yes"]
  },
  baseline: {
    form: "baseline ids",
    does: "record these migrations as applied without running them; what they create must be there",
    least: 1,
    most: many,
    options: ["all", "to", "unchecked"]
  },
  adopt: {
    form: "adopt",
    does: "say what another tool's table records as applied, and record it where that is confirmed",
    least: 0,
    most: 0,
    options: ["accept", "probe", "table", "yes"]
  },
  rename: {
    form: "rename old new",
    does: "record that an applied migration has another id now, because its file was renamed",
    least: 2,
    most: 2,
    options: []
  },
  verify: { form: "verify", does: "follow the ledger's hash chain", least: 0, most: 0, options: [] }
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
  --order ORDER        how names are ordered that have two orders: natural (9 before 10) or text (default: an error)
  --url URL            the database (default: the environment's DATABASE_URL)
  --schema NAME        the ledger's schema (default: AUTO_MIGRATION_SCHEMA, or auto_migration)
  --help               say this
  migrate, again
  --accept data-loss   let migrations that are not named lose data (default: where nobody can be asked, they may not)
  --yes                at a terminal, do not ask (default: ask)
  baseline
  --all                all migrations there are
  --to ID              this migration and all before it
  --unchecked          do not look whether the database has what they create (default: look)
  adopt
  --yes                record what is shown (default: ask at a terminal, and else only show)
  --probe              ask the catalog what of each migration is there (default: read another tool's table)
  --table NAME         which table, where several tools have one (default: the one there is)
  --accept KINDS       go on though something does not fit, by its kinds: edited, without-file, not-recorded,
                       failed, unclear, half-there (default: nothing is accepted)`

/** The arguments make no sense. @since 0.1.0 @category errors */
export class UsageError extends Schema.TaggedError<UsageError>("effect-auto-migration/UsageError")("UsageError", {
  reason: Schema.String
}) {
  override get message() {
    return `${this.reason}\n\n${usage}`
  }
}

/**
 * Options of single commands, each with its default where it is not given.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Of `migrate` and `again`: the loss of data. */
  readonly accept: boolean
  /** Of `adopt`. */
  readonly misfits: ReadonlyArray<MisfitKind>
  readonly probe: boolean
  readonly table: string | undefined
  readonly all: boolean
  /** Of the names in the folder, for each command. */
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
          help: { type: "boolean", short: "h" },
          ...ofSingleCommands
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
  const foreign = Object.keys(values).find((name) => Object.hasOwn(ofSingleCommands, name) && !own.includes(name))
  if (foreign !== undefined) return fail(`"${command}" takes no --${foreign}.`)
  if (probe && table !== undefined) return fail("--probe reads no table: leave out --table.")
  const kinds = accept.flatMap((list) => list.split(","))
  const possible = command === "adopt" ? MisfitKind.literals : ["data-loss"]
  const other = kinds.find((kind) => !possible.some((known) => known === kind))
  if (other !== undefined) return fail(`--accept takes ${possible.join(", ")}, and not "${other}".`)
  const misfits = MisfitKind.literals.filter((kind) => kinds.includes(kind))
  return Either.right({ accept: kinds.includes("data-loss"), misfits, all, order, probe, table, to, unchecked, yes })
}

/** `baseline` is told by ids, by --all or by --to, and by one of these only. */
const idsOf = (
  command: CommandName,
  ids: ReadonlyArray<string>,
  { all, to }: Options
): Either.Either<ReadonlyArray<string>, UsageError> => {
  const { least, most } = commandNamed(command)
  const others = [...(all ? ["--all"] : []), ...(to === undefined ? [] : ["--to"])]
  if (others.length > 1) return fail(`${others.join(" and ")} exclude each other.`)
  if (others.length > 0 && ids.length > 0) return fail(`${others.join()} takes no ids beside it: ${ids.join(", ")}.`)
  if (ids.length > most) {
    return fail(most === 0 ? `"${command}" takes no ids: ${ids.join(", ")}.` : `"${command}" takes ${most} ids.`)
  }
  if (ids.length < least && others.length === 0) {
    return fail(least === 1 ? `No ids are given to ${command}.` : `"${command}" takes ${least} ids.`)
  }
  return Either.right(ids)
}

const schemaOf = (given: string): Either.Either<AutoMigrationConfig.SchemaName, UsageError> =>
  Either.mapLeft(
    Schema.decodeUnknownEither(AutoMigrationConfig.SchemaName)(given),
    () => new UsageError({ reason: `"${given}" is not a schema's name of lower-case letters, digits and underscores.` })
  )

/**
 * What the words ask for; `None` stands for the request for help.
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
    return Option.some({
      command,
      ids: yield* idsOf(command, ids, options),
      options,
      folder: values.folder ?? "migrations",
      url,
      schema: yield* schemaOf(
        values.schema ?? environment["AUTO_MIGRATION_SCHEMA"] ?? AutoMigrationConfig.defaults.schema
      )
    })
  })
