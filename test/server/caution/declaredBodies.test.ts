/**
 * A migration runs a function that an earlier file has made: it is known what that does only where the database has the body of
 * that file. Other bodies rename a label here, which the server shows to no look afterwards.
 */
import { assert, layer } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { AutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import { ask, failsWith, holding, untilBlocked } from "../../support/program/Situation.js"
import * as ClearedDatabase from "../../support/server/ClearedDatabase.js"
import * as Database from "../../support/server/Database.js"

/** Files that are applied, what is done by hand then, and the files that a query brings. */
interface Case {
  readonly applied?: ReadonlyArray<string>
  readonly byHand?: ReadonlyArray<string>
  readonly brought: ReadonlyArray<string>
  readonly transaction?: "migration" | "plan"
}

const other = "CREATE TABLE other (id integer);"

const relabel = "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"

const plpgsql = (head: string, body: string): string =>
  `CREATE ${head} LANGUAGE plpgsql AS $body$ BEGIN ${body}; END  \n $body$;`

const again = (statement: string): string => statement.replace("CREATE", "CREATE OR REPLACE")

const calm = plpgsql("FUNCTION f() RETURNS integer", "RETURN 1")
const harmful = again(plpgsql("FUNCTION f() RETURNS integer", `${relabel}; RETURN 1`))
const trigger = plpgsql("FUNCTION tg() RETURNS trigger", "RETURN NEW")
const log = `CREATE TABLE log (id integer);
CREATE TRIGGER t AFTER INSERT ON log FOR EACH ROW EXECUTE FUNCTION tg();`
const total = "CREATE AGGREGATE total(integer) (SFUNC = step, STYPE = integer);"
const step = (name: string, body: string): string =>
  `CREATE FUNCTION ${name}(a integer, b integer) RETURNS integer LANGUAGE sql AS $$ ${body} $$;`

const calls = ["SELECT f();"]

const told: Readonly<Record<string, Case>> = {
  "in PL/pgSQL": { applied: [calm], brought: calls },
  "in SQL": {
    applied: ["CREATE FUNCTION f() RETURNS integer AS ' SELECT 1 -- it''s one\n' LANGUAGE sql;"],
    brought: calls
  },
  "with other line ends": {
    applied: ["CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT\r\n1';"],
    byHand: ["CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT\n1';"],
    brought: calls
  },
  "that a second file has replaced": {
    applied: [calm, again(plpgsql("FUNCTION f() RETURNS integer", "RETURN 2"))],
    brought: calls
  },
  "that a file of the plan replaces": {
    applied: [calm],
    brought: [again(plpgsql("FUNCTION f() RETURNS integer", "RETURN 2")), ...calls]
  },
  "that a file of a plan in one transaction replaces": {
    applied: [calm],
    brought: [again(plpgsql("FUNCTION f() RETURNS integer", "RETURN 2")), ...calls],
    transaction: "plan"
  },
  "that the file puts back": { applied: [calm], byHand: [harmful], brought: [`${again(calm)}\n${calls}`] },
  "that the file drops and makes again": {
    applied: [calm],
    byHand: [harmful],
    brought: [`DROP FUNCTION f(); ${calm}\n${calls}\n-- accept: incompatible-change`]
  },
  "that the file makes": { brought: [`${calm}\n${calls}\n${calls}`] },
  "that a DO block makes": { brought: [`DO $do$ BEGIN ${calm} END $do$;\n${calls}`] },
  "that calls itself": {
    applied: [
      plpgsql("FUNCTION f(n integer DEFAULT 3) RETURNS integer", "IF n > 0 THEN PERFORM f(n - 1); END IF; RETURN n")
    ],
    brought: ["SELECT f(2);"]
  },
  "of a procedure": {
    applied: [plpgsql("PROCEDURE p(OUT n integer)", "n := 1")],
    brought: ["CALL p(NULL);"]
  },
  "of a trigger's function": { applied: [trigger, log], brought: ["INSERT INTO log VALUES (1), (2);"] },
  "of a trigger's function beside one of that name in a schema off the path": {
    applied: [trigger, log],
    byHand: [`CREATE SCHEMA storage; ${plpgsql("FUNCTION storage.tg() RETURNS trigger", "RETURN OLD")}`],
    brought: ["INSERT INTO log VALUES (1);"]
  },
  "of a default, a check and a view": {
    applied: [calm, "CREATE TABLE t (n integer DEFAULT f() CHECK (n = f()));\nCREATE VIEW v AS SELECT f() AS n;"],
    brought: ["INSERT INTO t DEFAULT VALUES;\nCREATE TABLE made AS SELECT n FROM v;"]
  },
  "that another function calls": {
    applied: [calm, "CREATE FUNCTION outer_one() RETURNS integer LANGUAGE sql AS 'SELECT f()';"],
    brought: ["SELECT outer_one();"]
  },
  "in a DO block": { applied: [calm], brought: ["DO $$ BEGIN PERFORM f(); END $$;"] },
  "of an overload that other arguments mean": {
    applied: [calm],
    byHand: [plpgsql("FUNCTION f(n integer) RETURNS integer", relabel)],
    brought: calls
  },
  "in the schema that the file searches": {
    applied: [
      "CREATE SCHEMA app;\nSET search_path = app;\nCREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';"
    ],
    byHand: [plpgsql("FUNCTION public.f() RETURNS integer", relabel)],
    brought: ["SET search_path = app, public;\nSELECT f();", "SELECT app.f();"]
  },
  "of an aggregate": {
    applied: [step("step", "SELECT a + b"), total],
    brought: ["SELECT total(n) FROM (VALUES (1)) v (n);"]
  },
  "of the form BEGIN ATOMIC that an earlier file of the plan makes": {
    brought: ["CREATE FUNCTION f() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; END;", ...calls]
  },
  "of the form RETURN that the file makes": {
    brought: [`CREATE FUNCTION f() RETURNS integer LANGUAGE sql RETURN 1;\n${calls}`]
  },
  "that is another, with consent": { applied: [calm], byHand: [harmful], brought: [`-- accept: opaque\n${calls}`] }
}

const refused: Readonly<Record<string, readonly [reason: string, one: Case]>> = {
  "in PL/pgSQL": [
    "has another body of the function f than record:000 says",
    { applied: [calm], byHand: [harmful], brought: calls }
  ],
  "in SQL": [
    "has another body of the function f than record:000 says",
    {
      applied: ["CREATE FUNCTION f() RETURNS void LANGUAGE sql AS '';"],
      byHand: [`CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS $$ ${relabel} $$;`],
      brought: calls
    }
  ],
  "in another language": [
    "another body of the function f",
    {
      applied: ["CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';"],
      byHand: [harmful],
      brought: calls
    }
  ],
  "of the form BEGIN ATOMIC": [
    "may have another body of the function f",
    {
      applied: ["CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';"],
      byHand: ["CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; END;"],
      brought: calls
    }
  ],
  "that replaced one of the form BEGIN ATOMIC": [
    "another body of the function f",
    {
      applied: ["CREATE FUNCTION f() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; END;"],
      byHand: [harmful],
      brought: calls
    }
  ],
  "that an earlier file told": [
    "another body of the function f than record:001 says",
    { applied: [harmful, again(calm)], byHand: [harmful], brought: calls }
  ],
  "of a procedure": [
    "another body of the procedure p",
    {
      applied: [plpgsql("PROCEDURE p()", "NULL")],
      byHand: [again(plpgsql("PROCEDURE p()", relabel))],
      brought: ["CALL p();"]
    }
  ],
  "of a trigger's function": [
    "another body of the function tg",
    {
      applied: [trigger, log],
      byHand: [again(plpgsql("FUNCTION tg() RETURNS trigger", `${relabel}; RETURN NEW`))],
      brought: ["INSERT INTO log VALUES (1);"]
    }
  ],
  "of a trigger's function that was moved off the path": [
    "another body of the function tg",
    {
      applied: [trigger, log],
      byHand: [
        again(plpgsql("FUNCTION tg() RETURNS trigger", `${relabel}; RETURN NEW`)),
        "CREATE SCHEMA app; ALTER FUNCTION tg() SET SCHEMA app"
      ],
      brought: ["INSERT INTO log VALUES (1);"]
    }
  ],
  "of a default": [
    "another body of the function f",
    {
      applied: [calm, "CREATE TABLE t (n integer DEFAULT f());"],
      byHand: [harmful],
      brought: ["INSERT INTO t DEFAULT VALUES;"]
    }
  ],
  "of a check": [
    "another body of the function f",
    {
      applied: [calm, "CREATE TABLE t (n integer CHECK (n = f()));"],
      byHand: [harmful],
      brought: ["INSERT INTO t VALUES (1);"]
    }
  ],
  "of a view": [
    "another body of the function f",
    {
      applied: [calm, "CREATE VIEW v AS SELECT f() AS n;"],
      byHand: [harmful],
      brought: ["CREATE TABLE made AS SELECT n FROM v;"]
    }
  ],
  "that another function calls": [
    "another body of the function f",
    {
      applied: [calm, "CREATE FUNCTION outer_one() RETURNS integer LANGUAGE sql AS 'SELECT f()';"],
      byHand: [harmful],
      brought: ["SELECT outer_one();"]
    }
  ],
  "of an overload that these arguments mean": [
    "another body of the function f",
    {
      applied: [plpgsql("FUNCTION f(n bigint) RETURNS bigint", "RETURN n")],
      byHand: [plpgsql("FUNCTION f(n integer) RETURNS integer", `${relabel}; RETURN n`)],
      brought: ["SELECT f(1);"]
    }
  ],
  "of an overload beside the one that the file makes": [
    "another body of the function f",
    {
      byHand: [plpgsql("FUNCTION f(n integer) RETURNS integer", `${relabel}; RETURN n`)],
      brought: [`${plpgsql("FUNCTION f(n bigint) RETURNS bigint", "RETURN n")}\nSELECT f(1);`]
    }
  ],
  "in the schema that the file searches first": [
    "another body of the function f",
    {
      applied: [`CREATE SCHEMA app;\n${calm}`],
      byHand: [harmful.replace("f()", "app.f()")],
      brought: ["SET search_path = app, public;\nSELECT f();"]
    }
  ],
  "of an aggregate": [
    "another body of the aggregate total",
    {
      applied: [step("step", "SELECT a + b"), total],
      byHand: [
        `CREATE FUNCTION bad(a integer, b integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN ${relabel}; RETURN 1; END $$`,
        again(total).replace("step", "bad")
      ],
      brought: ["SELECT total(n) FROM (VALUES (1)) v (n);"]
    }
  ],
  "behind the snapshot of a transaction": [
    "may have another body of the function f",
    {
      applied: [calm],
      brought: [`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\n${calls}`]
    }
  ],
  "in a plan whose earlier file replaces it under a condition only": [
    "its effects cannot be seen",
    {
      applied: [calm],
      byHand: [harmful],
      brought: [`DO $do$ BEGIN IF to_regclass('nothing') IS NOT NULL THEN ${again(calm)} END IF; END $do$;`, ...calls]
    }
  ]
}

const migrationsOf = ({ applied = [], brought }: Case): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...applied, ...brought.map((text, at) => (at === brought.length - 1 ? `${text}\n${other}` : text))].map(
      (text, at) => [`00${at}`, text]
    )
  )

