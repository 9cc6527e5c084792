/**
 * A model as JSON, for other programs. `docs/graph.md` describes the shape. A field may be added in a version; a changed or removed one
 * makes a new version.
 *
 * @internal
 */
import * as Option from "effect/Option"
import type { WaitReason } from "../graph/Hazard.js"
import type { Model, Node } from "./Model.js"

/** The version of the shape. @since 0.1.0 @category constants */
export const version = 1

/** @since 0.1.0 @category rendering */
export const render = ({ edges, nodes }: Model): string => {
  const waitsOf = new Map(nodes.map(({ id }): [string, Array<object>] => [id, []]))
  for (const { from, reasons, to } of edges) waitsOf.get(to)?.push({ id: from, because: reasons.map(reasonOf) })
  return `${JSON.stringify({ version, migrations: nodes.map((node) => migrationOf(node, waitsOf.get(node.id) ?? [])) }, null, 2)}\n`
}

const migrationOf = (node: Node, waitsFor: ReadonlyArray<object>) => ({
  id: node.id,
  file: node.file,
  state: node.state,
  outsideTransaction: node.isOutside,
  waitsFor,
  provides: node.provides,
  removes: node.removes,
  risks: node.risks.map(({ isAccepted, kind, line, statement }) => ({ kind, line, statement, accepted: isAccepted })),
  refusals: node.refusals,
  notes: node.notes,
  events: node.events,
  sql: Option.getOrNull(node.sql)
})

const reasonOf = (reason: WaitReason) => {
  switch (reason._tag) {
    case "Hazard":
      return { kind: reason.kind, key: reason.key }
    case "Requires":
      return { kind: "requires", line: reason.line }
    case "Barrier":
      return { kind: "barrier", reason: reason.reason }
  }
}
