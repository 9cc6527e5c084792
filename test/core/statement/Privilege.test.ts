/**
 * The privileges that statements require, read from their text. test/server/heal/privileges.test.ts shows that the server agrees
 * for the statements that all its versions know.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as ParsedSql from "../../../src/core/sql/ParsedSql.js"
import * as DefinitionPrivilege from "../../../src/core/statement/DefinitionPrivilege.js"
import type { RequiredPrivilege } from "../../../src/core/statement/Privilege.js"
import * as Parsing from "../../support/history/Parsing.js"

const render = ({ columns, kind, name, privilege, schema }: RequiredPrivilege): string => {
  const object = [schema, name].filter((part) => part !== null).join(".")
  return `${privilege}${columns === null ? "" : `(${columns.join(", ")})`} ${kind}${object === "" ? "" : ` ${object}`}`
}

const needs = (sql: string): ReadonlyArray<string> =>
  Either.match(ParsedSql.statementsOf(Parsing.parser, sql), {
    onLeft: ({ reason }) => assert.fail(reason),
    onRight: (statements) => [
      ...new Set(statements.flatMap(({ node }) => DefinitionPrivilege.ofStatement(Parsing.parser, node)).map(render))
    ]
  })

describe("a query requires", () => {
  for (const [sql, expected] of [
    ["SELECT 1", []],
    ["SELECT count(*) FROM t", ["SELECT() relation t"]],
    ["SELECT * FROM s.t", ["SELECT relation s.t"]],
    [
      "SELECT a.x, y FROM t AS a, u",
      ["SELECT() relation t", "SELECT(x, y) relation t", "SELECT() relation u", "SELECT(y) relation u"]
    ],
    ["WITH t AS (SELECT id FROM u) SELECT id FROM t", ["SELECT() relation u", "SELECT(id) relation u"]],
    ["SELECT id FROM t FOR UPDATE", ["SELECT() relation t", "SELECT(id) relation t", "UPDATE() relation t"]],
    ["INSERT INTO t DEFAULT VALUES", ["INSERT relation t"]],
    ["INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING", ["INSERT(a) relation t"]],
    ["UPDATE t SET a = 1", ["UPDATE(a) relation t"]],
    ["UPDATE t SET a = b + 1", ["UPDATE(a) relation t", "SELECT(b) relation t"]],
    ["DELETE FROM t WHERE a = 1", ["DELETE relation t", "SELECT(a) relation t"]],
    [
      `MERGE INTO t USING u ON t.a = u.a WHEN MATCHED AND t.b THEN DELETE WHEN MATCHED THEN UPDATE SET c = 1
        WHEN NOT MATCHED THEN INSERT (d) VALUES (u.e)`,
      [
        "SELECT() relation u",
        "SELECT(a, e) relation u",
        "DELETE relation t",
        "UPDATE(c) relation t",
        "INSERT(d) relation t",
        "SELECT(a, b, e) relation t"
      ]
    ],
    ["SELECT lower('A'), own.f(1), nextval('s')", ["EXECUTE routine own.f", "USAGE relation s"]]
  ] as const) {
    it(sql, () => deepStrictEqual(needs(sql), [...expected]))
  }
})

describe("a definition requires", () => {
  for (const [sql, expected] of [
    ["CREATE TABLE t (id integer)", ["CREATE schema"]],
    ["CREATE TEMP TABLE t (id integer)", ["TEMPORARY database"]],
    [
      "CREATE TABLE s.t (m s.mood REFERENCES u (m)) INHERITS (p)",
      ["CREATE schema s", "USAGE schema s", "OWNER relation p", "USAGE type s.mood", "REFERENCES(m) relation u"]
    ],
    ["CREATE TABLE t AS SELECT id FROM u", ["CREATE schema", "SELECT() relation u", "SELECT(id) relation u"]],
    ["ALTER TABLE t RENAME COLUMN a TO b", ["OWNER relation t", "CREATE schema"]],
    ["ALTER TABLE t SET SCHEMA s", ["OWNER relation t", "CREATE schema s"]],
    ["DROP TABLE a, s.b", ["OWNER relation a", "OWNER relation s.b"]],
    ["DROP TRIGGER x ON s.t", ["OWNER relation s.t"]],
    ["DROP FUNCTION f(integer)", ["OWNER routine f"]],
    ["DROP SCHEMA s", ["OWNER schema s"]],
    ["DROP TYPE mood", ["OWNER type mood"]],
    ["CREATE FUNCTION f() RETURNS integer LANGUAGE c AS 'x'", ["CREATE schema", "USAGE language c"]],
    ["CREATE PUBLICATION p FOR TABLE t", ["CREATE database"]],
    ["CREATE DATABASE d", ["CREATEDB role"]],
    ["ALTER SYSTEM SET work_mem = '1MB'", ["SUPERUSER role"]],
    ["CREATE EXTENSION hstore", ["CREATE extension hstore"]],
    [
      "DO $$ BEGIN PERFORM f(); DROP VIEW v; END $$",
      ["USAGE language plpgsql", "EXECUTE routine f", "OWNER relation v"]
    ]
  ] as const) {
    it(sql, () => deepStrictEqual(needs(sql), [...expected]))
  }
})
