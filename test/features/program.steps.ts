/**
 * The words of the feature files that speak of a program under the library.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { AutoMigration, type AutoMigrationConfig, withAutoMigration } from "effect-auto-migration"
import { type DataTable, Given, Then, When } from "quickpickle"
import { assert } from "vitest"
import * as App from "../support/program/App.js"
import { type Notes, step } from "../support/program/Scenario.js"

type Services = AutoMigration.AutoMigration | SqlClient

const isScripts = (value: unknown): value is Readonly<Record<string, string>> => Predicate.isRecord(value)

const isMode = (value: unknown): value is AutoMigrationConfig.Options["mode"] => value === "observe"

const optional = <A>(notes: Notes, name: string, is: (value: unknown) => value is A): A | undefined =>
  notes.get(name, (value: unknown): value is A | undefined => value === undefined || is(value))

/** A replica that starts now: it knows the migrations that have been written so far. */
const inReplica = <A, E>(notes: Notes, body: Effect.Effect<A, E, Services>): Effect.Effect<A, E> => {
  const mode = optional(notes, "mode", isMode)
  return Effect.scoped(
    Effect.provide(
      body,
      App.layer({
        url: notes.get("database", Predicate.isString),
        migrations: optional(notes, "migrations", isScripts) ?? {},
        options: mode === undefined ? {} : { mode }
      })
    )
  )
}

const ask = (statement: unknown) => Effect.flatMap(SqlClient, (sql) => withAutoMigration(sql.unsafe(String(statement))))

const failure = (notes: Notes) => Effect.flip(notes.get("outcome", Exit.isExit))

const isOwnOfLedger = (id: string): boolean => id.startsWith("effect-auto-migration/")

const events = Effect.map(Stream.runCollect(AutoMigration.events), (chunk) =>
  Chunk.toReadonlyArray(chunk).filter((event) => !isOwnOfLedger(event.migrationId))
)

const list = (text: string): ReadonlyArray<string> => text.split(", ")

Given(
  "the migration {string}",
  step((notes, id: string, script: unknown) =>
    Effect.sync(() => notes.set("migrations", { ...optional(notes, "migrations", isScripts), [id]: String(script) }))
  )
)

Given(
  "a request has asked",
  step((notes, statement: unknown) => inReplica(notes, ask(statement)))
)

Given(
  "the program only observes",
  step((notes) => Effect.sync(() => notes.set("mode", "observe")))
)

When(
  "a request asks",
  step((notes, statement: unknown) =>
    Effect.map(Effect.exit(inReplica(notes, ask(statement))), (exit) => notes.set("outcome", exit))
  )
)

When(
  "a transaction runs",
  step((notes, script: unknown) =>
    inReplica(
      notes,
      Effect.flatMap(SqlClient, (sql) =>
        Effect.forEach(String(script).split(";"), (statement) => sql.unsafe(statement)).pipe(
          sql.withTransaction,
          withAutoMigration
        )
      )
    )
  )
)

When(
  "{int} replicas ask {int} times each",
  step((notes, replicas: number, times: number, statement: unknown) =>
    Effect.replicateEffect(
      inReplica(
        notes,
        Effect.replicateEffect(Effect.exit(ask(statement)), times).pipe(Effect.withConcurrency("unbounded"))
      ),
      replicas
    ).pipe(
      Effect.withConcurrency("unbounded"),
      Effect.map((exits) => notes.set("outcomes", exits.flat()))
    )
  )
)

When(
  "an operator migrates",
  step((notes) => inReplica(notes, AutoMigration.migrate))
)

Then(
  "it answers",
  step((notes, table: DataTable) =>
    Effect.map(notes.get("outcome", Exit.isExit), (rows) => deepStrictEqual(rows, table.hashes()))
  )
)

Then(
  "every request is answered",
  step((notes) => Effect.all(notes.get("outcomes", Array.isArray).filter(Exit.isExit)))
)

Then(
  "it fails with {word}",
  step((notes, tag: string) => Effect.map(failure(notes), (error) => assert.propertyVal(Object(error), "_tag", tag)))
)

Then(
  "the error says {string}",
  step((notes, words: string) =>
    Effect.map(failure(notes), (error) => assert.include(String(Reflect.get(Object(error), "message")), words))
  )
)

Then(
  "nothing is applied",
  step((notes) =>
    inReplica(
      notes,
      Effect.map(AutoMigration.status, ({ applied }) => deepStrictEqual(applied, []))
    )
  )
)

Then(
  /^these migrations are applied: (.+)$/,
  step((notes, ids: string) =>
    inReplica(
      notes,
      Effect.map(AutoMigration.status, ({ applied }) => deepStrictEqual<ReadonlyArray<string>>(applied, list(ids)))
    )
  )
)

Then(
  "each applied migration was applied once",
  step((notes) =>
    inReplica(
      notes,
      Effect.map(events, (log) => {
        const applications = log.filter(({ kind }) => kind === "Applied").map(({ migrationId }) => migrationId)
        assert.isNotEmpty(applications)
        assert.strictEqual(new Set(applications).size, applications.length)
      })
    )
  )
)

Then(
  /^the ledger's events are: (.+)$/,
  step((notes, expected: string) =>
    inReplica(
      notes,
      Effect.map(events, (log) =>
        deepStrictEqual(
          log.map(({ kind, migrationId }) => `${kind} ${migrationId}`),
          [...list(expected)]
        )
      )
    )
  )
)

Then(
  "the last event is {string} of {word} because of {string}",
  step((notes, kind: string, id: string, gap: string) =>
    inReplica(
      notes,
      Effect.map(events, (log) => {
        const last = log[log.length - 1]
        deepStrictEqual([String(last?.kind), String(last?.migrationId)], [kind, id])
        assert.propertyVal(JSON.parse(last?.detail ?? "{}"), "gap", gap)
      })
    )
  )
)

Then(
  "the record is unbroken",
  step((notes) =>
    inReplica(
      notes,
      Effect.map(AutoMigration.verify, (verified) => assert.isTrue(Either.isRight(verified)))
    )
  )
)

Then(
  "the record is broken at event {int}",
  step((notes, sequence: number) =>
    inReplica(
      notes,
      Effect.map(AutoMigration.verify, (verified) =>
        deepStrictEqual(verified, Either.left({ sequence, reason: "hash" }))
      )
    )
  )
)
