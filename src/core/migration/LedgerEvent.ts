/**
 * The events of the ledger, their hash chain, and the fold from events to the applied set.
 *
 * **Laws**
 *
 * 1. `replay(xs.concat(ys))` is `fold(replay(xs), ys)`: a projection may stop at any event and continue later.
 * 2. `replay` is idempotent on repeated events: an event that was folded in before has no effect.
 * 3. A chain that verifies, with any one field of any one event changed, no longer verifies.
 * 4. A migration is in the applied set exactly if an event that applies names it, in whichever order its trials are recorded.
 * 5. The checksum of an applied migration is that of the last event that applies it.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Checksum from "../text/Checksum.js"
import { byteLength } from "../text/Utf8.js"
import * as Migration from "./Migration.js"

/**
 * `Started` and `Failed` record a trial and leave the applied set as it is. Each other kind applies its migration. `Applied`: it ran.
 * `Baselined`: an operator declared it applied. `Adopted`: another tool's table records it as applied. `Renamed`: it was applied
 * under another id, which the detail holds: `{"from": "001_users"}`.
 *
 * @since 0.1.0
 * @category models
 */
export const Kind = Schema.Literal("Started", "Applied", "Failed", "Baselined", "Adopted", "Renamed")

/** @since 0.1.0 @category models */
export type Kind = typeof Kind.Type

const Hash = Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/))

/**
 * One row of the event log. The server sets all fields but `kind`, `migrationId`, `checksum` and `detail`.
 *
 * @since 0.1.0
 * @category models
 */
export const LedgerEvent = Schema.Struct({
  /** 1-based and without gaps. */
  sequence: Schema.Int.pipe(Schema.positive()),
  kind: Kind,
  /** No migration may have it, see {@link isUnreadable}. */
  migrationId: Migration.RecordedId,
  checksum: Checksum.Checksum,
  /** JSON text, exactly as the server prints it and as it went into the hash. Empty for an event that {@link isTooLarge}. */
  detail: Schema.String,
  /** UTC with microseconds, `2026-01-31T23:59:59.123456Z`. */
  recordedAt: Schema.String,
  /** The session's role. */
  recordedBy: Schema.String,
  previousHash: Hash,
  hash: Hash
})

/** @since 0.1.0 @category models */
export type LedgerEvent = typeof LedgerEvent.Type

/**
 * The detail of an event. Which fields it has depends on the kind, on who asked for the migration, and on the version of
 * the library that recorded it. None of them holds a value of a row, a parameter or a literal.
 *
 * @since 0.1.0
 * @category models
 */
export const Detail = Schema.partial(
  Schema.Struct({
    /** `operator` for an operation, such as `migrate`. Absent for a query. */
    by: Schema.String,
    /** Why a query asked for it: the object that was missing, and the SQLSTATE of its error. */
    gap: Schema.String,
    trigger: Schema.String,
    /** A hash of the query's statement without its values. */
    fingerprint: Schema.String,
    /** All migrations of the same plan. */
    plan: Schema.Array(Schema.String),
    /** The time that the script took, and the time for which it waited for locks and leases before. */
    milliseconds: Schema.Number,
    lockWait: Schema.Number,
    /** How many statements the script has. */
    statements: Schema.Int,
    /** The name that the application gives its sessions, where it gives one. */
    application: Schema.String,
    /** The version of the library. */
    library: Schema.String,
    /** The host and the id of the process: `web-1:4711`. */
    process: Schema.String,
    /** The client's address, as the server sees it. Absent for a Unix socket. */
    address: Schema.String,
    /** The version of the server. */
    server: Schema.String,
    /** Why it failed: the SQLSTATE, the constant part of the message, and the place in the file. */
    sqlState: Schema.NullOr(Schema.String),
    message: Schema.String,
    line: Schema.Int,
    column: Schema.Int,
    /** The old id of a migration that was renamed. */
    from: Schema.String
  })
)

/** @since 0.1.0 @category models */
export type Detail = typeof Detail.Type

const decodeDetail = Schema.decodeOption(Schema.parseJson(Detail))