type Program = ClearedDatabase.Services | AutoMigration.AutoMigration

const inSituation = <A, E>(
  one: Case,
  body: (place: ClearedDatabase.Place) => Effect.Effect<A, E, Program | Scope.Scope>
) =>
  Effect.gen(function* () {
    const place = yield* ClearedDatabase.ClearedDatabase
    yield* place.clear
    yield* place.query("CREATE TYPE mood AS ENUM ('sad')")
    const { applied = [], byHand = [], transaction = "migration" } = one
    return yield* Effect.gen(function* () {
      const [first, ...rest] = applied.map((_, at) => `00${at}`)
      if (first !== undefined) yield* Effect.orDie(AutoMigration.migrateTo([first, ...rest]))
      if (byHand.length > 0) yield* Database.query(place.url, ...byHand)
      return yield* body(place)
    }).pipe(Effect.provide(App.libraryOnConnections({ migrations: migrationsOf(one), options: { transaction } })))
  })

const labels = ({ query }: ClearedDatabase.Place) => query("SELECT enumlabel FROM pg_enum")

const inDatabase = layer(ClearedDatabase.layerWithLedger, { excludeTestServices: true })

inDatabase("a migration runs a body", (it) => {
  for (const [name, one] of Object.entries(told)) {
    it.scoped(name, () =>
      inSituation(one, () => Effect.map(ask("SELECT id FROM other"), (rows) => deepStrictEqual(rows, [])))
    )
  }
})

