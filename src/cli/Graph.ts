/**
 * The commands `graph` and `why`: which migration waits for which, and for which objects.
 *
 * @internal
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as AutoMigration from "../AutoMigration.js"
import { UnknownMigration } from "../core/error/AutoMigrationError.js"
import type { MigrationGraph } from "../core/graph/MigrationGraph.js"
import * as Picture from "../core/picture/Picture.js"
import * as Folder from "./Folder.js"
import * as GraphLayout from "./GraphLayout.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"

const fromFolder = (settings: Settings.Folder) =>
  Effect.map(Folder.graph(settings), (graph) => Picture.fromGraph(graph))

const format = Settings.choice("format", ["mermaid", "dot", "json"]).pipe(
  Options.withDescription("mermaid for Markdown, dot for Graphviz, or json"),
  Options.withDefault("mermaid")
)

const html = Options.boolean("html").pipe(Options.withDescription("one page for a browser, which loads no other file"))

const rendered = (model: Picture.Model, format: "mermaid" | "dot" | "json"): string => {
  switch (format) {
    case "mermaid":
      return Picture.toMermaid(model)
    case "dot":
      return Picture.toDot(model)
    case "json":
      return Picture.toJson(model)
  }
}

/** @since 0.1.0 @category commands */
export const graph = Command.make("graph", { ...Settings.database, format, html }, (settings) =>
  Effect.gen(function* () {
    const model = yield* Folder.orDatabase(settings, fromFolder(settings), AutoMigration.picture)
    yield* Report.raw(
      settings.html
        ? Picture.toHtml(model, yield* GraphLayout.load)
        : rendered(model, settings.json ? "json" : settings.format)
    )
  })
).pipe(Command.withDescription("draw which migration waits for which; a database is asked only where one is named"))

const idIn = ({ migrations }: MigrationGraph, id: string) =>
  Effect.map(
    Effect.mapError(
      Effect.fromNullable(migrations.find((migration) => migration.id === id)),
      () => new UnknownMigration({ id, known: migrations.map((migration) => migration.id) })
    ),
    (migration) => migration.id
  )

/** @since 0.1.0 @category commands */
export const why = Command.make(
  "why",
  {
    ...Settings.folder,
    one: Args.text({ name: "id" }).pipe(Args.withDescription("a migration")),
    other: Args.text({ name: "id" }).pipe(Args.withDescription("another one"))
  },
  (settings) =>
    Effect.gen(function* () {
      yield* Settings.unlessOption([settings.one, settings.other])
      const found = yield* Folder.graph(settings)
      const [one, other] = yield* Effect.all([idIn(found, settings.one), idIn(found, settings.other)])
      const answer = Picture.why(found, one, other)
      if (Option.isNone(answer)) return yield* new Settings.UsageError({ reason: "Name two different migrations." })
      yield* Report.tell("why", settings, {
        code: 0,
        lines: Picture.renderWhy(answer.value).split("\n"),
        value: { answer: answer.value }
      })
    })
).pipe(Command.withDescription("tell the chain of objects that orders two migrations"))
