/**
 * Tests folders as each tool writes them: which files are migrations, in which order and under which ids, which files are passed over
 * and why, and the error of a folder that cannot be read.
 */
import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as Layout from "../../../src/core/layout/Layout.js"
import type { Arrangement } from "../../../src/core/layout/Listing.js"
import type { NameOrder } from "../../../src/core/layout/NameOrder.js"
import { listingOf } from "../../support/program/MigrationFolder.js"

type Texts = Readonly<Record<string, string>>

const arrange = (files: Texts, order?: NameOrder) => Layout.arrange(listingOf(files), Option.fromNullable(order))

const arranged = (files: Texts, order?: NameOrder): Arrangement => Either.getOrThrow(arrange(files, order))

const idsOf = (files: Texts, order?: NameOrder) => arranged(files, order).entries.map(({ id }) => id)

const passedOver = (files: Texts) => arranged(files).passedOver.map(({ path, reason }) => `${path}: ${reason}`)

const outside = (files: Texts) =>
  arranged(files).entries.flatMap(({ id, transaction }) => (transaction === "none" ? [id] : []))

const fails = (files: Texts, tag: string, ...says: ReadonlyArray<string>) => {
  const error = Either.getOrThrow(Either.flip(arrange(files)))
  assert.strictEqual(error._tag, tag, error.message)
  for (const fact of says) assert.include(error.message, fact)
}

/** A placeholder of Flyway's. */
const valueOf = (name: string) => `$\{${name}}`

/** Files of empty text. */
const empty = (...paths: ReadonlyArray<string>): Texts => Object.fromEntries(paths.map((path) => [path, ""]))

const path = fc.constantFrom(
  ..."1_a.sql 2_b.sql 10_c.sql x.up.sql x.down.sql a/migration.sql a/up.sql a/down.sql a/b/c.sql V1__a.sql V1.1__b.sql".split(
    " "
  ),
  ..."R__r.sql U1__a.sql B1__b.sql afterMigrate.sql README.md .hidden notes.js current.sql deploy/x.sql a.sql.conf".split(
    " "
  )
)

describe("laws", () => {
  const found = (paths: ReadonlyArray<string>) => arrange(empty(...paths), "natural")

  it.prop(
    "Every path of a listing is a migration or passed over for a reason, and never both",
    [fc.uniqueArray(path)],
    ([paths]) => {
      const result = found(paths)
      if (Either.isLeft(result)) return assert.include(["NothingToApply", "DuplicateMigrationId"], result.left._tag)
      const { entries, passedOver } = result.right
      deepStrictEqual([...entries, ...passedOver].map((one) => one.path).sort(), paths.map((one) => `m/${one}`).sort())
      for (const { reason } of passedOver) assert.isNotEmpty(reason)
    }
  )

  it.prop(
    "The migrations do not depend on the order in which the paths are given",
    [fc.uniqueArray(path)],
    ([paths]) => {
      const listing = listingOf(empty(...paths))
      const turned = { ...listing, paths: listing.paths.toReversed() }
      const ids = (given: typeof listing) =>
        Either.map(Layout.arrange(given, Option.some("natural")), ({ entries }) => entries.map(({ id }) => id))
      deepStrictEqual(
        Either.getOrElse(ids(turned), () => []),
        Either.getOrElse(ids(listing), () => [])
      )
    }
  )
})

