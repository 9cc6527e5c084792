/**
 * Loads migrations that were written for `@effect/sql/Migrator`: Effects behind a loader. It follows the Migrator's rules, so a project
 * can switch without a change to its migrations.
 *
 * @internal
 */
import { type Loader, MigrationError, type ResolvedMigration } from "@effect/sql/Migrator"
import type { SqlClient } from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { InvalidDirective, MigrationUnreadable } from "../core/error/AutoMigrationError.js"
import type { RiskKind } from "../core/model/Risk.js"
import type { MigrationFile, MigrationFiles } from "./MigrationFile.js"

/**
 * Declarations about migrations that are Effects, by id.
 *
 * @since 0.1.0
 * @category models
 */
export interface Declarations {
  /** Objects as in `-- provides:`, for instance `["table users", "function app.f(integer)"]`. */
  readonly provides: Readonly<Record<string, ReadonlyArray<string>>>
  readonly requires?: Readonly<Record<string, ReadonlyArray<string>>>
  readonly accepts?: Readonly<Record<string, ReadonlyArray<RiskKind>>>
}

/**
 * The loader's migrations, under the ids that the Migrator shows. Fails with `MigrationUnreadable` if the loader fails, and with
 * `InvalidDirective` for a declaration about an unknown id.
 *
 * @since 0.1.0
 * @category operations
 */
export const load = <R>(
  loader: Loader<R>,
  { accepts = {}, provides, requires = {} }: Declarations
): Effect.Effect<MigrationFiles, MigrationUnreadable | InvalidDirective, R> =>
  loader.pipe(
    Effect.mapError((error) => new MigrationUnreadable({ path: label, reason: error.message })),
    Effect.map((resolved) =>
      resolved.map((migration): MigrationFile => {
        const id = `${migration[0]}_${migration[1]}`
        return {
          id,
          source: `migrator:${id}`,
          script: { _tag: "Effect", effect: effectOf(migration) },
          declaration: { provides: provides[id] ?? [], requires: requires[id] ?? [], accepts: accepts[id] ?? [] }
        }
      })
    ),
    Effect.flatMap((files) => {
      const ids = new Set(files.map((file) => file.id))
      const unknownIds = [provides, requires, accepts].flatMap(Object.keys).filter((id) => !ids.has(id))
      return unknownIds[0] === undefined
        ? Effect.succeed({ files, ignored: [] })
        : Effect.fail(notLoaded(unknownIds[0]))
    })
  )

const label = "the migrator's loader"

const notLoaded = (id: string): InvalidDirective =>
  new InvalidDirective({ file: label, line: 1, directive: id, reason: "is not the id of a migration of the loader" })

/** Imports the module when the migration runs, so a module that is not needed is never evaluated. */
const effectOf = ([id, name, module]: ResolvedMigration): Effect.Effect<unknown, unknown, SqlClient> => {
  const fail = (message: string) => Effect.fail(new MigrationError({ reason: "import-error", message }))
  return module.pipe(
    Effect.catchAllDefect((defect) => fail(`Could not import migration ${id}_${name}: ${defect}`)),
    Effect.flatMap((loaded: unknown) => {
      const migration = isMigration(loaded) ? loaded : defaultExport(loaded)
      return isMigration(migration)
        ? migration
        : fail(`Migration ${id}_${name} has no default export that is an Effect`)
    })
  )
}

/** A value does not show what its Effect requires. A migration of the Migrator requires only the client. */
const isMigration = (value: unknown): value is Effect.Effect<unknown, unknown, SqlClient> => Effect.isEffect(value)

/** The default export of a module. A CommonJS module that is imported by ESM may wrap it twice. */
const defaultExport = (module: unknown): unknown => {
  const once = Predicate.hasProperty(module, "default") ? module.default : undefined
  return Predicate.hasProperty(once, "default") ? (once.default ?? once) : once
}
