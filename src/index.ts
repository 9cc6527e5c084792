/**
 * One namespace per public module, and the two names a program needs every day.
 *
 * @since 0.1.0
 */

export * as AutoMigration from "./AutoMigration.js"
export { AutoMigrationLive, withAutoMigration, withAutoMigrationStream } from "./AutoMigration.js"
export * as AutoMigrationConfig from "./AutoMigrationConfig.js"
export * as Catalog from "./Catalog.js"
export * as CheckedClient from "./CheckedClient.js"
export * as AutoMigrationError from "./core/AutoMigrationError.js"
export * as Checksum from "./core/Checksum.js"
export * as Detector from "./core/Detector.js"
export * as Directive from "./core/Directive.js"
export * as Footprint from "./core/Footprint.js"
export * as LedgerEvent from "./core/LedgerEvent.js"
export * as Migration from "./core/Migration.js"
export * as MigrationGraph from "./core/MigrationGraph.js"
export * as MigrationWarning from "./core/MigrationWarning.js"
export * as ParsedSql from "./core/ParsedSql.js"
export * as Plan from "./core/Plan.js"
export * as Policy from "./core/Policy.js"
export * as Resolver from "./core/Resolver.js"
export * as Risk from "./core/Risk.js"
export * as SchemaObject from "./core/SchemaObject.js"
export * as SqlState from "./core/SqlState.js"
export * as StatementScope from "./core/StatementScope.js"
export * as Executor from "./Executor.js"
export * as Ledger from "./Ledger.js"
export * as MigrationClient from "./MigrationClient.js"
export * as MigrationSource from "./MigrationSource.js"
export * as SqlParser from "./SqlParser.js"
export * as Telemetry from "./Telemetry.js"
