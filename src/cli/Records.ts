/**
 * The commands about the ledger's records: `baseline`, `rename`, `release`, `verify` and `rebuild`.
 *
 * @internal
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as AutoMigration from "../AutoMigration.js"
import * as LedgerEvent from "../core/migration/LedgerEvent.js"
import { visibleName } from "../core/text/Visible.js"
import * as AutoMigrationConfig from "../runtime/AutoMigrationConfig.js"
import * as Progress from "./Progress.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"

interface Baseline {
  readonly ids: ReadonlyArray<string>
  readonly all: boolean
  readonly to: Option.Option<string>
  readonly unchecked: boolean
}

/** Exactly one of ids, `--all` and `--to` is given. */
const unlessAmbiguous = ({ all, ids, to }: Baseline): Effect.Effect<void, Settings.UsageError> => {
  const others = [...(all ? ["--all"] : []), ...(Option.isSome(to) ? ["--to"] : [])]
  const fail = (reason: string) => Effect.fail(new Settings.UsageError({ reason }))
  if (others.length > 1) return fail(`${others.join(" and ")} exclude each other.`)
  if (others.length > 0 && ids.length > 0) return fail(`${others.join()} takes no ids beside it: ${ids.join(", ")}.`)
  return others.length + ids.length === 0
    ? fail("No ids are given to baseline. Give some, or --all, or --to ID.")
    : Effect.void
}

const recorded = ({ all, ids, to, unchecked }: Baseline) => {
  if (all) return AutoMigration.baselineAll({ unchecked })
  return Option.isSome(to)
    ? AutoMigration.baselineTo(to.value, { unchecked })
    : AutoMigration.baseline(ids, { unchecked })
}

/** @since 0.1.0 @category commands */
export const baseline = Command.make(
  "baseline",
  {
    ...Settings.database,
    all: Options.boolean("all").pipe(Options.withDescription("all migrations")),
    to: Options.text("to").pipe(Options.withDescription("this migration and all before it"), Options.optional),
    unchecked: Options.boolean("unchecked").pipe(
      Options.withDescription("do not look for their objects in the database")
    ),
    ids: Args.text({ name: "id" }).pipe(Args.withDescription("migrations to record"), Args.repeated)
  },
  (settings) =>
    Effect.gen(function* () {
      yield* Settings.unlessOption(settings.ids)
      yield* unlessAmbiguous(settings)
      const ids = yield* Effect.provide(recorded(settings), Settings.services(settings))
      yield* Report.tell("baseline", settings, {
        code: 0,
        lines: [`recorded ${Progress.list(ids)}`],
        value: { recorded: ids }
      })
    })
).pipe(Command.withDescription("record migrations as applied without running them; their objects must exist"))

/** @since 0.1.0 @category commands */
export const rename = Command.make(
  "rename",
  {
    ...Settings.database,
    from: Args.text({ name: "old" }).pipe(Args.withDescription("the id that the ledger has")),
    to: Args.text({ name: "new" }).pipe(Args.withDescription("the id that the file has now"))
  },
  (settings) => {
    const { from, to } = settings
    return Effect.zipRight(
      Effect.provide(AutoMigration.rename(from, to), Settings.services(settings)),
      Report.tell("rename", settings, { code: 0, lines: [`renamed  ${from} to ${to}`], value: { from, to } })
    )
  }
).pipe(Command.withDescription("record the new id of an applied migration whose file was renamed"))

/** @since 0.1.0 @category commands */
export const release = Command.make(
  "release",
  { ...Settings.database, id: Args.text({ name: "id" }).pipe(Args.withDescription("the migration with the lease")) },
  (settings) =>
    Effect.flatMap(Effect.provide(AutoMigration.release(settings.id), Settings.services(settings)), (isReleased) =>
      Report.tell("release", settings, {
        code: isReleased ? 0 : 1,
        lines: [
          isReleased
            ? `released ${settings.id}`
            : `${settings.id} has no lease whose holder is gone. Ask for the status to see who holds it.`
        ],
        value: { id: settings.id, released: isReleased }
      })
    )
).pipe(Command.withDescription("end the lease of a migration whose holder is gone"))

const strangeness = (event: LedgerEvent.LedgerEvent): Option.Option<string> => {
  const subject = `event ${event.sequence}, by role ${event.recordedBy},`
  if (LedgerEvent.isTooLarge(event))
    return Option.some(`${subject} is too large to be read: its hash is not computed again`)
  return LedgerEvent.isUnreadable(event)
    ? Option.some(`${subject} has an id that no migration can have: "${visibleName(event.migrationId)}"`)
    : Option.none()
}

/** Events that a writer recorded in the ledger of an earlier version, and that the server would refuse now. */
const unreadable = Effect.map(
  Stream.runCollect(Stream.filterMap(AutoMigration.events, strangeness)),
  (events): ReadonlyArray<string> => Array.from(events)
)

/** Events of versions that recorded the messages of the server as they were. */
const oldMessages = Effect.zipWith(
  Stream.runCount(Stream.filter(AutoMigration.events, LedgerEvent.mayHoldData)),
  AutoMigrationConfig.AutoMigrationConfig,
  (count, { schema }): ReadonlyArray<string> =>
    count === 0
      ? []
      : [
          `${count === 1 ? "1 event holds a message" : `${count} events hold messages`} of the server as an earlier version ` +
            "recorded it, which may quote rows. To find them:",
          `SELECT sequence, migration_id, detail FROM "${schema}".event WHERE kind = 'Failed' AND detail ? 'reason'`
        ]
)

const renderBroken = ({ migrationId, reason, sequence }: LedgerEvent.BrokenLink): string =>
  reason === "projection"
    ? `the applied set is not the one of the events up to ${sequence}${migrationId === undefined ? "" : `, first at ${migrationId}`}`
    : `event ${sequence} does not fit: ${reason}`

const checked = Effect.flatMap(
  AutoMigration.verify,
  Either.match({
    onLeft: (broken) =>
      Effect.succeed<Report.Report>({ code: 1, lines: [renderBroken(broken)], value: { verified: false, broken } }),
    onRight: ({ hash, sequence }) =>
      Effect.zipWith(
        unreadable,
        oldMessages,
        (strange, old): Report.Report => ({
          code: 0,
          lines: [`${sequence} events, head ${hash}`, ...strange, ...old],
          value: { verified: true, events: sequence, head: hash, notes: [...strange, ...old] }
        })
      )
  })
)

/** @since 0.1.0 @category commands */
export const verify = Command.make("verify", Settings.database, (settings) =>
  Effect.flatMap(checked, (report) => Report.tell("verify", settings, report)).pipe(
    Effect.provide(Settings.services(settings))
  )
).pipe(Command.withDescription("follow the ledger's hash chain, and compare the applied set with it"))

/** @since 0.1.0 @category commands */
export const rebuild = Command.make("rebuild", Settings.database, (settings) =>
  Effect.zipRight(
    Effect.provide(AutoMigration.rebuild, Settings.services(settings)),
    Report.tell("rebuild", settings, { code: 0, lines: ["rebuilt  the applied set"], value: { rebuilt: true } })
  )
).pipe(Command.withDescription("make the applied set anew from the ledger's events"))
