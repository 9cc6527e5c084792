/**
 * A place in a file as text, for instance `migrations/001_users.sql:12:3`.
 *
 * @internal
 */
import { visibleName } from "./Visible.js"

/**
 * Renders a place so that editors and terminals can link it; line and column are 1-based.
 *
 * @since 0.1.0
 * @category rendering
 */
export const location = (file: string, line: number, column?: number): string =>
  column === undefined ? `${visibleName(file)}:${line}` : `${visibleName(file)}:${line}:${column}`
