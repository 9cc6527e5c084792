/**
 * The options of the library, as one value. Code sets them with {@link layer}, the environment with {@link layerEnvironment}. They default
 * to {@link defaults}.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { toStringUnknown } from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { InvalidOption } from "../core/error/InvalidOption.js"
import type { Origin } from "../core/model/Origin.js"
import * as Policy from "../core/policy/Policy.js"
import { byteLength } from "../core/text/Utf8.js"

/**
 * The name of a schema that needs no quotes: lower-case letters, digits and underscores, at most 63 bytes.
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
 * The name of a role: not empty, without control characters, and at most 63 bytes, which is what the server keeps.
 *
 * @since 0.1.0
 * @category models
 */
export const RoleName = Schema.NonEmptyString.pipe(
  Schema.filter((name) => byteLength(name) <= 63 && !/[\p{Cc}\p{Cs}]/u.test(name), {
    message: () => "expected a role's name of at most 63 bytes without control characters"
  }),
  Schema.brand("effect-auto-migration/RoleName")
)

/** @since 0.1.0 @category models */
export type RoleName = typeof RoleName.Type

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** `heal` applies the plans that the policy allows; `observe` applies none and names the pending migrations. Defaults to `heal`. */
  readonly mode: "heal" | "observe"
  /**
   * Whether a row that breaks a rule is a gap, where a pending migration drops or widens that rule: a `NOT NULL`, a check, a key, a
   * foreign key, an exclusion constraint, or the length of a column's type. Defaults to `false`: the row may be a mistake of the
   * program, and the heal would store it.
   */
  readonly healConstraints: boolean
  /** The schema of the ledger. Defaults to `auto_migration`. */
  readonly schema: SchemaName
  /**
   * The role that owns the ledger, where that is none of those that are trusted: the migrations' role, a role that it is a member
   * of, the owner of the database, or a superuser. Where it is given, a ledger of any further owner is refused. Defaults to
   * `undefined`: then a superuser, the database's owner, and a role with `CREATEROLE`, `REPLICATION` or `BYPASSRLS` that the
   * ledger's owner lacks, refuse such a ledger; others use it if each object in it is as the library makes it.
   */
  readonly ledgerOwner: RoleName | undefined
  /**
   * Judges each plan on the request path. An operator's `AutoMigration.migrate` is not judged. Defaults to {@link Policy.expandOnly}.
   */
  readonly policy: Policy.Policy
  /** `migration` commits each migration by itself, `plan` the whole plan where PostgreSQL can do that. Defaults to `migration`. */
  readonly transaction: "migration" | "plan"
  /** The number of gaps that one boundary closes before it gives up. Defaults to 16. */
  readonly budget: number
  /** The time that one gap may take on the request path, from the failed query to its retry. Defaults to 30 seconds. */
  readonly deadline: Duration.Duration
  /** The `lock_timeout` of each statement of a migration on the request path. Defaults to 1 second. */
  readonly lockTimeout: Duration.Duration
  /**
   * The pauses before the migration lock is asked for again, and before a transaction that did not get its table locks runs again. A pause
   * ends early when another process announces the awaited migrations. Defaults to {@link defaultLockRetry}.
   */
  readonly lockRetry: Schedule.Schedule<unknown>
  /**
   * The lease of a migration that runs outside transactions. Its process renews the lease three times in this time; other processes take
   * the migration over when the lease has expired. It lasts a day at most. Defaults to 30 seconds.
   */
  readonly lease: Duration.Duration
  /**
   * The window in which a failed migration is not tried again: doubled with each failure, from `first` up to `cap`. Defaults to 1 second and
   * 1 minute.
   */
  readonly breaker: { readonly first: Duration.Duration; readonly cap: Duration.Duration }
  /**
   * Where an operator finds the migrations, for the commands that errors print. Defaults to what the `MigrationSource` says: a folder, or
   * code.
   */
  readonly origin?: Origin | undefined
}

/**
 * The options as a program writes them: a duration as `"5 seconds"`, a name as a string. They are checked when the layer is built.
 *
 * @since 0.1.0
 * @category models
 */
export interface OptionsInput
  extends Partial<Omit<Options, "schema" | "ledgerOwner" | "deadline" | "lockTimeout" | "lease" | "breaker">> {
  readonly schema?: string
  readonly ledgerOwner?: string | undefined
  readonly deadline?: Duration.DurationInput
  readonly lockTimeout?: Duration.DurationInput
  readonly lease?: Duration.DurationInput
  readonly breaker?: { readonly first?: Duration.DurationInput; readonly cap?: Duration.DurationInput }
}

export type { Origin }

/** Pauses of 50 ms, growing threefold up to a second, each with jitter. @since 0.1.0 @category defaults */
export const defaultLockRetry: Schedule.Schedule<unknown> = Schedule.exponential("50 millis", 3).pipe(
  Schedule.union(Schedule.spaced("1 second")),
  Schedule.jittered
)

