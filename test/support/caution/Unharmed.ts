/**
 * Generated folders on generated databases that were there before: a program asks for what the files bring, under the default
 * policy, and every table, column and row that was there must stay. What the program writes itself belongs to it from then on.
 *
 * Afterwards the files that were not applied run by hand: where they do harm then, a refusal has prevented it.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { AutoMigration } from "effect-auto-migration"
import * as fc from "fast-check"
import { anyCase, type Case, type Query } from "../arbitraries/Harm.js"
import * as App from "../program/App.js"
import { appliedIds, ask, askWithin } from "../program/Situation.js"
import { ClearedDatabase, layer as layerOfDatabase, type Services } from "../server/ClearedDatabase.js"
import * as ThereBefore from "./ThereBefore.js"
import * as WhatWasThere from "./WhatWasThere.js"

/** What a query has cost, and the case cut down. */
export interface Fault {
  readonly seed: number
  readonly smallest: Case
  readonly losses: ReadonlyArray<string>
}

export interface Report {
  readonly cases: number
  /** Files that a query has applied. */
  readonly applied: number
  readonly refusals: number
  /** Folders that would have done harm, and did not. */
  readonly spared: number
  /** Folders without a harmful statement. */
  readonly harmless: number
  /** Those of which a query was not answered, and why. */
  readonly overcautious: ReadonlyArray<string>
  readonly faults: ReadonlyArray<Fault>
}

interface Outcome {
  readonly applied: number
  readonly refusals: number
  /** Of queries that were not answered. */
  readonly errors: ReadonlyArray<string>
  readonly isSpared: boolean
  readonly losses: ReadonlyArray<string>
}

type Place = Context.Tag.Service<ClearedDatabase>

/** A database that many cases have passed through grows slow. */
const batch = 50

const idOf = (index: number): string => `00${index + 1}_file`

const textOf = (file: ReadonlyArray<string>): string => `${file.join(";\n")};`

const migrationsOf = ({ before, files, told }: Case): Readonly<Record<string, string>> => ({
  ...ThereBefore.baseline(before, told),
  ...Object.fromEntries(files.map((file, index) => [idOf(index), textOf(file)]))
})

interface Answer {
  readonly tag: string
  readonly message: string
}

const answered: Answer = { tag: "", message: "" }

/** A failure is an answer, a defect is none. */
const answerTo = ({ around, text }: Query) =>
  Effect.exit(around === "statement" ? ask(text) : askWithin(text)).pipe(
    Effect.flatMap(
      Exit.matchEffect({
        onFailure: (cause): Effect.Effect<Answer> =>
          Option.match(Cause.failureOption(cause), {
            onNone: () => Effect.failCause(Cause.die(Cause.squash(cause))),
            onSome: ({ _tag, message }) => Effect.succeed({ tag: _tag, message: `${text}: ${_tag}: ${message}` })
          }),
        onSuccess: () => Effect.succeed(answered)
      })
    )
  )

/** As far as the server takes it. */
const byHand = ({ queryAlone }: Place, text: string) =>
  Effect.ignore(Effect.catchAllDefect(queryAlone(text), Effect.fail))

const heal = (place: Place, { before, queries, told }: Case) =>
  Effect.gen(function* () {
    const [known] = Object.keys(ThereBefore.baseline(before, told))
    if (known !== undefined) yield* AutoMigration.baseline([known])
    const answers: Array<Answer> = []
    let there = yield* WhatWasThere.look(place.query)
    const losses: Array<string> = []
    for (const query of queries) {
      const answer = yield* answerTo(query)
      answers.push(answer)
      losses.push(...(yield* WhatWasThere.losses(place.query, there)).map((line) => `${query.text}: ${line}`))
      if (losses.length > 0) break
      if (answer !== answered || query.writes === "") continue
      yield* byHand(place, query.writes)
      there = yield* WhatWasThere.look(place.query)
    }
    const applied = (yield* appliedIds).filter((id) => id !== known)
    return { answers, applied, losses, there }
  })

const run = (one: Case): Effect.Effect<Outcome, never, Services> =>
  Effect.gen(function* () {
    const place = yield* ClearedDatabase
    yield* place.clear
    for (const text of ThereBefore.setup(one.before)) yield* place.query(text)
    const { answers, applied, losses, there } = yield* Effect.provide(
      heal(place, one),
      // What the settings of a database say holds for the sessions that begin after it.
      one.before.includes("path")
        ? Layer.fresh(App.layer({ url: place.url, migrations: migrationsOf(one) }))
        : App.libraryOnConnections({ migrations: migrationsOf(one) })
    )
    if (losses.length === 0) {
      const pending = one.files.filter((_, index) => !applied.includes(idOf(index)))
      for (const file of pending) yield* byHand(place, textOf(file))
    }
    return {
      applied: applied.length,
      refusals: answers.filter(({ tag }) => tag === "MigrationRefused").length,
      errors: answers.filter((answer) => answer !== answered).map(({ message }) => message),
      isSpared: losses.length === 0 && (yield* WhatWasThere.losses(place.query, there)).length > 0,
      losses
    }
  }).pipe(Effect.scoped, Effect.orDie)

