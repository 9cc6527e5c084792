/**
 * What holds the attacks of docs/security.md, taken out of the sources one by one, with the test that does each attack. The rows
 * whose tests are not here have a test beside the attack that fails without its mend.
 */
import type { Mutant } from "./Mutant.js"

export interface SecurityMutant extends Mutant {
  /** The path below `test`, without its ending. */
  readonly file: string
  /** Words in the names of the tests of which one must fail, as `vitest -t` takes them. */
  readonly row: string
}

const of = (
  file: string,
  name: string,
  row: string,
  without: string,
  ...edits: SecurityMutant["edits"]
): SecurityMutant => ({ file, name, row, without, edits })

const secrets = "server/attack/secrets"
const printed = "server/attack/printed"
const holders = "server/attack/holders"
const folder = "source/Folder"
const pooler = "pooler/dirtySession"

export const security: ReadonlyArray<SecurityMutant> = [
  of(secrets, "told", "a secret that is a literal of the migration", "the difference between the runner and others", [
    "database/FailureText",
    "visible(toItsRunner ? full : constant)",
    "visible(full)"
  ]),
  of(secrets, "recorded", "a secret that is a row that the server quotes", "the constant part of what is recorded", [
    "database/MigrationFailure",
    "{ message: facts.reason.constant,",
    "{ message: facts.reason.full,"
  ]),
  of(secrets, "spans", "a secret that is a literal of the migration", "the constant part in spans", [
    "database/MigrationFailure",
    "failure.toError({ cause: undefined, retryAt: 0 }).message",
    "failure.toError({ cause: undefined, retryAt: 0, toItsRunner: true }).message"
  ]),
  of(secrets, "values", "a secret that is a row that the server quotes", "the values that the server quotes", [
    "core/detect/ConstantMessage",
    "Option.some(withoutValues(message))",
    "Option.some(message)"
  ]),
  of(secrets, "copied", "a secret that is the data of a COPY", "the values that the server quotes", [
    "core/detect/ConstantMessage",
    "Option.some(withoutValues(message))",
    "Option.some(message)"
  ]),
  of(
    secrets,
    "raised",
    "a secret that is a row that a function tells",
    "the messages that code of the database writes",
    [
      "core/detect/ConstantMessage",
      "return isOfServer && !unquoting.test(message) ? Option.some(withoutValues(message)) : Option.none()",
      "return isOfServer || message !== '' ? Option.some(message) : Option.none()"
    ]
  ),
  of(secrets, "details", "a secret that is a row in the detail of an error", "the details of errors", [
    "core/detect/SqlState",
    "    message,\n    position:",
    "    message: [message, Reflect.get(error, 'detail')].join(),\n    position:"
  ]),
  of(secrets, "literals", "a secret that is a literal of the migration", "the literals of a statement", [
    "core/text/Redaction",
    `if (first === "'" || /^[eE]'/.test(token)) return`,
    `if (first === "'" || /^[eE]'/.test(token)) return token ||`
  ]),
  of(secrets, "bodies' text", "a secret that is a literal in a body", "the bodies of a statement", [
    "core/text/Redaction",
    'first === "$" && token.length > 1 ?',
    'first === "$" && token.length > 1 ? token || '
  ]),
  of(secrets, "comments' text", "a secret that is a comment of the migration", "the comments of a statement", [
    "core/text/Redaction",
    'return " "',
    "return token"
  ]),
  of(secrets, "role passwords", "a secret that is the password of a role", "statements that may hold a password", [
    "core/text/Redaction",
    "passwords.test(withoutComments(statement))",
    "passwords.test('') && withoutComments(statement) === ''"
  ]),
  of(secrets, "mapping passwords", "a secret that is the password of a user mapping", "statements that may hold one", [
    "core/text/Redaction",
    "passwords.test(withoutComments(statement))",
    "passwords.test('') && withoutComments(statement) === ''"
  ]),
  of(printed, "console", "a command that meets an escape code in an id in the ledger", "the codes in what is printed", [
    "cli/Command",
    "visible(String(line))",
    "visible('') + String(line)"
  ]),
  of(printed, "told codes", "a program that meets an escape code in a row", "the codes in errors", [
    "database/FailureText",
    "visible(toItsRunner ? full : constant)",
    "visible('') + (toItsRunner ? full : constant)"
  ]),
  of(
    printed,
    "holders' codes",
    "a program that meets an escape code in the name",
    "the codes in the names of holders",
    ["execute/Waits", "visible(LockHolder.render(", "visible('').concat(LockHolder.render("]
  ),
  of(
    holders,
    "telling",
    "the migration lock in the hands of a stranger is told to the operator",
    "the line for one who waits",
    ["execute/Waits", "      return tell(dependencies)\n", "      return Effect.void\n"]
  ),
  of(
    holders,
    "held",
    "the migration lock in the hands of a stranger is told to the operator",
    "the holders of the lock",
    [
      "ledger/Holders",
      "LATERAL pg_catalog.pg_stat_get_activity(l.pid) a\n  WHERE",
      "LATERAL pg_catalog.pg_stat_get_activity(l.pid) a\n  WHERE false AND"
    ]
  ),
  of(holders, "ending", "the migration lock in the hands of a stranger is told to a query", "what ends the holder", [
    "core/model/LockHolder",
    "To end it: SELECT pg_catalog.pg_terminate_backend(",
    "To end it: SELECT pg_catalog.pg_cancel_backend("
  ]),
  of(holders, "hidden", "the migration lock in the hands of a stranger is told to a role", "what a role may not see", [
    "ledger/Holders",
    "'isHidden', a.backend_start IS NULL",
    "'isHidden', false"
  ]),
  of(holders, "lease named", "a lease that lasts for hours whose holder is gone", "the leases", [
    "ledger/Holders",
    "WHERE (l.expires_at > pg_catalog.clock_timestamp()) OR (a.pid IS NOT NULL)",
    "WHERE false"
  ]),
  of(holders, "release", "a lease that lasts for hours whose holder is gone", "the end of a lease", [
    "ledger/Holders",
    "SET lasts = '0'",
    "SET lasts = l.lasts"
  ]),
  of(holders, "holder's session", "a lease that lasts for hours whose holder works", "the question for its session", [
    "ledger/Holders",
    "interval '10 seconds')) AND NOT EXISTS",
    "interval '10 seconds')) AND EXISTS (SELECT) OR EXISTS"
  ]),
  of(folder, "size", "a folder in which a file's place is taken by a file of more than 16 MB", "the largest size", [
    "source/Folder",
    "({ length }) => length <= maxFileSize",
    "({ length }) => length >= 0"
  ]),
  of(
    pooler,
    "reset",
    "in session mode, sessions in which another client left a search path",
    "the reset of a session",
    ["database/Transaction", '"DISCARD TEMP", ""].join(', '"DISCARD TEMP", ""].slice(4).join(']
  )
]
