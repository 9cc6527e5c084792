/**
 * What a migration reads, writes, provides and removes, read from its SQL as a processor reads instructions.
 *
 * @since 0.1.0
 */
import type { Risk } from "./Risk.js"
import type { SchemaObject } from "./SchemaObject.js"

/**
 * A key of the one name space in which hazards are found: relations, indexes, sequences and types by bare name
 * (`"users"`), other kinds with a prefix of their own (`"schema app"`, `"routine f"`, `"extension citext"`).
 *
 * @since 0.1.0
 * @category models
 */
export type HazardKey = string

/** Why a migration is not understood, and where. @since 0.1.0 @category models */
export interface Barrier {
  readonly reason: string
  /** 1-based line in the file. */
  readonly line: number
}

/**
 * One statement of a script, as the server's parser cut it.
 *
 * @since 0.1.0
 * @category models
 */
export interface StatementSpan {
  /** UTF-16 offsets into the script's text, end exclusive; the text without surrounding white space and comments. */
  readonly start: number
  readonly end: number
  /** 1-based. */
  readonly line: number
  /** `false` for what cannot run inside a transaction block, such as `CREATE INDEX CONCURRENTLY`. */
  readonly transactional: boolean
}

/**
 * The effect of one migration on the schema.
 *
 * @since 0.1.0
 * @category models
 */
export interface Footprint {
  /** What exists after the migration and did not before, in the order of creation; columns carry their table. */
  readonly provides: ReadonlyArray<SchemaObject>
  /** What no longer exists afterwards. */
  readonly removes: ReadonlyArray<SchemaObject>
  readonly reads: ReadonlySet<HazardKey>
  /** A write is a read-modify-write: `writes` is not repeated in `reads`. */
  readonly writes: ReadonlySet<HazardKey>
  /** Not empty when part of the migration is not understood: it then comes after everything before and before everything after. */
  readonly barriers: ReadonlyArray<Barrier>
  readonly risks: ReadonlyArray<Risk>
  readonly statements: ReadonlyArray<StatementSpan>
}

/** The footprint of a migration that does nothing. @since 0.1.0 @category constructors */
export const empty: Footprint = {
  provides: [],
  removes: [],
  reads: new Set(),
  writes: new Set(),
  barriers: [],
  risks: [],
  statements: []
}
