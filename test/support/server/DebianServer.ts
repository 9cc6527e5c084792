/**
 * The newest PostgreSQL that Debian's packages have installed: unlike the embedded one it comes with translations. A language
 * needs two files: the messages, which are the server's, and a locale, without which the server refuses `lc_messages`.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Option from "effect/Option"

const servers = "/usr/lib/postgresql"
const messages = "/usr/share/locale"

const entries = (folder: string): ReadonlyArray<string> => (fs.existsSync(folder) ? fs.readdirSync(folder) : [])

/** The folder that holds `bin`. */
export const installation = (): Option.Option<string> => {
  const versions = entries(servers).filter((version) => fs.existsSync(path.join(servers, version, "bin", "postgres")))
  return Option.map(
    Option.fromNullable(versions.toSorted((self, that) => Number(self) - Number(that)).at(-1)),
    (version) => path.join(servers, version)
  )
}

/** Its major version, which is in the names of its files. */
export const version = (): Option.Option<string> => Option.map(installation(), (folder) => path.basename(folder))

/** A language of the server as `de` or `zh_CN`, with a locale of the system in which it is spoken. */
export interface Language {
  readonly name: string
  readonly locale: Option.Option<string>
}

/** All that the server has messages in. */
export const languages = (folder: string): ReadonlyArray<Language> => {
  const catalog = path.join("LC_MESSAGES", `postgres-${path.basename(folder)}.mo`)
  const locales = spawnSync("locale", ["-a"], { encoding: "utf8" }).stdout.split("\n")
  return entries(messages)
    .filter((name) => fs.existsSync(path.join(messages, name, catalog)))
    .toSorted()
    .map((name) => ({
      name,
      locale: Option.fromNullable(
        locales.find(
          (locale) => /\.utf-?8$/i.test(locale) && (locale.startsWith(`${name}_`) || locale.startsWith(`${name}.`))
        )
      )
    }))
}
