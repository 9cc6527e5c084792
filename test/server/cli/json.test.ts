/**
 * The shapes of `docs/reference/json.md`, next to what the commands print.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { folderOf, typed } from "../../support/program/CommandLine.js"
import { read } from "../../support/repository/Repository.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const page = read("docs/reference/json.md")

/** The names of all fields, with those of the objects inside behind a dot. A detail has fields of its own kind. */
const fieldsOf = (value: unknown, within = ""): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap((one) => fieldsOf(one, within))
  if (typeof value !== "object" || value === null || within.endsWith("detail")) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = within === "" ? name : `${within}.${name}`
    return [path, ...fieldsOf(inner, path)]
  })
}

interface Documented {
  readonly fields: ReadonlyArray<string>
  /** A row of the table names the fields of inner objects without their place. */
  readonly place: (field: string) => string
}

const documented = (command: string): Documented => {
  const example = new RegExp(`^## ${command}\\n\\n\`\`\`json\\n([\\s\\S]*?)\`\`\``, "m").exec(page)?.[1]
  if (example !== undefined) return { fields: fieldsOf(JSON.parse(example)), place: (field) => field }
  const [, row = ""] = new RegExp(`^\\| [^|]*\`${command}\`[^|]*\\| (.*) \\|$`, "m").exec(page) ?? []
  const named = Array.from(row.matchAll(/`(\w+)`/g), (match) => match[1] ?? "")
  return { fields: ["version", "command", ...named], place: (field) => field.split(".").at(-1) ?? "" }
}

const files = {
  "001_users": "CREATE TABLE users (id integer, fax text);",
  "002_email": "ALTER TABLE users ADD COLUMN email text;",
  "003_fax": "ALTER TABLE users DROP COLUMN fax;",
  "004_twice": "CREATE TABLE users (id integer);"
}

/** In this order, what each command is typed with. */
const commands: ReadonlyArray<readonly [command: string, ...words: ReadonlyArray<string>]> = [
  ["plan"],
  ["explain", 'ERROR:  column "email" does not exist'],
  ["migrate", "002_email"],
  ["baseline", "003_fax", "--unchecked"],
  ["migrate", "004_twice"],
  ["status"],
  ["log"],
  ["verify"],
  ["rebuild"],
  ["adopt", "--probe"],
  ["release", "001_users"],
  ["again", "001_users"],
  ["why", "001_users", "002_email"],
  ["new", "phone"]
]

describe("the JSON of a command", () => {
  it.scopedLive("has no field that its page does not have", () =>
    Effect.gen(function* () {
      const [url, folder] = yield* Effect.all([Server.freshDatabase, folderOf(files)])
      const printed = new Set<string>()
      for (const [command, ...words] of commands) {
        if (command === "status") yield* Database.query(url, "DROP TABLE users")
        const { out } = yield* typed([command, ...words, "--json"], {
          DATABASE_URL: url,
          AUTO_MIGRATION_FOLDER: folder
        })
        if (out === "") continue
        printed.add(command)
        const { fields, place } = documented(command)
        deepStrictEqual(
          fieldsOf(JSON.parse(out))
            .map(place)
            .filter((field) => !fields.includes(field)),
          [],
          command
        )
      }
      assert.sameMembers([...printed], [...new Set(commands.map(([command]) => command))])
    })
  )
})
