/**
 * Finds the migration of this program that each row of a tool's table means.
 *
 * @internal
 */

import type { Migration, MigrationId } from "../migration/Migration.js"
import type { Adoption, Entry, Misfit, Witness } from "./Adoption.js"
import { type Content, type Digests, fits } from "./FileHash.js"
import { bare, compareVersions, namesOf, versionOf } from "./FileName.js"
import type { Recorded } from "./Sighting.js"
import type { Tool } from "./Tool.js"

/** A migration and the content of its file; an Effect has none. @since 0.1.0 @category models */
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

/** The migrations that one row means. */
interface Match {
  readonly row: Recorded
  readonly means: ReadonlyArray<Candidate>
  readonly isFailed: boolean
  /** Whether a row without a migration is a misfit. */
  readonly needsFile: boolean
}

/**
 * The migrations that a tool's table records as applied, and the misfits.
 *
 * @since 0.1.0
 * @category operations
 */
export const match = (given: Case): Adoption => {
  const candidates = given.migrations.map((known) => candidateFrom(given, known))
  const matches = matchedByPosition(
    given.tool,
    candidates,
    given.rows.flatMap((row) => matchesOf(given, candidates, row))
  )
  const applied = new Map<Candidate, Recorded>()
  for (const { isFailed, means, row } of matches) {
    const [only, ...others] = means
    if (only !== undefined && !isFailed && others.length === 0 && !applied.has(only)) applied.set(only, row)
  }
  /** The files that the tool knew: files added later are in none of its hashes. */
  const folder = [...applied.keys()].flatMap(({ content }) => (content === undefined ? [] : [content]))
  const entries = withOnlyFirstEdit(
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
      ...entries.filter(({ because }) => because === "edited").map(editMisfit(given)),
      ...matches.flatMap((one) => misfitOf(given, one, applied)),
      ...notRecorded(given, candidates, applied, matches)
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

/** Makes one name of `0001_users` and `1_users`. */
const withoutZeros = (name: string): string => name.replace(/^0+(?=\d)/, "")

/** The match of a row; for a row that stands for all migrations before it, one more match for each of these. */
const matchesOf = (given: Case, candidates: ReadonlyArray<Candidate>, row: Recorded): ReadonlyArray<Match> => {
  const { tool } = given
  const own = nearest(
    given,
    candidates.filter((candidate) => isMeant(tool, candidate, row)),
    row
  )
  const isFailed = row.state === "failed" || row.state === "unfinished"
  const one: Match = { row, means: own, isFailed, needsFile: row.state !== "baseline" }
  if (row.state === "applied" || row.state === "failed") return [one]
  const upTo = versionOf(tool.naming, row.name ?? "")
  const before = candidates.filter(
    ({ version }) => version !== undefined && upTo !== undefined && compareVersions(version, upTo) < 0
  )
  return [...before.map((one): Match => ({ row, means: [one], isFailed: false, needsFile: true })), one]
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
 * Chooses between several migrations of one recorded name: the one with the recorded hash, else those with exactly that name. Sqitch
 * keeps the old script of a reworked change as `users@v1.0.sql`, and records both scripts under one name.
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
 * Matches rows that have neither a name nor a known hash by their position: the file of the row was edited, and it is the file at the
 * same position, if no other row means that file.
 */
const matchedByPosition = (
  { naming }: Tool,
  candidates: ReadonlyArray<Candidate>,
  matches: ReadonlyArray<Match>
): ReadonlyArray<Match> => {
  if (naming !== "hash") return matches
  const meant = new Set(matches.flatMap(({ means }) => means))
  return matches.map((one, place) => {
    const inPlace = candidates[place]
    const isFree = one.means.length === 0 && one.row.name === null
    return isFree && inPlace !== undefined && !meant.has(inPlace) ? { ...one, means: [inPlace] } : one
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

/** Keeps only the first edit if a hash includes the files before it: the hashes of all later files then differ as well. */
const withOnlyFirstEdit = ({ keeping }: Tool, entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  const first = keeping === "atlas" ? entries.findIndex(({ because }) => because === "edited") : -1
  return first < 0
    ? entries
    : entries.map((entry, place) => (place > first ? { ...entry, because: "recorded" as const } : entry))
}

const editMisfit =
  ({ tool }: Case) =>
  ({ migration, recordedAs }: Entry): Misfit => ({
    kind: "edited",
    ids: [migration.id],
    text: `${migration.source} was edited after ${tool.name} had applied it as ${recordedAs}`
  })

const misfitOf = (
  { tool }: Case,
  { isFailed, means, needsFile, row }: Match,
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

/** Misfits for files without a record that come before the last recorded one. */
const notRecorded = (
  { isInLedger, tool }: Case,
  candidates: ReadonlyArray<Candidate>,
  applied: ReadonlyMap<Candidate, Recorded>,
  matches: ReadonlyArray<Match>
): ReadonlyArray<Misfit> => {
  const isRun = ({ version }: Candidate): boolean =>
    tool.naming === "name" || tool.naming === "hash" || version !== undefined
  const ran = candidates.filter(isRun)
  const last = ran.findLastIndex((candidate) => applied.has(candidate))
  const named = new Set(matches.flatMap(({ means }) => means))
  return ran
    .slice(0, Math.max(last, 0))
    .filter((candidate) => !applied.has(candidate) && !named.has(candidate) && !isInLedger(candidate.migration.id))
    .map(({ migration }) => ({
      kind: "not-recorded",
      ids: [migration.id],
      text: `${migration.source} comes before what ${tool.name} records, and is not recorded itself`
    }))
}
