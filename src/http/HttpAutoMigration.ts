/**
 * The library in an HTTP server of `@effect/platform`: a middleware for the routes of an `HttpRouter` or an `HttpApi`,
 * and a route that shows the state of the migrations.
 *
 * @since 0.1.0
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as AutoMigration from "../AutoMigration.js"
import { type AutoMigrationError, isAutoMigrationError } from "../core/error/AutoMigrationError.js"
import * as Boundary from "../heal/Boundary.js"
import * as Recognition from "../heal/Recognition.js"
import * as Answer from "./Answer.js"
import * as Status from "./Status.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * Whether an answer shows the error of the library, with statements and the names of objects: to browsers as a page.
   * Defaults to `false`.
   */
  readonly development?: boolean
  /**
   * How long a request that may not run again waits for the end of its heal before it is answered. The heal itself goes on.
   * Defaults to one second.
   */
  readonly patience?: Duration.DurationInput
  /** After how long a client is told to send such a request again. Defaults to one second. */
  readonly retryAfter?: Duration.DurationInput
}

/** Methods without an effect that the client asks for. Source: RFC 9110, section 9.2.1. */
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"])

/** The requests whose handler may run again, as it got them first: they remember a body that has been read. */
const repeated = new WeakMap<object, HttpServerRequest.HttpServerRequest>()

const sourceOf = ({ source }: HttpServerRequest.HttpServerRequest): object => (Predicate.isObject(source) ? source : {})

/**
 * Marks the request of a handler as one that may run a second time, from its start, although its method is not safe: the
 * handler has no effect before its statement fails, or all its effects are in one transaction. The body of a request can be
 * read twice as text, JSON, form or schema, and not as a stream.
 *
 * @example
 * ```ts check
 * import { HttpRouter, HttpServerResponse } from "@effect/platform"
 * import { SqlClient } from "@effect/sql"
 * import { Effect } from "effect"
 * import { HttpAutoMigration } from "effect-auto-migration"
 *
 * const addUser = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO users (name) VALUES ('Ada')`)
 *
 * export const router = HttpRouter.empty.pipe(
 *   HttpRouter.post("/users", HttpAutoMigration.repeatable(Effect.as(addUser, HttpServerResponse.empty()))),
 *   HttpRouter.use(HttpAutoMigration.middleware())
 * )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const repeatable = <A, E, R>(
  handler: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const first = repeated.get(sourceOf(request)) ?? request
    repeated.set(sourceOf(request), first)
    return Effect.provideService(handler, HttpServerRequest.HttpServerRequest, first)
  })

const mayRunAgain = (request: HttpServerRequest.HttpServerRequest): boolean =>
  safeMethods.has(request.method) || repeated.has(sourceOf(request))

/** Set by `@effect/platform` on a request that has been answered. A middleware of `serve` comes too late to change that. */
const answered = Symbol.for("@effect/platform/HttpApp/handled")

/** A request and its failure. */
interface Failed<out E> {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly cause: Cause.Cause<E>
}

/** Answers where the library has an error of its own; else the failure leaves as it came. */
const answer = <E>(
  { cause, request }: Failed<E | AutoMigrationError>,
  { development = false }: Options
): Effect.Effect<HttpServerResponse.HttpServerResponse, E> =>
  Option.match(Recognition.ownErrorOf(cause), {
    onNone: () =>
      Effect.failCause(
        Cause.flatMap(cause, (error) => (isAutoMigrationError(error) ? Cause.empty : Cause.fail(error)))
      ),
    onSome: (error) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (!development) return Answer.unavailable(error, now)
        return Answer.wantsPage(request) ? Answer.page(error, now) : Answer.openly(error, now)
      })
  })

/** The whole request, which does not run again: what it held ends with it. */
const endedRequest: Recognition.Subject = { isInView: true, text: Option.none }

