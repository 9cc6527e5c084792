/**
 * The sequence of a call whose argument is no constant: `nextval('s' || n)`, `setval(pg_get_serial_sequence('t', 'id'), 9)`.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node } from "@pgsql/types"
import * as Option from "effect/Option"
import { nameFrom, type QualifiedName } from "../model/SchemaObject.js"
import { fold } from "../sql/DynamicSql.js"
import type { Call } from "../sql/Mentions.js"
import { constantText, lastString, withoutCasts } from "../sql/SyntaxTree.js"
import type * as R from "./Recorder.js"

/**
 * The sequences that a call may move, or the tables that own them; `undefined` where they are not known. Empty for a call that
 * moves none, and for a constant, which is a name in the text.
 *
 * @since 0.1.0
 * @category reading
 */
export const movedBy = (
  { lookup }: R.Recorder,
  { args: [first], name }: Call
): ReadonlyArray<QualifiedName> | undefined => {
  if ((name.name !== "nextval" && name.name !== "setval") || first === undefined) return []
  const argument = withoutCasts(first)
  if (Option.isSome(constantText(argument))) return []
  const texts = Option.getOrElse(fold(ownerIn(argument) ?? argument, lookup), (): ReadonlyArray<string> => [])
  const names = texts.flatMap((text) => Option.toArray(nameFrom(text)))
  return names.length === 0 || names.length < texts.length ? undefined : names
}

/** The table in `pg_get_serial_sequence('t', 'id')`. */
const ownerIn = (node: Node | undefined): Node | undefined =>
  node !== undefined && "FuncCall" in node && lastString(node.FuncCall.funcname) === "pg_get_serial_sequence"
    ? node.FuncCall.args?.[0]
    : undefined
