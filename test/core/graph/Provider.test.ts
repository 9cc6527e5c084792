import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import * as Provider from "../../../src/core/graph/Provider.js"
import type * as Arbiter from "../../../src/core/model/Arbiter.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import { graph } from "../../support/arbitraries/Graph.js"
import { column, migration, schemaObject, table } from "../../support/arbitraries/Migration.js"

const keysOf = (candidates: ReadonlyArray<Provider.Candidate>) =>
  candidates.map(({ object }) => SchemaObject.key(object))

describe("laws", () => {
  it.prop(
    "An object that a migration provides is among the candidates for itself, from its last provider",
    [graph],
    ([{ nodes, providers }]) => {
      const lastByKey = new Map<string, readonly [SchemaObject.SchemaObject, number]>()
      nodes.forEach(({ migration: { footprint } }, rank) => {
        for (const object of footprint.provides) lastByKey.set(SchemaObject.key(object), [object, rank])
      })
      for (const [key, [object, rank]] of lastByKey) {
        const own = Provider.candidates(providers, object).find(
          (candidate) => SchemaObject.key(candidate.object) === key
        )
        assert.strictEqual(own?.rank, rank)
        assert.isTrue(own?.matchesSignature)
      }
    }
  )

  it.prop(
    "Candidates are ordered by how well they match, then by the graph's order; no object appears twice",
    [graph, schemaObject],
    ([{ providers }, missing]) => {
      const found = Provider.candidates(providers, missing)
      deepStrictEqual(
        found,
        found.toSorted((a, b) => a.distance - b.distance || a.rank - b.rank)
      )
      assert.strictEqual(new Set(keysOf(found)).size, found.length)
    }
  )

  it.prop(
    "A candidate is removed exactly if a migration after its last provider removes it, or its table, type or schema",
    [graph, schemaObject],
    ([{ nodes, providers }, missing]) => {
      for (const { object, rank, removedBy } of Provider.candidates(providers, missing)) {
        const exactly = nodes.findIndex(
          ({ migration: { footprint } }, at) =>
            at > rank && footprint.removes.some((one) => SchemaObject.key(one) === SchemaObject.key(object))
        )
        if (exactly >= 0)
          assert.isAtMost(
            Option.getOrElse(removedBy, () => Number.POSITIVE_INFINITY),
            exactly
          )
        if (Option.isSome(removedBy)) {
          assert.isAbove(removedBy.value, rank)
          assert.isNotEmpty(nodes[removedBy.value]?.migration.footprint.removes)
        }
      }
    }
  )
})

describe("candidates", () => {
  const removerOf = (object: SchemaObject.SchemaObject, removed: SchemaObject.SchemaObject) =>
    Provider.candidates(
      Provider.make([migration({ id: "1", provides: [object] }), migration({ id: "2", removes: [removed] })]),
      object
    ).map(({ removedBy }) => Option.isSome(removedBy))

  const mood = SchemaObject.qualifiedName("mood", "app")

  it("are removed together with their table, type or schema", () => {
    const users = SchemaObject.qualifiedName("users", "app")
    deepStrictEqual(removerOf(column("id", "users", "app"), table("users", "app")), [true])
    deepStrictEqual(removerOf(SchemaObject.constraint("c", users), table("users")), [true])
    deepStrictEqual(removerOf(SchemaObject.conflictTarget(["a"], users), table("users", "app")), [true])
    deepStrictEqual(removerOf(SchemaObject.enumValue(mood, "sad"), SchemaObject.type(mood)), [true])
    deepStrictEqual(removerOf(SchemaObject.enumValue(mood, "sad"), SchemaObject.schema("app")), [true])
    deepStrictEqual(removerOf(table("users", "app"), SchemaObject.schema("app")), [true])
  })

  it("stay when another object of the same name is removed", () => {
    deepStrictEqual(removerOf(column("id", "users", "app"), table("users", "shop")), [false])
    deepStrictEqual(removerOf(table("users"), column("users")), [false])
    const f = (...types: ReadonlyArray<string>) => SchemaObject.routine(SchemaObject.qualifiedName("f"), types)
    deepStrictEqual(removerOf(f("text"), f("integer")), [false])
    deepStrictEqual(removerOf(f("text"), f("text")), [true])
    deepStrictEqual(removerOf(f("text"), SchemaObject.routine(SchemaObject.qualifiedName("f"))), [true])
  })

  it("are named with `public`, where another one has the same name in another schema", () => {
    const plain = (name: string, schema?: string) => SchemaObject.relation(SchemaObject.qualifiedName(name, schema))
    const of = (name: string, schema?: string) => SchemaObject.column("a", SchemaObject.qualifiedName(name, schema))
    const provides = [plain("one"), plain("two"), plain("two", "app"), of("one"), of("two"), of("two", "app")]
    const qualified = (object: SchemaObject.SchemaObject) =>
      SchemaObject.render(Provider.qualified(Provider.make([migration({ id: "1", provides })]), object))
    deepStrictEqual(provides.map(qualified), [
      ...["relation one", "relation public.two", "relation app.two"],
      ...["column one.a", "column public.two.a", "column app.two.a"]
    ])
  })

  it("are found by a conflict target's columns in any order", () => {
    const users = SchemaObject.qualifiedName("users")
    const index = Provider.make([migration({ id: "1", provides: [SchemaObject.conflictTarget(["a", "b"], users)] })])
    assert.strictEqual(Provider.candidates(index, SchemaObject.conflictTarget(["b", "a"], users)).length, 1)
    assert.strictEqual(Provider.candidates(index, SchemaObject.conflictTarget(["b"], users)).length, 0)
    assert.strictEqual(Provider.candidates(index, SchemaObject.conflictTarget([])).length, 0)
  })

  it("are indexes with all that a conflict target asks for, and no condition that it lacks", () => {
    const target = (others: Partial<Arbiter.Arbiter>) =>
      SchemaObject.conflictTarget(["a"], SchemaObject.qualifiedName("users"), others)
    const isFound = (provided: Partial<Arbiter.Arbiter>, asked: Partial<Arbiter.Arbiter>): boolean =>
      Provider.candidates(Provider.make([migration({ id: "1", provides: [target(provided)] })]), target(asked)).length >
      0
    const [active, lower, german] = [{ conditions: ["active"] }, { expressions: ["lower"] }, { classes: ["german"] }]
    for (const part of [active, lower, german]) assert.isTrue(isFound(part, part))
    assert.isFalse(isFound(active, {}))
    assert.isTrue(isFound({}, active))
    assert.isTrue(isFound(active, { conditions: ["other", "active"] }))
    assert.isFalse(isFound(lower, {}))
    assert.isFalse(isFound({}, lower))
    assert.isTrue(isFound(german, {}))
    assert.isFalse(isFound({}, german))
    deepStrictEqual(removerOf(target(active), target({})), [false])
    deepStrictEqual(removerOf(target({}), target(active)), [false])
  })
})
