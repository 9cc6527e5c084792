/**
 * What a process of {@link Process} is told to do.
 */
import * as Schema from "effect/Schema"

export const Program = Schema.Struct({
  url: Schema.String,
  migrations: Schema.Record({ key: Schema.String, value: Schema.String }),
  /** Milliseconds. */
  lease: Schema.DurationFromMillis
})

export type Program = typeof Program.Type
