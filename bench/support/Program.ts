/**
 * A program of a bench, and what its times come to.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as AutoMigration from "../../src/AutoMigration.js"
import * as MigrationSource from "../../src/source/MigrationSource.js"

/** A program with these migrations on a database, until the scope ends. */
export const make = (url: string, migrations: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      ManagedRuntime.make(
        AutoMigration.AutoMigrationLive.pipe(
          Layer.provide(MigrationSource.layerRecord(migrations)),
          Layer.provideMerge(PgClient.layer({ url: Redacted.make(url) })),
          Layer.orDie
        )
      )
    ),
    (runtime) => Effect.promise(() => runtime.dispose())
  )

/** How long some work takes, in nanoseconds. */
export const timed = (work: () => Promise<unknown>): Effect.Effect<number> =>
  Effect.promise(async () => {
    const start = process.hrtime.bigint()
    await work()
    return Number(process.hrtime.bigint() - start)
  })

export const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
