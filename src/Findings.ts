/**
 * What was found out about a question, as long as the ledger ends where it ended then.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import type { AppliedSet } from "./core/LedgerEvent.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Findings<A> {
  /** As of now. */
  readonly unsafeRecall: (question: string, applied: AppliedSet) => Option.Option<A>
  readonly record: (question: string, applied: AppliedSet, finding: A) => Effect.Effect<void>
}

/** Questions come from queries, and those never end: the oldest is forgotten. */
const memory = 1000

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = <A>(): Effect.Effect<Findings<A>> =>
  Effect.sync(() => {
    const findings = MutableRef.make<ReadonlyMap<string, { readonly hash: string; readonly finding: A }>>(new Map())
    return {
      unsafeRecall: (question, { hash }) => {
        const found = MutableRef.get(findings).get(question)
        return found?.hash === hash ? Option.some(found.finding) : Option.none()
      },
      record: (question, { hash }, finding) =>
        Effect.sync(() =>
          MutableRef.update(findings, (known) => new Map([...known].slice(1 - memory)).set(question, { hash, finding }))
        )
    }
  })
