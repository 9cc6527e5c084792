import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as MigrationName from "../../src/core/MigrationName.js"

const segment = fc.constantFrom(
  "1_a.sql",
  "x.up.sql",
  "x.down.sql",
  "migration.sql",
  "U1__a.sql",
  "V1__a.sql",
  ".",
  "..",
  "",
  "a.txt"
)

describe("laws", () => {
  it.prop(
    "Every path gets an answer: an id, or the reason why it is no migration",
    [fc.array(segment), fc.array(segment)],
    ([path, siblings]) => assert.isNotEmpty(Either.merge(MigrationName.idFrom(path.join("/"), siblings)))
  )

  it.prop(
    "What undoes a migration is never a migration",
    [fc.constantFrom("1_a", "x.y", "migration", "ä")],
    ([name]) => {
      for (const [undo, beside] of [
        [`${name}.down.sql`, ""],
        [`${name}.DOWN.SQL`, ""],
        [`${name}.undo.sql`, ""],
        [`${name}-down.sql`, `${name}-up.sql`],
        [`${name}_down.sql`, `${name}_up.sql`],
        [`U1.2__${name}.sql`, "V1.2__b.sql"]
      ] as const) {
        deepStrictEqual(MigrationName.idFrom(`a/${undo}`, [undo, beside]), Either.left("it undoes a migration"))
      }
    }
  )
})

describe("idFrom", () => {
  const id = (path: string, ...siblings: ReadonlyArray<string>) => MigrationName.idFrom(path, siblings)

  it("is the name without its ending", () => {
    deepStrictEqual(id("001_users.sql"), Either.right("001_users"))
    deepStrictEqual(id("db/001_users.up.sql"), Either.right("001_users"))
    deepStrictEqual(id("V1.1__users.SQL"), Either.right("V1.1__users"))
    deepStrictEqual(id("001 create users.v2.sql"), Either.right("001 create users.v2"))
  })

  it("is the folder's name for a migration.sql", () => {
    deepStrictEqual(id("./db/20240101_users/migration.sql"), Either.right("20240101_users"))
    deepStrictEqual(id("./migration.sql"), Either.right("migration"))
    deepStrictEqual(id("migration.sql"), Either.right("migration"))
  })

  it("keeps a name that would undo something if there were something to undo", () => {
    deepStrictEqual(id("scale-down.sql", "scale-down.sql"), Either.right("scale-down"))
    deepStrictEqual(id("U2__users.sql", "V1__users.sql"), Either.right("U2__users"))
  })

  it("passes over what is hidden, and what is no SQL", () => {
    for (const path of [".001.sql", "a/._001.sql", "migration_lock.toml", "README.md", "sql", ""]) {
      assert.isTrue(Either.isLeft(id(path)), path)
    }
  })
})
