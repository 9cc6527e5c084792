/**
 * Names of files that undo a migration.
 *
 * **Laws**
 *
 * 1. What undoes a migration is never a migration: `x.down.sql` always, `x_down.sql` where there is an `x.sql` or `x_up.sql`.
 *
 * @internal
 */
import { baseName, folderOf } from "./Listing.js"

/**
 * Whether a file undoes a migration, by its name and those beside it. `001.undo.users.sql` is postgrator's.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isReversal = (path: string, paths: ReadonlySet<string>): boolean => {
  const name = baseName(path)
  if (/\.(?:down|undo|revert|rollback)\.sql$/i.test(name) || /^\d+\.undo\./i.test(name)) return true
  return oppositesOf(name).some((opposite) => paths.has(folderOf(path) + opposite))
}

/** The names of what a file would undo. */
const oppositesOf = (name: string): ReadonlyArray<string> => {
  if (/^(?:down|undo|revert|rollback)\.sql$/i.test(name)) return ["up.sql", "do.sql", "deploy.sql"]
  const [, base, mark = ""] = /^(.+?)([-_])(?:down|undo|revert|rollback)\.sql$/i.exec(name) ?? []
  if (base !== undefined) return [`${base}.sql`, `${base}${mark}up.sql`, `${base}.up.sql`]
  const [, rest] = /^(?:down|undo|revert|rollback)[-_](.+)$/i.exec(name) ?? []
  return rest === undefined ? [] : [rest, `up_${rest}`, `up-${rest}`]
}
