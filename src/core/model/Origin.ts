/**
 * Where a program's migrations come from, as far as an operator has to know: the command line can read a folder, and for
 * migrations in code the program itself is called.
 *
 * @internal
 */

/** @since 0.1.0 @category models */
export type Origin =
  | {
      readonly _tag: "Folder"
      /** As an operator types it in the working directory. */
      readonly path: string
      /** The order of names, where the program chooses one. */
      readonly order?: "natural" | "text" | undefined
    }
  | { readonly _tag: "Code" }

/** @since 0.1.0 @category constants */
export const code: Origin = { _tag: "Code" }
