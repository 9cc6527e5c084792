/**
 * What the detector makes of the server's own errors, whatever language the server speaks: every shape that it claims, with names
 * that need every care, and every false friend.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import { assert, type Vitest } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as Detector from "../../../src/core/detect/Detector.js"
import * as SqlState from "../../../src/core/detect/SqlState.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import * as Identifier from "../arbitraries/Identifier.js"
import * as ErrorShapes from "./ErrorShapes.js"

const names: fc.Arbitrary<ErrorShapes.Names> = fc
  .record({ missing: Identifier.spelling, other: Identifier.spelling, label: Identifier.stored })
  .filter(({ label, missing, other }) => missing.stored !== other.stored && label !== "a")

/** Quotation marks as messages have them, in an order that looks as if one name ended and another began. */
const marked: ErrorShapes.Names = {
  missing: { written: '"»« ""a""b"" “” «c» ”"', stored: '»« "a"b" “” «c» ”' },
  other: { written: "q_other", stored: "q_other" },
  label: '»« "a"b" “”'
}

const spelled = (stored: string) => ({ written: SchemaObject.quote(stored), stored })

/** What messages are made of. A message alone may then mean another object; the statement's text tells. */
const hostile: ReadonlyArray<ErrorShapes.Names> = [
  { missing: spelled('x" of relation "y'), other: spelled('c" does not exist'), label: 'x": "y' },
  { missing: spelled('a.b"'), other: spelled("c.d"), label: "x" },
  { missing: spelled("t[]"), other: spelled("o(*)"), label: "«x»: »y«" }
]

/** The error of a statement, with all that led to it undone. */
export const errorOf = ({ parameters, setup, statement }: Omit<ErrorShapes.Provocation, "object">) =>
  Effect.flatMap(SqlClient, (sql) =>
    Effect.forEach(setup, (each) => Effect.orDie(sql.unsafe(each))).pipe(
      Effect.zipRight(sql.unsafe(statement, parameters)),
      sql.withTransaction,
      Effect.flip
    )
  )

const dotted = ({ name, schema }: SchemaObject.QualifiedName): string =>
  Option.isSome(schema) ? `${schema.value}.${name}` : name

/** What a message says of a gap: it has dots without quotes, and nothing of an `ON CONFLICT`. */
const printed = (gap: Detector.MissingObject): unknown => {
  const { object, qualifier } = gap
  switch (object._tag) {
    case "Relation":
    case "Type":
    case "Collation":
    case "TextSearchConfiguration":
      return [object._tag, dotted(object)]
    case "Routine":
      return [object._tag, dotted(object), object.arguments]
    case "Column":
      return Option.isSome(qualifier) ? [object._tag, `${qualifier.value}.${object.name}`] : object
    case "ConflictTarget":
      return SchemaObject.conflictTarget([])
    default:
      return object
  }
}

const claimed = (gap: Option.Option<Detector.SchemaGap>): Detector.MissingObject => {
  if (Option.isSome(gap) && gap.value._tag === "MissingObject") return gap.value
  return assert.fail(`nothing is missing: ${JSON.stringify(gap)}`)
}

const isReadInText = ({ provoke, sqlState }: ErrorShapes.Shape, names: ErrorShapes.Names) =>
  Effect.gen(function* () {
    const provocation = provoke(names)
    const expected = {
      _tag: "MissingObject",
      object: provocation.object,
      qualifier: Option.fromNullable(provocation.qualifier),
      sqlState
    }
    const error = yield* errorOf(provocation)
    deepStrictEqual(claimed(Detector.detect(error, provocation.statement)), expected)
    return { error, expected }
  })

const isRead = (shape: ErrorShapes.Shape, names: ErrorShapes.Names) =>
  Effect.gen(function* () {
    const { error, expected } = yield* isReadInText(shape, names)
    const byMessage = claimed(Detector.detect(error))
    if (shape.needsText === true && byMessage.object._tag === "Column" && Option.isNone(byMessage.object.relation)) {
      const { object } = expected
      deepStrictEqual(byMessage.object.name, "name" in object ? object.name : "")
      return
    }
    deepStrictEqual(printed(byMessage), printed({ ...expected, _tag: "MissingObject", sqlState: byMessage.sqlState }))
  })

/** Asks the server for each, that often with other names. */
export const areRead = (it: Vitest.MethodsNonLive<SqlClient, true>, numRuns: number): void => {
  for (const shape of ErrorShapes.all) {
    const title = `${shape.sqlState} names ${shape.claim}`
    it.effect.prop(title, { names }, ({ names }) => isRead(shape, names), { fastCheck: { numRuns } })
    it.effect(`${title}, with quotation marks in its name`, () => isRead(shape, marked))
    it.effect(`${title}, with the words of a message in its name`, () =>
      Effect.forEach(hostile, (names) => isReadInText(shape, names), { discard: true })
    )
  }

  for (const { about, setup, sqlState, statement } of ErrorShapes.falseFriends) {
    it.effect(`${sqlState} about ${about} is nobody's gap`, () =>
      Effect.gen(function* () {
        const error = yield* errorOf({ setup, statement })
        deepStrictEqual(
          Option.map(SqlState.evidenceFrom(error), (evidence) => evidence.sqlState),
          SqlState.sqlState(sqlState)
        )
        deepStrictEqual(Detector.detect(error, statement), Option.none())
        deepStrictEqual(Detector.detect(error), Option.none())
      })
    )
  }
}
