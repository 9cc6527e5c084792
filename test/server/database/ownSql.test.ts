/**
 * The library's own SQL runs no code of the database. A role that may create objects in a schema of the search path can define a better
 * match for an unqualified function or operator, and hide an unqualified type or table. Up to PostgreSQL 14 each role may create objects
 * in `public`.
 *
 * The situations below make the library send its statements, which are captured on the wire. `OwnSqlWatch` looks at those of all other
 * tests.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AutoMigration, Policy } from "effect-auto-migration"
import * as Tools from "../../../src/core/adoption/Tools.js"
import { qualifiedName, relation } from "../../../src/core/model/SchemaObject.js"
import type { Parser } from "../../../src/core/sql/ParsedSql.js"
import { required } from "../../../src/core/statement/Privilege.js"
import * as Privileges from "../../../src/database/Privileges.js"
import { qualified } from "../../../src/database/Qualified.js"
import * as Repair from "../../../src/execute/Repair.js"
import * as Holders from "../../../src/ledger/Holders.js"
import * as Lease from "../../../src/ledger/Lease.js"
import { defaults } from "../../../src/runtime/AutoMigrationConfig.js"
import { layer as parserLayer, SqlParser } from "../../../src/runtime/SqlParser.js"
import * as App from "../../support/program/App.js"
import { appliedIds, ask, askWithin, kinds, type Services } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as OwnSql from "../../support/server/OwnSql.js"
import { role } from "../../support/server/Role.js"
import * as Server from "../../support/server/Server.js"
import * as WireTap from "../../support/server/WireTap.js"

/** Files whose own names are qualified: what they mean is their author's concern. */
const users = {
  "001_users":
    "CREATE TABLE public.users (id integer PRIMARY KEY, name pg_catalog.text);\nINSERT INTO public.users VALUES (1, 'Ada'), (2, 'Ada');",
  "002_users_email": "ALTER TABLE public.users ADD COLUMN email pg_catalog.text;"
}

interface Situation {
  readonly migrations: Readonly<Record<string, string>>
  readonly options?: App.Program["options"]
  readonly before?: ReadonlyArray<string>
  /** Whether the migrations run in another database than the application's queries. */
  readonly isElsewhere?: true
  /** The role of the application. Defaults to the one of the migrations. */
  readonly isStranger?: true
  readonly work: (url: string, tap: WireTap.WireTap) => Effect.Effect<unknown, unknown, Services | Scope.Scope>
}

const tagOf = (effect: Effect.Effect<unknown, { readonly _tag: string }, Services>) =>
  Effect.match(effect, { onFailure: ({ _tag }) => _tag, onSuccess: (value) => value })

const index = "CREATE UNIQUE INDEX CONCURRENTLY users_name ON public.users (name);"

const risky = {
  "001_mood": "CREATE TYPE public.mood AS ENUM ('sad', 'ok');\nCREATE TABLE public.other (id integer, note integer);",
  "002_body":
    "CREATE FUNCTION public.f(a integer, b pg_catalog.text) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;",
  "003_call": "SELECT public.f(1, 'x');\nCREATE TABLE public.third (id integer);",
  "004_loss": "ALTER TABLE public.other DROP COLUMN note;\nCREATE TABLE public.fourth (id integer);"
}