describe("plain files", () => {
  it("have the same order by number and as text, and their ids are their names without .sql", () => {
    deepStrictEqual(idsOf(empty("002_b.sql", "001_a.SQL", "003 create v2.sql")), ["001_a", "002_b", "003 create v2"])
  })

  it("fail if they have two orders, with an error that names two files and the option that decides", () => {
    const files = empty("9_users.sql", "10_orders.sql", "11_x.sql")
    fails(files, "AmbiguousOrder", "m/9_users.sql and m/10_orders.sql", '{ order: "natural" }', "--order text")
    deepStrictEqual(idsOf(files, "natural"), ["9_users", "10_orders", "11_x"])
    deepStrictEqual(idsOf(files, "text"), ["10_orders", "11_x", "9_users"])
  })

  it("leave out the files that undo them, and no others", () => {
    const undone = ["1_a.down.sql", "1_a.undo.sql", "1_a_down.sql", "down_1_a.sql", "1_a-rollback.sql", "2.undo.x.sql"]
    const files = empty("1_a.sql", "1_b-up.sql", "1_b-down.sql", "scale-down.sql", ...undone)
    deepStrictEqual(idsOf(files), ["1_a", "1_b-up", "scale-down"])
    deepStrictEqual(
      passedOver(files),
      [...undone, "1_b-down.sql"].sort().map((name) => `m/${name}: it undoes a migration`)
    )
    deepStrictEqual(arranged(files).warnings, [])
  })

  it("leave out files whose names alone say that they undo a migration", () => {
    for (const name of ["down", "Rollback", "undo", "revert", "teardown", "1_a.backward", "U1__a", "U1.2__a"]) {
      const files = empty("1_a.sql", `${name}.sql`)
      deepStrictEqual(idsOf(files), ["1_a"])
      deepStrictEqual(passedOver(files), [`m/${name}.sql: it undoes a migration`])
    }
    fails(empty("U1__a.sql"), "NothingToApply", "m/U1__a.sql (it undoes a migration)")
  })

  it("leave out the way down beside a way up, in upper or lower case", () => {
    for (const [up, down] of [
      ["v1__a", "u1__a"],
      ["v1.1__a", "u1.1__b"],
      ["up.001_a", "down.001_a"],
      ["x.u", "x.d"],
      ["x.forward", "x.backward"],
      ["x.setup", "x.teardown"],
      ["001_a_UP", "001_a_DOWN"],
      ["001_a-Up", "001_a-down"],
      ["001_a", "001_a_reverse"],
      ["001_a", "001_a.reverse"],
      ["001_a", "001_a_downgrade"],
      ["001_a.install", "001_a.uninstall"],
      ["001_a", "001_a.dn"],
      ["001_a", "001_a.rev"],
      ["001_a", "001_a_back"],
      ["001_a", "001_a_roll_back"],
      ["001_a", "001_rollback_a"],
      ["001_a", "rollback_001_a"],
      ["001_do_a", "001_undo_a"],
      ["001_apply", "001_revert"],
      ["001_a", "001_down_a"],
      ["001.a", "001.down.a"],
      ["001_a", "001_a(down)"],
      ["001_a", "001_a~down"],
      ["001_a", "001_a down"],
      ["UP_001_a", "Down_001_a"]
    ]) {
      const files = empty(`${up}.sql`, `${down}.sql`)
      deepStrictEqual(idsOf(files), [up])
      deepStrictEqual(passedOver(files), [`m/${down}.sql: it undoes a migration`])
    }
    deepStrictEqual(idsOf(empty("u1__a.sql")), ["u1__a"])
    deepStrictEqual(idsOf(empty("x.d.sql", "y.teardown.sql")), ["x.d", "y.teardown"])
  })

  it("run outside a transaction after sqlx's comment", () => {
    deepStrictEqual(outside({ "1_a.sql": "-- no-transaction\nVACUUM", "2_b.sql": "VACUUM -- no-transaction" }), ["1_a"])
  })
})

describe("golang-migrate and sqlx", () => {
  it("go by the number, and run the way up of a pair", () => {
    const files = empty("9_a.up.sql", "9_a.down.sql", "10_b.up.sql", "10_b.down.sql")
    deepStrictEqual(idsOf(files), ["9_a", "10_b"])
    deepStrictEqual(arranged(files).warnings, [])
  })

  it("share their rules with postgrator", () => {
    deepStrictEqual(idsOf(empty("9.do.a.sql", "9.undo.a.sql", "10.do.b.sql")), ["9.do.a", "10.do.b"])
  })
})

