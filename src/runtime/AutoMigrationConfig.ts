/**
 * The options, each with a default, as one value. Given by code with {@link layer}, or by the environment with
 * {@link layerEnvironment}; without either, {@link defaults} hold.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Policy from "../core/policy/Policy.js"

/**
 * A schema's name that needs no quoting: lower-case letters, digits and underscores, at most 63 bytes.
 *
 * @since 0.1.0
 * @category models
 */
export const SchemaName = Schema.String.pipe(
  Schema.pattern(/^[a-z_][a-z0-9_]{0,62}$/, {
    message: () => "expected a schema's name of lower-case letters, digits and underscores"
  }),
  Schema.brand("effect-auto-migration/SchemaName")
)

/** @since 0.1.0 @category models */
export type SchemaName = typeof SchemaName.Type

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** `heal` applies what policy allows; `observe` applies nothing and names what is pending. */
  readonly mode: "heal" | "observe"
  /** The ledger's schema. */
  readonly schema: SchemaName
  /** Judges each plan on the request path. `AutoMigration.migrate` is the operator's own word and is not judged. */
  readonly policy: Policy.Policy
  /** Whether each migration commits by itself, or a plan as a whole where PostgreSQL can do that. */
  readonly transaction: "migration" | "plan"
  /** How many gaps one boundary closes before it gives up. */
  readonly budget: number
  /** How long one gap may take on the request path, from the failed query to its retry. */
  readonly deadline: Duration.Duration
  /** `lock_timeout` of each statement of a migration on the request path. */
  readonly lockTimeout: Duration.Duration
  /**
   * When to ask again for the migration lock, or to run a transaction again that did not get its table locks. A pause ends early
   * when all that is waited for is announced.
   */
  readonly lockRetry: Schedule.Schedule<unknown>
  /**
   * How long after the last sign of life of a process others wait before they take over its migration that runs outside
   * transactions. It gives a sign three times in that time.
   */
  readonly lease: Duration.Duration
  /** How long a failed migration is left alone: doubled with each failure, from `first` up to `cap`. */
  readonly breaker: { readonly first: Duration.Duration; readonly cap: Duration.Duration }
}

/** 50 ms, growing threefold up to a second, each with jitter. @since 0.1.0 @category defaults */
export const defaultLockRetry: Schedule.Schedule<unknown> = Schedule.exponential("50 millis", 3).pipe(
  Schedule.union(Schedule.spaced("1 second")),
  Schedule.jittered
)

/** @since 0.1.0 @category defaults */
export const defaults: Options = {
  mode: "heal",
  schema: SchemaName.make("auto_migration"),
  policy: Policy.expandOnly,
  transaction: "migration",
  budget: 16,
  deadline: Duration.seconds(30),
  lockTimeout: Duration.seconds(1),
  lockRetry: defaultLockRetry,
  lease: Duration.seconds(30),
  breaker: { first: Duration.seconds(1), cap: Duration.minutes(1) }
}

/**
 * What a command needs behind its ids to find the ledger of that schema: nothing for the default schema.
 *
 * @since 0.1.0
 * @category rendering
 */
export const commandSuffix = (schema: SchemaName): string => (schema === defaults.schema ? "" : ` --schema ${schema}`)

/** @since 0.1.0 @category references */
export class AutoMigrationConfig extends Context.Reference<AutoMigrationConfig>()(
  "effect-auto-migration/AutoMigrationConfig",
  { defaultValue: () => defaults }
) {}

/**
 * Some options by code; the others keep their defaults.
 *
 * @example
 * ```ts check
 * import { AutoMigrationConfig } from "effect-auto-migration"
 * import { Duration } from "effect"
 *
 * export const Options = AutoMigrationConfig.layer({ mode: "observe", deadline: Duration.seconds(5) })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Partial<Options>): Layer.Layer<never> =>
  Layer.succeed(AutoMigrationConfig, { ...defaults, ...options })

const fromEnvironment: Config.Config<Options> = Config.all({
  mode: Config.literal("heal", "observe")("MODE").pipe(Config.withDefault(defaults.mode)),
  schema: Schema.Config("SCHEMA", SchemaName).pipe(Config.withDefault(defaults.schema)),
  transaction: Config.literal("migration", "plan")("TRANSACTION").pipe(Config.withDefault(defaults.transaction)),
  budget: Schema.Config("BUDGET", Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative())).pipe(
    Config.withDefault(defaults.budget)
  ),
  deadline: Config.duration("DEADLINE").pipe(Config.withDefault(defaults.deadline)),
  lockTimeout: Config.duration("LOCK_TIMEOUT").pipe(Config.withDefault(defaults.lockTimeout)),
  lease: Config.duration("LEASE").pipe(Config.withDefault(defaults.lease))
}).pipe(
  Config.map((chosen): Options => ({ ...defaults, ...chosen })),
  Config.nested("AUTO_MIGRATION")
)

/**
 * Options from Effect's Config, by default the environment: `AUTO_MIGRATION_MODE`, `AUTO_MIGRATION_SCHEMA`,
 * `AUTO_MIGRATION_TRANSACTION`, `AUTO_MIGRATION_BUDGET`, `AUTO_MIGRATION_DEADLINE` (`30 seconds`),
 * `AUTO_MIGRATION_LOCK_TIMEOUT` and `AUTO_MIGRATION_LEASE`. What is not set keeps its default; a value that makes no sense is a `ConfigError`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerEnvironment: Layer.Layer<never, ConfigError.ConfigError> = Layer.effect(
  AutoMigrationConfig,
  fromEnvironment
)
