/**
 * The commands `migrate` and `again`, and their question before they run. A migration that is named may lose data. One
 * that is not named may lose data only with consent.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as AutoMigration from "../AutoMigration.js"
import { UnknownMigration } from "../core/error/AutoMigrationError.js"
import { TaggedError } from "../core/error/Explained.js"
import type { Explanation } from "../core/error/Explanation.js"
import type { MigrationGraph } from "../core/graph/MigrationGraph.js"
import * as Plan from "../core/graph/Plan.js"
import * as Resolver from "../core/graph/Resolver.js"
import type { MigrationId } from "../core/migration/Migration.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import * as CommandLine from "../runtime/CommandLine.js"
import * as Progress from "./Progress.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"
import * as Terminal from "./Terminal.js"

/**
 * Migrations that are not named would lose data, and there is no terminal to ask for consent. No migration was applied.
 *
 * @since 0.1.0
 * @category errors
 */
export class DataLossNotAccepted extends TaggedError<DataLossNotAccepted>("effect-auto-migration/DataLossNotAccepted")(
  "DataLossNotAccepted",
  {
    migrationIds: Schema.NonEmptyArray(Schema.String),
    /** One line for each statement. */
    losses: Schema.NonEmptyArray(Schema.String),
    /** Names the migrations. */
    command: Schema.String
  }
) {
  get explanation(): Explanation {
    return {
      problem: `${this.migrationIds.join(", ")} would lose data`,
      reasons: this.losses.map((why) => ({ why })),
      outcome: "Nothing was applied.",
      remedies: [
        { say: "If that is meant, add --accept data-loss, or let the file say -- accept: data-loss" },
        { say: "To apply only these, with what they wait for", run: this.command }
      ]
    }
  }
}

/** What an operator typed. */
interface Request {
  readonly doing: "migrate" | "again"
  readonly ids: ReadonlyArray<string>
  readonly acceptsDataLoss: boolean
  readonly yes: boolean
}

type Losses = Arr.NonEmptyReadonlyArray<Plan.StepRisk>

const rendered = (losses: Losses): Arr.NonEmptyReadonlyArray<string> => Arr.map(losses, Plan.renderRisk)

/** The losses of migrations that are not named. */
const lossesOf = ({ ids }: Request) =>
  Effect.map(ids.length === 0 ? AutoMigration.losses : AutoMigration.lossesTo(ids), (losses) =>
    losses.filter(({ migration }) => ids.every((id) => id !== migration.id))
  )

const refusal = (losses: Losses): Effect.Effect<DataLossNotAccepted> =>
  Effect.map(AutoMigrationConfig, (config) => {
    const migrationIds = Arr.dedupe(Arr.map(losses, ({ migration }) => migration.id))
    return new DataLossNotAccepted({
      migrationIds,
      losses: rendered(losses),
      command: CommandLine.command(config, "migrate", migrationIds)
    })
  })

/**
 * The text above the question: the whole plan where no migration is named, and else the losses of migrations that are
 * not named. Empty where there is no question.
 */
const subject = ({ ids }: Request, losses: ReadonlyArray<Plan.StepRisk>) => {
  const loss = Arr.isNonEmptyReadonlyArray(losses) ? ["This loses data:", ...rendered(losses)] : []
  if (ids.length > 0) return Effect.succeed(loss)
  return Effect.map(
    AutoMigration.plan,
    Option.match({
      onNone: () => [],
      onSome: (plan) => [
        ...Plan.render(plan).split("\n"),
        ...(loss.length > 0 ? loss : ["No statement is known to lose data."])
      ]
    })
  )
}

const confirmed = (request: Request, losses: ReadonlyArray<Plan.StepRisk>, terminal: Terminal.Terminal) =>
  Effect.flatMap(subject(request, losses), (lines) =>
    lines.length === 0
      ? Effect.succeed(true)
      : Effect.zipRight(Report.print(lines), Terminal.confirms(terminal, "Apply?"))
  )

const mayRun = Effect.fnUntraced(function* (request: Request) {
  const losses = yield* lossesOf(request)
  const { terminal } = yield* Report.Surroundings
  if (Option.isSome(terminal)) return request.yes || (yield* confirmed(request, losses, terminal.value))
  return Arr.isNonEmptyReadonlyArray(losses) && !request.acceptsDataLoss ? yield* Effect.flip(refusal(losses)) : true
})

