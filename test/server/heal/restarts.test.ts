/**
 * A transaction of the caller that meets a gap, for each way to open it. An inner boundary asks for a fresh transaction, and an outer
 * boundary begins it again. No heal waits for a lock of its own caller.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { withAutoMigration, withAutoMigrationStream } from "effect-auto-migration"
import {
  appliedIds,
  ask,
  askWithin,
  failsWith,
  inProgram,
  inStoppedProgram,
  patient,
  users,
  waitsInVain
} from "../../support/program/Situation.js"

const levels = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] as const

const emails = "SELECT name, email FROM users ORDER BY id"
const healed = [{ name: "Ada", email: null }]

const rows = (connection: Connection, text: string) => connection.execute(text, [], undefined)

/** A transaction that is begun by hand, which the client does not see. */
const byHand = <A, E, R>(begin: string, body: (connection: Connection) => Effect.Effect<A, E, R>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const connection = yield* (yield* SqlClient.SqlClient).reserve
      yield* rows(connection, begin)
      return yield* body(connection).pipe(
        Effect.onExit((exit) => Effect.ignore(rows(connection, Exit.isSuccess(exit) ? "COMMIT" : "ROLLBACK")))
      )
    })
  )

/** Waiting for a lock takes longer than the test, as the deadline does. */
const endless = { lockTimeout: Duration.minutes(10) }

describe("a transaction at each isolation level", () => {
  for (const level of levels) {
    it.scopedLive(`${level}, set by its first statement: fails inside, begins again with the outer boundary`, () =>
      inProgram({ migrations: users }, () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* askWithin("SELECT name FROM users")
          const read = sql.withTransaction(
            Effect.zipRight(sql.unsafe(`SET TRANSACTION ISOLATION LEVEL ${level}`), ask(emails))
          )
          yield* failsWith("TransactionMustRestart", read)
          deepStrictEqual(yield* appliedIds, ["001_users"])
          deepStrictEqual(yield* withAutoMigration(read), healed)
        })
      )
    )

    it.scopedLive(`${level}, the role's default: fails inside, begins again with the outer boundary`, () =>
      inProgram(
        {
          migrations: users,
          before: [
            `DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I SET default_transaction_isolation = %L',
              current_user, current_database(), '${level.toLowerCase()}'); END $$`
          ]
        },
        () =>
          Effect.gen(function* () {
            const sql = yield* SqlClient.SqlClient
            yield* askWithin("SELECT name FROM users")
            const read = sql.withTransaction(Effect.zipRight(sql`SELECT count(*) FROM users`, ask(emails)))
            yield* failsWith("TransactionMustRestart", read)
            deepStrictEqual(yield* appliedIds, ["001_users"])
            deepStrictEqual(yield* withAutoMigration(read), healed)
          })
      )
    )

    it.scopedLive(
      `${level}, begun by hand: fails inside with the gap and not with 25P02, begins again with the outer boundary`,
      () =>
        inProgram({ migrations: users, options: endless }, () =>
          Effect.gen(function* () {
            yield* askWithin("SELECT name FROM users")
            let begun = 0
            const read = byHand(`BEGIN ISOLATION LEVEL ${level}`, (connection) => {
              begun++
              return Effect.zipRight(
                rows(connection, "LOCK TABLE users IN ROW EXCLUSIVE MODE"),
                withAutoMigration(rows(connection, emails))
              )
            })
            const error = yield* failsWith("TransactionMustRestart", read)
            assert.include(error.message, "column email")
            deepStrictEqual(yield* withAutoMigration(read), healed)
            assert.strictEqual(begun, 2)
          })
        )
    )
  }

  it.scopedLive("begun by hand, with a boundary inside and one around on an old schema: begins again once", () =>
    inProgram({ migrations: users, options: endless, maxConnections: 1 }, () =>
      Effect.gen(function* () {
        let begun = 0
        const read = byHand("BEGIN", (connection) => {
          begun++
          return Effect.zipRight(
            rows(connection, "CREATE TEMP TABLE mine ON COMMIT DROP AS SELECT 1"),
            withAutoMigration(rows(connection, emails))
          )
        })
        deepStrictEqual(yield* withAutoMigration(read), healed)
        assert.isAtMost(begun, 3)
      })
    )
  )
})

describe("a savepoint set by hand, which keeps the locks of the transaction around it", () => {
  const inSavepoint = byHand("BEGIN", (connection) =>
    Effect.gen(function* () {
      yield* rows(connection, "LOCK TABLE users IN ROW EXCLUSIVE MODE")
      yield* rows(connection, "SAVEPOINT mine")
      return yield* withAutoMigration(rows(connection, emails))
    })
  )

  it.scopedLive("fails with TransactionMustRestart, and no heal has waited for those locks", () =>
    inProgram({ migrations: users, options: endless }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        yield* failsWith("TransactionMustRestart", inSavepoint)
        deepStrictEqual(yield* appliedIds, ["001_users"])
        deepStrictEqual(yield* withAutoMigration(inSavepoint), healed)
      })
    )
  )

  it.scopedLive("by another session costs a boundary whose connection is not known one more run", () =>
    inProgram({ migrations: users, options: endless, before: ["CREATE TABLE elsewhere (id integer)"] }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        let runs = 0
        const sql = yield* SqlClient.SqlClient
        const read = Effect.suspend(() => {
          runs++
          return Effect.map(sql.unsafe(emails), (found) => found)
        })
        yield* byHand("BEGIN", (connection) =>
          Effect.gen(function* () {
            yield* rows(connection, "LOCK TABLE elsewhere IN ROW EXCLUSIVE MODE")
            yield* rows(connection, "SAVEPOINT mine")
            yield* Effect.ignore(rows(connection, "SELECT 1/0"))
            deepStrictEqual(yield* withAutoMigration(read), healed)
          })
        )
        assert.strictEqual(runs, 3)
      })
    )
  )
})

