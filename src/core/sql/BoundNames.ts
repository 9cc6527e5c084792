/**
 * Gives the names in a body new names. The server keeps a body in `BEGIN ATOMIC`, and the functions of an aggregate, as
 * references to objects: a rename of such an object renames it in the body.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node } from "@pgsql/types"
import * as Option from "effect/Option"
import { isRecord } from "effect/Predicate"
import type { QualifiedName } from "../model/SchemaObject.js"
import type { Code } from "./RoutineBody.js"
import { isNode, isRangeVar, isTypeName, nameOfNodes, nameOfRangeVar } from "./SyntaxTree.js"

/** The new name of each name, and the name itself where it stays. @since 0.1.0 @category models */
export interface Names {
  readonly relation: (name: QualifiedName) => QualifiedName
  readonly type: (name: QualifiedName) => QualifiedName
  readonly routine: (name: QualifiedName) => ReadonlyArray<QualifiedName>
}

/** The same body where no name changes. @since 0.1.0 @category operations */
export const withNames = (body: Code, names: Names): Code => {
  const steps = body.steps.map((step) => {
    const node = rewritten(step.node, names)
    return node === step.node || !isNode(node) ? step : { ...step, node }
  })
  return steps.some((step, index) => step !== body.steps[index]) ? { ...body, steps } : body
}

const rewritten = (value: unknown, names: Names): unknown => {
  if (Array.isArray(value)) {
    const next = value.map((item) => rewritten(item, names))
    return next.some((item, index) => item !== value[index]) ? next : value
  }
  if (!isRecord(value)) return value
  const named: Record<string, unknown> = { ...value, ...renamed(value, names) }
  const next = Object.fromEntries(Object.entries(named).map(([key, child]) => [key, rewritten(child, names)]))
  return Object.keys(next).some((key) => next[key] !== value[key]) ? next : value
}

/** The fields of a node that hold its name, where the name changes. */
const renamed = (value: unknown, names: Names): Record<string, unknown> => {
  if (isRangeVar(value)) {
    const name = nameOfRangeVar(value)
    const next = names.relation(name)
    return next === name ? {} : { relname: next.name, schemaname: Option.getOrUndefined(next.schema) }
  }
  if (isTypeName(value)) return listed("names", value.names, names.type)
  if (!isNode(value) || !("FuncCall" in value)) return {}
  const [only, ...more] = names.routine(nameOfNodes(value.FuncCall.funcname))
  const changed = only === undefined || more.length > 0 ? {} : listed("funcname", value.FuncCall.funcname, () => only)
  return Object.keys(changed).length === 0 ? {} : { FuncCall: { ...value.FuncCall, ...changed } }
}

const listed = (
  field: string,
  nodes: ReadonlyArray<Node> | undefined,
  change: (name: QualifiedName) => QualifiedName
): Record<string, unknown> => {
  const name = nameOfNodes(nodes)
  const next = change(name)
  const isSame = next.name === name.name && Option.getOrNull(next.schema) === Option.getOrNull(name.schema)
  const parts = [...Option.toArray(next.schema), next.name]
  return isSame ? {} : { [field]: parts.map((sval) => ({ String: { sval } })) }
}
