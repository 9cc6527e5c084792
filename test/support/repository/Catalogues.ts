/**
 * The data of `src` that a server tells best: what PostgreSQL itself and its extensions bring, how it words its messages, and what makes the ledger. `npm
 * run catalogues` asks the embedded server, reads the message catalogues of Debian's packages, and writes the files anew; tests compare
 * them.
 */
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Database from "../server/Database.js"
import * as DebianServer from "../server/DebianServer.js"
import * as EmbeddedServer from "../server/EmbeddedServer.js"
import * as Extensions from "./Extensions.js"
import * as MessageCatalogues from "./MessageCatalogues.js"
import * as OwnDefinitions from "./OwnDefinitions.js"

/** Routines that are not only behind operators, types and indexes, with the server's version: one row for each name. */
export const builtInRoutines = `
  SELECT DISTINCT proname COLLATE "C" AS name, current_setting('server_version_num')::int AS version
  FROM pg_proc p WHERE pronamespace = 'pg_catalog'::regnamespace
    AND NOT 'internal'::regtype = ANY (proargtypes) AND prorettype NOT IN ('internal'::regtype, 'cstring'::regtype)
    AND NOT 'cstring'::regtype = ANY (proargtypes)
    AND (prokind <> 'f' OR NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
      OR proname IN ('like', 'notlike', 'regexp_like', 'starts_with', 'overlaps', 'concat', 'array_append', 'array_prepend', 'array_cat'))
    AND proname !~ '^(pg_stat_get|binary_upgrade_|bt|hash|gin|gist|spg|brin|ri_|_pg|RI_)'
    AND proname !~ '(recv|send|cmp|sortsupport|_in|_out|_accum|_combine|_final|_inv|larger|smaller|sel|joinsel)$'
  ORDER BY name`

const width = 112

/** Words as the lines of a string, each as long as it may be. */
const linesOf = (words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

const routinesFile = fileURLToPath(new URL("../../../src/core/catalog/BuiltInRoutineNames.ts", import.meta.url))

const textOf = (names: ReadonlyArray<string>): string => `/**
 * The names of PostgreSQL 18's own routines. Written by \`npm run catalogues\` from the server's catalog: do not edit.
 *
 * @internal
 */

/** Separated by white space. @since 0.1.0 @category constants */
export const builtInRoutineNames = \`
${linesOf(names)
  .map((line) => `  ${line}`)
  .join("\n")}
\`
`

const writeMessages = Option.match(DebianServer.version(), {
  onNone: () =>
    Console.log("The messages stay as they are, for want of Debian's PostgreSQL: apt-get install postgresql"),
  onSome: (version) =>
    Effect.sync(() => fs.writeFileSync(MessageCatalogues.translationsFile, MessageCatalogues.textOf(version)))
})

const write = Effect.gen(function* () {
  yield* writeMessages
  const { url } = yield* EmbeddedServer.make()
  const rows = yield* Database.query(url, builtInRoutines)
  fs.writeFileSync(routinesFile, textOf(rows.map((row) => String(row["name"]))))
  yield* OwnDefinitions.write(url)
  yield* Extensions.write(url)
}).pipe(Effect.scoped)

if (process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await Effect.runPromise(write)
}
