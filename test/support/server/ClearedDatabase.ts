/**
 * One database for many small cases, cleared between them, with a session for what is done by hand. Making a database takes
 * longer than a case does.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as App from "../program/App.js"
import * as Database from "./Database.js"
import * as LedgerTemplate from "./LedgerTemplate.js"
import * as Server from "./Server.js"

/** A database with a session for what is done by hand. */
export interface Place {
  readonly url: string
  /** Runs a text of one or several statements as a user may who may do all; a failure is a defect. */
  readonly query: (text: string) => Effect.Effect<Database.Rows>
  /** The same in a session of its own. */
  readonly queryAlone: (text: string) => Effect.Effect<Database.Rows>
}

export class ClearedDatabase extends Context.Tag("effect-auto-migration/test/ClearedDatabase")<
  ClearedDatabase,
  Place & {
    /** Takes away all that a case has left. */
    readonly clear: Effect.Effect<void>
  }
>() {}

/** All but these schemas. */
const leftovers = (kept: string) => `DO $$ DECLARE command text; BEGIN
  FOR command IN
    SELECT format('DROP EVENT TRIGGER %I', evtname) FROM pg_event_trigger
    UNION ALL SELECT format('DROP EXTENSION %I CASCADE', extname) FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname NOT IN (${kept})
    UNION ALL SELECT format('DROP ACCESS METHOD %I', amname) FROM pg_am WHERE oid >= 16384
    UNION ALL SELECT format('ALTER DATABASE %I RESET ALL', current_database())
  LOOP EXECUTE command; END LOOP;
  CREATE SCHEMA public;
END $$`

/** The session lives as long as the scope. */
export const placeAt = (url: string): Effect.Effect<Place, never, Scope.Scope> =>
  Effect.map(Database.session(url), (query) => ({ url, query, queryAlone: (text) => Database.query(url, text) }))

const make = (database: Effect.Effect<string, never, Scope.Scope>, clearing: string) =>
  Layer.scoped(
    ClearedDatabase,
    Effect.map(Effect.flatMap(database, placeAt), (place) =>
      ClearedDatabase.of({ ...place, clear: Effect.asVoid(place.query(clearing)) })
    )
  )

/** With connections for the programs of all cases: to connect takes longer than a heal. */
const connected = (database: Layer.Layer<ClearedDatabase>) =>
  Layer.provideMerge(Layer.unwrapEffect(Effect.map(ClearedDatabase, App.connections)), database)

export const layer = connected(make(Server.freshDatabase, leftovers("'information_schema'")))

/** The same with a ledger, which stays. */
export const layerWithLedger = connected(
  make(
    LedgerTemplate.freshDatabase,
    `${leftovers("'information_schema', 'auto_migration'")}; ${LedgerTemplate.emptied}`
  )
)

/** The database of many cases, and the connections to it. */
export type Services = Layer.Layer.Success<typeof layer>
