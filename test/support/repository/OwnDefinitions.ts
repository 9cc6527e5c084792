/**
 * What each of the ledger's own migrations makes, as the server tells it. `npm run catalogues` writes the list to
 * `src/ledger/OwnDefinitions.ts`; a test compares it with the server of its run.
 */
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { qualified } from "../../../src/database/Qualified.js"
import * as Trust from "../../../src/ledger/Trust.js"
import * as Database from "../server/Database.js"

const folder = fileURLToPath(new URL("../../../migrations/", import.meta.url))

/** The files that make a ledger, in order. */
export const scripts: ReadonlyArray<string> = fs
  .readdirSync(folder)
  .toSorted()
  .map((name) => fs.readFileSync(`${folder}${name}`, "utf8"))

type Definition = readonly [place: number, table: string, object: string, definition: string]

/** Runs the files one after the other in an empty database, and lists what each of them makes or changes. */
export const ownDefinitions = (url: string): Effect.Effect<ReadonlyArray<Definition>> =>
  Effect.scoped(
    Effect.gen(function* () {
      const ask = yield* Database.session(url)
      const known = new Map<string, string>()
      const rows: Array<Definition> = []
      for (const [index, script] of scripts.entries()) {
        yield* ask(script)
        const [pins = "", listing = ""] = qualified(Trust.listing("auto_migration")).split(";\n")
        yield* ask("BEGIN")
        yield* ask(pins)
        const found = yield* ask(`${listing} ORDER BY "table", object`)
        yield* ask("COMMIT")
        for (const row of found) {
          const [table, object, definition] = [row["table"], row["object"], row["definition"]].map(String)
          if (table === undefined || object === undefined || definition === undefined) continue
          if (known.get(object) === definition) continue
          known.set(object, definition)
          rows.push([index + 1, table, object, definition])
        }
      }
      return rows
    })
  )

const file = fileURLToPath(new URL("../../../src/ledger/OwnDefinitions.ts", import.meta.url))

const textOf = (rows: ReadonlyArray<Definition>): string => `/**
 * The tables of the ledger as its own migrations make them. Written by \`npm run catalogues\` from the server's catalog: do
 * not edit.
 *
 * @internal
 */

/** Each with the place of its migration, from 1 on, and its table. @since 0.1.0 @category constants */
export const definitions: ReadonlyArray<readonly [place: number, table: string, object: string, definition: string]> = [
${rows
  .map(
    (row) =>
      `  ${JSON.stringify(row)
        .replaceAll('","', '", "')
        .replace(/^\[(\d+),/, "[$1, ")}`
  )
  .join(",\n")}
]
`

/** Writes the list as the server at this URL tells it. */
export const write = (url: string): Effect.Effect<void> =>
  Effect.map(ownDefinitions(url), (rows) => fs.writeFileSync(file, textOf(rows)))
