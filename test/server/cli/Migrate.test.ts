/**
 * The question of `migrate` before it runs: without ids it loses no data unasked, and a person at a terminal sees the plan first.
 */
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { folderOf, person, type } from "../../support/program/CommandLine.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const users = "CREATE TABLE users (id integer, name text, fax text);"
const shop = {
  "001_users": users,
  "002_email": "ALTER TABLE users ADD COLUMN email text;",
  "003_fax": "SELECT 1;\nALTER TABLE users DROP COLUMN fax;",
  "004_phone": "ALTER TABLE users ADD COLUMN phone text;"
}

/** The command line on a database that has run the first file and then the given SQL. */
const started = (files: Readonly<Record<string, string>>, ...rows: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const [url, directory] = yield* Effect.all([Server.freshDatabase, folderOf(files)])
    const at = ["--folder", directory, "--url", url]
    yield* type(["migrate", "001_users", ...at])
    yield* Database.query(url, "SELECT 1", ...rows)
    return {
      url,
      directory,
      file: (id: string) => path.join(directory, `${id}.sql`),
      typed: (...words: ReadonlyArray<string>) => type([...words, ...at]),
      typedBy: (who: ReturnType<typeof person>, ...words: ReadonlyArray<string>) =>
        type([...words, ...at], {}, who.place)
    }
  })

const ada = "INSERT INTO users VALUES (1, 'Ada', '555')"

const all = "applied  002_email, 003_fax, 004_phone"

describe("migrate without ids and without a terminal", () => {
  it.scopedLive("refuses a plan that loses data, and names the statement and the ways to consent", () =>
    Effect.gen(function* () {
      const { directory, file, typed } = yield* started(shop, ada)
      const { code, printed } = yield* typed("migrate")
      assert.strictEqual(code, 1)
      assert.include(printed, "DataLossNotAccepted: 003_fax would lose data\n")
      assert.include(
        printed.replaceAll(/\s/g, ""),
        `${file("003_fax")}:2: data-loss of relation users: ALTER TABLE users DROP COLUMN fax`.replaceAll(" ", "")
      )
      assert.match(printed, /\n +outcome +Nothing was applied\.\n.*--accept data-loss/)
      assert.isTrue(printed.endsWith(`npx effect-auto-migration migrate 003_fax --folder ${directory}`), printed)
      assert.include((yield* typed("status")).printed, "pending  002_email\npending  003_fax\npending  004_phone")
      assert.strictEqual((yield* typed("migrate", "--yes")).code, 1)
      deepStrictEqual(yield* typed("migrate", "--accept", "data-loss"), { code: 0, printed: all })
    })
  )

  it.scopedLive("applies it where the file consents", () =>
    Effect.gen(function* () {
      const consenting = { ...shop, "003_fax": `-- accept: data-loss\n${shop["003_fax"]}` }
      const { typed } = yield* started(consenting, ada)
      deepStrictEqual(yield* typed("migrate"), { code: 0, printed: all })
    })
  )

  it.scopedLive("applies it where the table holds no row, or is not there yet", () =>
    Effect.gen(function* () {
      const { typed } = yield* started(shop)
      deepStrictEqual(yield* typed("migrate"), { code: 0, printed: all })
      const [url, directory] = yield* Effect.all([Server.freshDatabase, folderOf(shop)])
      deepStrictEqual(yield* type(["migrate", "--folder", directory, "--url", url]), {
        code: 0,
        printed: "applied  001_users, 002_email, 003_fax, 004_phone"
      })
    })
  )

  it.scopedLive("does not lose the rows of a table behind a view", () =>
    Effect.gen(function* () {
      const { typed, url } = yield* started({ "001_users": users, "002_empty": "DELETE FROM named;" }, ada)
      yield* Database.query(url, "CREATE VIEW named AS SELECT id FROM users WHERE name IS NOT NULL")
      const { code, printed } = yield* typed("migrate")
      assert.include(printed, "data-loss of relation named: DELETE FROM named")
      assert.strictEqual(code, 1)
      deepStrictEqual(yield* Database.query(url, "SELECT id FROM users"), [{ id: 1 }])
    })
  )

  it.scopedLive("sees the rows of a table that the plan renames", () =>
    Effect.gen(function* () {
      const files = {
        "001_users": users,
        "002_people": "ALTER TABLE users RENAME TO people;",
        "003_empty": "TRUNCATE people;"
      }
      const { typed, url } = yield* started(files, ada)
      const { code, printed } = yield* typed("migrate")
      assert.include(printed, "data-loss of relation people: TRUNCATE people")
      assert.strictEqual(code, 1)
      deepStrictEqual(yield* Database.query(url, "SELECT id FROM users"), [{ id: 1 }])
    })
  )
})

