/**
 * A process that is killed in the middle of what it does to a database, at a step of the test's choice. The steps are the
 * messages on the wire, so nothing in the library knows of them.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Database from "../server/Database.js"
import * as Server from "../server/Server.js"
import * as WireTap from "../server/WireTap.js"
import * as Fleet from "./Fleet.js"

/** The `message`-th message that the process sends after it is told what to do; see {@link WireTap.WireTap.trap}. */
export interface Step {
  readonly message: number
  readonly side: WireTap.Side
}

/** What is told what to do, and killed while it does it. */
export interface Victim {
  readonly file: string
  readonly program: Omit<Fleet.Program, "url">
  readonly word: Fleet.Word
}

export interface Case {
  readonly victim: Victim
  /** The URL of a database as the victim shall find it, which no session uses. Each victim gets a copy. */
  readonly database: Effect.Effect<string, unknown, Scope.Scope>
  readonly sides: ReadonlyArray<WireTap.Side>
  /** What must hold after each crash. */
  readonly holds: (url: string) => Effect.Effect<unknown, unknown, Scope.Scope>
}

/** Whoever reads a ledger that was written to within a second asks once more than others; longer ago it makes no difference. */
const settled = Effect.sleep("1100 millis")

/** Kills a victim at every step of what it does, each on a database of its own; gives the number of messages. */
export const everywhere = ({ database, holds, sides, victim }: Case) =>
  Effect.gen(function* () {
    const serverUrl = yield* Server.url
    const template = new URL(yield* Effect.zipLeft(database, settled)).pathname.slice(1)
    const found = Database.fresh(serverUrl, { ask: Server.ask, template })
    const messages = yield* Effect.scoped(Effect.flatMap(found, (url) => messagesOf(victim, url)))
    yield* Effect.forEach(
      stepsOf(messages, sides),
      (step) =>
        Effect.tap(found, (url) => killAt(victim, url, step)).pipe(
          Effect.flatMap(holds),
          Effect.scoped,
          Effect.tapErrorCause(() => Effect.logError(`killed ${step.side} message ${step.message} of ${messages}`))
        ),
      { concurrency: 3, discard: true }
    )
    return messages
  }).pipe(Effect.scoped)

const stepsOf = (messages: number, sides: Case["sides"]): ReadonlyArray<Step> =>
  Array.from({ length: messages }, (_, n) => n + 1).flatMap((message) => sides.map((side) => ({ message, side })))

/** On a stopped clock no process listens, renews a lease or gives up, so that each sends the same messages. */
const startThrough = (tap: WireTap.WireTap, { file, program }: Victim) =>
  Effect.tap(Fleet.start(file, { ...program, url: tap.url, clock: "stopped" }), ({ ready }) => ready)

/** How many messages a process sends that is left alone. */
const messagesOf = (victim: Victim, url: string): Effect.Effect<number> =>
  Effect.gen(function* () {
    const tap = yield* WireTap.make(url)
    const process = yield* startThrough(tap, victim)
    yield* tap.reset
    yield* process.tell(victim.word)
    yield* process.finished
    return (yield* tap.heard).roundTrips
  }).pipe(Effect.scoped)

const killAt = (victim: Victim, url: string, { message, side }: Step): Effect.Effect<void> =>
  Effect.gen(function* () {
    const tap = yield* WireTap.make(url)
    const process = yield* startThrough(tap, victim)
    const sprung = yield* tap.trap(message, side)
    yield* process.tell(victim.word)
    yield* Effect.raceFirst(sprung, Effect.zipRight(process.finished, Effect.dieMessage("the process was faster")))
    yield* process.kill
  }).pipe(Effect.scoped)
