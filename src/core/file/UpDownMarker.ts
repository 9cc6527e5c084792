/**
 * The comment lines by which other tools divide one file into a way up and a way down, or say that it runs outside a
 * transaction. For the server, each is a comment.
 *
 * | tool            | way up                          | way down                              | no transaction                      |
 * |-----------------|---------------------------------|---------------------------------------|-------------------------------------|
 * | goose           | `-- +goose Up`                  | `-- +goose Down`                      | `-- +goose NO TRANSACTION`          |
 * | sql-migrate     | `-- +migrate Up`                | `-- +migrate Down`                    | `-- +migrate Up notransaction`      |
 * | micrate         | `-- +micrate Up`                | `-- +micrate Down`                    |                                     |
 * | dbmate          | `-- migrate:up`                 | `-- migrate:down`                     | `-- migrate:up transaction:false`   |
 * | node-pg-migrate | `-- Up Migration`               | `-- Down Migration`                   |                                     |
 * | rambler         | `-- rambler up`                 | `-- rambler down`                     |                                     |
 * | Mojolicious     | `-- 1 up`                       | `-- 1 down`                           |                                     |
 * | Play            | `# --- !Ups`                    | `# --- !Downs`                        |                                     |
 * | tern            | what stands above the way down  | `---- create above / drop below ----` | `---- tern: disable-tx ----`        |
 * | MyBatis         | what stands above the way down  | `-- //@UNDO`                          |                                     |
 * | Atlas           |                                 |                                       | `-- atlas:txmode none`              |
 *
 * @internal
 */
import type { Comment } from "../text/Comment.js"

/** @since 0.1.0 @category models */
export type Tool =
  | "goose"
  | "sql-migrate"
  | "micrate"
  | "dbmate"
  | "node-pg-migrate"
  | "rambler"
  | "Mojolicious"
  | "Play"
  | "tern"
  | "MyBatis"
  | "Atlas"

/**
 * The meaning of a comment line. `Section`: a way begins here, for Mojolicious the way of a version. `NoTransaction`: the whole
 * file runs outside a transaction. `Wrong`: the tool itself does not understand the line, or it asks for something that this
 * library does not do.
 *
 * @since 0.1.0
 * @category models
 */
export type Marker =
  | {
      readonly _tag: "Section"
      readonly tool: Tool
      readonly way: "up" | "down"
      readonly version?: string
      readonly transaction: "own" | "none"
    }
  | { readonly _tag: "NoTransaction"; readonly tool: Tool }
  | { readonly _tag: "Wrong"; readonly tool: Tool; readonly reason: string; readonly remedy: string }

/**
 * The marker that a comment is, if it is one. A block comment is none, and neither is a text that mentions one.
 *
 * @since 0.1.0
 * @category operations
 */
export const read = ({ kind, text }: Comment): Marker | undefined => {
  if (kind === "block") return undefined
  for (const reader of readers) {
    const marker = reader(text)
    if (marker !== undefined) return marker
  }
  return undefined
}

type Reader = (text: string) => Marker | undefined

const section = (tool: Tool, word: string, transaction: "own" | "none" = "own"): Marker => ({
  _tag: "Section",
  tool,
  way: /^up/i.test(word) ? "up" : "down",
  transaction
})

const wrong = (tool: Tool, reason: string, remedy: string): Marker => ({ _tag: "Wrong", tool, reason, remedy })

/** The markers of goose, and of sql-migrate and micrate, which use the same notation. */
const annotated: Reader = (text) => {
  const [, name = "", rest = ""] = /^\+(goose|migrate|micrate)\b(.*)$/i.exec(text) ?? []
  switch (name.toLowerCase()) {
    case "goose":
      return gooseFrom(rest.trim())
    case "migrate":
      return sqlMigrateFrom(rest.trim())
    case "micrate":
      return /^(?:up|down)$/i.test(rest.trim()) ? section("micrate", rest.trim()) : boundary("micrate", rest.trim())
    default:
      return undefined
  }
}

/** Ignores the lines around a statement that holds semicolons: the server's grammar does not need them. */
const boundary = (tool: Tool, word: string): Marker | undefined =>
  /^statement(?:begin|end)$/i.test(word)
    ? undefined
    : wrong(tool, `is not a word of ${tool}`, "Correct or remove the line.")

const gooseFrom = (word: string): Marker | undefined => {
  if (/^(?:up|down)$/i.test(word)) return section("goose", word)
  if (/^no\s+transaction$/i.test(word)) return { _tag: "NoTransaction", tool: "goose" }
  if (/^envsub\s+off$/i.test(word)) return undefined
  return /^envsub\s+on$/i.test(word)
    ? wrong(
        "goose",
        "makes goose put values of the environment into the SQL, which is not done here",
        "Write the values themselves, and remove the line."
      )
    : boundary("goose", word)
}

const sqlMigrateFrom = (words: string): Marker | undefined => {
  const [, way, option] = /^(up|down)(?:\s+(.+))?$/i.exec(words) ?? []
  if (way === undefined) return boundary("sql-migrate", words)
  if (option === undefined) return section("sql-migrate", way)
  return /^notransaction$/i.test(option)
    ? section("sql-migrate", way, "none")
    : wrong("sql-migrate", `has the option "${option}", which sql-migrate does not have`, "Correct the line.")
}

const dbmate: Reader = (text) => {
  const [, way, options] = /^migrate:(up|down)(?=\s|$)(.*)$/i.exec(text) ?? []
  if (way === undefined || options === undefined) return undefined
  const other = options
    .trim()
    .split(/\s+/)
    .find((option) => !/^(?:transaction:(?:true|false))?$/.test(option))
  if (other !== undefined)
    return wrong("dbmate", `has the option "${other}", which dbmate does not have`, "Correct the line.")
  return section("dbmate", way, /\btransaction:false$/.test(options.trim()) ? "none" : "own")
}

const worded =
  (tool: Tool, pattern: RegExp): Reader =>
  (text) => {
    const way = pattern.exec(text)?.[1]
    return way === undefined ? undefined : section(tool, way)
  }

const mojolicious: Reader = (text) => {
  const [, version, way] = /^(\d+)\s*(up|down)\b/i.exec(text) ?? []
  return version === undefined || way === undefined
    ? undefined
    : { _tag: "Section", tool: "Mojolicious", way: /^up/i.test(way) ? "up" : "down", version, transaction: "own" }
}

const below =
  (tool: Tool, pattern: RegExp): Reader =>
  (text) =>
    pattern.test(text) ? section(tool, "down") : undefined

const withoutTransaction =
  (tool: Tool, pattern: RegExp): Reader =>
  (text) =>
    pattern.test(text) ? { _tag: "NoTransaction", tool } : undefined

const readers: ReadonlyArray<Reader> = [
  annotated,
  dbmate,
  worded("node-pg-migrate", /^[\s-]*(up|down)\s+migration[\s:-]*$/i),
  worded("rambler", /^rambler\s+(up|down)\s*$/i),
  worded("Play", /^[\s-]*!(up|down)s\b/i),
  mojolicious,
  below("tern", /^-*\s*create above\s*\/\s*drop below\s*-*$/i),
  below("MyBatis", /^\/\/\s*@undo\b/i),
  withoutTransaction("tern", /^-*\s*tern:\s*disable-tx\s*-*$/i),
  withoutTransaction("Atlas", /^atlas:txmode\s+none$/i)
]
