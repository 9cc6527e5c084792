/**
 * What a path says: whether it is a migration, and under which id. Layouts of other tools are read as they are: a flat folder
 * of `.sql` files, pairs of `.up.sql` and `.down.sql`, Flyway's `V` and `U`, and Prisma's folder with one `migration.sql` each.
 *
 * **Laws**
 *
 * 1. Every path gets an answer: an id, or the reason why it is no migration.
 * 2. What undoes a migration is never a migration.
 *
 * @internal
 */
import * as Either from "effect/Either"

/**
 * The id of a path, its folders separated by `/`; or why it is no migration. `siblings` are the names beside it: `x-down.sql`
 * and `U2__x.sql` undo something only where there is an `x-up.sql` or a `V2__…`.
 *
 * `002_users.up.sql` and `002_users/migration.sql` both have the id `002_users`; `002_users.down.sql` has none.
 *
 * @since 0.1.0
 * @category operations
 */
export const idFrom = (path: string, siblings: ReadonlyArray<string>): Either.Either<string, string> => {
  const folders = path.split("/")
  const name = folders.pop() ?? ""
  const folder = folders.pop() ?? ""
  if (name.startsWith(".")) return Either.left("it is hidden")
  if (!/\.sql$/i.test(name)) return Either.left("its name does not end in .sql")
  if (isReversal(name, siblings)) return Either.left("it undoes a migration")
  return Either.right(
    /^migration\.sql$/i.test(name) && !/^\.{0,2}$/.test(folder) ? folder : name.replace(/(?:\.up)?\.sql$/i, "")
  )
}

const isReversal = (name: string, siblings: ReadonlyArray<string>): boolean => {
  if (/\.(?:down|undo|revert|rollback)\.sql$/i.test(name)) return true
  const opposite = name.replace(/([-_])down\.sql$/i, "$1up.sql")
  if (opposite !== name) return siblings.includes(opposite)
  const version = /^U(\d[\d._]*)__/.exec(name)?.[1]
  return version !== undefined && siblings.some((sibling) => sibling.startsWith(`V${version}__`))
}
