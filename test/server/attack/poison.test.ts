/**
 * A writer of the ledger states what it did, in any words that the server takes. No event and no lease of its may stop the programs that
 * read the ledger.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { AutoMigration, LedgerEvent, Migration } from "effect-auto-migration"
import * as fc from "fast-check"
import * as Checksum from "../../../src/core/text/Checksum.js"
import * as App from "../../support/program/App.js"
import * as CommandLine from "../../support/program/CommandLine.js"
import { ask, inProgram, kinds, users } from "../../support/program/Situation.js"
import { scripts } from "../../support/repository/OwnDefinitions.js"
import * as Database from "../../support/server/Database.js"
import { role } from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"

/** A ledger of so many of the library's own migrations, and a role that may write it. */
const ledgerOf = (count: number) =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    const writer = yield* role(url, "writer")
    yield* Database.query(url, ...scripts.slice(0, count), `SELECT auto_migration.grant_writer('${writer.name}')`)
    return { url, writer }
  })

/** Its server takes what the reader refuses. */
const older = ledgerOf(5)

const append = (kind: string, id: string, checksum = "'sha256:aa'", detail = "'{}'") =>
  `INSERT INTO auto_migration.event (kind, migration_id, checksum, detail) VALUES ('${kind}', ${id}, ${checksum}, ${detail})`

const lease = (id: string, lasts: string, checksum = "'sha256:aa'") =>
  `INSERT INTO auto_migration.lease (migration_id, checksum, holder, lasts, progress, in_doubt)
    VALUES (${id}, ${checksum}, '00000000-0000-4000-8000-000000000001', '${lasts}', 0, 'nothing')`

/** An expression whose value has so many bytes. */
const checksumOf = (bytes: number) => `('a:' || repeat('f', ${bytes - 2}))`

const detailOf = (bytes: number) => `jsonb_build_object('a', repeat('b', ${bytes - '{"a": ""}'.length}))`

/** The constraint that the server names, where it refuses a statement. */
const refusal = (url: string, statement: string) =>
  Effect.map(Effect.flip(Effect.sandbox(Database.query(url, statement))), Cause.pretty)

describe("an event whose id no migration can have", () => {
  for (const kind of ["Applied", "Started", "Failed", "Renamed"]) {
    it.scopedLive(`and that says ${kind}: programs heal, migrate, and show it, and verify names it`, () =>
      Effect.gen(function* () {
        const { url, writer } = yield* older
        yield* Database.query(writer.url, append(kind, "E'\\x1b[31mevil'"), append(kind, "' 001_users'"))
        yield* Effect.gen(function* () {
          deepStrictEqual<ReadonlyArray<string>>(
            (yield* AutoMigration.status).unknown,
            kind === "Applied" || kind === "Renamed" ? ["\u001b[31mevil", " 001_users"] : []
          )
          deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
          deepStrictEqual(yield* AutoMigration.migrate, [])
          assert.isTrue(Either.isRight(yield* AutoMigration.verify))
          assert.include(yield* kinds, `${kind} \u001b[31mevil`)
        }).pipe(Effect.provide(App.layer({ url, migrations: users })))
        yield* Effect.provide(AutoMigration.status, App.layer({ url, migrations: users }))
        const folder = yield* CommandLine.folderOf(users)
        const { code, printed } = yield* CommandLine.type(["verify", "--folder", folder, "--url", url])
        assert.strictEqual(code, 0)
        const id = "has an id that no migration can have"
        assert.include(printed, `event 1, by role ${writer.name}, ${id}: "\\u{1b}[31mevil"`)
        assert.include(printed, `event 2, by role ${writer.name}, ${id}: " 001_users"`)
      })
    )
  }

  it.scopedLive("is refused by the server once the ledger is up to date", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        for (const id of ["E'a\\nb'", "' a'", "E'a\\u00a0'", "''"]) {
          assert.match(yield* refusal(url, append("Applied", id)), /event_migration_id_(?:check|readable)/)
        }
      })
    )
  )
})

