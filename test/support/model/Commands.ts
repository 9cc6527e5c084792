/**
 * What may be done to a database and its programs, as commands of fast-check: each says on the model whether it makes sense, so that a
 * failing sequence shrinks, and compares what the real thing answers.
 */
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as Model from "./LedgerModel.js"
import type { World } from "./World.js"

export interface Beside {
  state: Model.State
  /** How often what kind of command has been executed. */
  readonly tally: Map<Kind, number>
}

/** All that a run must have executed before it says anything. */
export const kinds = [
  "add",
  "agree",
  "catch up",
  "crash",
  "deploy",
  "edit",
  "grant",
  "lag",
  "migrate",
  "query",
  "race",
  "read",
  "restart",
  "restart after a crash",
  "revoke",
  "start",
  "tamper"
] as const

export type Kind = (typeof kinds)[number]

type Command = fc.AsyncCommand<Beside, World>

const command = (
  kind: Kind,
  text: string,
  check: (state: Model.State) => boolean,
  run: (state: Model.State, world: World) => Effect.Effect<Model.State>
): Command => ({
  check: ({ state }) => check(state),
  run: async (beside, world) => {
    beside.state = await Effect.runPromise(run(beside.state, world))
    beside.tally.set(kind, (beside.tally.get(kind) ?? 0) + 1)
  },
  toString: () => text
})

const runs = (who: Model.Who) => (state: Model.State) => state.known[who] !== undefined

/** The real answer must be the model's. */
const compared = ({ answer, state }: Model.Outcome, real: Effect.Effect<Model.Answer>): Effect.Effect<Model.State> =>
  Effect.map(real, (found) => {
    deepStrictEqual(found, answer)
    return state
  })

const query = (who: Model.Who, table: number, column: number) =>
  command("query", `the ${who} asks for t${table}.c${column}`, runs(who), (state, world) =>
    compared(Model.query(state, who, table, column), world.query(who, table, column))
  )

const migrate = (who: Model.Who) =>
  command("migrate", `the ${who} migrates`, runs(who), (state, world) =>
    compared(Model.migrate(state, who), world.migrate(who))
  )

/** Two programs of one release: the same answer for both, and each migration once. */
const race = (table: number, column: number) =>
  command(
    "race",
    `both ask for t${table}.c${column} at once`,
    ({ known }) => known.first !== undefined && known.first === known.second,
    (state, world) => {
      const expected = Model.query(state, "first", table, column)
      const asked = [world.query("first", table, column), world.query("second", table, column)]
      return Effect.map(Effect.all(asked, { concurrency: 2 }), (found) => {
        deepStrictEqual(found, [expected.answer, expected.answer])
        return expected.state
      })
    }
  )

const start = (who: Model.Who) =>
  command(
    "start",
    `the ${who} starts anew`,
    () => true,
    (state, world) => Effect.as(world.start(who, state.files), Model.start(state, who))
  )

/** Both at once know the same release. */
const deploy = command(
  "deploy",
  "both start anew",
  () => true,
  (state, world) =>
    Effect.as(
      Effect.zipRight(world.start("first", state.files), world.start("second", state.files)),
      Model.start(Model.start(state, "first"), "second")
    )
)

const crash = (who: Model.Who, table: number, column: number, after: number) =>
  command("crash", `the ${who} dies ${after} ms after it asked for t${table}.c${column}`, runs(who), (state, world) =>
    Effect.gen(function* () {
      yield* world.crash(who, table, column, after)
      const before = state.applied.map(({ id }) => id)
      const possible = Model.allowed(state, Model.planOf(state, who, table))
      const now = yield* world.applied
      const survived = possible.slice(0, now.length - before.length)
      deepStrictEqual(now, [...before, ...survived.map(({ id }) => id)])
      return Model.crash(state, who, survived)
    })
  )

const add = (table: number) =>
  command(
    "add",
    `a migration of t${table} is written`,
    ({ files }) => files.length < 12,
    (state) => Effect.succeed(Model.add(state, table))
  )

const edit = (index: number) =>
  command(
    "edit",
    `migration ${index} is edited`,
    ({ files }) => index < files.length,
    (state) => Effect.succeed(Model.edit(state, state.files[index]?.id ?? ""))
  )

