/**
 * The command `adopt`: shows what would be recorded, and records it where that is wanted.
 *
 * ```
 * effect-auto-migration adopt                     say what another tool's table records as applied
 * effect-auto-migration adopt --yes               record it
 * effect-auto-migration adopt --probe             ask the catalog what of each migration is there
 * effect-auto-migration adopt --accept edited     record also files that were edited after they had been applied
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

const requestFrom = ({ options: { misfits, probe, table } }: Invocation.Invocation): Adoption.Request => ({
  by: probe ? "catalog" : "table",
  table,
  accept: misfits
})

const shown = (request: Adoption.Request, schema: SchemaName, adoption: Adoption.Adoption) =>
  Effect.zipRight(Console.log(Adoption.render(adoption)), Adopter.unlessUnfit(schema, adoption, request))

const recordNow = (request: Adoption.Request) =>
  Effect.flatMap(AutoMigration.adopt(request), (ids) =>
    Console.log(`recorded ${ids.length === 0 ? "none" : ids.join(", ")}`)
  )

const notNow = (request: Adoption.Request, schema: SchemaName) =>
  Console.log(
    `Nothing was recorded. To record this: ${ForeignHistory.command(schema, ...Adoption.optionsFor(request, []))}`
  )

/** Without a terminal, only `--yes` confirms. */
const isWanted = (
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
 * Shows what would be recorded, and records it where that has been confirmed. Fails where something does not fit.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  invocation: Invocation.Invocation,
  terminal: Option.Option<Terminal>
): Effect.Effect<number, AutoMigrationError | AdoptionError, AutoMigration.AutoMigration> => {
  const request = requestFrom(invocation)
  return AutoMigration.adoption(request).pipe(
    Effect.tap((adoption) => shown(request, invocation.schema, adoption)),
    Effect.flatMap((adoption) => isWanted(invocation, terminal, adoption)),
    Effect.flatMap((wanted) => (wanted ? recordNow(request) : notNow(request, invocation.schema))),
    Effect.as(0)
  )
}
