/**
 * The ways in which a message can be read, by the SQLSTATE and the C function of its error: a function raises few messages, so
 * most errors have one reading, in each language and with any names. Without the function, each message of the SQLSTATE is tried.
 *
 * @internal
 */
import * as Option from "effect/Option"
import { append } from "../model/Multimap.js"
import { messageTranslations } from "./MessageTranslations.js"
import { type Finds, type ServerMessage, serverMessages } from "./ServerMessages.js"
import type { Evidence } from "./SqlState.js"
import * as Wording from "./Wording.js"

/**
 * What a message names, if it is read in one way.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reading {
  readonly finds: Finds
  /** In the order of the English message. */
  readonly values: ReadonlyArray<string>
  /** The more of a message is constant, the less of it can be a name by chance. */
  readonly weight: number
}

/** One message in one language. */
interface Translation {
  readonly finds: Finds
  readonly wording: Wording.Wording
}

/** By the first character of a message; those that begin with a place may fit any message. */
interface Index {
  readonly byFirst: ReadonlyMap<number, ReadonlyArray<Translation>>
  readonly others: ReadonlyArray<Translation>
  /** What they name; `undefined` where the C function is not known. */
  readonly raised: ReadonlySet<Finds> | undefined
}

/**
 * All ways to read the message of an error, by all messages that its C function raises with its SQLSTATE.
 *
 * @since 0.1.0
 * @category reading
 */
export const readingsOf = ({ message, routine, sqlState }: Evidence): ReadonlyArray<Reading> => {
  if (!sqlStates.has(sqlState)) return none
  const { byFirst, others } = indexFor(
    sqlState,
    Option.getOrElse(routine, () => "")
  )
  const likely = byFirst.get(message.charCodeAt(0))
  const found: Array<Reading> = []
  if (likely !== undefined) for (const translation of likely) readInto(found, translation, message)
  for (const translation of others) readInto(found, translation, message)
  return found
}

const none: ReadonlyArray<Reading> = []

const readInto = (found: Array<Reading>, { finds, wording }: Translation, message: string): void => {
  for (const values of Wording.readingsOf(wording, message)) found.push({ finds, values, weight: wording.weight })
}

/**
 * What the messages name that the error's C function raises with its SQLSTATE; `undefined` where that is not known.
 *
 * @since 0.1.0
 * @category reading
 */
export const findsOfRoutine = ({ routine, sqlState }: Evidence): ReadonlySet<Finds> | undefined =>
  Option.isNone(routine) || !sqlStates.has(sqlState) ? undefined : indexFor(sqlState, routine.value).raised

const sqlStates: ReadonlySet<string> = new Set(serverMessages.map(({ sqlState }) => sqlState))

/** The formats of each message: the English one, and those of all languages. */
const formats: ReadonlyMap<string, ReadonlyArray<string>> = new Map(
  messageTranslations
    .trim()
    .split("\n")
    .map((line) => line.replaceAll("¶", "\n").split("¦"))
    .map(([format = "", ...others]) => [format, [format, ...others.map((each) => each.slice(each.indexOf(" ") + 1))]])
)

/** A wording once for all messages that are read alike, such as those with a schema and without one. */
const indexOf = (messages: ReadonlyArray<ServerMessage>, raised: ReadonlySet<Finds> | undefined): Index => {
  const byFirst = new Map<number, Array<Translation>>()
  const others: Array<Translation> = []
  const known = new Set<string>()
  for (const { finds, format } of messages) {
    for (const wording of (formats.get(format) ?? []).map(Wording.make)) {
      const identity = JSON.stringify([finds, wording.texts, wording.places])
      if (known.has(identity)) continue
      known.add(identity)
      const first = wording.texts[0]?.charCodeAt(0) ?? Number.NaN
      if (Number.isNaN(first)) others.push({ finds, wording })
      else append(byFirst, first, { finds, wording })
    }
  }
  return { byFirst, others, raised }
}

/** Made when an error first needs them: a program that never fails makes none. */
const indexes = new Map<string, Map<string, Index>>()

/** The messages of a C function with a SQLSTATE; all of the SQLSTATE for a function that is not listed. */
const indexFor = (sqlState: string, routine: string): Index => {
  const ofState = indexes.get(sqlState) ?? new Map<string, Index>()
  const made = ofState.get(routine)
  if (made !== undefined) return made
  const messages = serverMessages.filter((message) => message.sqlState === sqlState)
  const raised = messages.filter(({ routines }) => routines.has(routine))
  if (raised.length === 0 && routine !== "") return indexFor(sqlState, "")
  const index =
    raised.length === 0 ? indexOf(messages, undefined) : indexOf(raised, new Set(raised.map(({ finds }) => finds)))
  indexes.set(sqlState, ofState.set(routine, index))
  return index
}
