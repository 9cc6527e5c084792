/**
 * A program under test: a client, and the library with migrations and options given inline.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import {
  AutoMigration,
  AutoMigrationConfig,
  AutoMigrationLive,
  MigrationClient,
  MigrationSource
} from "effect-auto-migration"

export interface Program {
  readonly url: string
  readonly migrations: Readonly<Record<string, string>>
  readonly options?: Partial<AutoMigrationConfig.Options>
  readonly maxConnections?: number
}

/** On a busy machine a connection may take long. */
export const connectTimeout = "1 minute"

/** The deadline of heals in tests of anything else: a heal on a busy machine ends with its test at the latest. */
export const deadline = Duration.minutes(10)

/** The client alone. */
export const client = ({ maxConnections = 5, url }: Pick<Program, "maxConnections" | "url">) =>
  Layer.orDie(PgClient.layer({ url: Redacted.make(url), maxConnections, connectTimeout }))

/** The library on a client that is there. */
export const library = ({ migrations, options = {} }: Pick<Program, "migrations" | "options">) =>
  AutoMigrationLive.pipe(
    Layer.provide(MigrationSource.layerRecord(migrations)),
    Layer.provide(AutoMigrationConfig.layer({ deadline, ...options })),
    Layer.orDie
  )

/** The application's client, and connections for the migrations of all programs that are built on it. */
export const connections = (program: Pick<Program, "maxConnections" | "url">) =>
  Layer.provideMerge(MigrationClient.layerFromApplication, client(program))

/** The library on such connections. */
export const libraryOnConnections = ({ migrations, options = {} }: Pick<Program, "migrations" | "options">) =>
  AutoMigration.layer.pipe(
    Layer.provide(MigrationSource.layerRecord(migrations)),
    Layer.provide(AutoMigrationConfig.layer({ deadline, ...options })),
    Layer.orDie
  )

/** As a user would write it. */
export const layer = (program: Program): Layer.Layer<AutoMigration.AutoMigration | PgClient.PgClient | SqlClient> =>
  Layer.provideMerge(library(program), client(program))

/** The library on a connection string of its own, beside the application's. */
export const layerWithMigrator = (
  program: Program & { readonly migratorUrl: string }
): Layer.Layer<AutoMigration.AutoMigration | PgClient.PgClient | SqlClient> =>
  AutoMigration.layer.pipe(
    Layer.provide(MigrationClient.layer({ url: Redacted.make(program.migratorUrl), connectTimeout })),
    Layer.provide(MigrationSource.layerRecord(program.migrations)),
    Layer.provide(AutoMigrationConfig.layer({ deadline, ...program.options })),
    Layer.provideMerge(client(program)),
    Layer.orDie
  )
