/** The pages of `docs/reference` hold all that the sources define, and what they show is what the library says. */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Table from "../bench/Table.js"
import * as Errors from "../src/core/error/AutoMigrationError.js"
import * as Directive from "../src/core/file/Directive.js"
import { parseObjects } from "../src/core/file/ObjectSyntax.js"
import * as UpDownMarker from "../src/core/file/UpDownMarker.js"
import * as LedgerEvent from "../src/core/migration/LedgerEvent.js"
import * as Checksum from "../src/core/text/Checksum.js"
import { commentsOf } from "../src/core/text/Comment.js"
import { ledgerScripts } from "../src/ledger/LedgerScripts.js"
import { sha256 } from "../src/runtime/Sha256.js"
import { riskKinds } from "./support/arbitraries/Migration.js"
import { examples } from "./support/error/Examples.js"
import { filesIn, read } from "./support/repository/Repository.js"

/** The text below a heading, up to the next heading of the same level or a higher one. */
const sectionOf = (page: string, heading: string): string => {
  const [level = ""] = /^#+/.exec(heading) ?? []
  const [, below = ""] = `\n${page}`.split(`\n${heading}\n`)
  return below.split(new RegExp(`\\n#{1,${level.length}} `))[0] ?? ""
}

/** The cells of a section's tables, without their heads. */
const rowsOf = (section: string): ReadonlyArray<ReadonlyArray<string>> =>
  [...section.matchAll(/^\|[-| ]+\|\n((?:\|.*\|\n?)+)/gm)].flatMap(([, rows = ""]) =>
    rows
      .trimEnd()
      .split("\n")
      .map((row) =>
        row
          .slice(1, -1)
          .split("|")
          .map((cell) => cell.trim())
      )
  )