describe("diesel and Hasura", () => {
  it("have a folder for each migration, and run its up.sql", () => {
    const files = empty("2023-01-01-000000_a/up.sql", "2023-01-01-000000_a/down.sql", "2023-01-02-000000_b/up.sql")
    deepStrictEqual(idsOf(files), ["2023-01-01-000000_a", "2023-01-02-000000_b"])
    deepStrictEqual(passedOver(files), ["m/2023-01-01-000000_a/down.sql: it undoes a migration"])
  })

  it("run outside a transaction if diesel's metadata.toml says so", () => {
    const files = { "1_a/up.sql": "", "1_a/metadata.toml": "run_in_transaction = false # index\n", "2_b/up.sql": "" }
    deepStrictEqual(outside(files), ["1_a"])
    fails(
      { ...files, "1_a/metadata.toml": "\nrun_in_transaction = no" },
      "InvalidLayout",
      "m/1_a/metadata.toml:2",
      "no"
    )
  })

  it("have two orders, unless a file shows that the folder is diesel's, which sorts as text", () => {
    const files = empty("9_a/up.sql", "10_b/up.sql")
    fails(files, "AmbiguousOrder", "m/9_a/up.sql and m/10_b/up.sql")
    deepStrictEqual(idsOf({ ...files, "00000000000000_diesel_initial_setup/up.sql": "" }), [
      "00000000000000_diesel_initial_setup",
      "10_b",
      "9_a"
    ])
  })
})

describe("Prisma", () => {
  const lock = (provider: string) => ({ "migration_lock.toml": `# comment\nprovider = "${provider}"\n` })

  it("has a folder for each migration, in text order", () => {
    const files = { ...lock("postgresql"), ...empty("9_b/migration.sql", "10_a/migration.sql") }
    deepStrictEqual(idsOf(files), ["10_a", "9_b"])
    deepStrictEqual(arranged(files).warnings, [])
  })

  it("is read in text order with a warning, if the numbers contradict it and no file proves that it is Prisma", () => {
    const files = empty("9_b/migration.sql", "10_a/migration.sql")
    deepStrictEqual(idsOf(files), ["10_a", "9_b"])
    assert.match(
      arranged(files).warnings[0] ?? "",
      /m\/10_a\/migration\.sql comes before m\/9_b\/migration\.sql, in text order.*--order natural/
    )
    deepStrictEqual(idsOf(files, "natural"), ["9_b", "10_a"])
    deepStrictEqual(arranged(files, "natural").warnings, [])
  })

  it("orders dates and timestamps by time, with and without its lock file", () => {
    const files = empty("20250701090000_c/migration.sql", "20250625_b/migration.sql", "20250519101010_a/migration.sql")
    const ids = ["20250519101010_a", "20250625_b", "20250701090000_c"]
    deepStrictEqual(idsOf(files), ids)
    deepStrictEqual(idsOf({ ...files, ...lock("postgresql") }), ids)
  })

  it("is refused for another database", () => {
    fails({ ...lock("mysql"), "1_a/migration.sql": "" }, "InvalidLayout", "m/migration_lock.toml:2", "for mysql")
  })
})

describe("Drizzle", () => {
  const journal = (dialect: string, ...tags: ReadonlyArray<string>) => ({
    "meta/_journal.json": JSON.stringify({
      version: "7",
      dialect,
      entries: tags.map((tag, idx) => ({ idx, version: "7", when: 1700000000000 + idx, tag, breakpoints: true }))
    }),
    "meta/0000_snapshot.json": "{}"
  })

  it("runs the files of its journal in their order, and warns of a file that the journal does not list", () => {
    const files = { ...journal("postgresql", "0001_b", "0000_a"), ...empty("0000_a.sql", "0001_b.sql", "0002_c.sql") }
    deepStrictEqual(idsOf(files), ["0001_b", "0000_a"])
    assert.include(passedOver(files), "m/0002_c.sql: meta/_journal.json does not list it")
    assert.strictEqual(arranged(files).warnings.length, 1)
    assert.include(arranged(files).warnings[0], "m/0002_c.sql")
  })

  it("fails for a missing file, a journal that is not one, and another database", () => {
    fails(journal("postgresql", "0000_a"), "MigrationUnreadable", "m/0000_a.sql: it does not exist")
    fails(
      { "meta/_journal.json": "{", "0.sql": "" },
      "InvalidLayout",
      "m/meta/_journal.json:1",
      "not a Drizzle journal"
    )
    fails(journal("mysql", "0000_a"), "InvalidLayout", "for mysql")
  })

  it("has a newer layout with a folder for each migration, in text order", () => {
    const files = empty("20240102_b/migration.sql", "20240102_b/snapshot.json", "20240101_a/migration.sql")
    deepStrictEqual(idsOf(files), ["20240101_a", "20240102_b"])
    deepStrictEqual(arranged(files).warnings, [])
  })
})

