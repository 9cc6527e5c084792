import { describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import { render } from "../../../src/core/picture/Mermaid.js"
import { everyKind, node } from "../../support/arbitraries/Picture.js"

describe("Mermaid text", () => {
  it("has a shape and a class for each state, the keys on the edges, and a dashed border outside a transaction", () => {
    strictEqual(
      render(everyKind).replaceAll(/(classDef \w+) .*/g, "$1"),
      `flowchart LR
  m0(["1"]):::applied
  m1["2"]:::pending
  m2{{"3"}}:::refused
  m3>"4"]:::failed
  m4("5"):::unknown
  m0 -->|"users"| m1
  m1 -->|"requires"| m2
  m2 -->|"barrier"| m3
  classDef failed
  classDef refused
  classDef pending
  classDef applied
  classDef unknown
  classDef outside
  class m3 outside
`
    )
  })

  it("writes each character of an id that could mean something as a code", () => {
    strictEqual(
      render({ nodes: [node('a"]<b>#`*\u202e')], edges: [] }).split("\n")[1],
      '  m0("a#34;#93;#60;b#62;#35;#96;#42;#92;u#123;202e#125;"):::unknown'
    )
  })
})
