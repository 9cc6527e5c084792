/**
 * Sequences of commands against the real system and the model, each on a database of its own; after each, both must agree.
 */
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as fc from "fast-check"
import * as Database from "../server/Database.js"
import * as EmbeddedServer from "../server/EmbeddedServer.js"
import * as Server from "../server/Server.js"
import * as Commands from "./Commands.js"
import * as Model from "./LedgerModel.js"
import * as World from "./World.js"

const alone = Effect.map(Server.freshDatabase, (url): World.Place => ({ url, pair: undefined }))

/** What has committed has reached the replica's server, if not been replayed. */
const pair = Effect.gen(function* () {
  const primary = yield* EmbeddedServer.make({ settings: { max_connections: "60", synchronous_commit: "on" } })
  const standby = yield* primary.standby()
  return Effect.gen(function* () {
    const url = yield* Database.fresh(primary.url)
    yield* World.replayed(standby.url, url)
    const replica = new URL(standby.url)
    replica.pathname = new URL(url).pathname
    const restart = (mode: "fast" | "crash") => Effect.orDie(primary.restart(mode))
    return { url, pair: { replica: replica.href, restart } } satisfies World.Place
  })
})

export interface Runs {
  readonly numRuns: number
  /** Without one it is drawn. */
  readonly seed?: number
}

const release = (state: Model.State, who: ReadonlyArray<Model.Who>): Model.State => who.reduce(Model.start, state)

/**
 * Fails with the shortest sequence that it finds, and the seed that leads there; and when a kind of command was never executed,
 * since nothing is known of that then.
 */
export const check = async ({ numRuns, seed }: Runs): Promise<void> => {
  const tally: Commands.Beside["tally"] = new Map()
  const run = await Effect.runPromise(Scope.make())
  const pairs = await Effect.runPromise(Effect.cached(Scope.extend(pair, run)))
  const property = fc.asyncProperty(Commands.sequences, async ({ commands, place }) => {
    const scope = await Effect.runPromise(Scope.make())
    try {
      const fresh = place === "server" ? alone : Effect.flatten(pairs)
      const world = await Effect.runPromise(Effect.flatMap(fresh, World.make).pipe(Scope.extend(scope)))
      const programs: ReadonlyArray<Model.Who> =
        place === "server" ? ["first", "second"] : ["first", "second", "reader"]
      const beside: Commands.Beside = { state: release(Model.initial, programs), tally }
      for (const who of programs) await Effect.runPromise(world.start(who, beside.state.files))
      await fc.asyncModelRun(() => ({ model: beside, real: world }), commands)
      await Effect.runPromise(world.agrees(beside.state))
      await Effect.runPromise(world.leavesNothing)
    } finally {
      await Effect.runPromise(Scope.close(scope, Exit.void))
    }
  })
  try {
    await fc.assert(property, { numRuns, ...(seed === undefined ? {} : { seed }) })
    deepStrictEqual(
      Commands.kinds.filter((kind) => !tally.has(kind)),
      []
    )
  } finally {
    await Effect.runPromise(Scope.close(run, Exit.void))
  }
}
