/**
 * Sources of migrations, and the way from their files to {@link Migration}s. A source only hands out files; {@link loadMigrations} parses
 * them with the server's own grammar and checks them, alike for all sources.
 *
 * @since 0.1.0
 */
import type { Loader } from "@effect/sql/Migrator"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Schema from "effect/Schema"
import {
  InvalidDirective,
  type MigrationDefinitionError,
  MigrationUnreadable
} from "../core/error/AutoMigrationError.js"
import * as Directive from "../core/file/Directive.js"
import { parseObjects } from "../core/file/ObjectSyntax.js"
import * as WayUp from "../core/file/WayUp.js"
import type { Arrangement } from "../core/layout/Listing.js"
import type { NameOrder } from "../core/layout/NameOrder.js"
import * as Footprint from "../core/migration/Footprint.js"
import * as Migration from "../core/migration/Migration.js"
import type { Origin } from "../core/model/Origin.js"
import type { SchemaObject } from "../core/model/SchemaObject.js"
import type { Parser } from "../core/sql/ParsedSql.js"
import { withoutByteOrderMark } from "../core/text/Checksum.js"
import { isHidden, visible } from "../core/text/Visible.js"
import { sha256 } from "../runtime/Sha256.js"
import { SqlParser } from "../runtime/SqlParser.js"
import * as TimeSlice from "../runtime/TimeSlice.js"
import * as EffectMigrator from "./EffectMigrator.js"
import * as MigrationFolder from "./Folder.js"
import * as MigrationGlob from "./Glob.js"
import type { Ignored, LayoutFacts, MigrationFile, MigrationFiles } from "./MigrationFile.js"

export type { Declaration } from "../core/file/Directive.js"
export type { Declarations } from "./EffectMigrator.js"
export type { Ignored, LayoutFacts, MigrationFile, MigrationFiles, Origin }

/**
 * Options for reading a folder.
 *
 * @since 0.1.0
 * @category models
 */
export interface FolderOptions {
  /**
   * The order of names: `"natural"` reads runs of digits as numbers (`9_users` before `10_orders`), `"text"` compares character by
   * character. Defaults to the order of the layout; names that then have two orders are the error `AmbiguousOrder`. A layout with an
   * order of its own (Flyway, Sqitch, Drizzle's journal, graphile-migrate, Atlas) keeps it.
   */
  readonly order?: NameOrder
  /** The size in bytes above which a file is not read. Defaults to 16 MB (16,777,216). */
  readonly maxFileSize?: number
}

/**
 * @since 0.1.0
 * @category tags
 */
export class MigrationSource extends Context.Tag("effect-auto-migration/MigrationSource")<
  MigrationSource,
  {
    /** Reads all files again each time it runs. */
    readonly load: Effect.Effect<MigrationFiles, MigrationDefinitionError>
    /** Where an operator finds the migrations. Defaults to code: errors then print calls of the program, and no commands. */
    readonly origin?: Origin
  }
>() {}

/**
 * Migrations in a folder, read by the layout that it has: Prisma, Drizzle, Flyway, Sqitch, golang-migrate, sqlx, diesel, Hasura,
 * graphile-migrate, Supabase, Atlas, or plain `.sql` files. `docs/layouts.md` tells how each is recognised and which files it leaves
 * out. The folder is read when the migrations are loaded, and may be empty.
 *
 * Loading fails with `MigrationUnreadable` for a folder or file that cannot be read, is no file, is larger than `maxFileSize`, or is
 * a link out of the folder, with `InvalidEncoding` for a file that is not
 * UTF-8 (a byte order mark and any line endings are fine), with `AmbiguousOrder` for names that have two orders, with
 * `InvalidLayout` for a file of a layout that cannot be followed, with `UnsupportedLayout` for Liquibase, and with `NothingToApply` if
 * files were passed over and no migration is left.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerDirectory = (path: string | URL, options: FolderOptions = {}): Layer.Layer<MigrationSource> =>
  Layer.succeed(MigrationSource, {
    load: Effect.map(MigrationFolder.read(path, options), filesOf),
    origin: { _tag: "Folder", path: MigrationFolder.nameOf(path), order: options.order }
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
 * Migrations that a bundler includes in the program: the result of `import.meta.glob("./migrations/*.sql", { query: "?raw" })`. The paths
 * are read as {@link layerDirectory} reads those of a folder. The text of a file is its module, or the default export of it.
 *
 * Loading fails with `MigrationUnreadable` for a file that cannot be imported or is not text, and else as {@link layerDirectory}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerGlob = (
  loaderByPath: MigrationGlob.Loaders,
  options: Pick<FolderOptions, "order"> = {}
): Layer.Layer<MigrationSource> =>
  Layer.succeed(MigrationSource, {
    load: Effect.map(MigrationGlob.read(loaderByPath, Option.fromNullable(options.order)), filesOf)
  })

/**
 * Migrations that were written for Effect's own `Migrator`, by the same loaders and under the ids that it shows, such as
 * `1_create_users`. An Effect is opaque, so its provided objects are declared here. One without a declaration runs only as an ancestor of
 * another migration, or ahead of time. An Effect is a risk of kind `opaque`: with the default policy it runs on the request path only
 * with `accepts: { "1_create_users": ["opaque"] }`.
 *
 * A migration is imported when it runs, by the Migrator's rules: it is an Effect, or a module whose default export is one. Loading fails
 * with `MigrationUnreadable` if the loader fails, and with `InvalidDirective` for a declaration that is not understood or has an unknown
 * id.
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
 * Merges several sources, for instance a package's migrations and the program's own. All ids must differ. Each source keeps its order;
 * of the next migrations of all sources, the one whose id comes first in natural order is taken. So sources that are ordered by id are
 * ordered by id together.
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
          files: interleaved(loaded.map(inOrder)),
          order: "given",
          ignored: loaded.flatMap(({ ignored }) => ignored),
          warnings: loaded.flatMap(({ warnings = [] }) => warnings)
        })
      )
    }))
  )

/**
 * Reads the source, parses every script, infers its footprint and checks its directives. It gives the event loop a turn after every few milliseconds. The migrations are in the source's order, ready
 * for `MigrationGraph.make`. Files that the source passed over are logged at debug level, its warnings as warnings.
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
  const loaded = yield* Effect.flatMap(MigrationSource, (source) => source.load)
  yield* Effect.forEach(loaded.warnings ?? [], (warning) => Effect.logWarning(warning), { discard: true })
  yield* Effect.forEach(
    loaded.ignored,
    ({ path, reason }) => Effect.logDebug(`${path} is not a migration: ${reason}`),
    {
      discard: true
    }
  )
  return yield* yield* TimeSlice.run(() => reading(parser, inOrder(loaded)))
})

/** The migrations of files, with steps in between. */
const reading = function* (
  parser: Parser,
  files: ReadonlyArray<MigrationFile>
): Footprint.Steps<Either.Either<ReadonlyArray<Migration.Migration>, MigrationDefinitionError>> {
  const read: Array<Draft> = []
  for (const file of files) {
    const drafts = draftsFrom(parser, file)
    if (Either.isLeft(drafts)) return Either.left(drafts.left)
    read.push(...drafts.right)
    yield
  }
  const drafts = read.map((draft, position) => ({ ...draft, position }))
  const footprints = yield* Footprint.inferring(parser, drafts)
  return Either.map(footprints, (each) =>
    Arr.zipWith(drafts, each, (draft, footprint) => Migration.make({ ...draft, footprint, digest: sha256 }))
  )
}

