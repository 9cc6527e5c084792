/**
 * An event trigger that was made by hand also runs when a query has the ledger built. What it does to the tables that
 * were there is told by a look at the end of that transaction.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AutoMigration } from "effect-auto-migration"
import * as ThereBefore from "../../support/caution/ThereBefore.js"
import * as WhatWasThere from "../../support/caution/WhatWasThere.js"
import * as App from "../../support/program/App.js"
import { ask, failsWith } from "../../support/program/Situation.js"
import { placeAt } from "../../support/server/ClearedDatabase.js"
import * as Server from "../../support/server/Server.js"

const deferred = [
  "CREATE TABLE app.waits (id integer)",
  "CREATE FUNCTION app.late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.users; RETURN NULL; END $$",
  `CREATE CONSTRAINT TRIGGER late AFTER INSERT ON app.waits DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION app.late()`
]

interface Trigger {
  /** What the event trigger does. */
  readonly code: string
  readonly event?: string
  readonly before?: ReadonlyArray<string>
}

const harmful: Readonly<Record<string, Trigger>> = {
  "deletes rows": { code: "DELETE FROM public.users" },
  "deletes rows before a command": { code: "DELETE FROM public.users", event: "ddl_command_start" },
  "changes rows": { code: "UPDATE public.users SET name = 'Nobody'" },
  "empties a table": { code: "TRUNCATE public.users" },
  "drops a table": { code: "DROP TABLE IF EXISTS public.users" },
  "drops a column": { code: "ALTER TABLE public.users DROP COLUMN IF EXISTS name" },
  "switches the counts off": { code: "PERFORM set_config('track_counts', 'off', true); DELETE FROM public.users" },
  "has a deferred trigger delete rows": { code: "INSERT INTO app.waits VALUES (1)", before: deferred }
}

/** A database whose event trigger runs its code once in a transaction, so that DDL in that code does not run it again. */
const setUp = ({ before = [], code, event = "ddl_command_end" }: Trigger) =>
  Effect.gen(function* () {
    const place = yield* Effect.flatMap(Server.freshDatabase, placeAt)
    const trigger = `CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF tg_tag <> 'CREATE TABLE' OR current_setting('app.ran', true) = 'yes' THEN RETURN; END IF;
        PERFORM set_config('app.ran', 'yes', true); ${code}; END $$;
      CREATE EVENT TRIGGER on_ddl ON ${event} EXECUTE FUNCTION app.on_ddl()`
    for (const text of [...ThereBefore.setup(["users", "app"]), ...before, trigger]) yield* place.query(text)
    return place
  })

const migrations = { "001_type": "CREATE TYPE color AS ENUM ('red');" }

const wanted = "SELECT NULL::color AS color"

const ledgers = "SELECT count(*)::int AS n FROM pg_namespace WHERE nspname = 'auto_migration'"

const program = (url: string) => Layer.fresh(App.layer({ url, migrations }))

describe("a ledger that a query has built", () => {
  for (const [name, trigger] of Object.entries(harmful)) {
    it.scopedLive(`is refused and rolled back where an event trigger ${name}`, () =>
      Effect.gen(function* () {
        const { query, queryAlone, url } = yield* setUp(trigger)
        const before = yield* WhatWasThere.look(query)
        const error = yield* Effect.provide(failsWith("LedgerUnusable", ask(wanted)), program(url))
        assert.include(error.reason, "building it runs something that ")
        assert.include(error.remedy, "event triggers")
        deepStrictEqual(yield* WhatWasThere.losses(query, before), [])
        deepStrictEqual(yield* query(ledgers), [{ n: 0 }])
        yield* queryAlone("CREATE TABLE by_hand (id integer)")
        assert.isNotEmpty(yield* WhatWasThere.losses(query, before), "the trigger does no harm by hand either")
      })
    )
  }

  it.scopedLive("is built where an event trigger keeps a record of commands", () =>
    Effect.gen(function* () {
      const { query, url } = yield* setUp({
        code: "INSERT INTO app.commands VALUES (tg_tag)",
        before: ["CREATE TABLE app.commands (tag text)"]
      })
      deepStrictEqual(yield* Effect.provide(ask(wanted), program(url)), [{ color: null }])
      deepStrictEqual(yield* query("SELECT tag FROM app.commands"), [{ tag: "CREATE TABLE" }])
    })
  )

  it.scopedLive("is built by an operator, who runs the event trigger", () =>
    Effect.gen(function* () {
      const { query, url } = yield* setUp({ code: "UPDATE public.users SET name = 'Nobody'" })
      yield* Effect.provide(AutoMigration.migrateTo(["001_type"]), program(url))
      deepStrictEqual(yield* query("SELECT DISTINCT name FROM public.users"), [{ name: "Nobody" }])
    })
  )
})
