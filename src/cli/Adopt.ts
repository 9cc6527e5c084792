/**
 * The command `adopt`: shows the migrations that it would record, and records them after a confirmation.
 *
 * ```
 * effect-auto-migration adopt                     show the migrations that another tool's table records as applied
 * effect-auto-migration adopt --yes               record them
 * effect-auto-migration adopt --probe             ask the catalog for the objects of each migration instead
 * effect-auto-migration adopt --accept edited     also record files that were edited after they had been applied
 * ```
 *
 * @internal
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as AutoMigration from "../AutoMigration.js"
import * as Adoption from "../core/adoption/Adoption.js"
import type { AdoptionError, AutoMigrationError } from "../core/error/AutoMigrationError.js"
import * as Adopter from "../operate/Adopter.js"
import * as ForeignHistory from "../runner/ForeignHistory.js"
import type { SchemaName } from "../runtime/AutoMigrationConfig.js"
import type * as Invocation from "./Invocation.js"
import { confirms, type Terminal } from "./Terminal.js"

/** A table of another tool, in one line. @since 0.1.0 @category rendering */
export const renderHistory = ({ due, recorded, table, tool }: Adopter.HistoryStatus): string =>
  [
    `elsewhere ${tool}'s table ${table}`,
    recorded === null ? "cannot be read" : `records ${recorded}`,
    ...(due.length === 0 ? [] : [`to adopt: ${due.join(", ")}`])
  ].join("  ")

const optionsFrom = ({ options: { misfits, probe, table } }: Invocation.Invocation): Adoption.AdoptOptions => ({
  by: probe ? "catalog" : "table",
  table,
  accept: misfits
})

const show = (options: Adoption.AdoptOptions, schema: SchemaName, adoption: Adoption.Adoption) =>
  Effect.zipRight(Console.log(Adoption.render(adoption)), Adopter.unlessUnfit(schema, adoption, options))

const recordNow = (options: Adoption.AdoptOptions) =>
  Effect.flatMap(AutoMigration.adopt(options), (ids) =>
    Console.log(`recorded ${ids.length === 0 ? "none" : ids.join(", ")}`)
  )

const tellHow = (options: Adoption.AdoptOptions, schema: SchemaName) =>
  Console.log(
    `Nothing was recorded. To record this: ${ForeignHistory.command(schema, ...Adoption.optionsFor(options, []))}`
  )

/** Whether `--yes` or the person at the terminal confirms. */
const isConfirmed = (
  { options: { yes } }: Invocation.Invocation,
  terminal: Option.Option<Terminal>,
  { entries: { length } }: Adoption.Adoption
): Effect.Effect<boolean> =>
  yes
    ? Effect.succeed(true)
    : Option.match(terminal, {
        onNone: () => Effect.succeed(false),
        onSome: (_) => confirms(_, `Record ${length === 1 ? "1 migration" : `${length} migrations`} as adopted?`)
      })

/**
 * Shows the adoption, and records it after a confirmation. Fails for a misfit that the options do not accept.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  invocation: Invocation.Invocation,
  terminal: Option.Option<Terminal>
): Effect.Effect<number, AutoMigrationError | AdoptionError, AutoMigration.AutoMigration> => {
  const options = optionsFrom(invocation)
  return AutoMigration.adoption(options).pipe(
    Effect.tap((adoption) => show(options, invocation.schema, adoption)),
    Effect.flatMap((adoption) => isConfirmed(invocation, terminal, adoption)),
    Effect.flatMap((confirmed) => (confirmed ? recordNow(options) : tellHow(options, invocation.schema))),
    Effect.as(0)
  )
}