const tamper = (index: number) =>
  command(
    "tamper",
    `event ${index} is rewritten`,
    ({ applied }) => index < applied.length,
    (state, world) => {
      const id = state.applied[index]?.id ?? ""
      return Effect.as(world.tamper(id), Model.tamper(state, id))
    }
  )

const rights = (mayCreate: boolean) =>
  command(
    mayCreate ? "grant" : "revoke",
    mayCreate ? "the right to make tables is granted" : "the right to make tables is revoked",
    (state) => state.mayCreate !== mayCreate,
    (state, world) => Effect.as(world.allow(mayCreate), { ...state, mayCreate })
  )

const read = (table: number, column: number, catchesUp: boolean) =>
  command(
    "read",
    `the reader asks for t${table}.c${column}, and its replica ${catchesUp ? "catches up" : "does not catch up"} meanwhile`,
    runs("reader"),
    (state, world) => {
      const { shown } = state
      const whenItWaits = shown === undefined ? "wait" : catchesUp ? "resume" : "give up"
      return compared(Model.read(state, table, column, catchesUp), world.read(table, column, whenItWaits))
    }
  )

const lag = command(
  "lag",
  "the replica's replay is paused",
  ({ shown }) => shown === undefined,
  (state, world) => Effect.as(world.pause, Model.lag(state))
)

const catchUp = command(
  "catch up",
  "the replica's replay goes on",
  ({ shown }) => shown !== undefined,
  (state, world) => Effect.as(world.resume, Model.catchUp(state))
)

/** Programs come back with the release they had. */
const restart = (mode: "fast" | "crash") =>
  command(
    mode === "fast" ? "restart" : "restart after a crash",
    mode === "fast" ? "the server is restarted" : "the server crashes and starts again",
    () => true,
    (state, world) =>
      Effect.as(
        Effect.zipRight(
          world.restart(mode),
          Effect.forEach(["first", "second", "reader"] as const, (who) => {
            const files = state.known[who]
            return files === undefined ? Effect.void : world.start(who, files)
          })
        ),
        state
      )
  )

const agree = command(
  "agree",
  "model and database are compared",
  () => true,
  (state, world) => Effect.as(world.agrees(state), state)
)

const who = fc.constantFrom<Model.Who>("first", "second")
const table = fc.constantFrom(1, 1, 1, 2, 2, 3)
const column = fc.constantFrom(0, 1, 1, 2, 2, 3)
const index = fc.nat(4)

/** Writing, starting and asking more often than the rest: without them there is nothing that could go wrong. */
const onOneServer: ReadonlyArray<fc.Arbitrary<Command>> = [
  table.map(add),
  table.map(add),
  fc.constant(deploy),
  fc.constant(deploy),
  who.map(start),
  fc.tuple(who, table, column).map((_) => query(..._)),
  fc.tuple(who, table, column).map((_) => query(..._)),
  fc.tuple(table, column).map((_) => race(..._)),
  who.map(migrate),
  who.map(migrate),
  fc.tuple(who, table, column, fc.nat(80)).map((_) => crash(..._)),
  index.map(edit),
  index.map(edit),
  index.map(tamper),
  fc.boolean().map(rights),
  fc.constant(agree)
]

const reads = fc.tuple(table, column, fc.boolean()).map((_) => read(..._))

const onPair: ReadonlyArray<fc.Arbitrary<Command>> = [
  fc.constant(start("reader")),
  fc.constant(start("reader")),
  reads,
  reads,
  reads,
  reads,
  fc.constant(lag),
  fc.constant(lag),
  fc.constant(catchUp),
  fc.constantFrom<"fast" | "crash">("fast", "crash").map(restart)
]

/** Where a sequence takes place: a replica costs two servers of its own. */
export interface Sequence {
  readonly commands: Iterable<Command>
  readonly place: "server" | "pair"
}

const sequence = (place: Sequence["place"], commands: ReadonlyArray<fc.Arbitrary<Command>>) =>
  fc.commands([...commands], { maxCommands: 40, size: "max" }).map((drawn): Sequence => ({ commands: drawn, place }))

export const sequences: fc.Arbitrary<Sequence> = fc.oneof(
  { weight: 2, arbitrary: sequence("server", onOneServer) },
  { weight: 1, arbitrary: sequence("pair", [...onOneServer, ...onPair]) }
)
