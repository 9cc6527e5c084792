import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import type { MigrationDefinitionError } from "../../../src/core/error/AutoMigrationError.js"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import type { Migration } from "../../../src/core/migration/Migration.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import { graph, history } from "../../support/arbitraries/Graph.js"
import { idOf, migration, type Sketch, table } from "../../support/arbitraries/Migration.js"

const graphOf = (...sketches: ReadonlyArray<Sketch>): MigrationGraph.MigrationGraph =>
  Either.getOrElse(MigrationGraph.make(sketches.map(migration)), (error) => assert.fail(error.message))

const errorOf = (...sketches: ReadonlyArray<Sketch>): MigrationDefinitionError =>
  Either.match(MigrationGraph.make(sketches.map(migration)), {
    onLeft: (error) => error,
    onRight: () => assert.fail("no error")
  })

const orderOf = (made: MigrationGraph.MigrationGraph) => made.nodes.map((node) => node.migration.id as string)

const waitsForAll = (made: MigrationGraph.MigrationGraph, one: Migration): ReadonlySet<string> =>
  new Set(MigrationGraph.ancestors(made, [one.id]).map((other) => other.id))

/** Whether a hazard or a requirement orders two migrations directly, by definition and not by the algorithm. */
const mustWait = (later: Migration, earlier: Migration): boolean => {
  if (later.requires.some(({ id }) => id === earlier.id)) return true
  if (later.id < earlier.id) return false
  const [a, b] = [earlier.footprint, later.footprint]
  const meets = (self: ReadonlySet<string>, that: ReadonlySet<string>) => [...self].some((key) => that.has(key))
  return (
    a.barriers.length > 0 ||
    b.barriers.length > 0 ||
    meets(a.writes, b.reads) ||
    meets(a.reads, b.writes) ||
    meets(a.writes, b.writes)
  )
}

describe("laws", () => {
  it.prop(
    "The graph does not depend on the order in which the migrations are given",
    [history.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length })))],
    ([[all, shuffled]]) => {
      const [self, that] = [MigrationGraph.make(all), MigrationGraph.make(shuffled)]
      deepStrictEqual(Either.map(that, orderOf), Either.map(self, orderOf))
      deepStrictEqual(Either.map(that, MigrationGraph.edges), Either.map(self, MigrationGraph.edges))
    }
  )

  it.prop(
    "Every migration comes after all it waits for, and in the source's order where the graph allows it",
    [graph],
    ([made]) => {
      const before = new Set<string>()
      made.nodes.forEach(({ migration: one }, rank) => {
        for (const earlier of waitsForAll(made, one)) assert.isTrue(before.has(earlier))
        for (const { migration: later } of made.nodes.slice(rank + 1)) {
          const ready = [...waitsForAll(made, later)].every((earlier) => before.has(earlier))
          if (ready) assert.isTrue(one.id < later.id)
        }
        before.add(one.id)
      })
    }
  )

  it.prop(
    "edges is the transitive reduction: it has the same paths as the graph, and each of its edges is necessary",
    [graph],
    ([made]) => {
      const reach = (edges: ReadonlyArray<MigrationGraph.Edge>) => {
        const reached = new Map<string, Set<string>>()
        for (const {
          migration: { id }
        } of made.nodes) {
          const mine = edges
            .filter((edge) => edge.to === id)
            .flatMap(({ from }) => [from, ...(reached.get(from) ?? [])])
          reached.set(id, new Set(mine))
        }
        return reached
      }
      const edges = MigrationGraph.edges(made)
      const whole = reach(edges)
      for (const one of made.migrations) deepStrictEqual(whole.get(one.id), waitsForAll(made, one))
      for (const edge of edges) {
        assert.notDeepEqual(reach(edges.filter((other) => other !== edge)), whole)
        assert.isNotEmpty(edge.because)
      }
    }
  )

  it.prop(
    "ancestors is closed: it holds every migration that the given ones or its members wait for, and no other",
    [graph, fc.array(fc.nat({ max: 11 }), { maxLength: 3 })],
    ([made, chosen]) => {
      const ids = chosen.flatMap((at) => made.migrations[at]?.id ?? [])
      const found = MigrationGraph.ancestors(made, ids).map((one) => one.id)
      const whole = new Set([...ids, ...found])
      const needed = (id: string) =>
        made.migrations.some((later) => whole.has(later.id) && later.id !== id && waitsForAll(made, later).has(id))
      for (const one of made.migrations)
        assert.strictEqual(found.includes(one.id), !ids.includes(one.id) && needed(one.id))
    }
  )

  it.prop("In a reported cycle each member waits for the next, and the last for the first", [history], ([all]) => {
    const made = MigrationGraph.make(all)
    if (Either.isRight(made) || made.left._tag !== "CyclicDependency") return
    const byId = new Map<string, Migration>(all.map((one) => [one.id, one]))
    const members = made.left.path.flatMap((id) => byId.get(id) ?? [])
    assert.strictEqual(new Set(members).size, made.left.path.length)
    members.forEach((one, at) => {
      const next = members[(at + 1) % members.length]
      assert.isTrue(next !== undefined && mustWait(one, next))
    })
    deepStrictEqual(
      made.left.files,
      members.map((one) => one.source)
    )
  })
})

