/**
 * The state of reading one migration: the simulated catalog, which changes statement by statement, and what the
 * statements read and write. It is mutable and never leaves the reading of its file. `Recorder` writes it.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node } from "@pgsql/types"
import * as Option from "effect/Option"
import type { KeyTurn } from "../catalog/Pointers.js"
import type * as Catalog from "../catalog/SimulatedCatalog.js"
import type { DeclaredRoutine } from "../model/DeclaredRoutine.js"
import type * as HazardKey from "../model/HazardKey.js"
import type { LockMode, Risk } from "../model/Risk.js"
import type * as SchemaObject from "../model/SchemaObject.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import type { Lookup } from "../sql/DynamicSql.js"
import type { Parser } from "../sql/ParsedSql.js"

/** A risk before its place is known. @since 0.1.0 @category models */
export interface RiskCandidate extends Pick<Risk, "kind" | "relation" | "asks"> {
  /** Whether the statement takes rows and leaves the table. Defaults to `false`. */
  readonly isOfRows?: boolean
  /** The routine that runs, with the bodies that the files give it. */
  readonly declared?: DeclaredRoutine
  /** Defaults to how the statement looks up names. */
  readonly reach?: Risk["reach"]
  /** Defaults to `lockOf` the statement. */
  readonly lock?: LockMode
  /** Whether the migration undoes the risk later: at its end, the dropped object exists again. Defaults to `false`. */
  readonly isUndone?: (end: Catalog.SimulatedCatalog) => boolean
}

/**
 * A statement that the server will refuse, as far as the files tell; see `ExpectedRefusal.ts`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExpectedRefusal {
  readonly kind: "CreatedTwice" | "DropsUnknownObject"
  readonly object: SchemaObject.SchemaObject
  /** 1-based. */
  readonly line: number
}

/** The record of one statement. @since 0.1.0 @category models */
export interface StatementRecord {
  /** 1-based. */
  readonly line: number
  /** Whether some part of it is not understood. */
  isOpaque: boolean
  /** Whether it runs code that is not understood and may write rows of any table. */
  runsUnknownCode: boolean
  /** Whether it runs a body: of a function, a trigger or a `DO` block. */
  runsCode: boolean
  changesSchema: boolean
  /** Whether it, or a body that it runs, ends the transaction. */
  endsTransaction: boolean
  /** Syntax trees of the bodies that the server parses together with the statement. */
  readonly bodies: Array<unknown>
  /** Candidates of the statement and of the bodies that it runs. */
  readonly candidates: Array<RiskCandidate>
  readonly keys: Set<HazardKey.HazardKey>
  /** Relations and routines that are already followed: each is followed once. */
  readonly followed: Set<string>
  /** The bodies that it ran, and the catalog which each left as it was. */
  readonly ran: Map<string, Catalog.SimulatedCatalog>
  /** Objects that it created or changed, by identity. */
  readonly saved: Map<string, SavedObject>
  /** The keys that its renames turned, in their order. */
  renamed: ReadonlyArray<KeyTurn>
  /** Keys of the objects that it created, changed or dropped. */
  readonly changed: Set<HazardKey.HazardKey>
}

/** An object of the catalog that a statement wrote. @since 0.1.0 @category models */
export type SavedObject =
  | { readonly _tag: "Relation"; readonly name: QualifiedName }
  | { readonly _tag: "Type"; readonly name: QualifiedName }
  | { readonly _tag: "Routine"; readonly routine: Catalog.Routine }
  | { readonly _tag: "NamedObject"; readonly key: HazardKey.HazardKey }

/** @since 0.1.0 @category models */
export interface Recorder {
  readonly parser: Parser
  /** The name of the migration in error messages. */
  readonly file: string
  readonly atStart: Catalog.SimulatedCatalog
  catalog: Catalog.SimulatedCatalog
  readonly reads: Set<HazardKey.HazardKey>
  readonly writes: Set<HazardKey.HazardKey>
  /** For each key, the schemas that its uses name; `"any"` where one names none. */
  readonly places: Map<HazardKey.HazardKey, Set<string> | "any">
  readonly barriers: Array<{ readonly reason: string; readonly line: number }>
  /** Objects that changed, by identity, in the order of their first change. */
  readonly changed: Map<string, SavedObject>
  /** Objects that did not exist before, as a plain CREATE shows. */
  readonly claimed: Array<SchemaObject.SchemaObject>
  /** Objects that existed before, as a plain DROP shows. */
  readonly disclaimed: Array<SchemaObject.SchemaObject>
  readonly expectedRefusals: Array<ExpectedRefusal>
  /** Keys of objects that this migration has dropped, even if it creates them again. */
  readonly dropped: Set<string>
  /** Whether every statement runs: `false` when one depends on a condition that only the server can answer. */
  isCertain: boolean
  /** Whether the current statement may or may not run. */
  isUncertain: boolean
  statement: StatementRecord
  /** Schemas of a `SET search_path`. Empty while the search path of the connection is in effect. */
  searchPath: ReadonlyArray<string>
  /** A version of the search path: each statement that may change it adds 1. */
  path: number
  /** Schemas that this migration certainly creates. */
  readonly schemas: Set<string>
  /** Names whose schema comes from {@link Recorder.searchPath} and not from the statement. */
  readonly located: WeakSet<QualifiedName>
  /** Names of new objects whose schema comes from {@link Recorder.searchPath}: the server may put them into a later one. */
  readonly assumed: WeakSet<QualifiedName>
  /** Names of local relations: transition tables of the triggers that run, `new` and `old` of a rule. */
  readonly locals: Set<string>
  /** Bodies that run, outermost first. */
  readonly running: Array<string>
  /** Of the running bodies that were called again and left out, the place of the outermost. */
  outermostCycle: number
  /** How many more steps of bodies the file may run. */
  stepsLeft: number
  /** Values that the variables of the current body may hold. */
  lookup: Lookup
  /** Reads one statement: of the file, of a body, or of dynamic SQL. */
  readonly execute: (recorder: Recorder, node: Node) => void
}

/** @since 0.1.0 @category constructors */
export const make = ({
  catalog,
  execute,
  file,
  parser,
  stepsLeft
}: Pick<Recorder, "catalog" | "execute" | "file" | "parser" | "stepsLeft">): Recorder => ({
  parser,
  file,
  execute,
  lookup: () => Option.none(),
  atStart: catalog,
  catalog,
  reads: new Set(catalog.readByAll),
  writes: new Set(),
  places: new Map(),
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
  assumed: new WeakSet(),
  locals: new Set(),
  running: [],
  outermostCycle: Number.POSITIVE_INFINITY,
  stepsLeft
})

/** @since 0.1.0 @category constructors */
export const statementAt = (line: number): StatementRecord => ({
  line,
  isOpaque: false,
  runsUnknownCode: false,
  runsCode: false,
  changesSchema: false,
  endsTransaction: false,
  bodies: [],
  candidates: [],
  keys: new Set(),
  followed: new Set(),
  ran: new Map(),
  saved: new Map(),
  renamed: [],
  changed: new Set()
})
