/**
 * Processes that wait for one signal and then ask, with many fibers each, for what only the whole ladder gives.
 */
import * as Effect from "effect/Effect"
import * as Fleet from "../../test/support/fleet/Fleet.js"
import { claim } from "./Figure.js"
import * as Ladder from "./Ladder.js"

export interface Course {
  readonly file: string
  /** One for each process. */
  readonly urls: ReadonlyArray<string>
  readonly fibers: number
  /** What each step of the ladder fills its table with. */
  readonly rows: number
  /** `by hand`: all but the first process ask again until what they lack is there, and know nothing of migrations. */
  readonly asking: "protected" | "by hand"
}

export const program = (url: string, rows: number): Fleet.Program => ({
  url,
  migrations: Ladder.migrations(rows),
  maxConnections: 4,
  policy: "default"
})

/** As many start at a time as do not starve each other. */
export const startConcurrency = 3

const allStarted = ({ file, rows, urls }: Course, onAnswer: (answer: ReadonlyArray<unknown>) => void) =>
  Effect.forEach(
    urls,
    (url) =>
      Effect.tap(
        Fleet.start(file, program(url, rows), (_, answer) => onAnswer(answer)),
        ({ ready }) => ready
      ),
    { concurrency: startConcurrency }
  )

/** How many milliseconds it takes from the signal to the last result. */
export const run = (course: Course): Effect.Effect<number> =>
  Effect.gen(function* () {
    let last = 0
    let right = 0
    const fleet = yield* allStarted(course, (answer) => {
      last = performance.now()
      if (Ladder.isAnswer(answer)) right++
    })
    const queries = Array.from({ length: course.fibers }, (_, place) => ({ place, text: Ladder.query }))
    const start = performance.now()
    yield* Effect.forEach(fleet, ({ tell }, place) =>
      tell({ _tag: course.asking === "protected" || place === 0 ? "Query" : "QueryByHand", queries })
    )
    yield* Effect.forEach(fleet, ({ finished }) => finished, { concurrency: "unbounded", discard: true })
    claim("every query got its answer", right === course.urls.length * course.fibers)
    return last - start
  }).pipe(Effect.scoped)
