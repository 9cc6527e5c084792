/**
 * The reading of one migration in progress, as data: the catalog as it changes statement by statement, and what has been met so
 * far. It is mutable and never leaves the reading of its file; `Recorder` writes it.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node } from "@pgsql/types"
import * as Option from "effect/Option"
import type * as Catalog from "../catalog/SimulatedCatalog.js"
import type * as HazardKey from "../model/HazardKey.js"
import type { LockMode, Risk } from "../model/Risk.js"
import type * as SchemaObject from "../model/SchemaObject.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import type { ToldRoutine } from "../model/ToldRoutine.js"
import type { Lookup } from "../sql/DynamicSql.js"
import type { Parser } from "../sql/ParsedSql.js"

/** A candidate before its place is known. @since 0.1.0 @category models */
export interface RiskCandidate extends Pick<Risk, "kind" | "relation" | "asks"> {
  /** Whether the statement takes rows and leaves the table. Defaults to `false`. */
  readonly isOfRows?: boolean
  readonly told?: ToldRoutine
  /** Defaults to how the statement finds a name. */
  readonly reach?: Risk["reach"]
  /** Defaults to {@link lockOf} the statement. */
  readonly lock?: LockMode
  /** Whether the migration undoes it later: what the statement takes away is there again. */
  readonly isUndone?: (end: Catalog.SimulatedCatalog) => boolean
}

/** What the server will refuse as far as the files tell: see `ExpectedRefusal`. @since 0.1.0 @category models */
export interface ExpectedRefusal {
  readonly kind: "CreatedTwice" | "DropsWhatNeverExisted"
  readonly object: SchemaObject.SchemaObject
  /** 1-based. */
  readonly line: number
}

/** What the reading of the current statement has met. @since 0.1.0 @category models */
export interface StatementRecord {
  /** 1-based. */
  readonly line: number
  /** Whether something in it was not understood. */
  isOpaque: boolean
  /** Whether that was code: it may then write rows of any table. */
  runsUnknown: boolean
  /** Whether it runs a body of code, and whether it changes the schema. */
  runsCode: boolean
  changesSchema: boolean
  /** Whether that body ends the transaction it runs in. */
  endsTransaction: boolean
  /** The trees of bodies that the server parses along with the statement. */
  readonly bodies: Array<unknown>
  /** Of the statement itself and of whatever it runs: bodies of functions, triggers and DO blocks. */
  readonly candidates: Array<RiskCandidate>
  readonly keys: Set<HazardKey.HazardKey>
  /** Relations and routines already followed, so that each is followed once. */
  readonly followed: Set<string>
  readonly saved: Map<string, SavedObject>
  /** Keys of what it made, changed or took away. */
  readonly changed: Set<HazardKey.HazardKey>
}

/** A place in the catalog that was written. @since 0.1.0 @category models */
export type SavedObject =
  | { readonly _tag: "Relation"; readonly name: QualifiedName }
  | { readonly _tag: "Type"; readonly name: QualifiedName }
  | { readonly _tag: "Routine"; readonly routine: Catalog.Routine }
  | { readonly _tag: "Thing"; readonly key: HazardKey.HazardKey }

/** @since 0.1.0 @category models */
export interface Recorder {
  readonly parser: Parser
  /** The migration, as its errors call it. */
  readonly file: string
  readonly atStart: Catalog.SimulatedCatalog
  catalog: Catalog.SimulatedCatalog
  readonly reads: Set<HazardKey.HazardKey>
  readonly writes: Set<HazardKey.HazardKey>
  readonly barriers: Array<{ readonly reason: string; readonly line: number }>
  /** What changed, by identity, in the order of the first change. */
  readonly changed: Map<string, SavedObject>
  /** Objects that a statement shows to have been there, or not, whatever the catalog says. */
  readonly claimed: Array<SchemaObject.SchemaObject>
  readonly expectedRefusals: Array<ExpectedRefusal>
  readonly disclaimed: Array<SchemaObject.SchemaObject>
  /** Keys of objects that this migration has taken away, be it to make them anew. */
  readonly dropped: Set<string>
  /** Whether all that was read does run: `false` when something depends on a condition that only the server can answer. */
  isCertain: boolean
  /** Whether what is being read is such a thing. */
  isUncertain: boolean
  statement: StatementRecord
  /** Schemas of a `SET search_path`; empty as long as the connection's own holds. */
  searchPath: ReadonlyArray<string>
  /** Grows with each statement that may change where a name without schema is looked up. */
  path: number
  /** Schemas that this migration certainly makes. */
  readonly schemas: Set<string>
  /** Names that {@link Recorder.searchPath} has given their schema, which the statement does not. */
  readonly located: WeakSet<QualifiedName>
  /** Names that are relations only here: transition tables of the triggers that are being run. */
  readonly locals: Set<string>
  /** Bodies being run, outermost first. */
  readonly running: Array<string>
  /** What the variables of the body being run may hold. */
  lookup: Lookup
  /** Reads one statement, wherever it stands: in the file, in a body, in dynamic SQL. */
  readonly execute: (recorder: Recorder, node: Node) => void
}

/** @since 0.1.0 @category constructors */
export const make = ({
  catalog,
  execute,
  file,
  parser
}: Pick<Recorder, "catalog" | "execute" | "file" | "parser">): Recorder => ({
  parser,
  file,
  execute,
  lookup: () => Option.none(),
  atStart: catalog,
  catalog,
  reads: new Set(catalog.readByAll),
  writes: new Set(),
  barriers: [],
  changed: new Map(),
  claimed: [],
  expectedRefusals: [],
  disclaimed: [],
  dropped: new Set(),
  isCertain: true,
  isUncertain: false,
  statement: statementAt(1),
  searchPath: [],
  path: 0,
  schemas: new Set(),
  located: new WeakSet(),
  locals: new Set(),
  running: []
})

/** @since 0.1.0 @category constructors */
export const statementAt = (line: number): StatementRecord => ({
  line,
  isOpaque: false,
  runsUnknown: false,
  runsCode: false,
  changesSchema: false,
  endsTransaction: false,
  bodies: [],
  candidates: [],
  keys: new Set(),
  followed: new Set(),
  saved: new Map(),
  changed: new Set()
})
