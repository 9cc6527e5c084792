/**
 * Reads SQL text at an offset, as the server's lexer reads it: identifiers with their quoting, folding and truncation,
 * dotted names, string constants, comments. It does not parse statements. Every function takes linear time and is
 * total.
 *
 * **Laws**
 *
 * 1. A reader never throws, for any text and any offset.
 * 2. A token ends after its start, and within the text.
 *
 * Source: PostgreSQL manual, section 4.1, Lexical Structure; src/backend/parser/scan.l and scansup.c.
 *
 * @internal
 */
import { byteWidth } from "./Utf8.js"

/**
 * The value of a token, and the UTF-16 offset after it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cut<out A> {
  readonly value: A
  readonly end: number
}

/** The most bytes of a name that the server keeps: NAMEDATALEN - 1. @since 0.1.0 @category constants */
export const maxIdentifierBytes = 63

/**
 * Cuts a name to `most` bytes of UTF-8, between characters. `most` defaults to 63.
 *
 * @since 0.1.0
 * @category normalisation
 */
export const truncate = (name: string, most: number = maxIdentifierBytes): string => {
  if (name.length * 3 <= most) return name
  let bytes = 0
  for (let i = 0; i < name.length; ) {
    const point = codePointAt(name, i)
    bytes += byteWidth(point)
    if (bytes > most) return name.slice(0, i)
    i += point > 0xffff ? 2 : 1
  }
  return name
}

/**
 * Turns ASCII letters, and no others, into lower case, as the server does in a database with a multi-byte encoding.
 *
 * @since 0.1.0
 * @category normalisation
 */
export const fold = (name: string): string => {
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i)
    if (unit >= 65 && unit <= 90) return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  }
  return name
}

/**
 * The UTF-16 offset of a 1-based position in characters, as the fields of errors count; -1 when the text is shorter.
 *
 * @since 0.1.0
 * @category reading
 */
export const offsetOf = (text: string, position: number): number => {
  let offset = 0
  for (let left = position - 1; left > 0 && offset < text.length; left--) {
    const isPair = isHighSurrogate(text.charCodeAt(offset)) && codePointAt(text, offset) > 0xffff
    offset += isPair ? 2 : 1
  }
  return offset < text.length ? offset : -1
}

/**
 * The offset of the next character that is neither white space nor part of a comment; comments nest.
 *
 * @since 0.1.0
 * @category reading
 */
export const skipBlank = (text: string, start: number): number => {
  let i = start
  for (;;) {
    const unit = text.charCodeAt(i)
    if (isBlank(unit)) i++
    else if (unit === dash && text.charCodeAt(i + 1) === dash) i = endOfLine(text, i)
    else if (unit === slash && text.charCodeAt(i + 1) === star) i = endOfComment(text, i)
    else return i
  }
}

/**
 * The identifier that begins at `start`, as the server stores it: `"a""b"`, `Users`, `U&"d\0061ta"`.
 *
 * @since 0.1.0
 * @category reading
 */
export const identifierAt = (text: string, start: number): Cut<string> | undefined => {
  const unit = text.charCodeAt(start)
  if (unit === doubleQuote) return quotedAt(text, start)
  if (
    (unit | 32) === letterU &&
    text.charCodeAt(start + 1) === ampersand &&
    text.charCodeAt(start + 2) === doubleQuote
  ) {
    return unicodeQuotedAt(text, start + 2)
  }
  if (!isIdentifierStart(unit) || isPrefixOfLiteral(text, start)) return undefined
  const end = endOfWord(text, start)
  return { value: truncate(fold(text.slice(start, end))), end }
}

/**
 * The parts of the dotted name that begins at `start`; white space and comments around the dots are allowed.
 *
 * @since 0.1.0
 * @category reading
 */
export const dottedAt = (text: string, start: number): Cut<ReadonlyArray<string>> | undefined => {
  const first = identifierAt(text, start)
  if (first === undefined) return undefined
  const value = [first.value]
  let end = first.end
  for (;;) {
    const dotted = skipBlank(text, end)
    if (text.charCodeAt(dotted) !== dot) return { value, end }
    const next = identifierAt(text, skipBlank(text, dotted + 1))
    if (next === undefined) return { value, end }
    value.push(next.value)
    end = next.end
  }
}

/**
 * The string constant that begins at `start`: `'it''s'`, `$tag$it's$tag$`, or an `E'…'` that has no escape.
 *
 * @since 0.1.0
 * @category reading
 */
export const literalAt = (text: string, start: number): Cut<string> | undefined => {
  const unit = text.charCodeAt(start)
  if (unit === dollar) return dollarQuotedAt(text, start)
  const escaped = (unit | 32) === letterE && text.charCodeAt(start + 1) === singleQuote
  const cut = delimitedAt(text, escaped ? start + 1 : start, singleQuote)
  return cut === undefined || (escaped && cut.value.includes("\\")) ? undefined : cut
}

/**
 * The offset after the token that begins at `start`: a comment, a word or number, a quoted name, a string constant or a
 * single character. An unclosed token reaches to the end of the text.
 *
 * @since 0.1.0
 * @category reading
 */
export const skipToken = (text: string, start: number): number => {
  const unit = text.charCodeAt(start)
  const next = text.charCodeAt(start + 1)
  if (unit === dash && next === dash) return endOfLine(text, start)
  if (unit === slash && next === star) return endOfComment(text, start)
  if ((unit | 32) === letterE && next === singleQuote) return endOfEscaped(text, start + 1)
  if (unit === singleQuote || unit === doubleQuote) return delimitedAt(text, start, unit)?.end ?? text.length
  if (unit === dollar && dollarTagAt(text, start) !== undefined) return dollarQuotedAt(text, start)?.end ?? text.length
  if (!isIdentifierStart(unit) && !isDigit(unit)) return start + 1
  return endOfWord(text, start)
}

