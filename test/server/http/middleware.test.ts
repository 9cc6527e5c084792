/**
 * The middleware on a server that listens, asked by a client over the network.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { AutoMigration, HttpAutoMigration, withAutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { appliedIds, holding, inProgram, migrationLock, type Services, users } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"
import { until } from "../../support/server/Until.js"

const sql = SqlClient.SqlClient

const emails = Effect.flatMap(sql, (_) => _`SELECT email FROM users`)

const refusing = { ...users, "002_users_email": "-- <b>\nALTER TABLE users ADD COLUMN email text; DELETE FROM users;" }

type HttpServices = Layer.Layer.Success<typeof NodeHttpServer.layerTest>

type Methods = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS"

/** What a client sees of an answer. */
const ask = (
  method: Methods,
  {
    accept = "*/*",
    body,
    path = "/"
  }: { readonly accept?: string; readonly body?: object; readonly path?: string } = {}
) =>
  Effect.gen(function* () {
    const request = HttpClientRequest.make(method)(path).pipe(HttpClientRequest.setHeader("accept", accept))
    const { headers, status, text } = yield* HttpClient.execute(
      body === undefined ? request : HttpClientRequest.bodyUnsafeJson(request, body)
    )
    return { status, type: headers["content-type"], retryAfter: headers["retry-after"], headers, text: yield* text }
  })

/** Counts the runs of a handler. */
const counting = <A, E, R>(handler: Effect.Effect<A, E, R>) => {
  let runs = 0
  return {
    handler: Effect.zipRight(
      Effect.sync(() => runs++),
      handler
    ),
    runs: () => runs
  }
}

const answer = Effect.flatMap(emails, HttpServerResponse.json)

const serving = <E, R>(app: HttpApp.Default<E, R>) =>
  Effect.zipRight(Effect.orDie(AutoMigration.migrateTo(["001_users"])), HttpServer.serveEffect(app))

const middleware = HttpAutoMigration.middleware

const inServer =
  (migrations: Readonly<Record<string, string>> = users) =>
  <A, E>(body: (url: string) => Effect.Effect<A, E, Services | HttpServices | Scope.Scope>) =>
    inProgram({ migrations }, (url) => Effect.provide(body(url), Layer.fresh(NodeHttpServer.layerTest)))

const healed = JSON.stringify([{ email: null }])

const problem = Schema.decodeUnknownSync(
  Schema.parseJson(
    Schema.Struct({ type: Schema.String, title: Schema.String, status: Schema.Number, detail: Schema.String })
  )
)

describe("a request that fails because the schema is behind", () => {
  for (const method of ["GET", "OPTIONS"] as const) {
    it.scopedLive(`is healed and run again with the method ${method}`, () =>
      inServer()(() =>
        Effect.gen(function* () {
          const { handler, runs } = counting(answer)
          yield* serving(middleware()(handler))
          const got = yield* ask(method)
          deepStrictEqual([got.status, got.text], [200, healed])
          strictEqual(runs(), 2)
        })
      )
    )
  }

  it.scopedLive("is healed and run again with the method HEAD", () =>
    inServer()(() =>
      Effect.gen(function* () {
        yield* serving(middleware()(answer))
        deepStrictEqual((yield* ask("HEAD")).status, 200)
        deepStrictEqual(yield* appliedIds, Object.keys(users))
      })
    )
  )

  for (const method of ["POST", "PUT", "PATCH", "DELETE"] as const) {
    it.scopedLive(
      `is healed and not run again with the method ${method}, and the client is told to send it again`,
      () =>
        inServer()(() =>
          Effect.gen(function* () {
            const { handler, runs } = counting(answer)
            yield* serving(middleware()(handler))
            const got = yield* ask(method)
            deepStrictEqual([got.status, got.type, got.retryAfter], [503, "application/problem+json", "1"])
            assert.containSubset(problem(got.text), { type: "about:blank", status: 503 })
            assert.notMatch(got.text, /users|email|SELECT|migrat/)
            strictEqual(runs(), 1)
            deepStrictEqual(yield* appliedIds, Object.keys(users))
            deepStrictEqual((yield* ask(method)).text, healed)
          })
        )
    )
  }

  it.scopedLive("is run again where its handler is repeatable, with the body that it had", () =>
    inServer()(() =>
      Effect.gen(function* () {
        const add = Effect.gen(function* () {
          const { name } = yield* HttpServerRequest.schemaBodyJson(Schema.Struct({ name: Schema.String }))
          const rows = yield* Effect.flatMap(
            sql,
            (_) => _`INSERT INTO users (id, name, email) VALUES (2, ${name}, 'x') RETURNING name`
          )
          return yield* HttpServerResponse.json(rows)
        })
        const { handler, runs } = counting(HttpAutoMigration.repeatable(add))
        const inner = HttpRouter.empty.pipe(HttpRouter.post("/add", handler))
        yield* serving(HttpRouter.empty.pipe(HttpRouter.mount("/users", inner), middleware()))
        const got = yield* ask("POST", { path: "/users/add", body: { name: "Grace" } })
        deepStrictEqual([got.status, got.text], [200, JSON.stringify([{ name: "Grace" }])])
        strictEqual(runs(), 2)
      })
    )
  )

  it.scopedLive("is run again from its start where a transaction in it failed", () =>
    inServer()(() =>
      Effect.gen(function* () {
        const inTransaction = Effect.flatMap(sql, (_) =>
          _.withTransaction(
            Effect.zipRight(_`INSERT INTO users (id) VALUES (2)`, _`SELECT id, email FROM users ORDER BY id`)
          )
        )
        yield* serving(middleware()(Effect.flatMap(Effect.orDie(inTransaction), HttpServerResponse.json)))
        const got = yield* ask("GET")
        deepStrictEqual([got.status, got.text], [200, JSON.stringify([1, 2].map((id) => ({ id, email: null })))])
      })
    )
  )

  it.scopedLive("is answered while its heal goes on, once it has waited long enough", () =>
    inServer()((url) =>
      Effect.gen(function* () {
        yield* serving(middleware({ patience: 0, retryAfter: "7 seconds" })(answer))
        const released = yield* Deferred.make<void>()
        yield* Effect.forkScoped(Effect.scoped(Effect.zipRight(holding(url, migrationLock), Deferred.await(released))))
        const got = yield* ask("POST")
        deepStrictEqual([got.status, got.retryAfter], [503, "7"])
        yield* Deferred.succeed(released, undefined)
        deepStrictEqual((yield* ask("GET")).text, healed)
      })
    )
  )
})

