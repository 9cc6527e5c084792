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
const kept = "server/attack/kept"
const adversity = "server/heal/adversity"
const folder = "source/Folder"
const healer = "heal/Healer"
const others = "server/attack/ledgerOfOthers"
const locks = "server/database/transactions"
const pooler = "pooler/dirtySession"
const cancel = "server/database/ownSql"

export const security: ReadonlyArray<SecurityMutant> = [
  of(others, "schema's owner", "the schema after the look for it", "the look at the owner of the schema that is made", [
    "runner/LedgerBuild",
    "before: [LedgerStatements.makeSchema(schema), trusted.check]",
    "before: []"
  ]),
  of(locks, "pause for locks", "a query that asks each second", "the pause in proportion to the waits for locks", [
    "runner/PlanRunner",
    "Breaker.lockShare * lockWait.milliseconds",
    "0 * lockWait.milliseconds"
  ]),
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
    "database/Failure",
    "failure.toError({ asked: noQuery, retryAt: 0 }).message",
    "failure.toError({ asked: noQuery, retryAt: 0, toItsRunner: true }).message"
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
    "cli/Line",
    "return visible(piece)",
    "return visible('') + piece"
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
  of(holders, "locked tables", "a table of the ledger that a writer has locked", "the holders of locks on tables", [
    "ledger/Holders",
    "(c.relkind = 'r') AND l.granted",
    "(c.relkind = 'v') AND l.granted"
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
  of(holders, "holder's role", "whose name a session of a stranger bears", "the role of a holder's session", [
    "ledger/Lease",
    "\n    AND (pg_catalog.pg_get_userbyid(a.usesysid) = l.held_by)",
    ""
  ]),
  of(folder, "links", "a folder in which a file's place is taken by a link", "the refusal of links out of the folder", [
    "source/Folder",
    "real === folder || real.startsWith(",
    "real !== '' || real.startsWith("
  ]),
  of(
    folder,
    "namesakes of the folder",
    "a folder in which a file's place is taken by a link to a folder whose",
    "the end of a folder's name",
    ["source/Folder", "folder.endsWith(sep) ? folder : folder + sep", "folder.endsWith(sep) ? folder : folder"]
  ),
  of(folder, "size", "a folder in which a file's place is taken by a file of more than 16 MB", "the largest size", [
    "source/Folder",
    "({ length }) => length <= maxFileSize",
    "({ length }) => length >= 0"
  ]),
  of(folder, "hidden characters", "a folder in which a name holds", "the refusal of invisible characters", [
    "source/MigrationSource",
    "(id) => !isHidden(id)",
    "(id) => !isHidden(id) || id !== ''"
  ]),
  of(folder, "shown names", "a folder in which a name holds", "the codes in an error about a file", [
    "core/error/Explanation",
    'visibleName(text.replace(/\\s+/g, " ").trim())',
    "visibleName('') + text.replace(/\\s+/g, ' ').trim()"
  ]),
  of(folder, "links put meanwhile", "a folder in which a link takes a file's place", "the refusal to follow a link", [
    "source/Folder",
    " | (constants.O_NOFOLLOW ?? 0)",
    ""
  ]),
  of(
    folder,
    "kinds of files",
    "a folder in which a file's place is taken by a pipe",
    "the look at the kind of a file",
    ["source/Folder", "if (!found.isFile()) throw", "if (found.size < 0) throw"]
  ),
  of(kept, "one heal", "queries that all fail at once", "one heal for equal gaps", [
    "runtime/SingleFlight",
    "Effect.exit(Effect.flatMap(startOrFind(key, work), Fiber.await))",
    "Effect.exit(Effect.flatMap(startOrFind(key + Math.random(), work), Fiber.await))"
  ]),
  of(kept, "pool", "queries that all fail at once", "a pool of fixed size", [
    "database/MigrationClient",
    "const reservable = 4",
    "const reservable = 400"
  ]),
  of(adversity, "abandon", "the statement is cancelled", "the end of a transaction that failed", [
    "database/Transaction",
    "onFailure: (cause) => Effect.zipRight(abandon(connection), Effect.failCause(cause))",
    "onFailure: (cause) => Effect.failCause(cause)"
  ]),
  of(kept, "as it came", "a forged error", "the cause of the first time", [
    "heal/Boundary",
    ": Effect.failCause(before.cause)",
    ": Effect.die('another error')"
  ]),
  of(healer, "questions' hashes", "hundreds of failing queries", "the hashes of questions", [
    "heal/Findings",
    "sha256(question)",
    "question"
  ]),
  of(
    pooler,
    "reset",
    "in session mode, sessions in which another client left a search path",
    "the reset of a session",
    ["database/Transaction", '"DISCARD TEMP", ""].join(', '"DISCARD TEMP", ""].slice(4).join(']
  ),
  of(
    pooler,
    "reset of the role",
    "in transaction mode, sessions in which another client left a role",
    "the reset of the role",
    ["database/Transaction", '["RESET SESSION AUTHORIZATION", "RESET ROLE", "RESET ALL"', '["RESET ALL"']
  ),
  of(
    pooler,
    "reset of settings",
    "in transaction mode, sessions in which another client left a search path",
    "the reset of settings",
    [
      "database/Transaction",
      '["RESET SESSION AUTHORIZATION", "RESET ROLE", "RESET ALL"',
      '["RESET SESSION AUTHORIZATION", "RESET ROLE"'
    ]
  ),
  of(
    pooler,
    "temporary types",
    "in transaction mode, sessions in which another client left types",
    "the end of temporary objects",
    ["database/Transaction", '"RESET ALL", "DISCARD TEMP", ""]', '"RESET ALL", ""]']
  ),
  of(
    cancel,
    "cancellation",
    "it answers as ever: a migration that is interrupted",
    "the server's own function to cancel a statement",
    ["database/MigrationClient", "Cancellation.guarded(client, connection)", "connection"]
  ),
  of(kept, "raised errors", "a forged error raised", "the difference between an error of the server and a raised one", [
    "core/detect/Detector",
    '!Option.contains(routine, "exec_stmt_raise")',
    "true"
  ])
]
