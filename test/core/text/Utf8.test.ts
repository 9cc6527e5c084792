import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Utf8 from "../../../src/core/text/Utf8.js"

const bytesOf = (text: string) => new TextEncoder().encode(text)
const text = fc.string({ unit: "grapheme" })

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

describe("laws", () => {
  it.prop(
    "decode is the inverse of encode for every text without lone surrogates, a byte order mark included",
    [text, fc.constantFrom("", "\uFEFF", "\uFFFD", "\0")],
    ([one, before]) => deepStrictEqual(Utf8.decode(bytesOf(before + one)), Either.right(before + one))
  )

  it.prop(
    "The bytes before byteOffset are valid, and no run of bytes that starts there is",
    [fc.uint8Array({ maxLength: 12 }), text],
    ([bytes, before]) => {
      const all = new Uint8Array([...bytesOf(before), ...bytes])
      const decoded = Utf8.decode(all)
      assert.strictEqual(Either.isRight(decoded), isUtf8(all))
      if (Either.isLeft(decoded)) {
        const { byteOffset, line } = decoded.left
        assert.isTrue(isUtf8(all.slice(0, byteOffset)))
        for (let end = byteOffset + 1; end <= all.length; end++) assert.isFalse(isUtf8(all.slice(byteOffset, end)))
        assert.strictEqual(line, all.slice(0, byteOffset).filter((byte) => byte === 0x0a).length + 1)
      }
    }
  )
})

describe("decode", () => {
  it("names the line of a Latin-1 letter", () => {
    const bytes = new Uint8Array([...bytesOf("-- a\n-- caf"), 0xe9, ...bytesOf("\n")])
    deepStrictEqual(Utf8.decode(bytes), Either.left({ byteOffset: 11, line: 2 }))
  })

  it("rejects UTF-16 at its first byte", () => {
    deepStrictEqual(Utf8.decode(new Uint8Array([0xff, 0xfe, 0x61, 0])), Either.left({ byteOffset: 0, line: 1 }))
  })

  it("rejects a character that the end cuts off, encoded surrogates and overlong forms", () => {
    for (const bytes of [
      [0xe2, 0x82],
      [0xed, 0xa0, 0x80],
      [0xc0, 0x80],
      [0xf5, 0x80, 0x80, 0x80]
    ]) {
      deepStrictEqual(Utf8.decode(new Uint8Array([0x0a, ...bytes])), Either.left({ byteOffset: 1, line: 2 }))
    }
  })
})
