/**
 * Errors of a gap that no migration closes: policy refuses the plan, it waits for an operator, or the object is gone.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { render as renderGap, SchemaGap } from "../detect/Detector.js"
import { TaggedError } from "./Explained.js"
import type { Explanation } from "./Explanation.js"
import { causes, Provider, providers, providing, shown } from "./Facts.js"

const byHand = (command: string) => [{ say: "To apply it by hand", run: command }] as const

const RefusedRisk = Schema.Struct({
  migrationId: Schema.String,
  file: Schema.String,
  /** 1-based. */
  line: Schema.NullOr(Schema.Number),
  /** Shortened to one line. */
  statement: Schema.NullOr(Schema.String),
  kind: Schema.NullOr(Schema.String),
  /** A clause, such as `it would lose data`. */
  why: Schema.String
})

/** A statement that a policy refuses. `null` stands for a refusal of the whole migration. @since 0.1.0 @category models */
export type RefusedRisk = typeof RefusedRisk.Type

/** Policy does not let the plan run by itself. @since 0.1.0 @category errors */
export class MigrationRefused extends TaggedError<MigrationRefused>("effect-auto-migration/MigrationRefused")(
  "MigrationRefused",
  {
    gap: Schema.String,
    migrationIds: Schema.NonEmptyArray(Schema.String),
    /** One sentence a risk: the file, the line, the statement, and why it is refused. */
    reasons: Schema.NonEmptyArray(Schema.String),
    /** The same in parts. */
    risks: Schema.optional(Schema.Array(RefusedRisk)),
    command: Schema.String,
    ...providers,
    ...causes
  }
) {
  get explanation(): Explanation {
    return {
      problem: `${this.gap} is missing, and ${this.migrationIds.join(", ")} would bring it, but policy refuses to run that by itself`,
      query: shown(this.query),
      files: providing(this.providers),
      reasons:
        this.risks?.map((risk) => ({ place: risk, statement: risk.statement, why: risk.why })) ??
        this.reasons.map((why) => ({ why })),
      remedies: byHand(this.command)
    }
  }
}

/** In mode `observe` no migration is applied; the error names those that would be. @since 0.1.0 @category errors */
export class MigrationPending extends TaggedError<MigrationPending>("effect-auto-migration/MigrationPending")(
  "MigrationPending",
  {
    gap: Schema.String,
    migrationIds: Schema.NonEmptyArray(Schema.String),
    command: Schema.String,
    ...providers,
    ...causes
  }
) {
  get explanation(): Explanation {
    return {
      problem: `${this.gap} is missing because ${this.migrationIds.join(", ")} has not been applied`,
      query: shown(this.query),
      files: providing(this.providers),
      remedies: byHand(this.command)
    }
  }
}

/** The ledger says applied, the catalog says missing. @since 0.1.0 @category errors */
export class SchemaDrift extends TaggedError<SchemaDrift>("effect-auto-migration/SchemaDrift")("SchemaDrift", {
  gap: Schema.String,
  migrationIds: Schema.NonEmptyArray(Schema.String),
  ...providers,
  ...causes
}) {
  get explanation(): Explanation {
    return {
      problem: `${this.gap} is missing although the ledger records ${this.migrationIds.join(", ")} as applied`,
      query: shown(this.query),
      files: providing(this.providers),
      reasons: [{ why: "the schema was changed by hand, or a part of it was restored" }],
      remedies: [{ say: "Put the object back, or write a new migration that does" }]
    }
  }
}

/** The missing object existed once; a later migration of this program takes it away. @since 0.1.0 @category errors */
export class ObjectRemoved extends TaggedError<ObjectRemoved>("effect-auto-migration/ObjectRemoved")("ObjectRemoved", {
  gap: Schema.String,
  removedBy: Schema.String,
  /** The file of the migration that removes it. */
  remover: Schema.optional(Provider),
  ...causes
}) {
  get explanation(): Explanation {
    return {
      problem: `${this.gap} is missing because ${this.removedBy} removes it from the schema`,
      query: shown(this.query),
      files: this.remover && { are: "remover", places: [this.remover] },
      remedies: [{ say: "Change the query, or add a migration that brings the object back" }]
    }
  }
}

/**
 * The failed statement stood in a transaction, which the server has aborted: only a new transaction can see what a
 * migration brings. A boundary around the transaction heals and runs all of it again.
 *
 * @since 0.1.0
 * @category errors
 */
export class TransactionMustRestart extends TaggedError<TransactionMustRestart>(
  "effect-auto-migration/TransactionMustRestart"
)("TransactionMustRestart", {
  gap: SchemaGap,
  /** The text of the failed statement, where the boundary stood around one. */
  statement: Schema.NullOr(Schema.String),
  migrationIds: Schema.Array(Schema.String),
  ...providers,
  ...causes
}) {
  get explanation(): Explanation {
    return {
      problem: `A statement inside a transaction failed (${renderGap(this.gap)}), and the server has aborted that transaction`,
      query: shown(this.query),
      files: providing(this.providers),
      remedies: [
        {
          say: "Put withAutoMigration around the whole transaction, so that it can be healed and run again from its start"
        }
      ]
    }
  }
}

/** The heal's deadline passed. @since 0.1.0 @category errors */
export class HealTimeout extends TaggedError<HealTimeout>("effect-auto-migration/HealTimeout")("HealTimeout", {
  gap: Schema.String,
  /** The migrations that ran or waited then. */
  migrationIds: Schema.Array(Schema.String),
  /** `false` for a migration that runs outside transactions: what it has done stays, and may be half-done. */
  isRolledBack: Schema.Boolean,
  milliseconds: Schema.Number,
  ...causes
}) {
  get explanation(): Explanation {
    const which = this.migrationIds.length === 0 ? "" : ` (${this.migrationIds.join(", ")})`
    return {
      problem: `${this.gap} is missing and could not be brought within ${this.milliseconds} ms${which}`,
      query: shown(this.query),
      outcome: this.isRolledBack
        ? "What was running was rolled back."
        : "It runs outside transactions, so what it has done stays.",
      remedies: [{ say: "Apply the migration ahead of time, or raise the deadline of AutoMigrationConfig" }]
    }
  }
}
