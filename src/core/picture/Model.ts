/**
 * What a picture of the graph shows: a node for each migration, with its state and what is known about it, and an edge for each wait
 * that does not follow from others. Texts are ready for a reader; a renderer only escapes them.
 *
 * **Laws**
 *
 * 1. `nodes` holds each migration of the graph once, in the graph's order.
 * 2. `edges` is the transitive reduction of the graph, and each edge has a reason.
 * 3. A migration is `applied` exactly if the events apply it; without facts each is `unknown`.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as MigrationGraph from "../graph/MigrationGraph.js"
import * as LedgerEvent from "../migration/LedgerEvent.js"
import * as Migration from "../migration/Migration.js"
import { append } from "../model/Multimap.js"
import type { RiskKind } from "../model/Risk.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as Policy from "../policy/Policy.js"

type MigrationId = Migration.MigrationId

/**
 * `applied`: the ledger says so. `failed`: pending, and the last event is a failure. `refused`: pending, and the policy does not let it
 * run by itself. `pending`: not applied, and none of these. `unknown`: no database was asked.
 *
 * @since 0.1.0
 * @category models
 */
export type State = "applied" | "pending" | "refused" | "failed" | "unknown"

/** All states, the one that needs attention first. @since 0.1.0 @category constants */
export const states: ReadonlyArray<State> = ["failed", "refused", "pending", "applied", "unknown"]

/** A risk of one statement. @since 0.1.0 @category models */
export interface Risk {
  readonly kind: RiskKind
  /** 1-based. */
  readonly line: number
  readonly statement: string
  /** Whether the file consents to it by `-- accept:`. */
  readonly isAccepted: boolean
}

/** An event of the ledger. `detail` holds its fields as `name: value`. @since 0.1.0 @category models */
export interface Event {
  readonly kind: LedgerEvent.Kind
  readonly at: string
  readonly by: string
  readonly detail: ReadonlyArray<string>
}

/** @since 0.1.0 @category models */
export interface Node {
  readonly id: MigrationId
  readonly file: string
  readonly state: State
  /** Whether it runs outside a transaction. */
  readonly isOutside: boolean
  readonly provides: ReadonlyArray<string>
  readonly removes: ReadonlyArray<string>
  readonly risks: ReadonlyArray<Risk>
  /** Why the policy refuses it. */
  readonly refusals: ReadonlyArray<string>
  /** What else is to be said about it, a sentence each. */
  readonly notes: ReadonlyArray<string>
  /** The first one first. */
  readonly events: ReadonlyArray<Event>
  /** `None` for an Effect. */
  readonly sql: Option.Option<string>
}

/** `to` waits for `from`. @since 0.1.0 @category models */
export interface Edge {
  readonly from: MigrationId
  readonly to: MigrationId
  readonly reasons: ReadonlyArray<MigrationGraph.WaitReason>
}

/** @since 0.1.0 @category models */
export interface Model {
  readonly nodes: ReadonlyArray<Node>
  readonly edges: ReadonlyArray<Edge>
}

/**
 * What a database says about the migrations: all events of its ledger, and the refusals of the policy for what is pending.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts {
  readonly events: ReadonlyArray<LedgerEvent.LedgerEvent>
  readonly refusals: ReadonlyArray<Policy.Refusal>
}

/**
 * The picture of a graph. Without facts the states are `unknown`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromGraph = (graph: MigrationGraph.MigrationGraph, facts?: Facts): Model => {
  const known = facts === undefined ? Option.none() : Option.some(knownFrom(graph, facts))
  return {
    nodes: graph.nodes.map(({ migration }) => nodeOf(graph, migration, known)),
    edges: MigrationGraph.edges(graph).map((edge) => ({
      from: edge.from,
      to: edge.to,
      reasons: MigrationGraph.reasonsOf(graph, edge)
    }))
  }
}

/** A reason as a clause about the later migration: `reads users, which the other writes`. @since 0.1.0 @category rendering */
export const renderReason = (reason: MigrationGraph.WaitReason): string => {
  switch (reason._tag) {
    case "Requires":
      return `requires it in line ${reason.line}`
    case "Barrier":
      return reason.reason
    case "Hazard":
      return `${verbs[reason.kind][0]} ${reason.key}, which it ${verbs[reason.kind][1]}`
  }
}

const verbs = {
  "read-after-write": ["reads", "writes"],
  "write-after-read": ["writes", "reads"],
  "write-after-write": ["writes", "writes too"]
} as const

