/** `npm run test:pooler` installs nothing: it says what is missing, and fails, or else which version runs. */
import * as PgBouncer from "../support/server/PgBouncer.js"

export default function setup(): void {
  const complaint = PgBouncer.missing()
  if (complaint !== undefined) throw new Error(complaint)
  process.stdout.write(`PgBouncer ${PgBouncer.version().join(".")}\n`)
}