describe("the server and the reader take the same", () => {
  /** The server's checks of a column, as one expression. */
  const checkOf = (url: string, column: string) =>
    Effect.map(
      Database.query(
        url,
        `SELECT string_agg(pg_get_expr(k.conbin, k.conrelid), ' AND ') AS text FROM pg_constraint k
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND k.conkey = ARRAY[a.attnum]
          WHERE k.contype = 'c' AND k.conrelid = 'auto_migration.event'::regclass AND a.attname = '${column}'`
      ),
      ([row]) => String(row?.["text"])
    )

  /** Which of the texts the server takes. */
  const taken = (url: string, column: string, texts: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const literal = JSON.stringify(texts).replaceAll("'", "''")
      const rows = yield* Database.query(
        url,
        `SELECT ${yield* checkOf(url, column)} AS taken FROM json_array_elements_text('${literal}')
          WITH ORDINALITY AS t (${column}, n) ORDER BY n`
      )
      return rows.map((row) => row["taken"] === true)
    })

  const withLedger = <A, E>(body: (url: string) => Effect.Effect<A, E>) =>
    inProgram({ migrations: users }, (url) => Effect.zipRight(AutoMigration.migrate, body(url)))

  /** All characters of the basic plane that a text of the server can hold, and some beyond. */
  const characters = [
    ...Array.from({ length: 0xffff }, (_, index) => index + 1).filter((code) => code < 0xd800 || code > 0xdfff),
    ...[0x10000, 0x1f600, 0xe0001, 0x10ffff]
  ].map((code) => String.fromCodePoint(code))

  const unlike = (texts: ReadonlyArray<string>, server: ReadonlyArray<boolean>, reader: (text: string) => boolean) =>
    texts.filter((text, index) => server[index] !== reader(text)).map((text) => JSON.stringify(text))

  const isId = Schema.is(Migration.MigrationId)

  /** A text of so many bytes that holds this character as often as it can. */
  const sized = (character: string, bytes: number): string => {
    const width = Buffer.byteLength(character)
    return "a".repeat(bytes % width) + character.repeat(Math.floor(bytes / width))
  }

  for (const [where, around] of [
    ["at the beginning of", (character: string) => `${character}a`],
    ["in", (character: string) => `a${character}a`],
    ["at the end of", (character: string) => `a${character}`]
  ] as const) {
    it.scopedLive(`each character ${where} an id`, () =>
      withLedger((url) =>
        Effect.gen(function* () {
          const texts = characters.map(around)
          deepStrictEqual(unlike(texts, yield* taken(url, "migration_id", texts), isId), [])
        })
      )
    )
  }

  it.scopedLive("generated ids", () =>
    withLedger((url) =>
      Effect.gen(function* () {
        const unit = fc.oneof(
          fc.constantFrom(..." \t\n\u0085\u00a0\u200b\u2028\u3000\ufeffa1_'\\"),
          fc.constantFrom(...characters)
        )
        const texts = [
          ...fc.sample(fc.string({ unit, maxLength: 8 }), { numRuns: 5000, seed: 18 }),
          ...["a", "é", "\u{1F600}"].flatMap((character) => [1024, 1025].map((bytes) => sized(character, bytes)))
        ]
        const server = yield* taken(url, "migration_id", texts)
        deepStrictEqual(unlike(texts, server, isId), [])
        assert.isTrue(server.includes(true) && server.includes(false))
      })
    )
  )

  it.scopedLive("generated checksums", () =>
    withLedger((url) =>
      Effect.gen(function* () {
        const unit = fc.constantFrom(..."abfgAF09::\n é")
        const generated = fc.sample(
          fc.oneof(
            fc.string({ unit, maxLength: 8 }),
            fc
              .tuple(fc.stringMatching(/^[a-z0-9]+:[0-9a-f]+$/), fc.constantFrom("", "", "\n", " ", "g"))
              .map((_) => _.join(""))
          ),
          { numRuns: 5000, seed: 18 }
        )
        const texts = [...generated, ...[1024, 1025].map((bytes) => `a:${"f".repeat(bytes - 2)}`)]
        const server = yield* taken(url, "checksum", texts)
        deepStrictEqual(unlike(texts, server, Schema.is(Checksum.Checksum)), [])
        assert.isTrue(server.includes(true) && server.includes(false))
      })
    )
  )

  it.scopedLive("the kinds of events", () =>
    withLedger((url) =>
      Effect.gen(function* () {
        const texts = [...LedgerEvent.Kind.literals, "applied", "Applied ", "Moved", ""]
        const server = yield* taken(url, "kind", texts)
        deepStrictEqual(unlike(texts, server, Schema.is(LedgerEvent.Kind)), [])
      })
    )
  )
})

