/**
 * The script and the style of the graph's page as a module of `src/core`, so that a bundle holds them. `npm run exports` writes it from
 * `src/page`.
 */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import { buildSync, transformSync } from "esbuild"

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

const hashOf = (text: string): string => createHash("sha256").update(text, "utf8").digest("base64")

/** A closing tag in a string would end the element that holds the script. */
const inElement = (text: string): string => text.trim().replaceAll("</", "<\\/")

/** In the order in which they count. */
const styles = ["page", "drawing", "panel", "list", "media"]

/** What the module holds. */
export const assets = () => {
  const [built] = buildSync({
    absWorkingDir: at("."),
    bundle: true,
    charset: "utf8",
    entryPoints: ["src/page/main.ts"],
    format: "iife",
    minify: true,
    target: "es2022",
    tsconfigRaw: {},
    write: false
  }).outputFiles
  const script = inElement(built?.text ?? "")
  const sheets = styles.map((name) => fs.readFileSync(at(`src/page/${name}.css`), "utf8"))
  const style = transformSync(sheets.join("\n"), { loader: "css", minify: true }).code.trim()
  return { script, scriptHash: hashOf(script), style, styleHash: hashOf(style) }
}

const textOf = (): string => `/**
 * The script and the style of the graph's page, and their hashes. Written by \`npm run exports\` from \`src/page\`: do not edit.
 *
 * @internal
 */

/** The hashes are SHA-256 in base 64. @since 0.1.0 @category constants */
export const pageAssets = ${JSON.stringify(assets(), null, 2).replaceAll("${", "$\\u007b")} as const
`

if (process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  fs.writeFileSync(at("src/core/picture/PageAssets.ts"), textOf())
}
