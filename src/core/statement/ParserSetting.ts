/**
 * The settings by which the server reads the text of SQL. The library reads a file as UTF-8 in which a backslash is no
 * escape. After another value, a text that looks like a literal may be a statement.
 *
 * Source: PostgreSQL manual, sections 20.13.1 and 24.3.
 *
 * @internal
 */
import type { Node } from "@pgsql/types"
import * as Option from "effect/Option"
import { constantText } from "../sql/SyntaxTree.js"

const named = /standard_conforming_strings|client_encoding/i

/** Whether a value is the one that the library reads SQL by. */
const isOurs: Readonly<Record<string, (value: string) => boolean>> = {
  standard_conforming_strings: (value) => /^(on|true|yes|1)$/i.test(value),
  client_encoding: (value) => /^(utf[-_ ]?8|unicode)$/i.test(value)
}

/**
 * Whether a statement may give such a setting another value: `RESET ALL`, and each statement that names the setting,
 * except a `SET` to the usual value. `json` is the node as JSON.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayChange = (node: Node, json: string): boolean => {
  if (!("VariableSetStmt" in node)) return named.test(json)
  const { args = [], kind, name = "" } = node.VariableSetStmt
  if (kind === "VAR_RESET_ALL") return true
  const check = isOurs[name.toLowerCase()]
  if (check === undefined) return false
  return !(kind === "VAR_SET_VALUE" && args.every((arg) => Option.exists(constantText(arg), check)))
}
