/**
 * The result of asking another tool's table, or the catalog, about this program's migrations: the migrations to record as applied, and
 * the misfits, which contradict that.
 *
 * **Laws**
 *
 * 1. A migration is adopted at most once, and not if the ledger has it already.
 * 2. Each row of the tool's table leads to an entry, to a migration that the ledger has, or to a misfit.
 *
 * @since 0.1.0
 */
import { MisfitKind } from "../error/AdoptionError.js"
import type { Migration, MigrationId } from "../migration/Migration.js"

export { MisfitKind }

/**
 * A contradiction between the witness and the migrations, as data and in words.
 *
 * @since 0.1.0
 * @category models
 */
export interface Misfit {
  readonly kind: MisfitKind
  readonly ids: ReadonlyArray<MigrationId>
  /** One sentence, without a full stop. */
  readonly text: string
}

/**
 * A migration to record as adopted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly migration: Migration
  /** The name and the time in the tool's table; `null` if the witness is the catalog. */
  readonly recordedAs: string | null
  readonly recordedAt: string | null
  /**
   * `same` and `edited`: the tool's hash fits the file, or does not. `recorded`: the tool keeps no hash. `there`: the catalog has the
   * objects that the migration promises. `assumed`: the migration promises no object, and a later one is there.
   */
  readonly because: "same" | "edited" | "recorded" | "there" | "assumed"
}

/** The source of the information: a tool's table, or the catalog. @since 0.1.0 @category models */
export type Witness =
  | { readonly _tag: "Table"; readonly tool: string; readonly table: string }
  | { readonly _tag: "Catalog" }

/**
 * @since 0.1.0
 * @category models
 */
export interface Adoption {
  readonly witness: Witness
  /** In the graph's order. */
  readonly entries: ReadonlyArray<Entry>
  readonly misfits: ReadonlyArray<Misfit>
  /** Migrations without evidence for or against them: they stay pending. */
  readonly untold: ReadonlyArray<Migration>
}

/**
 * Which witness to ask, and which kinds of misfits to accept.
 *
 * @since 0.1.0
 * @category models
 */
export interface AdoptOptions {
  /** `table`: asks the table of another tool. `catalog`: looks up the promised objects of each migration. */
  readonly by: "table" | "catalog"
  /** The table's name. Defaults to the only one that is there. */
  readonly table?: string | undefined
  /** Defaults to none. */
  readonly accept?: ReadonlyArray<MisfitKind> | undefined
}

/**
 * Asks the only table of another tool, and accepts no misfit.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { SqlClient } from "@effect/sql"
 * import { PgClient } from "@effect/sql-pg"
 * import { Adoption, AutoMigration, AutoMigrationLive, MigrationSource } from "effect-auto-migration"
 * import { Config, Effect, Layer } from "effect"
 *
 * const adoption = Effect.gen(function* () {
 *   const sql = yield* SqlClient.SqlClient
 *   yield* sql`CREATE TABLE knex_migrations (id integer, name text, batch integer, migration_time timestamptz)`
 *   yield* sql`INSERT INTO knex_migrations VALUES (1, '001_users.js', 1, now())`
 *   return yield* AutoMigration.adoption(Adoption.fromTable)
 * })
 *
 * const Live = AutoMigrationLive.pipe(
 *   Layer.provide(MigrationSource.layerRecord({ "001_users": "CREATE TABLE users (id integer)" })),
 *   Layer.provideMerge(PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") }))
 * )
 *
 * const { entries, misfits } = await Effect.runPromise(Effect.provide(adoption, Live))
 * assert.deepEqual(misfits, [])
 * assert.deepEqual(entries.map(({ because, migration }) => `${migration.id}: ${because}`), ["001_users: recorded"])
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromTable: AdoptOptions = { by: "table" }

/**
 * The misfits that are not accepted.
 *
 * @since 0.1.0
 * @category queries
 */
export const objections = ({ misfits }: Adoption, { accept = [] }: AdoptOptions): ReadonlyArray<Misfit> =>
  misfits.filter(({ kind }) => !accept.includes(kind))

/** The kinds of misfits that a request accepts, and those of these misfits. @since 0.1.0 @category queries */
export const acceptedBy = (
  { accept = [] }: Pick<AdoptOptions, "accept">,
  misfits: ReadonlyArray<Misfit>
): ReadonlyArray<MisfitKind> => [...new Set([...accept, ...misfits.map(({ kind }) => kind)])]

/** Names a witness. @since 0.1.0 @category rendering */
export const renderWitness = (witness: Witness): string =>
  witness._tag === "Catalog" ? "the catalog" : `${witness.tool}'s table ${witness.table}`

const textByReason: Readonly<Record<Entry["because"], string>> = {
  same: "the file is unchanged",
  edited: "the file has been edited since",
  recorded: "the tool keeps no hash",
  there: "the objects that it promises are there",
  assumed: "it promises no object, and a later migration is there"
}

/**
 * Renders one line for the witness, and one for each migration to adopt, each pending one and each misfit.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (adoption: Adoption): string =>
  [
    `from     ${renderWitness(adoption.witness)}`,
    ...adoption.entries.map(({ because, migration, recordedAs }) =>
      [
        `adopt    ${migration.id}  ${migration.source}`,
        ...(recordedAs === null || recordedAs === migration.id ? [] : [`recorded as ${recordedAs}`]),
        textByReason[because]
      ].join("  ")
    ),
    ...(adoption.entries.length === 0 ? ["adopt    none"] : []),
    ...adoption.untold.map(
      ({ id, source }) => `pending  ${id}  ${source}  it promises no object, and no later migration is there`
    ),
    ...adoption.misfits.map(({ kind, text }) => `misfit   ${kind}: ${text}`)
  ].join("\n")
