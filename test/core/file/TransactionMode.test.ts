import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as TransactionMode from "../../../src/core/file/TransactionMode.js"

describe("ofBegin", () => {
  for (const [statement, mode] of [
    ["BEGIN", {}],
    ["begin work", {}],
    ["START\n  TRANSACTION", {}],
    ["BEGIN ISOLATION LEVEL SERIALIZABLE", { isolation: "serializable" }],
    ["BEGIN TRANSACTION READ WRITE", { access: "read write" }],
    [
      "START TRANSACTION ISOLATION LEVEL repeatable read, READ ONLY, NOT DEFERRABLE",
      { isolation: "repeatable read", access: "read only" }
    ],
    [
      "BEGIN /* all */ ISOLATION LEVEL -- one snapshot\n  REPEATABLE READ READ WRITE",
      { isolation: "repeatable read", access: "read write" }
    ],
    ["START TRANSACTION DEFERRABLE", {}]
  ] as const) {
    it(`reads ${JSON.stringify(statement)}`, () => deepStrictEqual(TransactionMode.ofBegin(statement), mode))
  }

  it("gives undefined for another statement, and for a mode that no server knows", () => {
    for (const statement of ["BEGIN ISOLATION LEVEL NONE", "BEGINNING", "COMMIT", "START", "BEGIN; SELECT 1"])
      assert.isUndefined(TransactionMode.ofBegin(statement), statement)
  })
})

describe("ofSetting and ofDefault", () => {
  const repeatable = { isolation: "repeatable read" } as const
  for (const [statement, mode] of [
    ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", repeatable],
    ["SET LOCAL TRANSACTION ISOLATION LEVEL REPEATABLE READ", repeatable],
    ["set local transaction_isolation = 'repeatable read'", repeatable],
    ['SET transaction_isolation TO "repeatable read"', repeatable],
    ["SET TRANSACTION READ ONLY", { access: "read only" }],
    ["SET transaction_read_only = on", { access: "read only" }],
    ["SET LOCAL transaction_read_only TO false", { access: "read write" }],
    ["SET TRANSACTION DEFERRABLE", {}],
    ["SET transaction_deferrable = on", {}]
  ] as const) {
    it(`reads ${JSON.stringify(statement)}`, () => {
      deepStrictEqual(TransactionMode.ofSetting(statement), mode)
      assert.isUndefined(TransactionMode.ofDefault(statement))
    })
  }

  for (const [statement, mode] of [
    ["SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ", repeatable],
    ["SET default_transaction_isolation = 'repeatable read'", repeatable],
    ["SET SESSION default_transaction_read_only TO off", { access: "read write" }]
  ] as const) {
    it(`reads ${JSON.stringify(statement)}, which sets a mode of later transactions`, () => {
      deepStrictEqual(TransactionMode.ofDefault(statement), mode)
      assert.isUndefined(TransactionMode.ofSetting(statement))
    })
  }

  it("give undefined for any other statement", () => {
    for (const statement of [
      "SET lock_timeout = '1s'",
      "SET transaction_isolation TO DEFAULT",
      "SET LOCAL default_transaction_isolation = 'serializable'",
      "SET transaction_timeout = 1",
      "SELECT 'SET TRANSACTION READ ONLY'"
    ]) {
      assert.isUndefined(TransactionMode.ofSetting(statement), statement)
      assert.isUndefined(TransactionMode.ofDefault(statement), statement)
    }
  })
})
