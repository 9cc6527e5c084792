/**
 * Tests files that were written for psql: a program with one does not start, and the error says what to write instead.
 */
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { startError } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const table = "CREATE TABLE codes (id integer);"

describe("a program does not start, and no statement of any file runs,", () => {
  for (const [what, text, says] of [
    [
      "with a command of psql",
      `${table}\n\n\\restrict abc\n`,
      /^InvalidSql: record:002:3:1: \\restrict is a command of psql/
    ],
    [
      "with COPY from stdin",
      `${table}\nCOPY codes (id) FROM stdin;\n`,
      /^InvalidSql: record:002:2:1: COPY … FROM stdin/
    ],
    [
      "with rows to copy",
      `${table}\nCOPY codes (id) FROM stdin;\n1\n\\.\n`,
      /^InvalidSql: record:002:2:1: COPY … FROM stdin/
    ]
  ] as const) {
    it.scopedLive(what, () =>
      Effect.gen(function* () {
        const url = yield* Server.freshDatabase
        assert.match(yield* startError(url, { "001": "CREATE TABLE other (id integer);", "002": text }), says)
        deepStrictEqual(yield* Database.query(url, "SELECT to_regclass('other') AS t"), [{ t: null }])
      })
    )
  }
})
