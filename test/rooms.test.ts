/** The rooms of the sources: `docs/architecture.md` names them, and here is what a room may import. */
import { posix } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { filesIn, importsOf, read } from "./support/repository/Repository.js"

/** From the ground up: a room imports only from the rooms before it. */
const levels = [
  ...["text", "model", "sql", "catalog", "statement", "reading", "footprint", "risk", "detect", "error", "file"],
  ...["migration", "attempt", "layout", "graph", "policy", "adoption", "picture", "rewrite", "lint"]
].map((room) => `core/${room}`)
levels.push("page", "runtime", "source", "database", "ledger", "execute", "runner", "operate", "heal")
levels.push("src", "rewrite", "http", "cli")

const sources = filesIn("src").filter((file) => file.endsWith(".ts"))

/** What is beside the folders is the room `src`. */
const roomOf = (file: string): string => {
  const folder = posix.dirname(file)
  return folder === "src" ? folder : folder.replace(/^src\//, "")
}

const rooms = new Map(levels.map((room) => [room, sources.filter((file) => roomOf(file) === room)]))

const known = new Map<string, ReadonlyArray<string>>()

const importedBy = (file: string): ReadonlyArray<string> => {
  const found =
    known.get(file) ??
    importsOf(read(file))
      .filter(({ module }) => module.startsWith("."))
      .map(({ module }) => posix.join(posix.dirname(file), module.replace(/\.js$/, ".ts")))
  known.set(file, found)
  return found
}

const imports = new Map(sources.map((file) => [file, importedBy(file)]))

/** Files of circles and between them: what imports nothing that is left, or is imported by nothing left, is taken away in turn. */
const circular = (graph: ReadonlyMap<string, ReadonlyArray<string>>): ReadonlyArray<string> => {
  const imported = new Set([...graph.values()].flat())
  const left = new Map([...graph].filter(([file, to]) => imported.has(file) && to.some((other) => graph.has(other))))
  return left.size === graph.size ? [...left.keys()] : circular(left)
}

interface Row {
  readonly room: string
  readonly idea: string
  readonly never: string
}

const table = (): ReadonlyArray<Row> => {
  const section =
    read("docs/architecture.md")
      .split("\n## ")
      .find((text) => text.startsWith("The rooms\n")) ?? ""
  return [...section.matchAll(/^\| `(?<room>[^`]+)` +\| (?<idea>.*?) +\| (?<never>.*?) +\|$/gm)].map(({ groups }) => ({
    room: groups?.["room"] ?? "",
    idea: groups?.["idea"] ?? "",
    never: groups?.["never"] ?? ""
  }))
}

const none = (found: ReadonlyArray<string>): void => deepStrictEqual(found, [])

describe("rooms", () => {
  it("hold every source", () => {
    none(sources.filter((file) => !rooms.has(roomOf(file))))
  })

  it("hold at least three files each", () => {
    none([...rooms].filter(([, files]) => files.length < 3).map(([room, files]) => `${room} holds ${files.length}`))
  })

  it("import only from the rooms below them", () => {
    const level = (file: string) => (file === "src/index.ts" ? levels.length : levels.indexOf(roomOf(file)))
    none(
      [...imports].flatMap(([file, to]) =>
        to.filter((other) => level(other) > level(file)).map((other) => `${file} imports ${other}`)
      )
    )
  })

  it("hold no files that import each other in a circle, types included", () => {
    none(circular(imports))
  })

  it("stand in the table of docs/architecture.md, in this order", () => {
    deepStrictEqual(
      table().map(({ room }) => room),
      levels
    )
  })

  it("have one idea each, which one sentence says, and something that they never do", () => {
    none(
      table()
        .filter(({ idea, never }) => !/^[A-Z][^.]*\.$/.test(idea) || !/^never [^.]+[^.]$/.test(never))
        .map(({ room }) => room)
    )
    assert.strictEqual(new Set(table().map(({ idea }) => idea)).size, levels.length)
  })
})

describe("the search for circles", () => {
  it("finds the files of one, and none above or below it", () => {
    const graph = new Map([
      ["a", ["b"]],
      ["b", ["c", "d"]],
      ["c", ["b"]],
      ["d", []]
    ])
    deepStrictEqual(circular(graph), ["b", "c"])
  })
})

/** What starts with a server, or waits for one. */
const serverFolders = ["browser", "server", "features", "deep", "languages", "matrix", "pooler", "tools", "support"]

const tests = filesIn("test").filter((file) => file.endsWith(".test.ts"))

const isPure = (file: string): boolean => !serverFolders.some((folder) => file.startsWith(`test/${folder}/`))

/** All that a file imports, and what that imports. */
const reach = (file: string, seen = new Set<string>()): ReadonlySet<string> => {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const other of importedBy(file)) reach(other, seen)
  return seen
}

describe("tests", () => {
  it("stand in the room of what they test", () => {
    const places = new Set(["test", "test/bench", ...levels.map((room) => `test/${room}`)])
    none(tests.filter((file) => isPure(file) && !places.has(posix.dirname(file))))
  })

  it("ask for no server but in the folders that have one", () => {
    const server = "test/support/server/Server.ts"
    assert.isTrue(tests.some((file) => reach(file).has(server)))
    none(tests.filter((file) => isPure(file) && reach(file).has(server)))
  })
})
