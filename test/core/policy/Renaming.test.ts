import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import * as LedgerEvent from "../../../src/core/migration/LedgerEvent.js"
import type { Migration } from "../../../src/core/migration/Migration.js"
import * as Renaming from "../../../src/core/policy/Renaming.js"
import { migration } from "../../support/arbitraries/Migration.js"

const statement = { start: 0, end: 1, line: 1, transactional: true }

/** A migration with this text, which stands for its checksum. */
const file = (id: string, text: string, statements: ReadonlyArray<typeof statement> = [statement]): Migration => {
  const made = migration({ id })
  const checksum = migration({ id: `text ${text}` }).checksum
  return { ...made, checksum, footprint: { ...made.footprint, statements } }
}

const graphOf = (...files: ReadonlyArray<Migration>) => Either.getOrThrow(MigrationGraph.make(files))

const appliedOf = (...files: ReadonlyArray<Migration>) => LedgerEvent.including(LedgerEvent.empty, files)

const found = (files: ReadonlyArray<Migration>, applied: ReadonlyArray<Migration>): ReadonlyArray<string> =>
  Renaming.renamings(graphOf(...files), appliedOf(...applied)).map(
    ({ from, migration: { id } }) => `${from.join()} -> ${id}`
  )

describe("laws", () => {
  it("1. A migration counts as renamed only if exactly its text is applied under an id whose file does not have that text.", () => {
    deepStrictEqual(found([file("b", "t")], [file("a", "t")]), ["a -> b"])
    deepStrictEqual(found([file("b", "t")], [file("a", "u")]), [])
    deepStrictEqual(found([file("b", "t"), file("a", "u")], [file("a", "t")]), ["a -> b"])
    deepStrictEqual(found([file("b", "t"), file("a", "t")], [file("a", "t")]), [])
    deepStrictEqual(found([file("c", "t"), file("b", "u")], [file("a", "t"), file("b", "t")]), ["a -> c"])
    deepStrictEqual(found([file("c", "t"), file("d", "t")], [file("a", "t"), file("b", "t")]), ["a,b -> c", "a,b -> d"])
  })

  it("2. A text without a statement, or one that a file has under an id that is applied with it, is no evidence of a renaming.", () => {
    deepStrictEqual(found([file("b", "t", [])], [file("a", "t")]), [])
    deepStrictEqual(found([file("b", "t"), file("c", "t")], [file("a", "t"), file("c", "t")]), [])
    deepStrictEqual(found([file("b", "t"), file("c", "t")], [file("a", "t"), file("c", "u")]), ["a -> b"])
  })

  it("3. An applied migration never counts as renamed.", () => {
    deepStrictEqual(found([file("b", "t")], [file("a", "t"), file("b", "t")]), [])
  })
})

describe("an objection", () => {
  it("is the first reason that applies", () => {
    const objection = (
      from: string,
      to: Migration,
      files: ReadonlyArray<Migration>,
      applied: ReadonlyArray<Migration>
    ) => Option.getOrElse(Renaming.objection(graphOf(...files), appliedOf(...applied), { from, to }), () => "none")
    const [a, b] = [file("a", "t"), file("b", "t")]
    assert.strictEqual(objection("a", b, [b], [a]), "none")
    assert.strictEqual(objection("a", b, [b], [a, b]), "already applied")
    assert.strictEqual(objection("a", b, [a, b], [a]), "still a file")
    assert.strictEqual(objection("a", b, [b], []), "not applied")
    assert.strictEqual(objection("a", b, [b], [file("a", "u")]), "another text")
  })
})
