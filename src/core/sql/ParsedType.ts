/**
 * The wording of a type is its name as the server prints it: `integer` for `int4`, `character varying` for `varchar`,
 * `app.mood[]` for an array.
 *
 * Source: format_type_extended, src/backend/utils/adt/format_type.c.
 *
 * @since 0.1.0
 * @internal
 */
import type { TypeName } from "@pgsql/types"
import type { QualifiedName } from "../model/SchemaObject.js"
import { fold } from "../text/Lexer.js"
import { quoteIdent } from "./QuotedIdentifier.js"
import { nameOfStrings, stringsOf } from "./SyntaxTree.js"

const wordings: Readonly<Record<string, string>> = {
  bool: "boolean",
  bpchar: "character",
  char: '"char"',
  float4: "real",
  float8: "double precision",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  time: "time without time zone",
  timestamp: "timestamp without time zone",
  timestamptz: "timestamp with time zone",
  timetz: "time with time zone",
  varbit: "bit varying",
  varchar: "character varying"
}

const serials: Readonly<Record<string, string>> = {
  bigserial: "bigint",
  serial: "integer",
  serial2: "smallint",
  serial4: "integer",
  serial8: "bigint",
  smallserial: "smallint"
}

/**
 * Types of `pg_catalog` that people use without schema. Any other type without schema may belong to the application.
 */
const builtIn: ReadonlySet<string> = new Set(
  (
    "aclitem any anyarray anycompatible anycompatiblearray anycompatiblemultirange anycompatiblenonarray " +
    "anycompatiblerange anyelement anyenum anymultirange anynonarray anyrange bit bool box bpchar bytea char cid cidr " +
    "circle cstring date datemultirange daterange event_trigger fdw_handler float4 float8 index_am_handler inet int2 " +
    "int2vector int4 int4multirange int4range int8 int8multirange int8range internal interval json jsonb jsonpath " +
    "language_handler line lseg macaddr macaddr8 money name numeric nummultirange numrange oid oidvector path pg_lsn " +
    "pg_node_tree pg_snapshot point polygon record refcursor regclass regcollation regconfig regdictionary " +
    "regnamespace regoper regoperator regproc regprocedure regrole regtype table_am_handler text tid time timestamp " +
    "timestamptz timetz trigger tsm_handler tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector " +
    "txid_snapshot unknown uuid varbit varchar void xid xid8 xml"
  ).split(" ")
)

/** The integer type behind a `serial` type; `undefined` for other types. @since 0.1.0 @category operations */
export const serialOf = (type: TypeName | undefined): string | undefined => {
  const names = stringsOf(type?.names)
  return names.length === 1 && type?.arrayBounds === undefined ? serials[names[0] ?? ""] : undefined
}

/** Whether a type belongs to PostgreSQL itself. @since 0.1.0 @category predicates */
export const isBuiltIn = (parts: ReadonlyArray<string>): boolean =>
  parts.length > 1 ? parts.at(-2) === "pg_catalog" : builtIn.has(parts[0] ?? "") || (parts[0] ?? "") in serials

/** The name of a type, or of the element of an array type. @since 0.1.0 @category operations */
export const elementName = (type: TypeName): QualifiedName => nameOfStrings(stringsOf(type.names))

/** The wording of a name with or without schema, quoted where the server quotes. @since 0.1.0 @category operations */
export const wordingOfName = (schema: string | undefined, name: string): string =>
  schema === undefined ? quoteIdent(name) : `${quoteIdent(schema)}.${quoteIdent(name)}`

/** The wording of a type, without modifiers. @since 0.1.0 @category operations */
export const wordingOf = (type: TypeName | undefined): string => {
  const names = stringsOf(type?.names)
  const last = names.at(-1) ?? ""
  const schema = names.at(-2)
  const plain = schema === undefined || schema === "pg_catalog" ? wordings[last] : undefined
  const base = plain ?? (isBuiltIn(names) ? last : wordingOfName(schema, last))
  return type?.arrayBounds === undefined ? base : `${base}[]`
}

/** Spellings of types, with the server's wording. */
const spellings: Readonly<Record<string, string>> = {
  ...wordings,
  "char varying": "character varying",
  char: "character",
  dec: "numeric",
  decimal: "numeric",
  float: "double precision",
  int: "integer"
}

/**
 * The wording of a type in SQL text: `varchar(10)[]` becomes `character varying[]`. Length and precision are left out,
 * because a signature has none.
 *
 * @since 0.1.0
 * @category operations
 */
export const wordingOfText = (text: string): string => {
  const words = text.trim().replace(/\s+/g, " ")
  const array = /(?: array)?(?: ?\[\d*\])*$/i.exec(words)?.[0] ?? ""
  const element = words.slice(0, words.length - array.length).replace(/ ?\([\d, ]*\)/, "")
  const folded = element.includes('"') ? element : fold(element)
  const plain = folded.startsWith("pg_catalog.") ? folded.slice("pg_catalog.".length) : folded
  return `${spellings[plain] ?? plain}${array === "" ? "" : "[]"}`
}
