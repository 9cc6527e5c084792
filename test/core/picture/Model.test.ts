import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import * as Resolver from "../../../src/core/graph/Resolver.js"
import type * as LedgerEvent from "../../../src/core/migration/LedgerEvent.js"
import type { MigrationId } from "../../../src/core/migration/Migration.js"
import * as Model from "../../../src/core/picture/Model.js"
import * as Policy from "../../../src/core/policy/Policy.js"
import { graph } from "../../support/arbitraries/Graph.js"
import { idOf, migration, risk, type Sketch, table } from "../../support/arbitraries/Migration.js"

const graphOf = (...sketches: ReadonlyArray<Sketch>): MigrationGraph.MigrationGraph =>
  Either.getOrThrow(MigrationGraph.make(sketches.map(migration)))

const checksumOf = (made: MigrationGraph.MigrationGraph, id: MigrationId) =>
  Option.getOrThrow(MigrationGraph.get(made, id)).checksum

const eventOf =
  (made: MigrationGraph.MigrationGraph) =>
  (id: string, kind: LedgerEvent.Kind, detail = "{}"): LedgerEvent.LedgerEvent => ({
    sequence: 1,
    kind,
    migrationId: idOf(id),
    checksum: checksumOf(made, idOf(id)),
    detail,
    recordedAt: "2026-01-31T23:59:59.123456Z",
    recordedBy: "shop",
    previousHash: "0".repeat(64),
    hash: "0".repeat(64)
  })

const numbered = (events: ReadonlyArray<LedgerEvent.LedgerEvent>) =>
  events.map((event, at) => ({ ...event, sequence: at + 1 }))

const statesOf = ({ nodes }: Model.Model) => Object.fromEntries(nodes.map(({ id, state }) => [id, state]))

describe("laws", () => {
  it.prop("nodes holds each migration of the graph once, in the graph's order", [graph], ([made]) => {
    deepStrictEqual(
      Model.fromGraph(made).nodes.map(({ id }) => id),
      made.nodes.map((node) => node.migration.id)
    )
  })

  it.prop("edges is the transitive reduction of the graph, and each edge has a reason", [graph], ([made]) => {
    const { edges } = Model.fromGraph(made)
    deepStrictEqual(
      edges.map(({ from, to }) => ({ from, to })),
      MigrationGraph.edges(made).map(({ from, to }) => ({ from, to }))
    )
    assert.isTrue(edges.every(({ reasons }) => reasons.length > 0))
  })

  it.prop(
    "A migration is applied exactly if the events apply it; without facts each is unknown",
    [graph.chain((made) => fc.tuple(fc.constant(made), fc.subarray([...made.rankById.keys()])))],
    ([[made, applied]]) => {
      const events = numbered(applied.map((id) => eventOf(made)(id, "Applied")))
      for (const { id, state } of Model.fromGraph(made, { events, refusals: [] }).nodes) {
        strictEqual(state === "applied", applied.includes(id))
      }
      assert.isTrue(Model.fromGraph(made).nodes.every(({ state }) => state === "unknown"))
    }
  )
})

describe("the state of a migration", () => {
  const made = graphOf(
    { id: "1", writes: ["a"] },
    { id: "2", writes: ["a"], risks: [risk("data-loss", "a")] },
    { id: "3", writes: ["b"] },
    { id: "4", writes: ["c"] },
    { id: "5", writes: ["d"], transaction: "none" },
    { id: "6", writes: ["e"] }
  )
  const event = eventOf(made)
  const verdict = Option.match(Resolver.pending(made, new Set()), {
    onNone: () => Policy.allowed,
    onSome: (plan) => Policy.expandOnly(plan, { presence: () => "rows" })
  })
  const refusals = verdict._tag === "Refused" ? verdict.reasons.filter(({ migration: { id } }) => id === "2") : []
  const events = numbered([
    event("1", "Applied", '{"milliseconds": 3, "by": {"table": "x"}}'),
    event("3", "Applied"),
    event("3", "Failed"),
    event("4", "Failed", '{"sqlState": "42P01"}'),
    event("6", "Failed", '{"reason": "Key (email)=(ada@shop.example) exists."}'),
    event("5", "Started")
  ])
  const model = Model.fromGraph(made, { events, refusals })
  const nodeOf = (id: string) => model.nodes.find((node) => node.id === id)

  it("comes from its events and from the policy; an applied one stays applied", () => {
    deepStrictEqual(statesOf(model), {
      "1": "applied",
      "2": "refused",
      "3": "applied",
      "4": "failed",
      "5": "pending",
      "6": "failed"
    })
    deepStrictEqual(nodeOf("2")?.refusals, ["2.sql:1: a statement with data-loss: it would lose data"])
  })

  it("stands beside its events, without messages that may quote rows", () => {
    deepStrictEqual(nodeOf("1")?.events, [
      {
        kind: "Applied",
        at: "2026-01-31T23:59:59.123456Z",
        by: "shop",
        detail: ["milliseconds: 3", 'by: {"table":"x"}']
      }
    ])
    deepStrictEqual(
      nodeOf("6")?.events.map(({ detail }) => detail),
      [[]]
    )
  })

  it("has notes where a file was edited, a later one has overtaken it, or an end is not recorded", () => {
    const edited = Model.fromGraph(made, {
      events: numbered([{ ...event("2", "Applied"), checksum: checksumOf(made, idOf("3")) }, event("5", "Started")]),
      refusals: []
    })
    deepStrictEqual(
      edited.nodes.map(({ notes }) => notes),
      [
        ["A migration that comes after it is applied already."],
        ["Its file was edited after it was applied."],
        [],
        [],
        ["It was started, and its end is not recorded."],
        []
      ]
    )
  })

  it("is beside whether it runs outside a transaction", () => {
    deepStrictEqual(
      model.nodes.filter(({ isOutside }) => isOutside).map(({ id }) => id),
      [idOf("5")]
    )
  })
})

describe("a reason", () => {
  const reasons = (...sketches: ReadonlyArray<Sketch>) =>
    Model.fromGraph(graphOf(...sketches)).edges.map((edge) => edge.reasons.map(Model.renderReason))

  it("says which of the two reads and which writes", () => {
    deepStrictEqual(
      reasons(
        { id: "1", writes: ["a"] },
        { id: "2", reads: ["a"] },
        { id: "3", writes: ["a"] },
        { id: "4", provides: [table("a")] }
      ),
      [["reads a, which it writes"], ["writes a, which it reads"], ["writes a, which it writes too"]]
    )
  })

  it("tells a requirement from a table called requires, and a barrier from both", () => {
    deepStrictEqual(
      reasons(
        { id: "1", writes: ["requires"] },
        { id: "2", writes: ["requires"], requires: ["1"] },
        { id: "3", barrier: "dynamic SQL" },
        { id: "4", writes: ["x"] }
      ),
      [
        ["writes requires, which it writes too", "requires it in line 1"],
        ["dynamic SQL (3.sql:1)"],
        ["dynamic SQL (3.sql:1)"]
      ]
    )
  })

  it("is a key, or a word, on a label, and of many keys the first three", () => {
    const [edge] = Model.fromGraph(
      graphOf({ id: "1", writes: ["a", "b", "c", "d"] }, { id: "2", writes: ["a", "b", "c", "d"], requires: ["1"] })
    ).edges
    strictEqual(edge === undefined ? "" : Model.edgeLabel(edge), "a, b, c, …")
  })
})
