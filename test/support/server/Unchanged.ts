/**
 * That nothing of a database has changed: no definition, privilege, comment or row, and no object was made anew.
 */
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as App from "../program/App.js"
import * as Database from "./Database.js"
import * as SchemaDump from "./SchemaDump.js"

const objects = `SELECT c.oid::int AS oid, c.relname AS name FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_'
  UNION ALL SELECT p.oid::int, p.proname FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname !~ '^pg_'
  UNION ALL SELECT n.oid::int, n.nspname FROM pg_namespace n WHERE n.nspname !~ '^pg_'
  UNION ALL SELECT t.oid::int, t.tgname FROM pg_trigger t ORDER BY 1`

const seen = (url: string) =>
  Effect.zip(
    Database.query(url, objects),
    SchemaDump.dump.pipe(Effect.orDie, Effect.provide(Layer.fresh(App.client({ url, maxConnections: 1 }))))
  )

/** Looks now; what it gives looks again. */
export const since = (url: string): Effect.Effect<Effect.Effect<void>> =>
  Effect.map(seen(url), (before) => Effect.map(seen(url), (after) => deepStrictEqual(after, before)))

/** The effect, which must change nothing. */
export const unchanged = <A, E, R>(url: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(since(url), (same) => Effect.zipLeft(effect, same))
