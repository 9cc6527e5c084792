/**
 * Questions to a person, on streams that claim to be a terminal.
 */
import { PassThrough } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Terminal from "../../src/cli/Terminal.js"

const stream = (isTTY?: boolean) => Object.assign(new PassThrough(), isTTY === undefined ? {} : { isTTY })

/** The answer of a terminal to typed text, and the text that it showed. */
const answering = (typed: string) =>
  Effect.gen(function* () {
    const [input, output] = [stream(true), stream(true)]
    const terminal = Option.getOrThrow(Terminal.make(input, output))
    input.end(typed)
    const answer = yield* terminal.ask("Apply? ")
    return { answer, shown: String(output.read() ?? "") }
  })

describe("a terminal", () => {
  it("exists only where both streams are a terminal", () => {
    deepStrictEqual(
      [
        [true, true],
        [true, undefined],
        [undefined, true],
        [undefined, undefined]
      ].map(([input, output]) => Option.isSome(Terminal.make(stream(input), stream(output)))),
      [true, false, false, false]
    )
  })

  it.live("shows the question, and gives the typed line", () =>
    Effect.gen(function* () {
      const { answer, shown } = yield* answering("yes\nno\n")
      deepStrictEqual(answer, Option.some("yes"))
      assert.include(shown, "Apply? ")
    })
  )

  it.live("gives none at the end of the input", () =>
    Effect.map(answering(""), ({ answer }) => deepStrictEqual(answer, Option.none()))
  )

  it.live("takes one word for a yes, and every other answer for a no", () =>
    Effect.gen(function* () {
      const said = (answer: Option.Option<string>) => Terminal.confirms({ ask: () => Effect.succeed(answer) }, "Apply?")
      for (const yes of ["y", "Y", " yes "]) assert.isTrue(yield* said(Option.some(yes)))
      for (const no of ["", "n", "yes please", "oui"]) assert.isFalse(yield* said(Option.some(no)))
      assert.isFalse(yield* said(Option.none()))
    })
  )
})
