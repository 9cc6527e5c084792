import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import type { QualifiedName } from "../../../src/core/model/SchemaObject.js"
import { quote, render } from "../../../src/core/model/SchemaObject.js"
import {
  isColumnOf,
  longestText,
  type StatementScope,
  scopeFrom,
  tableOf
} from "../../../src/core/statement/StatementScope.js"
import * as arb from "../../support/arbitraries/Sql.js"
import { parser } from "../../support/history/Parsing.js"

const scope = (text: string): StatementScope => Option.getOrThrow(scopeFrom(parser, text))

const nameText = ({ name, schema }: QualifiedName) => [...Option.toArray(schema), name].join(".")

const withAlias = (text: string) =>
  scope(text).relations.map(({ alias, relation }) => [nameText(relation), ...Option.toArray(alias)].join(" "))

const columns = (text: string) =>
  scope(text).columns.map(({ name, qualifier }) => [...Option.toArray(qualifier), name].join("."))

const table = (text: string, qualifier: string) => Option.map(tableOf(scope(text), qualifier), nameText)

const statements = Object.values(arb.samples).filter((sample) => sample !== undefined)

describe("laws", () => {
  it.prop(
    "A text that is not SQL or is too long has no scope; every other text has one, which may be empty.",
    [arb.script],
    ([{ text }]) => {
      assert.isTrue(Option.isSome(scopeFrom(parser, text)))
      assert.isTrue(Option.isNone(scopeFrom(parser, `${text};\nselec 1`)))
      assert.isTrue(Option.isNone(scopeFrom(parser, `${text};${" ".repeat(longestText)}`)))
    }
  )

  it.prop(
    "The scope of several statements is the union of their scopes.",
    [fc.constantFrom(...statements), fc.constantFrom(...statements)],
    ([first, second]) => {
      const both = withAlias(`${first}; ${second}`)
      assert.sameMembers(both, [...new Set([...withAlias(first), ...withAlias(second)])])
    }
  )

  it.prop(
    "The name of a common table expression is never a relation of the scope, where it is visible.",
    [arb.identifier, arb.identifier],
    ([cte, other]) => {
      const names = withAlias(`WITH ${quote(cte)} AS (SELECT * FROM ${quote(`${other}t`)}) SELECT * FROM ${quote(cte)}`)
      deepStrictEqual(names, [`${other}t`])
    }
  )
})

describe("relations", () => {
  it("have their aliases, in joins, subqueries, LATERAL, IN and EXISTS", () =>
    deepStrictEqual(
      withAlias(`SELECT (SELECT max(x) FROM e) FROM app.a AS t JOIN b USING (id) NATURAL JOIN c, LATERAL (SELECT * FROM d) l
        WHERE t.x IN (SELECT y FROM f) AND EXISTS (TABLE g) FOR UPDATE OF t`),
      ["e", "app.a t", "b", "c", "d", "f", "g"]
    ))

  it("are the targets and the sources of INSERT, UPDATE, DELETE and MERGE", () => {
    deepStrictEqual(withAlias("INSERT INTO a SELECT * FROM b"), ["a", "b"])
    deepStrictEqual(withAlias("UPDATE a x SET y = b.y FROM b WHERE b.id = x.id"), ["a x", "b"])
    deepStrictEqual(withAlias("DELETE FROM a USING b WHERE a.id = b.id"), ["a", "b"])
    deepStrictEqual(
      withAlias(
        "MERGE INTO a USING (SELECT * FROM b) s ON s.id = a.id WHEN MATCHED THEN UPDATE SET x = (SELECT 1 FROM c)"
      ),
      ["a", "b", "c"]
    )
  })

  it("leave out common table expressions within their scope only", () => {
    deepStrictEqual(withAlias("WITH users AS (SELECT * FROM users) SELECT * FROM users"), ["users"])
    deepStrictEqual(withAlias("WITH RECURSIVE t AS (SELECT 1 UNION SELECT * FROM t) SELECT * FROM t"), [])
    deepStrictEqual(withAlias("SELECT * FROM (WITH q AS (SELECT 1) TABLE q) x, q"), ["q"])
    deepStrictEqual(withAlias("WITH q AS (SELECT 1) SELECT * FROM app.q"), ["app.q"])
    deepStrictEqual(withAlias("WITH q AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM q"), ["a", "b"])
  })

  it("are found in strings that the server reads as names", () =>
    deepStrictEqual(withAlias(`SELECT 'app.a'::regclass, nextval('"S"'), 'not.this'`), ["app.a", "S"]))
})

