/**
 * The command line: reads its words with `@effect/cli`, runs the command, and turns each failure into text and an exit
 * code. The library's own errors name its commands.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import manifest from "../../package.json" with { type: "json" }
import * as AutoMigrationError from "../core/error/AutoMigrationError.js"
import { visible } from "../core/text/Visible.js"
import * as Telemetry from "../runtime/Telemetry.js"
import * as Adopt from "./Adopt.js"
import * as CheckHistory from "./CheckHistory.js"
import * as Completions from "./Completions.js"
import * as Explain from "./Explain.js"
import * as Graph from "./Graph.js"
import * as Help from "./Help.js"
import * as Lint from "./Lint.js"
import * as Log from "./Log.js"
import * as Migrate from "./Migrate.js"
import * as New from "./New.js"
import * as PlanCommand from "./PlanCommand.js"
import * as Records from "./Records.js"
import * as Report from "./Report.js"
import * as Rewrite from "./Rewrite.js"
import * as Settings from "./Settings.js"
import * as Status from "./Status.js"

const name = "effect-auto-migration"

type Shell = "bash" | "zsh" | "fish"

/** Prints the completions of a shell. */
const completions = Command.make(
  "completions",
  {
    shell: Args.choice<Shell>(
      [
        ["bash", "bash"],
        ["zsh", "zsh"],
        ["fish", "fish"]
      ],
      { name: "shell" }
    )
  },
  ({ shell }) =>
    Effect.flatMap(
      Effect.suspend(() => completionsFor(shell)),
      (script) => Report.print(Completions.corrected(shell, script))
    )
).pipe(Command.withDescription("print completions for bash, zsh or fish"))

const subcommands = [
  Status.command,
  PlanCommand.command,
  Migrate.migrate,
  Migrate.again,
  Adopt.command,
  Records.baseline,
  Records.rename,
  Records.release,
  Records.verify,
  Records.rebuild,
  Log.command,
  Explain.command,
  Lint.command,
  Rewrite.command,
  Graph.graph,
  Graph.why,
  CheckHistory.command,
  New.command,
  completions
] as const

const root = Command.make(name).pipe(
  Command.withDescription(
    "PostgreSQL migrations. Exit codes: 0 done, 1 could not, 2 misused, 3 something is pending, edited or drifted, 130 interrupted."
  ),
  Command.withSubcommands(subcommands)
)

const completionsFor = (shell: Shell): Effect.Effect<ReadonlyArray<string>> => {
  switch (shell) {
    case "bash":
      return CommandDescriptor.getBashCompletions(root.descriptor, name)
    case "zsh":
      return CommandDescriptor.getZshCompletions(root.descriptor, name)
    case "fish":
      return CommandDescriptor.getFishCompletions(root.descriptor, name)
  }
}

const cli = Command.run(root, { name, version: manifest.version })

const config: CliConfig.CliConfig = {
  ...CliConfig.defaultConfig,
  isCaseSensitive: true,
  finalCheckBuiltIn: false,
  showBuiltIns: false
}

/**
 * Where the command line runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place extends Omit<Context.Tag.Service<Report.Surroundings>, "exitCode" | "isEnded" | "out" | "err"> {}

/** Puts options that stand before the command behind it: `--folder x status` is `status --folder x`. */
const withCommandFirst = (words: ReadonlyArray<string>): ReadonlyArray<string> => {
  let at = 0
  while (words[at]?.startsWith("-") === true) at += Settings.valued.has(words[at] ?? "") ? 2 : 1
  const command = words[at]
  return command === undefined ? words : [command, ...words.slice(0, at), ...words.slice(at + 1)]
}

/** The console of `@effect/cli`, which prints what is wrong with the words. {@link misused} prints that in its own way. */
const quiet = (console: Console.Console): Console.Console => ({
  ...console,
  log: () => Effect.void,
  error: () => Effect.void
})

/** What is wrong with the words, by the message of `@effect/cli`. */
const reasonOf = (words: ReadonlyArray<string>, error: ValidationError.ValidationError): string => {
  if (ValidationError.isCommandMismatch(error)) return `There is no command "${words[0]}".`
  const told = Help.textOf(error.error)
  const word = /Received unknown argument: '(?<word>.*)'/.exec(told)?.groups?.["word"]
  if (word === undefined) return told
  if (Settings.valued.has(word)) return `${word} needs a value.`
  return word.startsWith("-") ? `There is no option ${word} for this command.` : `This command takes no "${word}".`
}

const descriptors = HashMap.toEntries(Command.getSubcommands(root))

/** The names of all commands. @since 0.1.0 @category constants */
export const commands: ReadonlyArray<string> = descriptors.map(([command]) => command)

const commandIn = (words: ReadonlyArray<string>): string =>
  commands.some((command) => command === words[0]) ? `${name} ${words[0]}` : name

const misused = (words: ReadonlyArray<string>, reason: string) =>
  Effect.zipRight(Report.note([`${reason} Type ${commandIn(words)} --help.`]), Report.exit(2))

