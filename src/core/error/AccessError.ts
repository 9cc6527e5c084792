/**
 * What can still be in the way on the application's side after a gap has been closed: its server has not heard of it yet,
 * or its role may not use it.
 *
 * @since 0.1.0
 * @internal
 */
import * as Schema from "effect/Schema"

/**
 * The application reads from a replica that has not replayed what closed the gap within the deadline. Positions are those of
 * the write-ahead log, as the server prints them; `received` is `null` where the replica reads an archive, or nothing yet.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReplicaBehind extends Schema.TaggedError<ReplicaBehind>("effect-auto-migration/ReplicaBehind")(
  "ReplicaBehind",
  {
    gap: Schema.String,
    target: Schema.String,
    received: Schema.NullOr(Schema.String),
    replayed: Schema.NullOr(Schema.String),
    isPaused: Schema.Boolean,
    milliseconds: Schema.Number,
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    return (
      `${this.gap} is there on the primary server, and the replica that the application reads from has not replayed that ` +
      `within ${this.milliseconds} ms: it is at ${this.replayed ?? "an unknown position"} of ${this.target}` +
      `${this.received === null ? "" : `, and has received the log up to ${this.received}`}. ` +
      (this.isPaused
        ? "Its replay is paused: SELECT pg_wal_replay_resume() on it, then query again."
        : "Query again when it has caught up, raise the deadline, or read from the primary server.")
    )
  }
}

/**
 * A query found what was brought for it, and its role may not use that. `grants` are the statements that allow it, `defaults`
 * those that allow it for what the same owners make from then on; `cause` is what the server said.
 *
 * @since 0.1.0
 * @category errors
 */
export class GrantMissing extends Schema.TaggedError<GrantMissing>("effect-auto-migration/GrantMissing")(
  "GrantMissing",
  {
    role: Schema.String,
    missing: Schema.NonEmptyArray(Schema.Struct({ object: Schema.String, privilege: Schema.String })),
    grants: Schema.NonEmptyArray(Schema.String),
    defaults: Schema.Array(Schema.String),
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    const missing = this.missing.map(({ object, privilege }) => `${privilege} on ${object}`)
    return (
      `What the query needed has been brought, and role ${this.role} lacks ${missing.join(", ")}. ` +
      (this.defaults.length === 0
        ? ""
        : `To have it granted on what is made from now on: ${this.defaults.join("; ")}. `) +
      `Run as an owner, or put it into a migration: ${this.grants.join("; ")}`
    )
  }
}
