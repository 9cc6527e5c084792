/**
 * Steps of feature files as effects. What a step acquires lives until its scenario ends, and what it learns is kept in the
 * scenario's own notes, so that no scenario sees another one's.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { After } from "quickpickle"

/** What the steps of one scenario tell each other, by name. A missing note is a mistake in the feature file. */
export interface Notes {
  readonly set: (name: string, value: unknown) => void
  readonly get: <A>(name: string, is: (value: unknown) => value is A) => A
}

interface Scenario {
  readonly scope: Scope.CloseableScope
  readonly notes: Notes
}

const scenarios = new WeakMap<object, Scenario>()

const makeNotes = (): Notes => {
  const values = new Map<string, unknown>()
  return {
    set: (name, value) => values.set(name, value),
    get: (name, is) => {
      const value = values.get(name)
      if (is(value)) return value
      throw new Error(`No earlier step of this scenario has noted "${name}".`)
    }
  }
}

const scenarioOf = (world: object): Scenario => {
  const known = scenarios.get(world)
  if (known !== undefined) return known
  const made = { scope: Effect.runSync(Scope.make()), notes: makeNotes() }
  scenarios.set(world, made)
  return made
}

/** The body of a `Given`, `When` or `Then`; the arguments are those of the sentence, then its table or its block of text. */
export const step =
  <Args extends ReadonlyArray<unknown>>(
    body: (notes: Notes, ...args: Args) => Effect.Effect<unknown, unknown, Scope.Scope>
  ) =>
  (world: object, ...args: Args): Promise<unknown> => {
    const { notes, scope } = scenarioOf(world)
    return Effect.runPromise(Scope.extend(body(notes, ...args), scope))
  }

After(async (world: object) => {
  const scenario = scenarios.get(world)
  if (scenario !== undefined) await Effect.runPromise(Scope.close(scenario.scope, Exit.void))
})
