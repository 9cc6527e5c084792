/**
 * Names of files that undo a migration, in any case of letters.
 *
 * ```
 * x.down.sql  x/down.sql  rollback.sql  U1__x.sql        always
 * x_down.sql  down_x.sql  down.x.sql                     beside x.sql or its way up: x_up.sql, up_x.sql, up.x.sql
 * x.d.sql  x.teardown.sql  u1__x.sql                     beside x.u.sql, x.setup.sql or x.sql, v1__x.sql
 * ```
 *
 * **Laws**
 *
 * 1. What undoes a migration is never a migration: `x.down.sql` always, `x_down.sql` where there is an `x.sql` or `x_up.sql`.
 *
 * @internal
 */
import { baseName, folderOf } from "./Listing.js"

/**
 * Whether a file undoes a migration, by its name and those beside it. `001.undo.users.sql` is postgrator's, `U1__users.sql` Flyway's.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isReversal = (path: string, beside: Beside): boolean => {
  const name = baseName(path)
  if (/^U\d+(?:[._]\d+)*__/.test(name) || always.test(name)) return true
  const folder = folderOf(path).toLowerCase()
  return oppositesOf(name.toLowerCase()).some((opposite) => beside.has(folder + opposite))
}

/** Paths in small letters, and of each of Flyway's versions in small letters what its name begins with: `v1__`. */
type Beside = ReadonlySet<string>

/** @since 0.1.0 @category constructors */
export const besideOf = (paths: ReadonlyArray<string>): Beside => {
  const small = paths.map((path) => path.toLowerCase())
  const versions = small.flatMap((path) => {
    const [version] = /^v\d+(?:[._]\d+)*__/.exec(baseName(path)) ?? []
    return version === undefined ? [] : [folderOf(path) + version]
  })
  return new Set([...small, ...versions])
}

const always = /^(?:.*\.)?(?:downs?|undo|revert|rollback|backwards?)\.sql$|^teardown\.sql$|^\d+\.undo\./i

/** The names of what a file would undo. */
const oppositesOf = (name: string): ReadonlyArray<string> => {
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
