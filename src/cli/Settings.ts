/**
 * The options that all commands share, the environment, and the layers that they lead to.
 *
 * @internal
 */
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as AutoMigration from "../AutoMigration.js"
import { TaggedError } from "../core/error/Explained.js"
import type { Explanation } from "../core/error/Explanation.js"
import * as AutoMigrationConfig from "../runtime/AutoMigrationConfig.js"
import * as MigrationSource from "../source/MigrationSource.js"
import * as Connection from "./Connection.js"
import { Surroundings } from "./Report.js"

export { ConnectionFailed } from "./Connection.js"

/** The words of a command make no sense. @since 0.1.0 @category errors */
export class UsageError extends Schema.TaggedError<UsageError>("effect-auto-migration/UsageError")("UsageError", {
  reason: Schema.String
}) {
  override get message() {
    return this.reason
  }
}

/** No migration has this id, and none provides this object. @since 0.1.0 @category errors */
export class NotFound extends TaggedError<NotFound>("effect-auto-migration/NotFound")("NotFound", {
  what: Schema.String,
  known: Schema.Array(Schema.String)
}) {
  get explanation(): Explanation {
    return {
      problem: `No migration has the id "${this.what}", and none provides an object of this name`,
      reasons: [{ why: `the ids are ${this.known.join(", ")}` }],
      remedies: [{ say: "Correct the name" }]
    }
  }
}

/**
 * Fails for an argument that looks like an option: the parser takes an unknown option for an argument. After `--` each
 * word is an argument.
 *
 * @since 0.1.0
 * @category options
 */
export const unlessOption = (words: ReadonlyArray<string>): Effect.Effect<void, UsageError, Surroundings> =>
  Effect.flatMap(Surroundings, ({ isEnded }) => {
    const option = isEnded ? undefined : words.find((word) => word.startsWith("-"))
    return option === undefined ? Effect.void : Effect.fail(new UsageError({ reason: `There is no option ${option}.` }))
  })

/** An option with one of these values. @since 0.1.0 @category options */
export function choice<Value extends string>(name: string, values: ReadonlyArray<Value>): Options.Options<Value> {
  return Options.mapEffect(Options.text(name), (given) => {
    const known = values.find((value) => value === given)
    const reason = `--${name} is ${values.join(" or ")}, and not "${given}".`
    return known === undefined ? Effect.fail(ValidationError.invalidValue(HelpDoc.p(reason))) : Effect.succeed(known)
  })
}

/** The order of names that have two. @since 0.1.0 @category options */
const order = choice("order", ["natural", "text"]).pipe(
  Options.withDescription(
    "the order of names that have two: natural (9 before 10) or text; without it such names are an error"
  ),
  Options.optional
)

/** Options of each command that reads the folder. @since 0.1.0 @category options */
export const folder = {
  folder: Options.text("folder").pipe(
    Options.withDescription("the folder of migrations; AUTO_MIGRATION_FOLDER, or migrations, without it"),
    Options.optional
  ),
  order,
  json: Options.boolean("json").pipe(Options.withDescription("print JSON"))
}

/** Options of each command that asks the database. @since 0.1.0 @category options */
export const database = {
  ...folder,
  url: Options.text("url").pipe(
    Options.withDescription(
      "the database, postgres://user@host:5432/name; DATABASE_URL, or the PG variables of libpq, without it"
    ),
    Options.optional
  ),
  schema: Options.text("schema").pipe(
    Options.withDescription("the ledger's schema; AUTO_MIGRATION_SCHEMA, or auto_migration, without it"),
    Options.optional
  ),
  ledgerOwner: Options.text("ledger-owner").pipe(
    Options.withDescription(
      "the role that owns the ledger; AUTO_MIGRATION_LEDGER_OWNER, or one that is trusted, without it"
    ),
    Options.optional
  )
}

/** Names of shared options that take a value. @since 0.1.0 @category options */
export const valued: ReadonlySet<string> = new Set(["--folder", "--order", "--url", "--schema", "--ledger-owner"])

/** @since 0.1.0 @category models */
export interface Folder {
  readonly folder: Option.Option<string>
  readonly order: Option.Option<"natural" | "text">
  readonly json: boolean
}

/** @since 0.1.0 @category models */
export interface Database extends Folder {
  readonly url: Option.Option<string>
  readonly schema: Option.Option<string>
  readonly ledgerOwner: Option.Option<string>
}

const given = (environment: Readonly<Record<string, string | undefined>>, name: string): Option.Option<string> =>
  Option.filter(Option.fromNullable(environment[name]), (value) => value !== "")

/** The path of the folder. @since 0.1.0 @category settings */
export const pathOf = ({ folder: option }: Pick<Folder, "folder">): Effect.Effect<string, never, Surroundings> =>
  Effect.map(Surroundings, ({ environment }) =>
    Option.getOrElse(
      Option.orElse(option, () => given(environment, "AUTO_MIGRATION_FOLDER")),
      () => "migrations"
    )
  )

