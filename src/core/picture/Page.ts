/**
 * One page that shows a graph: a file that loads no other, with its data, its style and its script inside. The content security policy
 * of the page allows that script and that style, by their hashes, and no connection.
 *
 * @internal
 */
import { pageAssets } from "./PageAssets.js"
import type { PageData } from "./PageData.js"

/**
 * JSON that a `script` element may hold: no text in it ends the element, begins a comment, or ends a line of JavaScript.
 *
 * @since 0.1.0
 * @category conversions
 */
export const embedded = (data: unknown): string =>
  JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

const policy = [
  "default-src 'none'",
  `script-src 'sha256-${pageAssets.scriptHash}'`,
  `style-src 'sha256-${pageAssets.styleHash}'`,
  "base-uri 'none'",
  "form-action 'none'"
].join("; ")

/** @since 0.1.0 @category rendering */
export const render = (data: PageData): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<title>Migrations</title>
<style>${pageAssets.style}</style>
</head>
<body>
<noscript>This page draws the graph with a script of its own. Allow scripts to see it, or ask the command for Mermaid, DOT or JSON.</noscript>
<script type="application/json" id="data">${embedded(data)}</script>
<script>${pageAssets.script}</script>
</body>
</html>
`
