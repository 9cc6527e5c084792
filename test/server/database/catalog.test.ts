/**
 * The catalog's answers for each kind of object, with names that need quotes and escapes.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { MigrationClient, Policy, SchemaObject } from "effect-auto-migration"
import * as Catalog from "../../../src/database/Catalog.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const strange = `we"ird 'n.ä\\me`

/** Makes an object of each kind in a schema that is not on the search path. */
const script = (schema: string, name: string) => {
  const [s, n] = [SchemaObject.quote(schema), SchemaObject.quote(name)]
  return `CREATE SCHEMA ${s};
    CREATE TABLE ${s}.${n} (${n} integer CONSTRAINT ${n} CHECK (true), other integer, UNIQUE (${n}, other));
    CREATE FUNCTION ${s}.${n}(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE ${s}.${SchemaObject.quote(`${name}_mood`)} AS ENUM (E'${name.replaceAll("\\", "\\\\").replaceAll("'", "''")}');
    CREATE COLLATION ${s}.${n} FROM "C";
    CREATE FUNCTION ${s}.equal(text, integer) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR ${s}.%%% (FUNCTION = ${s}.equal, LEFTARG = text, RIGHTARG = integer);
    CREATE TEXT SEARCH CONFIGURATION ${s}.${n} (COPY = simple);
    CREATE EXTENSION citext SCHEMA ${s}`
}

const objectsIn = (schema: string | undefined, name: string): ReadonlyArray<SchemaObject.SchemaObject> => {
  const { collation, column, conflictTarget, constraint, enumValue, qualifiedName, relation, routine, type } =
    SchemaObject
  const named = qualifiedName(name, schema)
  return [
    relation(named),
    column(name, named),
    constraint(name, named),
    conflictTarget(["other", name], named),
    routine(named),
    routine(named, ["integer", "integer"]),
    type(qualifiedName(`${name}_mood`, schema)),
    enumValue(qualifiedName(`${name}_mood`, schema), name),
    collation(named),
    SchemaObject.operator(qualifiedName("%%%", schema), ["text", "integer"]),
    SchemaObject.operator(qualifiedName("%%%", schema), ["text", "unknown"]),
    SchemaObject.textSearchConfiguration(named)
  ]
}

const absent = (schema: string, name: string): ReadonlyArray<SchemaObject.SchemaObject> => {
  const named = SchemaObject.qualifiedName(name, schema)
  return [
    ...objectsIn(schema, `${name}?`).filter(({ _tag }) => _tag !== "Operator"),
    SchemaObject.operator(SchemaObject.qualifiedName("%%%", schema), ["integer", "integer"]),
    SchemaObject.operator(SchemaObject.qualifiedName("%%%", schema), ["integer"]),
    SchemaObject.role("nowhere"),
    SchemaObject.column("nowhere", named),
    SchemaObject.constraint("nowhere", named),
    SchemaObject.conflictTarget([name], named),
    SchemaObject.routine(named, ["integer", "integer", "integer"]),
    SchemaObject.routine(named, []),
    SchemaObject.enumValue(SchemaObject.qualifiedName(`${name}_mood`, schema), "nowhere"),
    SchemaObject.schema("nowhere"),
    SchemaObject.extension("hstore")
  ]
}

const ask = <A>(url: string, body: (catalog: Catalog.Catalog["Type"]) => Effect.Effect<A, unknown>) =>
  Effect.flatMap(Catalog.Catalog, body).pipe(
    Effect.provide(Layer.provide(Catalog.layer, MigrationClient.layer({ url: Redacted.make(url) })))
  )

