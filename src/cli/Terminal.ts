/**
 * The terminal of a command, at which a person can be asked. In a pipe there is none.
 *
 * @since 0.1.0
 */
import { createInterface } from "node:readline"
import type { Readable, Writable } from "node:stream"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/**
 * Shows a question and reads the typed line as its answer. `None` stands for the end of the input.
 *
 * @since 0.1.0
 * @category models
 */
export interface Terminal {
  readonly ask: (question: string) => Effect.Effect<Option.Option<string>>
}

/**
 * A terminal on two streams. `None` where one of them is no terminal: then a program reads the output or writes the
 * input.
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
 * Whether the answer is `y` or `yes`. Any other answer, and none at all, is a no.
 *
 * @since 0.1.0
 * @category questions
 */
export const confirms = (terminal: Terminal, question: string): Effect.Effect<boolean> =>
  Effect.map(
    terminal.ask(`${question} [y/N] `),
    Option.exists((answer) => /^\s*(?:y|yes)\s*$/i.test(answer))
  )