const situations: Readonly<Record<string, Situation>> = {
  "a heal from nothing, a heal, and a table that no migration makes": {
    migrations: users,
    work: () =>
      Effect.all([
        askWithin("SELECT name FROM users"),
        ask("SELECT email FROM users"),
        tagOf(ask("SELECT nothing FROM users")),
        tagOf(ask("SELECT f(1) FROM users")),
        kinds
      ])
  },
  "all that an operator asks": {
    migrations: users,
    work: () =>
      Effect.all([
        Effect.map(
          AutoMigration.plan,
          Option.map(({ steps }) => steps.map(({ migration }) => migration.id))
        ),
        AutoMigration.migrate,
        AutoMigration.migrate,
        appliedIds,
        AutoMigration.isApplied("001_users"),
        Effect.map(Stream.runCollect(AutoMigration.events), Chunk.size),
        Effect.map(AutoMigration.verify, ({ _tag }) => _tag)
      ])
  },
  "a baseline with a look at the catalog": {
    migrations: users,
    before: [users["001_users"]],
    work: () =>
      Effect.all([AutoMigration.baseline(["001_users"]), tagOf(AutoMigration.baselineAll()), AutoMigration.migrate])
  },
  "an adoption of another tool's table": {
    migrations: users,
    before: [
      users["001_users"],
      "CREATE TABLE public.pgmigrations (id integer, name pg_catalog.text, run_on pg_catalog.timestamp)",
      "INSERT INTO public.pgmigrations VALUES (1, '001_users', '2024-01-01')"
    ],
    work: () =>
      Effect.all([
        tagOf(ask("SELECT email FROM users")),
        AutoMigration.adopt({ by: "table" }),
        AutoMigration.migrate,
        Effect.map(AutoMigration.status, ({ elsewhere }) => elsewhere)
      ])
  },
  "an adoption by the catalog": {
    migrations: users,
    before: [users["001_users"]],
    work: () => Effect.all([AutoMigration.adopt({ by: "catalog" }), ask("SELECT email FROM users")])
  },
  "a rename": {
    migrations: { ...users, "003_people": "CREATE TABLE public.people (id integer);" },
    before: [],
    work: (url) =>
      Effect.zipRight(
        AutoMigration.migrate,
        Effect.all([AutoMigration.rename("003_people", "003_persons"), kinds, appliedIds]).pipe(
          Effect.provide(
            App.layer({ url, migrations: { ...users, "003_persons": "CREATE TABLE public.people (id integer);" } })
          )
        )
      )
  },
  "a migration that fails, and its window": {
    migrations: { ...users, "003_broken": "SELECT 1 FROM public.nowhere;" },
    work: () => Effect.all([tagOf(AutoMigration.migrate), kinds, tagOf(ask("SELECT x FROM nowhere"))])
  },
  "a step outside transactions that fails and goes on": {
    migrations: { ...users, "003_index": index },
    options: { policy: Policy.always },
    work: (url) =>
      Effect.all([
        tagOf(AutoMigration.migrate),
        Database.query(url, "TRUNCATE public.users"),
        AutoMigration.migrate,
        kinds
      ])
  },
  "questions of the policy about tables and bodies": {
    migrations: risky,
    work: () =>
      Effect.all([
        ask("SELECT id FROM other"),
        tagOf(ask("SELECT id FROM third")),
        tagOf(ask("SELECT id FROM fourth")),
        AutoMigration.migrate,
        kinds
      ])
  },
  "a plan that would lose rows": {
    migrations: risky,
    before: [],
    work: (url) =>
      Effect.all([
        AutoMigration.migrateTo(["001_mood"]),
        Database.query(url, "INSERT INTO public.other VALUES (1, 1)"),
        tagOf(ask("SELECT id FROM fourth")),
        Effect.map(AutoMigration.losses, (losses) => losses.length),
        kinds
      ])
  },
  "a gap that comes back, where a replica may be behind": {
    migrations: { "001_users": users["001_users"] },
    isElsewhere: true,
    work: () => tagOf(ask("SELECT name FROM users"))
  },
  "an application's role without rights": {
    migrations: users,
    isStranger: true,
    work: () => Effect.map(Effect.flip(ask("SELECT email FROM users")), (error) => Reflect.get(Object(error), "grants"))
  },
  "a migration that is interrupted": {
    migrations: { ...users, "003_slow": "SELECT pg_catalog.pg_sleep(600);" },
    work: (_, tap) =>
      Effect.gen(function* () {
        const running = yield* Effect.fork(AutoMigration.migrate)
        yield* Effect.repeat(tap.heard, {
          until: ({ statements }) => statements.some((text) => text.includes("pg_sleep(600)")),
          schedule: Schedule.spaced("50 millis")
        })
        yield* Fiber.interrupt(running)
        return yield* appliedIds
      })
  },
  announcements: {
    migrations: users,
    work: (_, tap) =>
      Effect.gen(function* () {
        yield* AutoMigration.migrateTo(["001_users"])
        yield* Effect.repeat(tap.heard, {
          until: ({ statements }) => statements.some((text) => text.startsWith("LISTEN")),
          schedule: Schedule.spaced("50 millis")
        })
        const waiting = yield* Effect.fork(ask("SELECT email FROM users"))
        return yield* Fiber.join(waiting)
      })
  }
}