const effectOf = ({ doing, ids }: Request) =>
  doing === "again"
    ? AutoMigration.migrateAgain(ids)
    : ids.length === 0
      ? AutoMigration.migrate
      : AutoMigration.migrateTo(ids)

/** How many migrations the run applies at most. */
const totalOf = ({ ids }: Request) =>
  Effect.zipWith(AutoMigration.graph, AutoMigration.status, (graph, { applied }) =>
    Option.match(Resolver.upTo(graph, new Set(applied), ids.length === 0 ? graph.rankById.keys() : idsIn(graph, ids)), {
      onNone: () => 0,
      onSome: ({ steps }) => steps.length
    })
  )

const idsIn = ({ rankById }: MigrationGraph, ids: ReadonlyArray<string>): ReadonlyArray<MigrationId> =>
  [...rankById.keys()].filter((id) => ids.some((other) => other === id))

const run = (request: Request, { json }: Pick<Settings.Folder, "json">) =>
  Effect.gen(function* () {
    if (!(yield* mayRun(request))) {
      const value = { applied: [] }
      return yield* Report.tell(request.doing, { json }, { code: 1, lines: ["Nothing was applied."], value })
    }
    const { applied, exit } = yield* Progress.during(effectOf(request), yield* totalOf(request))
    if (Exit.isFailure(exit)) {
      yield* Report.note(applied.length === 0 ? [] : [`Applied before the failure: ${Progress.list(applied)}.`])
      return yield* Effect.failCause(exit.cause)
    }
    const lines = [`applied  ${Progress.list(exit.value)}`]
    yield* Report.tell(request.doing, { json }, { code: 0, lines, value: { applied: exit.value } })
  })

const yes = Options.boolean("yes").pipe(Options.withAlias("y"), Options.withDescription("do not ask at a terminal"))

const accept = Settings.choice("accept", ["data-loss"]).pipe(
  Options.withDescription("let migrations that are not named lose data"),
  Options.optional
)

/** The migration and all before it, in the order of the graph. */
const upTo = (id: string) =>
  Effect.flatMap(AutoMigration.graph, ({ nodes }) => {
    const last = nodes.findIndex(({ migration }) => migration.id === id)
    return last === -1
      ? Effect.fail(new UnknownMigration({ id, known: nodes.map(({ migration }) => migration.id) }))
      : Effect.succeed(nodes.slice(0, last + 1).map(({ migration }) => migration.id))
  })

const unlessMisused = ({ ids, to }: { readonly ids: ReadonlyArray<string>; readonly to: Option.Option<string> }) =>
  Option.isSome(to) && ids.length > 0
    ? Effect.fail(new Settings.UsageError({ reason: `--to takes no ids beside it: ${ids.join(", ")}.` }))
    : Settings.unlessOption(ids)

/** @since 0.1.0 @category commands */
export const migrate = Command.make(
  "migrate",
  {
    ...Settings.database,
    yes,
    accept,
    to: Options.text("to").pipe(Options.withDescription("apply this migration and all before it"), Options.optional),
    ids: Args.text({ name: "id" }).pipe(
      Args.withDescription("migrations to apply, with all that they wait for; everything pending without one"),
      Args.repeated
    )
  },
  (settings) =>
    Effect.gen(function* () {
      const ids = Option.isSome(settings.to) ? yield* upTo(settings.to.value) : settings.ids
      yield* run(
        { doing: "migrate", ids, yes: settings.yes, acceptsDataLoss: Option.isSome(settings.accept) },
        settings
      )
    }).pipe(Effect.provide(Settings.services(settings)), (run) => Effect.zipRight(unlessMisused(settings), run))
).pipe(Command.withDescription("apply all pending migrations, or these and what they wait for"))

/** @since 0.1.0 @category commands */
export const again = Command.make(
  "again",
  {
    ...Settings.database,
    yes,
    accept,
    ids: Args.text({ name: "id" }).pipe(Args.withDescription("migrations to apply"), Args.atLeast(1))
  },
  (settings) =>
    Effect.zipRight(
      Settings.unlessOption(settings.ids),
      Effect.provide(
        run(
          { doing: "again", ids: settings.ids, yes: settings.yes, acceptsDataLoss: Option.isSome(settings.accept) },
          settings
        ),
        Settings.services(settings)
      )
    )
).pipe(
  Command.withDescription("apply these migrations, and run a statement again that an earlier attempt left in doubt")
)
