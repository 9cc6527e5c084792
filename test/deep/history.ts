/**
 * `npm run check:history -- <folder> [url] [--rounds N]`: proves for a history of migrations that every order its graph allows
 * gives the same schema. Without a URL it starts the embedded server. Ends with 0 when nothing differed, with 1 when something
 * did, and with 2 when the words or the history make no sense.
 */
import * as fs from "node:fs"
import { parseArgs } from "node:util"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as MigrationGraph from "../../src/core/graph/MigrationGraph.js"
import type { Migration } from "../../src/core/migration/Migration.js"
import * as SqlParser from "../../src/runtime/SqlParser.js"
import * as MigrationSource from "../../src/source/MigrationSource.js"
import * as HistoryCheck from "../support/history/HistoryCheck.js"
import * as EmbeddedServer from "../support/server/EmbeddedServer.js"

const usage = `Usage: npm run check:history -- <folder> [url] [--rounds N]

  folder      of migrations: .sql files, or folders with a migration.sql
  url         of any database on a server where this role may create databases; without it a server is started
  --rounds N  at most so many orders; without it until every pair that may be swapped was`

const unusable = (reason: string) => new HistoryCheck.HistoryUnusable({ reason })

const invocation = Either.gen(function* () {
  const { positionals, values } = yield* Either.try({
    try: () => parseArgs({ allowPositionals: true, options: { rounds: { type: "string" } } }),
    catch: (error) => unusable(`${error instanceof Error ? error.message : error}\n\n${usage}`)
  })
  const [folder, url, ...rest] = positionals
  if (folder === undefined || rest.length > 0) return yield* Either.left(unusable(usage))
  if (!fs.existsSync(folder)) return yield* Either.left(unusable(`There is no folder ${folder}.`))
  if (values.rounds !== undefined && !/^\d{1,9}$/.test(values.rounds)) {
    return yield* Either.left(unusable(`--rounds takes a number, not ${values.rounds}.`))
  }
  return { folder, url: Option.fromNullable(url), rounds: Option.map(Option.fromNullable(values.rounds), Number) }
})

/** Roles, databases and the like belong to the server: a scratch database cannot hold them. */
const reachesServer =
  /\b(?:create|alter|drop)\s+(?:role|user(?!\s+mapping)|group|tablespace|database)\b|\balter\s+system\b/i

const staysInside = (migrations: ReadonlyArray<Migration>): Effect.Effect<void, HistoryCheck.HistoryUnusable> => {
  const outside = migrations.flatMap(({ footprint, script, source }) =>
    footprint.statements
      .filter(({ end, start }) => script._tag === "Sql" && reachesServer.test(script.text.slice(start, end)))
      .map(({ line }) => `${source}:${line}`)
  )
  return outside.length === 0
    ? Effect.void
    : Effect.fail(
        unusable(
          `These statements change the server, not one database, and would stay there: ${outside.join(", ")}. Leave them out of a copy, and make what they make before the check.`
        )
      )
}

const load = (folder: string) =>
  MigrationSource.loadMigrations.pipe(
    Effect.provide(Layer.merge(MigrationSource.layerDirectory(folder), SqlParser.layer)),
    Effect.filterOrFail(
      (migrations) => migrations.length > 0,
      () => unusable(`There are no migrations in ${folder}.`)
    ),
    Effect.tap(staysInside),
    Effect.flatMap(MigrationGraph.make)
  )

const indented = (lines: ReadonlyArray<string>): string => lines.map((line) => `  ${line}`).join("\n")

const toldFigures = ({
  barriers,
  closure,
  column,
  columns,
  files,
  opaque,
  plan,
  unordered
}: HistoryCheck.Figures): string =>
  [
    `files                     ${files}`,
    `not understood            ${new Set(barriers.map(({ id }) => id)).size} (${opaque.toFixed(1)} %)`,
    ...barriers.map(({ id, line, reason }) => `  ${id}, line ${line}: ${reason}`),
    `mean closure              ${closure.toFixed(1)} % of the files`,
    `mean plan, ten pending    ${plan.toFixed(1)} steps`,
    `  that add a column       ${column.toFixed(1)} steps`,
    `  for one of its queries  ${HistoryCheck.mean(columns).toFixed(1)} steps, at most ${Math.max(0, ...columns)} (${columns.length} migrations add one to a table of an earlier one; the plan of a statement that names the table, with the last ten up to there pending)`,
    `pairs without an order    ${unordered}`
  ].join("\n")

const toldDifference = ({ differences, explained, isAlone, order, other, pair }: HistoryCheck.Difference): string => {
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

const toldReport = ({ difference, open, rounds }: HistoryCheck.Report): string =>
  Option.match(difference, {
    onNone: () =>
      `The same schema and rows in ${rounds} other orders; ` +
      (open === 0 ? "every pair without an order was run both ways." : `${open} pairs were never swapped.`),
    onSome: toldDifference
  })

const program = Effect.gen(function* () {
  const { folder, rounds, url } = yield* invocation
  const graph = yield* load(folder)
  yield* Console.log(toldFigures(HistoryCheck.figures(graph)))
  const serverUrl = Option.isSome(url) ? url.value : (yield* EmbeddedServer.make()).url
  const report = yield* HistoryCheck.check({
    graph,
    serverUrl,
    onRound: (round, open) => Console.error(`order ${round}: the same; ${open} pairs left`),
    ...(Option.isSome(rounds) ? { rounds: rounds.value } : {})
  })
  yield* Console.log(toldReport(report))
  return Option.isNone(report.difference) ? 0 : 1
}).pipe(
  Effect.scoped,
  Effect.catchAll((error) => Effect.as(Console.error(error.message), 2))
)

process.exitCode = await Effect.runPromise(program)
