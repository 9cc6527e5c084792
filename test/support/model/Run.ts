/**
 * Sequences of commands against the real system and the model, each on a database of its own; after each, both must agree.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as fc from "fast-check"
import * as Server from "../Server.js"
import * as Commands from "./Commands.js"
import * as Model from "./LedgerModel.js"
import * as World from "./World.js"

/** Fails with the shortest sequence that it finds, and the seed that leads there. */
export const check = (numRuns: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(Commands.sequences, async (commands) => {
      const scope = await Effect.runPromise(Scope.make())
      try {
        const world = await Effect.runPromise(
          Effect.flatMap(Server.freshDatabase, World.make).pipe(Scope.extend(scope))
        )
        const beside: Commands.Beside = { state: Model.start(Model.start(Model.initial, "first"), "second") }
        for (const who of ["first", "second"] as const) {
          await Effect.runPromise(world.start(who, beside.state.files))
        }
        await fc.asyncModelRun(() => ({ model: beside, real: world }), commands)
        await Effect.runPromise(world.agrees(beside.state))
      } finally {
        await Effect.runPromise(Scope.close(scope, Exit.void))
      }
    }),
    { numRuns }
  )
