/**
 * The command `lint`: what each statement may do to a database in use, with the safer way.
 *
 * @internal
 */
import * as path from "node:path"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import manifest from "../../package.json" with { type: "json" }
import * as Lint from "../core/lint/Lint.js"
import * as SqlParser from "../runtime/SqlParser.js"
import * as ChangedFiles from "../source/ChangedFiles.js"
import * as MigrationSource from "../source/MigrationSource.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"

/** Whether a file is one of those that the words and `--since` choose: by its path, or its folder's. */
const choice = (chosen: ReadonlyArray<string>) => {
  const wanted = chosen.map((file) => path.resolve(file))
  return (file: string): boolean => {
    const absolute = path.resolve(file)
    return wanted.some((each) => absolute === each || absolute.startsWith(`${each}${path.sep}`))
  }
}

const format = Settings.choice("format", ["text", "github", "sarif", "json"]).pipe(
  Options.withDescription("text for people, github for annotations of its workflows, sarif for code scanning, or json"),
  Options.withDefault("text")
)

const failOn = Settings.choice("fail-on", ["note", "warning", "error", "never"]).pipe(
  Options.withDescription("the least severity that ends with 3; error without it"),
  Options.withDefault("error")
)

const rendered = Effect.fnUntraced(function* (report: Lint.Report, as: "text" | "github" | "sarif" | "json") {
  const { color, width } = yield* Report.Surroundings
  switch (as) {
    case "text":
      return Lint.render(report, { color, width })
    case "github":
      return Lint.github(report)
    case "sarif":
      return Lint.sarif(report, { version: manifest.version })
    case "json":
      return Lint.json(report)
  }
})

/** The files of the words, and those that changed since a commit. `None` for all. */
const chosenFiles = (files: ReadonlyArray<string>, since: Option.Option<string>, folder: string) =>
  Option.match(since, {
    onNone: () => Effect.succeed(files.length === 0 ? Option.none() : Option.some(files)),
    onSome: (ref) =>
      Effect.map(ChangedFiles.since(folder, ref), (changed) =>
        Option.some(files.length === 0 ? [...changed] : [...changed].filter(choice(files)))
      )
  })

/** @since 0.1.0 @category commands */
export const command = Command.make(
  "lint",
  {
    ...Settings.folder,
    format,
    failOn,
    since: Options.text("since").pipe(
      Options.withDescription("only files that changed since this commit or branch of git"),
      Options.optional
    ),
    files: Args.text({ name: "file" }).pipe(
      Args.withDescription("files or folders to look at; all of the folder without one"),
      Args.repeated
    )
  },
  (settings) =>
    Effect.gen(function* () {
      yield* Settings.unlessOption(settings.files)
      const folder = yield* Settings.pathOf(settings)
      const chosen = yield* chosenFiles(settings.files, settings.since, folder)
      const migrations = yield* MigrationSource.loadMigrations
      const report = Lint.lint(
        yield* SqlParser.SqlParser,
        migrations,
        Option.match(chosen, { onNone: () => ({}), onSome: (files) => ({ isChosen: choice(files) }) })
      )
      yield* Report.raw(yield* rendered(report, settings.json ? "json" : settings.format))
      yield* Report.exit(settings.failOn !== "never" && Lint.fails(report, settings.failOn) ? 3 : 0)
    }).pipe(Effect.provide(Layer.merge(Settings.source(settings), SqlParser.layer)))
).pipe(Command.withDescription("find what may harm a database in use, statement by statement, with the safer way"))
