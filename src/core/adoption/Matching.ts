/**
 * Which migration of this program each row of a tool's table means.
 *
 * @internal
 */

import type { Migration, MigrationId } from "../migration/Migration.js"
import type { Adoption, Entry, Misfit, Witness } from "./Adoption.js"
import { type Content, type Digests, fits } from "./FileHash.js"
import { bare, compareVersions, namesOf, versionOf } from "./FileName.js"
import type { Recorded } from "./Sighting.js"
import type { Tool } from "./Tool.js"

/** A migration and its file; an Effect has none. @since 0.1.0 @category models */
export interface Known {
  readonly migration: Migration
  readonly content: Content | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Case {
  readonly tool: Tool
  readonly witness: Witness
  readonly rows: ReadonlyArray<Recorded>
  /** In the graph's order. */
  readonly migrations: ReadonlyArray<Known>
  readonly isInLedger: (id: MigrationId) => boolean
  readonly digests: Digests
}

interface Candidate extends Known {
  readonly names: ReadonlySet<string>
  readonly version: string | undefined
  readonly hash: string | undefined
}

/** What one row leads to. */
interface Reading {
  readonly row: Recorded
  readonly means: ReadonlyArray<Candidate>
  /** Of `means`, or of others that a version stands for. */
  readonly isFailed: boolean
  readonly needsFile: boolean
}

/**
 * The migrations that a tool's table records as applied, and what does not fit.
 *
 * @since 0.1.0
 * @category operations
 */
export const match = (given: Case): Adoption => {
  const candidates = given.migrations.map((known) => candidateFrom(given, known))
  const readings = withPlaces(
    given.tool,
    candidates,
    given.rows.flatMap((row) => readingsOf(given, candidates, row))
  )
  const applied = new Map<Candidate, Recorded>()
  for (const { isFailed, means, row } of readings) {
    const [only, ...others] = means
    if (only !== undefined && !isFailed && others.length === 0 && !applied.has(only)) applied.set(only, row)
  }
  /** What the tool had before it: a file that has been added since counts in no hash. */
  const folder = [...applied.keys()].flatMap(({ content }) => (content === undefined ? [] : [content]))
  const entries = withFirstEditOf(
    given.tool,
    candidates.flatMap((candidate): ReadonlyArray<Entry> => {
      const row = applied.get(candidate)
      return row === undefined || given.isInLedger(candidate.migration.id)
        ? []
        : [entryFrom(given, candidate, row, folder)]
    })
  )
  return {
    witness: given.witness,
    entries,
    untold: [],
    misfits: [
      ...entries.filter(({ because }) => because === "edited").map(edited(given)),
      ...readings.flatMap((reading) => misfitOf(given, reading, applied)),
      ...passedOver(given, candidates, applied, readings)
    ]
  }
}

const candidateFrom = ({ digests, tool }: Case, { content, migration }: Known): Candidate => {
  const names = namesOf(migration)
  return {
    migration,
    content,
    names: new Set(names.map(withoutZeros)),
    version: names.map((name) => versionOf(tool.naming, name)).find((version) => version !== undefined),
    hash: tool.naming === "hash" && content !== undefined ? digests("sha256", content.bytes, "hex") : undefined
  }
}

/** `0001_users` and `1_users` are one name. */
const withoutZeros = (name: string): string => name.replace(/^0+(?=\d)/, "")

/** A row that stands for all before it leads to each of them. */
const readingsOf = (given: Case, candidates: ReadonlyArray<Candidate>, row: Recorded): ReadonlyArray<Reading> => {
  const { tool } = given
  const own = nearest(
    given,
    candidates.filter((candidate) => isMeant(tool, candidate, row)),
    row
  )
  const isFailed = row.state === "failed" || row.state === "unfinished"
  const reading: Reading = { row, means: own, isFailed, needsFile: row.state !== "baseline" }
  if (row.state === "applied" || row.state === "failed") return [reading]
  const upTo = versionOf(tool.naming, row.name ?? "")
  const before = candidates.filter(
    ({ version }) => version !== undefined && upTo !== undefined && compareVersions(version, upTo) < 0
  )
  return [...before.map((one): Reading => ({ row, means: [one], isFailed: false, needsFile: true })), reading]
}

const isMeant = (tool: Tool, candidate: Candidate, { hash, name }: Recorded): boolean => {
  if (tool.naming === "hash" && candidate.hash !== undefined && candidate.hash === hash) return true
  if (name === null) return false
  const own = bare(name)
  if (tool.naming === "name" || tool.naming === "hash") {
    return [...candidate.names].some((one) => one === withoutZeros(own) || one.startsWith(`${own}@`))
  }
  const version = versionOf(tool.naming, own)
  return version === undefined ? candidate.names.has(withoutZeros(own)) : candidate.version === version
}

/**
 * Sqitch keeps the old text of a change that was reworked as `users@v1.0.sql`, and records both texts by one name: the hash tells
 * which is meant, and else the plain name is.
 */
const nearest = (given: Case, means: ReadonlyArray<Candidate>, row: Recorded): ReadonlyArray<Candidate> => {
  if (means.length < 2) return means
  const { digests, tool } = given
  const byHash = means.filter(
    ({ content }) =>
      row.hash !== null && content !== undefined && fits(digests, tool.keeping, content, row.hash, []) === true
  )
  if (byHash.length === 1) return byHash
  const plain = means.filter(({ names }) => row.name !== null && names.has(withoutZeros(bare(row.name))))
  return plain.length === 0 ? means : plain
}

/**
 * A tool that records no names tells of an edited file only that its hash is not there: the file in the row's place is the one, if
 * no other row means it.
 */
const withPlaces = (
  { naming }: Tool,
  candidates: ReadonlyArray<Candidate>,
  readings: ReadonlyArray<Reading>
): ReadonlyArray<Reading> => {
  if (naming !== "hash") return readings
  const meant = new Set(readings.flatMap(({ means }) => means))
  return readings.map((reading, place) => {
    const inPlace = candidates[place]
    const isFree = reading.means.length === 0 && reading.row.name === null
    return isFree && inPlace !== undefined && !meant.has(inPlace) ? { ...reading, means: [inPlace] } : reading
  })
}

const nameOf = ({ hash, name }: Recorded): string => name ?? `the file of hash ${(hash ?? "").slice(0, 12)}`

const entryFrom = (
  { digests, tool }: Case,
  { content, migration }: Candidate,
  row: Recorded,
  folder: ReadonlyArray<Content>
): Entry => {
  const isSame =
    row.hash === null || content === undefined || row.state === "below" || row.state === "baseline"
      ? undefined
      : fits(digests, tool.keeping, content, row.hash, folder)
  return {
    migration,
    recordedAs: nameOf(row),
    recordedAt: row.at,
    because: isSame === undefined ? "recorded" : isSame ? "same" : "edited"
  }
}

/** A hash that includes the files before tells nothing about those after the first that was edited. */
const withFirstEditOf = ({ keeping }: Tool, entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  const first = keeping === "atlas" ? entries.findIndex(({ because }) => because === "edited") : -1
  return first < 0
    ? entries
    : entries.map((entry, place) => (place > first ? { ...entry, because: "recorded" as const } : entry))
}

const edited =
  ({ tool }: Case) =>
  ({ migration, recordedAs }: Entry): Misfit => ({
    kind: "edited",
    ids: [migration.id],
    text: `${migration.source} was edited after ${tool.name} had applied it as ${recordedAs}`
  })

const misfitOf = (
  { tool }: Case,
  { isFailed, means, needsFile, row }: Reading,
  applied: ReadonlyMap<Candidate, Recorded>
): ReadonlyArray<Misfit> => {
  const ids = means.map(({ migration }) => migration.id)
  const files = means.map(({ migration }) => migration.source).join(", ")
  if (isFailed) {
    return means.some((candidate) => applied.has(candidate))
      ? []
      : [{ kind: "failed", ids, text: `${tool.name} records ${nameOf(row)} as failed or half-done` }]
  }
  if (means.length > 1) return [{ kind: "unclear", ids, text: `${nameOf(row)} may mean each of ${files}` }]
  return means.length === 0 && needsFile
    ? [{ kind: "without-file", ids, text: `${tool.name} records ${nameOf(row)}, and there is no such file` }]
    : []
}

/** Files that the tool would have run before the last one that it records. */
const passedOver = (
  { isInLedger, tool }: Case,
  candidates: ReadonlyArray<Candidate>,
  applied: ReadonlyMap<Candidate, Recorded>,
  readings: ReadonlyArray<Reading>
): ReadonlyArray<Misfit> => {
  const isRun = ({ version }: Candidate): boolean =>
    tool.naming === "name" || tool.naming === "hash" || version !== undefined
  const ran = candidates.filter(isRun)
  const last = ran.findLastIndex((candidate) => applied.has(candidate))
  const named = new Set(readings.flatMap(({ means }) => means))
  return ran
    .slice(0, Math.max(last, 0))
    .filter((candidate) => !applied.has(candidate) && !named.has(candidate) && !isInLedger(candidate.migration.id))
    .map(({ migration }) => ({
      kind: "not-recorded",
      ids: [migration.id],
      text: `${migration.source} comes before what ${tool.name} records, and is not recorded itself`
    }))
}
