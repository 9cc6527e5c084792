/**
 * Errors of a migration's run: it failed, its lease was lost, its statement is in doubt, it broke its promise, or a lock was not granted.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { TaggedError } from "./Explained.js"
import type { Explanation } from "./Explanation.js"
import { causes, shown } from "./Facts.js"

/** The statement of a migration that is an Effect, and has no text. @since 0.1.0 @category constants */
export const anEffect = "an Effect"

/**
 * A migration failed and was rolled back. Until `retryAt` no query of this process tries it again: each that needs it fails with
 * this error. Its `cause` is the migration's own error.
 *
 * @since 0.1.0
 * @category errors
 */
export class MigrationFailed extends TaggedError<MigrationFailed>("effect-auto-migration/MigrationFailed")(
  "MigrationFailed",
  {
    migrationId: Schema.String,
    file: Schema.String,
    /** 1-based, in `file`. */
    line: Schema.Number,
    /** 1-based. */
    column: Schema.Number,
    statement: Schema.String,
    /** Where the error stands: 1-based, in characters, in `statement`. */
    position: Schema.optional(Schema.NullOr(Schema.Number)),
    sqlState: Schema.NullOr(Schema.String),
    /** The server's own message. */
    reason: Schema.String,
    /** `false` for a migration that ran outside transactions, or ended its own: what it had done before may stay. */
    isRolledBack: Schema.Boolean,
    /** For a statement that may have committed part of its work: the commands that run it again, and that record the migration. */
    inDoubt: Schema.optional(Schema.Struct({ again: Schema.String, record: Schema.String })),
    /**
     * For a statement that creates an object which is there already, and which no statement of the same file has created: the
     * commands that take over what another tool has recorded, and that record the migration as applied.
     */
    alreadyThere: Schema.optional(Schema.Struct({ adopt: Schema.String, record: Schema.String })),
    /** In milliseconds since 1970. */
    retryAt: Schema.Number,
    ...causes
  }
) {
  get explanation(): Explanation {
    const code = this.sqlState === null ? "" : ` (SQLSTATE ${this.sqlState})`
    return {
      problem: `Migration ${this.migrationId} failed: ${this.reason}${code}`,
      at: this,
      query: shown(this.query),
      ...aftermath(this)
    }
  }
}

type Aftermath = Pick<Explanation, "outcome" | "remedies">

/** An Effect always runs in a transaction: if part of it remains, it has ended that transaction itself. */
const aftermath = (error: MigrationFailed): Aftermath => {
  if (error.isRolledBack) return { outcome: "It was rolled back and nothing of it remains.", ...correction(error) }
  if (error.statement === anEffect) {
    return {
      outcome: "What it has committed stays.",
      remedies: [
        {
          say: "Leave BEGIN, COMMIT and ROLLBACK to the library, and make the Effect repeatable: it starts again from its beginning"
        }
      ]
    }
  }
  return error.inDoubt === undefined ? continuation(error) : decision(error.inDoubt)
}

const continuation = ({ alreadyThere }: MigrationFailed): Aftermath => ({
  outcome: "It runs outside transactions, so its earlier statements stay.",
  remedies: [
    {
      say:
        "Remove the cause and apply it again: it continues with this statement. An edited file starts again from its beginning: make its " +
        "earlier statements repeatable"
    },
    ...(alreadyThere === undefined ? [] : takingOver(alreadyThere).remedies)
  ]
})

const decision = ({ again, record }: NonNullable<MigrationFailed["inDoubt"]>): Aftermath => ({
  outcome:
    "This statement may have committed part of its work before, so it does not run again until you decide. Look at the data.",
  remedies: [
    { say: "If it may run again", run: again },
    { say: "Else do what is left of it, and the statements after it, by hand, then", run: record }
  ]
})

/** The remedy for an error of the server, by its SQLSTATE. */
const correction = ({ alreadyThere, sqlState, statement }: MigrationFailed): Pick<Explanation, "remedies"> => {
  if (alreadyThere !== undefined) return takingOver(alreadyThere)
  const isMode = sqlState === "25001" && /^set\s+transaction\b/i.test(statement)
  if (isMode) {
    return query(
      "Move the statement to the beginning of its transaction: the server takes it before the first query only"
    )
  }
  switch (sqlState) {
    case "55P04":
      return query("Move this statement into a migration of its own: a new enum value can be used once it is committed")
    case "25001":
    case "2D000":
      return query("Begin the file with -- transaction: none")
    default:
      return query("Correct the file")
  }
}

const query = (correct: string): Pick<Explanation, "remedies"> => ({
  remedies: [{ say: `${correct}, then query again` }]
})

