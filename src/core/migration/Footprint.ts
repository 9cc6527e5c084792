/**
 * The footprint of a migration: what its SQL reads, writes, provides and removes. Statements are read one after the other over a
 * simulated catalog that the migrations before have filled. They need no annotations, and a statement that is not understood is a
 * barrier.
 *
 * **Laws**
 *
 * 1. Reading is deterministic: the same files give the same footprints.
 * 2. No object is both provided and removed, and no key is both in the reads and in the writes.
 * 3. Statement spans are in order, do not overlap, and cut the statements out of the text.
 * 4. A statement of a kind without a rule is a barrier: no statement is skipped.
 *
 * The rules are pinned by number in test/core/footprint/Rules.test.ts. Each stands in a module named after what it reads.
 *
 * @internal
 */
import type { Node } from "@pgsql/types"
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as SimulatedCatalog from "../catalog/SimulatedCatalog.js"
import { InvalidSql } from "../error/AutoMigrationError.js"
import * as ClientStatement from "../file/ClientStatement.js"
import { execute } from "../footprint/Statement.js"
import type { Risk } from "../model/Risk.js"
import * as SchemaObject from "../model/SchemaObject.js"
import { netEffect } from "../reading/NetChange.js"
import type { ExpectedRefusal as ReadRefusal } from "../reading/Reading.js"
import * as Recorder from "../reading/Recorder.js"
import { endMigration, endStatement } from "../reading/StatementEnd.js"
import { lockOf, type RiskCandidate } from "../risk/Candidate.js"
import { candidatesOf, mayRunInBlock } from "../risk/Statement.js"
import { locate, type ParsedStatement, type Parser, type SyntaxError, statementsOf } from "../sql/ParsedSql.js"
import { isDefinition, isNeutral } from "../statement/Neutral.js"
import * as ParserSetting from "../statement/ParserSetting.js"
import { newestIn } from "../statement/ServerVersion.js"
import { beforeIdleBegin, endsTransaction, hasOwnTransactions, unclosed } from "../statement/TransactionBlock.js"
import { withoutQuotedLiteral } from "../text/Redaction.js"
import { placeOf, risksOf } from "./StatementRisks.js"

export {
  /** @since 0.1.0 @category constructors */
  type HazardKey,
  /** @since 0.1.0 @category constructors */
  keyOf
} from "../model/HazardKey.js"

/** A statement that older servers do not know. @since 0.1.0 @category models */
export interface VersionRequirement {
  /** The first major version that knows it. */
  readonly since: number
  /** The part that is new: `MERGE`, `NULLS NOT DISTINCT`. */
  readonly feature: string
  /** 1-based line in the file. */
  readonly line: number
  /** The statement's text, shortened to one line. */
  readonly statement: string
}

/** A statement that the server will refuse, as far as the files tell. @since 0.1.0 @category models */
export interface ExpectedRefusal extends ReadRefusal {
  /** For an object that is created twice: the file that creates it first, unless it is the same file. */
  readonly earlier: Option.Option<string>
}

/** A place that is not understood, so that the migration keeps its place in the order. @since 0.1.0 @category models */
export interface Barrier {
  readonly reason: string
  /** 1-based line in the file. */
  readonly line: number
}

/**
 * One statement of a script, as the server's parser cut it.
 *
 * @since 0.1.0
 * @category models
 */
export interface StatementSpan {
  /** UTF-16 offsets into the script's text, end exclusive, without surrounding white space and comments. */
  readonly start: number
  readonly end: number
  /** 1-based. */
  readonly line: number
  /** `false` for a statement that cannot run inside a transaction block, such as `CREATE INDEX CONCURRENTLY`. */
  readonly transactional: boolean
}

/**
 * The effect of one migration on the schema.
 *
 * @since 0.1.0
 * @category models
 */
