/**
 * Every failure of the library, as closed unions. {@link AutoMigrationError} is what can happen while a gap is closed or
 * migrations are applied; `MigrationDefinitionError` is what is wrong with the migrations themselves; `AdoptionError` is what can
 * stop an adoption besides. There is one class per recovery decision. Its fields hold facts, and its explanation is computed from
 * them and ends with what to do next: on one line as its `message`, and for a terminal by {@link render}.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import {
  HealTimeout,
  MigrationPending,
  MigrationRefused,
  ObjectRemoved,
  SchemaDrift,
  TransactionMustRestart
} from "./GapError.js"
import {
  BaselineUnfounded,
  ChecksumMismatch,
  HistoryElsewhere,
  LedgerUnusable,
  MigrationRenamed,
  RenameRefused
} from "./LedgerError.js"
import { LeaseLost, LockTimeout, MigrationFailed, PromiseBroken, StatementInDoubt } from "./RunError.js"
import {
  DatabaseUnavailable,
  GrantMissing,
  InsufficientPrivilege,
  ReadOnlyServer,
  ReplicaBehind,
  ServerTooOld
} from "./ServerError.js"

export { type AdoptionError, AdoptionRefused, NothingToAdopt, SeveralHistories } from "./AdoptionError.js"
export { isExplained } from "./Explained.js"
export type { Excerpt, Explained, Explanation, Place, Reason, Remedy } from "./Explanation.js"
export type { FailedQuery, Provider } from "./Facts.js"
export * from "./GapError.js"
export { InvalidOption } from "./InvalidOption.js"
export * from "./LedgerError.js"
export {
  AmbiguousOrder,
  AmbiguousProvider,
  CyclicDependency,
  DuplicateMigrationId,
  InvalidDirective,
  InvalidEncoding,
  InvalidLayout,
  InvalidSql,
  type LayoutError,
  type MigrationDefinitionError,
  MigrationUnreadable,
  NothingToApply,
  UnknownRequirement,
  UnsupportedLayout
} from "./MigrationDefinitionError.js"
export { type RenderOptions, render } from "./Render.js"
export * from "./RunError.js"
export * from "./ServerError.js"

/** Every class of the union. */
const classes = [
  MigrationRefused,
  MigrationPending,
  SchemaDrift,
  ObjectRemoved,
  TransactionMustRestart,
  MigrationFailed,
  LeaseLost,
  StatementInDoubt,
  PromiseBroken,
  LockTimeout,
  HealTimeout,
  InsufficientPrivilege,
  GrantMissing,
  ReadOnlyServer,
  ReplicaBehind,
  ServerTooOld,
  DatabaseUnavailable,
  ChecksumMismatch,
  MigrationRenamed,
  RenameRefused,
  BaselineUnfounded,
  HistoryElsewhere,
  LedgerUnusable
] as const

/**
 * What can happen while a gap is closed or migrations are applied.
 *
 * @since 0.1.0
 * @category errors
 */
export type AutoMigrationError = InstanceType<(typeof classes)[number]>

const classByTag = new Map<unknown, (typeof classes)[number]>(classes.map((own) => [own._tag, own]))

/**
 * Whether a value is an {@link AutoMigrationError}.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { AutoMigrationError } from "effect-auto-migration"
 *
 * const error = new AutoMigrationError.MigrationPending({
 *   gap: "column users.email",
 *   migrationIds: ["002_email"],
 *   command: "npx effect-auto-migration migrate 002_email"
 * })
 *
 * assert.ok(AutoMigrationError.isAutoMigrationError(error))
 * assert.equal(error.message.split(". ")[0], "column users.email is missing because 002_email has not been applied")
 * assert.ok(AutoMigrationError.render(error).includes("npx effect-auto-migration migrate 002_email"))
 * ```
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAutoMigrationError = (value: unknown): value is AutoMigrationError => {
  const own = classByTag.get(Predicate.hasProperty(value, "_tag") ? value._tag : undefined)
  return own !== undefined && value instanceof own
}
