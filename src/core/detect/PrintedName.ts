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
  const [left, right] = [words.slice(0, at).join(" "), words.slice(at + 1).join(" ")]
  if (!typeText.test(right) || (left !== "" && !typeText.test(left))) return undefined
  return {
    schema: dot === -1 ? undefined : word.slice(0, dot),
    symbol: word.slice(dot + 1),
    operands: left === "" ? [right] : [left, right]
  }
}

/** What the server prints for a type: a schema's name holds blanks if the text before an operator is no type. */
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
