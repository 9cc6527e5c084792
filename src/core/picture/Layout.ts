/**
 * Where the nodes of a picture stand. A library lays out each connected part, from left to right; this module measures the nodes before
 * and packs the parts after that, the largest first, into a sheet of a screen's proportions.
 *
 * **Laws**
 *
 * 1. Each node has a place inside the sheet, and no two parts overlap.
 * 2. A part is laid out by itself: the library sees no node of another one.
 *
 * @internal
 */
import * as Option from "effect/Option"
import type { Model, Node } from "./Model.js"

/** @since 0.1.0 @category models */
export interface Point {
  readonly x: number
  readonly y: number
}

/** @since 0.1.0 @category models */
export interface Box {
  readonly width: number
  readonly height: number
}

/** An edge between two boxes, by their places in the list. @since 0.1.0 @category models */
export type Arrow = readonly [from: number, to: number]

/** The corners at the top left of all boxes, and the bends of all arrows, each in its given order. @since 0.1.0 @category models */
export interface Placed extends Box {
  readonly boxes: ReadonlyArray<Point>
  readonly bends: ReadonlyArray<ReadonlyArray<Point>>
}

/** A library: lays out one connected part. @since 0.1.0 @category models */
export type Place = (boxes: ReadonlyArray<Box>, arrows: ReadonlyArray<Arrow>) => Placed

/** The places of a model's nodes and the bends of its edges, each in the model's order. @since 0.1.0 @category models */
export interface Layout extends Placed {
  readonly sizes: ReadonlyArray<Box>
}

/** @since 0.1.0 @category constructors */
export const of = (model: Model, place: Place): Layout => {
  const rankById = new Map<string, number>(model.nodes.map(({ id }, rank) => [id, rank]))
  const arrows = model.edges.map(({ from, to }): Arrow => [rankById.get(from) ?? 0, rankById.get(to) ?? 0])
  const sizes = model.nodes.map(sizeOf)
  const parts = partsOf(sizes.length, arrows).map((part) => placePart(part, sizes, arrows, place))
  const boxes: Array<Point> = []
  const bends: Array<ReadonlyArray<Point>> = []
  const sheet = pack(parts, ({ part, placed }, corner) => {
    const moved = ({ x, y }: Point): Point => ({ x: Math.round(x + corner.x), y: Math.round(y + corner.y) })
    for (const [at, rank] of part.ranks.entries()) boxes[rank] = moved(placed.boxes[at] ?? corner)
    for (const [at, edge] of part.edges.entries()) bends[edge] = (placed.bends[at] ?? []).map(moved)
  })
  return { ...sheet, boxes, bends, sizes }
}

/** The longest label; of a longer id the middle is left out. @since 0.1.0 @category constants */
export const labelLength = 36

/** The label of a node. @since 0.1.0 @category rendering */
export const labelOf = ({ id }: Pick<Node, "id">): string =>
  id.length <= labelLength ? id : `${id.slice(0, labelLength - 13)}…${id.slice(-12)}`

/** What a migration does, in a few words: the first object that it makes or removes. @since 0.1.0 @category rendering */
export const summaryOf = ({ provides, removes, sql }: Pick<Node, "provides" | "removes" | "sql">): string => {
  const [first] = provides
  if (first !== undefined) return shortened(`+ ${first.replace(/^relation /, "")}`)
  const [gone] = removes
  if (gone !== undefined) return shortened(`− ${gone.replace(/^relation /, "")}`)
  return Option.isNone(sql) ? "an Effect" : "makes no object"
}

const shortened = (text: string): string => (text.length > 30 ? `${text.slice(0, 29)}…` : text)

/** Letters of the page's font are that wide; a sign stands before them. */
const sizeOf = (node: Node): Box => ({
  width: 56 + Math.ceil(Math.max(7.3 * labelOf(node).length, 6.7 * summaryOf(node).length)),
  height: 44
})

interface Part {
  readonly ranks: ReadonlyArray<number>
  readonly edges: ReadonlyArray<number>
}

/** The connected parts, with the ranks of their nodes and the places of their edges. */
const partsOf = (count: number, arrows: ReadonlyArray<Arrow>): ReadonlyArray<Part> => {
  const root = Array.from({ length: count }, (_, rank) => rank)
  const rootOf = (rank: number): number => {
    let at = rank
    for (let above = root[at] ?? at; above !== at; above = root[at] ?? at) at = above
    root[rank] = at
    return at
  }
  for (const [from, to] of arrows) root[rootOf(to)] = rootOf(from)
  const parts = new Map<number, { readonly ranks: Array<number>; readonly edges: Array<number> }>()
  const partOf = (rank: number) => {
    const part = parts.get(rootOf(rank)) ?? { ranks: [], edges: [] }
    parts.set(rootOf(rank), part)
    return part
  }
  for (let rank = 0; rank < count; rank++) partOf(rank).ranks.push(rank)
  for (const [edge, [from]] of arrows.entries()) partOf(from).edges.push(edge)
  return [...parts.values()]
}

interface PlacedPart {
  readonly part: Part
  readonly placed: Placed
}

const placePart = (part: Part, sizes: ReadonlyArray<Box>, arrows: ReadonlyArray<Arrow>, place: Place): PlacedPart => {
  const boxes = part.ranks.flatMap((rank) => sizes[rank] ?? [])
  const [first] = boxes
  if (first !== undefined && boxes.length === 1) {
    return { part, placed: { ...first, boxes: [{ x: 0, y: 0 }], bends: [] } }
  }
  const placeByRank = new Map(part.ranks.map((rank, at) => [rank, at]))
  const own = part.edges.flatMap((edge) => arrows.slice(edge, edge + 1))
  const inside = own.map(([from, to]): Arrow => [placeByRank.get(from) ?? 0, placeByRank.get(to) ?? 0])
  return { part, placed: place(boxes, inside) }
}

const gap = 36

/** Rows of parts, the highest first; gives the size of the sheet. */
const pack = (parts: ReadonlyArray<PlacedPart>, put: (part: PlacedPart, corner: Point) => void): Box => {
  const area = parts.reduce((sum, { placed: { height, width } }) => sum + (width + gap) * (height + gap), 0)
  const widest = Math.max(0, ...parts.map(({ placed }) => placed.width), Math.sqrt(area * 1.7))
  let [x, y, row, width] = [0, 0, 0, 0]
  for (const part of parts.toSorted((a, b) => b.placed.height - a.placed.height)) {
    if (x > 0 && x + part.placed.width > widest) {
      y += row + gap
      x = 0
      row = 0
    }
    put(part, { x, y })
    row = Math.max(row, part.placed.height)
    width = Math.max(width, x + part.placed.width)
    x += part.placed.width + gap
  }
  return { width: Math.ceil(width), height: Math.ceil(y + row) }
}
