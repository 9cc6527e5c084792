/**
 * What another tool, or the catalog, says about the migrations of this program: which of them are to be recorded as applied, and
 * what does not fit.
 *
 * **Laws**
 *
 * 1. A migration is adopted at most once, and never one that the ledger has already.
 * 2. Each row of the tool's table leads to an entry, to a migration that the ledger has, or to a misfit.
 *
 * @since 0.1.0
 */
import { MisfitKind } from "../error/AdoptionError.js"
import type { Migration, MigrationId } from "../migration/Migration.js"

export { MisfitKind }

/**
 * Something that does not fit, as data and in words.
 *
 * @since 0.1.0
 * @category models
 */
export interface Misfit {
  readonly kind: MisfitKind
  readonly ids: ReadonlyArray<MigrationId>
  /** One sentence without a full stop. */
  readonly text: string
}

/**
 * A migration that is to be recorded as adopted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly migration: Migration
  /** By the tool; `null` where the catalog told. */
  readonly recordedAs: string | null
  readonly recordedAt: string | null
  /**
   * `same` and `edited`: the tool keeps a hash. `recorded`: it keeps none. `there`: the catalog has what the migration promises.
   * `assumed`: the migration promises nothing, and a later one is there.
   */
  readonly because: "same" | "edited" | "recorded" | "there" | "assumed"
}

/** A tool's table, or the catalog. @since 0.1.0 @category models */
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
  /** Migrations that promise nothing and that nothing else tells about: they stay pending. */
  readonly untold: ReadonlyArray<Migration>
}

/**
 * Which witness is asked, and what of that which does not fit is accepted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  /** `table`: the one table of another tool that is there. `catalog`: whether what each migration promises is there. */
  readonly by: "table" | "catalog"
  /** The table's name, where there are several. */
  readonly table?: string | undefined
  /** By default nothing. */
  readonly accept?: ReadonlyArray<MisfitKind> | undefined
}

/** The one table of another tool, and nothing is accepted that does not fit. @since 0.1.0 @category constructors */
export const fromTable: Request = { by: "table" }

/**
 * What does not fit and has not been accepted.
 *
 * @since 0.1.0
 * @category queries
 */
export const objections = ({ misfits }: Adoption, { accept = [] }: Request): ReadonlyArray<Misfit> =>
  misfits.filter(({ kind }) => !accept.includes(kind))

/**
 * The options of a command that asks the same again and accepts these as well.
 *
 * @since 0.1.0
 * @category rendering
 */
export const optionsFor = (
  { accept = [], by, table }: Request,
  misfits: ReadonlyArray<Misfit>
): ReadonlyArray<string> => {
  const accepted = [...new Set([...accept, ...misfits.map(({ kind }) => kind)])]
  return [
    ...(by === "catalog" ? ["--probe"] : []),
    ...(table === undefined ? [] : ["--table", table]),
    ...(accepted.length === 0 ? [] : ["--accept", accepted.join(",")]),
    "--yes"
  ]
}

/** A witness in words. @since 0.1.0 @category rendering */
export const renderWitness = (witness: Witness): string =>
  witness._tag === "Catalog" ? "the catalog" : `${witness.tool}'s table ${witness.table}`

const meaning: Readonly<Record<Entry["because"], string>> = {
  same: "the file is as it was",
  edited: "the file has been edited since",
  recorded: "the tool keeps no hash",
  there: "what it promises is there",
  assumed: "it promises nothing, and a later one is there"
}

/**
 * One line for each migration that would be adopted, and for each thing that does not fit.
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
        meaning[because]
      ].join("  ")
    ),
    ...(adoption.entries.length === 0 ? ["adopt    none"] : []),
    ...adoption.untold.map(
      ({ id, source }) => `pending  ${id}  ${source}  it promises nothing, and no later one is there`
    ),
    ...adoption.misfits.map(({ kind, text }) => `misfit   ${kind}: ${text}`)
  ].join("\n")
