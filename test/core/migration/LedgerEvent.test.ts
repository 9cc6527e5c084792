import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { LedgerEvent, Migration } from "effect-auto-migration"
import * as fc from "fast-check"
import * as Checksum from "../../../src/core/text/Checksum.js"
import { sha256 } from "../../../src/runtime/Sha256.js"

const draft = fc.record({
  kind: fc.constantFrom<LedgerEvent.Kind>("Started", "Applied", "Failed", "Baselined", "Adopted", "Renamed"),
  migrationId: fc.constantFrom("001_a", "002_b", "003_ç", "004_𝒹").map((id) => Migration.MigrationId.make(id)),
  checksum: fc.hexaString({ minLength: 1, maxLength: 8 }).map((hex) => Checksum.Checksum.make(`sha256:${hex}`)),
  detail: fc.jsonValue().map((value) => JSON.stringify({ value })),
  recordedAt: fc.constantFrom("2026-01-31T23:59:59.123456Z", "2026-02-01T00:00:00.000000Z"),
  recordedBy: fc.constantFrom("app", "Müller", "1:x")
})

/** A log as the server chains it. */
const log = fc.array(draft, { maxLength: 12 }).map((drafts): ReadonlyArray<LedgerEvent.LedgerEvent> => {
  let previousHash = LedgerEvent.genesis
  return drafts.map((fields, index) => {
    const event = { ...fields, sequence: index + 1, previousHash, hash: LedgerEvent.genesis }
    previousHash = sha256(LedgerEvent.hashed(event))
    return { ...event, hash: previousHash }
  })
})

const applying: ReadonlyArray<LedgerEvent.Kind> = ["Applied", "Baselined", "Adopted", "Renamed"]

const verify = (events: ReadonlyArray<LedgerEvent.LedgerEvent>) =>
  LedgerEvent.verify(sha256, LedgerEvent.origin, events)

describe("laws", () => {
  it.prop(
    "1. `replay(xs.concat(ys))` is `fold(replay(xs), ys)`: a projection may stop at any event and continue later.",
    [log, fc.nat(12)],
    ([events, cut]) =>
      deepStrictEqual(
        LedgerEvent.fold(LedgerEvent.replay(events.slice(0, cut)), events.slice(cut)),
        LedgerEvent.replay(events)
      )
  )

  it.prop(
    "2. `replay` is idempotent on repeated events: an event that was folded in before has no effect.",
    [log, fc.nat(12)],
    ([events, from]) => {
      const once = LedgerEvent.replay(events)
      deepStrictEqual(LedgerEvent.fold(once, events.slice(from)), once)
    }
  )

  it.prop(
    "3. A chain that verifies, with any one field of any one event changed, no longer verifies.",
    [
      log.filter((events) => events.length > 0),
      fc.nat(),
      fc.constantFrom<keyof LedgerEvent.LedgerEvent>(
        "sequence",
        "kind",
        "migrationId",
        "checksum",
        "detail",
        "recordedAt",
        "recordedBy",
        "previousHash",
        "hash"
      )
    ],
    ([events, at, field]) => {
      assert.isTrue(Either.isRight(verify(events)))
      const index = at % events.length
      const forged = events.map((event, n) =>
        n === index ? { ...event, [field]: field === "sequence" ? event.sequence + 1 : `${event[field]}0` } : event
      )
      assert.isTrue(Either.isLeft(verify(forged)))
    }
  )

  it.prop(
    "4. A migration is in the applied set exactly if an event that applies names it, in whichever order its trials are recorded.",
    [log],
    ([events]) =>
      assert.sameMembers(
        [...LedgerEvent.replay(events).checksumById.keys()],
        [...new Set(events.filter(({ kind }) => applying.includes(kind)).map(({ migrationId }) => migrationId))]
      )
  )

  it.prop("5. The checksum of an applied migration is that of the last event that applies it.", [log], ([events]) => {
    for (const [id, checksum] of LedgerEvent.replay(events).checksumById) {
      const applications = events.filter(({ kind, migrationId }) => applying.includes(kind) && migrationId === id)
      deepStrictEqual(applications.at(-1)?.checksum, checksum)
    }
  })
})

describe("isCurrent", () => {
  const id = Migration.MigrationId.make("R__a")
  const old = Checksum.Checksum.make("sha256:a")
  const now = Checksum.Checksum.make("sha256:b")
  const applied = (checksum: Checksum.Checksum | undefined) => ({
    ...LedgerEvent.empty,
    checksumById: new Map(checksum === undefined ? [] : [[id, checksum]])
  })

  it("compares the text of a repeatable migration, and holds for others if they are applied", () => {
    for (const [recorded, isRepeatable, expected] of [
      [undefined, true, false],
      [undefined, false, false],
      [old, true, false],
      [old, false, true],
      [now, true, true]
    ] as const) {
      assert.strictEqual(LedgerEvent.isCurrent(applied(recorded), { id, checksum: now, isRepeatable }), expected)
    }
  })
})

describe("the detail of an event", () => {
  const detailOf = (detail: string) =>
    LedgerEvent.detailOf({
      sequence: 1,
      kind: "Applied",
      migrationId: Migration.MigrationId.make("a"),
      checksum: Checksum.Checksum.make("sha256:0"),
      detail,
      recordedAt: "",
      recordedBy: "",
      previousHash: "",
      hash: ""
    })

  it("has the fields that are known, of whichever version it is", () => {
    deepStrictEqual(detailOf('{"gap": "relation users", "newer": 1}'), Option.some({ gap: "relation users" }))
    deepStrictEqual(detailOf("{}"), Option.some({}))
  })

  it("is none where another program gives its fields another meaning", () => {
    deepStrictEqual(detailOf('{"gap": 1}'), Option.none())
  })
})

describe("verify", () => {
  it.prop("names the first event that is missing", [log.filter((events) => events.length > 2)], ([events]) =>
    deepStrictEqual(verify(events.filter((event) => event.sequence !== 2)), Either.left({ sequence: 2, reason: "gap" }))
  )

  it.prop("continues from a head that was verified before", [log, fc.nat(12)], ([events, cut]) =>
    deepStrictEqual(
      Either.flatMap(verify(events.slice(0, cut)), (head) => LedgerEvent.verify(sha256, head, events.slice(cut))),
      verify(events)
    )
  )

  it("counts the bytes of a field, not its characters", () => {
    const event = {
      sequence: 1,
      kind: "Applied",
      detail: "é𝒹",
      recordedAt: "",
      recordedBy: "",
      previousHash: "",
      hash: ""
    } as const
    const ids = { migrationId: Migration.MigrationId.make("a"), checksum: Checksum.Checksum.make("sha256:0") }
    assert.include(LedgerEvent.hashed({ ...event, ...ids }), "6:é𝒹")
  })
})
