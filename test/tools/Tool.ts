/**
 * A migration tool as the tests use it, and the migrations that each of them gets: two that it applies itself, and others that are
 * left to the library.
 */
import type { Workshop } from "./Workshop.js"

export interface Step {
  readonly name: string
  readonly up: string
  /** What must never run. */
  readonly down: string
  /** It says that it runs outside a transaction. */
  readonly isOutside?: boolean
}

/** The second one counts how often it has run. */
export const before: ReadonlyArray<Step> = [
  {
    name: "users",
    up: "CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL, credit integer NOT NULL);",
    down: "DROP TABLE users;"
  },
  {
    name: "seed",
    up: "INSERT INTO users (id, name, credit) VALUES (1, 'Ada', 1);\nUPDATE users SET credit = credit * 100;",
    down: "DELETE FROM users;"
  }
]

export const after: ReadonlyArray<Step> = [
  {
    name: "orders",
    up: "CREATE TABLE orders (id integer PRIMARY KEY, user_id integer NOT NULL);",
    down: "DROP TABLE orders;"
  },
  { name: "note", up: "ALTER TABLE orders ADD COLUMN note text;", down: "ALTER TABLE orders DROP COLUMN note;" }
]

/** For tools with a word for it: without that word it would run inside a transaction. */
export const outside: Step = {
  name: "names",
  up: "CREATE INDEX ON users (name);",
  down: "DROP INDEX users_name_idx;",
  isOutside: true
}

/** Databases that a tool may want for itself while it writes a migration. */
export interface Scratch {
  readonly url: string
  readonly shadowUrl: string
  readonly rootUrl: string
}

export interface Tool {
  /** As errors name it. */
  readonly name: string
  /** Its record, as errors name it. */
  readonly table: string
  /** Objects of its own in a database, in lines of a dump. */
  readonly own: RegExp
  /** What the library reads, below the workshop. */
  readonly folder: string
  /** It has a word for migrations that run outside a transaction. */
  readonly hasOutside?: boolean
  readonly prepare?: (workshop: Workshop) => Promise<unknown>
  /** Writes one migration, by the tool's own command where it is at hand. */
  readonly create: (workshop: Workshop, step: Step, scratch: Scratch) => Promise<unknown>
  /** Applies what is written and pending, which are these steps. */
  readonly apply: (workshop: Workshop, url: string, steps: ReadonlyArray<Step>) => Promise<unknown>
  /** Puts files beside the migrations that the tool itself would pass over. */
  readonly litter?: (workshop: Workshop) => void
  /** A recorded file, where the tool keeps a hash of it. */
  readonly hashed?: (workshop: Workshop) => string
}

/** All that the library is left with. */
export const leftBy = ({ hasOutside }: Tool): ReadonlyArray<Step> => (hasOutside === true ? [...after, outside] : after)

/** The one file below a folder whose path contains this text. */
export const fileOf = (workshop: Workshop, folder: string, text: string): string => {
  const found = workshop.files(folder).filter((path) => path.includes(text))
  const [file] = found
  if (file === undefined || found.length > 1) throw new Error(`${found.length} files of ${folder} have ${text}`)
  return file
}
