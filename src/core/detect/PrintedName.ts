/**
 * Routines as the server's messages print them: `app.f(integer, text)`, with bare dots, without the quotes that SQL needs for the
 * name, and with the types of the arguments.
 *
 * @internal
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface Signature {
  readonly name: string
  readonly types: ReadonlyArray<string>
}

/**
 * The signature in a text, if it is one.
 *
 * @since 0.1.0
 * @category reading
 */
export const signatureOf = (printed: string): Signature | undefined => {
  const open = openingParenthesis(printed)
  return open < 1 ? undefined : { name: printed.slice(0, open), types: typesOf(printed.slice(open + 1, -1)) }
}

/**
 * The types between the parentheses of a signature, without the arguments' names.
 *
 * @since 0.1.0
 * @category reading
 */
export const typesOf = (list: string): ReadonlyArray<string> => {
  if (list.trim() === "") return []
  const types: Array<string> = []
  let start = 0
  let quoted = false
  for (let i = 0; i <= list.length; i++) {
    const sign = list.charAt(i)
    if (sign === '"') quoted = !quoted
    if (i === list.length || (sign === "," && !quoted)) {
      types.push(withoutArgumentName(list.slice(start, i).trim()))
      start = i + 1
    }
  }
  return types
}

/** Drops the name of `a => integer`; before PostgreSQL 14, `a := integer`. */
const withoutArgumentName = (argument: string): string => {
  const named = /^[^"]* (?:=>|:=) /.exec(argument)
  return named === null ? argument : argument.slice(named[0].length)
}

/** The offset of the parenthesis that the last character closes. Names of types may hold others between double quotes. */
const openingParenthesis = (printed: string): number => {
  if (!printed.endsWith(")")) return -1
  let depth = 0
  let quoted = false
  for (let i = printed.length - 1; i >= 0; i--) {
    const sign = printed.charAt(i)
    if (sign === '"') quoted = !quoted
    else if (quoted) continue
    else if (sign === ")") depth++
    else if (sign === "(" && --depth === 0) return i
  }
  return -1
}
