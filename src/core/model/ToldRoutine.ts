/**
 * The routines that a statement runs, as the files tell them: a file is a claim about the database, and a body that was replaced
 * by hand is another one. What the statement does is known where the database has these bodies and no others.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import type { QualifiedName } from "./SchemaObject.js"

/** The body of one routine. @since 0.1.0 @category models */
export interface ToldBody {
  /** In lower case; of an aggregate {@link ofAggregate}. */
  readonly language: string
  /**
   * As the server keeps it: the text inside the quotes; of an aggregate the bare names of its functions, in order, a line each.
   * `None` for `BEGIN ATOMIC` and `RETURN`, which the server keeps as a tree.
   */
  readonly source: Option.Option<string>
  /** The migration that tells it, as its errors call it. */
  readonly file: string
}

/** All routines of one name that a call can mean. @since 0.1.0 @category models */
export interface ToldRoutine {
  readonly kind: "function" | "procedure" | "aggregate"
  readonly name: QualifiedName
  /** How many arguments the call passes; `None` where routines of any number may be meant. */
  readonly arity: Option.Option<number>
  readonly bodies: ReadonlyArray<ToldBody>
}

/** What stands in the place of an aggregate's language. @since 0.1.0 @category constants */
export const ofAggregate = "aggregate"

/** What two calls share that mean the same routines. @since 0.1.0 @category conversions */
export const key = ({ arity, bodies, name }: ToldRoutine): string =>
  JSON.stringify([
    Option.getOrNull(name.schema),
    name.name,
    Option.getOrNull(arity),
    ...bodies.map(({ language, source }) => [language, Option.getOrNull(source)])
  ])

/** The files that tell the bodies, each once. @since 0.1.0 @category rendering */
export const files = ({ bodies }: ToldRoutine): string => [...new Set(bodies.map(({ file }) => file))].join(" and ")
