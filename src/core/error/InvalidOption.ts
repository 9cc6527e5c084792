/**
 * A mistake in the options that a program gives by code: seen when their layer is built.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { visibleName } from "../text/Visible.js"
import { TaggedError } from "./Explained.js"
import type { Explanation } from "./Explanation.js"

/**
 * An option has a value that it does not take. The value is shortened to 100 characters.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidOption extends TaggedError<InvalidOption>("effect-auto-migration/InvalidOption")("InvalidOption", {
  option: Schema.String,
  value: Schema.String,
  expected: Schema.String
}) {
  get explanation(): Explanation {
    return {
      problem: `The option ${this.option} cannot be ${visibleName(this.value)}`,
      remedies: [{ say: `Give it ${this.expected}` }]
    }
  }
}
