/**
 * The file of a new migration, named as the folder names its own: the next number with as many digits, the next version of
 * Flyway, or the time where the names begin with times.
 *
 * ```
 * 001_users.sql, 002_email.sql                        003_orders.sql
 * 20260131120000_users.sql                            20260201093000_orders.sql
 * 000001_users.up.sql, 000001_users.down.sql          000002_orders.up.sql, 000002_orders.down.sql
 * V1__users.sql, V1.1__email.sql                      V2__orders.sql
 * 20260131120000_users/migration.sql                  20260201093000_orders/migration.sql
 * ```
 *
 * @internal
 */
import * as Either from "effect/Either"
import type { Remedy } from "../error/Explanation.js"
import { parse } from "./FlywayName.js"

/** A file to write. @since 0.1.0 @category models */
export interface NewFile {
  /** Relative to the folder. */
  readonly path: string
  readonly text: string
}

/** A time, twice. @since 0.1.0 @category models */
export interface Now {
  /** Since 1970. */
  readonly milliseconds: number
  /** In UTC, down to the millisecond: `20260131120000123`. */
  readonly digits: string
}

/** The folder, and the time. @since 0.1.0 @category models */
export interface Folder {
  /** All files, relative to the folder. */
  readonly paths: ReadonlyArray<string>
  /** The text of a file, or an empty one. */
  readonly textOf: (path: string) => string
  readonly now: Now
}

/** Files that tools make by themselves, since a list or a sum beside the files names each of them. */
const ofTools: ReadonlyArray<readonly [file: RegExp, tool: string, command: string]> = [
  [/^meta\/_journal\.json$/, "Drizzle", "npx drizzle-kit generate --custom"],
  [/^atlas\.sum$/, "Atlas", "atlas migrate new"],
  [/^sqitch\.plan$/, "Sqitch", "sqitch add"],
  [/^committed\//, "graphile-migrate", "npx graphile-migrate commit"]
]

/** `Add e-mail!` as `add_e_mail`. */
const slug = (name: string): string =>
  name
    .normalize("NFC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "_")
    .replace(/^_+|_+$/g, "")

/** The next number in the manner of the last one: a time where the last one is one, and else one more. */
const numberAfter = (last: string, now: Now): string => {
  if (/^(?:19|20)\d{12}$/.test(last)) return later(last, now.digits.slice(0, 14))
  if (/^(?:19|20)\d{15}$/.test(last)) return later(last, now.digits.slice(0, 17))
  if (/^1\d{9}$/.test(last)) return later(last, String(Math.floor(now.milliseconds / 1000)))
  if (/^1\d{12}$/.test(last)) return later(last, String(now.milliseconds))
  return plusOne(last)
}

const plusOne = (number: string): string => String(BigInt(number) + 1n).padStart(number.length, "0")

/** A clock that lies behind the last file must not put the new file before it. */
const later = (last: string, now: string): string => (now > last ? now : plusOne(last))

/** A name that begins with a number: what is between number and description, and what follows. */
const numbered =
  /^(?<before>(?:.*\/)?)(?<number>\d+)(?<between>[_.-]+)(?<name>[^/]*?)(?<after>(?:\.(?:up|do))?\.sql|\/(?:migration|up)\.sql)$/

interface Numbered {
  readonly path: string
  readonly before: string
  readonly number: string
  readonly between: string
  readonly after: string
}

const numberedFrom = (path: string): ReadonlyArray<Numbered> => {
  const groups = numbered.exec(path)?.groups
  if (groups === undefined) return []
  const { after = "", before = "", between = "_", number = "" } = groups
  return [{ path, before, number, between, after }]
}

const isAfter = (one: Numbered, other: Numbered): boolean => {
  const [a, b] = [BigInt(one.number), BigInt(other.number)]
  return a === b ? one.path > other.path : a > b
}

const lastOf = (all: ReadonlyArray<Numbered>): Numbered | undefined =>
  all.reduce<Numbered | undefined>((last, each) => (last === undefined || isAfter(each, last) ? each : last), undefined)

/** The headings that a tool's own sections begin with, as the last file has them. */
const sections = (text: string): string => {
  const headings = text
    .split(/\r?\n/)
    .filter((line) => /^\s*--\s*(?:migrate:(?:up|down)|\+(?:goose|migrate)\s+(?:up|down))\b/i.test(line))
  return headings.length === 0 ? "" : headings.map((heading) => `${heading.trim()}\n\n`).join("")
}

/** The file that undoes a migration, where the last one has one. */
const undoing = ({ after, before, between, number, path }: Numbered, { paths }: Folder): string | undefined => {
  const others: Readonly<Record<string, string>> = {
    ".up.sql": ".down.sql",
    ".do.sql": ".undo.sql",
    "/up.sql": "/down.sql"
  }
  const other = others[after]
  if (other === undefined) return undefined
  const name = path.slice(before.length + number.length + between.length, -after.length)
  return paths.includes(`${before}${number}${between}${name}${other}`) ? other : undefined
}

const afterNumbered = (last: Numbered, name: string, folder: Folder): ReadonlyArray<NewFile> => {
  const stem = `${last.before}${numberAfter(last.number, folder.now)}${last.between}${name}`
  const other = undoing(last, folder)
  return [
    { path: `${stem}${last.after}`, text: sections(folder.textOf(last.path)) },
    ...(other === undefined ? [] : [{ path: `${stem}${other}`, text: "" }])
  ]
}

/** The next whole version of Flyway. */
const afterFlyway = (paths: ReadonlyArray<string>, name: string): ReadonlyArray<NewFile> | undefined => {
  const firsts = paths.flatMap((path) => {
    const parsed = parse(path)
    return parsed?.kind === "V" ? [parsed.version[0] ?? "0"] : []
  })
  if (firsts.length === 0) return undefined
  const last = firsts.reduce((most, each) => (BigInt(each) > BigInt(most) ? each : most))
  return [{ path: `V${plusOne(last)}__${name}.sql`, text: "" }]
}

/** Why there is no new file, and what to do. @since 0.1.0 @category models */
export interface Objection {
  readonly problem: string
  readonly remedy: Remedy
}

/**
 * The files of a new migration. `Left` tells why there are none: the name has no letter or digit, or a tool keeps a list of
 * its files, to which only that tool adds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const next = (folder: Folder, description: string): Either.Either<ReadonlyArray<NewFile>, Objection> => {
  const name = slug(description)
  if (name === "") {
    return Either.left({
      problem: `"${description}" has no letter and no digit for a file's name`,
      remedy: { say: "Say what the migration does, such as add_email" }
    })
  }
  for (const [file, tool, command] of ofTools) {
    if (folder.paths.some((path) => file.test(path))) {
      return Either.left({
        problem: `${tool} keeps a list of the files of this folder`,
        remedy: { say: "Make the file with that tool", run: command }
      })
    }
  }
  const last = lastOf(folder.paths.flatMap(numberedFrom))
  if (last !== undefined) return Either.right(afterNumbered(last, name, folder))
  return Either.right(afterFlyway(folder.paths, name) ?? [{ path: `001_${name}.sql`, text: "" }])
}