describe("Flyway", () => {
  it("orders versions number by number, then repeatables by description, in any subfolder", () => {
    const files = empty(
      ..."V1__a.sql V1.1__b.sql V1_2__c.sql V1.10__d.sql V2__e.sql sub/V10__f.sql R__b.sql R__a.sql".split(" ")
    )
    deepStrictEqual(idsOf(files), ["V1__a", "V1.1__b", "V1_2__c", "V1.10__d", "V2__e", "V10__f", "R__a", "R__b"])
    deepStrictEqual(
      arranged(files).entries.flatMap(({ id, isRepeatable }) => (isRepeatable ? [id] : [])),
      ["R__a", "R__b"]
    )
  })

  it("leaves out files that undo a migration, whether that migration is there or not", () => {
    const files = empty("V1__a.sql", "U1__a.sql", "U2__b.sql")
    deepStrictEqual(idsOf(files), ["V1__a"])
    deepStrictEqual(passedOver(files), ["m/U1__a.sql: it undoes a migration", "m/U2__b.sql: it undoes a migration"])
  })

  it("runs a baseline only if the versions that it stands for are not there", () => {
    deepStrictEqual(idsOf(empty("B2__base.sql", "V1__a.sql", "V3__c.sql")), ["V1__a", "V3__c"])
    deepStrictEqual(idsOf(empty("B2__base.sql", "B1__old.sql", "V3__c.sql")), ["B2__base", "V3__c"])
  })

  it("warns of callbacks and of names that Flyway does not use", () => {
    const [warning] = arranged(empty("V1__a.sql", "afterMigrate.sql", "seed.sql")).warnings
    assert.include(warning, "m/afterMigrate.sql (it is a callback, which only Flyway runs)")
    assert.include(warning, "m/seed.sql (it is not named as Flyway names a file)")
  })

  it("refuses two files of one version", () => {
    fails(empty("V1__a.sql", "V1.0__b.sql"), "DuplicateMigrationId", '"1" is used by m/V1.0__b.sql and m/V1__a.sql')
  })

  it("refuses a placeholder outside strings and comments, with its line", () => {
    const hidden = `-- ${valueOf("a")}\n/* ${valueOf("b")} */\nCREATE TABLE t (id int);\n`
    deepStrictEqual(arranged({ "V1__a.sql": hidden }).warnings, [])
    fails(
      { "V1__a.sql": `${hidden}CREATE TABLE ${valueOf("schema")}.t ()` },
      "InvalidLayout",
      "m/V1__a.sql:4",
      valueOf("schema")
    )
    fails(
      { "V1__a.sql": `DO $$\nBEGIN\nGRANT ${valueOf("role")} TO x; END $$` },
      "InvalidLayout",
      "m/V1__a.sql:3",
      valueOf("role")
    )
  })

  it("warns of a placeholder in a string, which is not replaced", () => {
    const [warning] = arranged({ "V1__a.sql": `SELECT 1;\nINSERT INTO t VALUES ('Hello ${valueOf("name")}')` }).warnings
    assert.match(warning ?? "", /^m\/V1__a\.sql:2: \$\{name\} stands in a string/)
  })

  it("follows a script's own configuration", () => {
    const files = {
      "V1__a.sql": `SELECT ${valueOf("x")}`,
      "V1__a.sql.conf": "executeInTransaction=false\nplaceholderReplacement=false"
    }
    deepStrictEqual(outside(files), ["V1__a"])
    fails({ ...files, "V1__a.sql.conf": `\nshouldExecute=${valueOf("prod")}` }, "InvalidLayout", "m/V1__a.sql.conf:2")
  })
})

