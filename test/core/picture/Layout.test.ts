import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Layout from "../../../src/core/picture/Layout.js"
import * as Model from "../../../src/core/picture/Model.js"
import { graph } from "../../support/arbitraries/Graph.js"
import { edge, node } from "../../support/arbitraries/Picture.js"

/** One box below the other. */
const below: Layout.Place = (boxes, arrows) => {
  const tops = boxes.map((_, at) => boxes.slice(0, at).reduce((sum, { height }) => sum + height, 0))
  return {
    width: Math.max(...boxes.map(({ width }) => width)),
    height: boxes.reduce((sum, { height }) => sum + height, 0),
    boxes: tops.map((y) => ({ x: 0, y })),
    bends: arrows.map(([from, to]) => [{ x: from, y: to }])
  }
}

describe("laws", () => {
  it.prop("Each node has a place inside the sheet, and no two parts overlap", [graph], ([made]) => {
    const { boxes, height, sizes, width } = Layout.of(Model.fromGraph(made), below)
    const placed = sizes.map((size, at) => ({ ...size, ...(boxes[at] ?? { x: -1, y: -1 }) }))
    strictEqual(boxes.length, made.nodes.length)
    for (const [at, one] of placed.entries()) {
      assert.isTrue(one.x >= 0 && one.y >= 0 && one.x + one.width <= width && one.y + one.height <= height)
      for (const other of placed.slice(at + 1)) {
        const isBeside = one.x + one.width <= other.x || other.x + other.width <= one.x
        assert.isTrue(isBeside || one.y + one.height <= other.y || other.y + other.height <= one.y)
      }
    }
  })

  it("A part is laid out by itself: the library sees no node of another one", () => {
    const model: Model.Model = {
      nodes: ["1", "2", "3", "4", "5"].map((id) => node(id)),
      edges: [edge("1", "3"), edge("2", "4"), edge("3", "5")]
    }
    const asked: Array<readonly [number, ReadonlyArray<Layout.Arrow>]> = []
    const { bends } = Layout.of(model, (boxes, arrows) => {
      asked.push([boxes.length, arrows])
      return below(boxes, arrows)
    })
    deepStrictEqual(asked, [
      [
        3,
        [
          [0, 1],
          [1, 2]
        ]
      ],
      [2, [[0, 1]]]
    ])
    deepStrictEqual(
      bends.map((one) => one.length),
      [1, 1, 1]
    )
  })
})

describe("a label", () => {
  it("leaves out the middle of a long id", () => {
    const id = `0001_${"x".repeat(60)}_the_end`
    strictEqual(Layout.labelOf(node(id)).length, Layout.labelLength)
    assert.match(Layout.labelOf(node(id)), /^0001_x+…x+_the_end$/)
    strictEqual(Layout.labelOf(node("001_users")), "001_users")
  })
})
