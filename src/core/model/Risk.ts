/**
 * A risk is harm that a statement may do to a live database, for instance lost rows or a long lock. Each kind has a
 * reason and a safer way. The kinds cover the checks of squawk, strong_migrations and GitLab's guidelines;
 * docs/risks.md maps each check to its kind.
 *
 * Source of the locks: PostgreSQL manual, section 13.3, Explicit Locking.
 *
 * @since 0.1.0
 */
import type * as Option from "effect/Option"
import type { DeclaredRoutine } from "./DeclaredRoutine.js"
import type { QualifiedName } from "./SchemaObject.js"

export type { DeclaredRoutine }

/**
 * The kind of harm.
 *
 * @since 0.1.0
 * @category models
 */
export type RiskKind =
  | "data-loss"
  | "incompatible-change"
  | "table-rewrite"
  | "table-scan"
  | "blocking-index-build"
  | "validation-scan"
  | "volatile-default"
  | "row-update"
  | "referenced-table-lock"
  | "not-transactional"
  | "privilege-change"
  | "opaque"

/**
 * A lock on a table, in the words of `LOCK TABLE`.
 *
 * @since 0.1.0
 * @category models
 */
export type LockMode = "ROW EXCLUSIVE" | "SHARE" | "SHARE ROW EXCLUSIVE" | "ACCESS EXCLUSIVE"

/**
 * One risk of one statement.
 *
 * @since 0.1.0
 * @category models
 */
export interface Risk {
  readonly kind: RiskKind
  /**
   * The table that loses data or is locked, or the object that is dropped, as the statement names it. It may have
   * existed before the migration. `None` where the risk is about no single object.
   */
  readonly relation: Option.Option<QualifiedName>
  /** The routine that the statement runs. There is no risk where the database has the bodies that the files tell. */
  readonly declared: Option.Option<DeclaredRoutine>
  /** Whether the statement removes rows but keeps the table. An empty table then loses no data. */
  readonly isOfRows: boolean
  /**
   * Where the server finds a relation that is named without a schema. `path`: along the search path of the session.
   * `anywhere`: in any schema, because a function or a setting may change the search path.
   */
  readonly reach: "path" | "anywhere"
  /**
   * `code`: a row that is written to the relation may run code (a trigger, a rule, a function in a default). A query of
   * the catalog shows whether the relation has such code.
   */
  readonly asks?: "code"
  /** The lock that keeps a fact about the relation true until the statement has run. */
  readonly lock: LockMode
  /** Offset of the statement in its script, in UTF-16 code units: the `start` of an entry of `footprint.statements`. */
  readonly start: number
  /** 1-based line of the statement in its file. */
  readonly line: number
  /** The text of the statement, shortened to one line. */
  readonly statement: string
}

/**
 * A sentence on the reason for a risk, and a sentence on the safer way.
 *
 * @since 0.1.0
 * @category models
 */
export interface Description {
  readonly rationale: string
  readonly safer: string
}

/**
 * The reason for a kind of risk, and the safer way.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Risk } from "effect-auto-migration"
 *
 * assert.equal(
 *   Risk.describe("validation-scan").safer,
 *   "Add the constraint as NOT VALID and run VALIDATE CONSTRAINT in a later migration."
 * )
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const describe = (kind: RiskKind): Description => descriptions[kind]

const descriptions: Readonly<Record<RiskKind, Description>> = {
  "data-loss": {
    rationale: "No later migration can bring back the rows or columns that the statement removes.",
    safer: "Stop using them in one release, keep a backup, and remove them by hand in a later release."
  },
  "incompatible-change": {
    rationale:
      "Programs of the previous release still use the object that is dropped or renamed, and fail from that moment.",
    safer: "Add the new object beside the old one, move all programs over, and drop the old one in a later release."
  },
  "table-rewrite": {
    rationale: "The server rewrites every row under a lock that stops all readers and writers of the table.",
    safer: "Add a new column or table, fill it in batches, switch the code over, and drop the old one later."
  },
  "table-scan": {
    rationale: "The server reads or updates every row of the table under a lock that others wait for.",
    safer: "Add a CHECK constraint as NOT VALID, validate it in a later migration, and update rows in batches."
  },
  "blocking-index-build": {
    rationale: "No other session can write to the table while the server builds the index.",
    safer: "Build the index with CREATE INDEX CONCURRENTLY, and make it a constraint with ADD CONSTRAINT … USING INDEX."
  },
  "validation-scan": {
    rationale: "The server checks every row against the constraint while the table is locked.",
    safer: "Add the constraint as NOT VALID and run VALIDATE CONSTRAINT in a later migration."
  },
  "volatile-default": {
    rationale: "A default that differs from row to row makes the server rewrite every row.",
    safer: "Add the column without the default, set the default for new rows, and fill the old ones in batches."
  },
  "row-update": {
    rationale: "Existing rows get other values, and their old values are lost.",
    safer: "Insert with ON CONFLICT DO NOTHING, or change the rows ahead of time, by hand and in batches."
  },
  "referenced-table-lock": {
    rationale: "A foreign key locks both its own table and the referenced table against writes.",
    safer: "Add the foreign key as NOT VALID in a migration of its own, and validate it in a later one."
  },
  "not-transactional": {
    rationale: "The statement cannot run inside a transaction: when it fails half-way, the finished part stays.",
    safer: "Give the statement its own migration, write it so that it can run again, and apply it ahead of time."
  },
  "privilege-change": {
    rationale: "The statement changes who may see or change data, and a person should decide that.",
    safer: "Review the statement, and apply it ahead of time with a role that may grant the privilege."
  },
  opaque: {
    rationale: "The statement runs SQL that cannot be read ahead of time, so its effect is not known.",
    safer: "Write the SQL with plain names instead of computed ones, or apply the migration ahead of time."
  }
}
