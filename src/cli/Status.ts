/**
 * The command `status`: how the folder compares with the ledger and the catalog.
 *
 * @internal
 */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as AutoMigration from "../AutoMigration.js"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import type { LedgerEvent } from "../core/migration/LedgerEvent.js"
import type { MigrationId } from "../core/migration/Migration.js"
import * as MigrationWarning from "../core/migration/MigrationWarning.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import * as CommandLine from "../runtime/CommandLine.js"
import * as Adopt from "./Adopt.js"
import * as Line from "./Line.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"

/** What the last event about a migration says. */
interface Said {
  readonly kind: LedgerEvent["kind"]
  readonly at: string
  readonly by: string
  readonly milliseconds: number | null
  /** Of a failure: SQLSTATE and place. */
  readonly why: string | null
}

const Detail = Schema.parseJson(
  Schema.Struct({
    milliseconds: Schema.optional(Schema.NullOr(Schema.Number)),
    sqlState: Schema.optional(Schema.NullOr(Schema.String)),
    message: Schema.optional(Schema.NullOr(Schema.String)),
    line: Schema.optional(Schema.NullOr(Schema.Number))
  })
)

const saidBy = ({ detail, kind, recordedAt, recordedBy }: LedgerEvent): Said => {
  const known = Option.getOrUndefined(Schema.decodeOption(Detail)(detail))
  const why = [
    known?.sqlState ?? undefined,
    known?.line === undefined || known.line === null ? undefined : `line ${known.line}`,
    known?.message ?? undefined
  ].filter((part) => part !== undefined)
  return {
    kind,
    at: recordedAt,
    by: recordedBy,
    milliseconds: known?.milliseconds ?? null,
    why: kind === "Failed" ? why.join(", ") : null
  }
}

/** The last application of each migration, and the failures after it. */
interface Past {
  readonly applied: ReadonlyMap<MigrationId, Said>
  readonly failed: ReadonlyMap<MigrationId, Said>
}

const past: Effect.Effect<Past, AutoMigrationError, AutoMigration.AutoMigration> = Effect.suspend(() => {
  const applied = new Map<MigrationId, Said>()
  const failed = new Map<MigrationId, Said>()
  return Effect.as(
    Stream.runForEach(AutoMigration.events, (event) =>
      Effect.sync(() => {
        if (event.kind === "Started") return
        if (event.kind === "Failed") failed.set(event.migrationId, saidBy(event))
        else {
          failed.delete(event.migrationId)
          applied.set(event.migrationId, saidBy(event))
        }
      })
    ),
    { applied, failed }
  )
})

/** `2026-01-31 23:59:59`, in UTC. @since 0.1.0 @category rendering */
export const second = (time: string): string => time.slice(0, 19).replace("T", " ")

const took = (milliseconds: number | null): string =>
  milliseconds === null
    ? ""
    : milliseconds < 1000
      ? `${Math.round(milliseconds)} ms`
      : `${(milliseconds / 1000).toFixed(1)} s`

const verbs: Readonly<Record<LedgerEvent["kind"], string>> = {
  Started: "started",
  Applied: "applied",
  Failed: "failed",
  Baselined: "recorded by baseline",
  Adopted: "adopted",
  Renamed: "has a new id"
}

/** The rows of the table, one for each migration. */
const rows = (now: AutoMigration.Status, { applied, failed }: Past): ReadonlyArray<ReadonlyArray<Line.Line>> => {
  const edited = new Set(now.edited)
  const overtaken = new Set(now.overtaken)
  const done = now.applied.map((id): ReadonlyArray<Line.Line> => {
    const said = applied.get(id)
    const note = said === undefined || said.kind === "Applied" ? "" : verbs[said.kind]
    return [
      edited.has(id) ? [Line.styled("red", "edited")] : [Line.styled("green", "applied")],
      id,
      said === undefined ? "" : second(said.at),
      said?.by ?? "",
      took(said?.milliseconds ?? null),
      note
    ]
  })
  const waiting = now.pending.map((id): ReadonlyArray<Line.Line> => {
    const said = failed.get(id)
    const note = overtaken.has(id) ? "comes before one that is applied" : ""
    return said === undefined
      ? [[Line.styled("yellow", "pending")], id, "", "", "", note]
      : [[Line.styled("red", "failed")], id, second(said.at), said.by, took(said.milliseconds), said.why ?? ""]
  })
  const unknown = now.unknown.map((id): ReadonlyArray<Line.Line> => {
    const said = applied.get(id)
    return [
      [Line.styled("dim", "unknown")],
      id,
      said === undefined ? "" : second(said.at),
      said?.by ?? "",
      "",
      "no file has it"
    ]
  })
  return [...done, ...waiting, ...unknown]
}

