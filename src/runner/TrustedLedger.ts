/**
 * Messages about a ledger that is known to be the library's own. A process finds that out once, in its first message about the
 * ledger. While there is no ledger, each message looks again.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import type { Migration } from "../core/migration/Migration.js"
import * as Message from "../database/Message.js"
import * as Trust from "../ledger/Trust.js"
import type { LedgerFailure } from "../ledger/Unusable.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"

/** @since 0.1.0 @category models */
export interface TrustedLedger {
  /** See `Message.briefly`. */
  readonly ask: Message.Ask
  /** See `Message.changing`. */
  readonly change: Message.Ask
  /** Statements in a transaction. The reader of their answers runs `trust`. */
  readonly within: (statements: string) => string
  readonly trust: Effect.Effect<void>
  readonly isTrusted: () => boolean
  /** A statement in a transaction that fails where the ledger is not the library's own. */
  readonly check: string
  /** The next message looks again. */
  readonly doubt: Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  ask: Message.Ask,
  config: Options,
  own: ReadonlyArray<Migration>,
  failures: LedgerFailure
): TrustedLedger => {
  const isTrusted = MutableRef.make(false)
  const check = Trust.check(config, own)
  const checkWithin = Trust.checkWithin(check)
  const set = (is: boolean): Effect.Effect<void> => Effect.sync(() => MutableRef.set(isTrusted, is))
  const checked =
    (send: Message.Ask): Message.Ask =>
    (text) =>
      Effect.suspend(() =>
        MutableRef.get(isTrusted)
          ? send(text)
          : Effect.tap(send(`${check};\n${text}`), set(true)).pipe(
              Effect.catchIf(isOfAnotherVersion, (error) =>
                Effect.matchEffect(failures.refuseNewerOfOwners, {
                  onSuccess: () => Effect.fail(error),
                  onFailure: () => Effect.zipRight(set(true), send(text))
                })
              )
            )
      )
  return {
    ask: checked((text) => ask(Message.briefly(config, text))),
    change: checked((text) => ask(Message.changing(config, "operator", text))),
    within: (statements) => (MutableRef.get(isTrusted) ? statements : `${checkWithin};\n${statements}`),
    check: checkWithin,
    trust: set(true),
    isTrusted: () => MutableRef.get(isTrusted),
    doubt: set(false)
  }
}

/** A newer version may have changed a ledger of a trusted owner. Its log then names the migrations of that version. */
const isOfAnotherVersion = (error: Parameters<typeof Trust.faultOf>[0]): boolean =>
  Option.exists(Trust.faultOf(error), ({ kind }) => kind === "definition")
