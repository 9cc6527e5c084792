/**
 * What a tool leaves behind: its folder, a database in which it has applied the first half, and one in which it has applied all.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Database from "../support/server/Database.js"
import * as Server from "../support/server/Server.js"
import { before, leftBy, type Step, type Tool } from "./Tool.js"
import * as Workshop from "./Workshop.js"

export interface Facts {
  readonly workshop: Workshop.Workshop
  /** Of the folder that the library reads. */
  readonly folder: string
  /** Where the tool has applied `before`. */
  readonly half: string
  /** Where the tool has applied everything. */
  readonly whole: string
}

export class Prepared extends Context.Tag("effect-auto-migration/test/Prepared")<Prepared, Facts>() {}

export const layer = (tool: Tool): Layer.Layer<Prepared> =>
  Layer.scoped(
    Prepared,
    Effect.gen(function* () {
      const workshop = yield* Workshop.make
      const scratch = {
        rootUrl: yield* Server.url,
        url: yield* Server.freshDatabase,
        shadowUrl: yield* Server.freshDatabase
      }
      const [half, whole] = [yield* Server.freshDatabase, yield* Server.freshDatabase]
      const write = (steps: ReadonlyArray<Step>) =>
        Effect.forEach(steps, (step) => doing(() => tool.create(workshop, step, scratch)))
      yield* doing(async () => tool.prepare?.(workshop))
      yield* write(before)
      yield* doing(() => tool.apply(workshop, half, before))
      yield* write(leftBy(tool))
      yield* doing(() => tool.apply(workshop, whole, [...before, ...leftBy(tool)]))
      tool.litter?.(workshop)
      return { workshop, folder: `${workshop.path}/${tool.folder}`, half, whole }
    })
  )

/** What a tool has to say about its failure is in the error's message. */
const doing = <A>(work: () => Promise<A>): Effect.Effect<A> => Effect.promise(work)

/** A database with the same content, as long as the scope: no test may change what the others look at. */
export const copyOf = (url: string) =>
  Effect.gen(function* () {
    const copy = yield* Server.freshDatabase
    const [from, to] = [url, copy].map((address) => new URL(address).pathname.slice(1))
    yield* Effect.flatMap(Server.url, (root) =>
      Database.query(root, `DROP DATABASE ${to}`, `CREATE DATABASE ${to} TEMPLATE ${from}`)
    )
    return copy
  })