/** The migrations of the folder. @since 0.1.0 @category layers */
export const source = (settings: Folder): Layer.Layer<MigrationSource.MigrationSource, never, Surroundings> =>
  Layer.unwrapEffect(
    Effect.map(pathOf(settings), (path) =>
      MigrationSource.layerDirectory(
        path,
        Option.match(settings.order, { onNone: () => ({}), onSome: (_) => ({ order: _ }) })
      )
    )
  )

/** Names the environment's variable in the words of the error. */
const wrongVariable = (error: ConfigError.ConfigError): UsageError =>
  new UsageError({
    reason: ConfigError.reduceWithContext(error, undefined, {
      andCase: (_, left, right) => `${left} ${right}`,
      orCase: (_, left, right) => `${left} ${right}`,
      missingDataCase: (_, path, message) => `${path.join("_")}: ${message}`,
      invalidDataCase: (_, path, message) => `The environment's ${path.join("_")} cannot be used: ${message}`,
      sourceUnavailableCase: (_, path, message) => `${path.join("_")}: ${message}`,
      unsupportedCase: (_, path, message) => `${path.join("_")}: ${message}`
    })
  })

const provider = (environment: Readonly<Record<string, string | undefined>>): ConfigProvider.ConfigProvider =>
  ConfigProvider.fromMap(
    new Map(
      Object.entries(environment).flatMap(([name, value]) =>
        value === undefined || value === "" ? [] : [[name, value]]
      )
    ),
    { pathDelim: "_", seqDelim: "," }
  )

const optionsOf = Effect.fnUntraced(function* (settings: Database) {
  const { ledgerOwner, schema } = settings
  const { environment } = yield* Surroundings
  const context = yield* Layer.build(AutoMigrationConfig.layerEnvironment).pipe(
    Effect.withConfigProvider(provider(environment)),
    Effect.mapError(wrongVariable)
  )
  const options = Context.get(context, AutoMigrationConfig.AutoMigrationConfig)
  return {
    ...options,
    origin: { _tag: "Folder" as const, path: yield* pathOf(settings), order: Option.getOrUndefined(settings.order) },
    ...(yield* Option.match(schema, {
      onNone: () => Effect.succeed({}),
      onSome: (name) =>
        Effect.mapBoth(Schema.decodeUnknown(AutoMigrationConfig.SchemaName)(name), {
          onFailure: () =>
            new UsageError({
              reason: `--schema: "${name}" is not a schema's name of lower-case letters, digits and underscores.`
            }),
          onSuccess: (_) => ({ schema: _ })
        })
    })),
    ...(yield* Option.match(ledgerOwner, {
      onNone: () => Effect.succeed({}),
      onSome: (name) =>
        Effect.mapBoth(Schema.decodeUnknown(AutoMigrationConfig.RoleName)(name), {
          onFailure: () =>
            new UsageError({
              reason: `--ledger-owner: "${name}" is not a role's name of at most 63 bytes without control characters.`
            }),
          onSuccess: (_) => ({ ledgerOwner: _ })
        })
    }))
  }
}, Effect.scoped)

/** The options of the library: the environment's, with those of the command. @since 0.1.0 @category layers */
export const config = (settings: Database): Layer.Layer<never, UsageError, Surroundings> =>
  Layer.effect(AutoMigrationConfig.AutoMigrationConfig, optionsOf(settings))

/** The address of the database. Fails where none is named. @since 0.1.0 @category settings */
export const address = ({ url }: Pick<Database, "url">): Effect.Effect<Connection.Address, UsageError, Surroundings> =>
  Effect.flatMap(Surroundings, ({ environment }) => Connection.address(url, environment)).pipe(
    Effect.mapError((reason) => new UsageError({ reason }))
  )

/** Whether an option or a variable names a database. @since 0.1.0 @category settings */
export const isNamed = (settings: Pick<Database, "url">): Effect.Effect<boolean, never, Surroundings> =>
  Effect.match(address(settings), { onFailure: () => false, onSuccess: () => true })

/** A client of the database. */
const client = (to: Connection.Address) =>
  Layer.mapError(PgClient.layer({ url: Redacted.make(to.url), applicationName: "effect-auto-migration" }), (error) =>
    Connection.failure(to, error)
  )

/**
 * All that a command needs that asks the database. Options and variables are read before the database is asked.
 *
 * @since 0.1.0
 * @category layers
 */
export const services = (settings: Database) =>
  Layer.unwrapEffect(
    Effect.zipWith(address(settings), optionsOf(settings), (to, options) =>
      AutoMigration.AutoMigrationLive.pipe(
        Layer.provideMerge(source(settings)),
        Layer.provideMerge(AutoMigrationConfig.layer(options)),
        Layer.provideMerge(client(to))
      )
    )
  )