export interface Footprint {
  /** The objects that exist after the migration and did not before, in the order of creation. Columns carry their table. */
  readonly provides: ReadonlyArray<SchemaObject.SchemaObject>
  /** The objects that no longer exist after the migration. */
  readonly removes: ReadonlyArray<SchemaObject.SchemaObject>
  /** Keys of objects that it reads. */
  readonly reads: ReadonlySet<string>
  /** Keys of objects that it writes. A write is also a read, so these keys are not in `reads`. */
  readonly writes: ReadonlySet<string>
  /** For a key whose uses all name their schema, those schemas. Uses in different schemas do not meet. */
  readonly places: ReadonlyMap<string, ReadonlySet<string>>
  /** The places that are not understood. With one, the migration runs after all migrations before it, and before all after it. */
  readonly barriers: ReadonlyArray<Barrier>
  readonly risks: ReadonlyArray<Risk>
  /** Statements that PostgreSQL 14 does not know, each with its newest feature. */
  readonly versionRequirements: ReadonlyArray<VersionRequirement>
  /** Statements that the server will refuse, as far as the files tell. */
  readonly expectedRefusals: ReadonlyArray<ExpectedRefusal>
  /** The 1-based line of a `BEGIN` at the end of the script, which is left out: it would begin an empty transaction. */
  readonly idleBegin: Option.Option<number>
  readonly statements: ReadonlyArray<StatementSpan>
  /** Whether no query has another answer after it: it holds plain indexes, statistics, comments, or no statement. */
  readonly isNeutral: boolean
  /** `false` if only the server can tell whether all of it runs: its provided objects are then no promises. */
  readonly isCertain: boolean
  /** Whether it runs code that is not understood, which may write rows of any table. */
  readonly runsUnknownCode: boolean
}

/** The footprint of a migration without statements. @since 0.1.0 @category constructors */
export const empty: Footprint = {
  provides: [],
  removes: [],
  reads: new Set(),
  writes: new Set(),
  places: new Map(),
  barriers: [],
  risks: [],
  versionRequirements: [],
  expectedRefusals: [],
  idleBegin: Option.none(),
  statements: [],
  isNeutral: true,
  isCertain: true,
  runsUnknownCode: false
}

/**
 * The footprint of a migration whose SQL cannot be seen: a barrier that provides what it declares.
 *
 * @since 0.1.0
 * @category constructors
 */
export const declared = (provides: ReadonlyArray<SchemaObject.SchemaObject>): Footprint => ({
  ...empty,
  provides,
  isNeutral: false,
  runsUnknownCode: true,
  barriers: [{ reason: "runs code whose SQL cannot be seen", line: 1 }]
})

/**
 * A migration before its SQL is read. `declares` holds the objects that it says it provides.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  /** Its name in error messages: a file's path, or a label. */
  readonly source: string
  readonly script: { readonly _tag: "Sql"; readonly text: string } | { readonly _tag: "Effect" }
  readonly declares?: ReadonlyArray<SchemaObject.SchemaObject>
}

/** A footprint, and the catalog that the next migration starts from. @since 0.1.0 @category models */
export interface Inferred {
  readonly footprint: Footprint
  readonly catalog: SimulatedCatalog.SimulatedCatalog
}

/**
 * The footprints of migrations, which are given in the order in which they run. Fails with the first text that is not SQL.
 *
 * @since 0.1.0
 * @category inference
 */
export const inferAll = (
  parser: Parser,
  sources: ReadonlyArray<Source>
): Either.Either<ReadonlyArray<Footprint>, InvalidSql> => finish(inferring(parser, sources))

/** Work in steps. Between two of them the caller may do something else. @since 0.1.0 @category models */
export type Steps<A> = Generator<void, A, void>

