/**
 * Marks the words of an SQL text for a reader: comments, strings, keywords, numbers and quoted names. It reads tokens and no grammar.
 *
 * **Laws**
 *
 * 1. The lengths of the marks add up to the length of the text.
 * 2. Two marks beside each other have different kinds.
 *
 * @internal
 */
import { skipToken } from "../text/Lexer.js"

/** In the order of their numbers in {@link Marks}. @since 0.1.0 @category constants */
export const kinds = ["plain", "comment", "string", "keyword", "number", "name"] as const

/** The number of a kind, and how many UTF-16 units it covers, in turn. @since 0.1.0 @category models */
export type Marks = ReadonlyArray<number>

type Kind = (typeof kinds)[number]

/** The body of a dollar-quoted string is marked like a text of its own. @since 0.1.0 @category conversions */
export const marksOf = (sql: string): Marks => {
  const marks: Array<number> = []
  mark(marks, sql)
  return marks
}

const mark = (marks: Array<number>, sql: string): void => {
  for (let start = 0; start < sql.length; ) {
    const end = Math.max(start + 1, Math.min(endOf(sql, start), sql.length))
    const token = sql.slice(start, end)
    const tag = /^\$\w*\$/.exec(token)?.[0] ?? ""
    if (tag !== "" && token.length >= 2 * tag.length && token.endsWith(tag)) {
      add(marks, "string", tag.length)
      mark(marks, token.slice(tag.length, -tag.length))
      add(marks, "string", tag.length)
    } else add(marks, kindOf(token), end - start)
    start = end
  }
}

const add = (marks: Array<number>, kind: Kind, length: number): void => {
  const number = kinds.indexOf(kind)
  if (marks.at(-2) === number) marks.push((marks.pop() ?? 0) + length)
  else marks.push(number, length)
}

/** The end of a token, or of one character of white space. */
const endOf = (sql: string, start: number): number => (/\s/.test(sql.charAt(start)) ? start + 1 : skipToken(sql, start))

const kindOf = (token: string): Kind => {
  if (token.startsWith("--") || token.startsWith("/*")) return "comment"
  if (/^(?:'|[eE]'|\$\w*\$)/.test(token)) return "string"
  if (token.startsWith('"')) return "name"
  if (/^\d/.test(token)) return "number"
  return keywords.has(token.toUpperCase()) ? "keyword" : "plain"
}

const keywords = new Set(
  `ADD ALL ALTER ALWAYS AND ANY AS ASC BEFORE BEGIN BETWEEN BY CASCADE CASE CHECK COLUMN COMMENT COMMIT CONCURRENTLY CONFLICT
  CONSTRAINT CREATE CROSS DATABASE DEFAULT DEFERRABLE DEFERRED DELETE DESC DISTINCT DO DOMAIN DROP EACH ELSE END ENUM EXCLUDE
  EXECUTE EXISTS EXTENSION FALSE FOR FOREIGN FROM FULL FUNCTION GENERATED GRANT GROUP HAVING IDENTITY IF ILIKE IMMUTABLE IN INDEX
  INITIALLY INNER INSERT INTO IS JOIN KEY LANGUAGE LATERAL LEFT LIKE LIMIT MATERIALIZED MERGE NOT NOTHING NULL NULLS OF OFFSET ON
  OR ORDER OUTER OVER OWNER PARTITION POLICY PRIMARY PROCEDURE PUBLICATION REFERENCES RENAME REPLACE RESTRICT RETURN RETURNING
  RETURNS REVOKE RIGHT ROLE ROLLBACK ROW ROWS RULE SCHEMA SECURITY SELECT SEQUENCE SET STABLE STATISTICS STORED STRICT TABLE
  TEMPORARY THEN TO TRIGGER TRUE TRUNCATE TYPE UNION UNIQUE UPDATE USING VALID VALIDATE VALUE VALUES VIEW VOLATILE WHEN WHERE
  WITH WITHOUT`.split(/\s+/)
)
