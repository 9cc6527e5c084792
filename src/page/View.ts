/**
 * What is chosen on the page, as one value, and what follows from it for a node.
 *
 * @internal
 */
import type { State } from "../core/picture/Model.js"
import type { Plan } from "./Graph.js"

/** @since 0.1.0 @category models */
export interface View {
  /** The plan that is lit up. */
  readonly plan: Plan | undefined
  /** The ranks that a search has found, where there is one. */
  readonly found: ReadonlySet<number> | undefined
  /** States that the reader has turned off. */
  readonly hidden: ReadonlySet<State>
}

/** @since 0.1.0 @category constants */
export const initial: View = { plan: undefined, found: undefined, hidden: new Set() }

/** Whether a node is found and its state is not turned off. @since 0.1.0 @category predicates */
export const isShown = ({ found, hidden }: View, rank: number, state: State): boolean =>
  !hidden.has(state) && (found === undefined || found.has(rank))

/** The classes of a node. @since 0.1.0 @category queries */
export const classesOf = (view: View, rank: number, state: State, outside: boolean): string => {
  const { plan } = view
  const part = plan === undefined ? "" : plan.steps.includes(rank) ? "step" : plan.done.includes(rank) ? "done" : "dim"
  return [
    "node",
    state,
    ...(outside ? ["outside"] : []),
    ...(part === "" ? [] : [part]),
    ...(plan?.target === rank ? ["target"] : []),
    ...(isShown(view, rank, state) ? [] : ["off"])
  ].join(" ")
}
