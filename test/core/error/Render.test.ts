/**
 * The rendering of errors for a terminal: one snapshot for each class, and the laws for texts of any kind.
 */
import { assert, describe, expect, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import { AutoMigrationError } from "effect-auto-migration"
import * as fc from "fast-check"
import { type Explained, type Explanation, message, sentence } from "../../../src/core/error/Explanation.js"
import * as Columns from "../../../src/core/text/Columns.js"
import { isHidden, visibleName } from "../../../src/core/text/Visible.js"
import { examples, ofTools } from "../../support/error/Examples.js"
import * as Repository from "../../support/repository/Repository.js"

describe("the rendering of each class", () => {
  for (const error of [...examples, ...ofTools]) {
    it(`${error._tag} in a log, in a pipe and on a terminal`, () => {
      const terminal = AutoMigrationError.render(error, { color: true, width: 80, links: "/srv/shop" })
      expect(`${error.message}\n\n${AutoMigrationError.render(error)}\n\n${JSON.stringify(terminal)}`).toMatchSnapshot()
    })
  }

  it("has an example of every class", () => {
    const classes = Object.values(AutoMigrationError).filter(
      (value) => typeof value === "function" && "fields" in value
    )
    assert.sameMembers(
      [...new Set(examples.map(({ constructor }) => constructor.name))],
      classes.map(({ name }) => name)
    )
  })

  it("is there for every class of the sources but misused words, which the command line answers with its help", () => {
    const named = Repository.filesIn("src").flatMap((file) =>
      [...Repository.read(file).matchAll(/class (\w+) extends (?:Schema\.)?TaggedError/g)].map(([, name]) => name)
    )
    assert.sameMembers(
      [...new Set([...examples, ...ofTools].map(({ constructor }) => constructor.name))],
      named.filter((name) => name !== "UsageError")
    )
  })
})

describe("the message", () => {
  it("of every class stays on one line and ends with what to do", () => {
    for (const error of [...examples, ...ofTools]) {
      assert.notMatch(error.message, /[\n\r\t]|undefined|\[object/)
      const { run, say } = error.explanation.remedies.at(-1) ?? { say: "" }
      assert.isTrue(error.message.endsWith(run ?? sentence(say)), error.message)
    }
  })
})

const wild = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom(
      "a",
      "SELECT ",
      "'",
      "$$",
      "\n",
      "\t",
      "\r\n",
      "\u001B[31m",
      "\u0007",
      "名",
      "e\u0301",
      "😀",
      "שלום",
      "\u202E",
      "\u200B",
      "\uD800",
      "--",
      "/*"
    ),
    maxLength: 300
  })
)
const many = <A>(one: fc.Arbitrary<A>) => fc.array(one, { maxLength: 30 })
const position = fc.option(fc.integer({ min: -1, max: 400 }))
const excerpt = fc.record({ statement: wild, position })
const place = fc.record({ file: wild, line: fc.option(fc.nat()), column: fc.option(fc.nat()) })
const remedy = fc.record({ say: wild, run: fc.option(wild, { nil: undefined }) })
const optional = <A>(one: fc.Arbitrary<A>) => fc.option(one, { nil: undefined })

const explanation: fc.Arbitrary<Explanation> = fc.record({
  problem: wild,
  at: optional(fc.tuple(place, excerpt).map(([at, text]) => ({ ...at, ...text }))),
  query: optional(excerpt),
  files: optional(fc.record({ are: fc.constantFrom("provider" as const, "remover" as const), places: many(place) })),
  reasons: many(fc.record({ place: optional(place), statement: fc.option(wild), why: wild })),
  outcome: wild,
  remedies: fc.tuple(remedy, many(remedy)).map(([first, rest]) => [first, ...rest] as const)
})

const error: fc.Arbitrary<Explained> = fc.record({ _tag: fc.constant("MigrationFailed"), explanation })
const width = fc.integer({ min: 40, max: 200 })

const colours = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g")

describe("laws", () => {
  it.prop("1. there are at most twelve lines", [error, width], ([error, width]) => {
    assert.isAtMost(AutoMigrationError.render(error, { width, color: true }).split("\n").length, 12)
  })

  it.prop("2. no line is wider than the width, except for a command", [error, width], ([error, width]) => {
    const commands = error.explanation.remedies.map(({ run }) => run)
    for (const line of AutoMigrationError.render(error, { width }).split("\n")) {
      const isCommand = commands.some((run) => run !== undefined && line.trim() === visibleName(run).trim())
      assert.isTrue(isCommand || Columns.columns(line) <= width, line)
    }
  })

  it.prop("3. no control character of a text is printed", [error, width], ([error, width]) => {
    const plain = AutoMigrationError.render(error, { width })
    const coloured = AutoMigrationError.render(error, { width, color: true })
    for (const line of plain.split("\n")) assert.isFalse(isHidden(line))
    strictEqual(coloured.replace(colours, "").replace(/ +$/gm, ""), plain.replace(/ +$/gm, ""))
  })

  it.prop("the message is one line without control characters", [explanation], ([explanation]) =>
    assert.isFalse(isHidden(message(explanation)))
  )
})
