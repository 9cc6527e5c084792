/**
 * Quotes an identifier as the server does: `mood` stays `mood`, and `Role` becomes `"Role"`. `format('%I')` and the
 * signature of a function have this form.
 *
 * Source: quote_identifier, src/backend/utils/adt/ruleutils.c.
 *
 * @since 0.1.0
 * @internal
 */
import { quote } from "../model/SchemaObject.js"

const reserved: ReadonlySet<string> = new Set(
  (
    "all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast " +
    "char character check coalesce collate collation column concurrently constraint create cross current_catalog " +
    "current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable " +
    "desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group " +
    "grouping having ilike in initially inner inout int integer intersect interval into is isnull join lateral leading " +
    "least left like limit localtime localtimestamp natural national nchar none normalize not notnull null nullif numeric " +
    "offset on only or order out outer overlaps overlay placing position precision primary real references returning " +
    "right row select session_user setof similar smallint some substring symmetric system_user table tablesample then " +
    "time timestamp to trailing treat trim true union unique user using values varchar variadic verbose when where window with"
  ).split(" ")
)

/** The identifier, in quotes if it is a reserved word or not plain lower case. @since 0.1.0 @category operations */
export const quoteIdent = (text: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(text) && !reserved.has(text) ? text : quote(text)