describe("a request whose gap cannot be closed", () => {
  for (const method of ["GET", "POST"] as const) {
    it.scopedLive(`is answered with a problem document that tells nothing about the database: ${method}`, () =>
      inServer(refusing)(() =>
        Effect.gen(function* () {
          yield* serving(middleware()(answer))
          const got = yield* ask(method, { accept: "text/html" })
          deepStrictEqual(
            [got.status, got.type, got.retryAfter, got.headers["cache-control"]],
            [503, "application/problem+json", undefined, "no-store"]
          )
          assert.notMatch(JSON.stringify([got.text, got.headers]), /users|email|DELETE|002/)
        })
      )
    )
  }

  it.scopedLive("is answered alike where a boundary inside it failed, also as a defect", () =>
    inServer(refusing)(() =>
      Effect.gen(function* () {
        yield* serving(middleware()(Effect.orDie(withAutoMigration(answer))))
        strictEqual((yield* ask("GET")).status, 503)
      })
    )
  )

  it.scopedLive("shows the error in development: to a browser as a page, and to a program as JSON", () =>
    inServer(refusing)(() =>
      Effect.gen(function* () {
        yield* serving(middleware({ development: true })(answer))
        const page = yield* ask("GET", { accept: "text/html,application/xhtml+xml,*/*;q=0.8" })
        deepStrictEqual([page.status, page.type], [503, "text/html; charset=utf-8"])
        for (const text of ["MigrationRefused", "002_users_email", "DELETE FROM users", "AutoMigration.migrateTo("])
          assert.include(page.text, text)
        const { text, type } = yield* ask("GET", { accept: "application/json" })
        strictEqual(type, "application/problem+json")
        assert.include(problem(text).detail, "002_users_email")
      })
    )
  )

  it.scopedLive("is told when a failed migration is tried again", () =>
    inServer({ ...users, "002_users_email": "ALTER TABLE users ADD COLUMN email text; SELECT 1 / 0;" })(() =>
      Effect.gen(function* () {
        yield* serving(middleware()(answer))
        const got = yield* ask("GET")
        strictEqual(got.status, 503)
        assert.match(got.retryAfter ?? "", /^[1-9]\d*$/)
      })
    )
  )
})

describe("any other request", () => {
  it.scopedLive("keeps its answer and its failure, and no service is read", () =>
    inServer()(() =>
      Effect.gen(function* () {
        const router = HttpRouter.empty.pipe(
          HttpRouter.get("/fine", HttpServerResponse.text("fine")),
          HttpRouter.get("/defect", Effect.die("not ours")),
          HttpRouter.get(
            "/foreign",
            Effect.flatMap(sql, (_) => _`SELECT 1 / 0`.pipe(Effect.as(HttpServerResponse.empty())))
          ),
          HttpRouter.use(middleware())
        )
        yield* serving(router)
        const answers = yield* Effect.forEach(["/fine", "/defect", "/foreign", "/absent"], (path) =>
          ask("GET", { path })
        )
        deepStrictEqual(
          answers.map(({ status }) => status),
          [200, 500, 500, 404]
        )
      })
    )
  )
})