describe("Sqitch", () => {
  const by = "2024-01-01T00:00:00Z Ann <ann@example.org>"
  const plan = (...lines: ReadonlyArray<string>) => ({
    "sqitch.plan": ["%syntax-version=1.0.0", "%project=flipr", "", ...lines.map((line) => `${line} ${by} # note`)].join(
      "\n"
    )
  })
  const scripts = (...names: ReadonlyArray<string>) =>
    empty(...names.flatMap((name) => ["deploy", "revert", "verify"].map((folder) => `${folder}/${name}.sql`)))

  it("takes order and requirements from its plan, and runs only deploy/", () => {
    const files = {
      ...plan("schema", "users [schema]", "@v1", "app/z [flipr:users !old @v1]"),
      ...scripts("schema", "users", "app/z")
    }
    const { entries, warnings } = arranged(files)
    deepStrictEqual(
      entries.map(({ id, path, requires }) => [id, path, requires]),
      [
        ["schema", "m/deploy/schema.sql", []],
        ["users", "m/deploy/users.sql", ["schema"]],
        ["app/z", "m/deploy/app/z.sql", ["users", "users"]]
      ]
    )
    assert.includeMembers(passedOver(files), [
      "m/revert/users.sql: it undoes a migration",
      "m/verify/users.sql: it checks a migration"
    ])
    deepStrictEqual(warnings, [])
  })

  it("gives the first version of a reworked change its plain name", () => {
    const files = {
      ...plan("users", "flips [users]", "@v1", "@v2", "users [users@v1]", "last [users]"),
      ...scripts("users@v1", "flips", "users", "last")
    }
    deepStrictEqual(
      arranged(files).entries.map(({ id, path, requires }) => [id, path, requires]),
      [
        ["users", "m/deploy/users@v1.sql", []],
        ["flips", "m/deploy/flips.sql", ["users"]],
        ["users#2", "m/deploy/users.sql", ["users"]],
        ["last", "m/deploy/last.sql", ["users#2"]]
      ]
    )
  })

  it("warns of requirements of another project, and of scripts that the plan does not name", () => {
    const { warnings } = arranged({ ...plan("users [log:logger]"), ...scripts("users", "stray") })
    assert.match(warnings[0] ?? "", /^m\/sqitch\.plan:4: users requires log:logger of another project/)
    assert.include(warnings[1], "m/deploy/stray.sql (sqitch.plan does not name it)")
  })

  it("names the line of the plan that cannot be followed", () => {
    fails({ ...plan("users", "-users"), ...scripts("users") }, "InvalidLayout", "m/sqitch.plan:5", "reverts users")
    fails({ ...plan("users [gone]"), ...scripts("users") }, "UnknownRequirement", "m/sqitch.plan:4", '"gone"')
    fails({ ...plan("users", "a", "users"), ...scripts("users", "a") }, "InvalidLayout", "m/sqitch.plan:6", "no tag")
    fails(plan("users"), "MigrationUnreadable", "m/deploy/users.sql: it does not exist")
    fails({ ...plan("@v1", "users"), ...scripts("users") }, "InvalidLayout", "m/sqitch.plan:4", "@v1")
  })
})

