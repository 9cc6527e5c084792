/**
 * Tables with rows that were there before, and files that would take them away without a word of it in plain sight: a query for
 * `other` is refused, whether or not its text is known, and all that was there stays. One row for each way to look harmless.
 *
 * Files that only add beside what was there heal, so that refusing is no way to pass.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { AutoMigration } from "effect-auto-migration"
import { blocks, type Case, cascades, groups, harmless, other } from "../../support/caution/HarmfulFiles.js"
import * as ThereBefore from "../../support/caution/ThereBefore.js"
import * as WhatWasThere from "../../support/caution/WhatWasThere.js"
import * as App from "../../support/program/App.js"
import { ask, askWithin, failsWith, type Services } from "../../support/program/Situation.js"
import * as ClearedDatabase from "../../support/server/ClearedDatabase.js"
import * as Server from "../../support/server/Server.js"

const textsOf = ([, , ...files]: Case): ReadonlyArray<string> =>
  files.length > 1 ? files : files.map((file) => `${file}\n${other}`)

const migrationsOf = (one: Case): Readonly<Record<string, string>> =>
  Object.fromEntries(textsOf(one).map((text, index) => [`00${index + 1}_file`, text]))

/** Makes what was there before, and looks at what it holds. */
const setUp = ([, before]: Case, place: ClearedDatabase.Place) =>
  Effect.gen(function* () {
    for (const text of ThereBefore.setup(before)) yield* place.query(text)
    return { ...place, before: yield* WhatWasThere.look(place.query) }
  })

type Place = Effect.Effect.Success<ReturnType<typeof setUp>>

const cleared = (one: Case) =>
  Effect.flatMap(ClearedDatabase.ClearedDatabase, (place) => Effect.zipRight(place.clear, setUp(one, place)))

/** A database for one case, on connections that began after what was there before. */
const alone = (one: Case) =>
  Layer.unwrapEffect(Effect.map(cleared(one), App.connections)).pipe(
    Layer.provideMerge(Layer.fresh(ClearedDatabase.layerWithLedger))
  )

/** What the settings of a database say holds for the sessions that begin after it. */
const isForNewSessions = ([, before]: Case): boolean => before.includes("path")

type Check = (one: Case) => Effect.Effect<unknown, unknown, ClearedDatabase.Services>

const each = (cases: ReadonlyArray<Case>, check: Check) => {
  layer(Layer.fresh(ClearedDatabase.layerWithLedger), { excludeTestServices: true })((it) => {
    for (const one of cases) if (!isForNewSessions(one)) it.effect(one[0], () => check(one))
  })
  for (const one of cases) {
    if (isForNewSessions(one)) it.live(one[0], () => Effect.provide(check(one), alone(one)))
  }
}

const wanted = "SELECT id FROM other"

/** Asks for `other` with and without the text of the statement. */
const refused = Effect.zipRight(
  Effect.asVoid(failsWith("MigrationRefused", askWithin(wanted))),
  Effect.asVoid(failsWith("MigrationRefused", ask(wanted)))
)

/** Each program starts anew, on connections that all programs of a database share. */
const unharmed = (
  { before, query }: Place,
  migrations: Readonly<Record<string, string>>,
  heal: Effect.Effect<void, unknown, Services>
) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(Effect.provide(heal, App.libraryOnConnections({ migrations })))
    deepStrictEqual(yield* WhatWasThere.losses(query, before), [])
    assert.isTrue(Exit.isSuccess(exit), String(exit))
  })

/** By files that tell nothing of what was there, half of it or all of it: a baseline says that it was there. */
const keeps = (one: Case) =>
  Effect.gen(function* () {
    const there = yield* cleared(one)
    for (const told of ThereBefore.degrees) {
      const known = ThereBefore.baseline(one[1], told)
      const baseline = Effect.forEach(Object.keys(known), (id) => AutoMigration.baseline([id]))
      yield* unharmed(there, { ...known, ...migrationsOf(one) }, Effect.zipRight(baseline, refused))
    }
    return there
  })

/** Each file has a session of its own. */
const harmsByHand = (one: Case, { before, query, queryAlone }: Place) =>
  Effect.gen(function* () {
    const [server] = yield* query("SELECT current_setting('server_version_num')::int AS version")
    if (Number(server?.["version"]) < 150_000 && textsOf(one).some((text) => text.includes("MERGE INTO"))) {
      /** PostgreSQL 14 does not know the statement, so the file does nothing by hand. */
      const cause = yield* Effect.flip(Effect.sandbox(Effect.forEach(textsOf(one), queryAlone)))
      assert.match(Cause.pretty(cause), /syntax error at or near "MERGE"/)
      return
    }
    for (const text of textsOf(one)) yield* queryAlone(text)
    assert.isNotEmpty(yield* WhatWasThere.losses(query, before), "the files do no harm by hand either")
  })

/** The URL for a role that owns a table whose only row it cannot see. */
const owner = ({ query, url }: Pick<Place, "query" | "url">) =>
  Effect.gen(function* () {
    const name = `owner_${new URL(url).pathname.slice(-8)}`
    yield* Effect.acquireRelease(query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret'`), () =>
      query(`DROP OWNED BY ${name} CASCADE; DROP ROLE ${name}`)
    )
    yield* query(`DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO ${name}', current_database()); END $$;
      GRANT ALL ON SCHEMA public TO ${name};
      CREATE TABLE secrets (id integer, note text);
      INSERT INTO secrets VALUES (1, 'hidden');
      ALTER TABLE secrets OWNER TO ${name};
      ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
      ALTER TABLE secrets FORCE ROW LEVEL SECURITY`)
    const changed = new URL(url)
    changed.username = name
    changed.password = "secret"
    return changed.href
  })

describe("a database that was there before", () => {
  for (const [group, cases] of Object.entries(groups)) {
    describe(`is not harmed by a query through ${group}`, () => {
      each(cases, (one) => Effect.flatMap(keeps(one), (there) => harmsByHand(one, there)))
    })
  }

  /** The role that migrates owns the table and sees none of its rows. */
  const hidden: Case = ["", [], "CREATE TABLE IF NOT EXISTS secrets (id integer, note text);"]

  describe("is not harmed by a query though row security hides its rows", () => {
    for (const harm of [
      "ALTER TABLE secrets ALTER COLUMN note TYPE integer USING 0",
      "ALTER TABLE secrets DROP COLUMN note",
      "TRUNCATE secrets"
    ]) {
      it.scopedLive(harm, () =>
        Effect.gen(function* () {
          const place = yield* Effect.flatMap(Server.freshDatabase, ClearedDatabase.placeAt)
          const role = yield* owner(place)
          const there = { ...place, before: yield* WhatWasThere.look(place.query), url: role }
          yield* unharmed(there, { "001_file": `${hidden[2]}\n${harm};\n${other}` }, refused).pipe(
            Effect.provide(App.connections(there))
          )
        })
      )
    }
  })

  describe("is not blocked by a query through a table that is new only where it is not there", () => {
    each(blocks, keeps)
  })

  describe("keeps by a query the views and functions that are made to depend on what is new", () => {
    each(cascades, keeps)
  })

  describe("is healed where files only add", () => {
    each(harmless, (one) =>
      Effect.flatMap(cleared(one), (there) => unharmed(there, migrationsOf(one), Effect.asVoid(ask(wanted))))
    )
  })
})