/** A statement on one line of at most `widest` characters, for messages. @since 0.1.0 @category rendering */
export const oneLine = (text: string, widest: number): string => {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length > widest ? `${line.slice(0, widest - 1)}…` : line
}

const lineFeed = 10
const carriageReturn = 13
const doubleQuote = 34
const dollar = 36
const ampersand = 38
const singleQuote = 39
const star = 42
const dash = 45
const dot = 46
const slash = 47
const backslash = 92
const letterE = 101
const letterU = 117

const isBlank = (unit: number): boolean => unit === 32 || (unit >= 9 && unit <= 13)

const isDigit = (unit: number): boolean => unit >= 48 && unit <= 57

/** The server allows every byte of a multi-byte character in a name. */
const isIdentifierStart = (unit: number): boolean =>
  (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || unit === 95 || unit >= 128

const isIdentifierPart = (unit: number): boolean => isIdentifierStart(unit) || isDigit(unit) || unit === dollar

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

const codePointAt = (text: string, index: number): number => text.codePointAt(index) ?? 0

const endOfWord = (text: string, start: number): number => {
  let end = start + 1
  while (isIdentifierPart(text.charCodeAt(end))) end++
  return end
}

const endOfLine = (text: string, start: number): number => {
  let end = start
  while (end < text.length && text.charCodeAt(end) !== lineFeed && text.charCodeAt(end) !== carriageReturn) end++
  return end
}

const endOfComment = (text: string, start: number): number => {
  let depth = 0
  let i = start
  while (i < text.length) {
    const unit = text.charCodeAt(i)
    const next = text.charCodeAt(i + 1)
    if (unit === slash && next === star) {
      depth++
      i += 2
    } else if (unit === star && next === slash) {
      i += 2
      if (--depth === 0) return i
    } else {
      i++
    }
  }
  return text.length
}

/** Text between two equal quotation marks; a doubled mark stands for one. */
const delimitedAt = (text: string, start: number, mark: number): Cut<string> | undefined => {
  if (text.charCodeAt(start) !== mark) return undefined
  const sign = String.fromCharCode(mark)
  let from = start + 1
  let value = ""
  for (;;) {
    const end = text.indexOf(sign, from)
    if (end === -1) return undefined
    if (text.charCodeAt(end + 1) !== mark) return { value: value + text.slice(from, end), end: end + 1 }
    value += text.slice(from, end + 1)
    from = end + 2
  }
}

/** `B'…'`, `E'…'`, `N'…'` and `X'…'` are constants: their letter is no name. */
const isPrefixOfLiteral = (text: string, start: number): boolean =>
  text.charCodeAt(start + 1) === singleQuote && "bBeEnNxX".includes(text.charAt(start))

/** A quoted name; it is not empty and has no zero byte. */
const quotedAt = (text: string, start: number): Cut<string> | undefined => {
  const cut = delimitedAt(text, start, doubleQuote)
  return cut === undefined || cut.value === "" || cut.value.includes("\0")
    ? undefined
    : { value: truncate(cut.value), end: cut.end }
}

const unicodeQuotedAt = (text: string, start: number): Cut<string> | undefined => {
  const cut = delimitedAt(text, start, doubleQuote)
  if (cut === undefined) return undefined
  const escape = /^\s*uescape\s*'([^'"+\s0-9a-f])'/i.exec(text.slice(cut.end, cut.end + 64))
  const value = unescaped(cut.value, escape?.[1] ?? "\\")
  if (value === undefined || value === "") return undefined
  return { value: truncate(value), end: cut.end + (escape?.[0].length ?? 0) }
}

/** Replaces `\0061`, `\+000061` and a doubled escape character. */
const unescaped = (text: string, escape: string): string | undefined => {
  let value = ""
  for (let i = 0; i < text.length; ) {
    if (text[i] !== escape) value += text[i++]
    else if (text[i + 1] === escape) {
      value += escape
      i += 2
    } else {
      const long = text[i + 1] === "+"
      const digits = long ? text.slice(i + 2, i + 8) : text.slice(i + 1, i + 5)
      const point = Number.parseInt(digits, 16)
      if (!/^[0-9a-f]+$/i.test(digits) || digits.length !== (long ? 6 : 4) || point === 0 || point > 0x10ffff)
        return undefined
      value += String.fromCodePoint(point)
      i += long ? 8 : 5
    }
  }
  return value
}

/** The opening `$$` or `$tag$`; a parameter such as `$1` is no tag. */
const dollarTagAt = (text: string, start: number): string | undefined => {
  let i = start + 1
  if (isIdentifierStart(text.charCodeAt(i))) {
    while (isIdentifierStart(text.charCodeAt(i)) || isDigit(text.charCodeAt(i))) i++
  }
  return text.charCodeAt(i) === dollar ? text.slice(start, i + 1) : undefined
}

const dollarQuotedAt = (text: string, start: number): Cut<string> | undefined => {
  const tag = dollarTagAt(text, start)
  if (tag === undefined) return undefined
  const close = text.indexOf(tag, start + tag.length)
  return close === -1 ? undefined : { value: text.slice(start + tag.length, close), end: close + tag.length }
}

const endOfEscaped = (text: string, start: number): number => {
  for (let i = start + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === backslash) i++
    else if (unit === singleQuote) {
      if (text.charCodeAt(i + 1) !== singleQuote) return i + 1
      i++
    }
  }
  return text.length
}
