/**
 * Many processes hit an empty database at once, cold.
 *
 * Workload: processes of one program with many fibers each, connected and waiting; at one signal each fiber runs a query that
 * needs ten migrations and the ledger. Measured: from the signal to the last result, against a program that one process migrates
 * while the others ask again by hand until their query succeeds; rounds of these, and the median of their ratios. The migrations
 * of one series fill tables, so that waiting for them is most of it; those of the other do next to nothing. The messages that
 * waiting processes sent are counted in the server's log, in a round of its own that is not measured and in which each process
 * has a user. The bench checks outside the measured region that every query got its answer, that each migration was applied once,
 * that one session worked at a time, and that no session is left.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Fleet from "../../test/support/fleet/Fleet.js"
import * as Database from "../../test/support/server/Database.js"
import * as EmbeddedServer from "../../test/support/server/EmbeddedServer.js"
import * as Role from "../../test/support/server/Role.js"
import { claim, type Figure, median } from "./Figure.js"
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
  /** What the migrations that work fill their tables with. */
  readonly rows: number
}

interface Round {
  readonly cold: number
  readonly byHand: number
}

/** What the migrations that do next to nothing fill their tables with. */
const small = 1

export const scale: Scale = { processes: 32, fibers: 32, rounds: 5, lightRounds: 3, rows: 100_000 }

export const run = ({ fibers, lightRounds, processes, rounds, rows }: Scale): Effect.Effect<ReadonlyArray<Figure>> =>
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

    const race = (urls: ReadonlyArray<string>, rows: number, asking: Race.Course["asking"] = "protected") =>
      Race.run({ file, urls, fibers, rows, asking })
    const ofAll = (url: string): ReadonlyArray<string> => Arr.replicate(url, processes)

    const round = (rows: number): Effect.Effect<Round> =>
      Effect.gen(function* () {
        const url = yield* emptyDatabase
        const cold = yield* race(ofAll(url), rows)
        yield* Ladder.isClimbedOnce(url, rows)
        const byHand = yield* race(ofAll(yield* emptyDatabase), rows, "by hand")
        return { cold, byHand }
      }).pipe(Effect.scoped, Effect.orDie)

    const counted = Effect.gen(function* () {
      const url = yield* Effect.tap(emptyDatabase, (url) => Database.query(server.url, MessageLog.statements(url)))
      const urls = yield* Effect.forEach(ofAll(url), userOfProcess)
      log = ""
      const took = yield* race(urls, small)
      return { took, ...waitingMessages(MessageLog.messages(log, url)) }
    }).pipe(Effect.scoped, Effect.orDie)

    const working = yield* Effect.replicateEffect(round(rows), rounds)
    const light = yield* Effect.replicateEffect(round(small), lightRounds)
    const { mean, most, took, workers } = yield* counted
    const figure = (name: string, value: number, unit: Figure["unit"] = "ms"): Figure => ({
      name: `  ${name}`,
      value,
      unit
    })
    const figuresOf = (what: string, rounds: ReadonlyArray<Round>): ReadonlyArray<Figure> => [
      {
        name: `${processes} processes, ${fibers} fibers, ${what}, against asking again by hand`,
        value: median(rounds.map(({ byHand, cold }) => cold / byHand)),
        unit: "x",
        atMost: 2
      },
      figure("from the signal to the last result", median(rounds.map(({ cold }) => cold))),
      figure("the same, asking again by hand", median(rounds.map(({ byHand }) => byHand)))
    ]
    return [
      ...figuresOf("migrations that fill tables", working),
      ...figuresOf("migrations that do next to nothing", light),
      figure("messages of a waiting process, on average", mean, ""),
      figure("messages of a waiting process, at most", most, ""),
      figure("processes that applied something", workers, ""),
      figure("the round in which messages are counted", took)
    ] satisfies ReadonlyArray<Figure>
  }).pipe(Effect.scoped, Effect.orDie)

/** One process goes on with what another has begun, whose objects belong to another user: each may do everything. */
const userOfProcess = (url: string, place: number) =>
  Effect.tap(Role.role(url, `process_${place}`), ({ name }) =>
    Database.query(url, `ALTER ROLE ${name} SUPERUSER`)
  ).pipe(Effect.map(({ url }) => url))

const waitingMessages = (heard: ReturnType<typeof MessageLog.messages>) => {
  const workers = MessageLog.workers(heard)
  claim("somebody was heard to work", workers.size > 0)
  const counts = [...MessageLog.countByUser(heard)].flatMap(([user, n]) => (workers.has(user) ? [] : [n]))
  return {
    workers: workers.size,
    mean: counts.reduce((sum, n) => sum + n, 0) / Math.max(counts.length, 1),
    most: Math.max(0, ...counts)
  }
}
