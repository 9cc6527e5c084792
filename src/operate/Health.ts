/**
 * What a readiness probe wants to know: whether the migrations' server answers, and which migrations a query would wait
 * for. It looks at the ledger by one message, and changes no state that a heal uses.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import * as LedgerEvent from "../core/migration/LedgerEvent.js"
import type { MigrationId } from "../core/migration/Migration.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import type { OpenWindow } from "../runner/Breaker.js"
import type { Knowledge } from "../runner/Knowledge.js"
import type { Ledger } from "../runner/Ledger.js"
import type { PlanRunner } from "../runner/PlanRunner.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Health {
  /**
   * - `ready`: each migration of the program is applied.
   * - `behind`: migrations are pending.
   * - `failing`: migrations are pending, and one of them failed in this process a short time ago.
   * - `unreachable`: the server did not answer, or its ledger cannot be used.
   */
  readonly state: "ready" | "behind" | "failing" | "unreachable"
  /** In the graph's order. Empty where the ledger cannot be read. */
  readonly pending: ReadonlyArray<MigrationId>
  /** The migrations that this process does not try for a while, since they failed. */
  readonly failing: ReadonlyArray<Failing>
  /** Why the ledger cannot be read. */
  readonly problem: Option.Option<AutoMigrationError>
}

/**
 * A migration that failed in this process, and is not tried again by a query for a while.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failing {
  readonly migrationId: MigrationId
  /** How often it has failed in a row. */
  readonly failures: number
  /** When a query may try it again, in UTC. */
  readonly retryAt: string
  /** The class of the error: `MigrationFailed`. */
  readonly error: AutoMigrationError["_tag"]
}

interface Services {
  readonly knowledge: Context.Tag.Service<Knowledge>
  readonly ledger: Pick<Context.Tag.Service<Ledger>, "glance">
  readonly runner: Pick<Context.Tag.Service<PlanRunner>, "openWindows">
}

/**
 * The applied set that the last look has found is kept, so that the next look reads only what is new.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ knowledge, ledger, runner }: Services): Effect.Effect<Effect.Effect<Health>> =>
  Effect.map(Ref.make(LedgerEvent.empty), (seen) =>
    Effect.gen(function* () {
      const found = yield* Effect.either(Effect.flatMap(Ref.get(seen), ledger.glance))
      const windows = yield* runner.openWindows
      if (Either.isLeft(found)) {
        const problem = Option.some(MigrationFailure.withoutQuery(found.left))
        return { state: "unreachable", pending: [], failing: windows.map(failingIn), problem }
      }
      const { checksumById } = found.right
      yield* Ref.set(seen, found.right)
      const pending = knowledge.graph.nodes.map(({ migration }) => migration.id).filter((id) => !checksumById.has(id))
      const failing = windows.filter(({ id }) => !checksumById.has(id)).map(failingIn)
      return { state: stateOf(pending, failing), pending, failing, problem: Option.none() }
    })
  )

const failingIn = ({ failure, failures, id, retryAt }: OpenWindow): Failing => ({
  migrationId: id,
  failures,
  retryAt: new Date(retryAt).toISOString(),
  error: failure.toError({ asked: MigrationFailure.noQuery, retryAt })._tag
})

const stateOf = (pending: Health["pending"], failing: Health["failing"]): Health["state"] => {
  if (Arr.isEmptyReadonlyArray(pending)) return "ready"
  return failing.length > 0 ? "failing" : "behind"
}
