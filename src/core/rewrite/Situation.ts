/**
 * What is known where a statement stands: the catalog before it, and the answers of the reading about SQL that would stand
 * there instead.
 *
 * @since 0.1.0
 * @internal
 */
import type { AlterTableCmd, Node, RangeVar } from "@pgsql/types"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as Footprint from "../migration/Footprint.js"
import type { RiskKind } from "../model/Risk.js"
import { type Parser, statementsOf } from "../sql/ParsedSql.js"
import { nameOfRangeVar } from "../sql/SyntaxTree.js"

/** @since 0.1.0 @category models */
export interface Situation {
  readonly parser: Parser
  /** The catalog before the file. */
  readonly start: Catalog.SimulatedCatalog
  /** The statements of the file before this one. */
  readonly prefix: string
  /** The catalog before the statement. */
  readonly catalog: Catalog.SimulatedCatalog
}

/** @since 0.1.0 @category constructors */
export const make = (parser: Parser, start: Catalog.SimulatedCatalog, prefix: string): Situation => ({
  parser,
  start,
  prefix,
  catalog: read(parser, start, prefix).catalog
})

/** The situation after more SQL. @since 0.1.0 @category operations */
export const after = ({ parser, prefix, start }: Situation, sql: string): Situation =>
  make(parser, start, joined(prefix, sql))

/** The kinds of risk that SQL has in this place. @since 0.1.0 @category queries */
export const kindsOf = ({ parser, prefix, start }: Situation, sql: string): ReadonlySet<RiskKind> => {
  const from = joined(prefix, "").length
  const { footprint } = read(parser, start, joined(prefix, sql))
  return new Set(footprint.risks.filter((risk) => risk.start >= from).map(({ kind }) => kind))
}

const joined = (prefix: string, sql: string): string => (prefix === "" ? sql : `${prefix}\n;\n${sql}`)

/** SQL that cannot be read changes the catalog in no way. */
const read = (parser: Parser, catalog: Catalog.SimulatedCatalog, text: string): Footprint.Inferred =>
  Either.getOrElse(Footprint.infer(parser, catalog, { source: "", script: { _tag: "Sql", text } }), () => ({
    catalog,
    footprint: Footprint.empty
  }))

/** The table of a statement. `undefined` where no file makes it. @since 0.1.0 @category queries */
export const tableOf = ({ catalog }: Situation, range: RangeVar | undefined): Catalog.Relation | undefined => {
  const found = Catalog.findRelation(catalog, nameOfRangeVar(range))
  return found?.isExternal === true ? undefined : found
}

/**
 * The name that the server gives the constraint of a statement. `None` where the table is not known.
 *
 * @since 0.1.0
 * @category queries
 */
export const impliedName = (
  situation: Situation,
  range: RangeVar | undefined,
  kind: Catalog.ConstraintKind,
  sql: string
): Option.Option<string> => {
  const before = new Set(tableOf(situation, range)?.constraints.map(({ name }) => name))
  const added = tableOf(after(situation, sql), range)?.constraints.filter(
    (one) => one.kind === kind && !before.has(one.name)
  )
  return Option.fromNullable(added?.at(-1)?.name)
}

/** The syntax tree of one statement. @since 0.1.0 @category queries */
export const nodeOf = ({ parser }: Situation, sql: string): Node | undefined =>
  Either.match(statementsOf(parser, sql), { onLeft: () => undefined, onRight: ([only]) => only?.node })

/** The command of an `ALTER TABLE` that has only one. @since 0.1.0 @category queries */
export const commandOf = (situation: Situation, sql: string): AlterTableCmd | undefined => {
  const node = nodeOf(situation, sql)
  const [only] = node !== undefined && "AlterTableStmt" in node ? (node.AlterTableStmt.cmds ?? []) : []
  return only !== undefined && "AlterTableCmd" in only ? only.AlterTableCmd : undefined
}