/**
 * Lines about migrations that have a new name, tables of other tools, holders of locks, and warnings.
 *
 * @since 0.1.0
 * @category rendering
 */
export const notes = (
  commands: CommandLine.Setting,
  { elsewhere, held, renamed, warnings }: Pick<AutoMigration.Status, "elsewhere" | "held" | "renamed" | "warnings">
): ReadonlyArray<Line.Line> => [
  ...renamed.map(
    ({ from, to }) => `renamed  ${from} is ${to} now: ${CommandLine.command(commands, "rename", [from, to])}`
  ),
  ...elsewhere.map(Adopt.renderHistory),
  ...held.map((holder) => `held     ${holder}`),
  ...warnings.map((warning): Line.Line => [Line.styled("yellow", "warning"), `  ${MigrationWarning.render(warning)}`])
]

const counted = (now: AutoMigration.Status, { failed }: Past): Line.Line => {
  const failing = now.pending.filter((id) => failed.has(id)).length
  return [
    `${now.applied.length} applied`,
    `${now.pending.length} pending`,
    ...(failing === 0 ? [] : [`${failing} failed`]),
    ...(now.edited.length === 0 ? [] : [`${now.edited.length} edited`]),
    ...(now.unknown.length === 0 ? [] : [`${now.unknown.length} unknown`])
  ].join(", ")
}

const entries = (ids: ReadonlyArray<MigrationId>, said: ReadonlyMap<MigrationId, Said>) =>
  ids.map((id) => ({ id, ...said.get(id) }))

/** A line for each object that the ledger promises and the catalog lacks. */
const lost = (drifts: ReadonlyArray<AutoMigration.Drift>): ReadonlyArray<Line.Line> =>
  drifts.map(({ appliedAt, migrationId, object, removedBy }) => [
    Line.styled("red", "drifted"),
    `  ${object} of ${migrationId} is missing, applied ${second(appliedAt)}`,
    removedBy.length === 0
      ? ""
      : `; see ${removedBy.map((suspect) => `${suspect.migrationId} (${suspect.why})`).join(", ")}`
  ])

interface Facts {
  readonly commands: CommandLine.Setting
  readonly now: AutoMigration.Status
  readonly then: Past
  readonly drift: ReadonlyArray<AutoMigration.Drift>
}

const report = ({ commands, drift, now, then }: Facts): Report.Report => ({
  code: now.pending.length + now.edited.length + drift.length === 0 ? 0 : 3,
  lines: [counted(now, then), ...Line.table(rows(now, then)), ...lost(drift), ...notes(commands, now)],
  value: {
    drift,
    applied: entries(now.applied, then.applied),
    pending: entries(now.pending, then.failed),
    unknown: entries(now.unknown, then.applied),
    edited: now.edited,
    renamed: now.renamed,
    overtaken: now.overtaken,
    elsewhere: now.elsewhere,
    held: now.held,
    warnings: now.warnings.map(MigrationWarning.render)
  }
})

/** @since 0.1.0 @category commands */
export const command = Command.make("status", Settings.database, (settings) =>
  Effect.gen(function* () {
    const commands = yield* AutoMigrationConfig
    const [now, then, drift] = yield* Effect.all([AutoMigration.status, past, AutoMigration.drift])
    yield* Report.tell("status", settings, report({ commands, now, then, drift }))
  }).pipe(Effect.provide(Settings.services(settings)))
).pipe(
  Command.withDescription(
    "show what is applied, pending, failed, edited, drifted, renamed or unknown; ends with 3 if something is to be done"
  )
)
