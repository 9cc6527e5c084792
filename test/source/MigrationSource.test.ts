import { chmod, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, layer } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type { MigrationDefinitionError } from "../../src/core/error/AutoMigrationError.js"
import * as MigrationGraph from "../../src/core/graph/MigrationGraph.js"
import type { Migration } from "../../src/core/migration/Migration.js"
import * as SchemaObject from "../../src/core/model/SchemaObject.js"
import * as SqlParser from "../../src/runtime/SqlParser.js"
import * as MigrationSource from "../../src/source/MigrationSource.js"
import { type Files, folderOf } from "../support/program/MigrationFolder.js"

const load = <E, R>(source: Layer.Layer<MigrationSource.MigrationSource, E, R>) =>
  Effect.provide(MigrationSource.loadMigrations, source)

const filesOf = <E, R>(source: Layer.Layer<MigrationSource.MigrationSource, E, R>) =>
  Effect.provide(
    Effect.flatMap(MigrationSource.MigrationSource, (_) => _.load),
    source
  )

const loadFolder = (files: Files) =>
  Effect.flatMap(folderOf(files), (root) => load(MigrationSource.layerDirectory(root)))

const idsOf = (migrations: ReadonlyArray<Migration>) => migrations.map((one) => one.id as string)

const errorOf = <A, R>(effect: Effect.Effect<A, MigrationDefinitionError, R>) => Effect.flip(effect)

const objectsOf = (migration: Migration | undefined) => migration?.footprint.provides.map(SchemaObject.render) ?? []

const bytes = (...parts: ReadonlyArray<string | number>) =>
  new Uint8Array(parts.flatMap((part) => (typeof part === "number" ? [part] : [...new TextEncoder().encode(part)])))

