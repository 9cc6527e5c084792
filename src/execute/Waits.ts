/**
 * Tells the log, at the level of debugging, which session holds the migration lock or the lease that an operator waits for:
 * after two seconds, and then every ten. `status` tells it at any time.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as LockHolder from "../core/model/LockHolder.js"
import { visible } from "../core/text/Visible.js"
import type * as Message from "../database/Message.js"
import * as Holders from "../ledger/Holders.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"
import * as CommandLine from "../runtime/CommandLine.js"
import * as Monotonic from "../runtime/Monotonic.js"
import * as Telemetry from "../runtime/Telemetry.js"

interface Dependencies {
  readonly ask: Message.Ask
  readonly config: Options
}

/** A sentence about a holder. @since 0.1.0 @category rendering */
export const render = (commands: CommandLine.Setting, holder: LockHolder.LockHolder): string =>
  visible(LockHolder.render(holder, (id) => CommandLine.command(commands, "release", [id])))

/** A sentence about each holder. @since 0.1.0 @category questions */
export const holders = ({ ask, config }: Dependencies): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(Holders.find(ask, config), (found) => found.map((holder) => render(config, holder)))

const first = 2000
const further = 10_000

/** An effect to run after each attempt that met a lock. @since 0.1.0 @category constructors */
export const make = (dependencies: Dependencies): Effect.Effect<void> => {
  let tellAt: number | undefined
  return Effect.flatMap(Monotonic.milliseconds, (now) => {
    if (tellAt !== undefined && now >= tellAt) {
      tellAt = now + further
      return tell(dependencies)
    }
    tellAt ??= now + first
    return Effect.void
  })
}

const tell = (dependencies: Dependencies): Effect.Effect<void> =>
  Effect.flatMap(holders(dependencies), (held) =>
    held.length === 0
      ? Effect.void
      : Effect.annotateLogs(
          Effect.logDebug("Waits for the holder of a lock"),
          Telemetry.attribute.holders,
          held.join("; ")
        )
  )