/** The lines of an error of the library, with a caret and the next command; the message of another one. */
const tellError = (error: unknown) =>
  AutoMigrationError.isExplained(error)
    ? Effect.flatMap(Report.Surroundings, ({ color, err, links, width }) =>
        err(AutoMigrationError.render(error, { color, width, links: Option.getOrUndefined(links) }))
      )
    : Report.note((error instanceof Error ? error.message : String(error)).split("\n"))

const failed = (words: ReadonlyArray<string>, error: unknown) => {
  if (ValidationError.isValidationError(error)) return misused(words, reasonOf(words, error))
  if (Predicate.isTagged(error, "UsageError") && error instanceof Error) return misused(words, error.message)
  return Effect.zipRight(tellError(error), Report.exit(1))
}

/** A defect is a mistake of this program, so its trace is printed. */
const died = (cause: Cause.Cause<unknown>) =>
  Cause.isInterruptedOnly(cause)
    ? Report.exit(130)
    : Effect.zipRight(
        Report.note([`This is a defect of ${name} ${manifest.version}:`, ...Cause.pretty(cause).split("\n")]),
        Report.exit(1)
      )

/** Who holds the lock that a command waits for, where a line of the log says that. */
const holdersIn = (annotations: HashMap.HashMap<string, unknown>): string =>
  Option.match(HashMap.get(annotations, Telemetry.attribute.holders), {
    onNone: () => "",
    onSome: (held) => `: ${String(held)}`
  })

/** Logs go to standard error, in one line each. Of the level of debugging, only the holders of locks are printed. */
const logger = (direct: Console.UnsafeConsole) =>
  Logger.make(({ annotations, logLevel, message }) => {
    const held = holdersIn(annotations)
    if (held === "" && LogLevel.lessThan(logLevel, LogLevel.Info)) return
    const text = Array.isArray(message) ? message.map(String).join(" ") : String(message)
    const level = LogLevel.lessThan(logLevel, LogLevel.Warning) ? "" : `${logLevel.label.toLowerCase()}: `
    direct.error(visible(`${level}${text}${held}`))
  })

/** Whether the words ask for help: before `--`, after which each word is an argument. */
const asksForHelp = (words: ReadonlyArray<string>): boolean => {
  const end = words.indexOf("--")
  return words.slice(0, end === -1 ? words.length : end).some((word) => word === "--help" || word === "-h")
}

/** The commands in the order in which they are needed. */
const byNeed: ReadonlyArray<string> = [
  "status",
  "plan",
  "migrate",
  "new",
  "log",
  "explain",
  "lint",
  "rewrite",
  "graph",
  "why"
]

const rank = (command: string): number => (byNeed.includes(command) ? byNeed.indexOf(command) : byNeed.length)

const overview = (width: number) =>
  Help.overview(
    name,
    Command.getHelp(root, config),
    descriptors
      .toSorted(([one], [other]) => rank(one) - rank(other) || one.localeCompare(other))
      .map(([command, descriptor]) => [command, CommandDescriptor.getHelp(descriptor, config)]),
    width
  )

/** The help of the command that the words name, or of all. */
const help = ([word = ""]: ReadonlyArray<string>) =>
  Effect.flatMap(Report.Surroundings, ({ width }) =>
    Report.print(
      Option.match(HashMap.get(Command.getSubcommands(root), word), {
        onNone: () => overview(width),
        onSome: (command) => Help.lines(`${name} ${word} [options]`, CommandDescriptor.getHelp(command, config), width)
      })
    )
  )

const execute = (words: ReadonlyArray<string>) => {
  if (asksForHelp(words)) return help(words)
  if (words.length === 1 && words[0] === "--version") {
    return Report.print([manifest.version])
  }
  return words[0] === undefined || words[0].startsWith("-")
    ? misused(words, "No command is given.")
    : cli([name, name, ...words]).pipe(
        Effect.provideService(CliConfig.CliConfig, config),
        Effect.provide(NodeContext.layer),
        Effect.catchAllCause((cause) =>
          Option.match(Cause.failureOption(cause), {
            onNone: () => died(cause),
            onSome: (error) => failed(words, error)
          })
        )
      )
}

/**
 * Runs a command, and gives the process's exit code: 0 for success, 1 for a failure or a no at the terminal, 2 for words
 * that make no sense, 3 where something is pending, edited or drifted. Asks no question without a terminal.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (typed: ReadonlyArray<string>, place: Place): Effect.Effect<number> =>
  Effect.gen(function* () {
    const words = withCommandFirst(typed)
    const exitCode = yield* Ref.make<Report.ExitCode>(0)
    const console = yield* Effect.console
    const { unsafe: direct } = console
    const surroundings = Report.Surroundings.of({
      ...place,
      exitCode,
      isEnded: words.includes("--"),
      out: (text) => console.log(text),
      err: (text) => console.error(text)
    })
    yield* execute(words).pipe(
      Effect.provideService(Report.Surroundings, surroundings),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger(direct))),
      Logger.withMinimumLogLevel(LogLevel.Debug),
      (effect) => Console.withConsole(effect, quiet(console))
    )
    return yield* Ref.get(exitCode)
  })
