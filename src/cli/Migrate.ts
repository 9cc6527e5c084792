/**
 * What `migrate` and `again` ask before they run: a migration that is named may do what it says, and one that is not named may
 * lose no data in passing.
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
 * Without a person to ask, migrations that are not named would lose data. Nothing was applied.
 *
 * @since 0.1.0
 * @category errors
 */
export class DataLossNotAccepted extends Schema.TaggedError<DataLossNotAccepted>(
  "effect-auto-migration/DataLossNotAccepted"
)("DataLossNotAccepted", {
  migrationIds: Schema.NonEmptyArray(Schema.String),
  /** One line a statement. */
  losses: Schema.NonEmptyArray(Schema.String),
  /** The options of the command that accepts the loss. */
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
 * What was typed, and who typed it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly command: "migrate" | "again"
  readonly ids: ReadonlyArray<string>
  readonly acceptsDataLoss: boolean
  readonly yes: boolean
  readonly schema: SchemaName
  readonly terminal: Option.Option<Terminal.Terminal>
}

type Losses = Arr.NonEmptyReadonlyArray<Plan.StepRisk>

const rendered = (losses: Losses): Arr.NonEmptyReadonlyArray<string> => Arr.map(losses, Plan.renderRisk)

/** Of a migration that is named everything is consented to. */
const lossesOf = ({ ids }: Request) =>
  Effect.map(ids.length === 0 ? AutoMigration.losses : AutoMigration.lossesTo(ids), (losses) =>
    losses.filter(({ migration }) => ids.every((id) => id !== migration.id))
  )

const refusal = (losses: Losses, { schema }: Request): DataLossNotAccepted =>
  new DataLossNotAccepted({
    migrationIds: Arr.dedupe(Arr.map(losses, ({ migration }) => migration.id)),
    losses: rendered(losses),
    suffix: commandSuffix(schema)
  })

/**
 * What the question is about: all of the plan where no migration is named, else the losses of those that are not; empty where
 * there is no question.
 */
const subject = ({ ids }: Request, losses: ReadonlyArray<Plan.StepRisk>) => {
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

const confirmed = (request: Request, losses: ReadonlyArray<Plan.StepRisk>, terminal: Terminal.Terminal) =>
  Effect.flatMap(subject(request, losses), (lines) =>
    lines.length === 0
      ? Effect.succeed(true)
      : Effect.zipRight(Console.log(lines.join("\n")), Terminal.confirms(terminal, "Apply?"))
  )

type Failure = AutoMigrationError | UnknownMigration | DataLossNotAccepted

const mayRun = (request: Request): Effect.Effect<boolean, Failure, AutoMigration.AutoMigration> =>
  Effect.flatMap(lossesOf(request), (losses): Effect.Effect<boolean, Failure, AutoMigration.AutoMigration> => {
    if (Option.isSome(request.terminal)) {
      return request.yes ? Effect.succeed(true) : confirmed(request, losses, request.terminal.value)
    }
    return Arr.isNonEmptyReadonlyArray(losses) && !request.acceptsDataLoss
      ? Effect.fail(refusal(losses, request))
      : Effect.succeed(true)
  })

/**
 * Applies what is asked for, and gives the ids; `None` where the person at the terminal has said no.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  request: Request
): Effect.Effect<Option.Option<ReadonlyArray<MigrationId>>, Failure, AutoMigration.AutoMigration> => {
  const { command, ids } = request
  const migrate =
    command === "again"
      ? AutoMigration.migrateAgain(ids)
      : ids.length === 0
        ? AutoMigration.migrate
        : AutoMigration.migrateTo(ids)
  return Effect.flatMap(mayRun(request), (may) => (may ? Effect.asSome(migrate) : Effect.succeedNone))
}
