/**
 * What the page of a graph holds as data: places, texts and marks, ready to be shown. Its script reads it and computes no layout. Nodes
 * are named by their places in the list. Hidden characters are shown as their codes.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Plan from "../graph/Plan.js"
import * as Risk from "../model/Risk.js"
import { visible, visibleName } from "../text/Visible.js"
import * as Highlight from "./Highlight.js"
import * as Layout from "./Layout.js"
import type * as Model from "./Model.js"
import { edgeLabel, renderReason } from "./Model.js"

/** A migration that another one waits for, and the clauses that say why. @since 0.1.0 @category models */
export interface Wait {
  readonly on: number
  readonly because: ReadonlyArray<string>
}

/** @since 0.1.0 @category models */
export interface PageNode extends Layout.Point, Layout.Box {
  readonly id: string
  readonly label: string
  /** What it does, in a few words. */
  readonly summary: string
  readonly file: string
  readonly state: Model.State
  readonly outside: boolean
  readonly command: string
  readonly waits: ReadonlyArray<Wait>
  readonly provides: ReadonlyArray<string>
  readonly removes: ReadonlyArray<string>
  readonly risks: ReadonlyArray<Model.Risk>
  readonly refusals: ReadonlyArray<string>
  readonly notes: ReadonlyArray<string>
  readonly events: ReadonlyArray<Model.Event>
  readonly sql: string
  readonly marks: Highlight.Marks
}

/** A bend is two numbers, x and y. @since 0.1.0 @category models */
export interface PageEdge {
  readonly from: number
  readonly to: number
  readonly label: string
  readonly bends: ReadonlyArray<number>
}

/** @since 0.1.0 @category models */
export interface PageData extends Layout.Box {
  readonly nodes: ReadonlyArray<PageNode>
  readonly edges: ReadonlyArray<PageEdge>
  /** By the kind of risk. */
  readonly advice: Readonly<Record<string, Risk.Description>>
}

/** The most characters of a script that the page shows. @since 0.1.0 @category constants */
export const mostSql = 40_000

/** @since 0.1.0 @category conversions */
export const from = (model: Model.Model, layout: Layout.Layout): PageData => {
  const rankById = new Map<string, number>(model.nodes.map(({ id }, rank) => [id, rank]))
  const waits = model.nodes.map((): Array<Wait> => [])
  const edges = model.edges.map((edge, at): PageEdge => {
    const [from, to] = [rankById.get(edge.from) ?? 0, rankById.get(edge.to) ?? 0]
    waits[to]?.push({ on: from, because: edge.reasons.map(renderReason).map(visibleName) })
    const bends = (layout.bends[at] ?? []).flatMap(({ x, y }) => [x, y])
    return { from, to, label: visibleName(edgeLabel(edge)), bends }
  })
  const kinds = new Set(model.nodes.flatMap(({ risks }) => risks.map(({ kind }) => kind)))
  return {
    width: layout.width,
    height: layout.height,
    nodes: model.nodes.map((node, rank) => ({
      ...pageNode(node),
      ...(layout.boxes[rank] ?? { x: 0, y: 0 }),
      ...(layout.sizes[rank] ?? { width: 0, height: 0 }),
      waits: waits[rank] ?? []
    })),
    edges,
    advice: Object.fromEntries([...kinds].map((kind) => [kind, Risk.describe(kind)]))
  }
}

const pageNode = (node: Model.Node): Omit<PageNode, "waits" | keyof Layout.Box | keyof Layout.Point> => {
  const sql = visible(Option.getOrElse(node.sql, () => "").slice(0, mostSql))
  return {
    id: visibleName(node.id),
    label: visibleName(Layout.labelOf(node)),
    summary: visibleName(Layout.summaryOf(node)),
    file: visibleName(node.file),
    state: node.state,
    outside: node.isOutside,
    command: Plan.commandFor("migrate", [node.id]),
    provides: node.provides.map(visibleName),
    removes: node.removes.map(visibleName),
    risks: node.risks.map((risk) => ({ ...risk, statement: visibleName(risk.statement) })),
    refusals: node.refusals.map(visibleName),
    notes: node.notes.map(visibleName),
    events: node.events.map((event) => ({
      ...event,
      by: visibleName(event.by),
      detail: event.detail.map(visibleName)
    })),
    sql,
    marks: Highlight.marksOf(sql)
  }
}
