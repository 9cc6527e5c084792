/** The page of a graph as a file. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { MigrationGraph, MigrationSource, Picture, Policy, SqlParser } from "effect-auto-migration"
import * as GraphLayout from "../../../src/cli/GraphLayout.js"
import * as Resolver from "../../../src/core/graph/Resolver.js"
import type * as LedgerEvent from "../../../src/core/migration/LedgerEvent.js"

/** The graph of migrations that are given inline. */
export const graphOf = (migrations: Readonly<Record<string, string>>) =>
  Effect.flatMap(MigrationSource.loadMigrations, MigrationGraph.make).pipe(
    Effect.provide(Layer.merge(MigrationSource.layerRecord(migrations), SqlParser.layer)),
    Effect.orDie
  )

const nameless = { recordedAt: "2026-11-30T09:12:44.123456Z", recordedBy: "shop", previousHash: "", hash: "" }

/** The picture where the first migrations are applied, one has failed, and all tables hold rows. */
export const pictureOf = (
  graph: MigrationGraph.MigrationGraph,
  { applied, failed }: { readonly applied: number; readonly failed?: string }
): Picture.Model => {
  const done = graph.nodes.slice(0, applied).map(({ migration }) => migration)
  const events = [
    ...done.map((migration, at) => ({
      migration,
      kind: "Applied" as const,
      detail: `{"milliseconds": ${3 + (at % 7)}}`
    })),
    ...graph.migrations.flatMap((migration) =>
      migration.id === failed
        ? [{ migration, kind: "Failed" as const, detail: '{"sqlState": "42P01", "line": 2}' }]
        : []
    )
  ].map(
    ({ detail, kind, migration }, at): LedgerEvent.LedgerEvent => ({
      ...nameless,
      sequence: at + 1,
      kind,
      detail,
      migrationId: migration.id,
      checksum: migration.checksum
    })
  )
  const verdict = Option.match(Resolver.pending(graph, new Set(done.map(({ id }) => id))), {
    onNone: () => Policy.allowed,
    onSome: (plan) => Policy.expandOnly(plan, { presence: () => "rows" })
  })
  return Picture.fromGraph(graph, { events, refusals: verdict._tag === "Refused" ? verdict.reasons : [] })
}

/** The address of a file with the page of a picture, as long as the scope. */
export const fileOf = (model: Picture.Model) =>
  Effect.gen(function* () {
    const place = yield* GraphLayout.load
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "graph-page-"))),
      (one) => Effect.sync(() => rmSync(one, { recursive: true }))
    )
    const file = join(folder, "graph.html")
    yield* Effect.sync(() => writeFileSync(file, Picture.toHtml(model, place)))
    return pathToFileURL(file).href
  })
