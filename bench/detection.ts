/**
 * What detection costs on the failure path.
 *
 * Workload: errors of the shape that node-postgres and `SqlClient` make, each object new, each claimed error with a name of
 * its own; and values that are none of ours. Measured: one call of `Detector.detect`, as the median over batches. What the
 * calls answer is checked before and after the measured region, over the very values that are measured.
 */
import { pathToFileURL } from "node:url"
import { SqlError } from "@effect/sql/SqlError"
import * as Option from "effect/Option"
import * as Detector from "../src/core/detect/Detector.js"
import * as SchemaObject from "../src/core/model/SchemaObject.js"

/** @since 0.1.0 @category models */
export interface Measurement {
  readonly name: string
  /** Median of one call. */
  readonly nanoseconds: number
  readonly atMost: number
}

interface Workload {
  readonly name: string
  /** Nanoseconds. */
  readonly atMost: number
  /** The `n`th value, new every time. */
  readonly make: (n: number) => { readonly error: unknown; readonly statement?: string }
  /** What `detect` must answer for the `n`th value, rendered; none where it is not ours. */
  readonly expected: (n: number) => Option.Option<string>
}

const batchSize = 64
const batches = 1000
const warmUp = 400

/** The C function that raises an error with this SQLSTATE, as the server says. */
const routines: Readonly<Record<string, string>> = {
  "22P02": "enum_in",
  "23505": "_bt_check_unique",
  "42703": "errorMissingColumn",
  "42883": "ParseFuncOrColumn",
  "42P01": "parserOpenTable"
}

const driverError = (code: string, message: string, position?: number) =>
  Object.assign(new Error(message), {
    severity: "ERROR",
    code,
    length: 108,
    position: position === undefined ? undefined : String(position),
    file: "parse_relation.c",
    line: "1449",
    routine: routines[code]
  })

const sqlError = (code: string, message: string, position?: number) =>
  new SqlError({ cause: driverError(code, message, position), message: "Failed to execute statement" })

const claimed = (
  name: string,
  code: string,
  message: (n: number) => string,
  expected: (n: number) => string,
  statement?: (n: number) => string
): Workload => ({
  name,
  atMost: 2_000,
  make: (n) => {
    const text = statement?.(n)
    return text === undefined
      ? { error: sqlError(code, message(n), 15) }
      : { error: sqlError(code, message(n), 15), statement: text }
  },
  expected: (n) => Option.some(expected(n))
})

const foreign = (name: string, make: (n: number) => unknown): Workload => ({
  name,
  atMost: 200,
  make: (n) => ({ error: make(n) }),
  expected: () => Option.none()
})

const workloads: ReadonlyArray<Workload> = [
  claimed(
    "fresh error: relation",
    "42P01",
    (n) => `relation "app.t${n}" does not exist`,
    (n) => `relation app.t${n}`
  ),
  claimed(
    "fresh error: relation, with the statement's text",
    "42P01",
    (n) => `relation "app.T${n}" does not exist`,
    (n) => `relation app."T${n}"`,
    (n) => `SELECT * FROM App."T${n}" AS t WHERE id = $1`
  ),
  claimed(
    "fresh error: column of an alias",
    "42703",
    (n) => `column u.c${n} does not exist`,
    (n) => `column c${n}`
  ),
  claimed(
    "fresh error: function",
    "42883",
    (n) => `function app.f${n}(integer, text[]) does not exist`,
    (n) => `function app.f${n}(integer, text[])`
  ),
  claimed(
    "fresh error: enum value",
    "22P02",
    (n) => `invalid input value for enum mood: "m${n}"`,
    (n) => `value "m${n}" of enum mood`
  ),
  claimed(
    "fresh error: relation, in Chinese",
    "42P01",
    (n) => `关系 "t${n}" 不存在`,
    (n) => `relation t${n}`
  ),
  foreign("anything else: unique violation", (n) =>
    sqlError("23505", `duplicate key value violates unique constraint "users_email_key${n}"`)
  ),
  foreign("anything else: Error", (n) => new Error(`no such user ${n}`)),
  foreign("anything else: tagged error with a cause", (n) => ({ _tag: "NotFound", cause: new Error(String(n)) })),
  foreign("anything else: string", (n) => `no such user ${n}`)
]

const describeGap = (gap: Detector.SchemaGap): string =>
  gap._tag === "MissingObject" ? SchemaObject.render(gap.object) : gap._tag

const verify = ({ expected, name }: Workload, n: number, answer: Option.Option<Detector.SchemaGap>): void => {
  const found = Option.getOrElse(Option.map(answer, describeGap), () => "nothing")
  const wanted = Option.getOrElse(expected(n), () => "nothing")
  if (found !== wanted) throw new Error(`${name}: detected ${found} instead of ${wanted}`)
}

/** Nanoseconds for one call, as the mean over one batch of new values. */
const measureBatch = (workload: Workload, batch: number): number => {
  const values = Array.from({ length: batchSize }, (_, i) => workload.make(batch * batchSize + i))
  const answers: Array<Option.Option<Detector.SchemaGap>> = new Array(batchSize)
  const start = process.hrtime.bigint()
  for (let i = 0; i < batchSize; i++) {
    const value = values[i]
    answers[i] = Detector.detect(value?.error, value?.statement)
  }
  const elapsed = Number(process.hrtime.bigint() - start)
  answers.forEach((answer, i) => {
    verify(workload, batch * batchSize + i, answer)
  })
  return elapsed / batchSize
}

const measure = (workload: Workload): Measurement => {
  for (let batch = 0; batch < warmUp; batch++) measureBatch(workload, batch)
  const samples = Array.from({ length: batches }, (_, batch) => measureBatch(workload, warmUp + batch))
  samples.sort((a, b) => a - b)
  return { name: workload.name, nanoseconds: samples[batches / 2] ?? Number.NaN, atMost: workload.atMost }
}

/**
 * Runs every workload; rejects when one of them gets a wrong answer.
 *
 * @since 0.1.0
 * @category running
 */
export const run = async (): Promise<ReadonlyArray<Measurement>> => workloads.map(measure)

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { name, nanoseconds } of await run()) {
    process.stdout.write(`${nanoseconds.toFixed(0).padStart(8)} ns  ${name}\n`)
  }
}