/** Statements that only rare moments need. */
const rare: ReadonlyArray<string> = [
  Lease.endSessions("00000000-0000-0000-0000-000000000000"),
  Holders.tableHolders(defaults.schema),
  Repair.question({ _tag: "Index", name: "i", table: qualifiedName("users"), isImplied: true }),
  Repair.question({ _tag: "Rebuilt", name: qualifiedName("users"), of: "relation" }),
  Repair.question({ _tag: "Rebuilt", name: qualifiedName("public"), of: "schema" }),
  Repair.question({ _tag: "Detached", table: qualifiedName("users"), partition: qualifiedName("old") }),
  Repair.question({ _tag: "OnServer", kind: "database", name: "d", exists: true }),
  Repair.question({ _tag: "OnServer", kind: "subscription", name: "s", exists: true }),
  Repair.question({ _tag: "Publications", subscription: "s", names: ["p"], exists: true }),
  Repair.question({ _tag: "Objects", objects: [relation(qualifiedName("users"))], exist: true }),
  Privileges.lacking([required("relation", "SELECT", qualifiedName("users"))]),
  ...Tools.all.flatMap((tool) => [
    tool.rows('"public"."history" AS t', new Set(tool.columns)),
    tool.rows('"public"."history" AS t', new Set([...tool.columns, "name", "statements"]))
  ])
].map(qualified)

/** The driver would cancel a statement by this function, without a schema. */
const ofDriver = "pg_cancel_backend"

/** Runs a situation, and gives its answer and the library's statements in it. */
const observe = (url: string, situation: Situation) =>
  Effect.gen(function* () {
    if (situation.before !== undefined) yield* Database.query(url, ...situation.before)
    const tap = yield* WireTap.make(url)
    const elsewhere = situation.isElsewhere ? yield* Server.freshDatabase : url
    const stranger = situation.isStranger ? (yield* role(url, "stranger")).url : elsewhere
    const application = yield* WireTap.make(stranger)
    const { migrations, options = {}, work } = situation
    const answer = yield* work(url, tap).pipe(
      Effect.provide(App.layerWithMigrator({ url: application.url, migratorUrl: tap.url, migrations, options }))
    )
    const scripts = Object.values(migrations).join("\n")
    const statements = [
      ...(yield* tap.heard).statements.filter((text) => !scripts.includes(text)),
      ...(yield* application.heard).statements.filter((text) => text.includes("pg_catalog"))
    ]
    return {
      answer: situation.isStranger ? JSON.stringify(answer).replaceAll(/stranger_\w+/g, "stranger") : answer,
      statements
    }
  })

/** What the library does in each situation where no name is hidden, observed once. */
const plain = Object.entries(situations).map(([name, situation]) => ({
  name,
  situation,
  observed: Effect.runSync(
    Effect.cached(Effect.scoped(Effect.flatMap(Server.freshDatabase, (url) => observe(url, situation))))
  )
}))

