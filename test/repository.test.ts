import { posix } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Schema from "effect/Schema"
import { pageAssets } from "../src/core/picture/PageAssets.js"
import { ledgerScripts } from "../src/ledger/LedgerScripts.js"
import * as Exports from "./support/repository/Exports.js"
import * as LedgerScripts from "./support/repository/LedgerScripts.js"
import * as PageAssets from "./support/repository/PageAssets.js"
import { codeOnly, filesIn, importsOf, places, read } from "./support/repository/Repository.js"

const sources = filesIn("src").filter((file) => file.endsWith(".ts"))
const core = sources.filter((file) => file.startsWith("src/core/"))
const ours = [...sources, ...["test", "bench", "docs"].flatMap(filesIn).filter((file) => /\.(ts|mts|mjs)$/.test(file))]

const none = (found: ReadonlyArray<string>): void => deepStrictEqual(found, [])

const Dependencies = Schema.Record({ key: Schema.String, value: Schema.String })
const Manifest = Schema.parseJson(
  Schema.Struct({
    dependencies: Dependencies,
    peerDependencies: Dependencies,
    devDependencies: Dependencies,
    exports: Schema.Record({ key: Schema.String, value: Schema.Unknown })
  })
)
const CompilerConfig = Schema.parseJson(
  Schema.Struct({
    compilerOptions: Schema.Struct({
      paths: Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) })
    })
  })
)
const Lock = Schema.parseJson(
  Schema.Struct({
    packages: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({
        resolved: Schema.optional(Schema.String),
        optionalDependencies: Schema.optionalWith(Dependencies, { default: () => ({}) })
      })
    })
  })
)
const manifest = Schema.decodeUnknownSync(Manifest)(read("package.json"))

describe("the pure core", () => {
  const dataModules = new Set(
    "Array BigInt Boolean Brand Chunk Data Either Equal Equivalence Function Hash HashMap HashSet List Match Number Option Order Predicate Record Schema SortedMap SortedSet String Struct Tuple"
      .split(" ")
      .map((name) => `effect/${name}`)
  )

  const isOfCore = (file: string, module: string) =>
    module.startsWith(".") && posix.join(posix.dirname(file), module).startsWith("src/core/")

  it("imports values only from effect's data modules and from itself", () => {
    none(
      core.flatMap((file) =>
        importsOf(read(file))
          .filter(({ module, use }) => use === "value" && !isOfCore(file, module) && !dataModules.has(module))
          .map(({ module }) => `${file} imports ${module}`)
      )
    )
  })

  it("never looks up at the shell, not even for a type", () => {
    none(
      core.flatMap((file) =>
        importsOf(read(file))
          .filter(({ module }) => module.startsWith(".") && !isOfCore(file, module))
          .map(({ module }) => `${file} imports ${module}`)
      )
    )
  })

  it("reads no clock, no chance, no environment", () => {
    const impure =
      /\bDate\b|\bMath\.random\b|\bperformance\b|\bprocess\.|\bglobalThis\b|\bconsole\b|\bset(Timeout|Interval)\b/g
    none(core.flatMap((file) => places(file, codeOnly(read(file)), impure)))
  })
})