/** @since 0.1.0 @category defaults */
export const defaults: Options = {
  mode: "heal",
  healConstraints: false,
  schema: SchemaName.make("auto_migration"),
  ledgerOwner: undefined,
  origin: undefined,
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
 * The end of a command that has to find the ledger in this schema. Empty for the default schema.
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

type Check<A> = (value: unknown) => Option.Option<A>

const either = <A, I>(schema: Schema.Schema<A, I>): Check<A> => Schema.decodeUnknownOption(schema)

/** Effect reads a negative duration, and one that is not a number, as zero. */
const duration = {
  check: (value: unknown) => Option.filter(Duration.decodeUnknown(value), () => !/^(-|NaN)/.test(String(value))),
  expected: 'a duration such as "5 seconds"'
}

const oneOf = <const A extends string>(one: A, other: A) => ({
  check: either(Schema.Literal(one, other)),
  expected: `"${one}" or "${other}"`
})

/** What an option takes. `policy` and `lockRetry` are functions and schedules, which only their types tell apart. */
const checks = {
  mode: oneOf("heal", "observe"),
  transaction: oneOf("migration", "plan"),
  healConstraints: { check: either(Schema.Boolean), expected: "true or false" },
  schema: {
    check: either(SchemaName),
    expected: "a schema's name of lower-case letters, digits and underscores, which begins with no digit"
  },
  ledgerOwner: {
    check: either(RoleName),
    expected: "a role's name of at most 63 bytes without control characters"
  },
  budget: { check: either(Schema.NonNegativeInt), expected: "a whole number that is not negative" }
}

/** An option that is not given has its default. */
const checked = <A>(
  option: string,
  value: unknown,
  byDefault: A,
  { check, expected }: { readonly check: Check<A>; readonly expected: string }
): Either.Either<A, InvalidOption> =>
  value === undefined
    ? Either.right(byDefault)
    : Either.fromOption(
        check(value),
        () => new InvalidOption({ option, value: toStringUnknown(value, 0).slice(0, 100), expected })
      )

const fromInput = ({ breaker = {}, ...given }: OptionsInput): Either.Either<Options, InvalidOption> =>
  Either.all({
    mode: checked("mode", given.mode, defaults.mode, checks.mode),
    healConstraints: checked(
      "healConstraints",
      given.healConstraints,
      defaults.healConstraints,
      checks.healConstraints
    ),
    schema: checked("schema", given.schema, defaults.schema, checks.schema),
    ledgerOwner: checked("ledgerOwner", given.ledgerOwner, defaults.ledgerOwner, checks.ledgerOwner),
    policy: Either.right(given.policy ?? defaults.policy),
    transaction: checked("transaction", given.transaction, defaults.transaction, checks.transaction),
    budget: checked("budget", given.budget, defaults.budget, checks.budget),
    deadline: checked("deadline", given.deadline, defaults.deadline, duration),
    lockTimeout: checked("lockTimeout", given.lockTimeout, defaults.lockTimeout, duration),
    lockRetry: Either.right(given.lockRetry ?? defaults.lockRetry),
    lease: checked("lease", given.lease, defaults.lease, duration),
    origin: Either.right(given.origin ?? defaults.origin),
    breaker: Either.all({
      first: checked("breaker.first", breaker.first, defaults.breaker.first, duration),
      cap: checked("breaker.cap", breaker.cap, defaults.breaker.cap, duration)
    })
  })

/**
 * Sets some options by code. The others keep their defaults. The layer fails with `InvalidOption` where an option does not
 * take its value.
 *
 * @example
 * ```ts check
 * import { AutoMigrationConfig } from "effect-auto-migration"
 *
 * export const Options = AutoMigrationConfig.layer({ schema: "my_ledger", lockTimeout: "5 seconds" })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: OptionsInput): Layer.Layer<never, InvalidOption> =>
  Layer.effect(
    AutoMigrationConfig,
    Effect.suspend(() => fromInput(options))
  )

const fromEnvironment: Config.Config<Options> = Config.all({
  mode: Config.literal("heal", "observe")("MODE").pipe(Config.withDefault(defaults.mode)),
  healConstraints: Config.boolean("HEAL_CONSTRAINTS").pipe(Config.withDefault(defaults.healConstraints)),
  schema: Schema.Config("SCHEMA", SchemaName).pipe(Config.withDefault(defaults.schema)),
  ledgerOwner: Schema.Config("LEDGER_OWNER", RoleName).pipe(Config.withDefault(defaults.ledgerOwner)),
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
 * Sets options from Effect's Config, which reads the environment by default: `AUTO_MIGRATION_MODE`, `AUTO_MIGRATION_SCHEMA`,
 * `AUTO_MIGRATION_HEAL_CONSTRAINTS`, `AUTO_MIGRATION_LEDGER_OWNER`, `AUTO_MIGRATION_TRANSACTION`, `AUTO_MIGRATION_BUDGET`, `AUTO_MIGRATION_DEADLINE` (such as `30 seconds`), `AUTO_MIGRATION_LOCK_TIMEOUT`
 * and `AUTO_MIGRATION_LEASE`. Others keep their defaults. An invalid value is a `ConfigError`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerEnvironment: Layer.Layer<never, ConfigError.ConfigError> = Layer.effect(
  AutoMigrationConfig,
  fromEnvironment
)
