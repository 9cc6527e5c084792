import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Migration } from "effect-auto-migration"
import * as fc from "fast-check"
import * as FileName from "../../../src/core/adoption/FileName.js"

describe("laws", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_/.-]{1,20}$/)

  it.prop("1. `bare` is idempotent: a name without folders and endings is its own bare name.", [name], ([text]) => {
    const bare = FileName.bare(text)
    if (!/[./\\]/.test(bare)) assert.strictEqual(FileName.bare(bare), bare)
  })

  const version = fc.array(fc.nat(1000), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."))

  it.prop(
    "2. `compareVersions` is total on canonical versions, and compares part by part as numbers.",
    [version, version],
    ([self, that]) => {
      const ofNames = [self, that].map((text) => FileName.versionOf("dotted", `V${text}__x`) ?? "")
      const [left = "", right = ""] = ofNames
      const order = FileName.compareVersions(left, right)
      assert.strictEqual(order, -FileName.compareVersions(right, left))
      assert.strictEqual(order === 0, left === right)
    }
  )
})

describe("a name", () => {
  it("is bare without its folders and its endings", () => {
    deepStrictEqual(
      [
        "db/migrations/20240101_users.sql",
        "/20240101-users",
        "0001_users.up.sql",
        "sqls/20240101-users-up.sql",
        "20240101_users.js",
        "20240101_users/migration.sql",
        "2024-01-01-000000_users/up.sql",
        "20240101_users/up",
        "001.do.users.sql",
        "migration.sql"
      ].map(FileName.bare),
      [
        "20240101_users",
        "20240101-users",
        "0001_users",
        "20240101-users",
        "20240101_users",
        "20240101_users",
        "2024-01-01-000000_users",
        "20240101_users",
        "001.do.users",
        "migration"
      ]
    )
  })

  it("begins with its version, in the spelling of the tool", () => {
    deepStrictEqual(FileName.versionOf("number", "000012_users"), "12")
    deepStrictEqual(FileName.versionOf("number", "users"), undefined)
    deepStrictEqual(FileName.versionOf("dotted", "V1.02.0__users"), "1.2")
    deepStrictEqual(FileName.versionOf("dotted", "V1_2__users"), "1.2")
    deepStrictEqual(FileName.versionOf("dotted", "R__users"), undefined)
    deepStrictEqual(FileName.versionOf("undashed", "2024-01-02-030405_users"), "20240102030405")
    deepStrictEqual(FileName.compareVersions("1.10", "1.9"), 1)
    deepStrictEqual(FileName.compareVersions("1", "1.0.1"), -1)
  })

  it("of a migration comes from its id and from its file", () => {
    const id = Migration.MigrationId.make("create_users")
    deepStrictEqual(FileName.namesOf({ id, source: "db/001_create_users.up.sql" }), [
      "create_users",
      "001_create_users"
    ])
    deepStrictEqual(FileName.namesOf({ id, source: "record:create_users" }), ["create_users"])
  })
})
