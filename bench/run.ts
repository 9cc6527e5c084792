/**
 * `npm run bench`: runs every module of this folder that exports `run`, prints what was measured next to its baseline and its
 * limit, and writes `bench/results.json` and the table of `docs/why/benchmarks.md`. It ends with an error when a limit is not kept. `npm run bench -- healing` runs one
 * of them and writes nothing.
 *
 * The baseline is what `results.json` says before the run. Ratios are measured in one run and compare across machines;
 * nanoseconds compare on one machine only.
 */
import * as fs from "node:fs"
import * as Schema from "effect/Schema"
import * as Table from "./Table.js"

/** What a bench reports. One of the four figures is the one that counts; `atMost` is its limit. */
const Measurement = Schema.Struct({
  name: Schema.String,
  /** Against the alternative that the name mentions, in the same run. */
  ratio: Schema.optional(Schema.Number),
  /** Messages to the server and back. */
  roundTrips: Schema.optional(Schema.Number),
  /** Median of one call. */
  nanoseconds: Schema.optional(Schema.Number),
  /** Memory of one of the things that the name counts. */
  kilobytes: Schema.optional(Schema.Number),
  atMost: Schema.optional(Schema.Number)
})

export type Measurement = typeof Measurement.Type

const Bench = Schema.Struct({
  run: Schema.declare((value): value is () => Promise<unknown> => typeof value === "function")
})

const Results = Schema.parseJson(
  Schema.Struct({
    node: Schema.String,
    benches: Schema.Record({ key: Schema.String, value: Schema.Array(Measurement) })
  }),
  { space: 2 }
)

const here = new URL(".", import.meta.url)
const resultsFile = new URL("results.json", here)
const page = new URL("../docs/why/benchmarks.md", here)

const baseline = (): ReadonlyMap<string, Measurement> => {
  if (!fs.existsSync(resultsFile)) return new Map()
  const { benches } = Schema.decodeUnknownSync(Results)(fs.readFileSync(resultsFile, "utf8"))
  return new Map(
    Object.entries(benches).flatMap(([bench, measured]) =>
      measured.map((one) => [`${bench}: ${one.name}`, one] as const)
    )
  )
}

const runAll = async (): Promise<Readonly<Record<string, ReadonlyArray<Measurement>>>> => {
  const results: Record<string, ReadonlyArray<Measurement>> = {}
  for (const file of fs.readdirSync(here).sort()) {
    const isChosen = chosen.length === 0 || chosen.includes(file.slice(0, -".ts".length))
    if (!file.endsWith(".ts") || ["run.ts", "Table.ts"].includes(file) || !isChosen) continue
    const module: unknown = await import(new URL(file, here).href)
    if (!Schema.is(Bench)(module)) continue
    console.log(`\n${file}`)
    const measured = Schema.decodeUnknownSync(Schema.Array(Measurement))(await module.run()).map(rounded)
    measured.forEach((one) => {
      console.log(line(one, before.get(`${file}: ${one.name}`)))
    })
    results[file] = measured
  }
  return results
}

/** Three digits say more than the noise does. */
const rounded = (one: Measurement): Measurement => ({
  ...one,
  ...(one.ratio === undefined ? {} : { ratio: Number(one.ratio.toPrecision(3)) }),
  ...(one.nanoseconds === undefined ? {} : { nanoseconds: Number(one.nanoseconds.toPrecision(3)) }),
  ...(one.kilobytes === undefined ? {} : { kilobytes: Number(one.kilobytes.toPrecision(3)) })
})

const figure = ({ kilobytes, nanoseconds, ratio, roundTrips }: Measurement): number =>
  ratio ?? roundTrips ?? kilobytes ?? nanoseconds ?? Number.NaN

const shown = (one: Measurement): string => {
  if (one.ratio !== undefined) return `${one.ratio.toFixed(3)} x`
  if (one.roundTrips !== undefined) return `${one.roundTrips} round trips`
  if (one.kilobytes !== undefined) return `${one.kilobytes} KB`
  return `${one.nanoseconds ?? Number.NaN} ns`
}

const isOver = (one: Measurement): boolean => one.atMost !== undefined && !(figure(one) <= one.atMost)

const line = (one: Measurement, earlier: Measurement | undefined): string => {
  const limit = one.atMost === undefined ? "" : `  ${isOver(one) ? "OVER THE LIMIT OF" : "at most"} ${one.atMost}`
  const compared = earlier === undefined ? "" : `was ${shown(earlier)}`
  return `  ${one.name.padEnd(72)} ${shown(one).padStart(16)}  ${compared.padEnd(20)}${limit}`
}

const chosen = process.argv.slice(2)
const before = baseline()
const benches = await runAll()
if (chosen.length === 0) {
  fs.writeFileSync(resultsFile, `${Schema.encodeSync(Results)({ node: process.version, benches })}\n`)
  fs.writeFileSync(page, Table.renewed(fs.readFileSync(page, "utf8"), benches))
}
if (Object.values(benches).flat().some(isOver)) {
  console.error("\nA limit is not kept.")
  process.exitCode = 1
}
