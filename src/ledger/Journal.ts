/**
 * A way to read the applied set inside a transaction: from the ledger, or, while the ledger itself is being built, from
 * the tables that the catalog shows.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import type * as MigrationFailure from "../database/MigrationFailure.js"
import type { Lease } from "./Lease.js"

type Columns = Readonly<Record<string, unknown>>

/**
 * @since 0.1.0
 * @category models
 */
export interface Journal {
  /** Statements, each with an answer of one row. `ids` are the migrations that may run in the transaction. */
  readonly statement: (known: AppliedSet, ids: ReadonlyArray<string>) => string
  /**
   * The condition, for the server, that the applied set is as it is known and has none of these migrations. `None` where the answers of
   * `statement` have to be read.
   */
  readonly unchanged: (known: AppliedSet, ids: ReadonlyArray<string>) => Option.Option<string>
  /** Reads the answers. Further questions go through `ask`, on the connection of the same transaction. */
  readonly read: (
    known: AppliedSet,
    columns: Columns,
    ask: (text: string) => Effect.Effect<unknown, SqlError>
  ) => Effect.Effect<AppliedSet, MigrationFailure.Failure>
  /** Whether a failure is recorded. Tables that only look like a ledger may belong to another program. */
  readonly recordsFailures: boolean
  /** Leases of migrations that run outside transactions, or were interrupted there. */
  readonly leases: (columns: Columns) => Effect.Effect<ReadonlyArray<Lease>, MigrationFailure.Failure>
}