inDatabase("a migration does not run another body than the files tell", (it) => {
  for (const [name, [reason, one]] of Object.entries(refused)) {
    it.scoped(name, () =>
      inSituation(one, (place) =>
        Effect.gen(function* () {
          const error = yield* failsWith("MigrationRefused", ask("SELECT id FROM other"))
          assert.include(error.message, reason)
          deepStrictEqual(yield* labels(place), [{ enumlabel: "sad" }])
        })
      )
    )
  }

  it.scoped("that came while the plan ran", () =>
    inSituation(
      { applied: [`${calm}\nCREATE TABLE gate (id integer);`], brought: ["LOCK TABLE gate;\nSELECT f();"] },
      (place) =>
        Effect.gen(function* () {
          const { url } = place
          const gate = yield* Scope.make()
          yield* Scope.extend(holding(url, "LOCK TABLE gate"), gate)
          const query = yield* Effect.forkScoped(failsWith("MigrationRefused", ask("SELECT id FROM other")))
          yield* untilBlocked(url)
          yield* Database.query(url, harmful)
          yield* Scope.close(gate, Exit.void)
          assert.include((yield* Fiber.join(query)).message, "has another body of the function f")
          deepStrictEqual(yield* labels(place), [{ enumlabel: "sad" }])
        })
    )
  )
})
