/**
 * The linter: what each statement of a migration may do to a database in use, file by file, with the safer way. It reads
 * files only, so a table counts as having rows unless the same file makes it.
 *
 * **Laws**
 *
 * 1. Findings are in the order of the migrations, and in a file in the order of its lines.
 * 2. A statement has at most one finding of each rule.
 * 3. A finding that `-- accept:` consents to is marked, and never fails the run.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as SimulatedCatalog from "../catalog/SimulatedCatalog.js"
import * as Footprint from "../migration/Footprint.js"
import { type Migration, risks } from "../migration/Migration.js"
import * as MigrationWarning from "../migration/MigrationWarning.js"
import { placeOf } from "../migration/StatementRisks.js"
import type { Risk, RiskKind } from "../model/Risk.js"
import * as Files from "../rewrite/Files.js"
import { locate, type Parser } from "../sql/ParsedSql.js"
import type { Finding, Report } from "./Finding.js"
import * as Rule from "./Rule.js"
import * as RuleOf from "./RuleOf.js"

export type { Finding, Report, SaferWay } from "./Finding.js"
export { github, json, sarif } from "./Machine.js"
export { render } from "./Render.js"
export { all as rules, type Rule, type RuleId, type Severity } from "./Rule.js"

/** @since 0.1.0 @category models */
export interface Options {
  /** Whether a file is looked at, by its path. Defaults to all. Files before it are read in any case. */
  readonly isChosen?: (file: string) => boolean
}

/**
 * The findings about migrations, which are given in their order, as `MigrationSource.loadMigrations` gives them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Lint, MigrationSource, SqlParser } from "effect-auto-migration"
 * import { Effect, Layer } from "effect"
 *
 * const source = MigrationSource.layerRecord({
 *   "001_users": "CREATE TABLE users (id integer, name text)",
 *   "002_name": "CREATE INDEX users_name ON users (name)"
 * })
 *
 * const findings = Effect.zipWith(SqlParser.SqlParser, MigrationSource.loadMigrations, (parser, migrations) =>
 *   Lint.lint(parser, migrations).findings)
 *
 * const [found] = await Effect.runPromise(Effect.provide(findings, Layer.merge(source, SqlParser.layer)))
 * assert.ok(found)
 * assert.equal(found.file, "record:002_name")
 * assert.ok(found.saferWay.files.join().includes("CONCURRENTLY"))
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const lint = (
  parser: Parser,
  migrations: ReadonlyArray<Migration>,
  { isChosen = () => true }: Options = {}
): Report => {
  const warnings = MigrationWarning.of(migrations)
  const chosen = migrations.filter(({ source }) => isChosen(source))
  const lastRisky = migrations.findLastIndex((migration) => chosen.includes(migration) && risks(migration).length > 0)
  let catalog = SimulatedCatalog.empty
  const findings = migrations.flatMap((migration, index) => {
    const before = catalog
    if (index < lastRisky) catalog = catalogAfter(parser, before, migration)
    if (!isChosen(migration.source)) return []
    const about = warnings.filter((warning) => warning.migration === migration.id)
    return [...ofRisks(parser, before, migration), ...about.map((warning) => ofWarning(migration, warning))].toSorted(
      (one, other) => one.line - other.line || one.column - other.column
    )
  })
  return { files: [...new Set(chosen.map(({ source }) => source))], findings }
}

const catalogAfter = (
  parser: Parser,
  before: SimulatedCatalog.SimulatedCatalog,
  migration: Migration
): SimulatedCatalog.SimulatedCatalog =>
  Either.match(Footprint.infer(parser, before, migration), {
    onLeft: () => before,
    onRight: ({ catalog }) => catalog
  })

const severities: ReadonlyArray<Rule.Severity> = ["note", "warning", "error"]

/** Whether a finding that is not accepted is at least this severe. @since 0.1.0 @category predicates */
export const fails = ({ findings }: Report, failOn: Rule.Severity): boolean =>
  findings.some(({ isAccepted, severity }) => !isAccepted && severities.indexOf(severity) >= severities.indexOf(failOn))

