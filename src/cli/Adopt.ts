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
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as AutoMigration from "../AutoMigration.js"
import * as Adoption from "../core/adoption/Adoption.js"
import { MisfitKind } from "../core/error/AdoptionError.js"
import * as Adopter from "../operate/Adopter.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import * as CommandLine from "../runtime/CommandLine.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"
import { confirms } from "./Terminal.js"

/** A table of another tool, in one line. @since 0.1.0 @category rendering */
export const renderHistory = ({ due, recorded, table, tool }: Adopter.HistoryStatus): string =>
  [
    `elsewhere ${tool}'s table ${table}`,
    recorded === null ? "cannot be read" : `records ${recorded}`,
    ...(due.length === 0 ? [] : [`to adopt: ${due.join(", ")}`])
  ].join("  ")

interface Chosen {
  readonly accept: ReadonlyArray<MisfitKind>
  readonly probe: boolean
  readonly table: Option.Option<string>
  readonly yes: boolean
}

const optionsFrom = ({ accept, probe, table }: Chosen): Adoption.AdoptOptions => ({
  by: probe ? "catalog" : "table",
  table: Option.getOrUndefined(table),
  accept
})

/** Whether `--yes` or the person at the terminal confirms. */
const isConfirmed = (yes: boolean, { length }: ReadonlyArray<unknown>) =>
  Effect.flatMap(Report.Surroundings, ({ terminal }) =>
    yes || Option.isNone(terminal)
      ? Effect.succeed(yes)
      : confirms(terminal.value, `Record ${length === 1 ? "1 migration" : `${length} migrations`} as adopted?`)
  )

/** The kinds of misfits in a list with commas. */
const kinds = Options.text("accept").pipe(
  Options.withDescription(`accept misfits of these kinds: ${MisfitKind.literals.join(", ")}`),
  Options.repeated,
  Options.mapEffect((lists) =>
    Effect.forEach(
      lists.flatMap((list) => list.split(",")),
      (kind) => {
        const known = MisfitKind.literals.find((literal) => literal === kind)
        return known === undefined
          ? Effect.fail(
              ValidationError.invalidValue(
                HelpDoc.p(`--accept takes ${MisfitKind.literals.join(", ")}, and not "${kind}".`)
              )
            )
          : Effect.succeed(known)
      }
    )
  )
)

const valueOf = (adoption: Adoption.Adoption, recorded: ReadonlyArray<string>) => ({
  entries: adoption.entries.map(({ because, migration, recordedAs, recordedAt }) => ({
    id: migration.id,
    because,
    recordedAs,
    recordedAt
  })),
  misfits: adoption.misfits,
  recorded
})

const run = Effect.fnUntraced(function* (chosen: Chosen & Settings.Database) {
  const options = optionsFrom(chosen)
  const config = yield* AutoMigrationConfig
  const adoption = yield* AutoMigration.adoption(options)
  const shown = Adoption.render(adoption).split("\n")
  const isFit = Adopter.unlessUnfit(config, adoption, options)
  yield* chosen.json ? isFit : Effect.zipRight(Report.print(shown), isFit)
  const recorded = (yield* isConfirmed(chosen.yes, adoption.entries))
    ? yield* Effect.asSome(AutoMigration.adopt(options))
    : Option.none()
  const line = Option.match(recorded, {
    onNone: () => `Nothing was recorded. To record this: ${CommandLine.adopt(config, { ...options, yes: true })}`,
    onSome: (ids) => `recorded ${ids.length === 0 ? "none" : ids.join(", ")}`
  })
  yield* Report.tell("adopt", chosen, {
    code: 0,
    lines: [line],
    value: valueOf(
      adoption,
      Option.getOrElse(recorded, () => [])
    )
  })
})

/** @since 0.1.0 @category commands */
export const command = Command.make(
  "adopt",
  {
    ...Settings.database,
    yes: Options.boolean("yes").pipe(
      Options.withAlias("y"),
      Options.withDescription(
        "record what is shown; without it a person at a terminal is asked, and else it is only shown"
      )
    ),
    probe: Options.boolean("probe").pipe(
      Options.withDescription("look in the catalog for the objects of each migration, instead of another tool's table")
    ),
    table: Options.text("table").pipe(
      Options.withDescription("the table to read, where several tools have one"),
      Options.optional
    ),
    accept: kinds
  },
  (settings) =>
    settings.probe && Option.isSome(settings.table)
      ? Effect.fail(new Settings.UsageError({ reason: "--probe reads no table: leave out --table." }))
      : Effect.provide(run(settings), Settings.services(settings))
).pipe(Command.withDescription("show what another tool's table records as applied, and record it after a yes"))
