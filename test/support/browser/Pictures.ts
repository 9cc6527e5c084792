/** `npm run pictures`: screenshots of the shop's graph, for the README and the docs. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { MigrationGraph, MigrationSource, SqlParser } from "effect-auto-migration"
import { root } from "../repository/Repository.js"
import * as Browser from "./Browser.js"
import * as GraphPage from "./GraphPage.js"

const folder = join(root, "docs", "pictures")

process.chdir(join(root, "docs", "examples", "shop"))

const shop = Effect.flatMap(MigrationSource.loadMigrations, MigrationGraph.make).pipe(
  Effect.provide(Layer.merge(MigrationSource.layerDirectory("migrations"), SqlParser.layer))
)

const take = (colorScheme: "light" | "dark") =>
  Effect.gen(function* () {
    const url = yield* GraphPage.fileOf(GraphPage.pictureOf(yield* shop, { applied: 5, failed: "007_order_total" }))
    const { page } = yield* Browser.open(url, { colorScheme, viewport: { width: 1400, height: 620 } })
    yield* Effect.promise(() => page.getByRole("button", { name: /^011_/ }).click())
    yield* Effect.promise(() => page.screenshot({ path: join(folder, `graph-${colorScheme}.png`) }))
  }).pipe(Effect.scoped)

mkdirSync(folder, { recursive: true })
await Effect.runPromise(Effect.zipRight(take("light"), take("dark")))
await Effect.runPromise(Browser.close)
