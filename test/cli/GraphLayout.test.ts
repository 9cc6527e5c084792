import { assert, describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as GraphLayout from "../../src/cli/GraphLayout.js"

describe("the layout of a connected part", () => {
  it.effect("leads from left to right, without two boxes on one place, and inside its size", () =>
    Effect.map(GraphLayout.load, (place) => {
      const size = { width: 100, height: 40 }
      const arrows = [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
        [0, 4],
        [4, 5],
        [5, 3]
      ] as const
      const { bends, boxes, height, width } = place(
        Array.from({ length: 6 }, () => size),
        arrows
      )
      for (const [from, to] of arrows) {
        assert.isAtLeast((boxes[to]?.x ?? 0) - (boxes[from]?.x ?? 0), size.width)
      }
      strictEqual(new Set(boxes.map(({ x, y }) => `${x} ${y}`)).size, 6)
      assert.isTrue(boxes.every(({ x, y }) => x >= 0 && y >= 0 && x + 100 <= width && y + 40 <= height))
      strictEqual(bends.length, arrows.length)
    })
  )
})
