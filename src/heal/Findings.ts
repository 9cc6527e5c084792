/**
 * Findings about gaps. A finding holds until the ledger changes.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Findings<A> {
  /** Reads the memory at once, outside Effect. */
  readonly unsafeRecall: (question: string, applied: AppliedSet) => Option.Option<A>
  readonly record: (question: string, applied: AppliedSet, finding: A) => Effect.Effect<void>
}

/** How many findings are kept. The oldest is dropped first. */
const limit = 1000

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = <A>(): Effect.Effect<Findings<A>> =>
  Effect.sync(() => {
    const findings = new Map<string, { readonly hash: string; readonly finding: A }>()
    return {
      unsafeRecall: (question, { hash }) => {
        const found = findings.get(question)
        return found?.hash === hash ? Option.some(found.finding) : Option.none()
      },
      record: (question, { hash }, finding) =>
        Effect.sync(() => {
          findings.delete(question)
          const [oldest] = findings.keys()
          if (oldest !== undefined && findings.size >= limit) findings.delete(oldest)
          findings.set(question, { hash, finding })
        })
    }
  })