describe("every source", () => {
  it("stays under 400 lines in src, but for the union of the errors, and under 700 anywhere", () => {
    const isLimited = (file: string) => file.startsWith("src/") && file !== "src/core/error/AutoMigrationError.ts"
    const sized = [...ours, ...filesIn(".").filter((file) => file.endsWith(".sql"))]
    none(
      [...new Set(sized)].flatMap((file) => {
        const lines = read(file).trimEnd().split("\n").length
        return lines > (isLimited(file) ? 400 : 700) ? [`${file} has ${lines} lines`] : []
      })
    )
  })

  it("has no classes but those that Effect itself asks for", () => {
    const plainClass =
      /\bclass\s+\w+(?!\w)(?!\s+extends\s+(Context\.(Tag|Reference)|LayerMap\.Service|Model\.Class|(?:Schema\.)?TaggedError)\b)[^\n]*/g
    none(ours.flatMap((file) => places(file, codeOnly(read(file)), plainClass)))
  })

  it("spells ids as the package, a slash and the name of what they identify, each once", () => {
    const identified =
      /class\s+(\w+)\s+extends\s+(?:Context\.Tag|Context\.Reference<\w+>\(\)|(?:Schema\.)?TaggedError<\w+>)\(\s*([^),]+)/g
    const found = sources.flatMap((file) =>
      [...read(file).matchAll(identified)].map((match) => ({ name: match[1], id: match[2]?.trim() }))
    )
    assert.isNotEmpty(found)
    none(
      found
        .filter(({ id, name }) => id !== `"effect-auto-migration/${name}"`)
        .map(({ id, name }) => `${name} is identified by ${id}`)
    )
    assert.strictEqual(new Set(found.map(({ id }) => id)).size, found.length)
  })

  it("leaves the names of spans and metrics to Telemetry", () => {
    const named = /withSpan\(\s*["'`][^\n]*|\bMetric\.(counter|gauge|histogram|frequency|summary|timer)\b[^\n]*/g
    none(
      sources.filter((file) => file !== "src/runtime/Telemetry.ts").flatMap((file) => places(file, read(file), named))
    )
  })

  it("sends nothing by a client, which would find the connection of its caller's transaction, without taking that away", () => {
    const sending = /\.(?:execute(?:Raw|Stream|Unprepared|Values)?|unsafe|reserve|withTransaction)\b|\bsql`/g
    const senders = new Set([
      ...["src/CheckedClient.ts", "src/ProtectedClient.ts", "src/database/ClientParts.ts"],
      "src/database/Cancellation.ts",
      ...["src/database/FailedStatement.ts", "src/database/MigrationClient.ts", "src/database/Transaction.ts"]
    ])
    none(
      sources
        .filter((file) => !file.startsWith("src/core/") && !senders.has(file))
        .map((file) => ({ file, code: codeOnly(read(file)) }))
        .filter(({ code }) => !code.includes("Context.omit(SqlClient.TransactionConnection)"))
        .flatMap(({ code, file }) => places(file, code, sending))
    )
  })

  it("silences no compiler and no linter, and leaves nothing for later", () => {
    const silenced = new RegExp(
      ["biome-ignore", "eslint-", "@ts-ignore", "@ts-nocheck", "(?://|\\*) *(?:TODO|FIXME)"].join("|"),
      "g"
    )
    none(
      ours.filter((file) => file !== "test/repository.test.ts").flatMap((file) => places(file, read(file), silenced))
    )
  })

  it("asserts no type, except where a smart constructor has checked it", () => {
    const assertion = /\sas\s+(?!const\b)[\w{[(][^\n]*/g
    none(
      sources.flatMap((file) => {
        const code = codeOnly(read(file)).replace(/^(import|export)\s[^;"]*?\sfrom\b/gm, (match) =>
          match.replace(/[^\n]/g, " ")
        )
        return places(file, code, assertion)
      })
    )
  })

  it("documents each public name with the version that brought it, and one category", () => {
    const exported =
      /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:const|function|class|interface|type|namespace)\s+(\w+)/gm
    none(
      sources.flatMap((file) => {
        const text = read(file)
        if (Exports.isInternal(text)) return []
        return [...text.matchAll(exported)].flatMap((match) => {
          const before = text.slice(0, match.index).trimEnd()
          const comment = before.endsWith("*/") ? before.slice(before.lastIndexOf("/**")) : ""
          const isOverload = new RegExp(`^export\\s+function\\s+${match[1]}\\b[^{]*$`, "m").test(before)
          return isOverload || (/@since \d+\.\d+\.\d+/.test(comment) && /@category [a-z ]+/.test(comment))
            ? []
            : [`${file}: ${match[1]}`]
        })
      })
    )
  })

  it("opens with what its idea is", () => {
    none(
      sources.filter(
        (file) =>
          !/^(?:#![^\n]+\n)?\/\*\*\n \* [^@\n][\s\S]*?@(?:since \d+\.\d+\.\d+|internal)\n \*\/\n/.test(read(file))
      )
    )
  })
})

describe("tests", () => {
  it("are all run", () => {
    const skipped = /\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:skip|only|todo|fails|skipIf|runIf)\b[^\n]*/g
    const tagged = /^\s*@(?:skip|todo|wip|fail|fails|only|soft)\b[^\n]*/gm
    const tests = filesIn("test")
    none([
      ...tests.filter((file) => file.endsWith(".ts")).flatMap((file) => places(file, codeOnly(read(file)), skipped)),
      ...tests.filter((file) => file.endsWith(".feature")).flatMap((file) => places(file, read(file), tagged))
    ])
  })

  it("compare strictly: chai sees two Options as sequences, and takes any Some for None", () => {
    const lax = /\bassert\.deep(?:Strict)?Equal\b/g
    none(filesIn("test").flatMap((file) => places(file, codeOnly(read(file)), lax)))
  })
})

describe("the package", () => {
  it("exports the modules of src/index.ts (`npm run exports` writes them)", () => {
    deepStrictEqual(manifest.exports, Exports.expected())
    deepStrictEqual({ ...ledgerScripts }, LedgerScripts.scripts())
    deepStrictEqual({ ...pageAssets }, PageAssets.assets())
    const { compilerOptions } = Schema.decodeUnknownSync(CompilerConfig)(read("tsconfig.json"))
    deepStrictEqual(compilerOptions.paths, Exports.paths())
  })

  it("exports each module under the name of its file", () => {
    none(
      Exports.modules()
        .filter(
          ({ file, specifier }) => posix.basename(file, ".ts") !== specifier.split("/")[1] && specifier.includes("/")
        )
        .map(({ specifier }) => specifier)
    )
  })

  it("marks as internal every other module outside the command line", () => {
    const published = new Set(Exports.modules().map(({ file }) => file))
    none(
      sources
        .filter((file) => !file.startsWith("src/cli/"))
        .filter((file) => published.has(file) === Exports.isInternal(read(file)))
    )
  })

  it("declares what its sources import; the command line is bundled with what only it imports", () => {
    const declared = new Set([...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)])
    // The command line is bundled with what it alone needs.
    const bundled = new Set(Object.keys(manifest.devDependencies))
    const mayImport = (file: string, name: string) =>
      declared.has(name) || (file.startsWith("src/cli/") && bundled.has(name))
    none(
      sources.flatMap((file) =>
        importsOf(read(file))
          .map(({ module }) => module)
          .filter((module) => !module.startsWith(".") && !module.startsWith("node:"))
          .filter((module) => !mayImport(file, module.split("/", module.startsWith("@") ? 2 : 1).join("/")))
          .map((module) => `${file} imports ${module}`)
      )
    )
  })

  it("asks for the third major of Effect and its SQL line, and is tested with what it asks for", () => {
    const { peerDependencies } = manifest
    assert.match(peerDependencies["effect"] ?? "", /^\^3\.22\./)
    assert.match(peerDependencies["@effect/sql"] ?? "", /^\^0\.52\./)
    assert.match(peerDependencies["@effect/sql-pg"] ?? "", /^\^0\.53\./)
    none(
      Object.keys(peerDependencies).filter((name) => {
        const line = (range: string | undefined) => range?.match(/^\^(0\.\d+|\d+)\./)?.[1]
        return line(peerDependencies[name]) !== line(manifest.devDependencies[name])
      })
    )
  })

  it("locks the optional packages of every platform and names no registry", () => {
    for (const lock of [
      "package-lock.json",
      "test/api/package-lock.json",
      "test/matrix/package-lock.json",
      "test/runtimes/package-lock.json",
      "test/tools/installed/package-lock.json"
    ]) {
      const { packages } = Schema.decodeUnknownSync(Lock)(read(lock))
      none(Object.keys(packages).filter((name) => packages[name]?.resolved !== undefined))
      none(
        Object.entries(packages).flatMap(([name, { optionalDependencies }]) =>
          Object.keys(optionalDependencies).filter(
            (optional) => !(`node_modules/${optional}` in packages || `${name}/node_modules/${optional}` in packages)
          )
        )
      )
    }
  })

  it("knows nothing about the machine it was written on", () => {
    const machine = new RegExp(["/work/", "/root/", "/home/\\w", "/Users/", "C:\\\\"].join("|"), "g")
    const texts = filesIn(".").filter(
      (file) => !/(^|\/)(package-lock\.json|repository\.test\.ts)$|\.(png|svg)$/.test(file)
    )
    none(texts.flatMap((file) => places(file, read(file), machine)))
  })
})
