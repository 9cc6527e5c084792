/**
 * Addresses of databases, and what a failed connection means.
 */
import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Connection from "../../src/cli/Connection.js"

const address = (url: string | undefined, environment: Readonly<Record<string, string>> = {}) =>
  Either.map(Connection.address(Option.fromNullable(url), environment), ({ url: _, ...shown }) => shown)

describe("an address", () => {
  it("is the option's, else DATABASE_URL's, else that of psql's variables", () => {
    const environment = { DATABASE_URL: "postgres://b@two/db", PGHOST: "three", PGDATABASE: "db", PGUSER: "c" }
    deepStrictEqual(
      address("postgresql://a:x@one:6000/db", environment),
      Either.right({ host: "one", port: "6000", database: "db", user: "a", from: "--url" })
    )
    deepStrictEqual(
      address(undefined, environment),
      Either.right({ host: "two", port: "5432", database: "db", user: "b", from: "DATABASE_URL" })
    )
    deepStrictEqual(
      address(undefined, { ...environment, DATABASE_URL: "" }),
      Either.right({ host: "three", port: "5432", database: "db", user: "c", from: "the environment's PG variables" })
    )
  })

  it("of a socket keeps its path", () => {
    deepStrictEqual(
      Either.map(
        Connection.address(Option.none(), { PGHOST: "/run/postgresql", PGDATABASE: "db", PGUSER: "c" }),
        ({ url }) => url
      ),
      Either.right("postgres://c@localhost/db?host=%2Frun%2Fpostgresql")
    )
  })

  it("that is wrong is refused without its text, which may hold a password", () => {
    for (const text of ["host/db", "mysql://a:secret@host/db", "postgres://a:se cret@ho st/db"]) {
      const refused = address(text)
      assert.isTrue(Either.isLeft(refused), text)
      assert.notInclude(JSON.stringify(refused), "secret")
      assert.notInclude(JSON.stringify(refused), "cret@")
    }
  })
})

describe("a failed connection", () => {
  const to: Connection.Address = {
    url: "postgres://ada:secret@db.local:5433/shop",
    ...{ host: "db.local", port: "5433", database: "shop", user: "ada", from: "DATABASE_URL" }
  }
  const failing = (code: string, message = "") =>
    Connection.failure(to, new SqlError({ cause: Object.assign(new Error(message), { code }) })).message

  it("names host, port, database and user, and no password", () => {
    strictEqual(
      failing("ECONNREFUSED"),
      'Cannot connect to db.local, port 5433, database "shop", user "ada" (from DATABASE_URL): no server listens there. ' +
        "Start the server, or correct host and port."
    )
  })

  for (const [code, message, says] of [
    ["ENOTFOUND", "", "the host is not known"],
    ["28P01", 'password authentication failed for user "ada"', "the password is wrong"],
    ["3D000", 'database "shop" does not exist', "the database does not exist"],
    ["28000", "no pg_hba.conf entry for host, no encryption", "?sslmode=require"],
    ["28000", 'role "ada" does not exist', "the role does not exist"],
    ["", "The server does not support SSL connections", "?sslmode=disable"],
    ["", "SASL: client password must be a string", "the server asks for a password"],
    ["53300", "sorry, too many clients already", "no connection left"],
    ["08P01", "no such database: shop", "a pooler answers"],
    ["XX000", "out of its mind", "out of its mind"]
  ] as const) {
    it(`says the next step, given ${code} ${message}`, () => assert.include(failing(code, message), says))
  }

  it("is explained by the first address of a host with several", () => {
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" })
    const error = Connection.failure(to, new SqlError({ cause: new AggregateError([refused]) }))
    assert.include(error.message, "no server listens there")
  })
})