layer(SqlParser.layer)("MigrationSource", (it) => {
  describe("layerDirectory", () => {
    it.scoped("reads flat files in the order of their numbers, if an option says so", () =>
      Effect.gen(function* () {
        const root = yield* folderOf({
          "10_orders.sql": "CREATE TABLE orders (id int)",
          "9_users.sql": "CREATE TABLE users (id int)",
          "11_email.sql": "ALTER TABLE users ADD COLUMN email text"
        })
        const migrations = yield* load(MigrationSource.layerDirectory(root, { order: "natural" }))
        deepStrictEqual(idsOf(migrations), ["9_users", "10_orders", "11_email"])
        assert.include(objectsOf(migrations[2]), "column users.email")
        const graph = yield* MigrationGraph.make(migrations)
        deepStrictEqual(
          MigrationGraph.edges(graph).map(({ from, to }) => `${from} ${to}`),
          ["9_users 11_email"]
        )
      })
    )

    it.scoped("reads the folders of Prisma, and reports the files that it passes over", () =>
      Effect.gen(function* () {
        const root = yield* folderOf({
          "20240101_users/migration.sql": "CREATE TABLE users (id int)",
          "20240102_email/migration.sql": "ALTER TABLE users ADD email text",
          "20240102_email/README.md": "",
          "migration_lock.toml": 'provider = "postgresql"',
          "README.md": "",
          ".hidden.sql": "not SQL",
          "20240103.down.sql": "DROP TABLE users"
        })
        const source = MigrationSource.layerDirectory(pathToFileURL(`${root}/`))
        const { files, ignored } = yield* filesOf(source)
        deepStrictEqual(
          files.map(({ id, source: path }) => [id, path.slice(root.length).replaceAll("\\", "/")]),
          [
            ["20240101_users", "/20240101_users/migration.sql"],
            ["20240102_email", "/20240102_email/migration.sql"]
          ]
        )
        deepStrictEqual(
          ignored.map(({ path, reason }) => `${path.slice(root.length + 1)}: ${reason}`),
          [
            ".hidden.sql: it is hidden",
            "20240102_email/README.md: its name does not end in .sql",
            "20240103.down.sql: it undoes a migration",
            "README.md: its name does not end in .sql",
            "migration_lock.toml: its name does not end in .sql"
          ]
        )
      })
    )

    it.scoped("logs files that are passed over at debug level", () =>
      Effect.gen(function* () {
        const lines: Array<unknown> = []
        const logger = Logger.make(({ logLevel, message }) => lines.push([logLevel.label, String(message)]))
        yield* loadFolder({ "a.txt": "" }).pipe(
          Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
          Logger.withMinimumLogLevel(LogLevel.Debug)
        )
        assert.strictEqual(lines.length, 1)
        assert.match(JSON.stringify(lines[0]), /DEBUG.*a\.txt is not a migration: its name does not end in \.sql/)
      })
    )

    it.scoped("accepts an empty folder, an empty file, and a file of comments", () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* loadFolder({}), [])
        const migrations = yield* loadFolder({ "1.sql": "", "2.sql": "-- nothing yet\n", "3.sql": ";" })
        deepStrictEqual(
          migrations.map(({ footprint }) => footprint.statements.length),
          [0, 0, 0]
        )
      })
    )

    it.scoped("accepts a byte order mark and any line endings, which change no checksum", () =>
      Effect.gen(function* () {
        const sql = "-- requires: 0\nCREATE TABLE users (id int);\n"
        const migrations = yield* loadFolder({
          "0.sql": "",
          "1.sql": sql,
          "2.sql": `\uFEFF${sql.replaceAll("\n", "\r\n")}`
        })
        const [, one, two] = migrations
        assert.strictEqual(one?.checksum, two?.checksum)
        assert.match(one?.checksum ?? "", /^sha256:[0-9a-f]{64}$/)
        deepStrictEqual(two?.requires, one?.requires)
        assert.strictEqual(two?.footprint.statements[0]?.line, 2)
      })
    )

    it.scoped("finds the plan of Sqitch beside its scripts", () =>
      Effect.gen(function* () {
        const root = yield* folderOf({
          "sqitch.plan": "z\na\n",
          "deploy/a.sql": "SELECT 1",
          "deploy/z.sql": "SELECT 1"
        })
        deepStrictEqual(idsOf(yield* load(MigrationSource.layerDirectory(join(root, "deploy")))), ["z", "a"])
      })
    )

    it.scoped("follows a link that leads back to the folder once", () =>
      Effect.gen(function* () {
        const root = yield* folderOf({ "1.sql": "SELECT 1", "sub/README.md": "" })
        yield* Effect.promise(() => symlink(root, join(root, "sub", "back")))
        deepStrictEqual(idsOf(yield* load(MigrationSource.layerDirectory(root))), ["1"])
      })
    )

    it.scoped(
      "takes the facts that the layout gives about a file: its requirements, and that it runs outside a transaction",
      () =>
        Effect.gen(function* () {
          const sqitch = yield* loadFolder({
            "sqitch.plan": "%project=a\nz\nb [z]\n",
            "deploy/z.sql": "SELECT 1",
            "deploy/b.sql": "-- requires: other:x@v1\nSELECT 2"
          })
          deepStrictEqual(
            sqitch.map(({ id, requires }) => [String(id), requires.map((one) => String(one.id))]),
            [
              ["z", []],
              ["b", ["z"]]
            ]
          )
          const diesel = yield* loadFolder({
            "1_a/up.sql": "SELECT 1",
            "1_a/metadata.toml": "run_in_transaction = false"
          })
          deepStrictEqual(
            diesel.map(({ transaction }) => transaction),
            ["none"]
          )
        })
    )

    it.scoped("follows links inside the folder", () =>
      Effect.gen(function* () {
        const root = yield* folderOf({ "..data/x.sql": "SELECT 1", "..data/b/migration.sql": "SELECT 2" })
        yield* Effect.promise(() => symlink(join("..data", "x.sql"), join(root, "a.sql")))
        yield* Effect.promise(() => symlink(join(root, "..data", "b"), join(root, "b")))
        deepStrictEqual(idsOf(yield* load(MigrationSource.layerDirectory(root))), ["a", "b"])
        yield* Effect.promise(() => symlink("gone.sql", join(root, "c.sql")))
        const error = yield* errorOf(load(MigrationSource.layerDirectory(root)))
        assert.match(error.message, /c\.sql: it does not exist/)
      })
    )

    it.scoped("sees files that were added after the layer was built", () =>
      Effect.gen(function* () {
        const root = yield* folderOf({ "1.sql": "" })
        yield* Effect.gen(function* () {
          const before = yield* MigrationSource.loadMigrations
          yield* Effect.promise(() => writeFile(join(root, "2.sql"), ""))
          const after = yield* MigrationSource.loadMigrations
          deepStrictEqual([idsOf(before), idsOf(after)], [["1"], ["1", "2"]])
        }).pipe(Effect.provide(MigrationSource.layerDirectory(root)))
      })
    )
  })

  describe("bad input", () => {
    it.scoped("a missing folder, and a folder that is a file", () =>
      Effect.gen(function* () {
        const root = yield* folderOf({ "1.sql": "" })
        const missing = yield* errorOf(load(MigrationSource.layerDirectory(join(root, "nowhere"))))
        assert.strictEqual(missing._tag, "MigrationUnreadable")
        assert.match(missing.message, /nowhere: it does not exist/)
        const file = yield* errorOf(load(MigrationSource.layerDirectory(join(root, "1.sql"))))
        assert.match(file.message, /1\.sql: it is not a folder/)
      })
    )

    it.scoped("a file that may not be read", () =>
      Effect.gen(function* () {
        const root = yield* folderOf({ "1.sql": "SELECT 1", "2.sql": "SELECT 2" })
        yield* Effect.promise(() => chmod(join(root, "1.sql"), 0o000))
        const loaded = yield* Effect.either(load(MigrationSource.layerDirectory(root)))
        // Root may read everything.
        if (process.getuid?.() === 0) return assert.isTrue(Either.isRight(loaded))
        assert.isTrue(Either.isLeft(loaded) && loaded.left._tag === "MigrationUnreadable")
      })
    )

    it.scoped("bytes that are not UTF-8", () =>
      Effect.gen(function* () {
        const error = yield* errorOf(loadFolder({ "1.sql": bytes("SELECT 1;\n-- caf", 0xe9, "\n") }))
        assert.strictEqual(error._tag, "InvalidEncoding")
        assert.match(error.message, /1\.sql:2: The file is not valid UTF-8 \(byte 16\)/)
      })
    )

    it.scoped("a syntax error", () =>
      Effect.gen(function* () {
        const error = yield* errorOf(loadFolder({ "1.sql": "SELECT 1;\nCREAT TABLE users (id int)" }))
        assert.strictEqual(error._tag, "InvalidSql")
        assert.match(error.message, /1\.sql:2:1: syntax error at or near "CREAT"/)
      })
    )

    it.scoped("a transaction that is never ended and would be rolled back", () =>
      Effect.gen(function* () {
        const ended = "BEGIN; SELECT 1; COMMIT AND CHAIN; SELECT 2; END;\nBEGIN; SELECT 3; PREPARE TRANSACTION 'x';\n"
        deepStrictEqual((yield* loadFolder({ "1.sql": ended })).length, 1)
        for (const open of ["BEGIN;\nINSERT INTO t VALUES (1);", "START TRANSACTION; SELECT 1;\nCOMMIT AND CHAIN;"]) {
          const error = yield* errorOf(loadFolder({ "1.sql": `${ended}/* so */ ${open}` }))
          assert.strictEqual(error._tag, "InvalidSql")
          assert.match(error.message, /1\.sql:3:10: the transaction that begins here never ends.*end it with COMMIT/)
        }
      })
    )

    it.scoped("no transaction that begins at the end of a file, where no work would be lost", () =>
      Effect.gen(function* () {
        const [migration] = yield* loadFolder({ "1.sql": "CREATE TABLE t (a int);\nBEGIN;\nSTART TRANSACTION;" })
        deepStrictEqual(
          migration?.footprint.statements.map(({ line }) => line),
          [1]
        )
        deepStrictEqual(migration?.transaction, "own")
      })
    )

    it.scoped("ids that collide", () =>
      Effect.gen(function* () {
        const migrations = yield* loadFolder({ "1.sql": "", "1.up.sql": "" })
        const error = yield* Effect.flip(MigrationGraph.make(migrations))
        assert.strictEqual(error._tag, "DuplicateMigrationId")
        assert.match(error.message, /"1" is used by .*1\.sql and .*1\.up\.sql/)
      })
    )

    it.scoped("an unknown directive, and one that names an unknown id or object", () =>
      Effect.gen(function* () {
        const unknown = yield* errorOf(loadFolder({ "1.sql": "\n-- require: 0" }))
        assert.match(unknown.message, /1\.sql:2: "-- require: 0" is not a directive; did you mean "requires:"/)
        const object = yield* errorOf(loadFolder({ "1.sql": "-- provides: tabel users" }))
        assert.strictEqual(object._tag, "InvalidDirective")
        assert.match(object.message, /1\.sql:1: "-- provides: tabel users"/)
        const migrations = yield* loadFolder({ "1.sql": "-- requires: 0" })
        const requirement = yield* Effect.flip(MigrationGraph.make(migrations))
        assert.match(requirement.message, /1\.sql:1: Migration 1 requires "0"/)
      })
    )

    it.scoped("a name that cannot be an id", () =>
      Effect.gen(function* () {
        for (const id of ["", " a", "a\nb"]) {
          const error = yield* errorOf(load(MigrationSource.layerRecord({ [id]: "" })))
          assert.strictEqual(error._tag, "MigrationUnreadable")
          assert.include(error.message, JSON.stringify(id))
        }
      })
    )

    it.scoped("is reported for the first file in order, in any order on disk", () =>
      Effect.gen(function* () {
        const error = yield* errorOf(loadFolder({ "10.sql": "-- require: 1", "09.sql": "-- provide: table a" }))
        assert.match(error.message, /09\.sql:1/)
      })
    )
  })

  describe("layerRecord", () => {
    it.effect("takes ids and SQL, and labels them", () =>
      Effect.gen(function* () {
        const [one, two] = yield* load(
          MigrationSource.layerRecord({
            "002": "-- provides: function f(integer)\nSELECT 1",
            "001": "CREATE TABLE a ()"
          })
        )
        deepStrictEqual([one?.source, two?.source], ["record:001", "record:002"])
        deepStrictEqual(objectsOf(two), ["function f(integer)"])
        deepStrictEqual(two?.declares, two?.footprint.provides)
      })
    )
  })

  describe("layerGlob", () => {
    const text = (sql: unknown) => () => Promise.resolve(sql)

    it.effect("takes the loaders of a bundler", () =>
      Effect.gen(function* () {
        const source = MigrationSource.layerGlob({
          "./migrations/002_b.sql": text({ default: "CREATE TABLE b ()" }),
          "./migrations/001_a.up.sql": text("CREATE TABLE a ()"),
          "./migrations/001_a.down.sql": text("DROP TABLE a"),
          "./migrations/003_c/migration.sql": text("CREATE TABLE c ()")
        })
        const migrations = yield* load(source)
        deepStrictEqual(idsOf(migrations), ["001_a", "002_b", "003_c"])
        assert.includeMembers(migrations.flatMap(objectsOf), ["relation a", "relation b", "relation c"])
        const { ignored } = yield* filesOf(source)
        deepStrictEqual(ignored, [{ path: "./migrations/001_a.down.sql", reason: "it undoes a migration" }])
      })
    )

    it.effect("reads paths by their layout, as those of a folder", () =>
      Effect.gen(function* () {
        const journal = JSON.stringify({ entries: [{ tag: "0001_b" }, { tag: "0000_a" }] })
        const drizzle = MigrationSource.layerGlob({
          "../drizzle/0000_a.sql": text("SELECT 1"),
          "../drizzle/0001_b.sql": text("SELECT 2"),
          "../drizzle/meta/_journal.json": text({ default: journal })
        })
        deepStrictEqual(idsOf(yield* load(drizzle)), ["0001_b", "0000_a"])
        const prisma = MigrationSource.layerGlob({ "./prisma/20240101_a/migration.sql": text("SELECT 1") })
        deepStrictEqual(idsOf(yield* load(prisma)), ["20240101_a"])
        deepStrictEqual(idsOf(yield* load(MigrationSource.layerGlob({ "./migration.sql": text("SELECT 1") }))), [
          "migration"
        ])
        deepStrictEqual(yield* load(MigrationSource.layerGlob({})), [])
      })
    )

    it.effect("fails for names with two orders, unless an option decides", () =>
      Effect.gen(function* () {
        const files = { "./m/9_a.sql": text("SELECT 1"), "./m/10_b.sql": text("SELECT 2") }
        const error = yield* errorOf(load(MigrationSource.layerGlob(files)))
        assert.strictEqual(error._tag, "AmbiguousOrder")
        assert.include(error.message, "./m/9_a.sql and ./m/10_b.sql")
        deepStrictEqual(idsOf(yield* load(MigrationSource.layerGlob(files, { order: "text" }))), ["10_b", "9_a"])
      })
    )

    it.effect("fails for a file of the layout that the bundler does not include", () =>
      Effect.gen(function* () {
        const journal = JSON.stringify({ entries: [{ tag: "0000_a" }] })
        const error = yield* errorOf(
          load(MigrationSource.layerGlob({ "./d/meta/_journal.json": text({ default: journal }) }))
        )
        assert.match(error.message, /\.\/d\/0000_a\.sql: it does not exist/)
      })
    )

    it.effect("names a file that cannot be imported or is not text", () =>
      Effect.gen(function* () {
        const rejected = () => Promise.reject(new Error("no such chunk"))
        const failed = yield* errorOf(load(MigrationSource.layerGlob({ "./1.sql": rejected })))
        assert.match(failed.message, /\.\/1\.sql: Error: no such chunk/)
        const module = yield* errorOf(load(MigrationSource.layerGlob({ "./1.sql": text({ default: 1 }) })))
        assert.match(module.message, /\.\/1\.sql: it is not text/)
      })
    )
  })

  describe("fromEffectMigrator", () => {
    const NoClient = Layer.succeed(SqlClient.SqlClient, SqlClient.SqlClient.of(Object.create(null)))
    const run = (migration: Migration | undefined) =>
      migration?.script._tag === "Effect"
        ? Effect.provide(migration.script.effect, NoClient)
        : Effect.dieMessage("not an Effect")

    const loader = Migrator.fromGlob({
      "./2_create_orders.ts": () => Promise.resolve({ default: { default: Effect.succeed("orders") } }),
      "./1_create_users.ts": () => Promise.resolve({ default: Effect.succeed("users") }),
      "./10_seed.ts": () => Promise.resolve({ other: 1 }),
      "./11_broken.ts": () => Promise.reject(new Error("syntax error in 11_broken.ts"))
    })

    const source = MigrationSource.fromEffectMigrator(loader, {
      provides: { "1_create_users": ["table users", "column users.email"] },
      requires: { "2_create_orders": ["1_create_users"] },
      accepts: { "1_create_users": ["opaque"] }
    })

    it.effect("keeps the Migrator's ids and order, and the declarations", () =>
      Effect.gen(function* () {
        const migrations = yield* load(source)
        deepStrictEqual(idsOf(migrations), ["1_create_users", "2_create_orders", "10_seed", "11_broken"])
        const [users, orders] = migrations
        deepStrictEqual(objectsOf(users), ["relation users", "column users.email"])
        deepStrictEqual(users?.accepts, ["opaque"])
        deepStrictEqual(
          orders?.requires.map(({ id }) => String(id)),
          ["1_create_users"]
        )
        assert.isTrue(Either.isRight(MigrationGraph.make(migrations)))
      })
    )

    it.effect("runs a default export, also one that is wrapped twice, and imports it only then", () =>
      Effect.gen(function* () {
        const [users, orders] = yield* load(source)
        deepStrictEqual([yield* run(users), yield* run(orders)], ["users", "orders"])
      })
    )

    it.effect("runs an Effect that the loader gives without a module", () =>
      Effect.gen(function* () {
        const direct = Migrator.fromRecord({ "1_a": Effect.void, "2_b": Effect.fail("no") })
        const [one, two] = yield* load(MigrationSource.fromEffectMigrator(direct, { provides: {} }))
        assert.isUndefined(yield* run(one))
        assert.strictEqual(yield* Effect.flip(run(two)), "no")
      })
    )

    it.effect("fails, as the Migrator does, when it runs a module that is not an Effect or cannot be imported", () =>
      Effect.gen(function* () {
        const [, , seed, broken] = yield* load(source)
        assert.include(String(yield* Effect.flip(run(seed))), "10_seed has no default export that is an Effect")
        assert.include(String(yield* Effect.flip(run(broken))), "syntax error in 11_broken.ts")
      })
    )

    it.effect("names a declaration that has an unknown id or is not understood", () =>
      Effect.gen(function* () {
        const stranger = MigrationSource.fromEffectMigrator(loader, { provides: { "3_create_items": ["table items"] } })
        const unknown = yield* errorOf(load(stranger))
        assert.strictEqual(unknown._tag, "InvalidDirective")
        assert.include(unknown.message, '"3_create_items" is not the id of a migration')
        const garbled = MigrationSource.fromEffectMigrator(loader, { provides: { "1_create_users": ["users"] } })
        assert.include((yield* errorOf(load(garbled))).message, "migrator:1_create_users")
      })
    )

    it.effect("names a loader that fails", () =>
      Effect.gen(function* () {
        const failing = Effect.fail(new Migrator.MigrationError({ reason: "bad-state", message: "no folder" }))
        const error = yield* errorOf(load(MigrationSource.fromEffectMigrator(failing, { provides: {} })))
        assert.strictEqual(error._tag, "MigrationUnreadable")
        assert.include(error.message, "no folder")
      })
    )
  })

  describe("merge", () => {
    it.effect("keeps the order of each source, and takes the smaller id of the next ones", () =>
      Effect.gen(function* () {
        const given = (...ids: ReadonlyArray<string>) =>
          MigrationSource.layerGlob({
            "./meta/_journal.json": () => Promise.resolve(JSON.stringify({ entries: ids.map((tag) => ({ tag })) })),
            ...Object.fromEntries(ids.map((id) => [`./${id}.sql`, () => Promise.resolve("SELECT 1")]))
          })
        const records = MigrationSource.layerRecord({ "10": "SELECT 1", "9": "SELECT 1", "2": "SELECT 1" })
        const merged = yield* load(MigrationSource.merge(records, given("5", "1", "20", "11")))
        deepStrictEqual(idsOf(merged), ["2", "5", "1", "9", "10", "20", "11"])
        const graph = yield* MigrationGraph.make(merged.toReversed())
        deepStrictEqual(idsOf(graph.migrations), idsOf(merged))
      })
    )

    it.effect("makes one source of several", () =>
      Effect.gen(function* () {
        const source = MigrationSource.merge(
          MigrationSource.layerRecord({ "2": "CREATE TABLE b (a int REFERENCES a)" }),
          MigrationSource.layerRecord({ "1": "CREATE TABLE a (id int PRIMARY KEY)" })
        )
        const graph = yield* Effect.flatMap(load(source), MigrationGraph.make)
        deepStrictEqual(
          MigrationGraph.edges(graph).map(({ from, to }) => `${from} ${to}`),
          ["1 2"]
        )
      })
    )
  })
})
