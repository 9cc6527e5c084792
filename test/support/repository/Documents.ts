/**
 * The blocks of code that documents show: those of Markdown files, and the `@example`s in sources. The words after the
 * language say what is done with a block.
 *
 * - `ts run` is type-checked, then run; `ts check` is type-checked. An `@example` is run unless it says `ts check`.
 * - `sql run` is run on the document's database. `sql migrations/001_users.sql` is written to that file in the document's
 *   folder, which is the working directory of all that the document runs. Plain `sql` is parsed.
 * - Any other language is shown and nothing else.
 *
 * The blocks of one Markdown file share a folder and a database, named by `DATABASE_URL`, and run from top to bottom; each
 * `@example` has its own.
 */
import { filesIn, read } from "./Repository.js"

export interface Block {
  readonly file: string
  /** 1-based line of the fence. */
  readonly line: number
  readonly language: string
  /** The words after the language. */
  readonly purpose: string
  readonly text: string
}

/** Blocks that share a folder and a database. */
export interface Document {
  readonly name: string
  readonly blocks: ReadonlyArray<Block>
}

const fence = /^(?<indent>[ \t]*)```(?<language>[^\s`]*)(?<purpose>[^\n`]*)\n(?<text>[\s\S]*?)^[ \t]*```[ \t]*$/gm

const blocksOf = (file: string, text: string, firstLine = 1): ReadonlyArray<Block> =>
  [...text.matchAll(fence)].map((match) => ({
    file,
    line: firstLine + text.slice(0, match.index).split("\n").length - 1,
    language: match.groups?.["language"] ?? "",
    purpose: match.groups?.["purpose"]?.trim() ?? "",
    text: match.groups?.["text"] ?? ""
  }))

const markdown = (): ReadonlyArray<string> => [
  ...filesIn(".").filter((file) => /^[A-Z]+\.md$/.test(file)),
  ...filesIn("docs").filter((file) => file.endsWith(".md"))
]

/** In a source a block needs no fence, as in JSDoc, and no purpose: an example is there to be run. */
const examplesIn = (file: string): ReadonlyArray<Block> => {
  const text = read(file)
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((match) => {
    const comment = match[0].replace(/^[ \t]*\*(?: |\/|$)/gm, "")
    const firstLine = text.slice(0, match.index).split("\n").length
    return [...comment.matchAll(/^@example\n([\s\S]*?)(?=^@\w|$(?![\s\S]))/gm)].flatMap((example) => {
      const line = firstLine + comment.slice(0, example.index).split("\n").length
      const code = example[1] ?? ""
      return code.includes("```")
        ? blocksOf(file, code, line).map((block) => ({ ...block, purpose: block.purpose || "run" }))
        : [{ file, line, language: "ts", purpose: "run", text: code }]
    })
  })
}

/** All documents that show code. */
export const all = (): ReadonlyArray<Document> => [
  ...markdown().map((file) => ({ name: file, blocks: blocksOf(file, read(file)) })),
  ...filesIn("src")
    .filter((file) => file.endsWith(".ts"))
    .flatMap(examplesIn)
    .map((block) => ({ name: `${block.file}:${block.line}`, blocks: [block] }))
]
