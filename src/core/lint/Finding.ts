/**
 * A finding: a place in a file, the rule that it falls under, and the safer way.
 *
 * @since 0.1.0
 * @internal
 */
import type * as Option from "effect/Option"
import type * as Rule from "./Rule.js"

/** @since 0.1.0 @category models */
export interface SaferWay {
  readonly sentence: string
  /** The SQL to write instead of the statement, a text for each file. Empty where it cannot be computed. */
  readonly files: ReadonlyArray<string>
}

/** @since 0.1.0 @category models */
export interface Finding {
  /** The file's path, or another label; see `Migration.source`. */
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** 1-based, in characters. */
  readonly column: number
  /** The statement without its literals, shortened to one line. */
  readonly statement: string
  readonly rule: Rule.RuleId
  readonly severity: Rule.Severity
  /** One sentence. */
  readonly why: string
  /** The first server version in which the safer way is cheap, where it was not always. */
  readonly cheapSince: Option.Option<string>
  readonly saferWay: SaferWay
  /** Whether `-- accept:` of the file consents to it. */
  readonly isAccepted: boolean
}

/** @since 0.1.0 @category models */
export interface Report {
  /** The files that were looked at, in order. */
  readonly files: ReadonlyArray<string>
  readonly findings: ReadonlyArray<Finding>
}
