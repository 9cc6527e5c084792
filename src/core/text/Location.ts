/**
 * A place in a file, as text.
 *
 * @internal
 */

/** As editors and terminals link it. @since 0.1.0 @category rendering */
export const location = (file: string, line: number, column?: number): string =>
  column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`
