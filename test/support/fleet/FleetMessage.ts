/**
 * What a process of a fleet is told, and what it answers.
 */
import * as Schema from "effect/Schema"

/** What a process is: a program on a database, which waits for the word. */
export const Program = Schema.Struct({
  url: Schema.String,
  migrations: Schema.Record({ key: Schema.String, value: Schema.String }),
  maxConnections: Schema.Number,
  policy: Schema.Literal("default", "always"),
  /** Of a heal, where it is not the default. */
  deadline: Schema.optionalWith(Schema.DurationFromMillis, { exact: true }),
  /** On a stopped clock, what the process sends does not depend on how fast the machine is. */
  clock: Schema.optionalWith(Schema.Literal("stopped"), { exact: true })
})

export type Program = typeof Program.Type

const queries = Schema.Array(Schema.Struct({ place: Schema.Number, text: Schema.String }))

/**
 * The word: queries, each run by a fiber of its own and known by its place, protected or, `ByHand`, asked again four times a
 * second until others have brought what they lack; a query that fails, asked again without end by that many fibers; or an
 * operator's `migrate`.
 */
export const Word = Schema.Union(
  Schema.TaggedStruct("Query", { queries }),
  Schema.TaggedStruct("QueryByHand", { queries }),
  Schema.TaggedStruct("QueryInVain", { text: Schema.String, fibers: Schema.Number }),
  Schema.TaggedStruct("Migrate", {})
)

export type Word = typeof Word.Type

/** `Answered` is one query's result; `Finished` comes when all of a word is done, with how many migrations it applied. */
export const Answer = Schema.Union(
  Schema.TaggedStruct("Ready", {}),
  Schema.TaggedStruct("Answered", { place: Schema.Number, rows: Schema.Array(Schema.Unknown) }),
  Schema.TaggedStruct("Failed", { reason: Schema.String }),
  Schema.TaggedStruct("Finished", { applied: Schema.Number })
)

export type Answer = typeof Answer.Type
