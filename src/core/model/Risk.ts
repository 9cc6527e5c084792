/**
 * The hazards of running a statement on a live database, each with its reason and the way around it. The bar is what squawk,
 * strong_migrations and GitLab's guidelines check; docs/risks.md says which check became which kind.
 *
 * Locks are told as the server takes them: PostgreSQL manual, section 13.3, Explicit Locking.
 *
 * @since 0.1.0
 */
import type * as Option from "effect/Option"
import type { QualifiedName } from "./SchemaObject.js"
import type { ToldRoutine } from "./ToldRoutine.js"

/**
 * What can go wrong.
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
 * One hazard of one statement.
 *
 * @since 0.1.0
 * @category models
 */
export interface Risk {
  readonly kind: RiskKind
  /**
   * The table that loses data or is locked, or another object that is gone, as the statement names it: it may have been there
   * before the migration. `None` where the hazard is about no single object.
   */
  readonly relation: Option.Option<QualifiedName>
  /** Code that the statement runs: the risk is none where the database has it as it is told here. */
  readonly told: Option.Option<ToldRoutine>
  /** Whether the statement takes rows and leaves the table: then a table without a row loses nothing. */
  readonly isOfRows: boolean
  /**
   * How the server finds the relation where it is named without a schema: along the search path of the session, or, where
   * something else may decide about that (a function, a setting), in any schema.
   */
  readonly reach: "path" | "anywhere"
  /**
   * `code`: the risk is that a row written to the relation runs code of the database's own (a trigger, a rule, a function in a
   * default), which the database can tell.
   */
  readonly asks?: "code"
  /** The lock under which a fact about the relation stays as it is until the statement has run. */
  readonly lock: LockMode
  /** Where the statement begins in its script, in UTF-16 code units: it is the one of `footprint.statements` with this `start`. */
  readonly start: number
  /** 1-based line of the statement in its file. */
  readonly line: number
  /** The statement's own text, shortened to one line. */
  readonly statement: string
}

/**
 * A sentence on why, and a sentence on what to do instead.
 *
 * @since 0.1.0
 * @category models
 */
export interface Description {
  readonly rationale: string
  readonly safer: string
}

/** @since 0.1.0 @category operations */
export const describe = (kind: RiskKind): Description => descriptions[kind]

const descriptions: Readonly<Record<RiskKind, Description>> = {
  "data-loss": {
    rationale: "Rows or columns that the statement takes away cannot be brought back by another migration.",
    safer: "Stop using them in one release, keep a backup, and take them away in a later one, by hand."
  },
  "incompatible-change": {
    rationale:
      "Programs of the previous release still count on what is gone or called otherwise, and fail from that moment.",
    safer: "Add the new one beside the old one, move all programs over, and take the old one away in a later release."
  },
  "table-rewrite": {
    rationale: "The server writes every row anew under a lock that stops all readers and writers of the table.",
    safer: "Add a new column or table, fill it in batches, switch the code over, and drop the old one later."
  },
  "table-scan": {
    rationale: "The server reads or updates every row of the table under a lock that others wait for.",
    safer: "Add a CHECK constraint as NOT VALID, validate it in a later migration, and update rows in batches."
  },
  "blocking-index-build": {
    rationale: "While the index is built nobody can write to the table.",
    safer: "Build it with CREATE INDEX CONCURRENTLY, and make it a constraint with ADD CONSTRAINT … USING INDEX."
  },
  "validation-scan": {
    rationale: "Every row is checked against the constraint while the table is locked.",
    safer: "Add the constraint as NOT VALID and run VALIDATE CONSTRAINT in a later migration."
  },
  "volatile-default": {
    rationale: "A default that differs from row to row makes the server write every row anew.",
    safer: "Add the column without the default, set the default for new rows, and fill the old ones in batches."
  },
  "row-update": {
    rationale: "Rows that are there get other values, and what they held before is gone.",
    safer: "Insert with ON CONFLICT DO NOTHING, or change the rows ahead of time, by hand and in batches."
  },
  "referenced-table-lock": {
    rationale: "A foreign key locks the table it points at against writes, as well as the one it stands on.",
    safer: "Add the foreign key as NOT VALID in a migration of its own, and validate it in a later one."
  },
  "not-transactional": {
    rationale: "The statement cannot run inside a transaction: when it fails half-way, its traces stay.",
    safer: "Keep it alone in its migration, write it so that it can be run again, and apply it ahead of time."
  },
  "privilege-change": {
    rationale: "Who may see or change data is different afterwards, which is for people to decide.",
    safer: "Review it, and apply it ahead of time with the role that is meant to grant it."
  },
  opaque: {
    rationale: "The statement runs SQL that cannot be read ahead of time, so what it does is not known.",
    safer: "Write the SQL out, with names in place of computed ones, or apply the migration ahead of time."
  }
}
