/**
 * Pictures of the migration graph: as Mermaid, DOT, JSON, and as one HTML page.
 *
 * @since 0.1.0
 */
import * as Dot from "./Dot.js"
import * as Json from "./Json.js"
import * as Layout from "./Layout.js"
import * as Mermaid from "./Mermaid.js"
import * as Model from "./Model.js"
import * as Page from "./Page.js"
import * as PageData from "./PageData.js"
import * as Why from "./Why.js"

export type { Arrow, Box, Place, Placed, Point } from "./Layout.js"
export type { Edge, Event, Facts, Model, Node, Risk, State } from "./Model.js"
export type { Answer } from "./Why.js"

/**
 * The picture of a graph. Without facts of a database the states are `unknown`.
 *
 * @example
 * import { MigrationGraph, Picture } from "effect-auto-migration"
 *
 * Picture.toDot(Picture.fromGraph(MigrationGraph.empty)) // "digraph migrations {…}"
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromGraph = Model.fromGraph

/** A flowchart for Markdown. @since 0.1.0 @category rendering */
export const toMermaid: (model: Model.Model) => string = Mermaid.render

/** Text for Graphviz. @since 0.1.0 @category rendering */
export const toDot: (model: Model.Model) => string = Dot.render

/** A document with a version, for other programs. @since 0.1.0 @category rendering */
export const toJson: (model: Model.Model) => string = Json.render

/**
 * One HTML page, which loads no other file: the graph, a list, a search, and a panel for each migration. `place` lays out one connected
 * part of the graph; any library for layered graphs will do.
 *
 * @since 0.1.0
 * @category rendering
 */
export const toHtml = (model: Model.Model, place: Layout.Place): string =>
  Page.render(PageData.from(model, Layout.of(model, place)))

/**
 * The chain of objects that orders two migrations. `None` for one migration twice, and for ids that the graph does not have.
 *
 * @since 0.1.0
 * @category queries
 */
export const why = Why.why

/** The chain for people, a line for each migration and each reason. @since 0.1.0 @category rendering */
export const renderWhy: (answer: Why.Answer) => string = Why.render