/** Asks for the heal, and waits for its end as long as the client should. */
const close = <E>(
  { cause, request }: Failed<E>,
  options: Options
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, AutoMigration.AutoMigration> =>
  Boundary.advance(endedRequest, cause, AutoMigration.AutoMigration, Boundary.emptyMemory).pipe(
    Effect.timeoutOption(options.patience ?? "1 second"),
    Effect.as(Answer.sendAgain(Duration.decode(options.retryAfter ?? "1 second"))),
    Effect.catchAllCause((after) => answer({ cause: after, request }, options))
  )

const tooLate =
  "A request could not run again, because it was answered before the middleware of effect-auto-migration saw its failure. " +
  "Give it to HttpRouter.use or HttpApiBuilder.middleware, and not to serve."

const recover = <E, R>(
  self: HttpApp.Default<E, R>,
  failed: Failed<E>,
  options: Options
): HttpApp.Default<E, R | AutoMigration.AutoMigration> => {
  const { cause, request } = failed
  if (answered in request) {
    const rest = Option.getOrElse(HttpServerError.causeResponseStripped(cause)[1], () => cause)
    return Effect.zipRight(Effect.logWarning(tooLate), close({ request, cause: rest }, options))
  }
  if (!mayRunAgain(request)) return close(failed, options)
  return Effect.catchAllCause(Boundary.recover(self, cause, AutoMigration.AutoMigration), (after) =>
    answer({ cause: after, request }, options)
  )
}

/**
 * Protects the routes of a server. A request that fails because the schema is behind the code is healed, and runs again
 * from its start if its method is `GET`, `HEAD` or `OPTIONS`, or its handler is {@link repeatable}. Any other request is
 * healed and answered with 503, `Retry-After` and a problem document (RFC 9457); so is a request whose gap cannot be
 * closed. The document holds no text of a statement, an error or a migration. All other failures leave as they came.
 *
 * Give it to `HttpRouter.use`; for an `HttpApi` there is {@link apiMiddleware}. A middleware that is given to `serve`
 * sees a failure when it has been answered.
 *
 * @example
 * ```ts check
 * import { HttpRouter, HttpServerResponse } from "@effect/platform"
 * import { SqlClient } from "@effect/sql"
 * import { Effect } from "effect"
 * import { HttpAutoMigration } from "effect-auto-migration"
 *
 * const users = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT id, email FROM users`)
 *
 * export const router = HttpRouter.empty.pipe(
 *   HttpRouter.get("/users", Effect.flatMap(users, HttpServerResponse.json)),
 *   HttpRouter.use(HttpAutoMigration.middleware())
 * )
 * ```
 *
 * @since 0.1.0
 * @category middleware
 */
export const middleware =
  (options: Options = {}) =>
  <E, R>(self: HttpApp.Default<E, R>): HttpApp.Default<E, R | AutoMigration.AutoMigration> =>
    Effect.catchAllCause(self, (cause) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => recover(self, { cause, request }, options))
    )

/**
 * The same for `HttpApiBuilder.middleware`.
 *
 * @example
 * ```ts check
 * import { HttpApiBuilder } from "@effect/platform"
 * import { Layer } from "effect"
 * import { HttpAutoMigration } from "effect-auto-migration"
 *
 * export const served = HttpApiBuilder.serve().pipe(
 *   Layer.provide(HttpApiBuilder.middleware(HttpAutoMigration.apiMiddleware(), { withContext: true }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category middleware
 */
export const apiMiddleware = (
  options?: Options
): ((self: HttpApp.Default) => HttpApp.Default<never, AutoMigration.AutoMigration>) => middleware(options)

/**
 * The state of the migrations: a page for browsers, and JSON for programs. It names migrations and roles, so mount it
 * behind the authentication of your operators. Answers with 503 where the database cannot be asked.
 *
 * @example
 * ```ts check
 * import { HttpRouter } from "@effect/platform"
 * import { HttpAutoMigration } from "effect-auto-migration"
 *
 * export const router = HttpRouter.empty.pipe(HttpRouter.get("/internal/migrations", HttpAutoMigration.status))
 * ```
 *
 * @since 0.1.0
 * @category routes
 */
export const status: HttpApp.Default<never, AutoMigration.AutoMigration> = Effect.flatMap(
  HttpServerRequest.HttpServerRequest,
  (request) =>
    Effect.matchEffect(AutoMigration.status, {
      onFailure: (error) =>
        Effect.map(Clock.currentTimeMillis, (now) =>
          Answer.wantsPage(request) ? Answer.page(error, now) : Answer.openly(error, now)
        ),
      onSuccess: (found) => Effect.succeed(Answer.wantsPage(request) ? Status.page(found) : Status.json(found))
    })
)
