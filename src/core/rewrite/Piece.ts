/**
 * A piece is a part of what a statement becomes: SQL that runs at once, and the kind of file that it needs. The pieces of
 * a statement run in their order.
 *
 * @since 0.1.0
 * @internal
 */

/** @since 0.1.0 @category models */
export interface Piece {
  /** Whole statements, each with its semicolon. */
  readonly sql: string
  /** `own`: it shares its file with no other statement. */
  readonly file: "shared" | "own"
  /** `none`: it cannot run inside a transaction, or commits by itself. */
  readonly transaction: "own" | "none"
  /** Whether it runs after all later statements of the file: a validation. */
  readonly isDeferred: boolean
  /** A word for the name of its file. */
  readonly slug: string
}

/** The pieces of a statement, and the risks that stay, each as a sentence. @since 0.1.0 @category models */
export interface Rewriting {
  readonly pieces: ReadonlyArray<Piece>
  readonly left: ReadonlyArray<string>
}

const piece = (sql: string, slug: string, more: Partial<Piece>): Piece => ({
  sql,
  file: "shared",
  transaction: "own",
  isDeferred: false,
  slug,
  ...more
})

/** Runs with the statements around it. @since 0.1.0 @category constructors */
export const shared = (sql: string, slug: string): Piece => piece(sql, slug, {})

/** Runs outside a transaction. @since 0.1.0 @category constructors */
export const outside = (sql: string, slug: string): Piece => piece(sql, slug, { file: "own", transaction: "none" })

/** Validates a constraint in a transaction of its own. @since 0.1.0 @category constructors */
export const validation = (head: string, constraint: string): Piece =>
  piece(`${head} VALIDATE CONSTRAINT ${constraint};`, "validate", { file: "own", isDeferred: true })

/** Runs after the validations. @since 0.1.0 @category constructors */
export const afterValidation = (sql: string, slug: string): Piece => piece(sql, slug, { isDeferred: true })

/** Keeps its place, although it is a validation. @since 0.1.0 @category constructors */
export const inPlace = (one: Piece): Piece => ({ ...one, isDeferred: false })
