/**
 * All known tools that keep a table of migrations, and the tables to look for in a catalog.
 *
 * @internal
 */
import { otherTools } from "./OtherTools.js"
import { hostedTools, scriptTools } from "./ScriptTools.js"
import type { Tool } from "./Tool.js"

/** In the order in which they are tried. @since 0.1.0 @category constructors */
export const all: ReadonlyArray<Tool> = [...scriptTools, ...hostedTools, ...otherTools]

/** The names of the tables to look for. A tool that quotes names may write them in capitals. @since 0.1.0 @category constructors */
export const tables: ReadonlyArray<string> = [
  ...new Set(
    all
      .flatMap(({ beside, table }) => (beside === undefined ? [table] : [table, beside]))
      .flatMap((name) => [name, name.toLowerCase(), name.toUpperCase()])
  )
]

/**
 * The schemas of hosted services. A table in one of them is the service's own if its owner is a role of the service.
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

/** The beginning of the names of these roles: Supabase creates `supabase_auth_admin` and others. @since 0.1.0 @category constructors */
export const foreignOwner = "supabase_"