const ofRisks = (
  parser: Parser,
  catalog: SimulatedCatalog.SimulatedCatalog,
  migration: Migration
): ReadonlyArray<Finding> => {
  if (migration.script._tag === "Effect") return [ofEffect(migration)]
  const { text } = migration.script
  const found = risks(migration).filter(isOfFiles)
  const rewritten = Files.statements(parser, catalog, migration)
  return rewritten.flatMap(({ pieces, statement }, index) => {
    const own = found.filter(({ start }) => start === statement.start)
    const linted: RuleOf.Linted = {
      node: statement.node,
      catalog,
      kinds: kindsOf(own),
      later: kindsOf(found.filter(({ start }) => start > statement.start)),
      added: new Set(rewritten.slice(0, index).flatMap((one) => RuleOf.constraintsOf(one.statement.node))),
      isAlone: migration.footprint.statements.length <= 1
    }
    const sql = text.slice(statement.start, statement.end)
    const place = { column: locate(text, statement.start).column, ...placeOf(text, statement) }
    const off: ReadonlyArray<Hit> = RuleOf.isLockTimeoutOff(statement.node) ? [["lock-timeout-off", undefined]] : []
    return distinct([...own.flatMap(({ kind }) => hitsOf(kind, linted)), ...off]).map(([id, kind]) =>
      findingOf(migration, place, id, kind, filesFor(id, kind, { pieces: Files.ofPieces(pieces), sql }))
    )
  })
}

/** Facts that only a database knows are no finding: whether it has a body that the files tell, or code on a table of its own. */
const isOfFiles = ({ asks, declared }: Risk): boolean => asks === undefined && Option.isNone(declared)

const kindsOf = (found: ReadonlyArray<Risk>): ReadonlySet<RiskKind> => new Set(found.map(({ kind }) => kind))

type Hit = readonly [rule: Rule.RuleId, kind: RiskKind | undefined]

const hitsOf = (kind: RiskKind, linted: RuleOf.Linted): ReadonlyArray<Hit> =>
  RuleOf.rulesOf(kind, linted).map((id) => [id, kind])

const distinct = (hits: ReadonlyArray<Hit>): ReadonlyArray<Hit> => [
  ...new Map(hits.map((hit) => [hit[0], hit])).values()
]

interface Instead {
  /** The files of the statement's rewriting. */
  readonly pieces: ReadonlyArray<string>
  readonly sql: string
}

const filesFor = (id: Rule.RuleId, kind: RiskKind | undefined, { pieces, sql }: Instead): ReadonlyArray<string> => {
  if (id === "not-transactional" || id === "foreign-key-lock") return [`${sql};\n`]
  return kind !== undefined && rewritable.has(kind) ? pieces : []
}

const rewritable: ReadonlySet<RiskKind> = new Set<RiskKind>([
  "blocking-index-build",
  "table-scan",
  "validation-scan",
  "volatile-default"
])

const findingOf = (
  { accepts, source }: Migration,
  place: Pick<Finding, "line" | "column" | "statement">,
  id: Rule.RuleId,
  kind: RiskKind | undefined,
  files: ReadonlyArray<string>
): Finding => {
  const { cheapSince, safer, severity, why } = Rule.get(id)
  return {
    file: source,
    ...place,
    rule: id,
    severity,
    why,
    cheapSince: Option.fromNullable(cheapSince),
    saferWay: { sentence: safer, files },
    isAccepted: kind !== undefined && accepts.includes(kind)
  }
}

const ofEffect = (migration: Migration): Finding =>
  findingOf(migration, { line: 1, column: 1, statement: "an Effect" }, "opaque", "opaque", [])

const ruleOfWarning = {
  BeginsNothing: "begins-nothing",
  CreatedTwice: "created-twice",
  DropsUnknownObject: "drops-unknown-object",
  RequiresLater: "requires-later"
} as const

const ofWarning = (migration: Migration, warning: MigrationWarning.MigrationWarning): Finding => {
  const statement = MigrationWarning.sentenceOf(warning)
  return findingOf(migration, { line: warning.line, column: 1, statement }, ruleOfWarning[warning._tag], undefined, [])
}
