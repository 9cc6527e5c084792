/**
 * What the catalog answers, for every kind of object, with names that need every care.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Catalog, MigrationClient, SchemaObject } from "effect-auto-migration"
import * as Database from "../support/Database.js"
import * as Server from "../support/Server.js"

const strange = `we"ird 'n.ä\\me`

/** In the schema of that name, which is not on the search path. */
const script = (schema: string, name: string) => {
  const [s, n] = [SchemaObject.quote(schema), SchemaObject.quote(name)]
  return `CREATE SCHEMA ${s};
    CREATE TABLE ${s}.${n} (${n} integer CONSTRAINT ${n} CHECK (true), other integer, UNIQUE (${n}, other));
    CREATE FUNCTION ${s}.${n}(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE ${s}.${SchemaObject.quote(`${name}_mood`)} AS ENUM (E'${name.replaceAll("\\", "\\\\").replaceAll("'", "''")}');
    CREATE COLLATION ${s}.${n} FROM "C";
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
    collation(named)
  ]
}

const absent = (schema: string, name: string): ReadonlyArray<SchemaObject.SchemaObject> => {
  const named = SchemaObject.qualifiedName(name, schema)
  return [
    ...objectsIn(schema, `${name}?`),
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
    it.scopedLive(`finds each kind of object named ${name}, and misses what is not there`, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        yield* Database.query(url, script(schema, name))
        yield* ask(url, (catalog) =>
          Effect.gen(function* () {
            const present = [...objectsIn(schema, name), SchemaObject.schema(schema), SchemaObject.extension("citext")]
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

  it.scopedLive("knows which tables hold rows, partitions and never analysed tables among them", () =>
    Effect.gen(function* () {
      const url = yield* Server.freshDatabase
      yield* Database.query(
        url,
        `CREATE TABLE empty (id integer); CREATE TABLE full_one (id integer); INSERT INTO full_one VALUES (1);
         CREATE TABLE parent (id integer) PARTITION BY LIST (id);
         CREATE TABLE child PARTITION OF parent FOR VALUES IN (1);
         CREATE TABLE barren (id integer) PARTITION BY LIST (id);`,
        "INSERT INTO parent VALUES (1)"
      )
      const names = ["empty", "full_one", "parent", "barren", "nowhere"].map((name) => SchemaObject.qualifiedName(name))
      const occupied = yield* ask(url, (catalog) => catalog.occupied(names))
      deepStrictEqual(
        occupied.map(({ name, schema }) => [name, Option.isNone(schema)]),
        [
          ["full_one", true],
          ["parent", true]
        ]
      )
    })
  )
})