const Api = HttpApi.make("shop").add(
  HttpApiGroup.make("users")
    .add(HttpApiEndpoint.get("emails", "/emails").addSuccess(Schema.Array(Schema.Struct({ email: Schema.Null }))))
    .add(
      HttpApiEndpoint.post("add", "/users")
        .setPayload(Schema.Struct({ name: Schema.String }))
        .addSuccess(Schema.Void)
    )
    .add(HttpApiEndpoint.get("closed", "/closed").addError(Schema.Literal("closed"), { status: 409 }))
)

const add = (name: string) =>
  Effect.flatMap(sql, (_) => _`INSERT INTO users (id, name, email) VALUES (2, ${name}, 'x')`).pipe(
    Effect.asVoid,
    Effect.orDie
  )

const Users = HttpApiBuilder.group(Api, "users", (handlers) =>
  handlers
    .handle("emails", () =>
      Effect.orDie(Effect.flatMap(sql, (_) => _<{ readonly email: null }>`SELECT email FROM users`))
    )
    .handle("add", ({ payload }) => HttpAutoMigration.repeatable(add(payload.name)))
    .handle("closed", () => Effect.fail("closed" as const))
)

const served = HttpApiBuilder.serve().pipe(
  Layer.provide(HttpApiBuilder.middleware(HttpAutoMigration.apiMiddleware(), { withContext: true })),
  Layer.provide(Layer.provide(HttpApiBuilder.api(Api), Users))
)

describe("an HttpApi", () => {
  it.scopedLive("has its endpoints healed, and keeps the errors that they declare", () =>
    inServer()(() =>
      Effect.gen(function* () {
        yield* Effect.orDie(AutoMigration.migrateTo(["001_users"]))
        yield* Layer.build(served)
        deepStrictEqual((yield* ask("GET", { path: "/emails" })).text, healed)
        strictEqual((yield* ask("GET", { path: "/closed" })).status, 409)
      })
    )
  )

  it.scopedLive("runs a repeatable endpoint again", () =>
    inServer()((url) =>
      Effect.gen(function* () {
        yield* Effect.orDie(AutoMigration.migrateTo(["001_users"]))
        yield* Layer.build(served)
        strictEqual((yield* ask("POST", { path: "/users", body: { name: "Grace" } })).status, 204)
        deepStrictEqual(yield* Database.query(url, "SELECT name FROM users WHERE id = 2"), [{ name: "Grace" }])
      })
    )
  )
})

describe("a middleware that is given to serve", () => {
  it.scopedLive("heals for the next request, and says where it belongs", () =>
    inServer()(() =>
      Effect.gen(function* () {
        const lines: Array<string> = []
        const logger = Logger.make(({ message }) => void lines.push(String(message)))
        yield* Effect.orDie(AutoMigration.migrateTo(["001_users"]))
        yield* HttpServer.serveEffect(answer, middleware()).pipe(
          Effect.provide(Logger.replace(Logger.defaultLogger, logger))
        )
        strictEqual((yield* ask("GET")).status, 500)
        yield* until(Effect.map(appliedIds, (ids) => ids.length === 2))
        deepStrictEqual((yield* ask("GET")).text, healed)
        assert.isTrue(
          lines.some((line) => line.includes("HttpApiBuilder.middleware")),
          lines.join("\n")
        )
      })
    )
  )
})

describe("the status route", () => {
  it.scopedLive("gives JSON to a program, and a page to a browser", () =>
    inServer()(() =>
      Effect.gen(function* () {
        yield* serving(HttpAutoMigration.status)
        const json = yield* ask("GET")
        strictEqual(json.type, "application/json")
        assert.containSubset(JSON.parse(json.text), {
          version: 1,
          applied: ["001_users"],
          pending: ["002_users_email"]
        })
        const page = yield* ask("GET", { accept: "text/html" })
        deepStrictEqual([page.status, page.type], [200, "text/html; charset=utf-8"])
        assert.match(page.text, /Pending \(1\).*002_users_email.*Applied \(1\).*001_users/s)
      })
    )
  )

  it.scopedLive("answers with 503 and the reason where the database cannot be asked", () =>
    Effect.flatMap(Server.freshDatabase, (url) =>
      Effect.gen(function* () {
        yield* HttpServer.serveEffect(HttpAutoMigration.status)
        const got = yield* ask("GET")
        strictEqual(got.status, 503)
        assert.include(problem(got.text).detail, "ECONNREFUSED")
      }).pipe(
        Effect.provide(NodeHttpServer.layerTest),
        Effect.provide(
          App.layerWithMigrator({ url, migrations: users, migratorUrl: "postgres://shop@127.0.0.1:1/shop" })
        )
      )
    )
  )
})
