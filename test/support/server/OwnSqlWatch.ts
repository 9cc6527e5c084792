/**
 * Checks the library's own SQL over the whole suite: no statement leaves a name to the search path. After each file of tests, the
 * statements that are new are parsed. Statements that differ only in literals, numbers and quoted names are parsed once in a process.
 */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as GlobalValue from "effect/GlobalValue"
import { listener } from "./OwnSqlPlugin.js"

/** The hashes of the statements without their values, and the first text of each that is new. */
const heard = GlobalValue.globalValue("effect-auto-migration/test/OwnSqlWatch", () => ({
  known: new Set<string>(),
  unread: [] as string[]
}))

const withoutValues = (text: string): string =>
  text
    .replaceAll(/\b[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'/gs, "''")
    .replaceAll(/"(?:[^"]|"")*"/g, '""')
    .replaceAll(/\b\d+\b/g, "0")
    .replaceAll(/''(?:, '')+/g, "''")

const hear = (text: string): void => {
  const key = createHash("sha1").update(withoutValues(text)).digest("base64")
  if (heard.known.has(key)) return
  heard.known.add(key)
  heard.unread.push(text)
}

export const begin = (): void => {
  Object.assign(globalThis, { [listener]: hear })
}

/** Fails for a statement that was sent since the last call and leaves a name to the search path. */
export const check = async (): Promise<void> => {
  const texts = heard.unread.splice(0)
  if (texts.length === 0) return
  const { layer, SqlParser } = await import("../../../src/runtime/SqlParser.js")
  const OwnSql = await import("./OwnSql.js")
  const parser = await Effect.runPromise(Effect.provide(SqlParser, layer))
  const complaints = texts.flatMap((text) =>
    Either.isRight(parser.sql(text))
      ? OwnSql.unqualified(parser, text).map((what) => `${what} in: ${text}`)
      : [`no SQL: ${text}`]
  )
  if (complaints.length > 0) throw new Error(`The library's SQL is open to the search path:\n${complaints.join("\n")}`)
}
