/**
 * What the demo prints: the story on standard output, and what it waits for on standard error.
 */
import { deepStrictEqual } from "node:assert"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

/** Why the demo ends before its end, and what to do about it. */
export class DemoStopped extends Schema.TaggedError<DemoStopped>("shop/DemoStopped")("DemoStopped", {
  reason: Schema.String,
  remedy: Schema.String
}) {
  override get message() {
    return `${this.reason}\n${this.remedy}`
  }
}

/** A line of the story: a label, and a text that may have more lines. */
export const say = (label: string, text: string) =>
  Effect.sync(() => {
    const [first, ...rest] = text.trim().split(/\n\s*/)
    console.log(`  ${label.padEnd(11)} ${first}`)
    for (const line of rest) console.log(`  ${"".padEnd(11)} ${line}`)
  })

export const title = (text: string) => Effect.sync(() => console.log(`\n${text}`))

/** A line about the demo itself. */
export const note = (text: string) => Effect.sync(() => console.error(text))

const secondsOfSilence = 5

/** Says every five seconds what the demo waits for, as long as it waits. */
export const waitingFor =
  (what: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const remind = (seconds: number): Effect.Effect<never> =>
      note(`  (${seconds} s: waiting for ${what})`).pipe(
        Effect.zipRight(Effect.suspend(() => remind(seconds + secondsOfSilence))),
        Effect.delay(`${secondsOfSilence} seconds`)
      )
    return Effect.raceFirst(self, remind(secondsOfSilence))
  }

/** Compares what happened with what the demo says happens. */
export const claim = (what: string, actual: unknown, expected: unknown) =>
  Effect.try({
    try: () => deepStrictEqual(actual, expected),
    catch: () =>
      new DemoStopped({
        reason: `${what} should be ${JSON.stringify(expected)}, and is ${JSON.stringify(actual)}.`,
        remedy: "This is a mistake of the library or of the demo: please report it, with what is printed above."
      })
  })

/** What the server said, with its SQLSTATE; of any other error its message, or its code where that is empty. */
export const messageOf = (error: unknown): string => {
  const told = Predicate.isTagged(error, "SqlError") && Predicate.hasProperty(error, "cause") ? error.cause : error
  const code = Predicate.hasProperty(told, "code") ? `${told.code} ` : ""
  if (!(told instanceof Error)) return String(told)
  return told === error && told.message !== "" ? told.message : `${code}${told.message}`.trim()
}