/**
 * The detail of an event. `None` where another program has recorded one of another shape.
 *
 * @example
 * ```ts check
 * import { LedgerEvent } from "effect-auto-migration"
 * import { Option } from "effect"
 *
 * export const reasonFor = (event: LedgerEvent.LedgerEvent) =>
 *   Option.match(LedgerEvent.detailOf(event), { onNone: () => "unknown", onSome: ({ by, gap }) => gap ?? by ?? "unknown" })
 * ```
 *
 * @since 0.1.0
 * @category queries
 */
export const detailOf = ({ detail }: LedgerEvent): Option.Option<Detail> => decodeDetail(detail)

/**
 * The applied migrations, as of one event.
 *
 * @since 0.1.0
 * @category models
 */
export interface AppliedSet {
  /** The last event folded in; 0 before the first. */
  readonly sequence: number
  /** The hash of that event; {@link genesis} before the first. Another hash at the same sequence means another log. */
  readonly hash: string
  readonly checksumById: ReadonlyMap<Migration.MigrationId, Checksum.Checksum>
}

/** The applied set of an empty log. @since 0.1.0 @category constructors */
export const empty: AppliedSet = { sequence: 0, hash: "0".repeat(64), checksumById: new Map() }

/** Whether an event makes its migration applied. @since 0.1.0 @category predicates */
export const isApplication = ({ kind }: LedgerEvent): boolean => kind !== "Started" && kind !== "Failed"

/**
 * Adds migrations that have just run. `last` is the event about the last of them, where it is known. Else the ledger's next answer names
 * them again.
 *
 * @since 0.1.0
 * @category folds
 */
export const including = (
  applied: AppliedSet,
  ran: ReadonlyArray<Migration.Migration>,
  last: Pick<AppliedSet, "hash" | "sequence"> = applied
): AppliedSet => ({
  sequence: last.sequence,
  hash: last.hash,
  checksumById: extended(
    applied.checksumById,
    ran.map(({ checksum, id }) => [id, checksum] as const)
  )
})

/** A map with further entries. A map is copied faster by itself than by its entries. @since 0.1.0 @category folds */
export const extended = (
  known: AppliedSet["checksumById"],
  entries: Iterable<readonly [Migration.MigrationId, Checksum.Checksum]>
): AppliedSet["checksumById"] => {
  const checksumById = new Map(known)
  for (const [id, checksum] of entries) checksumById.set(id, checksum)
  return checksumById
}

/**
 * Whether all of these are applied.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isApplied = ({ checksumById }: AppliedSet, ids: Iterable<Migration.MigrationId>): boolean => {
  for (const id of ids) if (!checksumById.has(id)) return false
  return true
}

/**
 * Whether a migration is applied, and a repeatable one with its current text: an operator has no part of it left to run.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isCurrent = (
  { checksumById }: AppliedSet,
  { checksum, id, isRepeatable }: Pick<Migration.Migration, "checksum" | "id" | "isRepeatable">
): boolean => {
  const recorded = checksumById.get(id)
  return recorded !== undefined && (recorded === checksum || !isRepeatable)
}

/**
 * Folds later events into an applied set. The last application of a migration gives its checksum.
 *
 * @since 0.1.0
 * @category folds
 */
export const fold = (applied: AppliedSet, events: ReadonlyArray<LedgerEvent>): AppliedSet => {
  const checksumById = new Map(applied.checksumById)
  let { hash, sequence } = applied
  for (const event of events) {
    if (event.sequence <= sequence) continue
    sequence = event.sequence
    hash = event.hash
    if (isApplication(event)) checksumById.set(event.migrationId, event.checksum)
  }
  return { sequence, hash, checksumById }
}

/**
 * The applied set of a whole log.
 *
 * @since 0.1.0
 * @category folds
 */
export const replay = (events: ReadonlyArray<LedgerEvent>): AppliedSet => fold(empty, events)

/** The hash before the first event of a chain. @since 0.1.0 @category constructors */
export const genesis = empty.hash

/**
 * The first event that does not fit into its chain, and why.
 *
 * @since 0.1.0
 * @category models
 */
