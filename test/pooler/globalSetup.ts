/** `npm run test:pooler` installs nothing: it says what is missing, and fails. */
import * as PgBouncer from "../support/PgBouncer.js"

export default function setup(): void {
  const complaint = PgBouncer.missing()
  if (complaint !== undefined) throw new Error(complaint)
}
