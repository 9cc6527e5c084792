/**
 * The output of a source: migrations whose SQL is not parsed yet, and the files that it passed over.
 *
 * @internal
 */
import type * as Directive from "../core/file/Directive.js"
import type * as Migration from "../core/migration/Migration.js"

/**
 * One migration of a source.
 *
 * @since 0.1.0
 * @category models
 */
export interface MigrationFile {
  /** Not empty, without white space at its ends, without control characters. */
  readonly id: string
  /** A path, or a label such as `record:002_users`. Every error about the migration names it. */
  readonly source: string
  readonly script: Migration.Script
  /** The declaration of an Effect. Empty for SQL, which declares in its comments. */
  readonly declaration: Directive.Declaration
  /** The facts that another tool's layout gives about a file of SQL. Defaults to none. */
  readonly layout?: LayoutFacts
}

/**
 * Facts that a layout gives about a file. `requires`: the ids it waits for, in place of its own `-- requires:` lines. `transaction`: it
 * runs outside a transaction. `isRepeatable`: it is applied again after an edit (Flyway's `R`).
 *
 * @since 0.1.0
 * @category models
 */
export interface LayoutFacts {
  readonly requires?: ReadonlyArray<string>
  readonly transaction?: "none"
  readonly isRepeatable?: true
}

/** A file that is not a migration, and why. @since 0.1.0 @category models */
export interface Ignored {
  readonly path: string
  readonly reason: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MigrationFiles {
  readonly files: ReadonlyArray<MigrationFile>
  /** `"given"` if `files` are in the order in which they were written; `"ids"` if their ids give it. Defaults to `"ids"`. */
  readonly order?: "ids" | "given"
  readonly ignored: ReadonlyArray<Ignored>
  /** Sentences for the log. Defaults to none. */
  readonly warnings?: ReadonlyArray<string>
}
