/**
 * Names of new migrations, by the names that a folder has.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as NextName from "../../../src/core/layout/NextName.js"

const now: NextName.Now = { milliseconds: 1_769_938_200_000, digits: "20260201093000000" }

const next = (paths: ReadonlyArray<string>, name = "orders", textOf = (_: string) => "") =>
  Either.map(NextName.next({ paths, textOf, now }, name), (files) => files.map(({ path }) => path))

describe("a new migration", () => {
  for (const [what, paths, expected] of [
    ["an empty folder", [], ["001_orders.sql"]],
    ["numbers", ["001_users.sql", "002_email.sql", "notes.md"], ["003_orders.sql"]],
    ["numbers of another width", ["0009-users.sql"], ["0010-orders.sql"]],
    ["a number that grows a digit", ["9_users.sql"], ["10_orders.sql"]],
    ["times", ["20260131120000_users.sql"], ["20260201093000_orders.sql"]],
    ["times after now", ["20270131120000_users.sql"], ["20270131120001_orders.sql"]],
    ["seconds since 1970", ["1700000000_users.sql"], ["1769938200_orders.sql"]],
    [
      "ways up and down",
      ["000001_users.up.sql", "000001_users.down.sql"],
      ["000002_orders.up.sql", "000002_orders.down.sql"]
    ],
    ["ways up without a way down", ["000001_users.up.sql"], ["000002_orders.up.sql"]],
    ["folders", ["20260131120000_users/migration.sql"], ["20260201093000_orders/migration.sql"]],
    ["folders with ways down", ["1_users/up.sql", "1_users/down.sql"], ["2_orders/up.sql", "2_orders/down.sql"]],
    ["versions of Flyway", ["V1__users.sql", "V1.2__email.sql", "R__report.sql"], ["V2__orders.sql"]]
  ] as const) {
    it(`is named as the folder names its own, given ${what}`, () =>
      deepStrictEqual(next(paths), Either.right([...expected])))
  }

  it("has the sections of the last file", () => {
    const text = "-- migrate:up\nCREATE TABLE users ();\n\n-- migrate:down\nDROP TABLE users;\n"
    deepStrictEqual(
      NextName.next({ paths: ["001_users.sql"], textOf: () => text, now }, "orders"),
      Either.right([{ path: "002_orders.sql", text: "-- migrate:up\n\n-- migrate:down\n\n" }])
    )
  })

  it("is named by its letters and digits", () => {
    deepStrictEqual(next([], "Add e-mail!"), Either.right(["001_add_e_mail.sql"]))
    deepStrictEqual(next([], "größe"), Either.right(["001_größe.sql"]))
    deepStrictEqual(
      next([], "../!"),
      Either.left({
        problem: '"../!" has no letter and no digit for a file\'s name',
        remedy: { say: "Say what the migration does, such as add_email" }
      })
    )
  })

  it("is left to a tool that keeps a list of its files", () => {
    deepStrictEqual(
      next(["0000_users.sql", "meta/_journal.json"]),
      Either.left({
        problem: "Drizzle keeps a list of the files of this folder",
        remedy: { say: "Make the file with that tool", run: "npx drizzle-kit generate --custom" }
      })
    )
  })
})