const byId: Order.Order<Pick<MigrationFile, "id" | "source">> = Order.combine(
  Order.mapInput(Migration.Order, ({ id }) => id),
  Order.mapInput(Order.string, ({ source }) => source)
)

const inOrder = ({ files, order = "ids" }: MigrationFiles): ReadonlyArray<MigrationFile> =>
  order === "given" ? files : Arr.sort(files, byId)

/** Merges lists and keeps the order of each: the smaller of the next files comes first. */
const interleaved = (lists: ReadonlyArray<ReadonlyArray<MigrationFile>>): ReadonlyArray<MigrationFile> =>
  lists.reduce((merged, list) => {
    const files: Array<MigrationFile> = []
    let next = 0
    for (const file of merged) {
      for (let other = list[next]; other !== undefined && byId(other, file) < 0; other = list[next]) {
        files.push(other)
        next++
      }
      files.push(file)
    }
    return [...files, ...list.slice(next)]
  }, [])

const filesOf = ({ entries, passedOver, warnings }: Arrangement): MigrationFiles => ({
  files: entries.map(({ id, path, text, ...layout }) => ({ ...sqlFile(id, path, text), layout })),
  order: "given",
  ignored: passedOver.map(({ path, reason }) => ({ path, reason })),
  warnings
})

const sqlFile = (id: string, source: string, text: string): MigrationFile => ({
  id,
  source,
  script: { _tag: "Sql", text: withoutByteOrderMark(text) },
  declaration: {}
})

/** A migration without its footprint. */
interface Draft {
  readonly id: Migration.MigrationId
  readonly source: string
  readonly script: Migration.Script
  /** The text that the checksum covers, if it is not the script's own. */
  readonly covered: string | undefined
  readonly directives: Directive.Directives
  readonly declares: ReadonlyArray<SchemaObject>
  readonly isRepeatable: boolean
}

/** The drafts of a file: one, or one for each version that the file holds, in order. */
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
  { layout = {}, source }: MigrationFile,
  name: string,
  read: Pick<Draft, "script" | "covered" | "directives">
): Either.Either<Draft, MigrationDefinitionError> =>
  Either.gen(function* () {
    const id = yield* idFrom(name, source)
    const directives = yield* withLayout(read.directives, layout, source)
    const declares = yield* Either.all(directives.provides.map((promised) => objectsFrom(source, promised)))
    return { ...read, id, source, directives, declares: declares.flat(), isRepeatable: layout.isRepeatable === true }
  })

const withLayout = (
  directives: Directive.Directives,
  { requires, transaction }: LayoutFacts,
  source: string
): Either.Either<Directive.Directives, MigrationUnreadable> => {
  const stated = transaction === "none" ? { ...directives, transaction } : directives
  return requires === undefined
    ? Either.right(stated)
    : Either.map(Either.all(requires.map((name) => idFrom(name, source))), (ids) => ({
        ...stated,
        requires: ids.map((id) => ({ id, line: 1 }))
      }))
}

const idFrom = (name: string, source: string): Either.Either<Migration.MigrationId, MigrationUnreadable> =>
  Either.mapLeft(
    Either.filterOrLeft(Schema.decodeUnknownEither(Migration.MigrationId)(name), (id) => !isHidden(id), identity),
    () =>
      new MigrationUnreadable({
        path: source,
        reason: `${visible(JSON.stringify(name))} cannot be the id of a migration`,
        remedy:
          "Give it a name of at most 1,024 bytes, without control characters, invisible characters and white space at its ends."
      })
  )

const objectsFrom = (
  file: string,
  { line, text }: Directive.Promised
): Either.Either<ReadonlyArray<SchemaObject>, InvalidDirective> =>
  Either.mapLeft(
    parseObjects(text),
    (reason) => new InvalidDirective({ file, line, directive: `-- provides: ${text}`, reason })
  )
