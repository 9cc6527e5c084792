import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as FileHash from "../../../src/core/adoption/FileHash.js"
import type { Keeping } from "../../../src/core/adoption/Tool.js"
import { digest } from "../../../src/runtime/Sha256.js"

const file = (text: string, name = "1.sql"): FileHash.Content => ({ name, text, bytes: Buffer.from(text) })

const fits = (keeping: Keeping, text: string, recorded: string): boolean | undefined =>
  FileHash.fits(digest, keeping, file(text), recorded, [])

const hash = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest("hex")

describe("a file is known by", () => {
  it("the hash of its bytes", () => {
    for (const algorithm of ["sha256", "sha384", "sha1", "md5"] as const) {
      assert.isTrue(fits(algorithm, "CREATE TABLE ä ();\r\n", hash(algorithm, "CREATE TABLE ä ();\r\n")))
      assert.isFalse(fits(algorithm, "CREATE TABLE ä ();\n", hash(algorithm, "CREATE TABLE ä ();\r\n")))
    }
  })

  /** The check value of the algorithm: the CRC-32 of 123456789 is CBF43926. */
  it("the checksum of its lines, for any line ends", () => {
    for (const text of ["123456789", "1234\n56789\n", "\uFEFF1234\r\n56789\r\n", "1234\r56789"]) {
      assert.isTrue(fits("crc32", text, String(0xcbf43926 | 0)))
    }
    assert.isFalse(fits("crc32", "123456789 ", String(0xcbf43926 | 0)))
  })

  it("the hash of its body after the one before it, as graphile-migrate writes it into the header", () => {
    const first = `sha1:${hash("sha1", "CREATE TABLE users ();\n")}`
    assert.isTrue(fits("graphile", `--! Previous: -\n--! Hash: ${first}\n\nCREATE TABLE users ();\n`, first))
    const second = `sha1:${hash("sha1", `${first}\nSELECT 1;\n`)}`
    assert.isTrue(fits("graphile", `--! Previous: ${first}\n--! Hash: ${second}\n\nSELECT 1;\n`, second))
    assert.isFalse(fits("graphile", `--! Previous: ${first}\n--! Hash: ${second}\n\nSELECT 2;\n`, second))
    const allowed = `--! Previous: ${first}\n--! Hash: ${second}\n--! AllowInvalidHash\n\nSELECT 2;\n`
    assert.isTrue(fits("graphile", allowed, second))
  })

  it("the hash of all files up to it, as in atlas.sum", () => {
    const files = [file("CREATE TABLE a ();", "1.sql"), file("-- atlas:sum ignore\n", "2.sql"), file("x", "3.sql")]
    const recorded = createHash("sha256").update("1.sqlCREATE TABLE a ();2.sql3.sqlx").digest("base64")
    const of = (text: string, folder: ReadonlyArray<FileHash.Content>) =>
      FileHash.fits(digest, "atlas", file(text, "3.sql"), recorded, folder)
    assert.isTrue(of("x", files))
    assert.isFalse(of("x", [file("CREATE TABLE b ();", "1.sql"), ...files.slice(1)]))
  })

  it("its statements in their order, with only comments between them", () => {
    const recorded = JSON.stringify(["CREATE TABLE a ()", "-- why\nCREATE TABLE b ()"])
    assert.isTrue(fits("statements", "CREATE TABLE a ();\r\n-- why\r\nCREATE TABLE b ();\n-- end\n", recorded))
    assert.isFalse(fits("statements", "-- why\nCREATE TABLE b ();\nCREATE TABLE a ();", recorded))
    assert.isFalse(fits("statements", "CREATE TABLE a ();\n-- why\nCREATE TABLE b ();\nDROP TABLE c;", recorded))
  })

  it("no record, if the tool keeps none", () => {
    deepStrictEqual(fits("nothing", "SELECT 1", ""), undefined)
    deepStrictEqual(fits("statements", "SELECT 1", "null"), undefined)
  })
})
