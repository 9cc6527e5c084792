/**
 * The commands `migrate` and `again`, and their question before they run. A migration that is named may lose data. One
 * that is not named may lose data only with consent.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as AutoMigration from "../AutoMigration.js"
import type { AutoMigrationError, UnknownMigration } from "../core/error/AutoMigrationError.js"
import * as Plan from "../core/graph/Plan.js"
import type { MigrationId } from "../core/migration/Migration.js"
import { commandSuffix, type SchemaName } from "../runtime/AutoMigrationConfig.js"
import * as Terminal from "./Terminal.js"

/**
 * Migrations that are not named would lose data, and there is no terminal to ask for consent. No migration was applied.
 *
 * @since 0.1.0
 * @category errors
 */
export class DataLossNotAccepted extends Schema.TaggedError<DataLossNotAccepted>(
  "effect-auto-migration/DataLossNotAccepted"
)("DataLossNotAccepted", {
  migrationIds: Schema.NonEmptyArray(Schema.String),
  /** One line for each statement. */
  losses: Schema.NonEmptyArray(Schema.String),
  /** Options that the command in the message ends with. */
  suffix: Schema.String
}) {
  override get message() {
    const named = `${Plan.commandFor("migrate", this.migrationIds)}${this.suffix}`
    return (
      `This would lose data:\n${this.losses.join("\n")}\nNothing was applied. If that is meant, add --accept data-loss, ` +
      `let the file say -- accept: data-loss, or name the migrations: ${named}`
    )
  }
}

/**
 * What an operator typed, and the terminal to ask at.
 *
 * @since 0.1.0
 * @category models
 */
export interface MigrateOptions {
  readonly command: "migrate" | "again"
  readonly ids: ReadonlyArray<string>
  readonly acceptsDataLoss: boolean
  readonly yes: boolean
  readonly schema: SchemaName
  readonly terminal: Option.Option<Terminal.Terminal>
}

type Losses = Arr.NonEmptyReadonlyArray<Plan.StepRisk>

const rendered = (losses: Losses): Arr.NonEmptyReadonlyArray<string> => Arr.map(losses, Plan.renderRisk)

/** The losses of migrations that are not named. */
const lossesOf = ({ ids }: MigrateOptions) =>
  Effect.map(ids.length === 0 ? AutoMigration.losses : AutoMigration.lossesTo(ids), (losses) =>
    losses.filter(({ migration }) => ids.every((id) => id !== migration.id))
  )

const refusal = (losses: Losses, { schema }: MigrateOptions): DataLossNotAccepted =>
  new DataLossNotAccepted({
    migrationIds: Arr.dedupe(Arr.map(losses, ({ migration }) => migration.id)),
    losses: rendered(losses),
    suffix: commandSuffix(schema)
  })

/**
 * The text above the question: the whole plan where no migration is named, and else the losses of migrations that are
 * not named. Empty where there is no question.
 */
const subject = ({ ids }: MigrateOptions, losses: ReadonlyArray<Plan.StepRisk>) => {
  const loss = Arr.isNonEmptyReadonlyArray(losses) ? [`This loses data:\n${rendered(losses).join("\n")}`] : []
  if (ids.length > 0) return Effect.succeed(loss)
  return Effect.map(
    AutoMigration.plan,
    Option.match({
      onNone: () => [],
      onSome: (plan) => [Plan.render(plan), ...(loss.length > 0 ? loss : ["No statement is known to lose data."])]
    })
  )
}

const confirmed = (options: MigrateOptions, losses: ReadonlyArray<Plan.StepRisk>, terminal: Terminal.Terminal) =>
  Effect.flatMap(subject(options, losses), (lines) =>
    lines.length === 0
      ? Effect.succeed(true)
      : Effect.zipRight(Console.log(lines.join("\n")), Terminal.confirms(terminal, "Apply?"))
  )

type Failure = AutoMigrationError | UnknownMigration | DataLossNotAccepted

const mayRun = (options: MigrateOptions): Effect.Effect<boolean, Failure, AutoMigration.AutoMigration> =>
  Effect.flatMap(lossesOf(options), (losses): Effect.Effect<boolean, Failure, AutoMigration.AutoMigration> => {
    if (Option.isSome(options.terminal)) {
      return options.yes ? Effect.succeed(true) : confirmed(options, losses, options.terminal.value)
    }
    return Arr.isNonEmptyReadonlyArray(losses) && !options.acceptsDataLoss
      ? Effect.fail(refusal(losses, options))
      : Effect.succeed(true)
  })

/**
 * Applies the migrations, and gives their ids. `None` after a no at the terminal.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  options: MigrateOptions
): Effect.Effect<Option.Option<ReadonlyArray<MigrationId>>, Failure, AutoMigration.AutoMigration> => {
  const { command, ids } = options
  const migrate =
    command === "again"
      ? AutoMigration.migrateAgain(ids)
      : ids.length === 0
        ? AutoMigration.migrate
        : AutoMigration.migrateTo(ids)
  return Effect.flatMap(mayRun(options), (may) => (may ? Effect.asSome(migrate) : Effect.succeedNone))
}
