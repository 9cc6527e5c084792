/**
 * A file that was renamed after it had been applied. Neither a query nor an operator runs it again before its new name is recorded.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { AutoMigration, type AutoMigrationConfig, LedgerEvent } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import * as CommandLine from "../../support/program/CommandLine.js"
import { ask, failsWith, kinds } from "../../support/program/Situation.js"
import * as Server from "../../support/server/Server.js"

type Files = Readonly<Record<string, string>>

const courses = "CREATE TABLE courses (id integer);"
const codes = { "20240401_codes": "ALTER TABLE courses ADD COLUMN code text;" }
const before = { "20240331_courses": courses }
const after = { "20240330_courses": courses, ...codes }
const command = "npx effect-auto-migration rename 20240331_courses 20240330_courses"
const call = 'AutoMigration.rename("20240331_courses", "20240330_courses")'

const on = (url: string, migrations: Files, options: Partial<AutoMigrationConfig.Options> = {}) =>
  Effect.provide(App.layer({ url, migrations, options }))

/** A database on which these migrations have been applied. */
const migrated = (migrations: Files) =>
  Effect.tap(Server.freshDatabase, (url) => AutoMigration.migrate.pipe(on(url, migrations)))

describe("a file that was renamed after it had been applied", () => {
  for (const [what, work] of [
    ["a query that needs a file behind it", ask("SELECT code FROM courses")],
    ["migrate", AutoMigration.migrate],
    ["migrateTo", AutoMigration.migrateTo(["20240401_codes"])],
    ["losses", AutoMigration.losses]
  ] as const) {
    it.scopedLive(`is not run by ${what}: MigrationRenamed names both ids and the command`, () =>
      Effect.gen(function* () {
        const url = yield* migrated(before)
        yield* Effect.gen(function* () {
          const error = yield* failsWith("MigrationRenamed", work)
          deepStrictEqual(
            [error.migrationId, error.file, error.from],
            ["20240330_courses", "record:20240330_courses", ["20240331_courses"]]
          )
          assert.isTrue(error.message.endsWith(call), error.message)
          deepStrictEqual(yield* kinds, ["Applied 20240331_courses"])
        }).pipe(on(url, after))
      })
    )
  }

  it.scopedLive("fails before the plan begins", () =>
    Effect.gen(function* () {
      const url = yield* migrated({ "002_a": "CREATE TABLE a (id integer);" })
      yield* Effect.gen(function* () {
        yield* failsWith("MigrationRenamed", AutoMigration.migrate)
        deepStrictEqual(yield* kinds, ["Applied 002_a"])
      }).pipe(on(url, { "001_b": "CREATE TABLE b (id integer);", "003_a": "CREATE TABLE a (id integer);" }))
    })
  )

  it.scopedLive("also counts when only the case of its name has changed", () =>
    Effect.gen(function* () {
      const url = yield* migrated({ "001_Courses": courses })
      yield* Effect.gen(function* () {
        const error = yield* failsWith("MigrationRenamed", ask("SELECT code FROM courses"))
        deepStrictEqual(error.from, ["001_Courses"])
      }).pipe(on(url, { "001_courses": courses, ...codes }))
    })
  )

  it.scopedLive("is no pending migration in mode observe", () =>
    Effect.gen(function* () {
      const url = yield* migrated(before)
      yield* failsWith("MigrationRenamed", ask("SELECT code FROM courses")).pipe(on(url, after, { mode: "observe" }))
    })
  )

  it.scopedLive("comes before a refusal by policy", () =>
    Effect.gen(function* () {
      const fill = "CREATE TABLE fine (id integer);\nTRUNCATE courses;"
      const url = yield* migrated({ ...before, "20240402_fill": fill })
      yield* failsWith("MigrationRenamed", ask("SELECT code FROM courses")).pipe(
        on(url, { ...before, "20240332_fill": fill, ...codes })
      )
    })
  )

  it.scopedLive("names all ids under which the text has been applied", () =>
    Effect.gen(function* () {
      const refresh = "UPDATE courses SET id = 1;"
      const url = yield* migrated({ ...before, "20240332_a": refresh, "20240333_b": refresh })
      yield* Effect.gen(function* () {
        const error = yield* failsWith("MigrationRenamed", AutoMigration.migrate)
        deepStrictEqual(error.from, ["20240332_a", "20240333_b"])
        assert.include(error.message, 'rename("20240332_a", "20240334_c"). Or: AutoMigration.rename')
      }).pipe(on(url, { ...before, "20240334_c": refresh }))
    })
  )

  it.scopedLive(
    "is not run by a query where a file of another text has its old name: the error says what to name them",
    () =>
      Effect.gen(function* () {
        const fill = "INSERT INTO courses VALUES (1);"
        const url = yield* migrated({ "1": courses, "2": fill })
        yield* Effect.gen(function* () {
          const error = yield* failsWith("MigrationRenamed", ask("SELECT code FROM courses"))
          deepStrictEqual([error.migrationId, error.from, error.commands], ["3", ["2"], []])
          const { edited, renamed } = yield* AutoMigration.status
          deepStrictEqual<unknown>([edited, renamed], [["2"], []])
          yield* failsWith("ChecksumMismatch", AutoMigration.migrate)
          deepStrictEqual(yield* kinds, ["Applied 1", "Applied 2"])
        }).pipe(
          on(url, {
            "1": courses,
            "2": "CREATE TABLE rooms (id integer);",
            "3": fill,
            "4": "ALTER TABLE courses ADD COLUMN code text;"
          })
        )
      })
  )

  for (const [what, applied, files] of [
    ["holds a comment only", { "001_a": "-- nothing yet" }, { "002_b": "-- nothing yet" }],
    ["has been edited as well", before, { "20240330_courses": `${courses}\nSELECT 1;`.replace("courses", "lessons") }],
    [
      "has the text of a file that is applied and still there",
      { ...before, "20240332_a": "UPDATE courses SET id = 1;", "20240333_b": "UPDATE courses SET id = 1;" },
      { ...before, "20240333_b": "UPDATE courses SET id = 1;", "20240334_c": "UPDATE courses SET id = 1;" }
    ]
  ] as const) {
    it.scopedLive(`is not recognised where it ${what}`, () =>
      Effect.gen(function* () {
        const url = yield* migrated(applied)
        const ran = yield* AutoMigration.migrate.pipe(on(url, files))
        deepStrictEqual(ran.length, 1)
      })
    )
  }
})

