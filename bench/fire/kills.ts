/**
 * The same cold start while, every 50 ms, one of the processes is killed.
 *
 * Workload: as in coldStart.ts; a process that is killed is replaced by a new one, which asks what the killed one had not
 * answered, until every query of every fiber has its answer. Whom it hits is drawn from all of them: one that has finished, or
 * is not yet connected, gets away. `FIRE_SEED` draws the same again. Nothing is measured: that nothing is lost and nothing
 * done twice is claimed, and that somebody was killed while there was something to lose. By one clock, since all is on one
 * machine: the last migration wrote its event, and had not committed, after the kill.
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Fleet from "../../test/support/fleet/Fleet.js"
import * as Database from "../../test/support/server/Database.js"
import * as EmbeddedServer from "../../test/support/server/EmbeddedServer.js"
import { claim, type Figure } from "./Figure.js"
import * as Ladder from "./Ladder.js"
import * as Race from "./Race.js"

export interface Scale {
  readonly processes: number
  readonly fibers: number
  /** What each step of the ladder fills its table with. */
  readonly rows: number
  /** From one kill to the next. */
  readonly every: Duration.DurationInput
  readonly kills: number
  readonly seed: number
}

export const seed = Number(process.env["FIRE_SEED"] || Date.now() % 1_000_000)

export const scale: Scale = {
  processes: 32,
  fibers: 32,
  rows: 1,
  every: "50 millis",
  kills: Number.POSITIVE_INFINITY,
  seed
}

/** A draw that the seed decides. Source: mulberry32, by Tommy Ettinger. */
const drawsFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export const run = ({ every, fibers, kills, processes, rows, seed }: Scale): Effect.Effect<ReadonlyArray<Figure>> =>
  Effect.gen(function* () {
    const server = yield* EmbeddedServer.make({ settings: { max_connections: "500" } })
    const file = yield* Fleet.build
    const url = yield* Database.fresh(server.url)
    const starts = yield* Effect.makeSemaphore(Race.startConcurrency)
    const signal = yield* Deferred.make<void>()
    const running = new Map<number, Fleet.Process>()
    const draw = drawsFrom(seed)
    let arrived = 0
    let answered = 0
    const killedAt = new Map<Fleet.Process, number>()
    const deaths: Array<number> = []

    const started = (unanswered: Set<number>) =>
      Effect.tap(
        Fleet.start(file, Race.program(url, rows), (place, answer) => {
          if (Ladder.isAnswer(answer) && unanswered.delete(place)) answered++
        }),
        ({ ready }) => ready
      ).pipe(starts.withPermits(1))

    const arrive = Effect.suspend(() =>
      ++arrived === processes ? Deferred.succeed(signal, undefined) : Deferred.await(signal)
    )

    /** Runs one process after the other until everything is answered. */
    const lane = (index: number) => {
      const unanswered = new Set(Array.from({ length: fibers }, (_, place) => place))
      const life = Effect.gen(function* () {
        const process = yield* started(unanswered)
        yield* arrive
        running.set(index, process)
        const queries = [...unanswered].map((place) => ({ place, text: Ladder.query }))
        yield* process.tell({ _tag: "Query", queries })
        yield* Effect.raceFirst(
          process.finished,
          Effect.map(process.gone, () => deaths.push(killedAt.get(process) ?? Number.NaN))
        )
        yield* Effect.sync(() => running.delete(index))
      }).pipe(Effect.scoped)
      return Effect.repeat(life, { until: () => unanswered.size === 0 })
    }

    const killOne = Effect.suspend(() => {
      const victim = running.get(Math.floor(draw() * processes))
      if (victim === undefined || killedAt.size >= kills) return Effect.void
      killedAt.set(victim, Date.now())
      return victim.kill
    })

    const killer = yield* Effect.zipRight(Deferred.await(signal), Effect.forever(Effect.delay(killOne, every))).pipe(
      Effect.fork
    )
    yield* Effect.forEach(Array.from({ length: processes }), (_, index) => lane(index), {
      concurrency: "unbounded",
      discard: true
    })
    yield* Fiber.interrupt(killer)
    yield* Ladder.isClimbedOnce(url, rows)
    const climbedAt = yield* Ladder.climbedAt(url)
    const early = deaths.filter((time) => time < climbedAt).length
    claim("every query got its answer", answered === processes * fibers)
    claim("somebody was killed before the last migration was applied", early > 0)
    return [
      { name: `queries answered, seed ${seed}`, value: answered, unit: "" },
      { name: "  processes killed before they had finished", value: deaths.length, unit: "" },
      { name: "    before the last migration was applied", value: early, unit: "" }
    ] satisfies ReadonlyArray<Figure>
  }).pipe(Effect.scoped, Effect.orDie)
