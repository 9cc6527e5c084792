/**
 * The rules of the linter: for each, how severe a finding is, the reason, and the safer way. Ids are stable, since people
 * write them into the settings of their tools.
 *
 * @since 0.1.0
 * @internal
 */
import type { RiskKind } from "../model/Risk.js"

/** @since 0.1.0 @category models */
export type Severity = "error" | "warning" | "note"

/** @since 0.1.0 @category models */
export interface Rule {
  readonly id: RuleId
  /** The risk that `-- accept:` consents to. Without one, a finding cannot be accepted. */
  readonly kind?: RiskKind
  readonly severity: Severity
  /** One sentence. */
  readonly why: string
  /** The safer way, as a sentence. */
  readonly safer: string
  /** The first server version in which the safer way is cheap, where it was not always. */
  readonly cheapSince?: string
}

type Facts = Omit<Rule, "id">

const loses = (why: string, safer: string): Facts => ({ kind: "data-loss", severity: "error", why, safer })

const breaks = (why: string, safer: string): Facts => ({ kind: "incompatible-change", severity: "error", why, safer })

const rewrites = (why: string, safer: string): Facts => ({ kind: "table-rewrite", severity: "error", why, safer })

const scans = (why: string, safer: string, cheapSince?: string): Facts => ({
  kind: "table-scan",
  severity: "error",
  why,
  safer,
  ...(cheapSince === undefined ? {} : { cheapSince })
})

const builds = (why: string, safer: string, cheapSince: string): Facts => ({
  kind: "blocking-index-build",
  severity: "error",
  why,
  safer,
  cheapSince
})

const validates = (why: string, safer: string, cheapSince: string): Facts => ({
  kind: "validation-scan",
  severity: "error",
  why,
  safer,
  cheapSince
})

const warning = <A extends Facts>(facts: A): A => ({ ...facts, severity: "warning" })

