/** The ties between files that the compiler does not see: a document that lists what a source defines, and lists of the same kinds. */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as CommandLine from "../src/cli/CommandLine.js"
import * as Errors from "../src/core/error/AutoMigrationError.js"
import { parseObjects } from "../src/core/file/ObjectSyntax.js"
import type { SchemaObject } from "../src/core/model/SchemaObject.js"
import * as AutoMigrationConfig from "../src/runtime/AutoMigrationConfig.js"
import * as ErrorShapes from "./support/detect/ErrorShapes.js"
import { filesIn, read } from "./support/repository/Repository.js"

const guide = read("docs/integration-guide.md")

const none = (found: ReadonlyArray<string>): void => deepStrictEqual(found, [])

const namesIn = (text: string, form: RegExp): ReadonlyArray<string> =>
  Array.from(text.matchAll(form), (match) => match[1] ?? "")

describe("an option", () => {
  it("has a row in the integration guide, and no row is left over", () => {
    const section = guide.split("\n## ").find((text) => text.startsWith("Options\n")) ?? ""
    deepStrictEqual(namesIn(section, /^\| `(\w+)`/gm).toSorted(), Object.keys(AutoMigrationConfig.defaults).toSorted())
  })
})

describe("a command", () => {
  it("stands in the page about the command line", () => {
    const page = read("docs/command-line.md")
    assert.include(CommandLine.commands, "verify")
    none(CommandLine.commands.filter((name) => !page.includes(`npx effect-auto-migration ${name}`)))
  })
})

describe("an error", () => {
  it("stands in the integration guide, with what to do", () => {
    const classes = Object.values(Errors).flatMap((value) =>
      typeof value === "function" && "fields" in value ? [value.name] : []
    )
    assert.include(classes, "MigrationFailed")
    none(classes.filter((name) => !guide.includes(`\`${name}\``)))
  })

  it("is exported by AutoMigrationError.ts, whose classes the tests go through, from whichever file it stands in", () => {
    const declared = filesIn("src/core/error").flatMap((file) =>
      namesIn(read(file), /^export class (\w+) extends Schema\.TaggedError/gm)
    )
    assert.include(declared, "InvalidSql")
    none(declared.filter((name) => !(name in Errors)))
  })
})

describe("a kind of schema object", () => {
  const provided: Readonly<Record<SchemaObject["_tag"], string>> = {
    Relation: "table t",
    Column: "column t.a",
    Routine: "function f(int)",
    Type: "type m",
    Schema: "schema s",
    EnumValue: "value 'x' of m",
    Constraint: "constraint t.c",
    ConflictTarget: "unique t (a)",
    Operator: "operator app.%> (text, integer)",
    TextSearchConfiguration: "text search configuration english_unaccent",
    Role: "role reader",
    Relaxation: "relaxed not null t.a",
    Collation: "collation german",
    Extension: "extension citext"
  }
  const kinds = Object.keys(provided).toSorted()

  it("is written in `-- provides:`", () => {
    for (const [kind, text] of Object.entries(provided)) {
      deepStrictEqual(
        Either.map(parseObjects(text), (objects) => objects.map(({ _tag }): string => _tag)),
        Either.right([kind])
      )
    }
  })

  it("is missing in a statement whose error the detector reads", () => {
    const spelling = (name: string) => ({ written: name, stored: name })
    const names = { missing: spelling("m"), other: spelling("o"), label: "l" }
    const provoked = new Set(ErrorShapes.all.map(({ provoke }): string => provoke(names).object._tag))
    // A rule that a row breaks is no missing object: `rules.test.ts` has its errors.
    deepStrictEqual(
      [...provoked].toSorted(),
      kinds.filter((kind) => kind !== "Relaxation")
    )
  })
})

describe("a test", () => {
  const tests = filesIn("test").filter((file) => file.endsWith(".test.ts"))
  const named = (name: string) => tests.filter((file) => file === name || file.endsWith(`/${name}`))

  it("is there where a document names it", () => {
    const documents = [...filesIn("docs"), "README.md", "CONTRIBUTING.md", "SECURITY.md"].filter((file) =>
      file.endsWith(".md")
    )
    const found = documents.flatMap((document) =>
      namesIn(read(document), /`([\w/.-]+\.test\.ts)`/g).map((name) => ({ document, name, files: named(name).length }))
    )
    assert.isAbove(found.length, 50)
    none(found.filter(({ files }) => files === 0).map(({ document, name }) => `${document}: ${name}`))
  })

  it("has the part that a row of the attacks names, and each row names a test", () => {
    const rows = read("docs/security.md")
      .split("\n")
      .filter((line) => /^\| (?!\*\*|what |-)/.test(line))
    const cells = rows.map((row) => row.split(" | ").at(-1) ?? "")
    assert.isAbove(cells.length, 20)
    none(cells.filter((cell) => !/\.test\.ts`/.test(cell)))
    const parts = cells.flatMap((cell) =>
      cell.split(/(?=`[\w/.-]+\.test\.ts`)/).flatMap((text) => {
        const [name = ""] = namesIn(text, /^`([^`]+)`/g)
        return namesIn(text, /_([^_`]+)_/g).map((part) => ({ part, files: named(name) }))
      })
    )
    assert.isAbove(parts.length, 10)
    none(parts.filter(({ files, part }) => !files.some((file) => read(file).includes(part))).map(({ part }) => part))
  })
})
