/**
 * The connections that migrations run on, when a program ends or a server falls silent in the middle of something.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { MigrationClient } from "effect-auto-migration"
import * as Database from "../support/Database.js"
import * as Server from "../support/Server.js"
import * as WireTap from "../support/WireTap.js"

type Connections = Context.Tag.Service<MigrationClient.MigrationClient>

const until = <E, R>(found: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(found, { until: (is) => is, schedule: Schedule.spaced("20 millis") })

const sessions = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'effect-auto-migration'`

/** Through a tap; the connections stay open as long as nobody closes them. */
const connections = Effect.gen(function* () {
  const url = yield* Server.freshDatabase
  const tap = yield* WireTap.make(url)
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    MigrationClient.layer({ url: Redacted.make(tap.url), idleTimeout: Duration.hours(1) }),
    scope
  )
  const client = Context.get(context, MigrationClient.MigrationClient)
  return { client, close: Scope.close(scope, Exit.void), tap, url }
})

describe("a connection that is being opened when the program ends", () => {
  const uses: Readonly<Record<string, (client: Connections) => Effect.Effect<unknown, unknown, Scope.Scope>>> = {
    "to ask on": ({ ask }) => ask("SELECT 1"),
    "to work on": ({ reserve }) => Effect.zipRight(reserve, Effect.never),
    "to listen on": ({ listen }) => listen("channel", () => {})
  }

  for (const [use, open] of Object.entries(uses)) {
    for (const [which, others] of [
      ["the first", 0],
      ["another", 1]
    ] as const) {
      it.scopedLive(`${use}, ${which}, is closed`, () =>
        Effect.gen(function* () {
          const { client, close, tap, url } = yield* connections
          yield* Effect.replicateEffect(client.reserve, others)
          const using = yield* Effect.scoped(
            Effect.gen(function* () {
              const begun = yield* tap.delaying
              const using = yield* Effect.forkDaemon(Effect.scoped(open(client)))
              yield* begun(1)
              yield* Fiber.interruptFork(using)
              return using
            })
          )
          yield* Fiber.await(using)
          yield* close
          yield* until(Effect.map(tap.open, (open) => open === others))
          deepStrictEqual((yield* Database.query(url, sessions)).length, others)
        })
      )
    }
  }
})
