/**
 * Why the history of another tool cannot be taken over into the ledger.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { TaggedError } from "./Explained.js"
import type { Explanation } from "./Explanation.js"

/**
 * Kinds of differences between a recorded history and the program's migrations. An accepted `"edited"` records the edited file; an
 * accepted one of another kind leaves the migration out.
 *
 * @since 0.1.0
 * @category models
 */
export const MisfitKind = Schema.Literal("edited", "without-file", "not-recorded", "failed", "unclear", "half-there")

/** @since 0.1.0 @category models */
export type MisfitKind = typeof MisfitKind.Type

/** No table of another tool records a migration. @since 0.1.0 @category errors */
export class NothingToAdopt extends TaggedError<NothingToAdopt>("effect-auto-migration/NothingToAdopt")(
  "NothingToAdopt",
  { table: Schema.NullOr(Schema.String), command: Schema.String }
) {
  get explanation(): Explanation {
    return {
      problem:
        this.table === null
          ? "No table of a known migration tool in this database records a migration"
          : `There is no table ${this.table} of a known migration tool that records a migration`,
      remedies: [{ say: "To record what the catalog shows to be there", run: this.command }]
    }
  }
}

/** The tables of several tools record migrations, and the request does not say which one is meant. @since 0.1.0 @category errors */
export class SeveralHistories extends TaggedError<SeveralHistories>("effect-auto-migration/SeveralHistories")(
  "SeveralHistories",
  { tables: Schema.NonEmptyArray(Schema.String), command: Schema.String }
) {
  get explanation(): Explanation {
    return {
      problem: `Several tables record migrations: ${this.tables.join(", ")}`,
      remedies: [{ say: "Say which one is meant", run: this.command }]
    }
  }
}

/** The recorded history does not fit the migrations. No migration was recorded. @since 0.1.0 @category errors */
export class AdoptionRefused extends TaggedError<AdoptionRefused>("effect-auto-migration/AdoptionRefused")(
  "AdoptionRefused",
  {
    witness: Schema.String,
    misfits: Schema.NonEmptyArray(
      Schema.Struct({ kind: MisfitKind, ids: Schema.Array(Schema.String), text: Schema.String })
    ),
    command: Schema.String
  }
) {
  get explanation(): Explanation {
    return {
      problem: `What ${this.witness} says does not fit this program's migrations, and nothing was recorded`,
      reasons: this.misfits.map(({ text }) => ({ why: text })),
      remedies: [{ say: "Correct that, or accept it", run: this.command }]
    }
  }
}

/**
 * What can stop an adoption, besides the errors of any other work on the database.
 *
 * @since 0.1.0
 * @category errors
 */
export type AdoptionError = NothingToAdopt | SeveralHistories | AdoptionRefused
