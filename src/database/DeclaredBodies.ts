/**
 * Compares the bodies of routines in the database with the files: each routine that a call can mean must have the same
 * text in the same language. A routine that does not exist has no other body. CR LF and LF count as the same line end,
 * as in PostgreSQL.
 *
 * The server keeps a body of the form `BEGIN ATOMIC` as a tree, which cannot be compared with a file's text. Such a
 * body counts as declared only where the plan itself has made it.
 *
 * @internal
 */
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type DeclaredRoutine, ofAggregate } from "../core/model/DeclaredRoutine.js"
import * as Message from "./Message.js"

/**
 * `declared`: the database has only bodies that the files tell. `empty`: it has another body. `unknown`: the body cannot be
 * compared.
 *
 * @since 0.1.0
 * @category models
 */
export const Answer = Schema.Literal("declared", "empty", "unknown")

/** @since 0.1.0 @category models */
export interface Asked {
  readonly declared: DeclaredRoutine
  readonly reach: "path" | "anywhere"
}

const asked = (all: ReadonlyArray<Asked>): string =>
  Message.literal(
    JSON.stringify(
      all.map(({ reach, declared: { arity, bodies, name } }, place) => ({
        place,
        name: name.name,
        schema: Option.getOrNull(name.schema),
        is_visible: reach === "path",
        arity: Option.getOrNull(arity),
        bodies: bodies.map(({ language, source }) => ({ language, source: Option.getOrNull(source) }))
      }))
    )
  )

const lines = (text: string): string =>
  `pg_catalog.replace(${text}, pg_catalog.chr(13) || pg_catalog.chr(10), pg_catalog.chr(10))`

/** The body of an aggregate: the names of the functions that it calls. */
const functions = `(SELECT pg_catalog.string_agg(DISTINCT f.proname::text COLLATE pg_catalog."C", pg_catalog.chr(10))
    FROM pg_catalog.pg_aggregate AS a JOIN pg_catalog.pg_proc AS f ON f.oid = ANY (ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
      a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn])
    WHERE a.aggfnoid = p.oid)`

/**
 * Whether a routine takes the number of arguments. `CALL` also passes an argument for each `OUT` parameter of a
 * procedure.
 */
const takes = `w.arity IS NULL
    OR w.arity >= (p.pronargs - p.pronargdefaults - CASE WHEN p.provariadic = 0 THEN 0 ELSE 1 END)
    AND (p.provariadic <> 0 OR w.arity <= CASE WHEN p.prokind = 'p' THEN coalesce(pg_catalog.cardinality(p.proallargtypes), p.pronargs)
      ELSE p.pronargs END)`

/**
 * A statement with an answer `bodies`. Where the search path leads to no routine of a name, all routines of the name
 * count: a trigger calls its function in any schema. `own` is the id of the asking transaction, `isOwn` tells whether
 * that transaction has written a row with an `xmin`, and `transactions` are the ids of earlier steps.
 *
 * @since 0.1.0
 * @category statements
 */
export const statement = (options: {
  readonly asked: ReadonlyArray<Asked>
  readonly own: string
  readonly isOwn: (xmin: string) => string
  readonly transactions: ReadonlyArray<string>
}): string =>
  Message.answering(
    "bodies",
    `coalesce(pg_catalog.json_agg(b.answer ORDER BY w.place), '[]')`,
    `FROM (SELECT ${options.own} AS own_id, (${options.own} >> 32) << 32 AS epoch) AS own
  CROSS JOIN pg_catalog.jsonb_to_recordset(${asked(options.asked)}::pg_catalog.jsonb)
    AS w (place integer, name pg_catalog.text, schema pg_catalog.text, is_visible boolean, arity integer, bodies pg_catalog.jsonb)
  CROSS JOIN LATERAL (
    SELECT CASE WHEN coalesce(pg_catalog.bool_and(r.is_declared), true) THEN 'declared' WHEN pg_catalog.bool_or(r.is_tree) THEN 'unknown'
      ELSE 'empty' END AS answer
    FROM (
      SELECT s.is_found, pg_catalog.bool_or(s.is_found) OVER () AS is_any, p.prosqlbody IS NOT NULL AS is_tree, EXISTS (
          SELECT FROM pg_catalog.jsonb_to_recordset(w.bodies) AS t (language pg_catalog.text, source pg_catalog.text)
          WHERE t.language = CASE WHEN p.prokind = 'a' THEN '${ofAggregate}' ELSE l.lanname END
            AND CASE WHEN p.prosqlbody IS NOT NULL
              THEN t.source IS NULL AND (${options.isOwn("p.xmin")} OR p.xmin::text = ANY ('{${options.transactions.join(",")}}'::text[]))
              ELSE ${lines("t.source")} = ${lines(`CASE WHEN p.prokind = 'a' THEN ${functions} ELSE p.prosrc END`)} END
        ) AS is_declared
      FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
        CROSS JOIN LATERAL (
          SELECT w.schema IS NOT NULL OR NOT w.is_visible OR pg_catalog.pg_function_is_visible(p.oid) AS is_found
        ) AS s
      WHERE p.proname = w.name::pg_catalog.name
        AND CASE WHEN w.schema = 'pg_temp' THEN n.oid = pg_catalog.pg_my_temp_schema() ELSE n.nspname = w.schema END IS NOT FALSE
        AND n.nspname <> ALL ('{pg_catalog,information_schema}') AND (${takes})
    ) AS r
    WHERE r.is_found OR NOT r.is_any
  ) AS b`
  )

/** @since 0.1.0 @category readers */
export const read: (columns: Message.Columns) => Effect.Effect<ReadonlyArray<typeof Answer.Type>> = Message.reader(
  "bodies",
  Schema.Array(Answer)
)
