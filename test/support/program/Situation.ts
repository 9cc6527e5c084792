/**
 * A program in a situation: a database of its own, migrations and options given inline, and the words that tests of it share.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import { assert } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import {
  AutoMigration,
  type AutoMigrationConfig,
  type AutoMigrationError,
  withAutoMigration
} from "effect-auto-migration"
import * as Database from "../server/Database.js"
import * as LedgerTemplate from "../server/LedgerTemplate.js"
import * as Server from "../server/Server.js"
import { during, until, untilFound } from "../server/Until.js"
import * as WireTap from "../server/WireTap.js"
import * as App from "./App.js"
import * as SettableClock from "./SettableClock.js"

export const users = {
  "001_users": "CREATE TABLE users (id integer PRIMARY KEY, name text);\nINSERT INTO users VALUES (1, 'Ada');",
  "002_users_email": "ALTER TABLE users ADD COLUMN email text;"
}

export type Services = AutoMigration.AutoMigration | SqlClient.SqlClient

export interface Setting {
  readonly migrations: Readonly<Record<string, string>>
  readonly before?: ReadonlyArray<string>
  readonly options?: Partial<AutoMigrationConfig.Options>
  readonly maxConnections?: number
}

const inProgramOn =
  (database: Effect.Effect<string, never, Scope.Scope>) =>
  <A, E>(
    { before = [], ...program }: Setting,
    body: (url: string) => Effect.Effect<A, E, Services | Scope.Scope>
  ): Effect.Effect<A, E, Scope.Scope> =>
    Effect.gen(function* () {
      const url = yield* database
      if (before.length > 0) yield* Database.query(url, ...before)
      return yield* Effect.provide(body(url), App.layer({ ...program, url }))
    })

/** A program on a database of its own. */
export const inProgram = inProgramOn(Server.freshDatabase)

/** The same where the ledger is built already, for tests that are not about how it comes to be. */
export const inProgramWithLedger = inProgramOn(LedgerTemplate.freshDatabase)

/** The same, whose clock goes on only when its test lets time pass. */
export const inStoppedProgram = <A, E>(
  setting: Setting,
  body: (url: string, clock: SettableClock.SettableClock) => Effect.Effect<A, E, Services | Scope.Scope>
): Effect.Effect<A, E, Scope.Scope> =>
  Effect.flatMap(SettableClock.stopped, (clock) =>
    Effect.withClock(
      inProgram(setting, (url) => body(url, clock)),
      clock.clock
    )
  )

/** The same as {@link inProgram}, with a tap on the connections of the migrations. */
export const inTappedProgram = <A, E>(
  { before = [], ...program }: Setting,
  body: (url: string, tap: WireTap.WireTap) => Effect.Effect<A, E, Services | Scope.Scope>
): Effect.Effect<A, E, Scope.Scope> =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    if (before.length > 0) yield* Database.query(url, ...before)
    const tap = yield* WireTap.make(url)
    return yield* Effect.provide(body(url, tap), App.layerWithMigrator({ ...program, url, migratorUrl: tap.url }))
  })

/** Why a program with these migrations does not start. */
export const startError = (url: string, migrations: Readonly<Record<string, string>>): Effect.Effect<string> =>
  Effect.map(
    Effect.exit(Effect.provide(AutoMigration.migrate, App.layer({ url, migrations }))),
    Exit.match({ onFailure: Cause.pretty, onSuccess: () => assert.fail("it started") })
  )

export const ask = (text: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => withAutoMigration(sql.unsafe(text)))

/** The same error, as it comes from a client that does not note the text of a statement that fails. */
const withoutText = ({ cause, message }: SqlError): SqlError =>
  new SqlError({ message, cause: Object.assign(new Error(), Object(cause), { message: Object(cause).message }) })

/** The same without the statement's text, and with the boundary around a program and not around a statement. */
export const askWithin = (text: string) =>
  withAutoMigration(Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.mapError(sql.unsafe(text), withoutText)))

export const appliedIds = Effect.map(AutoMigration.status, ({ applied }): ReadonlyArray<string> => applied)

export const kinds = Effect.map(Stream.runCollect(AutoMigration.events), (events) =>
  Chunk.toReadonlyArray(events)
    .filter((event) => !event.migrationId.includes("/"))
    .map((event) => `${event.kind} ${event.migrationId}`)
)

export const isError =
  <Tag extends AutoMigrationError.AutoMigrationError["_tag"]>(tag: Tag) =>
  (error: {
    readonly _tag: string
    readonly message: string
  }): error is Extract<AutoMigrationError.AutoMigrationError, { readonly _tag: Tag }> =>
    error._tag === tag || assert.fail(`expected ${tag}, got ${error._tag}: ${error.message}`)

export const failsWith = <Tag extends AutoMigrationError.AutoMigrationError["_tag"], A, R>(
  tag: Tag,
  effect: Effect.Effect<A, { readonly _tag: string; readonly message: string }, R>
) =>
  Effect.flatMap(Effect.flip(effect), (error) =>
    isError(tag)(error) ? Effect.succeed(error) : Effect.dieMessage("unreachable")
  )

/** The advisory locks of this database. */
export const advisoryLocks = `SELECT count(*)::int AS n FROM pg_locks JOIN pg_database d ON d.oid = database
  WHERE locktype = 'advisory' AND d.datname = current_database()`

/** Of whoever used this database no session, and so no transaction and no lock, is left as soon as the server has noticed. */
export const nothingIsLeft = (url: string) =>
  Effect.map(Database.sessionsLeft(url), (sessions) => deepStrictEqual(sessions, []))

/** Waits until a session of this database waits for a lock. */
export const untilBlocked = (url: string) =>
  untilFound(url, "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")

/** The lock of all processes with the ledger's usual name. */
export const migrationLock = "SELECT pg_advisory_xact_lock(hashtextextended('effect-auto-migration/auto_migration', 0))"

/** Waits until a process has asked who has the migration lock, and has got the answer. A message that takes it or fails asks nothing. */
export const untilRefused = (tap: WireTap.WireTap) =>
  until(
    Effect.map(
      tap.heard,
      ({ roundTrips, statements }) =>
        roundTrips === statements.length && statements.some((text) => text.includes('AS "locked"'))
    )
  )

/** A heal that does not get its locks asks again after an hour, and gives up after a minute, by the clock of its test. */
export const patient = { deadline: Duration.minutes(1), lockRetry: Schedule.spaced("1 hour") }

/** The error of such a heal. It fails at its last attempt, just before its deadline. */
export const waitsInVain = <A, E extends { readonly _tag: string; readonly message: string }, R>(
  { pass, untilSleeping }: SettableClock.SettableClock,
  heal: Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const waiting = yield* Effect.fork(failsWith("LockTimeout", heal))
    yield* during(waiting, untilSleeping("1 hour"))
    yield* pass("59900 millis")
    return yield* Fiber.join(waiting)
  })

/** Holds what a statement locks until the scope ends. */
export const holding = (url: string, statement: string) =>
  Effect.gen(function* () {
    const held = yield* Deferred.make<void>()
    yield* Effect.flatMap(SqlClient.SqlClient, (sql) =>
      sql.withTransaction(
        Effect.zipRight(sql.unsafe(statement), Effect.zipRight(Deferred.succeed(held, undefined), Effect.never))
      )
    ).pipe(Effect.provide(Layer.fresh(App.client({ url }))), Effect.forkScoped)
    yield* Deferred.await(held)
  })
