/**
 * The command `log`: the events of the ledger, the newest last.
 *
 * @internal
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as AutoMigration from "../AutoMigration.js"
import type { LedgerEvent } from "../core/migration/LedgerEvent.js"
import * as Line from "./Line.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"
import { second } from "./Status.js"

const parsed = (detail: string): unknown =>
  Option.getOrElse(Option.liftThrowable((text: string): unknown => JSON.parse(text))(detail), () => detail)

const styles: Readonly<Record<LedgerEvent["kind"], Line.Style>> = {
  Started: "dim",
  Applied: "green",
  Failed: "red",
  Baselined: "cyan",
  Adopted: "cyan",
  Renamed: "cyan"
}

/** A detail in one line: `by operator, milliseconds 12`. */
const renderDetail = (detail: string): string => {
  const value = parsed(detail)
  if (typeof value !== "object" || value === null) return detail
  return Object.entries(value)
    .filter(([, part]) => part !== null && part !== undefined)
    .map(([name, part]) => `${name} ${typeof part === "object" ? JSON.stringify(part) : String(part)}`)
    .join(", ")
}

const row = (event: LedgerEvent): ReadonlyArray<Line.Line> => [
  String(event.sequence).padStart(4),
  second(event.recordedAt),
  [Line.styled(styles[event.kind], event.kind.toLowerCase())],
  event.migrationId,
  event.recordedBy,
  renderDetail(event.detail)
]

const valueOf = ({ detail, ...event }: LedgerEvent) => ({ ...event, detail: parsed(detail) })

/** The last events, all of them where no number is given. */
const last = (limit: Option.Option<number>) =>
  Stream.runCollect(
    Option.match(limit, {
      onNone: () => AutoMigration.events,
      onSome: (_) => Stream.takeRight(AutoMigration.events, _)
    })
  )

/** Prints the events that exist, and then each new one when it commits. */
const follow = ({ json }: Pick<Settings.Folder, "json">) =>
  Stream.runForEach(AutoMigration.follow, (event) =>
    Report.print(
      json
        ? [JSON.stringify({ version: Report.version, command: "log", event: valueOf(event) })]
        : Line.table([row(event)])
    )
  )

/** @since 0.1.0 @category commands */
export const command = Command.make(
  "log",
  {
    ...Settings.database,
    limit: Options.integer("limit").pipe(
      Options.withAlias("n"),
      Options.withDescription("only this many of the newest events"),
      Options.optional
    ),
    follow: Options.boolean("follow").pipe(
      Options.withAlias("f"),
      Options.withDescription("go on with each new event, until Ctrl-C")
    )
  },
  (settings) =>
    Effect.gen(function* () {
      if (settings.follow) return yield* follow(settings)
      const events = Chunk.toReadonlyArray(yield* last(settings.limit))
      yield* Report.tell("log", settings, {
        code: 0,
        lines: events.length === 0 ? ["The ledger holds no event."] : Line.table(events.map(row)),
        value: { events: events.map(valueOf) }
      })
    }).pipe(Effect.provide(Settings.services(settings)))
).pipe(Command.withDescription("show the events of the ledger, the newest last"))
