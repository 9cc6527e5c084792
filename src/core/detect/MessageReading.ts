/**
 * The ways in which a message can be read, by the SQLSTATE and the C function of its error: a function raises few messages, so
 * most errors have one reading, in each language and with any names. Without the function, each message of the SQLSTATE is tried.
 *
 * @internal
 */
import * as Option from "effect/Option"
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
  readonly message: ServerMessage
  readonly wording: Wording.Wording
}

/** By the first character of a message; those that begin with a place may fit any message. */
interface Index {
  readonly byFirst: ReadonlyMap<number, ReadonlyArray<Translation>>
  readonly others: ReadonlyArray<Translation>
}

/**
 * All ways to read the message of an error, by all messages that its C function raises with its SQLSTATE.
 *
 * @since 0.1.0
 * @category reading
 */
export const readingsOf = (evidence: Evidence): ReadonlyArray<Reading> => {
  const index = indexes.get(evidence.sqlState)
  if (index === undefined) return []
  const raised = findsOfRoutine(evidence)
  const translations = [...(index.byFirst.get(evidence.message.charCodeAt(0)) ?? []), ...index.others]
  return translations.flatMap(({ message, wording }) =>
    raised === undefined || (Option.isSome(evidence.routine) && message.routines.has(evidence.routine.value))
      ? Wording.readingsOf(wording, evidence.message).map((values) => ({
          finds: message.finds,
          values,
          weight: wording.weight
        }))
      : []
  )
}

/**
 * What the messages name that the error's C function raises with its SQLSTATE; `undefined` where that is not known.
 *
 * @since 0.1.0
 * @category reading
 */
export const findsOfRoutine = ({ routine, sqlState }: Evidence): ReadonlySet<Finds> | undefined =>
  Option.isNone(routine) ? undefined : findsByRoutine.get(`${sqlState} ${routine.value}`)

const findsByRoutine: ReadonlyMap<string, ReadonlySet<Finds>> = (() => {
  const all = new Map<string, Set<Finds>>()
  for (const { finds, routines, sqlState } of serverMessages) {
    for (const routine of routines) {
      const key = `${sqlState} ${routine}`
      all.set(key, (all.get(key) ?? new Set()).add(finds))
    }
  }
  return all
})()

/** The formats of each message: the English one, and those of all languages. */
const formats: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  messageTranslations
    .trim()
    .split("\n")
    .map((line) => line.replaceAll("¶", "\n").split("¦"))
    .map(([format = "", ...others]) => [format, new Set([format, ...others.map((each) => each.replace(/^\w+ /, ""))])])
)

const indexOf = (translations: ReadonlyArray<Translation>): Index => {
  const byFirst = new Map<number, Array<Translation>>()
  const others: Array<Translation> = []
  for (const translation of translations) {
    const first = translation.wording.texts[0]?.charCodeAt(0) ?? Number.NaN
    const before = byFirst.get(first)
    if (Number.isNaN(first)) others.push(translation)
    else if (before === undefined) byFirst.set(first, [translation])
    else before.push(translation)
  }
  return { byFirst, others }
}

const indexes: ReadonlyMap<string, Index> = new Map(
  [...new Set(serverMessages.map(({ sqlState }) => sqlState))].map((sqlState) => [
    sqlState,
    indexOf(
      serverMessages
        .filter((message) => message.sqlState === sqlState)
        .flatMap((message) =>
          [...(formats.get(message.format) ?? [message.format])].map((format) => ({
            message,
            wording: Wording.make(format)
          }))
        )
    )
  ])
)
