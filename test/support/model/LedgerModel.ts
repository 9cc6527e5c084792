/**
 * What must become of a database that two programs migrate, and a third one that reads from a replica, as a pure function of
 * what is done to it: which migrations are applied, what each query answers, and which error tells why it does not.
 *
 * A migration makes a table with one row, or adds a column to one; the row's value is the version of the migration's text, so
 * that an answer tells which text was applied.
 */

export type Who = "first" | "second" | "reader"

export interface File {
  readonly id: string
  readonly table: number
  /** 0 is the column that the table is made with. */
  readonly column: number
  /** Of its text: 1, until somebody edits it. */
  readonly version: number
}

export interface State {
  /** The migrations as they are in the repository; a program knows them as they were when it started. */
  readonly files: ReadonlyArray<File>
  readonly known: Readonly<Partial<Record<Who, ReadonlyArray<File>>>>
  /** In the order of their application, with the text that was applied. */
  readonly applied: ReadonlyArray<File>
  readonly mayCreate: boolean
  /** What the replica shows whose replay is paused; one that replays shows what is applied. */
  readonly shown: ReadonlyArray<File> | undefined
  /** The migrations whose events somebody has rewritten. */
  readonly tampered: ReadonlyArray<string>
}

export type Answer =
  | { readonly _tag: "Value"; readonly value: number }
  | { readonly _tag: "Applied"; readonly ids: ReadonlyArray<string> }
  | { readonly _tag: "Error"; readonly tag: string }

export interface Outcome {
  readonly answer: Answer
  readonly state: State
}

export const isApplied = ({ applied }: State, { id }: File): boolean => applied.some((other) => other.id === id)

const error = (state: State, tag: string): Outcome => ({ answer: { _tag: "Error", tag }, state })

/** As much as rights allow: only making a table asks for one that can be taken away. */
export const allowed = ({ mayCreate }: State, pending: ReadonlyArray<File>): ReadonlyArray<File> => {
  const refused = mayCreate ? -1 : pending.findIndex(({ column }) => column === 0)
  return refused === -1 ? pending : pending.slice(0, refused)
}

const apply = (state: State, pending: ReadonlyArray<File>): State & { readonly isComplete: boolean } => {
  const possible = allowed(state, pending)
  return { ...state, applied: [...state.applied, ...possible], isComplete: possible.length === pending.length }
}

/** What a query of that table would have a program apply: all pending writers of the table, since its text is known. */
export const planOf = (state: State, who: Who, table: number): ReadonlyArray<File> =>
  (state.known[who] ?? []).filter((file) => file.table === table && !isApplied(state, file))

export const query = (state: State, who: Who, table: number, column: number): Outcome => {
  const at = (place: number) => (file: File) => file.table === table && file.column === place
  const found = state.applied.find(at(column))
  if (found !== undefined) return { answer: { _tag: "Value", value: found.version }, state }
  const missing = state.applied.some(at(0)) ? column : 0
  const plan = planOf(state, who, table)
  if (!plan.some(at(missing))) return error(state, "SqlError")
  const { isComplete, ...next } = apply(state, plan)
  return isComplete ? query(next, who, table, column) : error(next, "InsufficientPrivilege")
}

/**
 * A query of the reader. Its replica catches up while it waits for that, or does not; whether it has to is what its replica
 * shows, and what it brings on the way it brings to the primary.
 */
export const read = (state: State, table: number, column: number, catchesUp: boolean): Outcome => {
  const at = (place: number) => (file: File) => file.table === table && file.column === place
  const { shown } = state
  if (shown === undefined) return query(state, "reader", table, column)
  const found = shown.find(at(column))
  if (found !== undefined) return { answer: { _tag: "Value", value: found.version }, state }
  const missing = shown.some(at(0)) ? column : 0
  if (!(state.known.reader ?? []).some(at(missing))) return error(state, "SqlError")
  const plan = state.applied.some(at(missing)) ? [] : planOf(state, "reader", table)
  const { isComplete, ...next } = apply(state, plan)
  if (!isComplete) return error(next, "InsufficientPrivilege")
  return catchesUp ? read({ ...next, shown: undefined }, table, column, true) : error(next, "ReplicaBehind")
}

export const migrate = (state: State, who: Who): Outcome => {
  const known = state.known[who] ?? []
  const isEdited = known.some(({ id, version }) =>
    state.applied.some((other) => other.id === id && other.version !== version)
  )
  if (isEdited) return error(state, "ChecksumMismatch")
  const pending = known.filter((file) => !isApplied(state, file))
  const { isComplete, ...next } = apply(state, pending)
  return isComplete
    ? { answer: { _tag: "Applied", ids: pending.map(({ id }) => id) }, state: next }
    : error(next, "InsufficientPrivilege")
}

export const start = (state: State, who: Who): State => ({ ...state, known: { ...state.known, [who]: state.files } })

/** The replay is paused: what is applied from now on the replica does not show. */
export const lag = (state: State): State => ({ ...state, shown: state.applied })

export const catchUp = (state: State): State => ({ ...state, shown: undefined })

/** A crash leaves the beginning of what was under way. */
export const crash = (state: State, who: Who, survived: ReadonlyArray<File>): State => {
  const { [who]: _, ...known } = state.known
  return { ...state, known, applied: [...state.applied, ...survived] }
}

/** The next migration of a table: the table itself, then one column after the other. */
export const add = (state: State, table: number): State => {
  const column = state.files.filter((file) => file.table === table).length
  const id = `${String(state.files.length + 1).padStart(3, "0")}_t${table}_c${column}`
  return { ...state, files: [...state.files, { id, table, column, version: 1 }] }
}

export const edit = (state: State, id: string): State => ({
  ...state,
  files: state.files.map((file) => (file.id === id ? { ...file, version: file.version + 1 } : file))
})

export const tamper = (state: State, id: string): State => ({ ...state, tampered: [...state.tampered, id] })

/** The migration whose event the chain breaks at. */
export const brokenAt = ({ applied, tampered }: State): string | undefined =>
  applied.find(({ id }) => tampered.includes(id))?.id

/** No two tables share one: a column that only some other table could get is tried there, being perhaps behind a function. */
export const nameOf = (table: number, column: number): string => `t${table}_c${column}`

export const textOf = ({ column, table, version }: File): string =>
  column === 0
    ? `CREATE TABLE t${table} (${nameOf(table, column)} integer);\nINSERT INTO t${table} VALUES (${version});`
    : `ALTER TABLE t${table} ADD COLUMN ${nameOf(table, column)} integer DEFAULT ${version};`

const nothing: State = { files: [], known: {}, applied: [], mayCreate: true, shown: undefined, tampered: [] }

/** A release with two tables, of which nothing is applied, before any program has started. */
export const initial: State = [1, 1, 2].reduce(add, nothing)
