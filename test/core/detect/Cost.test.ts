/**
 * What the reading of a text costs, counted in characters that are looked at. The texts repeat a short unit, since a walk
 * that starts again at each unit looks at the rest of the text again and again.
 */
import { runInThisContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as fc from "fast-check"
import { constantPart } from "../../../src/core/detect/ConstantMessage.js"
import * as Detector from "../../../src/core/detect/Detector.js"
import * as SqlState from "../../../src/core/detect/SqlState.js"
import * as Directive from "../../../src/core/file/Directive.js"
import { withoutRowTypes } from "../../../src/core/sql/RoutineBody.js"
import { normalise } from "../../../src/core/text/Checksum.js"
import * as Comment from "../../../src/core/text/Comment.js"
import * as Lexer from "../../../src/core/text/Lexer.js"
import * as Redaction from "../../../src/core/text/Redaction.js"
import { visible } from "../../../src/core/text/Visible.js"
import * as Sql from "../../support/arbitraries/Sql.js"
import { charactersRead } from "../../support/text/WorkCounter.js"

const piece = fc.constantFrom(
  ...Sql.marks,
  ...["E'\\'", '""', "''", "$a"],
  ...["(", ")", ",", "[]", "»", "«", "%", "#", " => ", "insert into a", "on conflict(", 'x"a']
)

const pieces = (minLength: number, maxLength: number) =>
  fc.array(piece, { minLength, maxLength }).map((parts) => parts.join(""))

/** A text of a unit that repeats, between two other texts. A number in the unit makes each repetition another one. */
const repeated = fc
  .record({ before: pieces(0, 2), unit: pieces(1, 4), isNumbered: fc.boolean(), after: pieces(0, 2) })
  .map(({ after, before, isNumbered, unit }) => (times: number) => {
    const units = Array.from({ length: times }, (_, index) => (isNumbered ? unit.replace("a", `a${index}`) : unit))
    return `${before}${units.join("")}${after}`
  })

const error = (code: string, message: string, position: number) => ({ severity: "ERROR", code, message, position })

/** Every walk over a text that the server, a program or a file gives. */
const walks: Readonly<Record<string, (text: string) => unknown>> = {
  "a name in a statement": (text) => Detector.detect(error("42P01", 'relation "no.t_e" does not exist', 9), text),
  "a conflict target": (text) =>
    Detector.detect(
      error("42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification", 1),
      text
    ),
  "a column's message": (text) => Detector.detect(error("42703", text, 1), "SELECT 1"),
  "a relation's message": (text) => Detector.detect(error("42P01", text, 1), "SELECT 1"),
  "a signature": (text) => Detector.detect(error("42883", `function f(${text}) does not exist`, 1), "SELECT 1"),
  "a routine's text": (text) =>
    Detector.detect(error("42883", `could not find a function named "${text}"`, 1), "SELECT 1"),
  "a type's message": (text) => Detector.detect(error("42704", text, 1), "SELECT 1"),
  "comments alone": Comment.commentsOf,
  "comments behind text": Comment.commentsBehind,
  "the first token": Comment.firstToken,
  "row types of a body": withoutRowTypes,
  "one line": (text) => Lexer.oneLine(text, 100),
  directives: (text) => Directive.read("001_a.sql", text),
  "a text without literals": Redaction.withoutLiterals,
  "a message without its literal": Redaction.withoutQuotedLiteral,
  "words of passwords": Redaction.mayHoldPassword,
  "the constant part of a message": (text) =>
    Option.map(SqlState.evidenceFrom({ ...error("22003", text, 1), routine: "pg_strtoint32" }), constantPart),
  "a checksum's text": normalise,
  "visible text": visible,
  tokens: (text) => {
    for (let at = 0; at < text.length; ) at = Lexer.skipToken(text, at)
  }
}

const repetitions = 50

describe("a text of four times the length", () => {
  for (const [name, walk] of Object.entries(walks)) {
    it.prop(
      `costs at most about four times the work: ${name}`,
      [repeated],
      ([textOf]) => {
        const [short, long] = [textOf(repetitions), textOf(4 * repetitions)]
        const cost = Math.max(
          charactersRead(() => walk(short)),
          short.length
        )
        // Work that grows with the square is 16 times as much.
        assert.isAtMost(
          charactersRead(() => walk(long)),
          8 * cost
        )
      },
      { fastCheck: { numRuns: 300 } }
    )
  }
})

/** Of a hostile row, query or file. A pattern that tries each place anew takes minutes for it. */
const length = 100_000

/** The place of a walk where the clock of a machine can end it. */
const place: { walk: () => unknown } = Object.assign(globalThis, { walk: (): unknown => undefined })

const ends = (walk: () => unknown): boolean => {
  place.walk = walk
  try {
    runInThisContext("walk()", { timeout: 10_000 })
    return true
  } catch (error) {
    if (Predicate.hasProperty(error, "code") && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return false
    throw error
  }
}

describe("a text of 100,000 characters", () => {
  const units = ["9", " ", "\n", '"', '"a', "/*  "]
  const frames = [
    (text: string) => text,
    (text: string) => `${text}x`,
    (text: string) => `value "${text}" is out of range for type integer`
  ]
  for (const [name, walk] of Object.entries(walks)) {
    it(`comes to an end: ${name}`, async () => {
      const endless: Array<string> = []
      for (const text of units.flatMap((unit) => frames.map((frame) => frame(unit.repeat(length / unit.length))))) {
        // Vitest's process hears from this one in between.
        await new Promise((resolve) => setImmediate(resolve))
        if (!ends(() => walk(text))) endless.push(text.slice(0, 20))
      }
      deepStrictEqual(endless, [])
    })
  }
})

describe("a string constant", () => {
  it("is not read as SQL, whatever letter stands before it", () => {
    for (const letter of ["", "E", "e", "N", "n"]) {
      const text = `SELECT ${letter}'app.users' FROM "app.users"`
      const gap = Detector.detect(error("42P01", 'relation "app.users" does not exist', 99), text)
      deepStrictEqual(
        gap.pipe((_) => (_._tag === "Some" ? Detector.render(_.value) : "")),
        'missing relation "app.users"'
      )
    }
    const escaped = `SELECT E'\\' app.users ' FROM "app.users"`
    const gap = Detector.detect(error("42P01", 'relation "app.users" does not exist', 99), escaped)
    deepStrictEqual(
      gap.pipe((_) => (_._tag === "Some" ? Detector.render(_.value) : "")),
      'missing relation "app.users"'
    )
  })
})
