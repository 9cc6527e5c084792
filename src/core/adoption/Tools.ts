/**
 * All tools whose tables of migrations are known, and what to look for in a catalog.
 *
 * @internal
 */
import { others } from "./OtherTools.js"
import { hosted, inScript } from "./ScriptTools.js"
import type { Tool } from "./Tool.js"

/** In the order in which they are tried. @since 0.1.0 @category constructors */
export const all: ReadonlyArray<Tool> = [...inScript, ...hosted, ...others]

/** The names of the tables to look for. @since 0.1.0 @category constructors */
export const tables: ReadonlyArray<string> = [
  ...new Set(all.flatMap(({ beside, table }) => (beside === undefined ? [table] : [table, beside])))
]

/**
 * Schemas that a hosted service keeps for itself. The tables of migrations in there are the service's own and tell nothing about a program's.
 *
 * @since 0.1.0
 * @category constructors
 */
export const foreignSchemas: ReadonlyArray<string> = [
  "auth",
  "storage",
  "realtime",
  "_realtime",
  "_analytics",
  "_supavisor",
  "supabase_functions",
  "vault",
  "cron",
  "pgmq"
]
