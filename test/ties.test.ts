/** The ties between files that the compiler does not see: a document that lists what a source defines, and lists of the same kinds. */
import { posix } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as CommandLine from "../src/cli/CommandLine.js"
import * as Errors from "../src/core/error/AutoMigrationError.js"
import { parseObjects } from "../src/core/file/ObjectSyntax.js"
import { describe as describeRisk } from "../src/core/model/Risk.js"
import type * as SchemaObject from "../src/core/model/SchemaObject.js"
import * as Index from "../src/index.js"
import * as AutoMigrationConfig from "../src/runtime/AutoMigrationConfig.js"
import { libraryVersion } from "../src/runtime/Process.js"
import { riskKinds } from "./support/arbitraries/Migration.js"
import * as ErrorShapes from "./support/detect/ErrorShapes.js"
import { lastFootprint } from "./support/history/Parsing.js"
import * as Documents from "./support/repository/Documents.js"
import * as Exports from "./support/repository/Exports.js"
import { filesIn, read } from "./support/repository/Repository.js"

const configuration = read("docs/reference/configuration.md")

const none = (found: ReadonlyArray<string>): void => deepStrictEqual(found, [])

const namesIn = (text: string, form: RegExp): ReadonlyArray<string> =>
  Array.from(text.matchAll(form), (match) => match[1] ?? "")