describe("the catalog", () => {
  for (const [schema, name] of [
    ["app", "things"],
    [strange, strange],
    ["Ünï", "Ççç ééé"]
  ] as const) {
    it.scopedLive(`finds each kind of object named ${name}, and reports those that do not exist`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* Database.query(url, script(schema, name))
        yield* ask(url, (catalog) =>
          Effect.gen(function* () {
            const roles = yield* Effect.orDie(Database.query(url, "SELECT current_user AS name"))
            const present = [
              ...objectsIn(schema, name),
              ...roles.map((row) => SchemaObject.role(String(row["name"]))),
              SchemaObject.schema(schema),
              SchemaObject.extension("citext")
            ]
            deepStrictEqual(yield* catalog.missing(present, "visible"), [])
            const shorter = SchemaObject.routine(SchemaObject.qualifiedName(name, schema), ["integer"])
            const other = SchemaObject.routine(SchemaObject.qualifiedName(name, schema), ["integer", "text"])
            deepStrictEqual(yield* catalog.missing([shorter, other], "anywhere"), [])
            deepStrictEqual(yield* catalog.missing([shorter, other], "visible"), [shorter, other])
            deepStrictEqual(yield* catalog.missing(present, "anywhere"), [])
            deepStrictEqual(yield* catalog.missing(absent(schema, name), "anywhere"), absent(schema, name))
          })
        )
      })
    )

    it.scopedLive(`sees ${name} without its schema only along the search path, unless asked for anywhere`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* Database.query(url, script(schema, name))
        const unqualified = objectsIn(undefined, name)
        yield* ask(url, (catalog) =>
          Effect.gen(function* () {
            deepStrictEqual(yield* catalog.missing(unqualified, "anywhere"), [])
            deepStrictEqual(yield* catalog.missing(unqualified, "visible"), unqualified)
          })
        )
        const visible = new URL(url)
        visible.searchParams.set("options", `-c search_path=${SchemaObject.quote(schema).replaceAll(/[\\ ]/g, "\\$&")}`)
        yield* ask(visible.href, (catalog) =>
          Effect.map(catalog.missing(unqualified, "visible"), (missing) => deepStrictEqual(missing, []))
        )
      })
    )
  }

  const questions = (names: ReadonlyArray<string>, reach: Policy.Question["reach"] = "path") =>
    names.map(
      (name): Policy.Question => ({
        relation: SchemaObject.qualifiedName(name),
        reach,
        lock: "ACCESS EXCLUSIVE",
        declared: Option.none()
      })
    )

  const presences = (url: string, names: ReadonlyArray<string>, reach: Policy.Question["reach"] = "path") => {
    const asked = questions(names, reach)
    return Effect.map(
      ask(url, (catalog) => catalog.presence(asked)),
      (answers) => asked.map((question) => `${question.relation.name} ${answers.get(Policy.questionKey(question))}`)
    )
  }

  it.scopedLive("asks a table for a row: the page of a deleted row or one that was rolled back does not count", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(
        url,
        `CREATE TABLE barren (id integer);
         CREATE TABLE deleted (id integer); INSERT INTO deleted VALUES (1); DELETE FROM deleted;
         CREATE TABLE undone (id integer);
         CREATE TABLE held (id integer); INSERT INTO held VALUES (1);`
      )
      yield* Database.query(url, "BEGIN; INSERT INTO undone VALUES (1); ROLLBACK")
      deepStrictEqual(yield* presences(url, ["barren", "deleted", "undone", "held", "nowhere"]), [
        "barren empty",
        "deleted empty",
        "undone empty",
        "held rows",
        "nowhere new"
      ])
    })
  )

  it.scopedLive("counts children and partitions at any depth", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(
        url,
        `CREATE TABLE parent (id integer) PARTITION BY LIST (id);
         CREATE TABLE middle PARTITION OF parent FOR VALUES IN (1, 2) PARTITION BY LIST (id);
         CREATE TABLE leaf PARTITION OF middle FOR VALUES IN (1);
         CREATE TABLE elder (id integer); CREATE TABLE child () INHERITS (elder); CREATE TABLE grandchild () INHERITS (child);
         CREATE TABLE barren (id integer) PARTITION BY LIST (id);
         INSERT INTO parent VALUES (1); INSERT INTO grandchild VALUES (1);`
      )
      deepStrictEqual(yield* presences(url, ["parent", "middle", "elder", "child", "barren"]), [
        "parent rows",
        "middle rows",
        "elder rows",
        "child rows",
        "barren empty"
      ])
    })
  )

  it.scopedLive("does not guess: a view, a table whose rows are hidden or may not be read, a foreign name's type", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      const role = `reader_${new URL(url).pathname.slice(-8)}`
      yield* Effect.acquireRelease(
        Database.query(
          url,
          `CREATE ROLE ${role} LOGIN PASSWORD 'secret';
           CREATE TABLE hidden (id integer); INSERT INTO hidden VALUES (1); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
           GRANT SELECT ON hidden TO ${role};
           CREATE TABLE closed (id integer);
           CREATE VIEW seen AS SELECT 1 AS one; CREATE TYPE mood AS ENUM ('ok');
           CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * $1';`
        ),
        () => Database.query(url, `DROP OWNED BY ${role}`, `DROP ROLE ${role}`)
      )
      const other = new URL(url)
      other.username = role
      other.password = "secret"
      deepStrictEqual(yield* presences(other.href, ["hidden", "closed", "seen", "mood", "twice"]), [
        "hidden unknown",
        "closed unknown",
        "seen unknown",
        "mood empty",
        "twice empty"
      ])
      deepStrictEqual(yield* presences(url, ["hidden"]), ["hidden rows"])
    })
  )

  it.scopedLive("looks along the search path of the statement, or in every schema", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(
        url,
        "CREATE SCHEMA app; CREATE TABLE app.users (id integer); INSERT INTO app.users VALUES (1); CREATE TABLE users (id integer)"
      )
      deepStrictEqual(yield* presences(url, ["users"]), ["users empty"])
      deepStrictEqual(yield* presences(url, ["users"], "anywhere"), ["users rows"])
    })
  )
})
