/**
 * The command `explain`: which migration an error of the server needs, and whether a query may bring it by itself.
 *
 * @internal
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as AutoMigration from "../AutoMigration.js"
import * as Detector from "../core/detect/Detector.js"
import type * as MigrationGraph from "../core/graph/MigrationGraph.js"
import type * as Plan from "../core/graph/Plan.js"
import * as Resolver from "../core/graph/Resolver.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import * as Policy from "../core/policy/Policy.js"
import * as StatementScope from "../core/statement/StatementScope.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import * as CommandLine from "../runtime/CommandLine.js"
import * as SqlParser from "../runtime/SqlParser.js"
import * as ErrorText from "./ErrorText.js"
import * as Folder from "./Folder.js"
import * as Line from "./Line.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"

/** What is known beside the folder. */
interface Known {
  readonly graph: MigrationGraph.MigrationGraph
  readonly applied: ReadonlySet<MigrationId>
  readonly verdict: (plan: Plan.Plan) => Effect.Effect<Policy.Verdict, Error>
}

interface Explanation {
  readonly error: ErrorText.ErrorText
  readonly missing: string | null
  readonly outcome: "bring" | "refused" | "applied" | "removed" | "unexplained" | "no gap" | "retry"
  readonly migrations: ReadonlyArray<Migration>
  readonly reasons: ReadonlyArray<string>
}

const withoutPlan = (error: ErrorText.ErrorText, missing: string, reason: Resolver.NoPlan): Explanation => {
  const base = { error, missing, reasons: [] }
  switch (reason._tag) {
    case "AlreadyApplied":
      return { ...base, outcome: "applied", migrations: reason.providers }
    case "Removed":
      return { ...base, outcome: "removed", migrations: [reason.by] }
    case "Unexplained":
      return { ...base, outcome: "unexplained", migrations: [] }
  }
}

const explain = Effect.fnUntraced(function* ({ applied, graph, verdict }: Known, error: ErrorText.ErrorText) {
  const none = { error, missing: null, migrations: [], reasons: [] }
  const gap = ErrorText.gapOf(error)
  if (Option.isNone(gap)) return { ...none, outcome: "no gap" } satisfies Explanation
  if (gap.value._tag === "StalePlan") return { ...none, outcome: "retry" } satisfies Explanation
  const parser = yield* SqlParser.SqlParser
  const scope = Option.flatMap(error.statement, (text) => StatementScope.scopeFrom(parser, text))
  const resolution = Resolver.resolve(graph, applied, gap.value, scope)
  const missing = Detector.render(gap.value)
  if (Either.isLeft(resolution)) return withoutPlan(error, missing, resolution.left)
  const judged = yield* verdict(resolution.right)
  const migrations = resolution.right.steps.map(({ migration }) => migration)
  return (
    judged._tag === "Allowed"
      ? { error, missing, outcome: "bring", migrations, reasons: [] }
      : { error, missing, outcome: "refused", migrations, reasons: judged.reasons.map(Policy.render) }
  ) satisfies Explanation
})

const files = (migrations: ReadonlyArray<Migration>): string =>
  migrations.map(({ id, source }) => `${id} (${source})`).join(", ")

const linesOf = (explanation: Explanation, commands: CommandLine.Setting): ReadonlyArray<Line.Line> => {
  const { error, migrations, missing, outcome, reasons } = explanation
  const heading: Line.Line = [Line.styled("bold", error.message)]
  const command = CommandLine.command(
    commands,
    "migrate",
    migrations.map(({ id }) => id)
  )
  switch (outcome) {
    case "no gap":
      return [heading, "  This error is not about an object that is missing."]
    case "retry":
      return [
        heading,
        "  The server's plan is older than the schema. The statement needs a second try, and no migration."
      ]
    case "unexplained":
      return [heading, `  ${missing}. No migration of the folder provides it.`]
    case "removed":
      return [heading, `  ${missing}. ${files(migrations)} removes it.`]
    case "applied":
      return [
        heading,
        `  ${missing}. ${files(migrations)} provides it, and the ledger records it as applied. Ask status and drift.`
      ]
    case "bring":
      return [
        heading,
        `  ${missing}. Needed: ${files(migrations)}`,
        ["  ", Line.styled("green", "A query may bring this by itself.")],
        `  ${command}`
      ]
    case "refused":
      return [
        heading,
        `  ${missing}. Needed: ${files(migrations)}`,
        ["  ", Line.styled("yellow", "Policy refuses to run this by itself:")],
        ...reasons.map((reason) => `    ${reason}`),
        `  ${command}`
      ]
  }
}

const valueOf = ({ error, migrations, missing, outcome, reasons }: Explanation) => ({
  error: error.message,
  sqlState: Option.getOrNull(error.sqlState),
  missing,
  outcome,
  migrations: migrations.map(({ id, source }) => ({ id, file: source })),
  reasons
})

/** The folder alone: nothing counts as applied, and tables may hold rows. */
const fromFolder = (settings: Settings.Database) =>
  Effect.zipWith(
    Folder.graph(settings),
    Effect.provide(AutoMigrationConfig, Settings.config(settings)),
    (graph, { policy }): Known => ({
      graph,
      applied: new Set(),
      verdict: (plan) => Effect.succeed(policy(plan, { presence: () => "unknown" }))
    })
  )

const fromDatabase = Effect.gen(function* () {
  const migration = yield* AutoMigration.AutoMigration
  const { applied } = yield* migration.status
  const known: Known = { graph: migration.graph, applied: new Set(applied), verdict: migration.verdict }
  return known
})

/** The words of the command, or else the standard input. */
const textOf = (words: ReadonlyArray<string>) =>
  words.length > 0 ? Effect.succeed(words.join(" ")) : Effect.flatMap(Report.Surroundings, ({ input }) => input)

const reportOf = (explanations: ReadonlyArray<Explanation>, commands: CommandLine.Setting): Report.Report => ({
  code: explanations.some(({ outcome }) => outcome === "bring" || outcome === "refused" || outcome === "applied")
    ? 0
    : 1,
  lines: explanations.flatMap((explanation) => linesOf(explanation, commands)),
  value: { explanations: explanations.map(valueOf) }
})

/** @since 0.1.0 @category commands */
export const command = Command.make(
  "explain",
  {
    ...Settings.database,
    text: Args.text({ name: "error" }).pipe(
      Args.withDescription("the error's text; standard input, such as a server's log, without it"),
      Args.repeated
    )
  },
  (settings) =>
    Effect.gen(function* () {
      const errors = ErrorText.errorsIn(yield* textOf(settings.text))
      if (errors.length === 0) {
        return yield* new Settings.UsageError({
          reason: "No error is given. Write its text behind explain, or pass a log on standard input."
        })
      }
      const facts = yield* Folder.orDatabase(settings, fromFolder(settings), fromDatabase)
      const commands = yield* Effect.provide(AutoMigrationConfig, Settings.config(settings))
      const explanations = yield* Effect.forEach(errors, (error) => explain(facts, error))
      yield* Report.tell("explain", settings, reportOf(explanations, commands))
    }).pipe(Effect.provide(SqlParser.layer))
).pipe(
  Command.withDescription(
    "say which migration an error of the server needs; a database is asked only where one is named"
  )
)
