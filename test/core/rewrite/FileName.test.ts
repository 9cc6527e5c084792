import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as FileName from "../../../src/core/rewrite/FileName.js"

const added = (path: string, next: string | undefined, layout = "plain files") => {
  const id = path.replace(/^m\//, "").replace(/(?:\/migration)?\.sql$/, "")
  const place = { path, id, next: Option.fromNullable(next), layout }
  return Either.getOrElse(FileName.added(place, ["index", "validate"]), (reason) => reason)
}

describe("the names of added files", () => {
  it("have the numbers that follow, in their width", () => {
    deepStrictEqual(added("m/005_users.sql", undefined), ["m/006_users_index.sql", "m/007_users_validate.sql"])
    deepStrictEqual(added("m/005_users.sql", "008_next"), ["m/006_users_index.sql", "m/007_users_validate.sql"])
    deepStrictEqual(added("m/20260101120000_a/migration.sql", undefined, "Prisma and Drizzle (x/migration.sql)"), [
      "m/20260101120001_a_index/migration.sql",
      "m/20260101120002_a_validate/migration.sql"
    ])
  })

  it("have the original's own number where the next file leaves no room", () => {
    for (const next of ["006_next", "007_next"])
      deepStrictEqual(added("m/005_users.sql", next), ["m/005_users_02_index.sql", "m/005_users_03_validate.sql"])
    deepStrictEqual(added("m/999_users.sql", undefined), ["m/999_users_02_index.sql", "m/999_users_03_validate.sql"])
  })

  it("have minor versions in Flyway's layout", () => {
    deepStrictEqual(added("m/V5__users.sql", "V6__next", "Flyway"), [
      "m/V5.1__users_index.sql",
      "m/V5.2__users_validate.sql"
    ])
  })

  it("are not known where there is no room, and where another tool lists its files", () => {
    deepStrictEqual(
      added("m/005_users.sql", "005_users_01"),
      "There is no room for 2 more between 005_users and 005_users_01: rename one of the two."
    )
    deepStrictEqual(
      added("m/deploy/users.sql", undefined, "Sqitch"),
      "The folder is that of Sqitch, which keeps a list of its files or their pairs: add the files with that tool."
    )
  })
})