describe("hazards", () => {
  it.prop(
    "Of two migrations that touch one key, at least one of them writing it, the later waits for the earlier, directly or not",
    [graph],
    ([made]) => {
      for (const later of made.migrations) {
        for (const earlier of made.migrations) {
          if (earlier !== later && mustWait(later, earlier)) assert.isTrue(waitsForAll(made, later).has(earlier.id))
        }
      }
    }
  )

  it.prop("No migration waits for a later one, and none waits without one of these reasons", [graph], ([made]) => {
    for (const { from, to } of MigrationGraph.edges(made)) {
      const [earlier, later] = [MigrationGraph.get(made, from), MigrationGraph.get(made, to)]
      assert.isTrue(Option.isSome(earlier) && Option.isSome(later) && mustWait(later.value, earlier.value))
    }
  })

  it("A barrier waits for everything before it, and everything after it waits for the barrier", () => {
    const made = graphOf(
      { id: "1" },
      { id: "2" },
      { id: "3", barrier: "EXECUTE" },
      { id: "4" },
      { id: "5", barrier: "x" }
    )
    deepStrictEqual(
      MigrationGraph.edges(made).map(({ because, from, to }) => `${from} ${to} ${because}`),
      ["1 3 EXECUTE (3.sql:1)", "2 3 EXECUTE (3.sql:1)", "3 4 EXECUTE (3.sql:1)", "4 5 x (5.sql:1)"]
    )
  })

  it("let readers run side by side between two writers", () => {
    const made = graphOf(
      { id: "1", writes: ["users"] },
      { id: "2", reads: ["users"] },
      { id: "3", reads: ["users"], writes: ["orders"] },
      { id: "4", writes: ["users", "orders"] }
    )
    deepStrictEqual(MigrationGraph.edges(made), [
      { from: idOf("1"), to: idOf("2"), because: ["users"] },
      { from: idOf("1"), to: idOf("3"), because: ["users"] },
      { from: idOf("2"), to: idOf("4"), because: ["users"] },
      { from: idOf("3"), to: idOf("4"), because: ["users", "orders"] }
    ])
  })
})

describe("make", () => {
  it("accepts no migrations, and several heads", () => {
    deepStrictEqual(MigrationGraph.make([]), Either.right(MigrationGraph.empty))
    deepStrictEqual(MigrationGraph.edges(graphOf({ id: "1" }, { id: "2" })), [])
  })

  it("names the files of two migrations with one id", () => {
    const [one, two] = [migration({ id: "1_a" }), { ...migration({ id: "1_a" }), source: "other/1_a.sql" }]
    const made = MigrationGraph.make([two, migration({ id: "2" }), one])
    assert.isTrue(Either.isLeft(made) && made.left._tag === "DuplicateMigrationId")
    assert.include(Either.isLeft(made) ? made.left.message : "", "1_a.sql and other/1_a.sql")
  })

  it("fails for an unknown requirement, and names the file that has it", () => {
    const error = errorOf({ id: "1" }, { id: "2", requires: ["1", "3"] })
    assert.strictEqual(error._tag, "UnknownRequirement")
    assert.include(error.message, '2.sql:1: Migration 2 requires "3"')
  })

  it("lets a migration require a later one that it does not conflict with", () => {
    const made = graphOf({ id: "1" }, { id: "2", requires: ["4"] }, { id: "3" }, { id: "4" }, { id: "5" })
    deepStrictEqual(orderOf(made), ["1", "3", "4", "2", "5"])
    deepStrictEqual(
      made.migrations.map((one) => one.id as string),
      ["1", "2", "3", "4", "5"]
    )
  })

  it("fails with the shortest cycle of requirements", () => {
    const error = errorOf({ id: "1", requires: ["3"] }, { id: "2", requires: ["1"] }, { id: "3", requires: ["2", "1"] })
    assert.strictEqual(error._tag, "CyclicDependency")
    assert.include(error.message, "1 -> 3 -> 1 (1.sql, 3.sql)")
    assert.include(error.message, "1.sql:1: requires 3; 3.sql:1: requires 1. Remove one of these requirements.")
  })

  it("fails with a cycle if a requirement contradicts a hazard", () => {
    const error = errorOf({ id: "1", reads: ["users"], requires: ["2"] }, { id: "2", writes: ["users"] })
    assert.include(error.message, "1 -> 2 -> 1")
    assert.include(error.message, "1.sql:1: requires 2. Remove one of these requirements.")
  })

  it("fails with a cycle of one if a migration requires itself", () => {
    assert.include(errorOf({ id: "1", requires: ["1"] }).message, "1 -> 1 (1.sql)")
  })

  it("refuses two providers of one object of which neither waits for the other", () => {
    const free = (id: string): Migration => {
      const one = migration({ id, provides: [table("users", "app")] })
      return { ...one, footprint: { ...one.footprint, writes: new Set([id]) } }
    }
    const made = MigrationGraph.make([free("1"), free("2")])
    assert.isTrue(Either.isLeft(made) && made.left._tag === "AmbiguousProvider")
    assert.include(Either.isLeft(made) ? made.left.message : "", "1.sql and 2.sql both provide relation app.users")
    const ordered = MigrationGraph.make([free("1"), { ...free("2"), requires: [{ id: idOf("1"), line: 1 }] }])
    assert.isTrue(Either.isRight(ordered))
  })

  it("allows a second provider of an object that waits for the first", () => {
    const made = graphOf(
      { id: "1", provides: [table("a")] },
      { id: "2", removes: [table("a")] },
      { id: "3", provides: [table("a")] }
    )
    assert.strictEqual(made.migrations.length, 3)
  })

  it("costs time in proportion to what the footprints name", () => {
    const sketches = Array.from({ length: 20_000 }, (_, at) => ({
      id: String(at),
      reads: ["hot"],
      writes: at % 5_000 === 0 ? ["hot"] : [`table ${at % 100}`]
    }))
    assert.strictEqual(graphOf(...sketches).nodes.length, 20_000)
  })
})

