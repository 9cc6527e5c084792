/**
 * The next command, as an error prints it: it works when it is pasted into a shell in the program's working directory. It names
 * the folder and the ledger's schema where they are not the defaults; the database's URL it reads from `DATABASE_URL`, and no
 * error prints a URL. For migrations in code it is a call of the program.
 *
 * @internal
 */
import * as Plan from "../core/graph/Plan.js"
import { commandSuffix, type Options } from "./AutoMigrationConfig.js"

/** The options that a command repeats. @since 0.1.0 @category models */
export type Setting = Pick<Options, "schema" | "origin">

/** The commands that errors name. @since 0.1.0 @category models */
export type Name = "migrate" | "again" | "baseline" | "rename" | "release" | "rebuild"

const folderDefault = "migrations"

/** The options that lead to the folder. */
const folderOf = ({ origin }: Setting): ReadonlyArray<string> => {
  if (origin?._tag !== "Folder") return []
  const isDefault = origin.path.replace(/^\.\//, "").replace(/\/$/, "") === folderDefault
  return [
    ...(isDefault ? [] : ["--folder", origin.path]),
    ...(origin.order === undefined ? [] : ["--order", origin.order])
  ]
}

const shell = (setting: Setting, words: string, options: ReadonlyArray<string>): string => {
  const ofSource = [...options, ...folderOf(setting)].map(Plan.shellWord)
  return `${[words, ...ofSource].join(" ")}${commandSuffix(setting.schema)}`
}

const array = (texts: ReadonlyArray<string>): string => JSON.stringify(texts).replaceAll('","', '", "')

const call = (name: Name, ids: ReadonlyArray<string>): string => {
  switch (name) {
    case "migrate":
      return ids.length === 0 ? "AutoMigration.migrate" : `AutoMigration.migrateTo(${array(ids)})`
    case "again":
      return `AutoMigration.migrateAgain(${array(ids)})`
    case "baseline":
      return `AutoMigration.baseline(${array(ids)})`
    case "rename":
      return `AutoMigration.rename(${array(ids).slice(1, -1)})`
    case "release":
      return `AutoMigration.release(${array(ids).slice(1, -1)})`
    case "rebuild":
      return "AutoMigration.rebuild"
  }
}

const isCode = ({ origin }: Setting): boolean => origin?._tag === "Code"

/**
 * The command for these ids. Options stand before ids that begin with a hyphen.
 *
 * @since 0.1.0
 * @category rendering
 */
export const command = (setting: Setting, name: Name, ids: ReadonlyArray<string> = []): string => {
  if (isCode(setting)) return call(name, ids)
  if (!ids.some((id) => id.startsWith("-"))) return shell(setting, Plan.commandFor(name, ids), [])
  return `${shell(setting, Plan.commandFor(name, []), [])} -- ${ids.map(Plan.shellWord).join(" ")}`
}

/** What an adoption is asked for. @since 0.1.0 @category models */
export interface AdoptRequest {
  readonly by?: "table" | "catalog" | undefined
  readonly table?: string | undefined
  readonly accept?: ReadonlyArray<string> | undefined
  /** Records without a question. */
  readonly yes?: boolean
}

/** The command that adopts a history. @since 0.1.0 @category rendering */
export const adopt = (
  setting: Setting,
  { accept = [], by = "table", table, yes = false }: AdoptRequest = {}
): string => {
  if (isCode(setting)) {
    const facts = [
      `by: "${by}"`,
      ...(table === undefined ? [] : [`table: ${JSON.stringify(table)}`]),
      ...(accept.length === 0 ? [] : [`accept: ${array(accept)}`])
    ]
    return `AutoMigration.adopt({ ${facts.join(", ")} })`
  }
  return shell(setting, Plan.commandFor("adopt", []), [
    ...(by === "catalog" ? ["--probe"] : []),
    ...(table === undefined ? [] : ["--table", table]),
    ...(accept.length === 0 ? [] : ["--accept", accept.join(",")]),
    ...(yes ? ["--yes"] : [])
  ])
}
