/**
 * The SQL of `migrations/` as a module of `src`, so that a bundle holds it. `npm run exports` writes it.
 */
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

/** The text of each file in `migrations/`, by the file's name without its ending. */
export const scripts = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    fs
      .readdirSync(at("migrations"))
      .filter((file) => file.endsWith(".sql"))
      .toSorted()
      .map((file) => [file.slice(0, -4), fs.readFileSync(at(`migrations/${file}`), "utf8")])
  )

const textOf = (): string => `/**
 * The SQL of the ledger's own migrations. Written by \`npm run exports\` from the files in \`migrations/\`: do not edit.
 *
 * @internal
 */

/** By the files' names without their ending. @since 0.1.0 @category constants */
export const ledgerScripts = ${JSON.stringify(scripts(), null, 2)} as const
`

if (process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  fs.writeFileSync(at("src/ledger/LedgerScripts.ts"), textOf())
}
