/**
 * The look at the end of a migration: which of the changes that the server records its SQL does not show. They come from
 * code of the database, such as a trigger, a rule or a function.
 *
 * @internal
 */
import * as Option from "effect/Option"
import type * as Plan from "../core/graph/Plan.js"
import type { Migration } from "../core/migration/Migration.js"
import type { Risk } from "../core/model/Risk.js"
import type { QualifiedName } from "../core/model/SchemaObject.js"
import * as Changes from "../database/Changes.js"
import * as Unforeseen from "../database/Unforeseen.js"
import { tables as ownTables } from "../ledger/Trust.js"

type Migrations = ReadonlyArray<Migration>

/**
 * The question at the end of a migration. `ran` are the migrations of the transaction so far, and `ledger` is the
 * ledger's schema.
 *
 * @since 0.1.0
 * @category statements
 */
export const question = (
  { ledger, plan }: { readonly ledger: string; readonly plan: Plan.Plan },
  ran: Migrations
): string => {
  const all = plan.steps.map((step) => step.migration)
  return Changes.done({
    ledger: { schema: ledger, tables: ownTables },
    shown: [...new Set(ran.flatMap(({ footprint: { reads, writes } }) => [...reads, ...writes]))],
    foreseen: tablesOf(judgedRisks(ran)),
    ofPlan: tablesOf(judgedRisks(all)),
    toLose: tablesOf(judgedRisks(all).filter(isOfLoss))
  })
}

/**
 * Whether unforeseen changes are refused. They are allowed where a migration accepts that its effect cannot be seen.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isWatched = ({ accepts, script }: Migration): boolean =>
  script._tag === "Sql" && !accepts.includes("opaque")

/** See `Unforeseen.uncounted`. @since 0.1.0 @category queries */
export const uncounted = (counts: Changes.Counts, done: Changes.Done, ran: Migrations): ReadonlyArray<number> =>
  Unforeseen.uncounted(counts, done, textOf(ran))

/** The risks of what has changed and no statement shows. @since 0.1.0 @category queries */
export const unforeseen = (
  plan: Plan.Plan,
  counts: Changes.Counts,
  done: Changes.Done,
  ran: Migrations
): ReadonlyArray<Risk> => {
  const hasDropped = Unforeseen.hasDropped(done) && !losesTables(plan)
  const mayRename = judgedRisks(plan.steps.map((step) => step.migration)).some(
    (risk) => Option.isNone(risk.relation) && isOfLoss(risk)
  )
  return [
    ...Unforeseen.unforeseen(counts, done, textOf(ran)).map((name) =>
      riskOf(Option.some(name), `changes ${name.name} or its rows`)
    ),
    ...(mayRename ? [] : Unforeseen.renamed(done)).map((name) => riskOf(Option.none(), `renames the schema ${name}`)),
    ...(hasDropped || (done.gone.length > 0 && !ran.some(says(dropping)))
      ? [riskOf(Option.none(), "drops a table")]
      : [])
  ]
}

/** Risks about the tables themselves, which the policy has judged. */
const judgedRisks = (migrations: ReadonlyArray<Migration>): ReadonlyArray<Risk> =>
  migrations.flatMap(({ footprint }) =>
    footprint.risks.filter(
      ({ asks, kind, declared }) => kind !== "referenced-table-lock" && asks !== "code" && Option.isNone(declared)
    )
  )

const tablesOf = (risks: ReadonlyArray<Risk>): ReadonlyArray<Changes.Named> =>
  risks.flatMap(({ reach, relation }) => Option.toArray(Option.map(relation, (name) => ({ name, reach }))))

/** Whether the statement may drop or rename an object, or a part of it. */
const isOfLoss = ({ kind }: Risk): boolean => kind === "data-loss" || kind === "incompatible-change"

const riskOf = (relation: Option.Option<QualifiedName>, what: string): Risk => ({
  kind: "data-loss",
  relation,
  declared: Option.none(),
  isOfRows: false,
  reach: "anywhere",
  lock: "ACCESS EXCLUSIVE",
  start: 0,
  line: 1,
  statement: `runs something that ${what}, which its SQL does not show`
})

/** Whether the SQL of a migration has a word. */
const says =
  (word: RegExp) =>
  ({ script }: Migration): boolean =>
    script._tag === "Sql" && word.test(script.text)

/** Words of statements that may drop a table, or rewrite it, which drops the file that the table was stored in. */
const dropping = /\b(?:alter|cluster|drop|refresh|reindex|temp|temporary|vacuum)\b/i

/** Words of statements that write rows, or take a table as a pattern or a parent: its lock is that of an `INSERT`. */
const writing = /\b(?:copy|delete|inherits|insert|like|merge|partition|update)\b/i

const extending = /\bextension\b/i

const textOf = (ran: Migrations): Unforeseen.Text => ({
  mayWrite: ran.some(says(writing)),
  mayExtend: ran.some(says(extending))
})

/** Partitions and children go with a table that a plan drops, and have no risk of their own. */
const losesTables = ({ steps }: Plan.Plan): boolean =>
  steps.some(({ migration }) =>
    migration.footprint.risks.some(({ kind, relation }) => kind === "data-loss" && Option.isSome(relation))
  )
