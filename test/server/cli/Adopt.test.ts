/**
 * The command `adopt`, with a folder as Prisma writes it.
 */
import { createHash } from "node:crypto"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as CommandLine from "../../support/program/CommandLine.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

/** With a byte order mark and Windows line ends, which are part of the hash. */
const init = "\uFEFFCREATE TABLE accounts (\r\n  id integer\r\n);\r\n"
const note = "ALTER TABLE accounts ADD COLUMN note text;\n"

const folder = Effect.acquireRelease(
  Effect.promise(async () => {
    const directory = await fs.mkdtemp(path.join(os.tmpdir(), "prisma-"))
    for (const [name, text] of Object.entries({ "20240101000000_init": init, "20240102000000_note": note })) {
      await fs.mkdir(path.join(directory, name))
      await fs.writeFile(path.join(directory, name, "migration.sql"), text)
    }
    return directory
  }),
  (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true }))
)

const recording = (checksum: string): ReadonlyArray<string> => [
  "CREATE TABLE accounts (id integer)",
  `CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
    migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0)`,
  `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name) VALUES ('1', '${checksum}', now(), '20240101000000_init')`
]

const typing = (before: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const [url, directory] = yield* Effect.all([Server.freshDatabase, folder])
    if (before.length > 0) yield* Database.query(url, ...before)
    return (...words: ReadonlyArray<string>) =>
      Effect.map(CommandLine.type([...words, "--folder", directory, "--url", url]), ({ code, printed }) => ({
        code,
        printed: printed.replaceAll(directory, "…").replaceAll(path.sep, "/")
      }))
  })

describe("the command line", () => {
  it.scopedLive("shows what it would adopt, and records it with --yes", () =>
    Effect.gen(function* () {
      const typed = yield* typing(recording(createHash("sha256").update(init).digest("hex")))
      assert.match(
        (yield* typed("migrate")).printed,
        /To record its history in the ledger:?\n +npx effect-auto-migration adopt --folder …$/
      )
      const shown = [
        "from     Prisma Migrate's table _prisma_migrations",
        "adopt    20240101000000_init  …/20240101000000_init/migration.sql  the file is unchanged"
      ]
      deepStrictEqual(yield* typed("adopt"), {
        code: 0,
        printed: [
          ...shown,
          "Nothing was recorded. To record this: npx effect-auto-migration adopt --yes --folder …"
        ].join("\n")
      })
      assert.include((yield* typed("status")).printed, "records 1  to adopt: 20240101000000_init")
      assert.match((yield* typed("plan")).printed, /\nelsewhere Prisma Migrate's table _prisma_migrations {2}records 1/)
      deepStrictEqual(yield* typed("adopt", "--yes"), {
        code: 0,
        printed: [...shown, "recorded 20240101000000_init"].join("\n")
      })
      deepStrictEqual(yield* typed("migrate"), { code: 0, printed: "applied  20240102000000_note" })
    })
  )

  it.scopedLive("ends with 1 at a misfit, and names the option that accepts it", () =>
    Effect.gen(function* () {
      const typed = yield* typing(recording("0".repeat(64)))
      const refused = yield* typed("adopt", "--yes")
      assert.strictEqual(refused.code, 1)
      assert.include(refused.printed, "misfit   edited: …/20240101000000_init/migration.sql was edited after")
      assert.match(refused.printed, /accept it:?\n +npx effect-auto-migration adopt --accept edited --yes --folder …$/)
      const accepted = yield* typed("adopt", "--accept", "edited", "--yes")
      assert.strictEqual(accepted.code, 0)
      assert.match(accepted.printed, /recorded 20240101000000_init$/)
    })
  )

  it.scopedLive("asks a person, who may say no", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const directory = yield* CommandLine.folderOf({ "001_accounts": "CREATE TABLE accounts (id integer);" })
      yield* Database.query(url, "CREATE TABLE accounts (id integer)")
      const typed = (terminal: ReturnType<typeof CommandLine.person>["place"]) =>
        CommandLine.type(["adopt", "--probe", "--folder", directory, "--url", url], {}, terminal)
      const no = CommandLine.person("no")
      assert.include((yield* typed(no.place)).printed, "Nothing was recorded.")
      deepStrictEqual(no.asked, ["Record 1 migration as adopted? [y/N] "])
      assert.match((yield* typed(CommandLine.person("y").place)).printed, /recorded 001_accounts$/)
    })
  )

  it.scopedLive("reports another tool's history before it reports losses", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const directory = yield* CommandLine.folderOf({ "20240102000000_less": "ALTER TABLE accounts DROP COLUMN id;" })
      yield* Database.query(url, ...recording("x"), "INSERT INTO accounts VALUES (1)")
      const { code, printed } = yield* CommandLine.type(["migrate", "--folder", directory, "--url", url])
      assert.strictEqual(code, 1)
      assert.include(printed, "Prisma Migrate's table _prisma_migrations records 1 migration,")
    })
  )

  it.scopedLive("asks the catalog with --probe", () =>
    Effect.gen(function* () {
      const typed = yield* typing(["CREATE TABLE accounts (id integer)"])
      assert.match((yield* typed("adopt")).printed, /\n +npx effect-auto-migration adopt --probe --folder …$/)
      const probed = yield* typed("adopt", "--probe")
      assert.match(
        probed.printed,
        /^from {5}the catalog\nadopt {4}20240101000000_init .*the objects that it promises are there\nNothing was recorded/
      )
      assert.match((yield* typed("adopt", "--probe", "--yes")).printed, /recorded 20240101000000_init$/)
      deepStrictEqual((yield* typed("migrate")).printed, "applied  20240102000000_note")
    })
  )

  it.scopedLive("names the words that make no sense", () =>
    Effect.gen(function* () {
      const typed = yield* typing([])
      for (const words of [
        ["status", "--yes"],
        ["adopt", "--accept", "everything"],
        ["adopt", "--probe", "--table", "x"],
        ["adopt", "20240101000000_init"]
      ]) {
        assert.strictEqual((yield* typed(...words)).code, 2)
      }
    })
  )
})
