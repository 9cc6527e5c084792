/**
 * Finds the names and versions under which a tool may have recorded a file.
 *
 * **Laws**
 *
 * 1. `bare` is idempotent: a name without folders and endings is its own bare name.
 * 2. `compareVersions` is total on canonical versions, and compares part by part as numbers.
 *
 * @internal
 */
import type { Migration } from "../migration/Migration.js"
import type { Naming } from "./Tool.js"

const endings = /(?:[.-]up|\.do)?\.(?:sql|[cm]?[jt]s|py|rb|php|go|cs|xml|ya?ml|json)$/i

/** Files that take their folder's name. */
const nameless = /^(?:migration|up)(?:\.sql)?$/i

/**
 * A recorded name, a path or an id without folders and endings: `20240101_users` for `db/20240101_users.up.sql`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const bare = (name: string): string => {
  const parts = name.split(/[\\/]/).filter((part) => part !== "")
  const last = parts.at(-1) ?? name
  const own = nameless.test(last) && parts.length > 1 ? (parts.at(-2) ?? last) : last
  return own.replace(endings, "")
}

/** The prefix of a label such as `record:001_users`. */
const label = /^(?:record|migrator):/

/**
 * All names under which a migration may be recorded: its id, and the bare names of its id and of its file.
 *
 * @since 0.1.0
 * @category queries
 */
export const namesOf = ({ id, source }: Pick<Migration, "id" | "source">): ReadonlyArray<string> => [
  ...new Set([id, bare(id), bare(source.replace(label, ""))])
]

/**
 * The version that a name begins with, in canonical form: `1` for `V001.0__users`, `20240101` for `20240101_users`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const versionOf = (naming: Naming, name: string): string | undefined => {
  switch (naming) {
    case "dotted": {
      const version = /^(?:[VBU])?(\d+(?:[._]\d+)*)(?:__|$)/.exec(name)?.[1]
      return version === undefined ? undefined : canonical(version)
    }
    case "undashed": {
      const version = /^[\d-]+/.exec(name)?.[0].replaceAll("-", "")
      return version === undefined || version === "" ? undefined : canonical(version)
    }
    default: {
      const version = /^[vV]?(\d+)/.exec(name)?.[1]
      return version === undefined ? undefined : canonical(version)
    }
  }
}

/** A version without leading zeros in its parts and without zero parts at its end. */
const canonical = (version: string): string => {
  const parts = version.split(/[._]/).map((part) => part.replace(/^0+(?=\d)/, ""))
  while (parts.length > 1 && parts.at(-1) === "0") parts.pop()
  return parts.join(".")
}

/** Compares two canonical versions: negative if the first is smaller. @since 0.1.0 @category comparing */
export const compareVersions = (self: string, that: string): number => {
  const [left, right] = [self.split("."), that.split(".")]
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [one, other] = [BigInt(left[at] ?? "0"), BigInt(right[at] ?? "0")]
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}
