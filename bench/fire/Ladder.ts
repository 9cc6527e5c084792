/**
 * Ten migrations, each a step on the one before, and a query that needs all of them. Each fills its table from the one
 * before, so that a step that is lost, or done twice, shows in the rows; with many rows a step is work.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as AutoMigration from "../../src/AutoMigration.js"
import * as App from "../../test/support/program/App.js"
import * as Database from "../../test/support/server/Database.js"
import { claim } from "./Figure.js"

const steps = Array.from({ length: 10 }, (_, n) => `step_${String(n + 1).padStart(2, "0")}`)

const table = (name: string) =>
  `CREATE TABLE ${name} (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, height integer NOT NULL);`

const fill = (name: string, n: number, rows: number) =>
  `INSERT INTO ${name} (height) SELECT ${n === 0 ? `1 FROM generate_series(1, ${rows})` : `height + 1 FROM ${steps[n - 1]}`};`

/** Each fills a table of that many rows. */
export const migrations = (rows: number): Readonly<Record<string, string>> =>
  Object.fromEntries(steps.map((name, n) => [name, `${table(name)}\n${fill(name, n, rows)}`]))

export const query = "SELECT height FROM step_10 WHERE id = 1"

export const isAnswer = (rows: ReadonlyArray<unknown>): boolean => JSON.stringify(rows) === '[{"height":10}]'

const Program = (url: string, rows: number) => Layer.fresh(App.layer({ url, migrations: migrations(rows) }))

/** Every object is there with its rows, the ledger says so once of each and of nothing else, and no session is left. */
export const isClimbedOnce = (url: string, rows: number) =>
  Effect.gen(function* () {
    const events = yield* Stream.runFold(AutoMigration.events, [] as string[], (seen, { kind, migrationId }) =>
      migrationId.includes("/") ? seen : [...seen, `${kind} ${migrationId}`]
    )
    claim("each migration is applied once, and none failed", events.join() === steps.map((_) => `Applied ${_}`).join())
    claim("the ledger's chain is unbroken", Either.isRight(yield* AutoMigration.verify))
    for (const [n, name] of steps.entries()) {
      const found = yield* Database.query(url, `SELECT height, count(*)::integer AS rows FROM ${name} GROUP BY height`)
      const expected = [{ height: n + 1, rows }]
      claim(`${name} has the rows that its migration put there`, JSON.stringify(found) === JSON.stringify(expected))
    }
  }).pipe(
    Effect.provide(Program(url, rows)),
    Effect.zipRight(Database.sessionsLeft(url)),
    Effect.map((left) => claim(`no session is left, but there is ${JSON.stringify(left)}`, left.length === 0))
  )

/** When the last step wrote its event, in milliseconds since 1970 by the server's clock. */
export const climbedAt = (url: string): Effect.Effect<number> =>
  Effect.map(
    Database.query(
      url,
      `SELECT (extract(epoch FROM recorded_at) * 1000)::float AS at FROM auto_migration.event WHERE migration_id = '${steps.at(-1)}'`
    ),
    ([row]) => Number(row?.["at"])
  )