/** A reason in a word or two, for a label. @since 0.1.0 @category rendering */
export const labelOf = (reason: MigrationGraph.WaitReason): string =>
  reason._tag === "Hazard" ? reason.key : reason._tag === "Requires" ? "requires" : "barrier"

/** The reasons of an edge as one label; of many keys the first three. @since 0.1.0 @category rendering */
export const edgeLabel = ({ reasons }: Edge): string => {
  const labels = [...new Set(reasons.map(labelOf))]
  return labels.length > 3 ? `${labels.slice(0, 3).join(", ")}, …` : labels.join(", ")
}

interface Known {
  readonly checksumById: LedgerEvent.AppliedSet["checksumById"]
  readonly eventsById: ReadonlyMap<MigrationId, ReadonlyArray<LedgerEvent.LedgerEvent>>
  readonly refusalsById: ReadonlyMap<MigrationId, ReadonlyArray<Policy.Refusal>>
  readonly overtaken: ReadonlySet<MigrationId>
}

const knownFrom = (graph: MigrationGraph.MigrationGraph, { events, refusals }: Facts): Known => {
  const { checksumById } = LedgerEvent.replay(events)
  const eventsById = new Map<MigrationId, Array<LedgerEvent.LedgerEvent>>()
  for (const event of events) append(eventsById, event.migrationId, event)
  const refusalsById = new Map<MigrationId, Array<Policy.Refusal>>()
  for (const refusal of refusals) append(refusalsById, refusal.migration.id, refusal)
  const overtaken = new Set(MigrationGraph.overtaken(graph, checksumById).map(({ id }) => id))
  return { checksumById, eventsById, refusalsById, overtaken }
}

const nodeOf = (
  graph: MigrationGraph.MigrationGraph,
  migration: Migration.Migration,
  known: Option.Option<Known>
): Node => {
  const { footprint, id, script, source, transaction } = migration
  const refusals = Option.match(known, { onNone: () => [], onSome: (_) => _.refusalsById.get(id) ?? [] })
  const events = Option.match(known, { onNone: () => [], onSome: (_) => _.eventsById.get(id) ?? [] })
  return {
    id,
    file: source,
    state: Option.match(known, { onNone: () => "unknown", onSome: (_) => stateOf(_, migration) }),
    isOutside: transaction === "none",
    provides: footprint.provides.map(SchemaObject.render),
    removes: footprint.removes.map(SchemaObject.render),
    risks: Migration.risks(migration).map(({ kind, line, statement }) => ({
      kind,
      line,
      statement,
      isAccepted: migration.accepts.includes(kind)
    })),
    refusals: refusals.map(Policy.render),
    notes: notesOf(graph, migration, known),
    events: events.map(eventFrom),
    sql: script._tag === "Sql" ? Option.some(script.text) : Option.none()
  }
}

const stateOf = ({ checksumById, eventsById, refusalsById }: Known, { id }: Migration.Migration): State => {
  if (checksumById.has(id)) return "applied"
  if (eventsById.get(id)?.at(-1)?.kind === "Failed") return "failed"
  return refusalsById.has(id) ? "refused" : "pending"
}

const notesOf = (
  graph: MigrationGraph.MigrationGraph,
  migration: Migration.Migration,
  known: Option.Option<Known>
): ReadonlyArray<string> => [
  ...Option.match(known, { onNone: () => [], onSome: (_) => notesFrom(_, migration) }),
  ...graph.warnings.filter((warning) => warning.migration === migration.id).map(MigrationGraph.renderWarning)
]

const notesFrom = ({ checksumById, eventsById, overtaken }: Known, migration: Migration.Migration) => {
  const recorded = checksumById.get(migration.id)
  const isStarted = recorded === undefined && eventsById.get(migration.id)?.at(-1)?.kind === "Started"
  return [
    ...(recorded === undefined || recorded === migration.checksum ? [] : ["Its file was edited after it was applied."]),
    ...(overtaken.has(migration.id) ? ["A migration that comes after it is applied already."] : []),
    ...(isStarted ? ["It was started, and its end is not recorded."] : [])
  ]
}

const eventFrom = (event: LedgerEvent.LedgerEvent): Event => ({
  kind: event.kind,
  at: event.recordedAt,
  by: event.recordedBy,
  detail: LedgerEvent.mayHoldData(event) ? [] : fieldsOf(event.detail)
})

const decodeFields = Schema.decodeOption(Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown })))

/** The fields of a detail, which is JSON text that the server has printed. */
const fieldsOf = (detail: string): ReadonlyArray<string> =>
  Object.entries(Option.getOrElse(decodeFields(detail), () => ({}))).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`
  )