const codeIn = (cell: string): ReadonlyArray<string> =>
  Array.from(cell.matchAll(/`([^`]+)`/g), (match) => match[1] ?? "")

describe("the page about directives", () => {
  const page = read("docs/reference/directives.md")
  const words = Array.from(
    /const words: ReadonlyArray<Word> = \[(.*)\]/.exec(read("src/core/file/Directive.ts"))?.[1]?.matchAll(/"(\w+)"/g) ??
      [],
    (match) => match[1] ?? ""
  )

  it("has a row and a section for each directive, and its example is understood", () => {
    const rows = rowsOf(page.split("\n## ")[0] ?? "")
    assert.isAbove(words.length, 3)
    deepStrictEqual(
      rows.map(([word = ""]) => word),
      words.map((word) => `\`-- ${word}:\``)
    )
    deepStrictEqual(
      words.filter((word) => sectionOf(page, `## ${word}`) === ""),
      []
    )
    for (const [, example = ""] of rows) {
      const [text = ""] = codeIn(example)
      assert.notDeepEqual(Either.getOrThrow(Directive.read("a.sql", text)), Directive.none, text)
    }
  })

  it("has each kind of object that can be promised, with examples that are understood", () => {
    const kinds = Array.from(
      read("src/core/file/ObjectSyntax.ts").matchAll(/^ {2}\["([a-z ]+)", /gm),
      (match) => match[1] ?? ""
    )
    const rows = rowsOf(sectionOf(page, "## provides"))
    assert.include(kinds, "relaxed partition")
    deepStrictEqual(rows.flatMap(([kind = ""]) => codeIn(kind)).toSorted(), kinds.toSorted())
    const examples = rows.flatMap(([, example = ""]) => codeIn(example))
    deepStrictEqual(
      examples.filter((example) => Either.isLeft(parseObjects(example))),
      []
    )
  })

  it("has each kind of risk", () => {
    deepStrictEqual(
      rowsOf(sectionOf(page, "## accept"))
        .flatMap(([kind = ""]) => codeIn(kind))
        .toSorted(),
      riskKinds.toSorted()
    )
  })

  it("has the lines of each tool, which mean what their column says", () => {
    const tools = Array.from(
      read("src/core/file/UpDownMarker.ts").matchAll(/^ {2}\| "([\w-]+)"/gm),
      (match) => match[1] ?? ""
    )
    const rows = rowsOf(sectionOf(page, "## Lines of other tools"))
    const others = ["sqlx", "graphile-migrate"]
    deepStrictEqual(rows.map(([tool = ""]) => tool).toSorted(), [...tools, ...others].toSorted())
    const markerOf = (cell: string) => {
      const [line = ""] = codeIn(cell)
      const [comment] = commentsOf(line.replace(/^# /, "-- "))
      return comment === undefined ? undefined : UpDownMarker.read(comment)
    }
    for (const [tool = "", up = "", down = "", none = ""] of rows.filter(([tool]) => !others.includes(tool ?? ""))) {
      const marker = markerOf(none)
      const isNone = marker?._tag === "NoTransaction" || (marker?._tag === "Section" && marker.transaction === "none")
      const wayOf = (cell: string) => {
        const found = markerOf(cell)
        return found?._tag === "Section" ? `${found.tool} ${found.way}` : undefined
      }
      deepStrictEqual(wayOf(up), up.startsWith("`") ? `${tool} up` : undefined)
      deepStrictEqual(wayOf(down), down === "" ? undefined : `${tool} down`)
      deepStrictEqual(isNone, none !== "")
    }
  })
})

describe("the page about the ledger", () => {
  const page = read("docs/reference/ledger.md")
  const section = sectionOf(page, "## The hash")
  const vectors = Schema.decodeUnknownSync(Schema.parseJson(Schema.Array(LedgerEvent.LedgerEvent)))(
    /```json\n([\s\S]*?)```/.exec(section)?.[1]
  )

  it("has vectors that are a chain, and the text that is hashed", () => {
    const last = vectors.at(-1)
    assert.isAbove(vectors.length, 1)
    deepStrictEqual(
      LedgerEvent.verify(sha256, LedgerEvent.origin, vectors),
      Either.right({ sequence: vectors.length, hash: last?.hash ?? "" })
    )
    const shown = /```text\n([\s\S]*?)```/.exec(section)?.[1] ?? ""
    deepStrictEqual(shown.replaceAll("\n", ""), last === undefined ? "" : LedgerEvent.hashed(last))
  })

  it("has texts with their checksums", () => {
    const rows = rowsOf(sectionOf(page, "## The checksum"))
    const checksums: Array<string> = []
    for (const [cell = "", checksum = ""] of rows) {
      const text = Schema.decodeUnknownSync(Schema.parseJson(Schema.String))(codeIn(cell)[0])
      checksums.push(codeIn(checksum)[0] ?? checksums.at(-1) ?? "")
      deepStrictEqual(Checksum.make(text, sha256), checksums.at(-1))
    }
    assert.strictEqual(new Set(checksums).size, rows.length - 1)
  })

  it("has each kind of event, each table and each column", () => {
    const tables = rowsOf(page.split("\n## ")[0] ?? "").flatMap(([table = ""]) => codeIn(table))
    const made = [
      ...Object.values(ledgerScripts)
        .join("\n")
        .matchAll(/CREATE TABLE auto_migration\.(\w+)/g)
    ]
    deepStrictEqual(tables.toSorted(), made.map((match) => match[1] ?? "").toSorted())
    const names = rowsOf(sectionOf(page, "## An event")).flatMap(([name = ""]) => codeIn(name))
    deepStrictEqual(
      names.toSorted(),
      [
        ...Object.keys(LedgerEvent.LedgerEvent.fields).map((name) =>
          name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
        ),
        ...LedgerEvent.Kind.literals
      ].toSorted()
    )
    const applying = rowsOf(sectionOf(page, "## An event")).flatMap(([kind = "", , answer]) =>
      answer === "yes" ? codeIn(kind) : []
    )
    deepStrictEqual(
      applying,
      LedgerEvent.Kind.literals.filter((kind) => vectors.some((event) => LedgerEvent.isApplication({ ...event, kind })))
    )
  })
})

describe("the page about errors", () => {
  const page = read("docs/reference/errors.md")

  it("has the cause, the remedy and the lines of each error, as the library prints them", () => {
    for (const error of examples) {
      const section = sectionOf(page, `### ${error.name}`)
      assert.match(section, /^\n\S[^\n]+\n[\s\S]*^- \*\*Cause:\*\* [\s\S]*^- \*\*Remedy:\*\* /m, error.name)
      strictEqual(/```text\n([\s\S]*?)\n```/.exec(section)?.[1], Errors.render(error))
    }
  })

  it("has each error that a public function may fail with, and no other", () => {
    const shown = Array.from(page.matchAll(/^### (\w+)$/gm), (match) => match[1] ?? "")
    deepStrictEqual(shown.toSorted(), examples.map(({ name }) => name).toSorted())
    const ofTools = filesIn("src")
      .filter((file) => !/^src\/(cli|core\/error)\//.test(file))
      .flatMap((file) =>
        Array.from(
          read(file).matchAll(/^export class (\w+) extends (?:Schema\.)?TaggedError/gm),
          (match) => match[1] ?? ""
        )
      )
    assert.include(ofTools, "ProofFailed")
    deepStrictEqual(
      rowsOf(sectionOf(page, "## Tools"))
        .flatMap(([name = ""]) => codeIn(name))
        .toSorted(),
      ofTools.toSorted()
    )
  })
})

describe("the page about benchmarks", () => {
  it("has the figures of bench/results.json (`npm run bench` writes both)", () => {
    const Measured = Schema.Struct({
      name: Schema.String,
      ratio: Schema.optionalWith(Schema.Number, { exact: true }),
      roundTrips: Schema.optionalWith(Schema.Number, { exact: true }),
      nanoseconds: Schema.optionalWith(Schema.Number, { exact: true }),
      kilobytes: Schema.optionalWith(Schema.Number, { exact: true }),
      atMost: Schema.optionalWith(Schema.Number, { exact: true })
    })
    const Results = Schema.parseJson(
      Schema.Struct({ benches: Schema.Record({ key: Schema.String, value: Schema.Array(Measured) }) })
    )
    const { benches } = Schema.decodeUnknownSync(Results)(read("bench/results.json"))
    const page = read("docs/why/benchmarks.md")
    assert.isNotEmpty(Object.keys(benches))
    strictEqual(Table.renewed(page, benches), page)
    assert.notStrictEqual(Table.renewed(page, {}), page)
  })
})