const facts = {
  "drop-table": loses(
    "The rows of the table are lost, and programs of the previous release still read it.",
    "Stop using the table in one release, keep a backup, and drop it by hand in a later one."
  ),
  "drop-column": loses(
    "The values of the column are lost, and programs of the previous release still read it.",
    "Stop using the column in one release, and drop it in a later one."
  ),
  "drop-object": loses(
    "What the object holds is lost, and so is all that depends on it.",
    "Stop using the object in one release, and drop it in a later one without CASCADE."
  ),
  truncate: loses("All rows of the table are lost.", "Delete the rows by hand, in batches and after a backup."),
  "delete-rows": warning(
    loses("The deleted rows are lost.", "Delete the rows by hand, in batches and after a backup.")
  ),
  "data-loss": loses(
    "The statement removes rows or objects that no later migration can bring back.",
    "Keep a backup, and run the statement by hand."
  ),
  "rename-table": breaks(
    "Programs of the previous release use the old name and fail from that moment.",
    "Make a view with the new name, move all programs over, and rename the table in a later release."
  ),
  "rename-column": breaks(
    "Programs of the previous release use the old name and fail from that moment.",
    "Add a column with the new name, write both, fill the old rows in batches, and drop the old column in a later release."
  ),
  "rename-object": breaks(
    "Programs of the previous release use the old name and fail from that moment.",
    "Make the object under the new name beside the old one, and drop the old one in a later release."
  ),
  "drop-used-object": breaks(
    "Programs of the previous release may use the object and fail from that moment.",
    "Stop using the object in one release, and drop it in a later one."
  ),
  "required-column": breaks(
    "Programs of the previous release do not know the column, and their inserts fail.",
    "Give the column a constant DEFAULT, or add it without NOT NULL."
  ),
  "drop-default": warning(
    breaks(
      "Inserts of the previous release that leave the column out fail.",
      "Drop NOT NULL with the default, or keep the default until all programs write the column."
    )
  ),
  "drop-unique": warning(
    breaks(
      "ON CONFLICT of the previous release needs the unique index and fails without it.",
      "Drop the index in the release after the last program that names its columns in ON CONFLICT."
    )
  ),
  "disable-trigger": warning(
    breaks(
      "Other programs rely on what the trigger or rule does with their rows.",
      "Leave the trigger enabled, and change what its function does."
    )
  ),
  "detach-partition": warning(
    breaks("Queries of the table no longer see the rows of the partition.", "Detach the partition by hand.")
  ),
  "incompatible-change": warning(
    breaks(
      "Programs of the previous release may rely on what the statement changes.",
      "Change the programs first, and run the statement in a later release."
    )
  ),
  "change-column-type": rewrites(
    "The server rewrites the table and its indexes under a lock that stops all readers and writers.",
    "Add a column of the new type, write both, fill the old rows in batches, and drop the old column in a later release."
  ),
  "add-serial-column": rewrites(
    "The server gives each row a number and rewrites the table under a lock that stops all readers and writers.",
    "Add the column without a default, set the default to nextval of a new sequence, and fill the old rows in batches."
  ),
  "add-stored-column": rewrites(
    "The server computes the column for each row and rewrites the table under a lock that stops all readers and writers.",
    "Add a plain column that a trigger keeps, and fill the old rows in batches; since PostgreSQL 18 a VIRTUAL column is free."
  ),
  "update-all-rows": rewrites(
    "The statement locks each row until the end of the migration, and leaves a dead copy of each.",
    "Update the rows in batches of some thousand, each in a transaction of its own."
  ),
  "vacuum-full": rewrites(
    "The server rewrites the table under a lock that stops all readers and writers.",
    "Use VACUUM without FULL, or pg_repack."
  ),
  "refresh-materialized-view": {
    ...warning(
      rewrites(
        "No session can read the view until the refresh ends.",
        "Make a unique index on the view, and use REFRESH MATERIALIZED VIEW CONCURRENTLY."
      )
    ),
    cheapSince: "9.4"
  },
  "table-rewrite": rewrites(
    "The server rewrites the table under a lock that stops all readers and writers.",
    "Make a new table, copy the rows in batches, and switch the programs over."
  ),
  "set-not-null": scans(
    "The server reads all rows under a lock that stops all readers and writers.",
    "Add CHECK (column IS NOT NULL) NOT VALID, validate it in a later migration, then SET NOT NULL and drop the check.",
    "12"
  ),
  "nullable-primary-key": scans(
    "A column of the key may be NULL, so the server reads all rows under a lock that stops all readers and writers.",
    "Make the columns NOT NULL first, by way of a validated check.",
    "12"
  ),
  "update-rows": warning(
    scans(
      "The statement reads the whole table, and locks the rows that it changes until the end of the migration.",
      "Update the rows in batches of some thousand, each in a transaction of its own."
    )
  ),
  "table-scan": warning(
    scans(
      "The server reads all rows under a lock that others wait for.",
      "Add a check as NOT VALID, and validate it in a later migration."
    )
  ),
  "create-index": builds(
    "No session can write to the table while the server builds the index.",
    "Use CREATE INDEX CONCURRENTLY in a migration of its own.",
    "8.2"
  ),
  "add-unique": builds(
    "No session can write to the table while the server builds the index of the constraint.",
    "Build a unique index CONCURRENTLY, then add the constraint with USING INDEX.",
    "9.1"
  ),
  "add-primary-key": builds(
    "No session can use the table while the server builds the index of the key.",
    "Build a unique index CONCURRENTLY, then add the key with USING INDEX.",
    "9.1"
  ),
  "add-exclusion": {
    ...builds("No session can use the table while the server builds the index of the constraint.", "", "9.0"),
    safer: "No statement avoids the lock: add the constraint while the table is small or by hand in a quiet hour."
  },
  reindex: builds(
    "No session can write to the table while the server builds the index again.",
    "Use REINDEX CONCURRENTLY in a migration of its own.",
    "12"
  ),
  "blocking-index-build": builds(
    "No session can write to the table while the server builds an index.",
    "Build the index CONCURRENTLY in a migration of its own.",
    "8.2"
  ),
  "add-foreign-key": validates(
    "The server checks all rows while both tables are locked against writes.",
    "Add the foreign key as NOT VALID, and validate it in a later migration.",
    "9.1"
  ),
  "add-check": validates(
    "The server checks all rows under a lock that stops all readers and writers.",
    "Add the check as NOT VALID, and validate it in a later migration.",
    "9.2"
  ),
  "validate-in-same-file": warning(
    validates(
      "The lock of ADD CONSTRAINT is held while the server checks all rows, so NOT VALID gains no time.",
      "Validate the constraint in a later migration.",
      "9.4"
    )
  ),
  "attach-partition": warning(
    validates(
      "The server reads all rows of the new partition, and those of the default partition, under a lock.",
      "Give the partition a validated check that matches its bounds first.",
      "10"
    )
  ),
  "validation-scan": warning(
    validates(
      "The server checks all rows while the table is locked.",
      "Add the constraint as NOT VALID, and validate it in a later migration.",
      "9.4"
    )
  ),
  "volatile-default": {
    kind: "volatile-default",
    severity: "error",
    why: "The default differs from row to row, so the server rewrites the table under a lock that stops all readers and writers.",
    safer: "Add the column without the default, set the default for new rows, and fill the old rows in batches.",
    cheapSince: "11"
  },
  upsert: {
    kind: "row-update",
    severity: "warning",
    why: "Rows that are there get other values, and their old values are lost.",
    safer: "Insert with ON CONFLICT DO NOTHING."
  },
  "foreign-key-lock": {
    kind: "referenced-table-lock",
    severity: "warning",
    why: "The referenced table stays locked against writes while later statements of the file do slow work.",
    safer: "Add the foreign key in a migration of its own."
  },
  "not-transactional": {
    kind: "not-transactional",
    severity: "warning",
    why: "The statement cannot run inside a transaction, so a failure leaves the statements before it done.",
    safer: "Give the statement a migration of its own."
  },
  "privilege-change": {
    kind: "privilege-change",
    severity: "note",
    why: "The statement changes who may see or change data.",
    safer: "Have a person review the statement, and apply it ahead of time."
  },
  opaque: {
    kind: "opaque",
    severity: "warning",
    why: "The statement runs SQL that cannot be read ahead of time, so its risks are not known.",
    safer: "Write the SQL with plain names instead of computed ones."
  },
  "lock-timeout-off": {
    severity: "error",
    why: "Without lock_timeout a statement that waits for a lock stops all later queries of the table.",
    safer: "Leave lock_timeout as it is: each migration runs with one."
  },
  "created-twice": {
    severity: "error",
    why: "An earlier statement has created the object, so the server refuses this one.",
    safer: "Say IF NOT EXISTS, or remove one of the two."
  },
  "drops-unknown-object": {
    severity: "warning",
    why: "No migration has created the object by then, so the server refuses the statement unless the object comes from elsewhere.",
    safer: "Say IF EXISTS."
  },
  "requires-later": {
    severity: "warning",
    why: "The required migration comes later in the order and runs first anyway.",
    safer: "Rename one of the two files."
  },
  "begins-nothing": {
    severity: "note",
    why: "The file begins a transaction at its end, which is left out.",
    safer: "Remove the BEGIN, or write COMMIT if it was meant to end a transaction."
  }
} as const satisfies Readonly<Record<string, Facts>>

/** The id of a rule, in kebab case. @since 0.1.0 @category models */
export type RuleId = keyof typeof facts

const ids = new Set<string>(Object.keys(facts))

const isRuleId = (id: string): id is RuleId => ids.has(id)

/** @since 0.1.0 @category queries */
export const get = (id: RuleId): Rule => ({ id, ...facts[id] })

/** All rules. @since 0.1.0 @category constants */
export const all: ReadonlyArray<Rule> = Object.keys(facts).filter(isRuleId).map(get)
