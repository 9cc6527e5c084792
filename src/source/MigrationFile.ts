/**
 * What a source hands out, before anything of it is parsed.
 *
 * @internal
 */
import type * as Directive from "../core/file/Directive.js"
import type * as Migration from "../core/migration/Migration.js"

/**
 * One migration as a source hands it out.
 *
 * @since 0.1.0
 * @category models
 */
export interface MigrationFile {
  /** Not empty, without white space at its ends and without control characters. */
  readonly id: string
  /** A path, or a label such as `record:002_users`: every error names it. */
  readonly source: string
  readonly script: Migration.Script
  /** Of an Effect; a file of SQL says it in its own comments. */
  readonly declaration: Directive.Declaration
  /** Of a file of SQL: what another tool's layout says about it. By default nothing. */
  readonly layout?: LayoutFacts
}

/**
 * What a layout says about a file: the ids that it waits for, in place of its own `-- requires:` lines; that it runs outside a
 * transaction; that it is applied again when it was edited (Flyway's `R`).
 *
 * @since 0.1.0
 * @category models
 */
export interface LayoutFacts {
  readonly requires?: ReadonlyArray<string>
  readonly transaction?: "none"
  readonly isRepeatable?: true
}

/** What lies beside the migrations and is none, and why. @since 0.1.0 @category models */
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
  /** `"given"` where the files stand in the order in which they were written; by default (`"ids"`) their ids tell it. */
  readonly order?: "ids" | "given"
  readonly ignored: ReadonlyArray<Ignored>
  /** Sentences for the log; by default none. */
  readonly warnings?: ReadonlyArray<string>
}
