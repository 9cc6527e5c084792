/**
 * The command `plan`: what `migrate` would run, why, at which risks, and the SQL itself.
 *
 * @internal
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as AutoMigration from "../AutoMigration.js"
import { parseObjects } from "../core/file/ObjectSyntax.js"
import * as MigrationGraph from "../core/graph/MigrationGraph.js"
import * as Plan from "../core/graph/Plan.js"
import * as Resolver from "../core/graph/Resolver.js"
import type { Migration, MigrationId } from "../core/migration/Migration.js"
import * as SchemaObject from "../core/model/SchemaObject.js"
import * as Policy from "../core/policy/Policy.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import * as Line from "./Line.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"
import * as Status from "./Status.js"

const isEmpty = (text: string): boolean => text.trim() === ""

/** What a name without a kind may mean: a relation, a routine, a type, or a column of a relation. */
const objectsNamed = (name: string): ReadonlyArray<SchemaObject.SchemaObject> =>
  ["table", "function", "type", "column"].flatMap((kind) => [
    ...Option.getOrElse(
      Either.getRight(parseObjects(`${kind} ${name}`)),
      (): ReadonlyArray<SchemaObject.SchemaObject> => []
    )
  ])

/** The providers of an object, where a name means one. */
const providersOf = (graph: MigrationGraph.MigrationGraph, text: string): ReadonlyArray<Migration> => {
  const objects = Either.getOrElse(parseObjects(text), () => objectsNamed(text))
  const found = objects.flatMap((object) => MigrationGraph.providersOf(graph, object)).map(({ migration }) => migration)
  return Arr.dedupe(found)
}

/** The ids that the words mean: an id itself, or the providers of an object. */
const idsFor = (
  graph: MigrationGraph.MigrationGraph,
  words: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<MigrationId>, Settings.NotFound> =>
  Effect.map(
    Effect.forEach(words, (word) => {
      const migration = graph.migrations.find(({ id }) => id === word)
      const found = migration === undefined ? providersOf(graph, word) : [migration]
      return found.length === 0
        ? Effect.fail(new Settings.NotFound({ what: word, known: graph.migrations.map(({ id }) => id) }))
        : Effect.succeed(found.map(({ id }) => id))
    }),
    Arr.flatten
  )

const sqlOf = ({ script }: Migration): ReadonlyArray<string> =>
  script._tag === "Sql"
    ? script.text.split("\n").filter((line, at, all) => !isEmpty(line) || at < all.length - 1)
    : ["(an Effect)"]

const judged = (verdict: Policy.Verdict): ReadonlyArray<Line.Line> =>
  verdict._tag === "Allowed"
    ? [[Line.styled("green", "A query may bring this by itself.")]]
    : [
        [Line.styled("yellow", "Policy refuses to run this by itself:")],
        ...verdict.reasons.map((reason) => `  ${Policy.render(reason)}`)
      ]

const linesOf = (plan: Plan.Plan, verdict: Policy.Verdict, withSql: boolean): ReadonlyArray<Line.Line> => [
  ...Plan.render(plan).split("\n"),
  ...judged(verdict),
  ...(withSql
    ? plan.steps.flatMap(
        ({ migration }): ReadonlyArray<Line.Line> => [
          "",
          [Line.styled("bold", `-- ${migration.id} (${migration.source})`)],
          ...sqlOf(migration)
        ]
      )
    : [])
]

const valueOf = (plan: Plan.Plan, verdict: Policy.Verdict) => ({
  verdict: verdict._tag === "Allowed" ? "allowed" : "refused",
  reasons: verdict._tag === "Allowed" ? [] : verdict.reasons.map(Policy.render),
  steps: plan.steps.map(({ migration, reason }) => ({
    id: migration.id,
    file: migration.source,
    reason,
    transaction: migration.transaction,
    provides: migration.footprint.provides.map(SchemaObject.render),
    risks: Plan.risksOf(migration).map(({ kind, line, statement }) => ({ kind, line, statement })),
    sql: migration.script._tag === "Sql" ? migration.script.text : null
  }))
})

const chosen = Effect.fnUntraced(function* (words: ReadonlyArray<string>, now: AutoMigration.Status) {
  const graph = yield* AutoMigration.graph
  const ids = words.length === 0 ? graph.rankById.keys() : yield* idsFor(graph, words)
  return Resolver.upTo(graph, new Set(now.applied), ids)
})

/** @since 0.1.0 @category commands */
export const command = Command.make(
  "plan",
  {
    ...Settings.database,
    sql: Options.boolean("sql").pipe(Options.withDescription("print the SQL of each migration")),
    words: Args.text({ name: "object or id" }).pipe(
      Args.withDescription(
        "an id, or an object such as users, users.email or 'function f(integer)'; everything pending without one"
      ),
      Args.repeated
    )
  },
  (settings) =>
    Effect.gen(function* () {
      const commands = yield* AutoMigrationConfig
      const now = yield* AutoMigration.status
      const plan = yield* chosen(settings.words, now)
      const further = Status.notes(commands, { ...now, warnings: [] })
      if (Option.isNone(plan)) {
        const lines = [settings.words.length === 0 ? "nothing is pending" : "nothing of this is pending", ...further]
        return yield* Report.tell("plan", settings, {
          code: 0,
          lines,
          value: { verdict: "allowed", reasons: [], steps: [] }
        })
      }
      const verdict = yield* AutoMigration.verdict(plan.value)
      yield* Report.tell("plan", settings, {
        code: 0,
        lines: [...linesOf(plan.value, verdict, settings.sql), ...further],
        value: valueOf(plan.value, verdict)
      })
    }).pipe(Effect.provide(Settings.services(settings)), (run) =>
      Effect.zipRight(Settings.unlessOption(settings.words), run)
    )
).pipe(Command.withDescription("show what migrate would run and why, with risks and the verdict of the policy"))
