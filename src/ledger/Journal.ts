/**
 * How the applied set is read inside the transaction: from the ledger, or, while the ledger itself is being built, from
 * what the catalog shows of it.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import type * as Effect from "effect/Effect"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import type * as MigrationFailure from "../database/MigrationFailure.js"
import type { Lease } from "./Lease.js"

type Columns = Readonly<Record<string, unknown>>

/**
 * @since 0.1.0
 * @category models
 */
export interface Journal {
  /** Statements that answer with one row each. */
  readonly statement: (known: AppliedSet) => string
  /** What else there is to ask, it asks by `ask`: on the connection whose transaction these are the answers of. */
  readonly read: (
    known: AppliedSet,
    columns: Columns,
    ask: (text: string) => Effect.Effect<unknown, SqlError>
  ) => Effect.Effect<AppliedSet, MigrationFailure.Failure>
  /** Whether a failure is recorded: what only looks like a ledger may be somebody else's. */
  readonly recordsFailures: boolean
  /** The migrations that run outside transactions, or were interrupted there. */
  readonly leases: (columns: Columns) => Effect.Effect<ReadonlyArray<Lease>, MigrationFailure.Failure>
}
