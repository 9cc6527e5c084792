/**
 * The pages of `HttpAutoMigration` in a real browser, from a server that listens.
 */

import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { AutoMigration, HttpAutoMigration } from "effect-auto-migration"
import type { BrowserContextOptions } from "playwright-core"
import * as Browser from "../support/browser/Browser.js"
import { inProgram, type Services } from "../support/program/Situation.js"

const shop = {
  "001_users": "CREATE TABLE users (id integer PRIMARY KEY, fax text);",
  "002_phone": "-- <b>bold</b>\nALTER TABLE users ADD COLUMN phone text; ALTER TABLE users DROP COLUMN fax;"
}

const phones = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT phone FROM users`).pipe(
  Effect.flatMap(HttpServerResponse.json)
)

/** Opens the address of a server, which needs an operator for its second migration. */
const opened = <E, R>(app: HttpApp.Default<E, R>, options: BrowserContextOptions = {}) =>
  Effect.gen(function* () {
    yield* Effect.orDie(AutoMigration.migrateTo(["001_users"]))
    yield* HttpServer.serveEffect(app)
    const { address } = yield* HttpServer.HttpServer
    const port = address._tag === "TcpAddress" ? address.port : 0
    return yield* Browser.open(`http://127.0.0.1:${port}/`, options)
  })

const inServer = <A, E>(
  body: Effect.Effect<A, E, Services | Scope.Scope | Layer.Layer.Success<typeof NodeHttpServer.layerTest>>
) => inProgram({ migrations: shop }, () => Effect.provide(body, Layer.fresh(NodeHttpServer.layerTest)))

const pages = {
  "development page": [
    HttpAutoMigration.middleware({ development: true })(phones),
    "MigrationRefused",
    /drop column fax/i
  ],
  "status page": [HttpAutoMigration.status, "Migrations", /002_phone/]
} as const

describe.each(Object.entries(pages))("the %s", (_, [app, title, told]) => {
  it.scopedLive("is shown as a page, and its policy holds off what its texts could bring", () =>
    inServer(
      Effect.gen(function* () {
        const { page, told: heard } = yield* opened(app)
        strictEqual(yield* Effect.promise(() => page.locator("h1").textContent()), title)
        assert.match((yield* Effect.promise(() => page.locator("main").textContent())) ?? "", told)
        strictEqual(yield* Effect.promise(() => page.locator("script, img, b").count()), 0)
        // The answer's own status is told as an error. No request beside the page's own was made.
        deepStrictEqual(
          heard.filter((line) => !/status of 503|favicon/.test(line)),
          []
        )
        const blocked = yield* Effect.promise(() =>
          page.evaluate<string>(
            'new Promise((resolve) => { addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective)); const img = document.createElement("img"); img.src = "/x.png"; document.body.append(img) })'
          )
        )
        strictEqual(blocked, "img-src")
      })
    )
  )

  it.scopedLive("has a light and a dark look", () =>
    inServer(
      Effect.gen(function* () {
        const { page } = yield* opened(app, { colorScheme: "light" })
        const ink = () => Effect.promise(() => page.evaluate<string>("getComputedStyle(document.body).color"))
        const light = yield* ink()
        yield* Effect.promise(() => page.emulateMedia({ colorScheme: "dark" }))
        deepStrictEqual([light, yield* ink()], ["rgb(0, 0, 0)", "rgb(255, 255, 255)"])
      })
    )
  )
})
