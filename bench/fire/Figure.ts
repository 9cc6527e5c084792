/**
 * What a bench of this folder reports: a figure with its unit, and its limit where it has one.
 */

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: "" | "x" | "ms" | "%" | "per s"
  readonly atMost?: number
}

export const isOver = ({ atMost, value }: Figure): boolean => atMost !== undefined && !(value <= atMost)

export const line = (figure: Figure): string => {
  const { atMost, name, unit, value } = figure
  const limit = atMost === undefined ? "" : `  ${isOver(figure) ? "OVER THE LIMIT OF" : "at most"} ${atMost}`
  return `  ${name.padEnd(84)} ${`${Number(value.toPrecision(4))} ${unit}`.padStart(14)}${limit}`
}

export const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** What must hold or nothing that was measured means anything. */
export const claim = (what: string, holds: boolean): void => {
  if (!holds) throw new Error(`It does not hold that ${what}.`)
}
