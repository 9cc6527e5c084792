/**
 * Rewrites a file of migrations so that its statements stop no program: an index is built concurrently, a constraint is
 * added as NOT VALID and validated later, NOT NULL follows from a validated check, a volatile default becomes a default
 * and a backfill in batches. `Lint` finds the same statements.
 *
 * **Laws**
 *
 * 1. No file is written unless the folder with the rewritten files gives a database the same schema as the folder without.
 * 2. No other file is overwritten, and an applied migration is never rewritten.
 *
 * @since 0.1.0
 */
import { join, relative, resolve } from "node:path"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as AutoMigration from "../AutoMigration.js"
import * as SimulatedCatalog from "../core/catalog/SimulatedCatalog.js"
import type { AutoMigrationError, MigrationDefinitionError } from "../core/error/AutoMigrationError.js"
import { TaggedError } from "../core/error/Explained.js"
import type { Explanation } from "../core/error/Explanation.js"
import type { Applied } from "../core/graph/MigrationGraph.js"
import * as Plan from "../core/graph/Plan.js"
import * as Layout from "../core/layout/Layout.js"
import type { Arrangement, Entry } from "../core/layout/Listing.js"
import * as Footprint from "../core/migration/Footprint.js"
import type { Migration } from "../core/migration/Migration.js"
import * as FileName from "../core/rewrite/FileName.js"
import * as Files from "../core/rewrite/Files.js"
import { type Parser, statementsOf } from "../core/sql/ParsedSql.js"
import { withoutByteOrderMark } from "../core/text/Checksum.js"
import { location } from "../core/text/Location.js"
import * as MigrationClient from "../database/MigrationClient.js"
import * as AutoMigrationConfig from "../runtime/AutoMigrationConfig.js"
import * as SqlParser from "../runtime/SqlParser.js"
import * as Folder from "../source/Folder.js"
import { hashes } from "../source/Hashes.js"
import * as MigrationSource from "../source/MigrationSource.js"
import * as SchemaLines from "./SchemaLines.js"
import * as Throwaway from "./Throwaway.js"
import * as Written from "./Written.js"

export { NotWritten } from "./Written.js"

/**
 * The file cannot be rewritten. No file was written.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotRewritable extends TaggedError<NotRewritable>("effect-auto-migration/NotRewritable")("NotRewritable", {
  file: Schema.String,
  /** Sentences, each with the place of its statement where it is about one. */
  reasons: Schema.NonEmptyArray(Schema.String)
}) {
  get explanation(): Explanation {
    return {
      problem: `${this.file} stays as it is`,
      reasons: this.reasons.map((why) => ({ why: why.replace(/\.$/, "") })),
      remedies: [{ say: "To see the risks of its statements", run: lintOf(this.file) }]
    }
  }
}

/**
 * The rewritten files were run on an empty database, and did not do what the original does. No file was written.
 *
 * @since 0.1.0
 * @category errors
 */
export class ProofFailed extends TaggedError<ProofFailed>("effect-auto-migration/ProofFailed")("ProofFailed", {
  file: Schema.String,
  /** `original`: the folder as it is does not run on an empty database. */
  stage: Schema.Literal("original", "rewritten", "comparison"),
  /** The server's error, or the first difference. */
  reason: Schema.String
}) {
  get explanation(): Explanation {
    const { problem, remedy } = stages[this.stage]
    return {
      problem: `${this.file} stays as it is: ${problem}`,
      reasons: [{ why: this.reason }],
      remedies: [{ say: remedy }]
    }
  }
}

const lintOf = (file: string): string => `${Plan.commandName} lint ${Plan.shellWord(file)}`

const byHand = "Rewrite the file by hand, as docs/lint.md shows it"

const stages = {
  original: {
    problem: "the folder does not run on an empty database, so the rewriting cannot be proved",
    remedy: "Correct the folder, or add what it expects of a database as a first migration"
  },
  rewritten: { problem: "the rewritten files do not run on an empty database", remedy: byHand },
  comparison: { problem: "the rewritten files give another schema", remedy: byHand }
} as const

/** @since 0.1.0 @category models */
export interface Options {
  /** The folder of migrations. */
  readonly folder: string
  /** The path of the file to rewrite. */
  readonly file: string
  /** A server on which the role may create databases: one for development. Two databases live as long as the proof. */
  readonly server: Redacted.Redacted<string>
  /** The ids of the migrations that have run anywhere, as `AutoMigration.status` gives them. */
  readonly applied: Applied
  /** See `MigrationSource.FolderOptions`. */
  readonly order?: "natural" | "text"
}

/** @since 0.1.0 @category models */
export interface Rewritten {
  /** The first file takes the place of the original. The others are new. */
  readonly files: Arr.NonEmptyReadonlyArray<Written.File>
  /** Statements that stay a risk, and why. */
  readonly left: ReadonlyArray<Files.Left>
}

