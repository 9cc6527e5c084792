/**
 * Errors of the server or the role: it cannot be reached, is too old or read-only, or does not allow it.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { TaggedError } from "./Explained.js"
import type { Explanation } from "./Explanation.js"
import { causes, shown } from "./Facts.js"

/** The role of the migration connection lacks rights. @since 0.1.0 @category errors */
export class InsufficientPrivilege extends TaggedError<InsufficientPrivilege>(
  "effect-auto-migration/InsufficientPrivilege"
)("InsufficientPrivilege", {
  /** `null` where the connection failed before the server could tell. */
  role: Schema.NullOr(Schema.String),
  doing: Schema.String,
  reason: Schema.String,
  remedy: Schema.String,
  ...causes
}) {
  get explanation(): Explanation {
    const role = this.role === null ? "The role of the migrations" : `Role ${this.role}`
    return {
      problem: `${role} may not run ${this.doing}: ${this.reason}`,
      query: shown(this.query),
      remedies: [{ say: "Give MigrationClient credentials of a role that may, or run as an owner", run: this.remedy }]
    }
  }
}

/**
 * A query found what was brought for it, and its role may not use that. `grants` are the statements that allow it; `defaults`
 * are those that allow it for what the same owners make from then on.
 *
 * @since 0.1.0
 * @category errors
 */
export class GrantMissing extends TaggedError<GrantMissing>("effect-auto-migration/GrantMissing")("GrantMissing", {
  role: Schema.String,
  missing: Schema.NonEmptyArray(Schema.Struct({ object: Schema.String, privilege: Schema.String })),
  grants: Schema.NonEmptyArray(Schema.String),
  defaults: Schema.Array(Schema.String),
  ...causes
}) {
  get explanation(): Explanation {
    const missing = this.missing.map(({ object, privilege }) => `${privilege} on ${object}`)
    const now = { say: "Run as an owner, or put it into a migration", run: this.grants.join("; ") }
    const later = { say: "To have it granted on what is made from now on", run: this.defaults.join("; ") }
    return {
      problem: `What the query needed has been brought, and role ${this.role} lacks ${missing.join(", ")}`,
      query: shown(this.query),
      remedies: this.defaults.length === 0 ? [now] : [later, now]
    }
  }
}

/** The server is a replica, or read-only. @since 0.1.0 @category errors */
export class ReadOnlyServer extends TaggedError<ReadOnlyServer>("effect-auto-migration/ReadOnlyServer")(
  "ReadOnlyServer",
  { doing: Schema.String, reason: Schema.String, ...causes }
) {
  get explanation(): Explanation {
    return {
      problem: `Cannot run ${this.doing}: ${this.reason}`,
      query: shown(this.query),
      remedies: [{ say: "Point MigrationClient at the primary server" }]
    }
  }
}

/**
 * The application reads from a replica that has not replayed what closed the gap within the deadline. Positions are those of
 * the write-ahead log, as the server prints them; `received` is `null` where the replica reads an archive, or has received no log yet.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReplicaBehind extends TaggedError<ReplicaBehind>("effect-auto-migration/ReplicaBehind")("ReplicaBehind", {
  gap: Schema.String,
  target: Schema.String,
  received: Schema.NullOr(Schema.String),
  replayed: Schema.NullOr(Schema.String),
  isPaused: Schema.Boolean,
  milliseconds: Schema.Number,
  ...causes
}) {
  get explanation(): Explanation {
    const received = this.received === null ? "" : `, and has received the log up to ${this.received}`
    return {
      problem:
        `${this.gap} is there on the primary server, and the replica that the application reads from has not replayed that ` +
        `within ${this.milliseconds} ms`,
      query: shown(this.query),
      reasons: [{ why: `it is at ${this.replayed ?? "an unknown position"} of ${this.target}${received}` }],
      remedies: this.isPaused
        ? [{ say: "Its replay is paused. Run on it, then query again", run: "SELECT pg_wal_replay_resume()" }]
        : [{ say: "Query again when it has caught up, raise the deadline, or read from the primary server" }]
    }
  }
}

/**
 * A migration holds a statement that the server is too old for. No statement of the plan has run: the server would have refused
 * this one in the middle of it.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerTooOld extends TaggedError<ServerTooOld>("effect-auto-migration/ServerTooOld")("ServerTooOld", {
  migrationId: Schema.String,
  file: Schema.String,
  line: Schema.Number,
  statement: Schema.String,
  /** What is new about the statement. */
  feature: Schema.String,
  /** The first major version that knows it. */
  needs: Schema.Number,
  /** The server's major version. */
  server: Schema.Number,
  ...causes
}) {
  get explanation(): Explanation {
    return {
      problem: `Migration ${this.migrationId} uses ${this.feature}, which came with PostgreSQL ${this.needs}, and this server is PostgreSQL ${this.server}`,
      at: this,
      query: shown(this.query),
      outcome: "Nothing was applied.",
      remedies: [{ say: "Upgrade the server, or write the statement another way" }]
    }
  }
}

/** The server cannot be reached, went away, or cancelled the work; no migration was recorded. @since 0.1.0 @category errors */
export class DatabaseUnavailable extends TaggedError<DatabaseUnavailable>("effect-auto-migration/DatabaseUnavailable")(
  "DatabaseUnavailable",
  {
    doing: Schema.String,
    sqlState: Schema.NullOr(Schema.String),
    reason: Schema.String,
    /** `false` for a migration that runs outside transactions: what it has done stays, and may be half-done. */
    isRolledBack: Schema.Boolean,
    ...causes
  }
) {
  get explanation(): Explanation {
    return {
      problem: `The migration connection was lost or refused during ${this.doing}: ${this.reason}`,
      query: shown(this.query),
      ...(this.isRolledBack
        ? { outcome: "What had not been committed was rolled back.", remedies: [{ say: "The next query tries again" }] }
        : {
            outcome:
              "It runs outside transactions, so what it has done stays, and its last statement may be half-done.",
            remedies: [{ say: "Apply it again: what is there is looked at and repaired first" }]
          })
    }
  }
}
