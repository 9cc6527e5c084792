/**
 * Who sits before a command: a person who can be asked, or another program.
 *
 * @since 0.1.0
 */
import { createInterface } from "node:readline"
import type { Readable, Writable } from "node:stream"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/**
 * How a person is asked: the question is shown, and the line that is typed is the answer. `None` stands for the end of the input.
 *
 * @since 0.1.0
 * @category models
 */
export interface Terminal {
  readonly ask: (question: string) => Effect.Effect<Option.Option<string>>
}

/**
 * A terminal on two streams, or `None` where one of them is none: the output of a command in a pipe is read by a program, and its
 * input is no person's answer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  input: Readable & { readonly isTTY?: boolean },
  output: Writable & { readonly isTTY?: boolean }
): Option.Option<Terminal> =>
  input.isTTY === true && output.isTTY === true
    ? Option.some({
        ask: (question) =>
          Effect.async((resume) => {
            const lines = createInterface({ input, output })
            lines.once("close", () => resume(Effect.succeedNone))
            lines.question(question, (answer) => {
              resume(Effect.succeedSome(answer))
              lines.close()
            })
            return Effect.sync(() => lines.close())
          })
      })
    : Option.none()

/**
 * Whether a person says yes, in one word: any other answer, none at all included, is a no.
 *
 * @since 0.1.0
 * @category questions
 */
export const confirms = (terminal: Terminal, question: string): Effect.Effect<boolean> =>
  Effect.map(
    terminal.ask(`${question} [y/N] `),
    Option.exists((answer) => /^\s*(?:y|yes)\s*$/i.test(answer))
  )