describe("rename", () => {
  it.scopedLive("records the new name, after which queries heal", () =>
    Effect.gen(function* () {
      const url = yield* migrated(before)
      yield* Effect.gen(function* () {
        const due = yield* AutoMigration.status
        deepStrictEqual<ReadonlyArray<{ from: string; to: string }>>(due.renamed, [
          { from: "20240331_courses", to: "20240330_courses" }
        ])
        deepStrictEqual(due.unknown, [])
        yield* AutoMigration.rename("20240331_courses", "20240330_courses")
        const events = Chunk.toReadonlyArray(yield* Stream.runCollect(AutoMigration.events))
        deepStrictEqual(
          events
            .filter(({ kind }) => kind === "Renamed")
            .map((event) => [event.migrationId, Option.getOrThrow(LedgerEvent.detailOf(event)).from]),
          [["20240330_courses", "20240331_courses"]]
        )
        deepStrictEqual(yield* ask("SELECT code FROM courses"), [])
        const { applied, pending, renamed, unknown } = yield* AutoMigration.status
        deepStrictEqual<ReadonlyArray<ReadonlyArray<unknown>>>(
          [applied, pending, renamed, unknown],
          [["20240330_courses", "20240401_codes"], [], [], []]
        )
        assert.isTrue(Either.isRight(yield* AutoMigration.verify))
      }).pipe(on(url, after))
    })
  )

  it.scopedLive("can be repeated with the next name, and back to the first one", () =>
    Effect.gen(function* () {
      const url = yield* migrated({ a: courses })
      for (const [from, to] of [
        ["a", "b"],
        ["b", "c"]
      ] as const) {
        yield* AutoMigration.rename(from, to).pipe(on(url, { [to]: courses }))
      }
      deepStrictEqual(yield* AutoMigration.migrate.pipe(on(url, { c: courses })), [])
      deepStrictEqual(yield* AutoMigration.migrate.pipe(on(url, { a: courses })), [])
    })
  )

  for (const [objection, from, to, files] of [
    ["not applied", "000_none", "20240330_courses", after],
    ["still a file", "20240331_courses", "20240330_courses", { ...before, ...after }],
    ["already applied", "20240330_courses", "20240331_courses", before],
    ["another text", "20240331_courses", "20240401_codes", { ...after, ...codes }]
  ] as const) {
    it.scopedLive(`is refused where one of the ids is of another kind: ${objection}`, () =>
      Effect.gen(function* () {
        const url = yield* migrated(before)
        yield* Effect.gen(function* () {
          const error = yield* failsWith("RenameRefused", AutoMigration.rename(from, to))
          deepStrictEqual([error.objection, error.from, error.to], [objection, from, to])
          deepStrictEqual(yield* kinds, ["Applied 20240331_courses"])
        }).pipe(on(url, files))
      })
    )
  }

  it.scopedLive("fails for a new id that no file has", () =>
    Effect.gen(function* () {
      const url = yield* migrated(before)
      const error = yield* Effect.flip(AutoMigration.rename("20240331_courses", "x")).pipe(on(url, after))
      assert.strictEqual(error._tag, "UnknownMigration")
    })
  )

  it.scopedLive("is recorded once when many processes record it at once", () =>
    Effect.gen(function* () {
      const url = yield* migrated(before)
      const ended = yield* Effect.replicateEffect(
        Effect.either(AutoMigration.rename("20240331_courses", "20240330_courses")).pipe(on(url, after)),
        4
      ).pipe(Effect.withConcurrency("unbounded"))
      deepStrictEqual(ended.filter(Either.isRight).length, 1)
      for (const end of ended.filter(Either.isLeft)) {
        assert.include(end.left.message, "is applied already")
      }
    })
  )

  it.scopedLive("is a command, and status and plan name it", () =>
    Effect.gen(function* () {
      const [url, folder] = yield* Effect.all([migrated(before), CommandLine.folderOf(after)])
      const typed = (...words: ReadonlyArray<string>) => CommandLine.type([...words, "--folder", folder, "--url", url])
      const line = `renamed  20240331_courses is 20240330_courses now: ${command}`
      for (const told of ["status", "plan"]) assert.include((yield* typed(told)).printed, line)
      const pasted = command.split(" ").slice(2)
      deepStrictEqual(yield* typed(...pasted), { code: 0, printed: "renamed  20240331_courses to 20240330_courses" })
      for (const told of ["status", "plan"]) assert.notInclude((yield* typed(told)).printed, "renamed")
      deepStrictEqual(yield* typed("migrate"), { code: 0, printed: "applied  20240401_codes" })
    })
  )
})
