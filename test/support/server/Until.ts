/**
 * Waits for events. A wait has no end of its own: the time limit of a test ends what hangs, however slow the machine is.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Database from "./Database.js"

/** The pause between two looks. It is a real one, whatever clock the test has set. */
const pause = Effect.withClock(Effect.sleep("20 millis"), Clock.make())

/** Looks until the answer is yes. */
export const until = <E, R>(found: Effect.Effect<boolean, E, R>): Effect.Effect<boolean, E, R> =>
  Effect.repeat(
    Effect.tap(found, (is) => (is ? Effect.void : pause)),
    { until: (is) => is }
  )

/** Asks a database, in one session, until a condition in SQL holds. */
export const untilHolds = (url: string, condition: string): Effect.Effect<boolean> =>
  untilFound(url, `SELECT WHERE ${condition}`)

/** Asks a database, in one session, until a query has a row. */
export const untilFound = (url: string, query: string): Effect.Effect<boolean> =>
  Effect.scoped(
    Effect.flatMap(Database.session(url), (ask) => until(Effect.map(ask(query), (rows) => rows.length > 0)))
  )

/** Waits for an event that comes while a fiber runs. If the fiber ends before it, the wait fails with the fiber's error. */
export const during = <A, E, A1, E1, R1>(
  fiber: Fiber.Fiber<A, E>,
  event: Effect.Effect<A1, E1, R1>
): Effect.Effect<A1, E | E1, R1> =>
  Effect.raceFirst(
    event,
    Effect.flatMap(Fiber.join(fiber), () => Effect.dieMessage("the fiber has ended before the event"))
  )