type ProofError = NotRewritable | ProofFailed | MigrationDefinitionError | SqlError

/**
 * The rewritten files, proved and not written.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import * as fs from "node:fs"
 * import { Rewrite } from "effect-auto-migration"
 * import { Config, Effect } from "effect"
 *
 * fs.mkdirSync("migrations")
 * fs.writeFileSync("migrations/001_users.sql", "CREATE TABLE users (id integer, name text);")
 * fs.writeFileSync("migrations/002_name.sql", "CREATE INDEX users_name ON users (name);")
 *
 * const proved = Effect.flatMap(Config.redacted("DATABASE_URL"), (server) =>
 *   Rewrite.prove({ folder: "migrations", file: "migrations/002_name.sql", server, applied: new Set() }))
 *
 * const { files } = await Effect.runPromise(proved)
 * assert.ok(files[0].text.includes("CREATE INDEX CONCURRENTLY users_name"))
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const prove = (options: Options): Effect.Effect<Rewritten, ProofError> =>
  Effect.gen(function* () {
    const parser = yield* SqlParser.SqlParser
    const arrangement = yield* Folder.read(options.folder, options.order === undefined ? {} : { order: options.order })
    const at = arrangement.entries.findIndex(({ path }) => resolve(path) === resolve(options.file))
    const original = arrangement.entries[at]
    if (original === undefined)
      return yield* refuse(options.file, `It is not one of the migrations in ${options.folder}.`)
    const before = arrangement.entries.slice(0, at)
    const migration = yield* migrationOf(original, before)
    if (options.applied.has(migration.own.id))
      return yield* refuse(options.file, "It is applied, and an edit of an applied migration changes no database.")
    yield* rewritable(parser, original, migration.own)
    const { files, left } = Files.drafts(parser, catalogAfter(parser, migration.earlier), migration.own)
    const drafted = yield* named(options, arrangement, at, files, left)
    yield* compare(options, [...before, original], [...before, ...drafted.entries])
    return { files: drafted.files, left }
  }).pipe(Effect.provide(SqlParser.layer))

/**
 * Writes proved files.
 *
 * @since 0.1.0
 * @category operations
 */
export const write = ({ files }: Rewritten): Effect.Effect<void, Written.NotWritten> => Written.write(files)

/**
 * Rewrites a file: proves the rewritten files and writes them.
 *
 * @since 0.1.0
 * @category operations
 */
export const rewrite = (options: Options): Effect.Effect<Rewritten, ProofError | Written.NotWritten> =>
  Effect.tap(prove(options), write)

const refuse = (file: string, reason: string, ...reasons: ReadonlyArray<string>) =>
  Effect.fail(new NotRewritable({ file, reasons: [reason, ...reasons] }))

const sourceOf = (entries: ReadonlyArray<Entry>): Layer.Layer<MigrationSource.MigrationSource> =>
  Layer.succeed(MigrationSource.MigrationSource, { load: Effect.succeed(filesOf(entries)) })

const filesOf = (entries: ReadonlyArray<Entry>): MigrationSource.MigrationFiles => ({
  files: entries.map(({ id, path, text, ...layout }) => ({
    id,
    source: path,
    script: { _tag: "Sql", text: withoutByteOrderMark(text) },
    declaration: {},
    layout
  })),
  order: "given",
  ignored: []
})

interface Loaded {
  readonly earlier: ReadonlyArray<Migration>
  readonly own: Migration
}

const migrationOf = (
  original: Entry,
  before: ReadonlyArray<Entry>
): Effect.Effect<Loaded, MigrationDefinitionError | NotRewritable, SqlParser.SqlParser> =>
  Effect.flatMap(Effect.provide(MigrationSource.loadMigrations, sourceOf([...before, original])), (migrations) => {
    const [earlier, [own, ...others]] = Arr.partition(migrations, ({ source }) => source === original.path)
    return own === undefined || others.length > 0
      ? refuse(original.path, "It holds several migrations.")
      : Effect.succeed({ earlier, own })
  })

/** Refuses a file of which only a part runs, or that has transactions of its own. */
const rewritable = (
  parser: Parser,
  { path, text }: Entry,
  migration: Migration
): Effect.Effect<void, NotRewritable> => {
  if (migration.script._tag === "Effect" || migration.script.text !== withoutByteOrderMark(text))
    return refuse(path, "It holds a way down or marks of another tool: move the statements to a file of their own.")
  const count = Either.match(statementsOf(parser, migration.script.text), {
    onLeft: () => 0,
    onRight: ({ length }) => length
  })
  if (count !== migration.footprint.statements.length)
    return refuse(
      path,
      "It begins and ends its transaction itself: remove BEGIN, COMMIT and settings of the transaction first."
    )
  if (migration.transaction === "none")
    return refuse(
      path,
      "It runs outside a transaction already: move the other statements to a file of their own first."
    )
  return migration.declares.length > 0
    ? refuse(path, "Its -- provides: may belong to one of the new files: remove it first.")
    : Effect.void
}

