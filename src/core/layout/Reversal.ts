/**
 * Recognises files that undo a migration, by their names in upper or lower case.
 *
 * ```
 * x.down.sql  x/down.sql  rollback.sql  U1__x.sql        always
 * x_down.sql  down_x.sql  down.x.sql                     beside x.sql or its way up: x_up.sql, up_x.sql, up.x.sql
 * x.d.sql  x.teardown.sql  u1__x.sql                     beside x.u.sql, x.setup.sql or x.sql, v1__x.sql
 * ```
 *
 * **Laws**
 *
 * 1. A file that undoes a migration is never a migration: `x.down.sql` always, `x_down.sql` if there is an `x.sql` or `x_up.sql`.
 *
 * @internal
 */
import { baseName, folderOf } from "./Listing.js"

/**
 * Whether a file undoes a migration, by its own name and the names beside it. `001.undo.users.sql` is a name of postgrator's,
 * `U1__users.sql` one of Flyway's.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isReversal = (path: string, beside: Beside): boolean => {
  const name = baseName(path)
  if (/^U\d+(?:[._]\d+)*__/.test(name) || always.test(name)) return true
  const folder = folderOf(path).toLowerCase()
  return waysUpOf(name.toLowerCase()).some((wayUp) => beside.has(folder + wayUp))
}

/** All paths in lower case, and for each versioned file of Flyway's the beginning of its path, such as `v1__`. */
type Beside = ReadonlySet<string>

/** @since 0.1.0 @category constructors */
export const besideOf = (paths: ReadonlyArray<string>): Beside => {
  const lowerCase = paths.map((path) => path.toLowerCase())
  const versions = lowerCase.flatMap((path) => {
    const [version] = /^v\d+(?:[._]\d+)*__/.exec(baseName(path)) ?? []
    return version === undefined ? [] : [folderOf(path) + version]
  })
  return new Set([...lowerCase, ...versions])
}

const always = /^(?:.*\.)?(?:downs?|undo|revert|rollback|backwards?)\.sql$|^teardown\.sql$|^\d+\.undo\./i

/** The names that a file's way up may have, in lower case. */
const waysUpOf = (name: string): ReadonlyArray<string> => {
  const [, version] = /^u(\d+(?:[._]\d+)*__)/.exec(name) ?? []
  if (version !== undefined) return [`v${version}`]
  const [, short] = /^(.+)\.d\.sql$/.exec(name) ?? []
  if (short !== undefined) return [`${short}.u.sql`]
  const [, base, mark = ""] = /^(.+?)([-_.])(?:down|undo|revert|rollback|backward|teardown)\.sql$/.exec(name) ?? []
  if (base !== undefined) {
    return [`${base}.sql`, `${base}.up.sql`, ...["up", "forward", "setup"].map((up) => `${base}${mark}${up}.sql`)]
  }
  const [, prefix = "", rest] = /^(?:down|undo|revert|rollback|backward|teardown)([-_.])(.+)$/.exec(name) ?? []
  if (rest === undefined) return []
  return [rest, `up_${rest}`, `up-${rest}`, ...["up", "forward", "setup"].map((up) => up + prefix + rest)]
}
