/**
 * What was found out about a question, as long as the ledger ends where it ended then.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { AppliedSet } from "./core/LedgerEvent.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Findings<A> {
  readonly recall: (question: string, applied: AppliedSet) => Effect.Effect<Option.Option<A>>
  readonly record: (question: string, applied: AppliedSet, finding: A) => Effect.Effect<void>
}

/** Questions come from queries, and those never end: the oldest is forgotten. */
const memory = 1000

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = <A>(): Effect.Effect<Findings<A>> =>
  Effect.map(Ref.make<ReadonlyMap<string, { readonly hash: string; readonly finding: A }>>(new Map()), (findings) => ({
    recall: (question, { hash }) =>
      Effect.map(Ref.get(findings), (known) => {
        const found = known.get(question)
        return found?.hash === hash ? Option.some(found.finding) : Option.none()
      }),
    record: (question, { hash }, finding) =>
      Ref.update(findings, (known) => new Map([...known].slice(1 - memory)).set(question, { hash, finding }))
  }))
