/**
 * The command that tries whether a history gives one schema in every order that its graph allows.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { MigrationDefinitionError } from "../core/error/AutoMigrationError.js"
import * as HistoryFigures from "../core/graph/HistoryFigures.js"
import * as MigrationGraph from "../core/graph/MigrationGraph.js"
import { visible } from "../core/text/Visible.js"
import * as HistoryCheck from "../operate/HistoryCheck.js"
import * as SqlParser from "../runtime/SqlParser.js"
import * as MigrationSource from "../source/MigrationSource.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"

/** @since 0.1.0 @category models */
export interface CheckHistoryOptions extends HistoryCheck.CheckOptions {
  readonly source: Layer.Layer<MigrationSource.MigrationSource>
}

/**
 * Prints the figures of the history and the report of the check. Gives the process's exit code: 0 where all orders gave the same, 1
 * where one differed.
 *
 * @since 0.1.0
 * @category running
 */
export const run = ({
  source,
  ...options
}: CheckHistoryOptions): Effect.Effect<number, MigrationDefinitionError | HistoryCheck.HistoryUnusable> =>
  Effect.gen(function* () {
    const migrations = yield* Effect.provide(MigrationSource.loadMigrations, Layer.merge(source, SqlParser.layer))
    if (migrations.length === 0)
      return yield* new HistoryCheck.HistoryUnusable({
        reason: "There are no migrations",
        remedy: "Name their folder by --folder"
      })
    const graph = yield* MigrationGraph.make(migrations)
    yield* Console.log(renderFigures(HistoryFigures.of(graph)))
    const report = yield* HistoryCheck.check(graph, { onRound: told, ...options })
    yield* Console.log(renderReport(report))
    return Option.isNone(report.difference) ? 0 : 1
  })

const told: NonNullable<HistoryCheck.CheckOptions["onRound"]> = ({ open, rounds }) =>
  Console.error(`order ${rounds}: the same; ${open} pairs left`)

/** @since 0.1.0 @category rendering */
export const renderFigures = ({
  barriers,
  closureShare,
  columnPlan,
  migrations,
  opaqueShare,
  plan,
  statementPlans,
  unorderedPairs
}: HistoryFigures.HistoryFigures): string =>
  [
    `migrations                ${migrations}`,
    `not understood            ${new Set(barriers.map(({ id }) => id)).size} (${opaqueShare.toFixed(1)} %)`,
    ...barriers.map(({ id, line, reason }) => `  ${id}, line ${line}: ${reason}`),
    `mean closure              ${closureShare.toFixed(1)} % of the migrations`,
    `mean plan, ten pending    ${plan.toFixed(1)} steps`,
    `  that add a column       ${columnPlan.toFixed(1)} steps`,
    `  for one of its queries  ${HistoryFigures.mean(statementPlans).toFixed(1)} steps, at most ${Math.max(0, ...statementPlans)} (${statementPlans.length} migrations add one to a table of an earlier one; the plan of a statement that names the table, with the last ten up to there pending)`,
    `pairs without an order    ${unorderedPairs}`
  ].join("\n")

/** @since 0.1.0 @category rendering */
export const renderReport = ({ difference, open, rounds }: HistoryCheck.Report): string =>
  Option.match(difference, {
    onNone: () =>
      `The same schema and rows in ${rounds} other orders; ` +
      (open === 0 ? "every pair without an order was run both ways." : `${open} pairs were never swapped.`),
    onSome: renderDifference
  })

const renderDifference = ({ differences, explained, isAlone, order, other, pair }: HistoryCheck.Difference): string => {
  const reason = Option.match(explained, {
    onNone: () => "The graph has no reason to order them.",
    onSome: (chain) => chain.map(({ because, from, to }) => `${to} waits for ${from}: ${because.join(", ")}`).join("\n")
  })
  return [
    `\nThe order of these two matters:\n${indented(pair)}`,
    reason,
    `\nWhat differs when they are swapped:\n${indented(differences)}`,
    isAlone
      ? "\nThe two and what they wait for are enough to see it."
      : "\nIt takes the rest of the history to see it.",
    `\nLike the history itself:\n${indented(order)}`,
    `\nDifferent:\n${indented(other)}`,
    `\nAdd \`-- requires: ${pair[0]}\` to ${pair[1]}, and report the two files: the graph should have known.`
  ].join("\n")
}

const indented = (lines: ReadonlyArray<string>): string => lines.map((line) => `  ${line}`).join("\n")

/** Prints by the streams of the command line. */
const printing = Effect.map(
  Effect.all([Report.Surroundings, Effect.console]),
  ([{ err, out }, console]): Console.Console => ({
    ...console,
    log: (text) => out(visible(String(text))),
    error: (text) => err(visible(String(text)))
  })
)

/** @since 0.1.0 @category commands */
export const command = Command.make(
  "check-history",
  {
    folder: Settings.folder.folder,
    order: Settings.folder.order,
    url: Settings.database.url,
    rounds: Options.integer("rounds").pipe(
      Options.withDescription("at most so many orders; without it until every pair that may be swapped was"),
      Options.optional
    )
  },
  (settings) =>
    Effect.gen(function* () {
      const to = yield* Settings.address(settings)
      const source = Layer.provide(
        Settings.source({ ...settings, json: false }),
        Layer.succeed(Report.Surroundings, yield* Report.Surroundings)
      )
      const code = yield* Console.withConsole(
        run({
          source,
          server: { url: Redacted.make(to.url) },
          ...Option.match(settings.rounds, { onNone: () => ({}), onSome: (rounds) => ({ rounds }) })
        }),
        yield* printing
      )
      yield* Report.exit(code === 0 ? 0 : 1)
    })
).pipe(
  Command.withDescription(
    "try whether the folder gives one schema and the same rows in every order that its graph allows, in databases of its own"
  )
)
