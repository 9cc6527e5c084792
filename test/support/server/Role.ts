/**
 * Roles of one test each.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Database from "./Database.js"

/** An ordinary role of one database, and the URL with which it connects. */
export const role = (
  url: string,
  kind: string
): Effect.Effect<{ readonly name: string; readonly url: string }, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const name = `${kind}_${new URL(url).pathname.slice(-8)}`
      yield* Database.query(url, `CREATE ROLE ${name} LOGIN PASSWORD 'secret'`)
      const as = new URL(url)
      as.username = name
      as.password = "secret"
      return { name, url: as.href }
    }),
    ({ name }) =>
      Database.query(
        url,
        `REASSIGN OWNED BY ${name} TO CURRENT_USER`,
        `DROP OWNED BY ${name} CASCADE`,
        `DROP ROLE ${name}`
      )
  )