const finish = <A>(steps: Steps<A>): A => {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/**
 * {@link inferAll} with a step for each statement.
 *
 * @since 0.1.0
 * @category inference
 */
export const inferring = function* (
  parser: Parser,
  sources: ReadonlyArray<Source>
): Steps<Either.Either<ReadonlyArray<Footprint>, InvalidSql>> {
  const footprints: Array<Footprint> = []
  let catalog = SimulatedCatalog.empty
  for (const source of sources) {
    const inferred = yield* inferringOne(parser, catalog, source)
    if (Either.isLeft(inferred)) return Either.left(inferred.left)
    const { footprint } = inferred.right
    const expectedRefusals = footprint.expectedRefusals.map((refusal) =>
      refusal.kind === "CreatedTwice"
        ? { ...refusal, earlier: lastProviderOf(refusal.object, footprints, sources) }
        : refusal
    )
    footprints.push(expectedRefusals.length === 0 ? footprint : { ...footprint, expectedRefusals })
    catalog = inferred.right.catalog
  }
  return Either.right(footprints)
}

const lastProviderOf = (
  object: SchemaObject.SchemaObject,
  footprints: ReadonlyArray<Footprint>,
  sources: ReadonlyArray<Source>
): Option.Option<string> => {
  const key = SchemaObject.key(object)
  const at = footprints.findLastIndex(({ provides }) => provides.some((other) => SchemaObject.key(other) === key))
  return Option.map(Option.fromNullable(sources[at]), ({ source }) => source)
}

/**
 * The footprint of one migration that runs on the given catalog.
 *
 * @since 0.1.0
 * @category inference
 */
export const infer = (
  parser: Parser,
  catalog: SimulatedCatalog.SimulatedCatalog,
  source: Source
): Either.Either<Inferred, InvalidSql> => finish(inferringOne(parser, catalog, source))

const inferringOne = function* (
  parser: Parser,
  catalog: SimulatedCatalog.SimulatedCatalog,
  { declares = [], script, source }: Source
): Steps<Either.Either<Inferred, InvalidSql>> {
  if (script._tag === "Effect") {
    return Either.right({
      footprint: declared(declares),
      catalog: { ...catalog, isComplete: false, isUnderstood: false }
    })
  }
  const statements = Either.mapLeft(statementsOf(parser, script.text), (error) =>
    ClientStatement.explain(script.text, error)
  )
  const checked = statements.pipe(Either.flatMap(ClientStatement.refuse), Either.flatMap(closed))
  if (Either.isLeft(checked)) return Either.left(invalidSql(source, script.text, checked.left))
  const [work, idle] = Arr.splitAt(checked.right, beforeIdleBegin(checked.right.map(({ node }) => node)))
  const stepsLeft = bodySteps.ofFile + bodySteps.ofStatement * work.length
  const recorder = Recorder.make({ parser, catalog, file: source, execute: executeInside, stepsLeft })
  const inferred = yield* read(recorder, script.text, work, declares)
  const idleBegin = Option.map(Arr.head(idle), ({ line }) => line)
  return Either.right({ ...inferred, footprint: { ...inferred.footprint, idleBegin } })
}

/**
 * How many steps of bodies a file may run: so many, and so many more for each of its statements. With more it is a
 * barrier.
 */
const bodySteps = { ofFile: 10_000, ofStatement: 100 } as const

/** Refuses a transaction that is open at the end of a script: it would be rolled back with the session. */
const closed = (
  statements: ReadonlyArray<ParsedStatement>
): Either.Either<ReadonlyArray<ParsedStatement>, SyntaxError> =>
  Option.match(lostFrom(statements.map(({ node }) => node)), {
    onNone: () => Either.right(statements),
    onSome: (place) =>
      Either.left({
        offset: statements[place]?.start ?? 0,
        reason: "the transaction that begins here never ends, and all of it would be rolled back: end it with COMMIT"
      })
  })

/** The `BEGIN` of a transaction that is open at the end, unless no work is in it. */
const lostFrom = (nodes: ReadonlyArray<Node>): Option.Option<number> =>
  Option.filter(unclosed(nodes), () => beforeIdleBegin(nodes) === nodes.length)

const invalidSql = (file: string, text: string, { offset, reason, remedy }: SyntaxError): InvalidSql =>
  new InvalidSql({ file, reason: withoutQuotedLiteral(reason), remedy, ...locate(text, offset) })

const read = function* (
  recorder: Recorder.Recorder,
  text: string,
  statements: ReadonlyArray<ParsedStatement>,
  declares: ReadonlyArray<SchemaObject.SchemaObject>
): Steps<Inferred> {
  const read: Array<Read> = []
  for (const statement of statements) {
    const record = Recorder.statementAt(statement.line)
    recorder.statement = record
    const mayStart = mayRunInBlock(recorder, statement.node)
    executeWithRisk(recorder, statement.node)
    const mayEnd = !(record.endsTransaction && isTopLevel(statement.node))
    if (!mayEnd) record.candidates.push(notTransactional)
    endStatement(recorder)
    read.push({ statement, record, transactional: mayStart && mayEnd })
    yield
  }
  endMigration(recorder)
  const net = netEffect(recorder)
  const isOwn = hasOwnTransactions(statements.map(({ node }) => node))
  return {
    catalog: recorder.catalog,
    footprint: {
      provides: union(net.provides, declares),
      removes: net.removes,
      reads: new Set([...recorder.reads].filter((key) => !recorder.writes.has(key))),
      writes: recorder.writes,
      places: new Map([...recorder.places].flatMap(([key, schemas]) => (schemas === "any" ? [] : [[key, schemas]]))),
      barriers: recorder.barriers,
      risks: read.flatMap(({ record, statement }) => risksOf(recorder.catalog, record, statement, text)),
      idleBegin: Option.none(),
      expectedRefusals: recorder.expectedRefusals.map((refusal) => ({ ...refusal, earlier: Option.none() })),
      versionRequirements: read.flatMap(({ record, statement }) => versionRequirementOf(record, statement, text)),
      statements: read.map(({ statement: { end, line, start }, transactional }) => ({
        start,
        end,
        line,
        transactional: !isOwn && transactional
      })),
      isCertain: recorder.isCertain,
      runsUnknownCode: read.some(({ record }) => record.runsUnknownCode),
      isNeutral: declares.length === 0 && statements.every(({ node }) => isNeutral(node))
    }
  }
}

/** A statement that was read, and whether it may run inside a transaction block. */
interface Read {
  readonly statement: ParsedStatement
  readonly record: Recorder.StatementRecord
  readonly transactional: boolean
}

/** Whether the code that a statement runs may end the transaction. A function may not. */
const isTopLevel = (node: Node): boolean => "DoStmt" in node || "CallStmt" in node

/** Reads a statement of a body. */
const executeInside: Recorder.Recorder["execute"] = (recorder, node) => {
  recorder.statement.endsTransaction ||= endsTransaction(node)
  executeWithRisk(recorder, node)
}

/** Reads a statement and records its risks, which include those of the bodies that it runs. */
const executeWithRisk: Recorder.Recorder["execute"] = (recorder, node) => {
  const { statement } = recorder
  const wasOpaque = statement.isOpaque
  statement.isOpaque = false
  const reach = recorder.path > 0 || statement.runsCode ? "anywhere" : "path"
  const json = JSON.stringify(node)
  statement.candidates.push(
    ...candidatesOf(recorder, node, json).map((candidate) => ({ reach, lock: lockOf(node), ...candidate }) as const)
  )
  execute(recorder, node)
  if (ParserSetting.mayChange(node, json)) Recorder.opaqueBarrier(recorder, "may change how the server reads SQL")
  statement.runsUnknownCode ||= statement.isOpaque && !isDefinition(node)
  statement.isOpaque ||= wasOpaque
}

/** The newest feature of a statement, or of a body that the server parses with it. */
const versionRequirementOf = (
  { bodies }: Recorder.StatementRecord,
  statement: ParsedStatement,
  text: string
): ReadonlyArray<VersionRequirement> => {
  const own = newestIn(statement.node, "statement")
  const inner = newestIn(bodies, "body")
  const newest = (own?.since ?? 0) >= (inner?.since ?? 0) ? own : inner
  return newest === undefined ? [] : [{ ...newest, ...placeOf(text, statement) }]
}

const notTransactional: RiskCandidate = { kind: "not-transactional", relation: Option.none() }

const union = (
  first: ReadonlyArray<SchemaObject.SchemaObject>,
  second: ReadonlyArray<SchemaObject.SchemaObject>
): ReadonlyArray<SchemaObject.SchemaObject> => [
  ...new Map([...first, ...second].map((object) => [SchemaObject.key(object), object])).values()
]
