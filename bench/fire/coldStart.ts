/**
 * Many processes hit an empty database at once, cold.
 *
 * Workload: processes of one program with many fibers each, connected and waiting; at one signal each fiber runs a query that
 * needs ten migrations and, the first time, the ledger. Measured: from the signal to the last result, against the sum of the
 * same run on the schema that is then up to date, by processes as fresh, and of one process's heal of another empty database;
 * rounds of these, and the median of their ratios. Beside it stands the up-to-date run with twice the queries, since in a cold
 * start each query is asked twice. The messages that waiting processes sent are counted in the server's log, in a round of
 * its own that is not measured. That every query got its answer, that each migration was applied once, that one session worked
 * at a time, and that no session is left, is checked outside the measured region.
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
  readonly rounds: number
}

interface Round {
  readonly cold: number
  readonly warm: number
  readonly twice: number
  readonly alone: number
}

export const scale: Scale = { processes: 32, fibers: 32, rounds: 3 }

export const run = ({ fibers, processes, rounds }: Scale): Effect.Effect<ReadonlyArray<Figure>> =>
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

    const round: Effect.Effect<Round> = Effect.gen(function* () {
      const url = yield* emptyDatabase
      const cold = yield* Race.run({ file, url, processes, fibers })
      yield* Ladder.isClimbedOnce(url)
      const warm = yield* Race.run({ file, url, processes, fibers })
      const twice = yield* Race.run({ file, url, processes, fibers: 2 * fibers })
      const alone = yield* Race.run({ file, url: yield* emptyDatabase, processes: 1, fibers: 1 })
      return {
        cold: cold.milliseconds,
        warm: warm.milliseconds,
        twice: twice.milliseconds,
        alone: alone.milliseconds
      }
    }).pipe(Effect.scoped, Effect.orDie)

    const counted = Effect.gen(function* () {
      const url = yield* Effect.tap(emptyDatabase, (url) => Database.query(server.url, MessageLog.statements(url)))
      log = ""
      const finish = yield* Race.run({ file, url, processes, fibers })
      return waitingMessages(MessageLog.messages(log, url), finish)
    }).pipe(Effect.scoped, Effect.orDie)

    const measured = yield* Effect.replicateEffect(round, rounds)
    const { mean, most, working } = yield* counted
    const of = (figure: (round: Round) => number): number => median(measured.map(figure))
    return [
      {
        name: `${processes} processes, ${fibers} fibers, cold, against up to date plus one heal alone`,
        value: of(({ alone, cold, warm }) => cold / (warm + alone)),
        unit: "x",
        atMost: 1.5
      },
      { name: "  from the signal to the last result, cold", value: of(({ cold }) => cold), unit: "ms" },
      { name: "  the same on an up-to-date schema", value: of(({ warm }) => warm), unit: "ms" },
      { name: "  the same with twice the queries", value: of(({ twice }) => twice), unit: "ms" },
      { name: "  one process's heal alone", value: of(({ alone }) => alone), unit: "ms" },
      { name: "  messages of a waiting process, on average", value: mean, unit: "" },
      { name: "  messages of a waiting session, at most", value: most, unit: "" },
      { name: "  processes that applied something", value: working, unit: "" }
    ] satisfies ReadonlyArray<Figure>
  }).pipe(Effect.scoped, Effect.orDie)

const waitingMessages = (heard: ReturnType<typeof MessageLog.messages>, { applied }: Race.Finish) => {
  const workers = MessageLog.workers(heard)
  const counts = [...MessageLog.countBySession(heard)].flatMap(([session, n]) => (workers.has(session) ? [] : [n]))
  const working = applied.filter((n) => n > 0).length
  return {
    working,
    mean: counts.reduce((sum, n) => sum + n, 0) / Math.max(applied.length - working, 1),
    most: Math.max(0, ...counts)
  }
}