describe("migrate with ids", () => {
  it.scopedLive("takes the name for consent", () =>
    Effect.gen(function* () {
      const { typed } = yield* started(shop, ada)
      deepStrictEqual(yield* typed("migrate", "003_fax"), { code: 0, printed: "applied  002_email, 003_fax" })
    })
  )

  it.scopedLive("does not take it for consent to the ancestors of the named migration", () =>
    Effect.gen(function* () {
      const { typed } = yield* started(shop, ada)
      const { code, printed } = yield* typed("migrate", "004_phone")
      assert.include(printed, "ALTER TABLE users DROP COLUMN fax")
      assert.strictEqual(code, 1)
      deepStrictEqual(yield* typed("migrate", "003_fax", "004_phone"), { code: 0, printed: all })
    })
  )
})

describe("migrate at a terminal", () => {
  it.scopedLive("shows the plan with its risks and losses, and asks; a no applies no migration", () =>
    Effect.gen(function* () {
      const { file, typedBy, url } = yield* started(shop, ada)
      const loss = `${file("003_fax")}:2: data-loss of relation users: ALTER TABLE users DROP COLUMN fax`
      for (const who of [person("no"), person(""), person()]) {
        const { code, printed } = yield* typedBy(who, "migrate")
        assert.include(printed, `Everything pending:\n1. 002_email (${file("002_email")}): is pending\n`)
        assert.include(printed, `\n   ${loss}\n`)
        assert.include(printed, `\nThis loses data:\n${loss}\nNothing was applied.`)
        assert.strictEqual(code, 1)
        deepStrictEqual(who.asked, ["Apply? [y/N] "])
      }
      deepStrictEqual(yield* Database.query(url, "SELECT fax FROM users"), [{ fax: "555" }])
    })
  )

  it.scopedLive("applies the plan after a yes", () =>
    Effect.gen(function* () {
      const { typedBy } = yield* started(shop, ada)
      const { code, printed } = yield* typedBy(person("Yes"), "migrate")
      assert.isTrue(printed.endsWith(`\n${all}`), printed)
      assert.strictEqual(code, 0)
    })
  )

  it.scopedLive("also asks about a plan that loses no data, and says so", () =>
    Effect.gen(function* () {
      const { typedBy } = yield* started(shop)
      const who = person("y")
      assert.include((yield* typedBy(who, "migrate")).printed, "No statement is known to lose data.")
      deepStrictEqual(who.asked.length, 1)
    })
  )

  it.scopedLive("does not ask with --yes, about named migrations, or when no migration is pending", () =>
    Effect.gen(function* () {
      const { typedBy } = yield* started(shop, ada)
      const who = person()
      deepStrictEqual(yield* typedBy(who, "migrate", "002_email", "003_fax"), {
        code: 0,
        printed: "applied  002_email, 003_fax"
      })
      deepStrictEqual(yield* typedBy(who, "migrate", "--yes"), { code: 0, printed: "applied  004_phone" })
      deepStrictEqual(yield* typedBy(who, "migrate"), { code: 0, printed: "applied  none" })
      deepStrictEqual(who.asked, [])
    })
  )

  it.scopedLive("asks about the ancestors of a named migration that lose data", () =>
    Effect.gen(function* () {
      const { file, typedBy } = yield* started(shop, ada)
      const who = person("n")
      const { code, printed } = yield* typedBy(who, "migrate", "004_phone")
      assert.strictEqual(
        printed,
        `This loses data:\n${file("003_fax")}:2: data-loss of relation users: ALTER TABLE users DROP COLUMN fax\nNothing was applied.`
      )
      assert.strictEqual(code, 1)
    })
  )
})

describe("plan", () => {
  it.scopedLive("prints each risk with its place, its table, its statement, and the file's consent", () =>
    Effect.gen(function* () {
      const { file, typed } = yield* started({
        ...shop,
        "004_phone": "-- accept: table-rewrite\nALTER TABLE users ALTER COLUMN id TYPE bigint;"
      })
      const { printed } = yield* typed("plan")
      assert.include(
        printed,
        `   ${file("003_fax")}:2: data-loss of relation users: ALTER TABLE users DROP COLUMN fax\n`
      )
      assert.include(
        printed,
        `   ${file("004_phone")}:2: table-rewrite of relation users: ALTER TABLE users ALTER COLUMN id TYPE bigint (accepted by the file)`
      )
    })
  )
})