/** Cases that are left when one part is taken away, the largest parts first. */
const fewer = (one: Case): ReadonlyArray<Case> => [
  ...one.files.map((_, index) => ({ ...one, files: Arr.remove(one.files, index) })),
  ...one.before.map((name, index) => ({
    ...one,
    before: [...Arr.remove(one.before, index), ...ThereBefore.needs(name)]
  })),
  ...one.queries.map((_, index) => ({ ...one, queries: Arr.remove(one.queries, index) })),
  ...(one.told === "none" ? [] : [{ ...one, told: "none" as const }]),
  ...one.files.flatMap((file, index) =>
    file.map((_, place) => ({
      ...one,
      files: Arr.modify(one.files, index, (statements) => Arr.remove(statements, place))
    }))
  ),
  ...one.queries.flatMap((query, index) =>
    query.writes === "" ? [] : [{ ...one, queries: Arr.modify(one.queries, index, () => ({ ...query, writes: "" })) }]
  )
]

const lossesOf = (one: Case): Effect.Effect<ReadonlyArray<string>, never, Services> =>
  Effect.catchAllDefect(
    Effect.map(run(one), ({ losses }) => losses),
    () => Effect.succeed([])
  )

const cut = (one: Case): Effect.Effect<Case, never, Services> =>
  Effect.gen(function* () {
    for (const smaller of fewer(one)) if ((yield* lossesOf(smaller)).length > 0) return yield* cut(smaller)
    return one
  })

export interface Runs {
  readonly runs: number
  readonly seed: number
  /** Whether the search goes on after a fault, for a list of all. */
  readonly until: "end" | "first fault"
}

const none: Report = { cases: 0, applied: 0, refusals: 0, spared: 0, harmless: 0, overcautious: [], faults: [] }

const added = (report: Report, one: Case, { applied, errors, isSpared, refusals }: Outcome): Report => ({
  ...report,
  cases: report.cases + 1,
  applied: report.applied + applied,
  refusals: report.refusals + refusals,
  spared: report.spared + (isSpared ? 1 : 0),
  harmless: report.harmless + (one.isHarmless ? 1 : 0),
  overcautious: [
    ...report.overcautious,
    ...(one.isHarmless && errors.length > 0 ? [[...asSql(one), ...errors].join("\n")] : [])
  ]
})

const checkBatch = (
  before: Report,
  cases: ReadonlyArray<Case>,
  { seed, until }: Pick<Runs, "seed" | "until">
): Effect.Effect<Report, never, Services> =>
  Effect.gen(function* () {
    let report = before
    for (const one of cases) {
      const outcome = yield* run(one)
      report = added(report, one, outcome)
      if (outcome.losses.length === 0) continue
      const smallest = yield* cut(one)
      const fault = { seed, smallest, losses: yield* lossesOf(smallest) }
      report = { ...report, faults: [...report.faults, fault] }
      if (until === "first fault") break
    }
    return report
  })

/** Runs so many cases; a fault is cut down. The cases of each batch come from a seed and a database of their own. */
export const check = ({ runs, seed, until }: Runs): Effect.Effect<Report> =>
  Effect.gen(function* () {
    let report = none
    for (let done = 0; done < runs; done += batch) {
      const own = seed + done / batch
      const cases = fc.sample(anyCase, { numRuns: Math.min(batch, runs - done), seed: own })
      report = yield* Effect.provide(checkBatch(report, cases, { seed: own, until }), Layer.fresh(layerOfDatabase))
      if (report.faults.length > 0 && until === "first fault") break
    }
    return report
  })

/** A fault as SQL that can be pasted. */
export const told = ({ losses, seed, smallest }: Fault): string =>
  [`UNHARMED_SEED=${seed}`, ...asSql(smallest), "-- and then", ...losses.map((line) => `-- ${line}`)].join("\n")

const asSql = (one: Case): ReadonlyArray<string> => [
  "-- was there before",
  ...ThereBefore.setup(one.before),
  ...Object.entries(migrationsOf(one)).map(
    ([id, text]) => `-- ${id}.sql${id.startsWith("000") ? ", a baseline" : ""}\n${text}`
  ),
  "-- a program asks",
  ...one.queries.map(
    ({ around, text, writes }) => `${text}; -- around the ${around}${writes === "" ? "" : `\n${writes};`}`
  )
]
