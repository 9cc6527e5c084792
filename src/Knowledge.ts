/**
 * What this process knows: the graph, which does not change while it runs, and the applied set, which is read from the
 * ledger on the first failure and never before, and brought up to date by one small row.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { MigrationDefinitionError } from "./core/AutoMigrationError.js"
import * as LedgerEvent from "./core/LedgerEvent.js"
import * as MigrationGraph from "./core/MigrationGraph.js"
import { Ledger } from "./Ledger.js"
import type { Failure } from "./MigrationFailure.js"
import * as MigrationSource from "./MigrationSource.js"
import type { SqlParser } from "./SqlParser.js"

/**
 * The applied set, and whether it was read just now or may be older than what other processes have done.
 *
 * @since 0.1.0
 * @category models
 */
export interface View {
  readonly applied: LedgerEvent.AppliedSet
  readonly age: "fresh" | "cached"
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Knowledge extends Context.Tag("effect-auto-migration/Knowledge")<
  Knowledge,
  {
    readonly graph: MigrationGraph.MigrationGraph
    /** From memory where it has been read before. */
    readonly view: Effect.Effect<View, Failure>
    readonly refresh: Effect.Effect<View, Failure>
    /** What an executor found under its lock. */
    readonly learn: (applied: LedgerEvent.AppliedSet) => Effect.Effect<void>
  }
>() {}

/** Two fibers may learn in either order; what is applied stays applied. */
const merge = (held: Option.Option<LedgerEvent.AppliedSet>, learnt: LedgerEvent.AppliedSet) =>
  Option.some(
    Option.match(held, {
      onNone: () => learnt,
      onSome: (known): LedgerEvent.AppliedSet => ({
        ...(known.sequence > learnt.sequence ? known : learnt),
        checksumById: new Map([...known.checksumById, ...learnt.checksumById])
      })
    })
  )

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.gen(function* () {
  const ledger = yield* Ledger
  const graph = yield* Effect.flatMap(MigrationSource.loadMigrations, MigrationGraph.make)
  const held = yield* Ref.make(Option.none<LedgerEvent.AppliedSet>())

  const refresh = Effect.gen(function* () {
    const known = Option.getOrElse(yield* Ref.get(held), () => LedgerEvent.nothing)
    const applied = yield* ledger.refresh(known)
    yield* Ref.set(held, Option.some(applied))
    return { applied, age: "fresh" } satisfies View
  })

  return Knowledge.of({
    graph,
    refresh,
    view: Effect.flatMap(
      Ref.get(held),
      Option.match({
        onNone: () => refresh,
        onSome: (applied) => Effect.succeed<View>({ applied, age: "cached" })
      })
    ),
    learn: (applied) => Ref.update(held, (known) => merge(known, applied))
  })
})

/**
 * Reads and checks all migrations when it is built.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  Knowledge,
  MigrationDefinitionError,
  Ledger | MigrationSource.MigrationSource | SqlParser
> = Layer.effect(Knowledge, make)
