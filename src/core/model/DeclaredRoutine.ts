/**
 * A declared routine is a routine as the migration files define it. The database may have another body, because a person
 * can replace it by hand. The effect of a statement is known only if the database has exactly the bodies that the files
 * tell.
 *
 * @internal
 */
import * as Option from "effect/Option"
import type { QualifiedName } from "./SchemaObject.js"

/** The body of one routine. @since 0.1.0 @category models */
export interface DeclaredBody {
  /** In lower case; {@link ofAggregate} for an aggregate. */
  readonly language: string
  /**
   * As the server stores it: the text inside the quotes. For an aggregate: the bare names of its functions, in order,
   * one per line. `None` for `BEGIN ATOMIC` and `RETURN`, which the server stores as a tree.
   */
  readonly source: Option.Option<string>
  /** The migration that defines the body, named as in errors. */
  readonly file: string
}

/** All routines that one call may run. @since 0.1.0 @category models */
export interface DeclaredRoutine {
  readonly kind: "function" | "procedure" | "aggregate"
  readonly name: QualifiedName
  /** The number of arguments that the call passes; `None` where any number is possible. */
  readonly arity: Option.Option<number>
  readonly bodies: ReadonlyArray<DeclaredBody>
}

/** The `language` of an aggregate. @since 0.1.0 @category constants */
export const ofAggregate = "aggregate"

/**
 * Identifies the routines of a call: two calls with the same routines and bodies have the same key.
 *
 * @since 0.1.0
 * @category conversions
 */
export const key = ({ arity, bodies, name }: DeclaredRoutine): string =>
  JSON.stringify([
    Option.getOrNull(name.schema),
    name.name,
    Option.getOrNull(arity),
    ...bodies.map(({ language, source }) => [language, Option.getOrNull(source)])
  ])

/** The files that define the bodies, each once, for messages. @since 0.1.0 @category rendering */
export const files = ({ bodies }: DeclaredRoutine): string => [...new Set(bodies.map(({ file }) => file))].join(" and ")
