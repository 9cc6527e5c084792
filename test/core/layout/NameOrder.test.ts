import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as NameOrder from "../../../src/core/layout/NameOrder.js"

const named = (...ids: ReadonlyArray<string>) => ids.map((id) => ({ id, path: `${id}.sql` }))
const idsOf = (items: ReadonlyArray<{ readonly id: string }>) => items.map(({ id }) => id)
const undecided = (...ids: ReadonlyArray<string>) =>
  Either.mapBoth(NameOrder.undecided(named(...ids)), { onLeft: idsOf, onRight: idsOf })

const id = fc.constantFrom("9_a", "10_b", "007", "a", "B", "20250519101010_a", "20250625_b", "99999999_c", "1.1_x")

describe("laws", () => {
  it.prop("The result of each order is a permutation of its input", [fc.array(id)], ([ids]) => {
    const items = named(...ids)
    for (const sorted of [
      NameOrder.ordered(items, "natural"),
      NameOrder.ordered(items, "text"),
      NameOrder.numbered(items),
      Either.getOrElse(NameOrder.undecided(items), () => items)
    ]) {
      deepStrictEqual(idsOf(sorted).sort(), [...ids].sort())
    }
  })

  it.prop(
    'Ids whose numbers are padded to one width have the same order as "natural", as "text" and by undecided',
    [fc.array(fc.integer({ min: 0, max: 9999 }))],
    ([numbers]) => {
      const ids = numbers.map((number) => `${String(number).padStart(4, "0")}_x`)
      const sorted = [...ids].sort()
      deepStrictEqual(idsOf(NameOrder.ordered(named(...ids), "natural")), sorted)
      deepStrictEqual(idsOf(NameOrder.ordered(named(...ids), "text")), sorted)
      deepStrictEqual(undecided(...ids), Either.right(sorted))
    }
  )

  it.prop("Two contradicting names stand in opposite order by number and as text", [fc.array(id)], ([ids]) => {
    const result = undecided(...ids)
    if (Either.isRight(result)) return
    deepStrictEqual(idsOf(NameOrder.ordered(named(...result.left), "natural")), result.left)
    deepStrictEqual(idsOf(NameOrder.ordered(named(...result.left), "text")), result.left.toReversed())
  })
})

describe("undecided", () => {
  it("fails with the first two names whose numbers contradict their text", () => {
    deepStrictEqual(undecided("11_c", "10_b", "9_a", "8_x"), Either.left(["9_a", "10_b"]))
    deepStrictEqual(undecided("001_step10", "001_step9"), Either.left(["001_step9", "001_step10"]))
  })

  it("takes natural order if names differ in other characters than digits", () => {
    for (const ids of [
      ["001_b", "001-a"],
      ["1_b", "1.a"],
      ["001_a_b", "001_a.b"],
      ["user_roles", "user-x"],
      ["V1__a", "V1.1__b"]
    ]) {
      deepStrictEqual(undecided(...ids.toReversed()), Either.right(ids))
    }
  })

  it("finds contradicting numbers with other names between them", () => {
    deepStrictEqual(undecided("1_z", "1.a", "10_q"), Either.left(["1_z", "10_q"]))
    deepStrictEqual(undecided("1_a", "01_b"), Either.left(["1_a", "01_b"]))
  })

  it("orders dates and timestamps side by side as text", () => {
    const ids = ["20250519101010_a", "20250625_b", "20250701090000_c"]
    deepStrictEqual(undecided(...ids.toReversed()), Either.right(ids))
    deepStrictEqual(
      NameOrder.numbered(named(...ids.toReversed())).map(({ id }) => id),
      ids
    )
  })

  it("orders timestamps of other lengths as text as well", () => {
    const ids = ["2025051910_a", "20250519101010_a", "20250519101010123_a", "202505191011_b", "20250520_c"]
    deepStrictEqual(undecided(...ids.toReversed()), Either.right([...ids].sort()))
  })

  it("takes no other numbers of 8 digits for dates, and fails for other contradictions beside dates", () => {
    assert.isTrue(Either.isLeft(undecided("20250519101010_a", "20259925_b")))
    assert.isTrue(Either.isLeft(undecided("20250519101010_a", "20250625_b", "9_x", "10_y")))
    assert.isTrue(Either.isLeft(undecided("20250519101010_a", "20250625_b9", "20250625_b10")))
  })
})