describe("an option", () => {
  it("has a row in its page, and no row is left over", () => {
    const section = configuration.split("\n## ").find((text) => text.startsWith("Options\n")) ?? ""
    deepStrictEqual(namesIn(section, /^\| `(\w+)`/gm).toSorted(), Object.keys(AutoMigrationConfig.defaults).toSorted())
  })

  it("has its variable in the comment of `layerEnvironment` and in the page of the options, if it has one", () => {
    const [, reader = ""] = read("src/runtime/AutoMigrationConfig.ts").split("\nconst fromEnvironment")
    const [variablesRead = "", comment = ""] = reader.split('Config.nested("AUTO_MIGRATION")')
    const variables = namesIn(variablesRead, /\("([A-Z_]+)"/g).map((name) => `AUTO_MIGRATION_${name}`)
    assert.include(variables, "AUTO_MIGRATION_LEASE")
    deepStrictEqual(namesIn(comment, /`(AUTO_MIGRATION_[A-Z_]+)`/g).toSorted(), variables.toSorted())
    none(variables.filter((name) => !configuration.includes(`\`${name}\``)))
  })
})

describe("a kind of risk", () => {
  it("has a row in the first table of the risks, and no row is left over", () => {
    const [section = ""] = read("docs/risks.md").split("\n## ")
    deepStrictEqual(namesIn(section, /^\| (?:<a id="[\w-]+"><\/a>)?`([\w-]+)`/gm).toSorted(), riskKinds.toSorted())
  })

  it("has its safer way there", () => {
    const page = read("docs/risks.md")
    none(riskKinds.filter((kind) => !page.includes(` | ${describeRisk(kind).safer} |\n`)))
  })
})

describe("a command", () => {
  it("stands in the page about the command line", () => {
    const page = read("docs/command-line.md")
    assert.include(CommandLine.commands, "verify")
    none(CommandLine.commands.filter((name) => !page.includes(`npx effect-auto-migration ${name}`)))
  })

  it("is there where a document types it, with its options", () => {
    const sources = filesIn("src/cli").map(read).join("")
    const options = new Set(["help", ...namesIn(sources, /(?:Options\.\w+|choice)\("([\w-]+)"/g)])
    const typed = filesIn("docs")
      .filter((file) => file.endsWith(".md"))
      .flatMap((file) =>
        namesIn(read(file), /npx effect-auto-migration ([a-z][^`\n#|]*)/g).map((words) => ({ file, words }))
      )
    assert.isAbove(typed.length, 60)
    none(
      typed.flatMap(({ file, words }) => {
        const wrong = namesIn(words, / --([\w-]+)/g).filter((option) => !options.has(option))
        const [command = ""] = words.split(" ")
        return CommandLine.commands.includes(command) && wrong.length === 0 ? [] : [`${file}: ${words}`]
      })
    )
  })
})

describe("an error", () => {
  it("has a section in its page", () => {
    const page = read("docs/reference/errors.md")
    const classes = Object.values(Errors).flatMap((value) =>
      typeof value === "function" && "fields" in value ? [value.name] : []
    )
    assert.include(classes, "MigrationFailed")
    none(classes.filter((name) => !page.includes(`### ${name}\n`)))
  })

  it("is exported by AutoMigrationError.ts, whose classes the tests go through, from whichever file it stands in", () => {
    const declared = filesIn("src/core/error").flatMap((file) =>
      namesIn(read(file), /^export class (\w+) extends TaggedError/gm)
    )
    assert.include(declared, "InvalidSql")
    none(declared.filter((name) => !(name in Errors)))
  })
})

describe("a kind of schema object", () => {
  const provided: Readonly<Record<SchemaObject.SchemaObject["_tag"], string>> = {
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

  const before = `CREATE TABLE t (a int NOT NULL); CREATE TYPE m AS ENUM ();
    CREATE FUNCTION f(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true'`

  /** How an object of each kind, called `n` where its grammar lets it, is made; and how one of that name is dropped. */
  const statements: Readonly<
    Record<SchemaObject.SchemaObject["_tag"], { readonly make: string; readonly drop?: string }>
  > = {
    Relation: { make: "CREATE TABLE n ()", drop: "DROP TABLE n" },
    Column: { make: "ALTER TABLE t ADD COLUMN n int", drop: "ALTER TABLE t DROP COLUMN n" },
    Routine: { make: "CREATE FUNCTION n() RETURNS int LANGUAGE sql AS 'SELECT 1'", drop: "DROP FUNCTION n()" },
    Type: { make: "CREATE TYPE n AS ENUM ()", drop: "DROP TYPE n" },
    Schema: { make: "CREATE SCHEMA n", drop: "DROP SCHEMA n" },
    EnumValue: { make: "ALTER TYPE m ADD VALUE 'n'" },
    Constraint: { make: "ALTER TABLE t ADD CONSTRAINT n CHECK (a > 0)", drop: "ALTER TABLE t DROP CONSTRAINT n" },
    ConflictTarget: { make: "CREATE UNIQUE INDEX u ON t (a)" },
    Collation: { make: `CREATE COLLATION n FROM "C"`, drop: "DROP COLLATION n" },
    Operator: {
      make: "CREATE OPERATOR %% (FUNCTION = f, LEFTARG = int, RIGHTARG = int)",
      drop: "DROP OPERATOR %% (int, int)"
    },
    TextSearchConfiguration: {
      make: "CREATE TEXT SEARCH CONFIGURATION n (COPY = simple)",
      drop: "DROP TEXT SEARCH CONFIGURATION n"
    },
    Role: { make: "CREATE ROLE n", drop: "DROP ROLE n" },
    Relaxation: { make: "ALTER TABLE t ALTER a DROP NOT NULL", drop: "ALTER TABLE t ALTER a SET NOT NULL" },
    Extension: { make: "CREATE EXTENSION n", drop: "DROP EXTENSION n" }
  }
  const madeBy = (text: string) => lastFootprint(before, text).provides

  it("is provided by the statement that makes it", () =>
    none(
      Object.entries(statements).flatMap(([kind, { make }]) =>
        madeBy(make).some(({ _tag }) => _tag === kind) ? [] : [kind]
      )
    ))

  it("stays provided where objects of all other kinds with the same name are dropped", () => {
    for (const [kind, { make }] of Object.entries(statements)) {
      const others = Object.entries(statements).flatMap(([other, { drop }]) =>
        other === kind || drop === undefined ? [] : [drop]
      )
      const own = (text: string) => madeBy(text).filter(({ _tag }) => _tag === kind)
      deepStrictEqual(own([make, ...others].join("; ")), own(make))
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

describe("a link of a document", () => {
  /** As GitHub makes them of headings. */
  const slugOf = (heading: string): string =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-")
  const anchorsIn = (page: string): ReadonlyArray<string> => [
    ...namesIn(page.replace(/^```[\s\S]*?^```/gm, ""), /^#+ (.*)$/gm).map(slugOf),
    ...namesIn(page, /<a id="([\w-]+)">/g)
  ]

  it("leads to a file, and to a heading of it", () => {
    const files = new Set([
      ...filesIn("."),
      ...filesIn(".").flatMap((file) => [posix.dirname(file), `${posix.dirname(file)}/`])
    ])
    const documents = [...files].filter((file) => /^(?:docs\/.*|[A-Z]+)\.md$/.test(file))
    const links = documents.flatMap((document) =>
      namesIn(read(document).replace(/^```[\s\S]*?^```/gm, ""), /\]\((?!https?:)([^)\s]+)\)/g).map((link) => ({
        document,
        link
      }))
    )
    assert.isAbove(links.length, 150)
    none(
      links.flatMap(({ document, link }) => {
        const [path = "", anchor] = link.split("#")
        const file = path === "" ? document : posix.join(posix.dirname(document), path)
        const isThere = files.has(file) && (anchor === undefined || anchorsIn(read(file)).includes(anchor))
        return isThere ? [] : [`${document}: ${link}`]
      })
    )
  })
})

describe("a public module", () => {
  it("has each of its values in an example that is compiled, but for the classes of errors", () => {
    const documents = Documents.all().flatMap(({ blocks }) => blocks.filter(({ language }) => language === "ts"))
    const used = new Set(documents.flatMap(({ text }) => namesIn(text, /\b([A-Z]\w+\.\w+)\b/g)))
    const isError = (value: unknown) => typeof value === "function" && "fields" in value
    const modules = new Set(Exports.modules().flatMap(({ specifier }) => specifier.split("/").slice(1)))
    const values = Object.entries(Index).flatMap(([module, values]) =>
      modules.has(module) ? Object.entries(values).map(([name, value]) => ({ name: `${module}.${name}`, value })) : []
    )
    assert.isAbove(values.length, 200)
    const shortcuts = [
      "AutoMigration.AutoMigrationLive",
      "AutoMigration.withAutoMigration",
      "AutoMigration.withAutoMigrationStream"
    ]
    none(
      values
        .filter(({ name, value }) => !isError(value) && !used.has(name) && !shortcuts.includes(name))
        .map(({ name }) => name)
    )
  })

  it("has an example in its docstrings", () => {
    const modules = Exports.modules().filter(({ file }) => file !== "src/index.ts")
    assert.isAbove(modules.length, 20)
    none(modules.filter(({ file }) => !read(file).includes("@example")).map(({ file }) => file))
  })

  it("has a row in the page about the API, and no row is left over", () => {
    const modules = Exports.modules().flatMap(({ specifier }) => specifier.split("/").slice(1))
    const rows = namesIn(read("docs/reference/api.md"), /^\| (`.*?) \|/gm).flatMap((cell) => namesIn(cell, /`(\w+)`/g))
    deepStrictEqual(rows.toSorted(), modules.toSorted())
  })
})

describe("a metric, and an attribute of a span or a line of the log", () => {
  it("stands in docs/operating.md", () => {
    const page = read("docs/operating.md")
    const code = read("src/runtime/Telemetry.ts").replace(/\/\*\*[\s\S]*?\*\//g, "")
    const names = namesIn(code, /"(?:auto_migration\.)?([\w.]+)"/g)
    assert.includeMembers([...names], ["auto_migration_windows_open", "db.namespace", "retry_at"])
    none(names.filter((name) => !page.includes(name)))
  })
})

describe("a row of the comparison", () => {
  const weight = (cell: string) => (cell.startsWith("✓") ? 2 : cell.startsWith("partly") ? 1 : 0)

  it("has a reason below its table where another tool does more than the library", () => {
    const behind = read("docs/comparison.md")
      .split("\n## ")
      .flatMap((section) =>
        section
          .split("\n")
          .map((line) => line.split("|").map((cell) => cell.trim()))
          .filter(([, , ours = "", ...others]) => /^[✓–p]/.test(ours) && others.some((it) => weight(it) > weight(ours)))
          .map(([, feature = ""]) => ({ feature, section }))
      )
    assert.isAbove(behind.length, 20)
    none(behind.flatMap(({ feature, section }) => (section.includes(`**${feature}**`) ? [] : [feature])))
  })
})

describe("the version that events name", () => {
  it("is the one of package.json", () => {
    deepStrictEqual(libraryVersion, JSON.parse(read("package.json")).version)
  })
})
