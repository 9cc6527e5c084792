/**
 * The events of the ledger, their hash chain, and the fold from events to the applied set.
 *
 * **Laws**
 *
 * 1. `replay(xs.concat(ys))` is `fold(replay(xs), ys)`: a projection may stop anywhere and go on later.
 * 2. `replay` is idempotent on repeated events: an event whose sequence has been folded in changes nothing.
 * 3. A chain that verifies, with any one field of any one event changed, no longer verifies.
 * 4. Whatever the order of trials, a migration is in the applied set exactly if an event that applies names it.
 * 5. The checksum of an applied migration is that of the last event that applies it.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Checksum from "../text/Checksum.js"
import { byteLength } from "../text/Utf8.js"
import * as Migration from "./Migration.js"

/**
 * `Started` and `Failed` frame a trial and leave the applied set as it is. Each other kind applies its migration: `Applied` records
 * that it ran, `Baselined` that it was declared applied, `Adopted` that another tool's table records it as applied by that tool,
 * `Renamed` that it was applied under another id, which stands in the detail: `{"from": "001_users"}`.
 *
 * @since 0.1.0
 * @category models
 */
export const Kind = Schema.Literal("Started", "Applied", "Failed", "Baselined", "Adopted", "Renamed")

/** @since 0.1.0 @category models */
export type Kind = typeof Kind.Type

const Hash = Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/))

/**
 * One row of the event log. Everything but `kind`, `migrationId`, `checksum` and `detail` is set by the server.
 *
 * @since 0.1.0
 * @category models
 */
export const LedgerEvent = Schema.Struct({
  /** 1-based and without gaps. */
  sequence: Schema.Int.pipe(Schema.positive()),
  kind: Kind,
  migrationId: Migration.MigrationId,
  checksum: Checksum.Checksum,
  /** JSON text, exactly as the server prints it and as it entered the hash. */
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
 * What is applied, as of one event.
 *
 * @since 0.1.0
 * @category models
 */
export interface AppliedSet {
  /** The last event folded in; 0 before the first. */
  readonly sequence: number
  /** Of that event; {@link genesis} before the first. Another hash at the same place means another log. */
  readonly hash: string
  readonly checksumById: ReadonlyMap<Migration.MigrationId, Checksum.Checksum>
}

/** Nothing is applied. @since 0.1.0 @category constructors */
export const nothing: AppliedSet = { sequence: 0, hash: "0".repeat(64), checksumById: new Map() }

const isApplication = ({ kind }: LedgerEvent): boolean => kind !== "Started" && kind !== "Failed"

/**
 * The same set with more that is known to be applied, as of the same event: the ledger's next answer names them again.
 *
 * @since 0.1.0
 * @category folds
 */
export const including = (applied: AppliedSet, ran: ReadonlyArray<Migration.Migration>): AppliedSet => ({
  ...applied,
  checksumById: new Map([...applied.checksumById, ...ran.map(({ checksum, id }) => [id, checksum] as const)])
})

/**
 * Whether all of these are applied.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isApplied = ({ checksumById }: AppliedSet, ids: ReadonlyArray<Migration.MigrationId>): boolean =>
  ids.every((id) => checksumById.has(id))

/**
 * Whether nothing of a migration is left for an operator to run: it is applied, and one that is repeatable with the text that it
 * has now.
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
 * Folds later events into an applied set. The last application of a migration is the one whose checksum counts.
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
export const replay = (events: ReadonlyArray<LedgerEvent>): AppliedSet => fold(nothing, events)

/** What the first event of a chain follows. @since 0.1.0 @category constructors */
export const genesis = nothing.hash

/**
 * Where a chain breaks.
 *
 * @since 0.1.0
 * @category models
 */
export interface BrokenLink {
  readonly sequence: number
  readonly reason: "gap" | "previous hash" | "hash"
}

/** The point a chain has been verified up to. @since 0.1.0 @category models */
export interface ChainHead {
  readonly sequence: number
  readonly hash: string
}

const netstring = (field: string): string => `${byteLength(field)}:${field}`

/**
 * The text whose SHA-256 is an event's hash: its fields as netstrings, so that no two events have one encoding.
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
 * Follows the chain from a verified head; `Left` is the first event that does not fit.
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
    if (digest(hashed(event)) !== event.hash) return Either.left({ sequence: event.sequence, reason: "hash" })
    sequence = event.sequence
    hash = event.hash
  }
  return Either.right({ sequence, hash })
}

/** Where verification of a whole log begins. @since 0.1.0 @category hashing */
export const origin: ChainHead = { sequence: 0, hash: genesis }
