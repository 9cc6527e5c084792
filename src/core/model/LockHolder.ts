/**
 * The holder of the migration lock, of a lease, or of a lock on one of the ledger's tables: who stands in the way of a migration, and what ends that.
 *
 * @internal
 */
import * as Schema from "effect/Schema"

/** @since 0.1.0 @category models */
export const LockHolder = Schema.Struct({
  /** The migration that runs under a lease; `null` for a lock. */
  migrationId: Schema.NullOr(Schema.String),
  /** The ledger's table that is locked. Defaults to none, for the migration lock. */
  table: Schema.optional(Schema.String),
  /** The server's process; `null` where the session of a lease is gone. */
  pid: Schema.NullOr(Schema.Int),
  role: Schema.String,
  application: Schema.NullOr(Schema.String),
  /** `null` for a connection by a socket of the machine, and where it is hidden. */
  address: Schema.NullOr(Schema.String),
  /** UTC, in seconds: since the transaction of the lock began, or the lease was taken. `null` where it is hidden. */
  since: Schema.NullOr(Schema.String),
  /** When a lease expires. */
  until: Schema.NullOr(Schema.String),
  /** Whether the role that asked may not see more about the session. */
  isHidden: Schema.Boolean
})

/** @since 0.1.0 @category models */
export type LockHolder = typeof LockHolder.Type

/**
 * One sentence without its full stop: the holder, and how it ends. `release` is the command that ends the lease of a
 * migration.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (holder: LockHolder, release: (migrationId: string) => string): string => {
  const { migrationId, pid, role, since, table, until } = holder
  const lock = table === undefined ? "the migration lock" : `a lock on the ledger's table ${table}`
  if (migrationId === null) return `${session(holder)} holds ${lock}${ending(pid)}`
  return pid === null
    ? `${migrationId} has a lease that role ${role} took at ${since} and that lasts until ${until}, and the session of its holder ` +
        `is gone. To end it: ${release(migrationId)}`
    : `${session(holder)} runs ${migrationId} outside transactions, under a lease until ${until}${ending(pid)}`
}

const session = ({ address, application, isHidden, pid, role, since }: LockHolder): string => {
  const facts = [
    ...(application === null || application === "" ? [] : [`application "${application}"`]),
    ...(isHidden ? [] : [address === null ? "on the server's machine" : `from ${address}`]),
    ...(since === null ? [] : [`since ${since}`]),
    ...(isHidden ? ["this role may not see its address and its times: GRANT pg_read_all_stats shows them"] : [])
  ]
  return `session ${pid} of role ${role} (${facts.join(", ")})`
}

const ending = (pid: number | null): string =>
  `, until it is done. To end it: SELECT pg_catalog.pg_terminate_backend(${pid})`
