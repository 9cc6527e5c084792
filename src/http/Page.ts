/**
 * Pages for people: one file each, without scripts and without anything from the network. Every text is escaped.
 *
 * @internal
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { visible } from "../core/text/Visible.js"

/** Markup, whose texts are escaped. @since 0.1.0 @category models */
export interface Html {
  readonly markup: string
}

type Part = string | number | Html | ReadonlyArray<Html>

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const escaped = (text: string): string => visible(text).replace(/[&<>"']/g, (character) => entities[character] ?? "")

const markupOf = (part: Part): string => {
  if (typeof part === "string" || typeof part === "number") return escaped(String(part))
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("")
}

/** Markup with parts, of which texts are escaped. @since 0.1.0 @category constructors */
export const html = (markup: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html => ({
  markup: String.raw({ raw: markup }, ...parts.map(markupOf))
})

/** No markup. @since 0.1.0 @category constructors */
export const none: Html = { markup: "" }

/** A list of texts, or a word that says that there are none. @since 0.1.0 @category constructors */
export const list = (texts: ReadonlyArray<string>): Html =>
  texts.length === 0 ? html`<p class="none">none</p>` : html`<ul>${texts.map((text) => html`<li>${text}</li>`)}</ul>`

const style = `
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 1.5rem 0 .25rem }
pre, code, li { font-family: ui-monospace, monospace; font-size: .875rem }
pre { border: 1px solid; border-radius: .25rem; padding: .75rem; white-space: pre-wrap; overflow-wrap: anywhere }
ul { margin: 0; padding-left: 1.25rem } dt { font-weight: 600 } dd { margin: 0 0 .75rem }
.none { margin: 0; opacity: .6 }
`

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  vary: "Accept"
}

/** A whole page. @since 0.1.0 @category constructors */
export const respond = (
  page: { readonly title: string; readonly body: Html },
  options: { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title}</title>
<style>${{ markup: style }}</style>
</head>
<body>
<main>
<h1>${page.title}</h1>
${page.body}
</main>
</body>
</html>
`.markup,
    { contentType: "text/html; charset=utf-8", ...options, headers: { ...headers, ...options.headers } }
  )