const parsing = <A, E>(body: (parser: Parser) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.flatMap(SqlParser, body).pipe(Effect.provide(parserLayer))

const complaintsAbout = (parser: Parser, statements: ReadonlyArray<string>) =>
  statements.flatMap((text) => OwnSql.unqualified(parser, text).map((what) => `${what} in: ${text.slice(0, 200)}`))

/** Each call is counted outside transactions, where no rollback undoes it, and fails. */
const trap = `BEGIN PERFORM pg_catalog.nextval('public.trapped'); RAISE EXCEPTION 'trapped'; END`

const literals = (names: ReadonlyArray<string>): string =>
  `ARRAY[${names.map((name) => `'${name}'`).join(", ")}]::pg_catalog.text[]`

/** Pairs of types that the server has no operator of its own for: a bare operator would find these. */
const better = ["oid", "regclass", "name", "text", '"char"', "int2", "int4", "int8", "name[]", "oid[]", "int2[]"]

/** In `public`: all that the library names in the server's own schema. What cannot be defined cannot be attacked. */
const shadows = ({
  functions,
  operators,
  relations,
  types
}: ReturnType<typeof OwnSql.named>): ReadonlyArray<string> => [
  "CREATE SEQUENCE public.trapped",
  "GRANT ALL ON public.trapped TO PUBLIC",
  `DO $do$
DECLARE
  one record;
  kind text;
  other text;
BEGIN
  FOR one IN SELECT p.oid, p.proname, pg_get_function_identity_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result
    FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY (${literals(functions)})
  LOOP
    BEGIN
      EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', one.proname, one.arguments,
        one.result, ${`'${trap.replaceAll("'", "''")}'`});
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  FOR one IN SELECT o.oid, o.oprname, o.oprleft::regtype AS a, o.oprright::regtype AS b, o.oprresult::regtype AS result
    FROM pg_catalog.pg_operator AS o WHERE o.oprname = ANY (${literals(operators)}) AND o.oprleft <> 0
  LOOP
    BEGIN
      EXECUTE format('CREATE FUNCTION public.op_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', one.oid, one.a, one.b,
        one.result, ${`'${trap.replaceAll("'", "''")}'`});
      EXECUTE format('CREATE OPERATOR public.%s (FUNCTION = public.op_%s, LEFTARG = %s, RIGHTARG = %s)', one.oprname,
        one.oid, one.a, one.b);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  FOREACH kind IN ARRAY ${literals(better)} LOOP
    FOREACH other IN ARRAY ${literals(better)} LOOP
      BEGIN
        EXECUTE format('CREATE FUNCTION public.better(%s, %s) RETURNS boolean LANGUAGE plpgsql AS %L', kind, other,
          ${`'${trap.replaceAll("'", "''")}'`});
        EXECUTE format('CREATE OPERATOR public.= (FUNCTION = public.better, LEFTARG = %s, RIGHTARG = %s)', kind, other);
        EXECUTE format('CREATE OPERATOR public.<> (FUNCTION = public.better, LEFTARG = %s, RIGHTARG = %s)', kind, other);
      EXCEPTION WHEN OTHERS THEN NULL;
      END;
    END LOOP;
  END LOOP;
END
$do$`,
  `CREATE FUNCTION public.trap() RETURNS integer LANGUAGE plpgsql AS '${trap.replaceAll("'", "''")}'`,
  ...relations.map((name) => `CREATE VIEW public.${name} AS SELECT public.trap() AS oid`),
  ...types.map((name) => `CREATE DOMAIN public.${name} AS integer CHECK (public.trap() > 0)`)
]

const path = "public, pg_catalog"

/** A database in which `public` hides what the library uses in all situations, for copies. */
class Hiding extends Context.Tag("effect-auto-migration/test/Hiding")<Hiding, string>() {}

/** A role that has no right but those that each role has on PostgreSQL 14 makes all of it. */
const hide = (url: string, names: ReturnType<typeof OwnSql.named>) =>
  Effect.gen(function* () {
    const attacker = yield* role(url, "attacker")
    yield* Database.query(url, "GRANT CREATE ON SCHEMA public TO PUBLIC")
    yield* Database.query(attacker.url, ...shadows(names))
    const made = yield* Database.query(
      url,
      `SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) > 100 AS functions,
        (SELECT count(*) FROM pg_operator WHERE oprnamespace = 'public'::regnamespace) > 200 AS operators`
    )
    deepStrictEqual(made, [{ functions: true, operators: true }])
  })

const hiding = Layer.scoped(
  Hiding,
  parsing((parser) =>
    Effect.gen(function* () {
      const observed = yield* Effect.all(plain.map(({ observed }) => observed))
      const url = yield* Server.freshDatabase
      const names = OwnSql.named(parser, [...observed.flatMap(({ statements }) => statements), ...rare])
      yield* hide(url, { ...names, functions: [...names.functions, ofDriver] })
      return new URL(url).pathname.slice(1)
    })
  )
)

const shadowed = Effect.gen(function* () {
  const url = yield* Database.fresh(yield* Server.url, { ask: Server.ask, template: yield* Hiding })
  yield* Server.ask(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET search_path = ${path}`)
  return url
})

describe("no name in the library's SQL is looked up along the search path, except those of CTEs:", () => {
  for (const { name, observed } of plain) {
    it.scopedLive(name, () =>
      parsing((parser) =>
        Effect.gen(function* () {
          const { statements } = yield* observed
          assert.isNotEmpty(statements)
          deepStrictEqual(complaintsAbout(parser, statements), [])
          for (const text of statements) assert.isTrue(OwnSql.meansTheSame(parser, text), text)
        })
      )
    )
  }

  it.live("statements of rare moments", () =>
    Effect.scoped(
      parsing((parser) =>
        Effect.sync(() => {
          deepStrictEqual(complaintsAbout(parser, rare), [])
          for (const text of rare) assert.isTrue(OwnSql.meansTheSame(parser, text), text)
        })
      )
    )
  )
})

layer(hiding, { excludeTestServices: true })(
  "where `public` comes first and hides each function, operator, type and table that the library uses, it answers as ever:",
  (it) => {
    for (const { name, observed, situation } of plain) {
      it.scoped(name, () =>
        Effect.gen(function* () {
          const url = yield* shadowed
          deepStrictEqual((yield* observe(url, situation)).answer, (yield* observed).answer)
          deepStrictEqual(yield* Database.query(url, "SELECT is_called FROM public.trapped"), [{ is_called: false }])
        })
      )
    }
  }
)

describe("a table that has the name of another tool's", () => {
  const evil = (url: string) => [
    "CREATE SEQUENCE public.trapped",
    "GRANT ALL ON public.trapped TO PUBLIC",
    `CREATE FUNCTION public.trap(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
      $$ BEGIN IF session_user = '${decodeURIComponent(new URL(url).username)}' THEN PERFORM pg_catalog.nextval('public.trapped'); END IF; RETURN 1; END $$`
  ]

  for (const [what, statements] of [
    [
      "and a cast of its own type",
      [
        "CREATE TYPE public.mine AS (id integer)",
        `CREATE FUNCTION public.told(public.mine) RETURNS text LANGUAGE sql AS $$ SELECT public.trap(1)::text $$`,
        "CREATE CAST (public.mine AS text) WITH FUNCTION public.told(public.mine) AS IMPLICIT",
        "CREATE TABLE public.pgmigrations (id integer, name public.mine, run_on timestamp)",
        "INSERT INTO public.pgmigrations VALUES (1, ROW(1), '2024-01-01')"
      ]
    ],
    [
      "and an index on an expression",
      [
        "CREATE TABLE public.pgmigrations (id integer, name text, run_on timestamp)",
        "INSERT INTO public.pgmigrations VALUES (1, '001_users', '2024-01-01')",
        "CREATE INDEX ON public.pgmigrations ((public.trap(1)))"
      ]
    ]
  ] as const) {
    it.scopedLive(`${what} is not read, and a migration does not run beside it`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        const attacker = yield* role(url, "attacker")
        yield* Database.query(url, "GRANT CREATE ON SCHEMA public TO PUBLIC")
        yield* Database.query(
          attacker.url,
          ...evil(url),
          ...statements,
          "GRANT SELECT ON public.pgmigrations TO PUBLIC"
        )
        const tags = yield* Effect.all([
          tagOf(ask("SELECT name FROM users")),
          tagOf(AutoMigration.migrate),
          tagOf(AutoMigration.adopt({ by: "table" }))
        ]).pipe(Effect.provide(App.layer({ url, migrations: users })))
        deepStrictEqual(tags, ["HistoryElsewhere", "HistoryElsewhere", "HistoryElsewhere"])
        deepStrictEqual(yield* Database.query(url, "SELECT is_called FROM public.trapped"), [{ is_called: false }])
      })
    )
  }
})