describe("graphile-migrate", () => {
  const sha1 = (text: string) => `sha1:${createHash("sha1").update(text).digest("hex")}`
  const first = sha1("CREATE TABLE a ();\n")
  const second = sha1(`${first}\n--! no-transaction\nVACUUM;\n`)
  const files = {
    "committed/000001-a.sql": `--! Previous: -\n--! Hash: ${first}\n--! Message: a\n\nCREATE TABLE a ();\n`,
    "committed/000002.sql": `--! Previous: ${first}\n--! Hash: ${second}\n\n--! no-transaction\nVACUUM;\n`,
    "current.sql": "DROP TABLE a;"
  }

  it("runs committed migrations, and not the work in progress", () => {
    deepStrictEqual(idsOf(files), ["000001-a", "000002"])
    deepStrictEqual(outside(files), ["000002"])
    deepStrictEqual(passedOver(files), ["m/current.sql: it is work in progress until graphile-migrate commit"])
    deepStrictEqual(arranged(files).warnings, [])
  })

  it("is known by its headers if the named folder is committed/ itself", () => {
    deepStrictEqual(idsOf({ "000001-a.sql": files["committed/000001-a.sql"] }), ["000001-a"])
  })

  it("never runs work in progress, not even before the first commit", () => {
    fails({ "current.sql": "DROP TABLE a" }, "NothingToApply", "m/current.sql (it is work in progress")
  })

  it("checks the chain, the hash and the header", () => {
    const without = { "committed/000002.sql": files["committed/000002.sql"] }
    fails(without, "InvalidLayout", "m/committed/000002.sql:1", "the migration before it is -")
    const edited = files["committed/000001-a.sql"].replace("TABLE a", "TABLE b")
    fails({ ...files, "committed/000001-a.sql": edited }, "InvalidLayout", "m/committed/000001-a.sql:2", "its hash")
    deepStrictEqual(
      idsOf({ ...files, "committed/000001-a.sql": edited.replace("\n\n", "\n--! AllowInvalidHash\n\n") }),
      ["000001-a", "000002"]
    )
    fails({ "committed/000001.sql": "SELECT 1" }, "InvalidLayout", "m/committed/000001.sql:1", "lacks --! Previous:")
  })

  it("computes the same hash for any line endings", () => {
    const windows = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [name, text.replaceAll("\n", "\r\n")])
    )
    deepStrictEqual(idsOf(windows), ["000001-a", "000002"])
  })
})

describe("Atlas", () => {
  const base64 = (text: string) => createHash("sha256").update(text).digest("base64")
  const summed = (texts: Texts) => {
    let all = ""
    const lines = Object.entries(texts).map(([name, text]) => {
      all += text.includes("atlas:sum ignore") ? name : name + text
      return text.includes("atlas:sum ignore") ? [] : [{ name, sum: base64(all) }]
    })
    const listed = lines.flat()
    const whole = base64(listed.map(({ name, sum }) => name + sum).join(""))
    return {
      ...texts,
      "atlas.sum": [`h1:${whole}`, ...listed.map(({ name, sum }) => `${name} h1:${sum}`), ""].join("\n")
    }
  }
  const files = summed({ "20220318_a.sql": "CREATE TABLE a ();", "20220319101010_b.sql": "CREATE TABLE b ();" })

  it("is read in the order of its sums, after each is checked", () => {
    deepStrictEqual(idsOf(files), ["20220318_a", "20220319101010_b"])
    deepStrictEqual(idsOf(summed(empty("10_b.sql", "9_a.sql"))), ["10_b", "9_a"])
    const ignored = summed({ "1.sql": "SELECT 1", "2.sql": "-- atlas:sum ignore\n\nSELECT 2", "3.sql": "SELECT 3" })
    deepStrictEqual(idsOf(ignored), ["1", "2", "3"])
  })

  it("accepts the sums that Atlas itself wrote", () => {
    const written = {
      "1_initial.sql": 'CREATE SCHEMA IF NOT EXISTS "bc_test";\nCREATE TABLE "bc_test"."bc_tbl" ("col" INTEGER NULL);',
      "atlas.sum":
        "h1:80V3wCzovMg2ot2hR0arbEjEfMfKWDeQNrXZJbFPF10=\n1_initial.sql h1:53poyM34ShPWCVU41ldi4d9LUrzqPiQfBdEq//yH4Jo=\n"
    }
    deepStrictEqual(idsOf(written), ["1_initial"])
  })

  it("names the file that was edited, added, or removed", () => {
    fails(
      { ...files, "20220318_a.sql": "DROP TABLE a" },
      "InvalidLayout",
      "m/atlas.sum:2",
      "20220318_a.sql, or a file before it"
    )
    fails({ ...files, "20230101_c.sql": "" }, "InvalidLayout", "m/atlas.sum:1", "20230101_c.sql has no sum")
    fails(
      { "atlas.sum": files["atlas.sum"], "20220318_a.sql": "" },
      "InvalidLayout",
      "m/atlas.sum:3",
      "20220319101010_b.sql is not there"
    )
    fails({ ...files, "atlas.sum": files["atlas.sum"].replace(/^h1:.../, "h1:AAA") }, "InvalidLayout", "m/atlas.sum:1")
    fails(
      { "1.sql": "", "atlas.sum": "h1:x\nnonsense" },
      "InvalidLayout",
      "m/atlas.sum:2",
      "does not hold a name and a sum"
    )
  })

  it("runs a file outside a transaction if the file says so, and no checkpoint after the migrations it stands for", () => {
    const texts = summed({
      "1.sql": "CREATE TABLE a ();",
      "2.sql": "-- atlas:txmode none\n\nVACUUM;",
      "3.sql": "-- atlas:checkpoint\n\nCREATE TABLE a ();"
    })
    deepStrictEqual(outside(texts), ["2"])
    deepStrictEqual(idsOf(texts), ["1", "2"])
  })
})

