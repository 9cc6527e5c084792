/**
 * The built-in routines: functions, aggregates and procedures of every PostgreSQL server that people call. A routine
 * that no migration creates is unknown unless it is built in, and an unknown routine never counts as harmless.
 * Functions that only the server calls (for operators, types and indexes) are left out. A test compares the list with
 * the server's.
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

/** The names of the routines of PostgreSQL 18. @since 0.1.0 @category constants */
export const names: ReadonlySet<string> = new Set(builtInRoutineNames.trim().split(/\s+/))
