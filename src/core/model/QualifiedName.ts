/**
 * Names as SQL writes them, and as PostgreSQL stores them: folded, unquoted, cut to 63 bytes.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import { dottedAt, identifierAt, skipBlank } from "../text/Lexer.js"

/** A name and, where it is known, its schema; both as the server stores them. @since 0.1.0 @category models */
export interface QualifiedName {
  readonly schema: Option.Option<string>
  readonly name: string
}

/** A name and, where it is known, its schema; both as the server stores them. @since 0.1.0 @category constructors */
export const qualifiedName = (name: string, schema?: string): QualifiedName => ({
  schema: schema === undefined ? Option.none() : Option.some(schema),
  name
})

/**
 * Quotes an identifier, so that SQL reads it back unchanged.
 *
 * @example
 * import { SchemaObject } from "effect-auto-migration"
 *
 * SchemaObject.quote('say "hi"') // "\"say \"\"hi\"\"\""
 *
 * @since 0.1.0
 * @category identifiers
 */
export const quote = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`

/**
 * Reads one identifier as the server does: quotes are removed, ASCII letters outside quotes become lower case, and the
 * name is cut to 63 bytes of UTF-8. `None` when the text is not exactly one identifier.
 *
 * @since 0.1.0
 * @category identifiers
 */
export const identifierFrom = (sql: string): Option.Option<string> => {
  const cut = identifierAt(sql, 0)
  return cut !== undefined && cut.end === sql.length ? Option.some(cut.value) : Option.none()
}

/**
 * Reads a name of one to three parts as SQL writes it. The first of three parts is the database and is left out: a
 * statement can name only the database that it runs in.
 *
 * @example
 * import { SchemaObject } from "effect-auto-migration"
 *
 * SchemaObject.nameFrom('App."Users"') // Option.some({ schema: Option.some("app"), name: "Users" })
 *
 * @since 0.1.0
 * @category identifiers
 */
export const nameFrom = (sql: string): Option.Option<QualifiedName> => {
  const cut = dottedAt(sql, skipBlank(sql, 0))
  return cut !== undefined && skipBlank(sql, cut.end) === sql.length ? nameOfParts(cut.value) : Option.none()
}

/**
 * The name with these parts, as the server stores them. `None` for no parts or more than three.
 *
 * @since 0.1.0
 * @category identifiers
 */
export const nameOfParts = (parts: ReadonlyArray<string>): Option.Option<QualifiedName> => {
  const name = parts[parts.length - 1]
  return name === undefined || parts.length > 3
    ? Option.none()
    : Option.some(qualifiedName(name, parts[parts.length - 2]))
}
