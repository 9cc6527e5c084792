/**
 * Answers to a request that could not be served because the schema is behind the code: a problem document of RFC 9457,
 * which says no more than that, or, for development, the error itself.
 *
 * @internal
 */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import { type AutoMigrationError, render } from "../core/error/AutoMigrationError.js"
import * as Page from "./Page.js"

/**
 * Whether a request asks for a page rather than for data: it names `text/html` before any JSON, as browsers do.
 *
 * @since 0.1.0
 * @category predicates
 */
export const wantsPage = ({ headers }: HttpServerRequest.HttpServerRequest): boolean => {
  const accepted = (headers["accept"] ?? "").toLowerCase()
  const [page, data] = [accepted.indexOf("text/html"), accepted.search(/application\/(?:problem\+)?json/)]
  return page >= 0 && (data < 0 || page < data)
}

const secondsOf = (duration: Duration.Duration): string => String(Math.max(1, Math.ceil(Duration.toSeconds(duration))))

const problem = (
  detail: string,
  members: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(
    JSON.stringify({ type: "about:blank", title: "Service Unavailable", status: 503, detail, ...members }),
    {
      status: 503,
      contentType: "application/problem+json",
      headers: { "cache-control": "no-store", vary: "Accept", ...headers }
    }
  )

/**
 * The schema has been brought up to date, or will be soon, and the request was not run a second time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sendAgain = (after: Duration.Duration): HttpServerResponse.HttpServerResponse =>
  problem(
    "The service is bringing its database up to date. Nothing of this request was kept if it failed in a transaction. Send it again.",
    {},
    { "retry-after": secondsOf(after) }
  )

/** When a failed migration is tried again, for errors that know it. */
const retryAfter = (error: AutoMigrationError, now: number): Readonly<Record<string, string>> =>
  "retryAt" in error && error.retryAt > now ? { "retry-after": secondsOf(Duration.millis(error.retryAt - now)) } : {}

/**
 * The schema is behind, and the library could not close the gap.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unavailable = (error: AutoMigrationError, now: number): HttpServerResponse.HttpServerResponse =>
  problem("The service cannot answer before its database is up to date.", {}, retryAfter(error, now))

/** The same for the people who operate the service: it tells the error. @since 0.1.0 @category constructors */
export const openly = (error: AutoMigrationError, now: number): HttpServerResponse.HttpServerResponse =>
  problem(error.message, { error: error._tag }, retryAfter(error, now))

const isShown = ([name, value]: readonly [string, unknown]): boolean =>
  !["_tag", "cause", "message", "name", "query", "stack"].includes(name) && value !== undefined && value !== null

const valueOf = (value: unknown): Page.Html => {
  if (Array.isArray(value) && value.every(Predicate.isString)) return Page.list(value)
  const text = Predicate.isString(value) ? value : JSON.stringify(value, null, 2)
  return Page.html`<pre>${text}</pre>`
}

const factsOf = (error: AutoMigrationError): Page.Html =>
  Page.html`<dl>${Object.entries(error)
    .filter(isShown)
    .map(([name, value]) => Page.html`<dt>${name}</dt><dd>${valueOf(value)}</dd>`)}</dl>`

/** The messages along the chain of causes, and those of the query's own error. */
const causeOf = (error: AutoMigrationError): Page.Html => {
  const messages: Array<string> = []
  for (const first of [error.cause, error.query?.error]) collect(first, messages)
  return messages.length === 0 ? Page.none : Page.html`<h2>The failure behind it</h2>${Page.list(messages)}`
}

const collect = (first: unknown, messages: Array<string>): void => {
  for (let one = first; Predicate.isRecord(one) && messages.length < 8; one = one["cause"]) {
    const { message } = one
    if (Predicate.isString(message) && message !== "" && !messages.includes(message)) messages.push(message)
  }
}

/**
 * The error as a page. For development alone, since it shows statements and the names of objects.
 *
 * @since 0.1.0
 * @category constructors
 */
export const page = (error: AutoMigrationError, now: number): HttpServerResponse.HttpServerResponse =>
  Page.respond(
    {
      title: error._tag,
      body: Page.html`<pre>${render(error)}</pre>${causeOf(error)}<h2>Facts</h2>${factsOf(error)}`
    },
    { status: 503, headers: retryAfter(error, now) }
  )
