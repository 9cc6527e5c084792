/**
 * `npm run check:history -- <folder> [url] [--rounds N] [--order natural|text]`: the command of the package, on a server of its own
 * where no URL is given. Ends with 0 when no order differed, with 1 when one did, and with 2 when the words or the history make no sense.
 */
import * as fs from "node:fs"
import { parseArgs } from "node:util"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as CheckHistory from "../../src/cli/CheckHistory.js"
import * as HistoryCheck from "../../src/operate/HistoryCheck.js"
import * as MigrationSource from "../../src/source/MigrationSource.js"
import * as EmbeddedServer from "../support/server/EmbeddedServer.js"

const usage = `Usage: npm run check:history -- <folder> [url] [--rounds N] [--order natural|text]

  folder      of migrations: .sql files, or folders with a migration.sql
  url         of any database on a server where this role may create databases; without it a server is started
  --rounds N  at most so many orders; without it until every pair that may be swapped was
  --order     the order of names that have two`

const unusable = (reason: string) => new HistoryCheck.HistoryUnusable({ reason, remedy: usage })

const invocation = Either.gen(function* () {
  const { positionals, values } = yield* Either.try({
    try: () =>
      parseArgs({ allowPositionals: true, options: { rounds: { type: "string" }, order: { type: "string" } } }),
    catch: (error) => unusable(`${error instanceof Error ? error.message : error}\n\n${usage}`)
  })
  const [folder, url, ...rest] = positionals
  if (folder === undefined || rest.length > 0) return yield* Either.left(unusable(usage))
  if (!fs.existsSync(folder)) return yield* Either.left(unusable(`There is no folder ${folder}.`))
  if (values.rounds !== undefined && !/^\d{1,9}$/.test(values.rounds)) {
    return yield* Either.left(unusable(`--rounds takes a number, not ${values.rounds}.`))
  }
  const { order } = values
  if (order !== undefined && order !== "natural" && order !== "text") return yield* Either.left(unusable(usage))
  return {
    source: MigrationSource.layerDirectory(folder, order === undefined ? {} : { order }),
    url: Option.fromNullable(url),
    limit: values.rounds === undefined ? {} : { rounds: Number(values.rounds) }
  }
})

const program = Effect.gen(function* () {
  const { limit, source, url } = yield* invocation
  const server = Option.isSome(url) ? url.value : (yield* EmbeddedServer.make()).url
  return yield* CheckHistory.run({ source, server: { url: Redacted.make(server) }, ...limit })
}).pipe(
  Effect.scoped,
  Effect.catchAll((error) => Effect.as(Console.error(error.message), 2))
)

process.exitCode = await Effect.runPromise(program)
