import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import * as Checksum from "../../../src/core/text/Checksum.js"
import { digest } from "../../support/arbitraries/Migration.js"

const line = fc.constantFrom("SELECT 1;", "", "  -- note", "\tx", "é")
const lines = fc.array(line, { maxLength: 6 })
const ending = fc.constantFrom("\n", "\r\n", "\r")
const trailing = fc.constantFrom("", " ", "\t ", "\f")

describe("laws", () => {
  it.prop(
    "normalise is idempotent",
    [fc.string({ unit: fc.constantFrom("a", " ", "\n", "\r", "\t", "\uFEFF") })],
    ([text]) => assert.strictEqual(Checksum.normalise(Checksum.normalise(text)), Checksum.normalise(text))
  )

  it.prop(
    "Texts that differ only in line endings, a byte order mark, trailing white space or trailing empty lines have one checksum",
    [lines, ending, trailing, fc.boolean(), fc.nat({ max: 3 })],
    ([all, end, space, mark, empty]) => {
      const changed = `${mark ? "\uFEFF" : ""}${all.map((one) => one + space + end).join("")}${end.repeat(empty)}`
      assert.strictEqual(Checksum.make(changed, digest), Checksum.make(all.join("\n"), digest))
    }
  )

  it.prop(
    "Texts that differ in anything else have different checksums, as far as the digest goes",
    [lines, lines],
    ([self, that]) => {
      const same = self.join("\n").trimEnd() === that.join("\n").trimEnd()
      assert.strictEqual(Checksum.make(self.join("\n"), digest) === Checksum.make(that.join("\n"), digest), same)
    }
  )
})

describe("Checksum", () => {
  it("names its algorithm", () => {
    assert.strictEqual(
      Checksum.make("SELECT 1", () => "c0ffee"),
      Checksum.Checksum.make("sha256:c0ffee")
    )
  })

  it("does not accept a text without algorithm or hexadecimal digest", () => {
    for (const text of ["", "c0ffee", "sha256:", ":c0ffee", "sha256:xyz", "SHA256:00"]) {
      assert.isTrue(Either.isLeft(Schema.decodeUnknownEither(Checksum.Checksum)(text)), text)
    }
  })

  it("sees an edit inside a line, and an empty line between others", () => {
    const of = (text: string) => Checksum.make(text, digest)
    assert.notStrictEqual(of("SELECT  1"), of("SELECT 1"))
    assert.notStrictEqual(of("a\n\nb"), of("a\nb"))
    assert.notStrictEqual(of(" a"), of("a"))
  })
})
