/**
 * Where migrations come from, and how they become {@link Migration}s: read, parsed by the server's own grammar, and checked.
 * A source only hands out files; {@link loadMigrations} does the rest, the same for all of them.
 *
 * @since 0.1.0
 */
import type { Loader } from "@effect/sql/Migrator"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { InvalidDirective, type MigrationDefinitionError, MigrationUnreadable } from "./core/AutoMigrationError.js"
import { withoutByteOrderMark } from "./core/Checksum.js"
import * as Directive from "./core/Directive.js"
import * as Footprint from "./core/Footprint.js"
import * as Migration from "./core/Migration.js"
import * as MigrationName from "./core/MigrationName.js"
import { parseObjects } from "./core/ObjectSyntax.js"
import type { Parser } from "./core/ParsedSql.js"
import type { SchemaObject } from "./core/SchemaObject.js"
import * as WayUp from "./core/WayUp.js"
import * as EffectMigrator from "./EffectMigrator.js"
import * as MigrationFolder from "./MigrationFolder.js"
import { sha256 } from "./Sha256.js"
import { SqlParser } from "./SqlParser.js"

/**
 * One migration as a source hands it out.
 *
 * @since 0.1.0
 * @category models
 */
export interface MigrationFile {
  /** Not empty, without white space at its ends and without control characters. */
  readonly id: string
  /** A path, or a label such as `record:002_users`: every error names it. */
  readonly source: string
  readonly script: Migration.Script
  /** Of an Effect; a file of SQL says it in its own comments. */
  readonly declaration: Directive.Declaration
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MigrationFiles {
  readonly files: ReadonlyArray<MigrationFile>
  /** What lies beside the migrations and is none, and why. */
  readonly ignored: ReadonlyArray<MigrationFolder.Ignored>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class MigrationSource extends Context.Tag("effect-auto-migration/MigrationSource")<
  MigrationSource,
  {
    /** Reads everything anew each time it is run. */
    readonly load: Effect.Effect<MigrationFiles, MigrationDefinitionError>
  }
>() {}

/**
 * Migrations in a folder: `.sql` files, and sub-folders that hold a `migration.sql`. The folder is read when the migrations
 * are loaded, and may be empty.
 *
 * Loading fails with `MigrationUnreadable` for a folder or file that cannot be read, and with `InvalidEncoding` for a file
 * that is not UTF-8; a byte order mark and any line endings are fine.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerDirectory = (path: string | URL): Layer.Layer<MigrationSource> =>
  Layer.succeed(MigrationSource, {
    load: Effect.map(MigrationFolder.read(path), ({ files, ignored }) => ({
      files: files.map((file) => sqlFile(file.id, file.path, file.text)),
      ignored
    }))
  })

/**
 * Migrations from code: SQL by id.
 *
 * @example
 * import * as MigrationSource from "effect-auto-migration/MigrationSource"
 *
 * const Source = MigrationSource.layerRecord({
 *   "001_users": "CREATE TABLE users (id bigint PRIMARY KEY)",
 *   "002_email": "ALTER TABLE users ADD COLUMN email text"
 * })
 *
 * @since 0.1.0
 * @category layers
 */
export const layerRecord = (sqlById: Readonly<Record<string, string>>): Layer.Layer<MigrationSource> =>
  Layer.succeed(MigrationSource, {
    load: Effect.succeed({
      files: Object.entries(sqlById).map(([id, text]) => sqlFile(id, `record:${id}`, text)),
      ignored: []
    })
  })

/**
 * Migrations that a bundler carries along: what `import.meta.glob("./migrations/*.sql", { query: "?raw" })` gives. Paths are
 * read as {@link layerDirectory} reads them; a module counts by its default export.
 *
 * Loading fails with `MigrationUnreadable` for what cannot be imported or is not text.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerGlob = (
  loaderByPath: Readonly<Record<string, () => Promise<unknown>>>
): Layer.Layer<MigrationSource> => {
  const siblings = Object.keys(loaderByPath).map((path) => path.slice(path.lastIndexOf("/") + 1))
  const [ignored, named] = Arr.partitionMap(Object.entries(loaderByPath), ([path, load]) =>
    Either.mapBoth(MigrationName.idFrom(path, siblings), {
      onLeft: (reason) => ({ path, reason }),
      onRight: (id) => ({ id, path, load })
    })
  )
  return Layer.succeed(MigrationSource, {
    load: Effect.map(
      Effect.forEach(named, ({ id, load, path }) =>
        Effect.map(imported(path, load), (text) => sqlFile(id, path, text))
      ),
      (files) => ({ files, ignored })
    )
  })
}

/**
 * Migrations written for Effect's own `Migrator`, by the same loaders and under the ids that it shows: `1_create_users`.
 * Nobody can read an Effect, so each declares what it provides; what declares nothing runs only when something behind it is
 * needed, or ahead of time. An Effect is a risk of kind `opaque`: with the default policy it runs on the request path only
 * with `accepts: { "1_create_users": ["opaque"] }`.
 *
 * A migration is imported when it runs, by the Migrator's rules: an Effect, or a module whose default export is one. Loading
 * fails with `MigrationUnreadable` where the loader fails, and with `InvalidDirective` for a declaration that is not
 * understood or belongs to no migration.
 *
 * @since 0.1.0
 * @category layers
 */
export const fromEffectMigrator = <R = never>(
  loader: Loader<R>,
  declarations: EffectMigrator.Declarations
): Layer.Layer<MigrationSource, never, R> =>
  Layer.effect(
    MigrationSource,
    Effect.map(Effect.context<R>(), (context) => ({
      load: Effect.provide(EffectMigrator.load(loader, declarations), context)
    }))
  )

/**
 * Several sources as one, for instance a package's migrations and the program's own. Ids must differ across all of them.
 *
 * @since 0.1.0
 * @category layers
 */
export const merge = <E, R>(
  ...sources: ReadonlyArray<Layer.Layer<MigrationSource, E, R>>
): Layer.Layer<MigrationSource, E, R> =>
  Layer.scoped(
    MigrationSource,
    Effect.map(Effect.forEach(sources, Layer.build), (contexts) => ({
      load: Effect.map(
        Effect.forEach(contexts, (context) => Context.get(context, MigrationSource).load),
        (loaded) => ({
          files: loaded.flatMap(({ files }) => files),
          ignored: loaded.flatMap(({ ignored }) => ignored)
        })
      )
    }))
  )

/**
 * Reads the source, parses every script, infers what it does and checks what it says about itself. The migrations come in id
 * order, ready for `MigrationGraph.make`; what the source passed over is logged at debug level.
 *
 * @since 0.1.0
 * @category operations
 */
export const loadMigrations: Effect.Effect<
  ReadonlyArray<Migration.Migration>,
  MigrationDefinitionError,
  MigrationSource | SqlParser
> = Effect.gen(function* () {
  const parser = yield* SqlParser
  const { files, ignored } = yield* Effect.flatMap(MigrationSource, (source) => source.load)
  yield* Effect.forEach(ignored, ({ path, reason }) => Effect.logDebug(`${path} is no migration: ${reason}`), {
    discard: true
  })
  const read = yield* Either.all(Arr.sort(files, byId).map((file) => draftsFrom(parser, file)))
  const drafts = Arr.sort(read.flat(), byId)
  const footprints = yield* Footprint.inferAll(parser, drafts)
  return Arr.zipWith(drafts, footprints, (draft, footprint) => Migration.make({ ...draft, footprint, digest: sha256 }))
})

const byId: Order.Order<Pick<MigrationFile, "id" | "source">> = Order.combine(
  Order.mapInput(Migration.Order, ({ id }) => id),
  Order.mapInput(Order.string, ({ source }) => source)
)

const sqlFile = (id: string, source: string, text: string): MigrationFile => ({
  id,
  source,
  script: { _tag: "Sql", text: withoutByteOrderMark(text) },
  declaration: {}
})

const imported = (path: string, load: () => Promise<unknown>): Effect.Effect<string, MigrationUnreadable> =>
  Effect.tryPromise({ try: load, catch: (error) => new MigrationUnreadable({ path, reason: String(error) }) }).pipe(
    Effect.map((module) => (Predicate.hasProperty(module, "default") ? module.default : module)),
    Effect.filterOrFail(Predicate.isString, () => new MigrationUnreadable({ path, reason: "it is not text" }))
  )

/** All that is known of a migration before its SQL is understood. */
interface Draft {
  readonly id: Migration.MigrationId
  readonly source: string
  readonly script: Migration.Script
  /** What the checksum covers, where it is not the script's own text. */
  readonly covered: string | undefined
  readonly directives: Directive.Directives
  readonly declares: ReadonlyArray<SchemaObject>
}

/** One, but for a file that holds several versions. */
const draftsFrom = (
  parser: Parser,
  file: MigrationFile
): Either.Either<ReadonlyArray<Draft>, MigrationDefinitionError> =>
  file.script._tag === "Effect"
    ? Directive.fromDeclaration(file.source, file.declaration).pipe(
        Either.flatMap((directives) =>
          draftFrom(file, file.id, { script: file.script, covered: undefined, directives })
        ),
        Either.map(Arr.of)
      )
    : Either.flatMap(WayUp.read(parser, file.source, file.script.text), (ways) =>
        Either.all(ways.map((way) => draftOfWay(file, way)))
      )

const draftOfWay = (file: MigrationFile, { kept, text, transaction, version }: WayUp.WayUp) =>
  Either.flatMap(Directive.read(file.source, text), (directives) =>
    draftFrom(file, Option.match(version, { onNone: () => file.id, onSome: (own) => `${file.id}/${own}` }), {
      script: { _tag: "Sql", text },
      covered: kept,
      directives: transaction === "none" ? { ...directives, transaction } : directives
    })
  )

const draftFrom = (
  { source }: MigrationFile,
  name: string,
  read: Pick<Draft, "script" | "covered" | "directives">
): Either.Either<Draft, MigrationDefinitionError> =>
  Either.gen(function* () {
    const id = yield* idFrom(name, source)
    const declares = yield* Either.all(read.directives.provides.map((promised) => objectsFrom(source, promised)))
    return { ...read, id, source, declares: declares.flat() }
  })

const idFrom = (name: string, source: string): Either.Either<Migration.MigrationId, MigrationUnreadable> =>
  Either.mapLeft(
    Schema.decodeUnknownEither(Migration.MigrationId)(name),
    () => new MigrationUnreadable({ path: source, reason: `${JSON.stringify(name)} cannot be the id of a migration` })
  )

const objectsFrom = (
  file: string,
  { line, text }: Directive.Promised
): Either.Either<ReadonlyArray<SchemaObject>, InvalidDirective> =>
  Either.mapLeft(
    parseObjects(text),
    (reason) => new InvalidDirective({ file, line, directive: `-- provides: ${text}`, reason })
  )
