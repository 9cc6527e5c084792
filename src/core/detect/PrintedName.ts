/**
 * Routines and operators as the server's messages print them: `app.f(integer, text)`, with bare dots, without the quotes that SQL needs for the
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
 * An operator as a message prints it: `text % unknown`, `- app.money`, `integer app.+ text`.
 *
 * @since 0.1.0
 * @category models
 */
export interface PrintedOperator {
  readonly schema: string | undefined
  readonly symbol: string
  readonly operands: ReadonlyArray<string>
}

/**
 * The operator in a text, if it is one, with its right operand. Types are printed as SQL writes them, so that a blank inside
 * double quotes separates nothing.
 *
 * @since 0.1.0
 * @category reading
 */
export const operatorOf = (printed: string): PrintedOperator | undefined => {
  const words = wordsOf(printed)
  const at = words.findIndex((word) => /^(?:[^"]+\.)?[-+*/<>=~!@#%^&|`?]+$/s.test(word))
  const word = words[at]
  if (word === undefined || at === words.length - 1) return undefined
  const dot = word.lastIndexOf(".")
  const right = words.slice(at + 1).join(" ")
  const split = splitOf(words.slice(0, at), dot !== -1)
  if (!typeText.test(right) || split === undefined) return undefined
  const left = words.slice(0, split).join(" ")
  return {
    schema: dot === -1 ? undefined : [...words.slice(split, at), word.slice(0, dot)].join(" "),
    symbol: word.slice(dot + 1),
    operands: left === "" ? [right] : [left, right]
  }
}

/** The number of words of the left operand: all before the operator, unless a schema's name with blanks follows the operand. */
const splitOf = (before: ReadonlyArray<string>, hasSchema: boolean): number | undefined => {
  for (let count = before.length; count >= 0; count--) {
    if (count < before.length && !hasSchema) return undefined
    const left = before.slice(0, count).join(" ")
    if (left === "" ? count === before.length : typeText.test(left)) return count
  }
  return undefined
}

/**
 * The operator in a text that is read as SQL: `app.===(int, int)`.
 *
 * @since 0.1.0
 * @category reading
 */
export const operatorOfText = (
  text: string
): { readonly schema: string | undefined; readonly symbol: string; readonly types: string | undefined } | undefined => {
  const [, schema, symbol, types] =
    /^(?:("(?:[^"]|"")+"|[\w$\u0080-\uffff]+)\.)?([-+*/<>=~!@#%^&|`?]+)\s*(?:\((.*)\))?$/s.exec(text) ?? []
  return symbol === undefined ? undefined : { schema, symbol, types }
}

/** What the server prints for a type. */
const typeText =
  /^(?:(?:"(?:[^"]|"")+"|[\w$\u0080-\uffff]+)\.)?(?:"(?:[^"]|"")+"|[\w$\u0080-\uffff]+(?: varying| precision| with(?:out)? time zone)?)(?:\[\])?$/

const wordsOf = (text: string): ReadonlyArray<string> => {
  const words: Array<string> = []
  let start = 0
  let quoted = false
  for (let i = 0; i <= text.length; i++) {
    const sign = text.charAt(i)
    if (sign === '"') quoted = !quoted
    if (i < text.length && (sign !== " " || quoted)) continue
    words.push(text.slice(start, i))
    start = i + 1
  }
  return words
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
