/**
 * Texts of a failure that may hold data: one for the caller that ran the statement, and one for all others. The runner sees
 * the server's message and the statement as they are. Each other caller sees neither values nor literals: its role may
 * not be allowed to read them.
 *
 * @internal
 */
import * as Option from "effect/Option"
import { constantPart } from "../core/detect/ConstantMessage.js"
import type * as SqlState from "../core/detect/SqlState.js"
import * as Excerpt from "../core/text/Excerpt.js"
import * as Redaction from "../core/text/Redaction.js"
import { visible } from "../core/text/Visible.js"

/** The caller that a text is for. */
interface Reader {
  readonly toItsRunner?: boolean
}

/** @since 0.1.0 @category models */
export interface FailureText {
  readonly full: string
  readonly constant: string
}

/** A text that holds no data. @since 0.1.0 @category constructors */
export const open = (text: string): FailureText => ({ full: text, constant: text })

/** The text of an error that only its runner may see. @since 0.1.0 @category constructors */
export const withheld = (full: string): FailureText => ({ full, constant: withheldMessage })

const withheldMessage = "only the caller that ran it sees the message, which may hold data"

/** The server's message. @since 0.1.0 @category constructors */
export const message = (evidence: SqlState.Evidence): FailureText => ({
  full: evidence.message,
  constant: Option.getOrElse(constantPart(evidence), () => withheldMessage)
})

/** The text, and then sentences that hold no data. @since 0.1.0 @category constructors */
export const followedBy = ({ constant, full }: FailureText, sentences: ReadonlyArray<string>): FailureText => ({
  full: [full, ...sentences].join(". "),
  constant: [constant, ...sentences].join(". ")
})

/** A statement on one line, and the place of its error. @since 0.1.0 @category models */
export interface StatementText {
  readonly full: Excerpt.Excerpt
  readonly constant: Excerpt.Excerpt
}

/** The part of a statement around an offset. @since 0.1.0 @category constructors */
export const statement = (text: string, offset: number | undefined): StatementText => {
  const constant = Excerpt.around(text, offset, Excerpt.withoutLiterals)
  return { full: Redaction.mayHoldPassword(text) ? constant : Excerpt.around(text, offset, Excerpt.asItIs), constant }
}

/** A statement that holds no data. @since 0.1.0 @category constructors */
export const openStatement = (text: string): StatementText => {
  const excerpt = { statement: text, position: null }
  return { full: excerpt, constant: excerpt }
}

/** The statement for a caller. @since 0.1.0 @category rendering */
export const renderStatement = ({ constant, full }: StatementText, { toItsRunner = false }: Reader): Excerpt.Excerpt =>
  toItsRunner ? full : constant

/**
 * The server's message about a statement. It is withheld from the runner too where the statement may hold a password.
 *
 * @since 0.1.0
 * @category constructors
 */
export const messageAbout = (text: string, evidence: SqlState.Evidence): FailureText => {
  const told = message(evidence)
  return Redaction.mayHoldPassword(text) ? open(told.constant) : told
}

/** The text for a caller, without characters that a terminal obeys. @since 0.1.0 @category rendering */
export const render = ({ constant, full }: FailureText, { toItsRunner = false }: Reader): string =>
  visible(toItsRunner ? full : constant)
