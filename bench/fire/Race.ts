/**
 * Processes that wait for one signal and then ask, with many fibers each, for what only the whole ladder gives.
 */
import * as Effect from "effect/Effect"
import * as Fleet from "../../test/support/Fleet.js"
import { claim } from "./Figure.js"
import * as Ladder from "./Ladder.js"

export interface Course {
  readonly file: string
  readonly url: string
  readonly processes: number
  readonly fibers: number
}

export interface Finish {
  /** From the signal to the last result. */
  readonly milliseconds: number
  /** By process. */
  readonly applied: ReadonlyArray<number>
}

export const program = (url: string): Fleet.Program => ({
  url,
  migrations: Ladder.migrations,
  maxConnections: 4,
  policy: "default"
})

/** As many start at a time as do not starve each other. */
export const startConcurrency = 3

const allStarted = ({ file, processes, url }: Course, onAnswer: (rows: ReadonlyArray<unknown>) => void) =>
  Effect.forEach(
    Array.from({ length: processes }),
    () =>
      Effect.tap(
        Fleet.start(file, program(url), (_, rows) => onAnswer(rows)),
        ({ ready }) => ready
      ),
    { concurrency: startConcurrency }
  )

export const run = (course: Course): Effect.Effect<Finish> =>
  Effect.gen(function* () {
    let last = 0
    let right = 0
    const fleet = yield* allStarted(course, (rows) => {
      last = performance.now()
      if (Ladder.isAnswer(rows)) right++
    })
    const queries = Array.from({ length: course.fibers }, (_, place) => ({ place, text: Ladder.query }))
    const start = performance.now()
    yield* Effect.forEach(fleet, ({ tell }) => tell({ _tag: "Query", queries }))
    const applied = yield* Effect.forEach(fleet, ({ finished }) => finished, { concurrency: "unbounded" })
    claim("every query got its answer", right === course.processes * course.fibers)
    return { milliseconds: last - start, applied }
  }).pipe(Effect.scoped)
