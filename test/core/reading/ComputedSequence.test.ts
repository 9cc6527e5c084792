import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { lastFootprint, staysBehind, told } from "../../support/history/Parsing.js"

const behind = (...texts: ReadonlyArray<string>) => assert.isTrue(staysBehind(...texts), texts.join("\n--\n"))
const free = (...texts: ReadonlyArray<string>) => assert.isFalse(staysBehind(...texts), texts.join("\n--\n"))

const made = "CREATE SEQUENCE q2; CREATE TABLE t (id serial, x integer); CREATE TABLE u (id serial)"

describe("a call that moves a sequence", () => {
  it("writes the sequence whose name it puts together from constants", () => {
    behind(made, "SELECT setval('q2', 40)", "SELECT nextval('q' || '2')")
    behind(made, "SELECT setval('q2', 40)", "SELECT nextval(('q2'::text)::regclass)")
    free(made, "SELECT setval('q2', 40)", "SELECT nextval('u_id' || '_seq')")
  })

  it("writes the sequence of a constant under any cast, at once and in a default that runs later", () => {
    for (const name of ["'q2'", "'q2'::regclass", "('public.q2'::text)::regclass"]) {
      behind(made, "ALTER SEQUENCE q2 RESTART 40", `SELECT nextval(${name})`)
      behind(
        made,
        `ALTER TABLE t ALTER x SET DEFAULT nextval(${name})`,
        "ALTER SEQUENCE q2 RESTART 40",
        "INSERT INTO t DEFAULT VALUES"
      )
    }
  })

  it("writes the table whose column owns the sequence", () => {
    const toTen = "SELECT setval(pg_get_serial_sequence('t', 'id'), 10)"
    behind(made, toTen, "SELECT setval(pg_get_serial_sequence('t', 'id'), 50)")
    behind(made, toTen, "INSERT INTO t (x) VALUES (1)")
    free(made, toTen, "SELECT setval(pg_get_serial_sequence('u', 'id'), 50)")
  })

  it("is a barrier where only the server knows the name", () =>
    deepStrictEqual(told(lastFootprint(made, "SELECT nextval(x::regclass) FROM t")).barriers, [
      "nextval moves a sequence whose name is computed"
    ]))
})
