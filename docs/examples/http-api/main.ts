/**
 * A server whose schema is behind its code. It serves until Ctrl-C; with `--once` it sends itself a few requests, prints the answers and
 * ends.
 */
import { randomUUID } from "node:crypto"
import { createServer } from "node:http"
import {
  FetchHttpClient,
  HttpApiBuilder,
  HttpClient,
  type HttpClientError,
  HttpClientRequest,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Config, Console, Duration, Effect, Layer } from "effect"
import { AutoMigration, AutoMigrationLive, HttpAutoMigration, MigrationSource } from "effect-auto-migration"
import { Api, Notes } from "./Api.js"

/** Where no token is set, no one knows it. */
const operatorToken = Config.withDefault(Config.string("OPERATOR_TOKEN"), randomUUID())

/** The state of the migrations is for operators. */
const Operators = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function* () {
    const [migrations, token] = yield* Effect.all([AutoMigration.AutoMigration, operatorToken])
    const status = Effect.provideService(HttpAutoMigration.status, AutoMigration.AutoMigration, migrations)
    yield* router.get(
      "/internal/migrations",
      Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
        headers["authorization"] === `Bearer ${token}` ? status : HttpServerResponse.empty({ status: 401 })
      )
    )
  })
)

const Database = AutoMigrationLive.pipe(
  Layer.provide(MigrationSource.layerDirectory("migrations")),
  Layer.provide(PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") }))
)

const Server = HttpApiBuilder.serve().pipe(
  HttpServer.withLogAddress,
  Layer.provide(HttpApiBuilder.middleware(HttpAutoMigration.apiMiddleware(), { withContext: true })),
  Layer.provide(Operators),
  Layer.provide(Layer.provide(HttpApiBuilder.api(Api), Notes)),
  Layer.provide(Database),
  Layer.provideMerge(
    NodeHttpServer.layerConfig(createServer, Config.all({ port: Config.withDefault(Config.integer("PORT"), 3000) }))
  )
)

/** Prints the answer to a request. Sends it again where the answer says when. */
const send = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<void, HttpClientError.HttpClientError, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const answer = yield* HttpClient.execute(request)
    const after = answer.headers["retry-after"]
    const hint = after === undefined ? "" : `, Retry-After: ${after}`
    yield* Console.log(`${request.method} ${request.url}: ${answer.status}${hint} ${yield* answer.text}`)
    if (after !== undefined) yield* Effect.delay(send(request), Duration.seconds(Number(after)))
  })

const note = (text: string) => HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post("/notes"), { text })

const requests = Effect.gen(function* () {
  yield* send(note("Buy tea"))
  yield* send(note("Buy a cup"))
  yield* send(HttpClientRequest.put("/notes/1/done"))
  yield* send(HttpClientRequest.get("/notes"))
  yield* send(HttpClientRequest.get("/internal/migrations"))
  const token = yield* operatorToken
  yield* send(HttpClientRequest.bearerToken(HttpClientRequest.get("/internal/migrations"), token))
})

const once = requests.pipe(
  Effect.provide(HttpServer.layerTestClient),
  Effect.provide(Server),
  Effect.provide(FetchHttpClient.layer)
)

NodeRuntime.runMain(process.argv.includes("--once") ? once : Layer.launch(Server))