describe("nested transactions", () => {
  it.scopedLive("whose error is caught around the savepoint go on without a heal, and may begin again later", () =>
    inProgram({ migrations: { ...users, "003_orders": "CREATE TABLE orders (id integer);" } }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const caught = sql.withTransaction(ask(emails)).pipe(Effect.catchAll(() => Effect.succeed("without e-mail")))
        const outer = (last: string) =>
          sql.withTransaction(
            Effect.gen(function* () {
              yield* sql`INSERT INTO users (id, name) VALUES (2, 'Grace')`
              const result = yield* caught
              yield* sql.unsafe(last)
              return result
            })
          )
        assert.strictEqual(yield* withAutoMigration(outer("SELECT 1")), "without e-mail")
        deepStrictEqual(yield* appliedIds, ["001_users"])
        deepStrictEqual(yield* sql`SELECT name FROM users ORDER BY id`, [{ name: "Ada" }, { name: "Grace" }])
        yield* sql`DELETE FROM users WHERE id = 2`
        assert.strictEqual(yield* withAutoMigration(outer("SELECT id FROM orders")), "without e-mail")
        deepStrictEqual(yield* appliedIds, ["001_users", "003_orders"])
      })
    )
  )

  it.scopedLive("hold no heal up by a table lock of the outer one", () =>
    inProgram({ migrations: users, options: endless }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const nested = sql.withTransaction(
          Effect.zipRight(sql`LOCK TABLE users IN ACCESS EXCLUSIVE MODE`, sql.withTransaction(ask(emails)))
        )
        yield* failsWith("TransactionMustRestart", nested)
        deepStrictEqual(yield* withAutoMigration(nested), healed)
      })
    )
  )

  it.scopedLive("side by side: all begin again with the outer one", () =>
    inProgram({ migrations: users, options: endless }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const both = sql.withTransaction(
          Effect.all([sql.withTransaction(ask(emails)), sql.withTransaction(ask("SELECT email FROM users"))], {
            concurrency: "unbounded"
          })
        )
        yield* failsWith("TransactionMustRestart", both)
        deepStrictEqual(yield* withAutoMigration(both), [healed, [{ email: null }]])
      })
    )
  )
})

describe("statements side by side in one transaction", () => {
  /** The first question to the ledger is on its way while the second statement gets 25P02. */
  const columnOnly = { "001_users_email": users["002_users_email"] }
  const table = ["CREATE TABLE users (id integer PRIMARY KEY, name text)", "INSERT INTO users VALUES (1, 'Ada')"]

  for (const protect of ["each", "the first"] as const) {
    it.scopedLive(
      `with a boundary around ${protect}: the outer boundary learns of the gap, in any order of the answers`,
      () =>
        inProgram({ migrations: columnOnly, before: table, options: endless }, () =>
          Effect.gen(function* () {
            const sql = yield* SqlClient.SqlClient
            const last = sql`SELECT 1 AS one`
            const both = sql.withTransaction(
              Effect.all([ask(emails), protect === "each" ? withAutoMigration(last) : last], {
                concurrency: "unbounded"
              })
            )
            deepStrictEqual(yield* withAutoMigration(both), [healed, [{ one: 1 }]])
          })
        )
    )
  }
})

describe("fibers forked inside a transaction", () => {
  const forks = { child: Effect.fork, daemon: Effect.forkDaemon }
  for (const [kind, fork] of Object.entries(forks)) {
    it.scopedLive(`a ${kind} asks for a fresh transaction too, and waits for none of its locks`, () =>
      inProgram({ migrations: users, options: endless }, () =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* askWithin("SELECT name FROM users")
          const forking = sql.withTransaction(
            Effect.gen(function* () {
              yield* sql`LOCK TABLE users IN SHARE MODE`
              return yield* Effect.flatMap(fork(ask(emails)), Fiber.join)
            })
          )
          yield* failsWith("TransactionMustRestart", forking)
          deepStrictEqual(yield* appliedIds, ["001_users"])
          deepStrictEqual(yield* withAutoMigration(forking), healed)
        })
      )
    )
  }
})