/** Ends with the command that is typed most. */
const takingOver = ({
  adopt,
  record
}: NonNullable<MigrationFailed["alreadyThere"]>): Pick<Explanation, "remedies"> => ({
  remedies: [
    {
      say:
        "What the statement creates is there already: the database is ahead of the ledger. If another tool made it, take over what that " +
        "tool has recorded",
      run: adopt
    },
    {
      say: "If it was made by hand, make by hand what else the migration holds, then record it as applied",
      run: record
    }
  ]
})

/** Another process took over the lease: this one was suspended, or lost the server. @since 0.1.0 @category errors */
export class LeaseLost extends TaggedError<LeaseLost>("effect-auto-migration/LeaseLost")("LeaseLost", {
  migrationId: Schema.String,
  file: Schema.String,
  /** The duration of the lease. */
  milliseconds: Schema.Number,
  ...causes
}) {
  get explanation(): Explanation {
    return {
      problem: `The lease of migration ${this.migrationId} was not renewed within ${this.milliseconds} ms`,
      at: { file: this.file },
      query: shown(this.query),
      outcome: "Another process has taken the migration over: it finds what this one left, and finishes it.",
      remedies: [
        {
          say:
            "Ask for the status to see how that ended; if processes are often suspended longer than that, raise `lease` in " +
            "AutoMigrationConfig"
        }
      ]
    }
  }
}

/**
 * A process died, or lost its connection, while a statement ran outside transactions, or such a statement failed and may have
 * committed part of its work. The catalog does not show whether the statement took effect.
 *
 * @since 0.1.0
 * @category errors
 */
export class StatementInDoubt extends TaggedError<StatementInDoubt>("effect-auto-migration/StatementInDoubt")(
  "StatementInDoubt",
  {
    migrationId: Schema.String,
    file: Schema.String,
    /** 1-based, in `file`. */
    line: Schema.Number,
    statement: Schema.String,
    /** The command that runs the statement again. */
    again: Schema.String,
    /** The command that records the migration as applied. */
    record: Schema.String,
    ...causes
  }
) {
  get explanation(): Explanation {
    return {
      problem:
        `An earlier attempt at migration ${this.migrationId} ended while this statement ran, and it is not known whether it took ` +
        "effect, or how much of it",
      at: this,
      query: shown(this.query),
      outcome: "Look at the data.",
      remedies: [
        { say: "If it did not, or may take effect twice", run: this.again },
        { say: "If it did, run what is left of it, and the statements after it, by hand, then", run: this.record }
      ]
    }
  }
}

/** A migration ran, and what its SQL promises is not in the catalog. @since 0.1.0 @category errors */
export class PromiseBroken extends TaggedError<PromiseBroken>("effect-auto-migration/PromiseBroken")("PromiseBroken", {
  migrationId: Schema.String,
  file: Schema.String,
  missing: Schema.NonEmptyArray(Schema.String),
  isRolledBack: Schema.Boolean,
  ...causes
}) {
  get explanation(): Explanation {
    return {
      problem: `Migration ${this.migrationId} ran, and yet ${this.missing.join(", ")} does not exist`,
      at: { file: this.file },
      query: shown(this.query),
      outcome: this.isRolledBack ? "It was rolled back." : "It runs outside transactions, so what it did stays.",
      remedies: [{ say: "Correct its SQL, or its -- provides: line" }]
    }
  }
}

/** A lock was not granted within the deadline. @since 0.1.0 @category errors */
export class LockTimeout extends TaggedError<LockTimeout>("effect-auto-migration/LockTimeout")("LockTimeout", {
  migrationIds: Schema.NonEmptyArray(Schema.String),
  waitingFor: Schema.Literal("migration-lock", "table-lock", "lease"),
  /** For `"lease"`: the migration that runs, the process that runs it, and its role. */
  lease: Schema.optional(Schema.Struct({ migrationId: Schema.String, holder: Schema.String, heldBy: Schema.String })),
  /** For `"migration-lock"` and `"lease"`: their holders when the wait ended, one sentence each. */
  holders: Schema.optional(Schema.Array(Schema.String)),
  milliseconds: Schema.Number,
  ...causes
}) {
  get explanation(): Explanation {
    return {
      problem: `Gave up on ${this.migrationIds.join(", ")} after ${this.milliseconds} ms`,
      query: shown(this.query),
      reasons: obstacles(this).map((why) => ({ why })),
      remedies: [
        {
          say:
            this.waitingFor === "table-lock"
              ? "End it, or apply the migration at a quieter time"
              : "Try again when it is done"
        }
      ]
    }
  }
}

const obstacles = ({ holders = [], lease, waitingFor }: LockTimeout): ReadonlyArray<string> => {
  if (holders.length > 0) return holders
  switch (waitingFor) {
    case "migration-lock":
      return ["another process holds the migration lock"]
    case "lease":
      return [`${lease?.migrationId} runs outside transactions, under lease ${lease?.holder} of role ${lease?.heldBy}`]
    case "table-lock":
      return ["a long transaction holds a table that the migration changes"]
  }
}
