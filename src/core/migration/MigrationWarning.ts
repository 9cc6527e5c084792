/**
 * A warning about a migration that looks wrong. It is no error, since the files may not tell all that is in the database. It is shown
 * with the plan and has no effect on it.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as SchemaObject from "../model/SchemaObject.js"
import { location } from "../text/Location.js"
import { byPosition, type Migration, type MigrationId } from "./Migration.js"

interface At {
  readonly migration: MigrationId
  /** The file's path, or another label; see `Migration.source`. */
  readonly source: string
  /** 1-based. */
  readonly line: number
}

/**
 * A plain CREATE of an object that an earlier statement has created, and that is not dropped since. The server will refuse it.
 *
 * @since 0.1.0
 * @category models
 */
export interface CreatedTwice extends At {
  readonly _tag: "CreatedTwice"
  readonly object: SchemaObject.SchemaObject
  /** The file that has created it, unless it is the same file. */
  readonly earlier: Option.Option<string>
}

/**
 * A plain DROP or RENAME of an object that no earlier statement has created. The server will refuse it, unless the object was created
 * outside the migrations.
 *
 * @since 0.1.0
 * @category models
 */
export interface DropsUnknownObject extends At {
  readonly _tag: "DropsUnknownObject"
  readonly object: SchemaObject.SchemaObject
}

/**
 * A `-- requires:` that names a migration which comes later in the source's order. The later one runs first.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequiresLater extends At {
  readonly _tag: "RequiresLater"
  readonly requirement: MigrationId
}

/**
 * A `BEGIN` at the end of a file. It is left out: inside the transaction of the migration the server only warns of it, and outside of
 * one it would begin an empty transaction.
 *
 * @since 0.1.0
 * @category models
 */
export interface BeginsNothing extends At {
  readonly _tag: "BeginsNothing"
}

/** @since 0.1.0 @category models */
export type MigrationWarning = CreatedTwice | DropsUnknownObject | RequiresLater | BeginsNothing

/**
 * The warnings about these migrations, by migration and then by line.
 *
 * @since 0.1.0
 * @category queries
 */
export const of = (migrations: ReadonlyArray<Migration>): ReadonlyArray<MigrationWarning> => {
  const byId = new Map(migrations.map((migration) => [migration.id, migration]))
  return migrations.flatMap((migration) =>
    ofOne(migration, (id) => {
      const other = byId.get(id)
      return other !== undefined && byPosition(other, migration) > 0
    })
  )
}

const ofOne = (
  { footprint, id, requires, source }: Migration,
  isLater: (id: MigrationId) => boolean
): ReadonlyArray<MigrationWarning> => {
  const at = (line: number): At => ({ migration: id, source, line })
  const expectedRefusals = footprint.expectedRefusals.map(
    ({ earlier, kind, line, object }): MigrationWarning =>
      kind === "CreatedTwice" ? { _tag: kind, ...at(line), object, earlier } : { _tag: kind, ...at(line), object }
  )
  const later = requires.filter((requirement) => isLater(requirement.id))
  return [
    ...later.map(
      ({ id: requirement, line }): MigrationWarning => ({ _tag: "RequiresLater", ...at(line), requirement })
    ),
    ...expectedRefusals,
    ...Option.toArray(
      Option.map(footprint.idleBegin, (line): MigrationWarning => ({ _tag: "BeginsNothing", ...at(line) }))
    )
  ].toSorted((one, other) => one.line - other.line)
}

/**
 * One sentence that begins with the place, `002.sql:3`, and ends with what to do.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (warning: MigrationWarning): string =>
  `${location(warning.source, warning.line)}: ${sentenceOf(warning)}`

/** The sentence without the place. @since 0.1.0 @category rendering */
export const sentenceOf = (warning: MigrationWarning): string => {
  switch (warning._tag) {
    case "CreatedTwice": {
      const where = Option.match(warning.earlier, { onNone: () => "this file has", onSome: (file) => `${file} has` })
      return `creates ${SchemaObject.render(warning.object)}, which ${where} created before; say IF NOT EXISTS, or remove one of the two.`
    }
    case "DropsUnknownObject":
      return `expects ${SchemaObject.render(warning.object)}, which no migration has created by then; say IF EXISTS, unless it comes from elsewhere.`
    case "RequiresLater":
      return `requires ${warning.requirement}, which comes later in order and runs first anyway; rename one of the two files.`
    case "BeginsNothing":
      return "begins a transaction at the end, which is left out; remove it, or write COMMIT if it was meant to end one."
  }
}
