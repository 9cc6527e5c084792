/** Small pictures, as a test spells them. */
import * as Option from "effect/Option"
import type { Edge, Model, Node } from "../../../src/core/picture/Model.js"
import { idOf } from "./Migration.js"

export const node = (id: string, rest: Partial<Node> = {}): Node => ({
  id: idOf(id),
  file: `${id}.sql`,
  state: "unknown",
  isOutside: false,
  provides: [],
  removes: [],
  risks: [],
  refusals: [],
  notes: [],
  events: [],
  sql: Option.none(),
  ...rest
})

export const edge = (from: string, to: string, ...reasons: Edge["reasons"]): Edge => ({
  from: idOf(from),
  to: idOf(to),
  reasons
})

/** A node of each state, and an edge of each kind of reason. */
export const everyKind: Model = {
  nodes: [
    node("1", { state: "applied", provides: ["relation users"] }),
    node("2", { state: "pending", removes: ["column users.fax"] }),
    node("3", { state: "refused", refusals: ["3.sql:1: it would lose data"] }),
    node("4", { state: "failed", isOutside: true, sql: Option.some("SELECT 1") }),
    node("5", { risks: [{ kind: "data-loss", line: 2, statement: "DROP TABLE a", isAccepted: true }] })
  ],
  edges: [
    edge("1", "2", { _tag: "Hazard", kind: "read-after-write", key: "users" }),
    edge("2", "3", { _tag: "Requires", line: 1 }),
    edge("3", "4", { _tag: "Barrier", reason: "dynamic SQL (3.sql:1)" })
  ]
}
