/**
 * What can go wrong with a migration that runs outside transactions and with no other.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { location } from "../text/Location.js"

/**
 * Another process took over the lease, since this one did not renew it in time: it was suspended, or cut off from the server.
 *
 * @since 0.1.0
 * @category errors
 */
export class LeaseLost extends Schema.TaggedError<LeaseLost>("effect-auto-migration/LeaseLost")("LeaseLost", {
  migrationId: Schema.String,
  file: Schema.String,
  /** For how long the lease had been taken. */
  milliseconds: Schema.Number,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message() {
    return (
      `The lease of migration ${this.migrationId} (${this.file}) was not renewed within ${this.milliseconds} ms, and another ` +
      "process has taken the migration over: it finds what this one left, and finishes it. Ask for the status to see how that " +
      "ended; if processes are often suspended longer than that, raise `lease` in AutoMigrationConfig."
    )
  }
}

/**
 * A process died, or lost its connection, while a statement ran, or a statement failed that may have committed part of its work;
 * and nothing in the catalog tells whether the statement took effect. `line` is 1-based in `file`.
 *
 * @since 0.1.0
 * @category errors
 */
export class StatementInDoubt extends Schema.TaggedError<StatementInDoubt>("effect-auto-migration/StatementInDoubt")(
  "StatementInDoubt",
  {
    migrationId: Schema.String,
    file: Schema.String,
    line: Schema.Number,
    statement: Schema.String,
    /** What runs the statement again. */
    again: Schema.String,
    /** What records the migration as applied. */
    record: Schema.String,
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message() {
    return (
      `An earlier attempt at migration ${this.migrationId} ended while this statement ran, and nobody can know whether it took ` +
      `effect, or how much of it: ${location(this.file, this.line)}: ${this.statement}\n` +
      `Look at the data. If it did not, or may take effect twice: ${this.again}. ` +
      `If it did, run what is left of it, and the statements after it, by hand, then: ${this.record}`
    )
  }
}