export interface BrokenLink {
  readonly sequence: number
  /** `projection`: the applied set that the server keeps is not the one of the events up to this one. */
  readonly reason: "gap" | "previous hash" | "hash" | "projection"
  /** The first migration that the log and the projection do not agree on, where they differ by one. */
  readonly migrationId?: Migration.MigrationId
}

/**
 * The applied set that the server keeps beside the log. `sequence` is the last event that is folded in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Projection extends Pick<AppliedSet, "checksumById" | "sequence"> {
  /** How many bits of its bitmap are set. */
  readonly marked: number
}

/**
 * The first difference between a log's applied set and its projection, if there is any.
 *
 * @since 0.1.0
 * @category folds
 */
export const difference = (
  { checksumById, sequence }: AppliedSet,
  projection: Projection
): Option.Option<BrokenLink> => {
  const other = projection.checksumById
  const migrationId = [...checksumById.keys(), ...other.keys()].find((id) => checksumById.get(id) !== other.get(id))
  const agrees = projection.sequence === sequence && projection.marked === other.size
  if (migrationId === undefined && agrees) return Option.none()
  return Option.some({ sequence, reason: "projection", ...(migrationId === undefined ? {} : { migrationId }) })
}

/**
 * The server refuses an event with a larger detail, in bytes of its JSON text.
 *
 * @since 0.1.0
 * @category constants
 */
export const maxDetail = 1_048_576

/**
 * Whether an event of an earlier version's ledger has a checksum or a detail that is larger than the server takes now. A reader
 * passes over both, so that {@link verify} follows its hash and cannot compute it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isTooLarge = ({ detail }: LedgerEvent): boolean => detail === ""

/** The last event of a chain that has been verified. @since 0.1.0 @category models */
export interface ChainHead {
  readonly sequence: number
  readonly hash: string
}

const netstring = (field: string): string => `${byteLength(field)}:${field}`

/**
 * The text whose SHA-256 is an event's hash: its fields as netstrings, so that different events have different texts.
 *
 * @since 0.1.0
 * @category hashing
 */
export const hashed = (event: LedgerEvent): string =>
  [
    event.previousHash,
    String(event.sequence),
    event.kind,
    event.migrationId,
    event.checksum,
    event.detail,
    event.recordedAt,
    event.recordedBy
  ]
    .map(netstring)
    .join("")

/**
 * Verifies a chain from a head that was verified before. `Left` is the first event that does not fit.
 *
 * @since 0.1.0
 * @category hashing
 */
export const verify = (
  digest: Checksum.Digest,
  head: ChainHead,
  events: ReadonlyArray<LedgerEvent>
): Either.Either<ChainHead, BrokenLink> => {
  let { hash, sequence } = head
  for (const event of events) {
    if (event.sequence !== sequence + 1) return Either.left({ sequence: sequence + 1, reason: "gap" })
    if (event.previousHash !== hash) return Either.left({ sequence: event.sequence, reason: "previous hash" })
    if (!isTooLarge(event) && digest(hashed(event)) !== event.hash)
      return Either.left({ sequence: event.sequence, reason: "hash" })
    sequence = event.sequence
    hash = event.hash
  }
  return Either.right({ sequence, hash })
}

/**
 * Whether an event holds the message of a server's error, as earlier versions recorded it. Such a message may quote rows.
 * A failed event now holds the SQLSTATE, the place in the file and the constant part of the message.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayHoldData = ({ detail, kind }: LedgerEvent): boolean =>
  kind === "Failed" && Option.isSome(decodeOldDetail(detail))

/**
 * Whether an event has an id that no migration can have. It counts in the chain, and concerns no migration of any program.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isUnreadable = ({ migrationId }: LedgerEvent): boolean => !Schema.is(Migration.MigrationId)(migrationId)

const decodeOldDetail = Schema.decodeOption(Schema.parseJson(Schema.Struct({ reason: Schema.String })))

/** The head before the first event, from which a whole log is verified. @since 0.1.0 @category hashing */
export const origin: ChainHead = { sequence: 0, hash: genesis }
