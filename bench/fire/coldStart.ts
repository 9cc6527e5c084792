/**
 * Many processes hit an empty database at once, cold.
 *
 * Workload: processes of one program with many fibers each, connected and waiting; at one signal each fiber runs a query that
 * needs ten migrations and, the first time, the ledger. Measured: from the signal to the last result, against the sum of the
 * same run on the schema that is then up to date, by processes as fresh, and of one process's heal of another empty database;
 * rounds of these, and the median of their ratios. The migrations fill tables, so that waiting for them is most of it. With
 * migrations that do next to nothing what is measured is how many failing queries and waiting processes a machine has the
 * processors for, and no program can do much better than one that is written by hand to do nothing but ask again: the same is
 * measured against that. The messages that waiting processes sent are counted in the server's log, in a round of its own that
 * is not measured. That every query got its answer, that each migration was applied once, that one session worked at a time,
 * and that no session is left, is checked outside the measured region.
 */
import * as Effect from "effect/Effect"
import * as Database from "../../test/support/Database.js"
import * as EmbeddedServer from "../../test/support/EmbeddedServer.js"
import * as Fleet from "../../test/support/Fleet.js"
import { type Figure, median } from "./Figure.js"
import * as Ladder from "./Ladder.js"
import * as MessageLog from "./MessageLog.js"
import * as Race from "./Race.js"

export interface Scale {
  readonly processes: number
  readonly fibers: number
  /** With migrations that work. */
  readonly rounds: number
  /** With those that do next to nothing. */
  readonly lightRounds: number
}

interface Round {
  readonly cold: number
  readonly warm: number
  readonly alone: number
}

const against = ({ alone, cold, warm }: Round): number => cold / (warm + alone)

/** What the migrations that do next to nothing, and those that work, fill their tables with. */
const small = 1
const large = 100_000

export const scale: Scale = { processes: 32, fibers: 32, rounds: 5, lightRounds: 3 }

export const run = ({ fibers, lightRounds, processes, rounds }: Scale): Effect.Effect<ReadonlyArray<Figure>> =>
  Effect.gen(function* () {
    let log = ""
    const server = yield* EmbeddedServer.make({
      settings: { ...MessageLog.settings, max_connections: "500" },
      onLog: (text) => {
        log += text
      }
    })
    const file = yield* Fleet.build
    const emptyDatabase = Database.fresh(server.url)

    const race = (url: string, rows: number, asking: Race.Course["asking"] = "protected") =>
      Race.run({ file, url, processes, fibers, rows, asking })
    const milliseconds = Effect.map(({ milliseconds }: Race.Finish) => milliseconds)

    const round = (rows: number): Effect.Effect<Round> =>
      Effect.gen(function* () {
        const url = yield* emptyDatabase
        const cold = yield* milliseconds(race(url, rows))
        yield* Ladder.isClimbedOnce(url, rows)
        const warm = yield* milliseconds(race(url, rows))
        const other = yield* emptyDatabase
        const alone = yield* milliseconds(
          Race.run({ file, url: other, processes: 1, fibers: 1, rows, asking: "protected" })
        )
        return { cold, warm, alone }
      }).pipe(Effect.scoped, Effect.orDie)

    const byHand = Effect.flatMap(emptyDatabase, (url) => milliseconds(race(url, small, "by hand"))).pipe(
      Effect.scoped,
      Effect.orDie
    )

    const counted = Effect.gen(function* () {
      const url = yield* Effect.tap(emptyDatabase, (url) => Database.query(server.url, MessageLog.statements(url)))
      log = ""
      const finish = yield* race(url, small)
      return waitingMessages(MessageLog.messages(log, url), finish)
    }).pipe(Effect.scoped, Effect.orDie)

    const working = yield* Effect.replicateEffect(round(large), rounds)
    const light = yield* Effect.replicateEffect(Effect.zip(round(small), byHand), lightRounds)
    const { mean, most, workers } = yield* counted
    const figure = (name: string, value: number, unit: Figure["unit"] = "ms"): Figure => ({
      name: `  ${name}`,
      value,
      unit
    })
    const times = (rounds: ReadonlyArray<Round>): ReadonlyArray<Figure> => [
      figure("from the signal to the last result, cold", median(rounds.map(({ cold }) => cold))),
      figure("the same on an up-to-date schema", median(rounds.map(({ warm }) => warm))),
      figure("one process's heal alone", median(rounds.map(({ alone }) => alone)))
    ]
    const lightTimes = light.map(([round]) => round)
    return [
      {
        name: `${processes} processes, ${fibers} fibers, cold, against up to date plus one heal alone`,
        value: median(working.map(against)),
        unit: "x",
        atMost: 1.5
      },
      ...times(working),
      {
        name: "the same with migrations that do next to nothing, against asking again by hand",
        value: median(light.map(([{ cold }, byHand]) => cold / byHand)),
        unit: "x",
        atMost: 2
      },
      ...times(lightTimes),
      figure("from the signal to the last result, by hand", median(light.map(([, byHand]) => byHand))),
      figure("cold, against up to date plus one heal alone", median(lightTimes.map(against)), "x"),
      figure(
        "by hand, against up to date plus one heal alone",
        median(light.map(([{ alone, warm }, byHand]) => byHand / (warm + alone))),
        "x"
      ),
      { ...figure("messages of a waiting process, on average", mean, ""), atMost: 10 },
      figure("messages of a waiting session, at most", most, ""),
      figure("processes that applied something", workers, "")
    ] satisfies ReadonlyArray<Figure>
  }).pipe(Effect.scoped, Effect.orDie)

const waitingMessages = (heard: ReturnType<typeof MessageLog.messages>, { applied }: Race.Finish) => {
  const workers = MessageLog.workers(heard)
  const counts = [...MessageLog.countBySession(heard)].flatMap(([session, n]) => (workers.has(session) ? [] : [n]))
  const working = applied.filter((n) => n > 0).length
  return {
    workers: working,
    mean: counts.reduce((sum, n) => sum + n, 0) / Math.max(applied.length - working, 1),
    most: Math.max(0, ...counts)
  }
}
