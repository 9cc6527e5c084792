import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Detector from "../../../src/core/detect/Detector.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import type { LocalisedError, LocalisedGap } from "../../support/detect/Localised.js"
import { falseFriends } from "../../support/detect/LocalisedFalseFriends.js"
import { gaps } from "../../support/detect/LocalisedGaps.js"

const errorsOf = ({
  messages,
  position,
  routine,
  sqlState
}: LocalisedError): ReadonlyArray<readonly [string, SqlError]> =>
  Object.entries(messages).map(([language, message]) => [
    language,
    new SqlError({ cause: Object.assign(new Error(message), { severity: "ERROR", code: sqlState, position, routine }) })
  ])

const render = (gap: Option.Option<Detector.SchemaGap>): string =>
  Option.match(gap, { onNone: () => "nothing", onSome: Detector.render })

const marked = '»« "a"b" “” «c» ”'

/** The same error about an object whose name holds quotation marks. */
const renamed = (error: LocalisedGap): LocalisedGap => ({
  ...error,
  gap: error.gap.replace('"No such"', SchemaObject.quote(marked)),
  messages: Record.map(error.messages, (message) => message.replace("No such", marked))
})

describe("in every language of the server", () => {
  for (const each of gaps) {
    it(`${each.statement} has the gap ${each.gap}`, () => {
      for (const [language, error] of errorsOf(each)) {
        assert.strictEqual(render(Detector.detect(error, each.statement)), each.gap, language)
        assert.strictEqual(render(Detector.detect(error)), each.byMessage ?? each.gap, language)
      }
    })
  }

  /** If a message prints one name, marks in the name are not taken for those of the message. */
  for (const each of gaps.filter(
    ({ byMessage, sqlState }) => ["42P01", "42703", "3F000"].includes(sqlState) && byMessage === undefined
  )) {
    it(`${each.statement} has the gap also if the name holds quotation marks`, () => {
      for (const [language, error] of errorsOf(renamed(each))) {
        assert.strictEqual(render(Detector.detect(error)), renamed(each).gap, language)
      }
    })
  }

  for (const each of falseFriends) {
    it(`${each.statement} has no gap`, () => {
      for (const [language, error] of errorsOf(each)) {
        assert.strictEqual(render(Detector.detect(error, each.statement)), "nothing", language)
        assert.strictEqual(render(Detector.detect(error)), "nothing", language)
      }
    })
  }
})