describe("explain", () => {
  const made = graphOf(
    { id: "1", writes: ["users"] },
    { id: "2", reads: ["users"], writes: ["orders"] },
    { id: "3", requires: ["2"] },
    { id: "4" }
  )

  it("is the chain of objects that orders two migrations, in either order of the arguments", () => {
    const chain = Option.some<readonly [MigrationGraph.Edge, ...ReadonlyArray<MigrationGraph.Edge>]>([
      { from: idOf("1"), to: idOf("2"), because: ["users"] },
      { from: idOf("2"), to: idOf("3"), because: ["requires"] }
    ])
    deepStrictEqual(MigrationGraph.explain(made, idOf("1"), idOf("3")), chain)
    deepStrictEqual(MigrationGraph.explain(made, idOf("3"), idOf("1")), chain)
  })

  it("is empty for migrations that may run in any order, for a migration and itself, and for unknown ids", () => {
    for (const [self, that] of [
      ["1", "4"],
      ["2", "2"],
      ["1", "9"]
    ] as const) {
      deepStrictEqual(MigrationGraph.explain(made, idOf(self), idOf(that)), Option.none())
    }
  })
})

describe("overtaken", () => {
  it("holds migrations that were added below one that had already run", () => {
    const made = graphOf(
      { id: "1", writes: ["a"] },
      { id: "2", writes: ["a"] },
      { id: "3", writes: ["a"] },
      { id: "4" }
    )
    const overtaken = (...applied: ReadonlyArray<string>) =>
      MigrationGraph.overtaken(made, new Set(applied.map(idOf))).map((one) => one.id as string)
    deepStrictEqual(overtaken("1", "3"), ["2"])
    deepStrictEqual(overtaken("1", "2", "4"), [])
    deepStrictEqual(overtaken(), [])
  })
})

describe("get", () => {
  it("finds by id", () => {
    const made = graphOf({ id: "1" })
    assert.isTrue(Option.isSome(MigrationGraph.get(made, idOf("1"))))
    assert.isTrue(Option.isNone(MigrationGraph.get(made, idOf("2"))))
  })
})

describe("providersOf", () => {
  it("tells which migration provides an object, and which removes it", () => {
    const made = graphOf(
      { id: "1", provides: [table("users", "app"), table("notes")] },
      { id: "2", removes: [table("notes")] }
    )
    const providers = (name: string) =>
      MigrationGraph.providersOf(made, table(name)).map(({ migration: one, object, removedBy }) => [
        SchemaObject.render(object),
        one.id as string,
        Option.match(removedBy, { onNone: () => "", onSome: (remover) => remover.id as string })
      ])
    deepStrictEqual(providers("users"), [["relation app.users", "1", ""]])
    deepStrictEqual(providers("notes"), [["relation notes", "1", "2"]])
    deepStrictEqual(providers("orders"), [])
  })
})