const catalogAfter = (parser: Parser, migrations: ReadonlyArray<Migration>): SimulatedCatalog.SimulatedCatalog =>
  migrations.reduce(
    (catalog, migration) =>
      Either.match(Footprint.infer(parser, catalog, migration), {
        onLeft: () => catalog,
        onRight: (inferred) => inferred.catalog
      }),
    SimulatedCatalog.empty
  )

interface Named {
  readonly files: Arr.NonEmptyReadonlyArray<Written.File>
  readonly entries: ReadonlyArray<Entry>
}

const sentenceOf =
  (file: string) =>
  ({ line, reason, statement }: Files.Left): string =>
    `${location(file, line)}: ${statement}: ${reason}`

/** Names the files, and checks that the folder with them has the right order. */
const named = (
  { file, folder, order }: Options,
  { entries, layout }: Arrangement,
  at: number,
  drafts: ReadonlyArray<Files.Draft>,
  left: ReadonlyArray<Files.Left>
): Effect.Effect<Named, NotRewritable> => {
  const original = entries[at]
  const [first, ...others] = drafts
  if (original === undefined || first === undefined) {
    const [reason = "None of its statements needs a safer way.", ...more] = left.map(sentenceOf(file))
    return refuse(file, reason, ...more)
  }
  const next = Option.map(Option.fromNullable(entries[at + 1]), ({ id }) => id)
  return Either.match(
    FileName.added(
      { path: original.path, id: original.id, next, layout },
      others.map(({ slug }) => slug)
    ),
    {
      onLeft: (reason) => refuse(file, reason),
      onRight: (paths) => {
        const added = Arr.zipWith(paths, others, (path, { text }) => ({ path, text, replaces: Option.none<string>() }))
        const files: Named["files"] = [
          { path: original.path, text: first.text, replaces: Option.some(original.text) },
          ...added
        ]
        const all = [...entries.slice(0, at), ...files, ...entries.slice(at + 1)]
        return Option.match(arranged(folder, all, order), {
          onNone: () => refuse(file, "The folder would not have the new files in their order: rename the file first."),
          onSome: (found) => Effect.succeed({ files, entries: found.slice(at, at + files.length) })
        })
      }
    }
  )
}

/** The entries of files, if the folder would have them in the given order. */
const arranged = (
  folder: string,
  files: ReadonlyArray<{ readonly path: string; readonly text: string }>,
  order: Options["order"]
): Option.Option<ReadonlyArray<Entry>> => {
  const texts = new Map(files.map(({ path, text }) => [relative(folder, path).replaceAll("\\", "/"), text]))
  const listing = {
    paths: [...texts.keys()].sort(),
    text: (path: string) => Either.right(texts.get(path) ?? ""),
    nameOf: (path: string) => join(folder, path),
    hashes
  }
  return Option.filter(
    Option.map(Either.getRight(Layout.arrange(listing, Option.fromNullable(order))), ({ entries }) => entries),
    (entries) => entries.length === files.length && entries.every(({ path }, index) => path === files[index]?.path)
  )
}

/** Runs both histories on empty databases, and compares the schemas. */
const compare = (
  { file, server }: Options,
  original: ReadonlyArray<Entry>,
  rewritten: ReadonlyArray<Entry>
): Effect.Effect<void, ProofFailed | SqlError> => {
  const failed = (stage: ProofFailed["stage"]) => (reason: string) => new ProofFailed({ file, stage, reason })
  const schemaAfter = (entries: ReadonlyArray<Entry>, stage: ProofFailed["stage"]) =>
    Effect.scoped(Effect.flatMap(Throwaway.make(server), (url) => schemaOf(url, entries))).pipe(
      Effect.mapError((error) => (error._tag === "SqlError" ? error : failed(stage)(error.message)))
    )
  return Effect.gen(function* () {
    const before = yield* schemaAfter(original, "original")
    const after = yield* schemaAfter(rewritten, "rewritten")
    const difference = SchemaLines.firstDifference(before, after)
    if (difference !== undefined) return yield* failed("comparison")(difference)
  })
}

const schemaOf = (
  url: Redacted.Redacted<string>,
  entries: ReadonlyArray<Entry>
): Effect.Effect<ReadonlyArray<string>, SqlError | AutoMigrationError | MigrationDefinitionError> =>
  Effect.zipRight(AutoMigration.migrate, SchemaLines.read(AutoMigrationConfig.defaults.schema)).pipe(
    Effect.provide(Layer.provide(AutoMigration.layer, sourceOf(entries))),
    Effect.provide(MigrationClient.layer({ url, connectTimeout: "1 minute" }))
  )
