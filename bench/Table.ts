/**
 * The figures of a run as the table of `docs/why/benchmarks.md`, for people.
 */
import type { Measurement } from "./run.js"

type Benches = Readonly<Record<string, ReadonlyArray<Measurement>>>

const inUnit = (nanoseconds: number): string => {
  if (nanoseconds < 1e3) return `${nanoseconds} ns`
  return nanoseconds < 1e6 ? `${nanoseconds / 1e3} µs` : `${nanoseconds / 1e6} ms`
}

/** The figure that counts, in the unit of the measurement. */
const told = ({ kilobytes, nanoseconds, ratio, roundTrips }: Measurement, figure?: number): string => {
  if (ratio !== undefined) return `${figure ?? ratio} times`
  if (roundTrips !== undefined) return `${figure ?? roundTrips} round trips`
  if (kilobytes !== undefined) return `${figure ?? kilobytes} KB`
  return inUnit(figure ?? nanoseconds ?? Number.NaN)
}

const rowOf = (file: string, one: Measurement): string =>
  `| \`${file}\` | ${one.name} | ${told(one)} | ${one.atMost === undefined ? "" : told(one, one.atMost)} |`

const tableOf = (benches: Benches): string =>
  [
    "| bench | what is measured | figure | limit |",
    "| ----- | ---------------- | ------ | ----- |",
    ...Object.entries(benches).flatMap(([file, measured]) => measured.map((one) => rowOf(file, one)))
  ].join("\n")

/** The page with the figures of a run in the place of the old ones. */
export const renewed = (page: string, benches: Benches): string =>
  page.replace(/(?<=\n## The figures\n\n)(?:\|.*\n)*/, () => `${tableOf(benches)}\n`)