describe("a lock that the caller holds where no process can see it", () => {
  const impatient = { ...patient, lockTimeout: Duration.millis(100) }

  it.scopedLive("a table, on a reserved connection: LockTimeout, and the caller goes on", () =>
    inStoppedProgram({ migrations: users, options: impatient }, (_, clock) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const beside = byHand("BEGIN", (connection) =>
          Effect.gen(function* () {
            yield* rows(connection, "LOCK TABLE users IN ROW EXCLUSIVE MODE")
            const error = yield* waitsInVain(clock, ask(emails))
            assert.strictEqual(error.waitingFor, "table-lock")
            yield* rows(connection, "INSERT INTO users (id, name) VALUES (2, 'Grace')")
          })
        )
        yield* beside
        yield* clock.pass("1 hour")
        deepStrictEqual(yield* ask("SELECT id, email FROM users ORDER BY id"), [
          { id: 1, email: null },
          { id: 2, email: null }
        ])
      })
    )
  )

  it.scopedLive("the migration lock, by a session: LockTimeout, and the caller goes on", () =>
    inStoppedProgram({ migrations: users, options: impatient }, (_, clock) =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        yield* Effect.scoped(
          Effect.gen(function* () {
            const connection = yield* (yield* SqlClient.SqlClient).reserve
            const key = "hashtextextended('effect-auto-migration/auto_migration', 0)"
            yield* rows(connection, `SELECT pg_advisory_lock(${key})`)
            const error = yield* waitsInVain(clock, ask(emails))
            assert.strictEqual(error.waitingFor, "migration-lock")
            deepStrictEqual(yield* rows(connection, `SELECT pg_advisory_unlock(${key}) AS held`), [{ held: true }])
          })
        )
        deepStrictEqual(yield* ask(emails), healed)
      })
    )
  )
})

describe("streams and cursors", () => {
  const collected = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
    Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

  const protectedStream = Effect.map(SqlClient.SqlClient, (sql) => withAutoMigrationStream(sql.unsafe(emails).stream))

  it.scopedLive("a stream on a pool of one connection gives it back before it begins again", () =>
    inProgram({ migrations: users, maxConnections: 1, options: endless }, () =>
      Effect.gen(function* () {
        deepStrictEqual(yield* collected(Stream.unwrap(protectedStream)), healed)
      })
    )
  )

  it.scopedLive("a stream inside a transaction: fails inside, begins again with the outer transaction", () =>
    inProgram({ migrations: users, maxConnections: 1, options: endless }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const read = sql.withTransaction(
          Effect.zipRight(
            sql`LOCK TABLE users IN ROW EXCLUSIVE MODE`,
            Effect.flatMap(protectedStream, (stream) => collected(stream))
          )
        )
        yield* failsWith("TransactionMustRestart", read)
        deepStrictEqual(yield* appliedIds, ["001_users"])
        deepStrictEqual(yield* withAutoMigration(read), healed)
      })
    )
  )

  it.scopedLive("a stream on a reserved connection, outside a transaction and in one begun by hand", () =>
    inProgram({ migrations: users, options: endless }, () =>
      Effect.gen(function* () {
        yield* askWithin("SELECT name FROM users")
        const read = (connection: Connection) =>
          collected(withAutoMigrationStream(connection.executeStream(emails, [], undefined)))
        yield* failsWith("TransactionMustRestart", byHand("BEGIN", read))
        deepStrictEqual(yield* withAutoMigration(byHand("BEGIN", read)), healed)
      })
    )
  )

  it.scopedLive("a stream of a whole transaction begins again with its transaction before its first element", () =>
    inProgram({ migrations: users, maxConnections: 1, options: endless }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const transaction = sql.withTransaction(
          Effect.zipRight(sql`INSERT INTO users (id, name) VALUES (2, 'Grace')`, ask(emails))
        )
        const stream = withAutoMigrationStream(Stream.fromIterableEffect(transaction))
        deepStrictEqual(yield* collected(stream), [...healed, { name: "Grace", email: null }])
      })
    )
  )

  it.scopedLive("a stream of transactions does not begin again after its first element", () =>
    inProgram({ migrations: users, options: endless }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const stream = withAutoMigrationStream(
          Stream.mapEffect(Stream.make("SELECT name FROM users", emails), (text) =>
            sql.withTransaction(sql.unsafe(text))
          )
        )
        const error = yield* Effect.flip(collected(stream))
        assert.strictEqual(error._tag, "SqlError")
        deepStrictEqual(yield* appliedIds, ["001_users"])
      })
    )
  )

  it.scopedLive("a cursor declared by hand is declared again, and read from its start", () =>
    inProgram({ migrations: users, options: endless }, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* askWithin("SELECT name FROM users")
        const fetched = sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`DECLARE names CURSOR FOR SELECT name FROM users`
            const first = yield* sql`FETCH 1 FROM names`
            yield* withAutoMigration(sql.unsafe(`DECLARE emails CURSOR FOR ${emails}`))
            return [first, yield* sql`FETCH ALL FROM emails`, yield* sql`FETCH 1 FROM names`]
          })
        )
        yield* failsWith("TransactionMustRestart", fetched)
        deepStrictEqual(yield* withAutoMigration(fetched), [[{ name: "Ada" }], healed, []])
      })
    )
  )
})
