/**
 * One process of a fleet: builds its layer, says that it is ready, does what it is told, and reports each result as it comes.
 * It ends when whoever started it does.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import { AutoMigration, Policy, Telemetry, withAutoMigration } from "effect-auto-migration"
import * as App from "../program/App.js"
import * as SettableClock from "../program/SettableClock.js"
import * as FleetMessage from "./FleetMessage.js"

const answer = (message: FleetMessage.Answer) => Effect.sync(() => process.send?.(message))

/** As little as a program can do without the library: one fiber asks again, and the others wait for it. */
const askingByHand = Effect.map(Effect.makeLatch(), (brought) => {
  let isAsked = false
  return <A, E, R>(query: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const again = Effect.tap(Effect.eventually(Effect.delay(query, "250 millis")), brought.open)
    const turn = Effect.suspend(() => {
      const isFirst = !isAsked
      isAsked = true
      return isFirst ? again : brought.await
    })
    return Effect.catchAll(query, () => Effect.zipRight(turn, query))
  }
})

const asking = { Query: Effect.succeed(withAutoMigration), QueryByHand: askingByHand }

const all = { concurrency: "unbounded", discard: true } as const

const inVain = ({ fibers, text }: Extract<FleetMessage.Word, { readonly _tag: "QueryInVain" }>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => {
    const asked = Effect.delay(Effect.ignore(withAutoMigration(sql.unsafe(text))), "20 millis")
    return Effect.replicateEffect(Effect.forever(asked), fibers, all)
  })

const queried = ({ _tag, queries }: Extract<FleetMessage.Word, { readonly queries: unknown }>) =>
  Effect.flatMap(Effect.zip(SqlClient.SqlClient, asking[_tag]), ([sql, ask]) =>
    Effect.forEach(
      queries,
      ({ place, text }) => Effect.flatMap(ask(sql.unsafe(text)), (rows) => answer({ _tag: "Answered", place, rows })),
      all
    )
  )

const obey = (word: FleetMessage.Word) => {
  switch (word._tag) {
    case "Migrate":
      return Effect.asVoid(AutoMigration.migrate)
    case "QueryInVain":
      return inVain(word)
    case "Query":
    case "QueryByHand":
      return queried(word)
  }
}

/** The word may come at any time after the process said that it is ready. */
const nextWord = Effect.async<unknown>((resume) => {
  process.once("message", (message) => resume(Effect.succeed(message)))
})

const { clock, deadline, policy, ...program } = Schema.decodeUnknownSync(Schema.parseJson(FleetMessage.Program))(
  process.argv[2]
)

const work = Effect.gen(function* () {
  yield* answer({ _tag: "Ready" })
  const word = yield* Effect.flatMap(nextWord, Schema.decodeUnknown(FleetMessage.Word))
  yield* obey(word)
  const { count } = yield* Metric.value(Telemetry.applied)
  yield* answer({ _tag: "Finished", applied: count })
  return yield* Effect.never
}).pipe(
  Effect.provide(
    App.layer({
      ...program,
      options: {
        ...(policy === "always" ? { policy: Policy.always } : {}),
        ...(deadline === undefined ? {} : { deadline })
      }
    })
  ),
  Effect.catchAllCause((cause) => answer({ _tag: "Failed", reason: Cause.pretty(cause) }))
)

process.once("disconnect", () => process.exit(0))
Effect.runFork(
  clock === undefined ? work : Effect.flatMap(SettableClock.stopped, ({ clock }) => Effect.withClock(work, clock))
)
