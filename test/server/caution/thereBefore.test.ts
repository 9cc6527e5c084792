/**
 * Tables with rows that were there before, and files that would take them away without a word of it in plain sight: a query for
 * `other` is refused, whether or not its text is known, and all that was there stays. One row for each way to look harmless.
 *
 * Files that only add beside what was there heal, so that refusing is no way to pass.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { AutoMigration } from "effect-auto-migration"
import { blocks, type Case, cascades, groups, harmless, other } from "../../support/caution/HarmfulFiles.js"
import * as ThereBefore from "../../support/caution/ThereBefore.js"
import * as WhatWasThere from "../../support/caution/WhatWasThere.js"
import * as App from "../../support/program/App.js"
import { ask, askWithin, failsWith, type Services } from "../../support/program/Situation.js"
import { placeAt } from "../../support/server/ClearedDatabase.js"
import * as LedgerTemplate from "../../support/server/LedgerTemplate.js"
import * as Server from "../../support/server/Server.js"

const textsOf = ([, , ...files]: Case): ReadonlyArray<string> =>
  files.length > 1 ? files : files.map((file) => `${file}\n${other}`)

const migrationsOf = (one: Case): Readonly<Record<string, string>> =>
  Object.fromEntries(textsOf(one).map((text, index) => [`00${index + 1}_file`, text]))

/** The database as it was before, and what it held. */
const setUp = ([, before]: Case, database = LedgerTemplate.freshDatabase) =>
  Effect.gen(function* () {
    const place = yield* Effect.flatMap(database, placeAt)
    for (const text of ThereBefore.setup(before)) yield* place.query(text)
    return { ...place, before: yield* WhatWasThere.look(place.query) }
  })

type Place = Effect.Effect.Success<ReturnType<typeof setUp>>

const wanted = "SELECT id FROM other"

/** Asks for `other` with and without the text of the statement. */
const refused = Effect.zipRight(
  Effect.asVoid(failsWith("MigrationRefused", askWithin(wanted))),
  Effect.asVoid(failsWith("MigrationRefused", ask(wanted)))
)

/** Each program starts anew, on connections that all programs of a database share: a connection takes longer than a heal. */
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
    const there = yield* setUp(one)
    const application = yield* Layer.build(App.connections(there))
    for (const told of ThereBefore.degrees) {
      const known = ThereBefore.baseline(one[1], told)
      const baseline = Effect.forEach(Object.keys(known), (id) => AutoMigration.baseline([id]))
      yield* unharmed(there, { ...known, ...migrationsOf(one) }, Effect.zipRight(baseline, refused)).pipe(
        Effect.provide(application)
      )
    }
    return there
  })

/** Each file has a session of its own. */
const harmsByHand = (one: Case, { before, query, queryAlone }: Place) =>
  Effect.gen(function* () {
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
      for (const one of cases) {
        it.scopedLive(one[0], () => Effect.flatMap(keeps(one), (there) => harmsByHand(one, there)))
      }
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
          const place = yield* setUp(hidden, Server.freshDatabase)
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
    for (const one of blocks) it.scopedLive(one[0], () => Effect.asVoid(keeps(one)))
  })

  describe("keeps by a query the views and functions that are made to depend on what is new", () => {
    for (const one of cascades) it.scopedLive(one[0], () => Effect.asVoid(keeps(one)))
  })

  describe("is healed where files only add", () => {
    for (const one of harmless) {
      it.scopedLive(one[0], () =>
        Effect.flatMap(setUp(one), (there) =>
          Effect.provide(unharmed(there, migrationsOf(one), Effect.asVoid(ask(wanted))), App.connections(there))
        )
      )
    }
  })
})
