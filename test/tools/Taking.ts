/**
 * Taking over what a tool has left behind: the same statements of behaviour for each tool.
 */
import { assert, describe, layer } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AutoMigration, AutoMigrationConfig, AutoMigrationLive, MigrationSource } from "effect-auto-migration"
import * as App from "../support/program/App.js"
import { ask, failsWith, kinds } from "../support/program/Situation.js"
import * as Database from "../support/server/Database.js"
import * as SchemaDump from "../support/server/SchemaDump.js"
import * as Server from "../support/server/Server.js"
import * as Prepared from "./Prepared.js"
import { after, before, leftBy, outside, type Step, type Tool } from "./Tool.js"
import * as Workshop from "./Workshop.js"

/** The library over a folder of the tool's and a database. */
const program = ({ folder, url }: { readonly folder: string; readonly url: string }) =>
  AutoMigrationLive.pipe(
    Layer.provide(MigrationSource.layerDirectory(folder)),
    Layer.provide(AutoMigrationConfig.layer({})),
    Layer.provideMerge(App.client({ url })),
    Layer.orDie
  )

/** What the programs' own migrations have made, without what the tool and the library keep for themselves. */
const schemaOf = (tool: Tool, url: string) =>
  SchemaDump.dump.pipe(
    Effect.map((lines) => lines.filter((line) => !tool.own.test(line) && !/\bauto_migration\b/.test(line))),
    Effect.provide(App.client({ url }))
  )

/** `Adopted 001_users` is `Adopted users`. */
const events = Effect.map(kinds, (all) =>
  all.map((event) => {
    const named = [...before, ...after, outside].find(({ name }) => event.toLowerCase().includes(name))
    return named === undefined ? event : `${event.split(" ")[0]} ${named.name}`
  })
)

const saying = (kind: string, steps: ReadonlyArray<Step>) => steps.map(({ name }) => `${kind} ${name}`)

const ada = [{ id: 1, name: "Ada", credit: 100 }]

const needingAll = "SELECT note FROM orders"

export const taking = (tool: Tool): void => {
  const end = tool.hasOutside === true ? [`Started ${outside.name}`, `Applied ${outside.name}`] : []
  describe(tool.name, () =>
    layer(Prepared.layer(tool), { excludeTestServices: true, timeout: "5 minutes" })((it) => {
      it.scoped("has its folder run in its own order, and nothing of its ways down", () =>
        Effect.gen(function* () {
          const { folder, whole } = yield* Prepared.Prepared
          const url = yield* Server.freshDatabase
          const ran = Effect.zipRight(AutoMigration.migrate, events)
          deepStrictEqual(yield* Effect.provide(ran, program({ folder, url })), [
            ...saying("Applied", [...before, ...after]),
            ...end
          ])
          deepStrictEqual(yield* Database.query(url, "SELECT id, name, credit FROM users"), ada)
          deepStrictEqual(yield* schemaOf(tool, url), yield* schemaOf(tool, whole))
        })
      )

      it.scoped("stops everything as long as its history has not been adopted", () =>
        Effect.gen(function* () {
          const { folder, half } = yield* Prepared.Prepared
          const url = yield* Prepared.copyOf(half)
          yield* Effect.gen(function* () {
            for (const attempt of [ask(needingAll), AutoMigration.migrate]) {
              const error = yield* failsWith("HistoryElsewhere", attempt)
              deepStrictEqual([error.tool, error.table], [tool.name, tool.table])
              assert.include(error.message, "npx effect-auto-migration adopt")
            }
            deepStrictEqual(yield* kinds, [])
          }).pipe(Effect.provide(program({ folder, url })))
          deepStrictEqual(yield* schemaOf(tool, url), yield* schemaOf(tool, half))
        })
      )

      it.scoped("is followed by the library where it stopped", () =>
        Effect.gen(function* () {
          const { folder, half, whole } = yield* Prepared.Prepared
          const url = yield* Prepared.copyOf(half)
          yield* Effect.gen(function* () {
            yield* AutoMigration.adopt({ by: "table" })
            deepStrictEqual(yield* events, saying("Adopted", before))
            deepStrictEqual(yield* ask(needingAll), [])
            const healed = [...saying("Adopted", before), ...saying("Applied", after)]
            deepStrictEqual(yield* events, healed)
            yield* AutoMigration.migrate
            deepStrictEqual(yield* events, [...healed, ...end])
          }).pipe(Effect.provide(program({ folder, url })))
          deepStrictEqual(yield* Database.query(url, "SELECT id, name, credit FROM users"), ada)
          deepStrictEqual(yield* schemaOf(tool, url), yield* schemaOf(tool, whole))
        })
      )

      it.scoped("is followed, too, when it has gone on after it had been adopted", () =>
        Effect.gen(function* () {
          const { folder, half, workshop } = yield* Prepared.Prepared
          const url = yield* Prepared.copyOf(half)
          yield* Effect.gen(function* () {
            yield* AutoMigration.adopt({ by: "table" })
            yield* Effect.promise(() => tool.apply(workshop, url, leftBy(tool)))
            yield* AutoMigration.adopt({ by: "table" })
            deepStrictEqual(yield* events, saying("Adopted", [...before, ...leftBy(tool)]))
          }).pipe(Effect.provide(program({ folder, url })))
        })
      )

      const { hashed } = tool
      if (hashed !== undefined) {
        it.scoped("is told from its hash that a file was edited after it had applied it", () =>
          Effect.gen(function* () {
            const prepared = yield* Prepared.Prepared
            const url = yield* Prepared.copyOf(prepared.half)
            const workshop = yield* Workshop.copyOf(prepared.workshop)
            const file = hashed(workshop)
            workshop.write(file, `${workshop.read(file).trimEnd()}\nSELECT 'edited';\n`)
            const error = yield* Effect.flip(AutoMigration.adopt({ by: "table" })).pipe(
              Effect.provide(program({ folder: `${workshop.path}/${tool.folder}`, url }))
            )
            assert.strictEqual(error._tag, "AdoptionRefused", error.message)
            assert.include(error.message, file)
          })
        )
      }
    })
  )
}
