/**
 * Reads the names, constants and children of a node of the grammar's tree. A node has a wrapper that names its kind
 * (`{ RangeVar: … }`), except in a field that allows only one kind.
 *
 * @since 0.1.0
 * @internal
 */
import type { DefElem, Node, RangeVar, TypeName } from "@pgsql/types"
import * as Option from "effect/Option"
import { isRecord } from "effect/Predicate"
import { type QualifiedName, qualifiedName } from "../model/SchemaObject.js"

type Tags<N> = N extends unknown ? keyof N : never

/** Every kind of node. @since 0.1.0 @category models */
export type NodeTag = Tags<Node>

/** Every kind of statement: the kinds of nodes that end in `Stmt`. @since 0.1.0 @category models */
export type StatementTag = Extract<NodeTag, `${string}Stmt`>

/** A node of one kind in its wrapper. @since 0.1.0 @category models */
export type Wrapped<K extends NodeTag> = Extract<Node, { readonly [_ in K]: unknown }>

/** A node of one kind without its wrapper. @since 0.1.0 @category models */
export type Body<K extends NodeTag> = Wrapped<K>[K]

/** @since 0.1.0 @category operations */
export const nameOfRangeVar = (range: RangeVar | undefined): QualifiedName =>
  qualifiedName(range?.relname ?? "", range?.schemaname)

/**
 * The strings of a list of `String` nodes; other nodes, such as stars, are left out.
 *
 * @since 0.1.0
 * @category operations
 */
export const stringsOf = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<string> => {
  const strings: Array<string> = []
  for (const node of nodes ?? []) if ("String" in node) strings.push(node.String.sval ?? "")
  return strings
}

/** The numbers of a type such as `numeric(10, 2)`. @since 0.1.0 @category operations */
export const modifiersOf = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<number> =>
  (nodes ?? []).flatMap((node) =>
    "A_Const" in node && node.A_Const.ival !== undefined ? [node.A_Const.ival.ival ?? 0] : []
  )

/** @since 0.1.0 @category operations */
export const lastString = (nodes: ReadonlyArray<Node> | undefined): string | undefined => stringsOf(nodes).at(-1)

/** `a`, `a.b` or `catalog.a.b` as a name. @since 0.1.0 @category operations */
export const nameOfStrings = (parts: ReadonlyArray<string>): QualifiedName =>
  qualifiedName(parts.at(-1) ?? "", parts.at(-2))

/** @since 0.1.0 @category operations */
export const nameOfNodes = (nodes: ReadonlyArray<Node> | undefined): QualifiedName => nameOfStrings(stringsOf(nodes))

/**
 * The parts of an object's name, from a list, a single string, a type name or a function with arguments.
 *
 * @since 0.1.0
 * @category operations
 */
export const partsOfObject = (node: Node | undefined): ReadonlyArray<string> => {
  if (node === undefined) return []
  if ("List" in node) return (node.List.items ?? []).flatMap(partsOfObject)
  if ("String" in node) return [node.String.sval ?? ""]
  if ("TypeName" in node) return stringsOf(node.TypeName.names)
  if ("ObjectWithArgs" in node) return stringsOf(node.ObjectWithArgs.objname)
  if ("RangeVar" in node) {
    const { relname, schemaname } = node.RangeVar
    return schemaname === undefined ? [relname ?? ""] : [schemaname, relname ?? ""]
  }
  return []
}

/** @since 0.1.0 @category operations */
export const nameOfObject = (node: Node | undefined): QualifiedName => nameOfStrings(partsOfObject(node))

/** The text of a string constant. @since 0.1.0 @category operations */
export const constantText = (node: Node | undefined): Option.Option<string> =>
  node !== undefined && "A_Const" in node && node.A_Const.sval !== undefined
    ? Option.some(node.A_Const.sval.sval ?? "")
    : Option.none()

/** An expression without the casts around it. @since 0.1.0 @category operations */
export const withoutCasts = (node: Node | undefined): Node | undefined =>
  node !== undefined && "TypeCast" in node ? withoutCasts(node.TypeCast.arg) : node

/** The options of a statement. @since 0.1.0 @category operations */
export const optionsOf = (nodes: ReadonlyArray<Node> | undefined): ReadonlyArray<DefElem> => {
  const elements: Array<DefElem> = []
  for (const node of nodes ?? []) if ("DefElem" in node) elements.push(node.DefElem)
  return elements
}

/** @since 0.1.0 @category operations */
export const optionNamed = (nodes: ReadonlyArray<Node> | undefined, name: string): DefElem | undefined =>
  optionsOf(nodes).find((element) => element.defname === name)

/** The value of an option as text: a string, a name, a number or a boolean. @since 0.1.0 @category operations */
export const optionText = (element: DefElem | undefined): Option.Option<string> => {
  const arg = element?.arg
  if (arg === undefined) return Option.none()
  if ("String" in arg) return Option.some(arg.String.sval ?? "")
  if ("TypeName" in arg) return Option.fromNullable(lastString(arg.TypeName.names))
  if ("Integer" in arg) return Option.some(String(arg.Integer.ival ?? 0))
  if ("Boolean" in arg) return Option.some(String(arg.Boolean.boolval ?? false))
  return constantText(arg)
}

/** Whether an option has no value, or a value that means yes. @since 0.1.0 @category operations */
export const isOn = (element: DefElem | undefined): boolean =>
  element !== undefined &&
  Option.match(optionText(element), {
    onNone: () => element.arg === undefined,
    onSome: (text) => ["true", "on", "1", "yes"].includes(text.toLowerCase())
  })

/**
 * The items of a `List` node; empty for another node.
 *
 * @since 0.1.0
 * @category operations
 */
export const listItems = (node: Node | undefined): ReadonlyArray<Node> =>
  node !== undefined && "List" in node ? (node.List.items ?? []) : []

/**
 * Whether a tree has more than this many levels of objects and arrays. It needs no stack, whatever the tree.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isDeeperThan = (tree: unknown, levels: number): boolean => {
  let level: ReadonlyArray<unknown> = [tree]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true
    const next: Array<unknown> = []
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue
      for (const child of Object.values(value)) if (typeof child === "object") next.push(child)
    }
    level = next
  }
  return false
}

const wrapper = /^[A-Z]/

/** Whether a value is a node in its wrapper. @since 0.1.0 @category predicates */
export const isNode = (value: unknown): value is Node => {
  if (!isRecord(value)) return false
  for (const key in value) return wrapper.test(key)
  return false
}

/** Whether a value is a relation without its wrapper. @since 0.1.0 @category predicates */
export const isRangeVar = (value: unknown): value is RangeVar =>
  isRecord(value) && typeof value["relname"] === "string" && "relpersistence" in value

/** Whether a value is a type name without its wrapper. @since 0.1.0 @category predicates */
export const isTypeName = (value: unknown): value is TypeName =>
  isRecord(value) && Array.isArray(value["names"]) && "typemod" in value
