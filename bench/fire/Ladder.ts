/**
 * Ten migrations, each a step on the one before, and a query that needs all of them. Each fills its table from the one
 * before, so that a step that is lost, or done twice, shows in the rows.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as AutoMigration from "../../src/AutoMigration.js"
import * as App from "../../test/support/App.js"
import * as Database from "../../test/support/Database.js"
import { claim } from "./Figure.js"

const steps = Array.from({ length: 10 }, (_, n) => `step_${String(n + 1).padStart(2, "0")}`)

const table = (name: string) =>
  `CREATE TABLE ${name} (id integer GENERATED ALWAYS AS IDENTITY, height integer NOT NULL);`

export const migrations: Readonly<Record<string, string>> = Object.fromEntries(
  steps.map((name, n) => [
    name,
    `${table(name)}\nINSERT INTO ${name} (height) ${n === 0 ? "VALUES (1)" : `SELECT height + 1 FROM ${steps[n - 1]}`};`
  ])
)

export const query = "SELECT height FROM step_10"

export const isAnswer = (rows: ReadonlyArray<unknown>): boolean => JSON.stringify(rows) === '[{"height":10}]'

const Program = (url: string) => Layer.fresh(App.layer({ url, migrations }))

/** Every object is there with its rows, the ledger says so once of each and of nothing else, and no session is left. */
export const isClimbedOnce = (url: string) =>
  Effect.gen(function* () {
    const events = yield* Stream.runFold(AutoMigration.events, [] as string[], (seen, { kind, migrationId }) =>
      migrationId.includes("/") ? seen : [...seen, `${kind} ${migrationId}`]
    )
    claim("each migration is applied once, and none failed", events.join() === steps.map((_) => `Applied ${_}`).join())
    claim("the ledger's chain is unbroken", Either.isRight(yield* AutoMigration.verify))
    for (const [n, name] of steps.entries()) {
      const rows = yield* Database.query(url, `SELECT height FROM ${name}`)
      claim(`${name} has the row that its migration put there`, JSON.stringify(rows) === `[{"height":${n + 1}}]`)
    }
  }).pipe(
    Effect.provide(Program(url)),
    Effect.zipRight(Database.sessionsLeft(url)),
    Effect.map((left) => claim(`no session is left, but there is ${JSON.stringify(left)}`, left.length === 0))
  )
