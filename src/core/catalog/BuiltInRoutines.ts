/**
 * Functions, aggregates and procedures that every PostgreSQL server brings and that people call. What a migration calls and no
 * migration creates is either one of these or unknown, and unknown is never taken for harmless. Functions that only the
 * server itself calls (those behind operators, types and indexes) are left out; a test compares the list with the server's.
 *
 * @since 0.1.0
 * @internal
 */
import * as Option from "effect/Option"
import type { QualifiedName } from "../model/SchemaObject.js"
import { builtInRoutineNames } from "./BuiltInRoutineNames.js"

/** Whether a routine belongs to PostgreSQL itself. @since 0.1.0 @category predicates */
export const isBuiltInRoutine = ({ name, schema }: QualifiedName): boolean =>
  Option.match(schema, {
    onNone: () => names.has(name),
    onSome: (_) => _ === "pg_catalog" || _ === "information_schema"
  })

/** By name, as PostgreSQL 18 has them. @since 0.1.0 @category constants */
export const names: ReadonlySet<string> = new Set(builtInRoutineNames.trim().split(/\s+/))
