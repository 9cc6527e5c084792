/**
 * A process of its own that migrates and says how that ended: what a test may stop, continue and kill. It takes one argument,
 * the program as JSON.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as AutoMigration from "../../../src/AutoMigration.js"
import * as MigrationClient from "../../../src/database/MigrationClient.js"
import * as AutoMigrationConfig from "../../../src/runtime/AutoMigrationConfig.js"
import * as MigrationSource from "../../../src/source/MigrationSource.js"
import { Program } from "./ProcessProgram.js"

const migrate = ({ lease, migrations, url }: Program) =>
  AutoMigration.migrate.pipe(
    Effect.match({ onFailure: (error) => error._tag, onSuccess: (ids) => ids.join(", ") }),
    Effect.provide(
      AutoMigration.layer.pipe(
        Layer.provide(MigrationClient.layer({ url: Redacted.make(url) })),
        Layer.provide(MigrationSource.layerRecord(migrations)),
        Layer.provide(AutoMigrationConfig.layer({ lease })),
        Layer.orDie
      )
    )
  )

Schema.decodeUnknown(Schema.parseJson(Program))(process.argv[2]).pipe(
  Effect.flatMap(migrate),
  Effect.flatMap((outcome) => Effect.sync(() => process.stdout.write(`${outcome}\n`))),
  Effect.runPromise
)
