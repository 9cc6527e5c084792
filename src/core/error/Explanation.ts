/**
 * What an error explains: the problem, where it stands, the reasons, and what to do. The message of a log and the lines of a
 * terminal are two ways to print it.
 *
 * @internal
 */
import { location } from "../text/Location.js"
import { visibleName } from "../text/Visible.js"

/** A file, and where in it; line and column are 1-based. @since 0.1.0 @category models */
export interface Place {
  readonly file: string
  readonly line?: number | null | undefined
  readonly column?: number | null | undefined
}

/** A statement as people read it, and the place of an error in it. @since 0.1.0 @category models */
export interface Excerpt {
  readonly statement: string
  /** 1-based, in characters. `null` where the server names none. */
  readonly position?: number | null | undefined
}

/** One reason of a problem. @since 0.1.0 @category models */
export interface Reason {
  readonly place?: Place | undefined
  readonly statement?: string | null | undefined
  readonly why: string
}

/** Something to do. @since 0.1.0 @category models */
export interface Remedy {
  /** A sentence without its full stop. */
  readonly say: string
  /** What to paste: a command of a shell, a call of the program, or SQL. */
  readonly run?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Explanation {
  /** A sentence without its full stop. */
  readonly problem: string
  /** The statement of a migration that the error is about. */
  readonly at?: (Place & Partial<Excerpt>) | undefined
  /** The query that needed the migrations. A message leaves it out. */
  readonly query?: Excerpt | undefined
  /** The files that provide what is missing, or remove it. A message leaves them out. */
  readonly files?: { readonly are: "provider" | "remover"; readonly places: ReadonlyArray<Place> } | undefined
  readonly reasons?: ReadonlyArray<Reason>
  /** What was done, or was not: sentences. */
  readonly outcome?: string
  readonly remedies: readonly [Remedy, ...ReadonlyArray<Remedy>]
}

/** An error that explains itself. @since 0.1.0 @category models */
export interface Explained {
  readonly _tag: string
  readonly explanation: Explanation
}

/** A text on one line, with a code for each character that has no shape of its own. @since 0.1.0 @category rendering */
export const singleLine = (text: string): string => visibleName(text.replace(/\s+/g, " ").trim())

/** @since 0.1.0 @category rendering */
export const place = ({ column, file, line }: Place): string =>
  typeof line === "number" ? location(file, line, column ?? undefined) : visibleName(file)

/** A sentence with its full stop. @since 0.1.0 @category rendering */
export const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

const joined = (parts: ReadonlyArray<string | null | undefined>): string =>
  parts.filter((part) => part !== undefined && part !== null && part !== "").join(": ")

/** A reason that begins with its statement. */
const reasonInFull = ({ place: at, statement, why }: Reason): string =>
  joined([at && place(at), statement === null ? undefined : statement, why])

/** A reason whose end may be cut. @since 0.1.0 @category rendering */
export const reasonInBrief = ({ place: at, statement, why }: Reason): string =>
  singleLine(joined([at && place(at), why, statement]))

const remedyInFull = ({ run, say }: Remedy, index: number, { length }: { readonly length: number }): string => {
  if (run === undefined) return singleLine(sentence(say))
  const command = `${singleLine(say)}: ${visibleName(run)}`
  return index === length - 1 ? command : sentence(command)
}

/**
 * The explanation on one line, for logs. It ends with what to do: text behind a command would be copied with it.
 *
 * @since 0.1.0
 * @category rendering
 */
export const message = ({ at, outcome, problem, reasons = [], remedies }: Explanation): string => {
  const told = joined([at && place(at), problem, at?.statement?.replace(/;\s*$/, "")])
  const because = reasons.map(reasonInFull).join("; ")
  const sentences = [sentence(joined([told, because])), ...(outcome === undefined ? [] : [outcome])]
  return [...sentences.map(singleLine), ...remedies.map(remedyInFull)].join(" ")
}
