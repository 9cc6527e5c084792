/**
 * The part of a server's message that is the same for all data: what the ledger may keep for ever, and what may be told to
 * callers that did not run the failing statement.
 *
 * **Laws**
 *
 * 1. Text from the first quotation mark to the last, from the first colon on, and each number are withheld: the server puts
 *    values there. With a colon no text after the first mark stays.
 * 2. A message that code of the database has written (`RAISE`, another server, a procedural language) is withheld as a whole.
 *
 * Source: the message catalogues in src/backend/po, and the functions in src/pl and contrib that report errors of others.
 *
 * @internal
 */
import * as Option from "effect/Option"
import { withheld } from "../text/Redaction.js"
import type { Evidence } from "./SqlState.js"

/**
 * The constant part of a message. `None` for one that the server has not written itself.
 *
 * @since 0.1.0
 * @category operations
 */
export const constantPart = ({ internalQuery, message, routine, sqlState }: Evidence): Option.Option<string> => {
  const isOfServer =
    serverClasses.test(sqlState) &&
    Option.isNone(internalQuery) &&
    Option.exists(routine, (name) => !raising.test(name))
  return isOfServer && !unquoting.test(message) ? Option.some(withoutValues(message)) : Option.none()
}

/** The classes of appendix A, without those for errors of routines, of foreign data and inside the server. */
const serverClasses = /^(?:0[03689ABDFLPTZ]|2[0-8BDF]|3[4BDF]|4[024]|5[34578]|72)/

/** The functions that report errors whose text comes from a routine, a foreign server or a client. */
const raising =
  /^(?:exec_stmt_(?:raise|assert)|pgfdw_|dblink_|PLy_|plperl_|pltcl_|do_util_elog|throw_tcl|libpqrcv_|plv8)/

/** The Georgian catalogue leaves the quotation marks out. */
const unquoting = /\p{Script=Georgian}/u

/** The marks of all other languages. An apostrophe is none of them: it stands in words. */
const mark = /(?!['’])\p{Quotation_Mark}/u

const withoutValues = (message: string): string => {
  const colon = message.search(/[:：\r\n]/)
  const first = message.search(mark)
  const head = withoutNumbers(message.slice(0, first < 0 ? colon : colon < 0 ? first : Math.min(colon, first)))
  if (colon >= 0) return `${head.trimEnd()}: ${withheld}`
  if (first < 0) return withoutNumbers(message)
  return `${head}"${withheld}"${withoutNumbers(afterLastMark(message))}`
}

const anyMark = /\p{Quotation_Mark}/u

/** A value may be a megabyte long, and a pattern with an end would try each of its places anew. */
const afterLastMark = (message: string): string => {
  let start = message.length
  while (start > 0 && !anyMark.test(message.charAt(start - 1))) start--
  return message.slice(start)
}

/** Bytes are printed as `0xe4`. */
const withoutNumbers = (text: string): string => text.replace(/\b0x[0-9a-f]+\b|\p{Number}+/giu, withheld)