describe("Liquibase", () => {
  it("is refused by name, in each of its languages", () => {
    const remedy = "liquibase update-sql"
    fails(
      { "db.changelog.xml": "<databaseChangeLog/>", "1.sql": "" },
      "UnsupportedLayout",
      "m/db.changelog.xml",
      "Liquibase",
      remedy
    )
    fails({ "a/x.yaml": "databaseChangeLog:\n" }, "UnsupportedLayout", "m/a/x.yaml", "Liquibase")
    fails({ "x.json": '{"databaseChangeLog": []}' }, "UnsupportedLayout", "m/x.json")
    fails({ "1.sql": "--liquibase formatted sql\n--changeset a:1\n" }, "UnsupportedLayout", "m/1.sql", "Liquibase")
  })
})

describe("a folder that is not clear", () => {
  it("fits two layouts, and a warning names the files and the layout that is taken", () => {
    const [warning] = arranged(empty("1_a.sql", "2_b/migration.sql")).warnings
    assert.include(warning, "m fits plain files and Prisma and Drizzle (x/migration.sql)")
    assert.include(warning, "m/1_a.sql, m/2_b/migration.sql")
    deepStrictEqual(idsOf(empty("1_a.sql", "2_b/migration.sql")), ["1_a", "2_b"])
    const [tools] = arranged({
      "V1__a.sql": "",
      "x.sql": "",
      "meta/_journal.json": '{"entries": [{"tag": "x"}]}'
    }).warnings
    assert.include(tools, "m fits Drizzle and Flyway, and is read as Drizzle")
  })

  it("has files that no layout explains, and a warning names each with the reason", () => {
    const [warning, ...others] = arranged(
      empty("1_a.sql", "2_b.ts", "sub/3_c.sql", "LICENSE", "README.md", ".env")
    ).warnings
    assert.include(warning, "m/2_b.ts (its name does not end in .sql), m/sub/3_c.sql (it lies in a subfolder")
    assert.notInclude(warning, "LICENSE")
    deepStrictEqual(others, [])
  })

  it("fails if it holds files and no migration", () => {
    fails(
      empty("migrations/1_a/migration.sql", "1.js"),
      "NothingToApply",
      "m/1.js (its name does not end in .sql)",
      "m/migrations/1_a"
    )
    fails(empty("1_a.down.sql"), "NothingToApply", "m/1_a.down.sql (it undoes a migration)")
    deepStrictEqual(idsOf(empty("README.md", ".gitkeep", "migration_lock.toml")), [])
    deepStrictEqual(idsOf({}), [])
  })
})
