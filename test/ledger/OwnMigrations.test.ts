import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { AutoMigrationConfig, MigrationSource, SchemaObject, SqlParser } from "effect-auto-migration"
import * as LedgerMigrations from "../../src/ledger/OwnMigrations.js"

const schema = AutoMigrationConfig.SchemaName.make("somewhere")

/** The same files, read as the program's migrations are. */
const inferred = Effect.flatMap(LedgerMigrations.load(schema), ({ migrations }) =>
  Effect.provide(
    MigrationSource.loadMigrations,
    MigrationSource.layerRecord(
      Object.fromEntries(migrations.map(({ id, script }) => [id, script._tag === "Sql" ? script.text : ""]))
    )
  )
).pipe(Effect.provide(SqlParser.layer))

/** The relations that have columns. */
const tables = (provided: ReadonlyArray<SchemaObject.SchemaObject>): ReadonlyArray<string> => [
  ...new Set(
    provided.flatMap((object) =>
      object._tag === "Column"
        ? Option.toArray(object.relation).map((_) => SchemaObject.render(SchemaObject.relation(_)))
        : []
    )
  )
]

/** The last three files bring triggers and constraints, and no table: names that no file makes stand for them. */
const standIns = ["projection_guard", "value_limits", "size_limits"].map((name) => `relation somewhere.${name}`)

describe("the ledger's own migrations", () => {
  it.effect("bring exactly the tables that the library lists for them, with the same checksums", () =>
    Effect.gen(function* () {
      const { migrations } = yield* LedgerMigrations.load(schema)
      const found = yield* inferred
      deepStrictEqual(
        found.map(({ footprint }) => tables(footprint.provides)),
        migrations.map(({ footprint }) =>
          footprint.provides.map(SchemaObject.render).filter((name) => !standIns.includes(name))
        )
      )
      deepStrictEqual(
        found.map(({ checksum, transaction }) => [checksum, transaction]),
        migrations.map(({ checksum, transaction }) => [checksum, transaction])
      )
    })
  )
})
