/**
 * Findings about gaps. A finding holds until the ledger changes. A question is kept as its hash, since its text may be
 * long.
 *
 * It is no `Cache`: that drops an old entry only when one is read, so entries that are written and never read again
 * exceed its capacity ("is dropped after a thousand newer ones" in `Findings.test.ts`).
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AppliedSet } from "../core/migration/LedgerEvent.js"
import { sha256 } from "../runtime/Sha256.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Findings<A> {
  /** Reads the memory at once, outside Effect. */
  readonly unsafeRecall: (question: string, applied: AppliedSet) => Option.Option<A>
  readonly record: (question: string, applied: AppliedSet, finding: A) => Effect.Effect<void>
  /** Forgets all findings for which a condition holds. */
  readonly forget: (condition: (finding: A) => boolean) => Effect.Effect<void>
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
        const found = findings.size === 0 ? undefined : findings.get(sha256(question))
        return found?.hash === hash ? Option.some(found.finding) : Option.none()
      },
      record: (question, { hash }, finding) =>
        Effect.sync(() => {
          const key = sha256(question)
          findings.delete(key)
          const [oldest] = findings.keys()
          if (oldest !== undefined && findings.size >= limit) findings.delete(oldest)
          findings.set(key, { hash, finding })
        }),
      forget: (condition) =>
        Effect.sync(() => {
          for (const [key, { finding }] of findings) if (condition(finding)) findings.delete(key)
        })
    }
  })
