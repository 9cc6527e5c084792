/** The ties between files that the compiler does not see: a document that lists what a source defines, and lists of the same kinds. */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Invocation from "../src/cli/Invocation.js"
import * as Errors from "../src/core/error/AutoMigrationError.js"
import { parseObjects } from "../src/core/file/ObjectSyntax.js"
import type { SchemaObject } from "../src/core/model/SchemaObject.js"
import * as AutoMigrationConfig from "../src/runtime/AutoMigrationConfig.js"
import * as ErrorShapes from "./support/detect/ErrorShapes.js"
import { read } from "./support/repository/Repository.js"

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
  it("stands in the integration guide", () => {
    const commands = namesIn(Invocation.usage, /^ {2}([a-z]+)\b.*? {2,}/gm)
    assert.include(commands, "verify")
    none(commands.filter((name) => !guide.includes(`npx effect-auto-migration ${name}`)))
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
    deepStrictEqual([...provoked].toSorted(), kinds)
  })
})
