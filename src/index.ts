/**
 * The public modules, one namespace each, and the three names that a program needs every day. `npm run exports` writes the
 * `exports` of package.json from this list; all other modules are internal.
 *
 * @since 0.1.0
 */

export * as AutoMigration from "./AutoMigration.js"
export { AutoMigrationLive, withAutoMigration, withAutoMigrationStream } from "./AutoMigration.js"
export * as CheckedClient from "./CheckedClient.js"
export * as Adoption from "./core/adoption/Adoption.js"
export * as Detector from "./core/detect/Detector.js"
export * as AutoMigrationError from "./core/error/AutoMigrationError.js"
export * as HistoryFigures from "./core/graph/HistoryFigures.js"
export * as MigrationGraph from "./core/graph/MigrationGraph.js"
export * as Plan from "./core/graph/Plan.js"
export * as Lint from "./core/lint/Lint.js"
export * as LedgerEvent from "./core/migration/LedgerEvent.js"
export * as Migration from "./core/migration/Migration.js"
export * as Risk from "./core/model/Risk.js"
export * as SchemaObject from "./core/model/SchemaObject.js"
export * as Picture from "./core/picture/Picture.js"
export * as Policy from "./core/policy/Policy.js"
export * as MigrationClient from "./database/MigrationClient.js"
export * as HttpAutoMigration from "./http/HttpAutoMigration.js"
export * as HistoryCheck from "./operate/HistoryCheck.js"
export * as ProtectedClient from "./ProtectedClient.js"
export * as Rewrite from "./rewrite/Rewrite.js"
export * as AutoMigrationConfig from "./runtime/AutoMigrationConfig.js"
export * as SqlParser from "./runtime/SqlParser.js"
export * as Telemetry from "./runtime/Telemetry.js"
export * as ChangedFiles from "./source/ChangedFiles.js"
export * as MigrationSource from "./source/MigrationSource.js"
export * as SharedMigrations from "./source/SharedMigrations.js"
