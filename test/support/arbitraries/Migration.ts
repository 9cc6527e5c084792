/**
 * Migrations and their parts, small enough that two of them often meet: few tables, few columns, few ids.
 */
import * as Option from "effect/Option"
import * as Struct from "effect/Struct"
import * as fc from "fast-check"
import * as Directive from "../../../src/core/file/Directive.js"
import * as Footprint from "../../../src/core/migration/Footprint.js"
import * as Migration from "../../../src/core/migration/Migration.js"
import * as HazardKey from "../../../src/core/model/HazardKey.js"
import type { Risk, RiskKind } from "../../../src/core/model/Risk.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"

/** Stands for SHA-256 where no cryptography is needed: different texts, different digests. */
export const digest = (text: string): string => Buffer.from(text, "utf8").toString("hex") || "0"

export const idOf = (text: string): Migration.MigrationId => Migration.MigrationId.make(text)

/** A migration as a test spells it: what it provides and removes it also writes, as an inferred footprint would. */
export interface Sketch {
  readonly id: string
  readonly provides?: ReadonlyArray<SchemaObject.SchemaObject>
  readonly removes?: ReadonlyArray<SchemaObject.SchemaObject>
  readonly reads?: ReadonlyArray<string>
  readonly writes?: ReadonlyArray<string>
  readonly barrier?: string
  readonly requires?: ReadonlyArray<string>
  readonly accepts?: ReadonlyArray<RiskKind>
  readonly declares?: ReadonlyArray<SchemaObject.SchemaObject>
  readonly risks?: ReadonlyArray<Risk>
  readonly transaction?: "own" | "none"
  readonly sql?: string
  readonly runsUnknownCode?: boolean
}

export const risk = (kind: RiskKind, table?: string): Risk => ({
  kind,
  relation: Option.map(Option.fromNullable(table), (name) => SchemaObject.qualifiedName(name)),
  declared: Option.none(),
  isOfRows: false,
  reach: "path",
  lock: "ACCESS EXCLUSIVE",
  start: 0,
  line: 1,
  statement: `a statement with ${kind}`
})

export const migration = (sketch: Sketch): Migration.Migration => {
  const { declares = [], provides = [], removes = [] } = sketch
  return Migration.make({
    id: idOf(sketch.id),
    source: `${sketch.id}.sql`,
    script: { _tag: "Sql", text: sketch.sql ?? `-- ${sketch.id}` },
    directives: {
      ...Directive.none,
      requires: (sketch.requires ?? []).map((id) => ({ id: idOf(id), line: 1 })),
      transaction: sketch.transaction ?? "own",
      accepts: sketch.accepts ?? []
    },
    declares,
    footprint: {
      ...Footprint.empty,
      isNeutral: false,
      provides: [...provides, ...declares],
      removes,
      reads: new Set(sketch.reads ?? []),
      writes: new Set([...(sketch.writes ?? []), ...[...provides, ...removes, ...declares].map(HazardKey.keyOf)]),
      barriers: sketch.barrier === undefined ? [] : [{ reason: sketch.barrier, line: 1 }],
      risks: sketch.risks ?? [],
      runsUnknownCode: sketch.runsUnknownCode ?? false
    },
    digest
  })
}

export const table = (name: string, schema?: string): SchemaObject.Relation =>
  SchemaObject.relation(SchemaObject.qualifiedName(name, schema))

export const column = (name: string, relation?: string, schema?: string): SchemaObject.Column =>
  SchemaObject.column(name, relation === undefined ? undefined : SchemaObject.qualifiedName(relation, schema))

/** A record, so that a new kind does not compile until it is here. */
const everyRiskKind: Readonly<Record<RiskKind, true>> = {
  "data-loss": true,
  "incompatible-change": true,
  "table-rewrite": true,
  "table-scan": true,
  "blocking-index-build": true,
  "validation-scan": true,
  "volatile-default": true,
  "row-update": true,
  "referenced-table-lock": true,
  "not-transactional": true,
  "privilege-change": true,
  opaque: true
}

export const riskKinds = Struct.keys(everyRiskKind)

export const riskKind: fc.Arbitrary<RiskKind> = fc.constantFrom(...riskKinds)

/** Ids that differ in digits, leading zeros, case and separators more often than in anything else. */
export const id: fc.Arbitrary<Migration.MigrationId> = fc
  .array(fc.constantFrom("0", "1", "2", "9", "10", "00", "a", "b", "B", "_", "-", ".", " ", "é"), {
    minLength: 1,
    maxLength: 6
  })
  .map((parts) => parts.join("").trim())
  .filter((text) => text !== "")
  .map(idOf)

const tableName = fc.constantFrom("users", "orders", "items", "notes")
const columnName = fc.constantFrom("id", "email", "name")

export const schemaObject: fc.Arbitrary<SchemaObject.SchemaObject> = fc.oneof(
  tableName.map((name) => table(name)),
  tableName.map((name) => table(name, "app")),
  fc.tuple(columnName, tableName).map(([name, relation]) => column(name, relation)),
  tableName.map((name) => SchemaObject.type(SchemaObject.qualifiedName(`${name}_kind`))),
  tableName.map((name) => SchemaObject.enumValue(SchemaObject.qualifiedName(`${name}_kind`), "new")),
  fc
    .tuple(tableName, fc.option(fc.array(fc.constantFrom("integer", "text"), { maxLength: 2 }), { nil: undefined }))
    .map(([name, types]) => SchemaObject.routine(SchemaObject.qualifiedName(`${name}_f`), types)),
  fc.constant(SchemaObject.schema("app")),
  fc.constant(SchemaObject.extension("citext"))
)

export const someRisk: fc.Arbitrary<Risk> = fc
  .tuple(riskKind, fc.option(tableName, { nil: undefined }))
  .map(([kind, name]) => risk(kind, name))

const understood: fc.Arbitrary<Omit<Sketch, "id">> = fc.record({
  provides: fc.array(schemaObject, { maxLength: 3 }),
  removes: fc.array(schemaObject, { maxLength: 1 }),
  reads: fc.array(tableName, { maxLength: 2 }),
  writes: fc.array(tableName, { maxLength: 2 }),
  accepts: fc.array(riskKind, { maxLength: 2 }),
  risks: fc.array(someRisk, { maxLength: 2 }),
  transaction: fc.oneof({ weight: 5, arbitrary: fc.constant("own" as const) }, fc.constant("none" as const))
})

/** All but the id; one in ten is not understood. */
export const sketch: fc.Arbitrary<Omit<Sketch, "id">> = fc.oneof(
  { weight: 9, arbitrary: understood },
  { weight: 1, arbitrary: understood.map((rest) => ({ ...rest, barrier: "dynamic SQL" })) }
)