describe("a row that is larger than a process can read", () => {
  const maxDetail = LedgerEvent.maxDetail

  it.scopedLive("is refused by the server, in the log and among the leases", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        const statementsOf = (bytes: number, detail: number) => ({
          event_migration_id_size: append("Applied", `repeat('a', ${bytes})`),
          event_checksum_size: append("Applied", "'b'", checksumOf(bytes)),
          event_detail_size: append("Failed", "'c'", "'sha256:aa'", detailOf(detail)),
          lease_size: lease("'d'", "0", checksumOf(bytes))
        })
        for (const [constraint, statement] of Object.entries(statementsOf(1025, maxDetail + 1))) {
          assert.include(yield* refusal(url, statement), constraint)
        }
        yield* Database.query(url, ...Object.values(statementsOf(1024, maxDetail)))
        deepStrictEqual<ReadonlyArray<string>>((yield* AutoMigration.status).unknown, ["a".repeat(1024), "b"])
        const large = yield* Stream.runCount(
          Stream.filter(AutoMigration.events, ({ detail }) => detail.length === maxDetail)
        )
        deepStrictEqual([large, Either.isRight(yield* AutoMigration.verify)], [1, true])
      })
    )
  )

  it.scopedLive("and that the ledger of an earlier version holds stops no program, and verify names it", () =>
    Effect.gen(function* () {
      const { url, writer } = yield* ledgerOf(6)
      yield* Database.query(
        writer.url,
        append("Applied", "'large'", checksumOf(1025)),
        append("Failed", "'001_users'", "'sha256:aa'", detailOf(maxDetail + 1)),
        lease("'001_users'", "1 day", checksumOf(1025))
      )
      yield* Effect.gen(function* () {
        deepStrictEqual<ReadonlyArray<string>>((yield* AutoMigration.status).unknown, ["large"])
        deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
        deepStrictEqual((yield* AutoMigration.status).held, [])
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
        deepStrictEqual(
          Chunk.toReadonlyArray(
            yield* Stream.runCollect(Stream.filter(AutoMigration.events, LedgerEvent.isTooLarge))
          ).map(({ checksum, sequence }) => `${sequence} ${checksum}`),
          ["1 large:0", "2 sha256:aa"]
        )
      }).pipe(Effect.provide(App.layer({ url, migrations: users })))
      const folder = yield* CommandLine.folderOf(users)
      const { code, printed } = yield* CommandLine.type(["verify", "--folder", folder, "--url", url])
      assert.strictEqual(code, 0)
      for (const event of [1, 2]) {
        assert.include(printed, `event ${event}, by role ${writer.name}, is too large to be read`)
      }
    })
  )
})

describe("a lease of a thousand years", () => {
  it.scopedLive("is refused by the server", () =>
    inProgram({ migrations: users }, (url) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrate
        assert.include(yield* refusal(url, lease("'001_users'", "1000 years")), "lease_lasts_limit")
        yield* Database.query(url, lease("'001_users'", "1 day"))
        assert.include(yield* refusal(url, "UPDATE auto_migration.lease SET lasts = '25 hours'"), "lease_lasts_limit")
        const later = "UPDATE auto_migration.lease SET expires_at = expires_at + interval '1 second'"
        const timeless = "ALTER TABLE auto_migration.lease DISABLE TRIGGER time"
        assert.include(yield* refusal(url, `${timeless}; ${later}`), "lease_lasts_limit")
      })
    )
  )

  for (const id of ["'001_users'", "E'\\x1b[31mevil'"]) {
    it.scopedLive(
      `that a writer of an older ledger has taken for ${id} stops no migration, and is gone afterwards`,
      () =>
        Effect.gen(function* () {
          const { url, writer } = yield* older
          yield* Database.query(writer.url, lease(id, "1000 years"))
          yield* Effect.gen(function* () {
            assert.match((yield* AutoMigration.status).held.join(), /has a lease/)
            deepStrictEqual(yield* ask("SELECT email FROM users"), [{ email: null }])
            deepStrictEqual((yield* AutoMigration.status).held, [])
          }).pipe(Effect.provide(App.layer({ url, migrations: users })))
        })
    )
  }
})
