/**
 * A plugin of Vitest that makes `src/database/Qualified.ts` tell what it returns: all of the library's own SQL passes that module, and no
 * SQL of a migration does. Without a listener, the module works as ever.
 */
import type { Plugin } from "vite"
import { edited } from "../repository/Mutants.js"

/** The name of the global function that hears each statement. */
export const listener = "effectAutoMigrationOwnSql"

const signature = "export const qualified = (text: string): string =>"

const telling = `${signature} {
  const whole = qualify(text)
  globalThis.${listener}?.(whole)
  return whole
}

const qualify = (text: string): string =>`

export const plugin: Plugin = {
  name: "own-sql",
  enforce: "pre",
  transform: (code, file) =>
    /[\\/]src[\\/]database[\\/]Qualified\.ts$/.test(file)
      ? edited(code, "database/Qualified", signature, telling)
      : code
}