describe("columns", () => {
  it("keep their qualifier; stars and output names are left out", () =>
    deepStrictEqual(columns("SELECT t.a, b AS c, t.*, s.t.d FROM t WHERE e = 1 GROUP BY f"), [
      "t.a",
      "b",
      "t.d",
      "e",
      "f"
    ]))

  it("on the left side of an assignment belong to the target", () => {
    deepStrictEqual(columns("INSERT INTO t (a, b) VALUES (1, 2)"), ["t.a", "t.b"])
    deepStrictEqual(columns("UPDATE t AS x SET a = c"), ["x.a", "c"])
    deepStrictEqual(columns("MERGE INTO t USING u ON true WHEN NOT MATCHED THEN INSERT (a) VALUES (u.b)"), [
      "t.a",
      "u.b"
    ])
  })

  it("in USING and ON CONFLICT are included", () => {
    assert.include(columns("SELECT 1 FROM a JOIN b USING (id)"), "id")
    deepStrictEqual(
      columns("INSERT INTO t (a) VALUES (1) ON CONFLICT (b) DO UPDATE SET c = excluded.d WHERE t.e > 1"),
      ["t.a", "t.c", "excluded.d", "b", "t.e"]
    )
  })
})

describe("routines and types", () => {
  it("come from calls and casts, without PostgreSQL's own types", () => {
    const { routines, types } = scope(
      "SELECT app.f(x), count(*), y::mood, z::text[], $1::app.addr FROM g(1) WHERE 'f'::regproc = 'h'::regproc"
    )
    deepStrictEqual(routines.map(nameText), ["app.f", "count", "g", "f", "h"])
    deepStrictEqual(types.map(nameText), ["mood", "app.addr"])
  })
})

describe("tableOf", () => {
  it("answers the table of an alias, and the table of a name that no alias hides", () => {
    deepStrictEqual(table("SELECT u.x FROM app.users u", "u"), Option.some("app.users"))
    deepStrictEqual(table("SELECT users.x FROM app.users", "users"), Option.some("app.users"))
    deepStrictEqual(table("SELECT users.x FROM app.users u", "users"), Option.none())
    deepStrictEqual(table("SELECT b.x FROM a b, b c", "b"), Option.some("a"))
  })

  it("answers the target of the INSERT for `excluded`", () =>
    deepStrictEqual(
      table("INSERT INTO app.t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b", "excluded"),
      Option.some("app.t")
    ))

  it("answers `None` for a subquery", () =>
    deepStrictEqual(table("SELECT q.x FROM (SELECT 1 AS x) q", "q"), Option.none()))
})

describe("conflictTarget", () => {
  const target = (text: string) =>
    Option.map(scope(`INSERT INTO t VALUES (1) ${text} DO NOTHING`).conflictTarget, render)

  it("is all that an ON CONFLICT asks for, in one order and one form", () => {
    const over = (text: string) => Option.some(`unique constraint of relation t over ${text}`)
    deepStrictEqual(target("ON CONFLICT (b, a)"), over("(a, b)"))
    deepStrictEqual(target("ON CONFLICT (lower(t.b), A)"), over('(a, lower("b"))'))
    deepStrictEqual(
      target("ON CONFLICT (a text_ops, (b ->> 'k') COLLATE \"C\")"),
      over(`(a, ("b" ->> 'k')) by "a" text_ops, ("b" ->> 'k') collate C`)
    )
    deepStrictEqual(
      target("ON CONFLICT (a) WHERE c IS NOT NULL AND (d = true AND NOT e) AND f = -1"),
      over('(a) where "c" is not null and "d" and ("f" = -1) and not "e"')
    )
    deepStrictEqual(target("ON CONFLICT"), Option.none())
  })
})

describe("a column", () => {
  const isClosed = (text: string) => isColumnOf(scope(text), "c")

  it("can only belong to the named relations", () => {
    for (const text of [
      "SELECT c FROM t",
      "SELECT u.c FROM t u JOIN s USING (c)",
      "SELECT lower(c) FROM (SELECT * FROM t) s WHERE s.c[1] = ANY ($1)",
      "WITH q AS (SELECT c FROM t) SELECT * FROM q",
      "INSERT INTO t (a) SELECT c FROM s",
      "UPDATE t SET a = c",
      "DELETE FROM t WHERE c",
      "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET a = c"
    ]) {
      assert.isTrue(isClosed(text), text)
    }
  })

  it("may belong to a function, a value or another statement", () => {
    for (const text of [
      "SELECT c FROM f()",
      "SELECT c FROM t, LATERAL unnest(t.many)",
      "SELECT c FROM JSON_TABLE(jsonb '[]', '$' COLUMNS (a integer))",
      "SELECT c FROM XMLTABLE('/a' PASSING x COLUMNS b integer)",
      "SELECT (t.r).c, c FROM t",
      "SELECT c FROM (SELECT (t.r).* FROM t) s",
      "INSERT INTO t (r.c) SELECT c FROM s",
      "DO 'BEGIN PERFORM c FROM t; END'",
      "EXECUTE p (c)",
      "SELECT c FROM t; CREATE VIEW v AS SELECT c FROM t",
      "SELECT d FROM t"
    ]) {
      assert.isFalse(isClosed(text), text)
    }
  })
})
