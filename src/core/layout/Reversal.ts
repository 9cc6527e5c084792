/**
 * Recognises files that undo a migration, by the words of their names in upper or lower case.
 *
 * ```
 * x.down.sql  x/down.sql  rollback.sql  U1__x.sql         always
 * x_down.sql  down_x.sql  1_undo_x.sql  x(down).sql       beside x.sql, x.up.sql, up_x.sql, 1_do_x.sql or another way up
 * x.d.sql  u1__x.sql                                      beside x.u.sql, v1__x.sql
 * ```
 *
 * **Laws**
 *
 * 1. A file that undoes a migration is never a migration: `x.down.sql` always, and a file whose name differs from another one by a
 *    word of undoing, such as `x_down.sql` from `x.sql` and from `x_up.sql`.
 *
 * @internal
 */
import { baseName, folderOf, withoutEnding } from "./Listing.js"

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

/** For each `.sql` file its folder and the words of its name, and for one of Flyway's its folder and version, such as `v1__`. */
type Beside = ReadonlySet<string>

/** @since 0.1.0 @category constructors */
export const besideOf = (paths: ReadonlyArray<string>): Beside =>
  new Set(
    paths
      .map((path) => path.toLowerCase())
      .filter((path) => path.endsWith(".sql"))
      .flatMap((path) => {
        const [version] = /^v\d+(?:[._]\d+)*__/.exec(baseName(path)) ?? []
        const words = folderOf(path) + wordsOf(baseName(path)).join(" ")
        return version === undefined ? [words] : [words, folderOf(path) + version]
      })
  )

const always = /^(?:.*\.)?(?:downs?|undo|revert|rollback|backwards?)\.sql$|^teardown\.sql$|^\d+\.undo\./i

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(" "))

const undoing = setOf(
  "down downs dn undo revert reverse rev rollback back backward backwards backout downgrade uninstall teardown"
)

const doing = ["up", "forward", "setup", "do", "apply", "install", "upgrade", "deploy", "migrate"]

/** The words of a file's name in lower case. `roll_back` is one word. */
const wordsOf = (name: string): ReadonlyArray<string> =>
  withoutEnding(name)
    .split(/[-_.\s()[\]{}~+@=,]+/)
    .filter((word) => word !== "")
    .join(" ")
    .replace(/\b(roll back|tear down|back out)\b/g, (words) => words.replace(" ", ""))
    .split(" ")

/** What {@link besideOf} holds for the ways up that a file may have. */
const waysUpOf = (name: string): ReadonlyArray<string> => {
  const [, version] = /^u(\d+(?:[._]\d+)*__)/.exec(name) ?? []
  const words = wordsOf(name)
  const short = /.\.d\.sql$/.test(name) ? [[...words.slice(0, -1), "u"]] : []
  const others = words.flatMap((word, place) => {
    if (!undoing.has(word)) return []
    const [before, after] = [words.slice(0, place), words.slice(place + 1)]
    const rest = [...before, ...after]
    if (rest.length === 0) return []
    return [rest, [...rest, "up"], ["up", ...rest], ...doing.map((way) => [...before, way, ...after])]
  })
  return [...(version === undefined ? [] : [`v${version}`]), ...[...short, ...others].map((way) => way.join(" "))]
}
