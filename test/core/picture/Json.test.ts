import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Json from "../../../src/core/picture/Json.js"
import { everyKind } from "../../support/arbitraries/Picture.js"

const migration = (id: string, rest: object) => ({
  id,
  file: `${id}.sql`,
  state: "unknown",
  outsideTransaction: false,
  waitsFor: [],
  provides: [],
  removes: [],
  risks: [],
  refusals: [],
  notes: [],
  events: [],
  sql: null,
  ...rest
})

describe("a picture as JSON", () => {
  it("has a version, and the fields that docs/graph.md describes", () => {
    deepStrictEqual(JSON.parse(Json.render(everyKind)), {
      version: 1,
      migrations: [
        migration("1", { state: "applied", provides: ["relation users"] }),
        migration("2", {
          state: "pending",
          removes: ["column users.fax"],
          waitsFor: [{ id: "1", because: [{ kind: "read-after-write", key: "users" }] }]
        }),
        migration("3", {
          state: "refused",
          refusals: ["3.sql:1: it would lose data"],
          waitsFor: [{ id: "2", because: [{ kind: "requires", line: 1 }] }]
        }),
        migration("4", {
          state: "failed",
          outsideTransaction: true,
          sql: "SELECT 1",
          waitsFor: [{ id: "3", because: [{ kind: "barrier", reason: "dynamic SQL (3.sql:1)" }] }]
        }),
        migration("5", { risks: [{ kind: "data-loss", line: 2, statement: "DROP TABLE a", accepted: true }] })
      ]
    })
  })
})
