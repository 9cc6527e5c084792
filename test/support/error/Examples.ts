/**
 * One error of each class, with the facts that the library gives it.
 */
import { SqlError } from "@effect/sql/SqlError"
import * as Option from "effect/Option"
import { ChangedFiles, AutoMigrationError as Errors, HistoryCheck, Rewrite, SchemaObject } from "effect-auto-migration"
import * as Connection from "../../../src/cli/Connection.js"
import { DataLossNotAccepted } from "../../../src/cli/Migrate.js"
import { FileNotMade } from "../../../src/cli/New.js"
import { NotFound } from "../../../src/cli/Settings.js"
import * as SqlState from "../../../src/core/detect/SqlState.js"

const migrationIds = ["002_email"] as const
const gap = "column users.email"
const command = "npx effect-auto-migration migrate 002_email --folder db/migrations"
const file = "db/migrations/002_email.sql"
const query = { statement: "SELECT id, email FROM users WHERE id = $1", position: 12, error: new Error("42703") }
const providers = [{ migrationId: "002_email", file, line: 3 }]
const asked = { query, providers }

const gaps = [
  new Errors.MigrationRefused({
    gap,
    migrationIds,
    reasons: [`${file}:4: DROP TABLE old_users: it would lose data`],
    risks: Array.from({ length: 9 }, (_, index) => ({
      migrationId: "002_email",
      file,
      line: 4 + index,
      statement: `DROP TABLE old_users_${index}`,
      kind: "data-loss",
      why: "it would lose data"
    })),
    command,
    ...asked
  }),
  new Errors.MigrationPending({ gap, migrationIds, command, ...asked }),
  new Errors.SchemaDrift({ gap, migrationIds, ...asked }),
  new Errors.ObjectRemoved({
    gap,
    removedBy: "003_drop",
    remover: { migrationId: "003_drop", file: "db/migrations/003_drop.sql", line: 1 },
    query
  }),
  new Errors.TransactionMustRestart({
    gap: {
      _tag: "MissingObject",
      object: SchemaObject.column("email", SchemaObject.qualifiedName("users")),
      qualifier: Option.none(),
      sqlState: Option.getOrThrow(SqlState.sqlState("42703"))
    },
    statement: query.statement,
    migrationIds,
    ...asked
  }),
  new Errors.HealTimeout({ gap, migrationIds, isRolledBack: true, milliseconds: 30_000, query })
]

const runs = [
  new Errors.MigrationFailed({
    migrationId: "002_email",
    file,
    line: 3,
    column: 30,
    statement: "ALTER TABLE users ADD COLUMN email citext NOT NULL",
    position: 36,
    sqlState: "42704",
    reason: 'type "citext" does not exist',
    isRolledBack: true,
    retryAt: 0,
    query
  }),
  new Errors.LeaseLost({ migrationId: "002_email", file, milliseconds: 30_000, query }),
  new Errors.StatementInDoubt({
    migrationId: "002_email",
    file,
    line: 3,
    statement: "SELECT send_letters()",
    again: "npx effect-auto-migration again 002_email --folder db/migrations",
    record: "npx effect-auto-migration baseline 002_email --folder db/migrations"
  }),
  new Errors.PromiseBroken({ migrationId: "002_email", file, missing: [gap], isRolledBack: true, query }),
  new Errors.LockTimeout({
    migrationIds,
    waitingFor: "migration-lock",
    holders: [
      "session 41 of role app (from 10.0.0.7) holds the migration lock, until it is done. To end it: SELECT pg_catalog.pg_terminate_backend(41)"
    ],
    milliseconds: 30_000,
    query
  })
]

const servers = [
  new Errors.InsufficientPrivilege({
    role: "app",
    doing: "migration 002_email",
    reason: "must be owner of table users",
    remedy: "ALTER TABLE users OWNER TO app",
    query
  }),
  new Errors.GrantMissing({
    role: "app",
    missing: [{ object: "relation notes", privilege: "SELECT" }],
    grants: ["GRANT SELECT ON notes TO app"],
    defaults: ["ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app"],
    query: { ...query, statement: "SELECT * FROM notes", position: null }
  }),
  new Errors.ReadOnlyServer({
    doing: "migration 002_email",
    reason: "cannot execute ALTER TABLE in a read-only transaction",
    query
  }),
  new Errors.ReplicaBehind({
    gap,
    target: "0/5000",
    received: "0/4000",
    replayed: "0/3000",
    isPaused: true,
    milliseconds: 30_000,
    query
  }),
  new Errors.ServerTooOld({
    migrationId: "002_email",
    file,
    line: 3,
    statement: "MERGE INTO users USING staged ON users.id = staged.id WHEN MATCHED THEN DO NOTHING",
    feature: "MERGE",
    needs: 15,
    server: 14,
    query
  }),
  new Errors.DatabaseUnavailable({
    doing: "migration 002_email",
    sqlState: "57P01",
    reason: "terminating connection due to administrator command",
    isRolledBack: true,
    query
  })
]

const ledgers = [
  new Errors.ChecksumMismatch({
    migrationId: "002_email",
    file,
    recorded: "sha256:aaaa",
    actual: "sha256:bbbb",
    query
  }),
  new Errors.MigrationRenamed({
    migrationId: "002_email",
    file,
    from: ["002_mail"],
    commands: ["npx effect-auto-migration rename 002_mail 002_email --folder db/migrations"],
    query
  }),
  new Errors.RenameRefused({ from: "002_mail", to: "002_email", file, objection: "not applied" }),
  new Errors.BaselineUnfounded({ unfounded: [{ migrationId: "002_email", file, missing: [gap] }], command }),
  new Errors.HistoryElsewhere({
    tool: "Prisma Migrate",
    table: "_prisma_migrations",
    recorded: 12,
    version: null,
    obstacle: null,
    due: [],
    command: "npx effect-auto-migration adopt --folder db/migrations",
    query
  }),
  new Errors.LedgerUnusable({
    schema: "auto_migration",
    reason: "its table events has no column checksum",
    remedy: "Restore it from a backup.",
    query
  }),
  new Errors.UnknownMigration({ id: "009", known: ["001_users", "002_email"] })
]

const definitions = [
  new Errors.MigrationUnreadable({ path: "db/migrations", reason: "it does not exist" }),
  new Errors.InvalidEncoding({ file, line: 2, byteOffset: 9 }),
  new Errors.InvalidSql({
    file,
    line: 2,
    column: 7,
    reason: 'syntax error at or near "TABEL"',
    excerpt: "2 | ALTER TABEL users ADD COLUMN email text;\n          ^"
  }),
  new Errors.InvalidDirective({ file, line: 1, directive: "-- require: 001", reason: "is not a directive" }),
  new Errors.DuplicateMigrationId({ id: "002", files: ["db/002.sql", "db/002.up.sql"] }),
  new Errors.UnknownRequirement({ id: "002_email", file, line: 1, requirement: "001_user" }),
  new Errors.AmbiguousProvider({ object: "relation users", files: ["a.sql", "b.sql"] }),
  new Errors.CyclicDependency({
    path: ["001", "002"],
    files: ["001.sql", "002.sql"],
    requirements: [{ file: "001.sql", line: 1, requirement: "002" }]
  }),
  new Errors.AmbiguousOrder({ files: ["m/9_a.sql", "m/10_b.sql"], ids: ["9_a", "10_b"] }),
  new Errors.InvalidLayout({
    layout: "Sqitch",
    file: "sqitch.plan",
    line: 2,
    reason: "it names no change",
    remedy: "Correct the plan."
  }),
  new Errors.UnsupportedLayout({
    layout: "Liquibase",
    file: "db/changelog.xml",
    reason: "a changelog is no script",
    remedy: "Write its SQL to files."
  }),
  new Errors.NothingToApply({ folder: "db", passedOver: [{ path: "db/seed.js", reason: "it is no SQL" }] })
]

const adoptions = [
  new Errors.NothingToAdopt({ table: null, command: "npx effect-auto-migration adopt --probe" }),
  new Errors.SeveralHistories({
    tables: ["_prisma_migrations", "knex_migrations"],
    command: "npx effect-auto-migration adopt --table _prisma_migrations"
  }),
  new Errors.AdoptionRefused({
    witness: "Prisma's table _prisma_migrations",
    misfits: [{ kind: "edited", ids: ["002_email"], text: "002_email.sql was edited" }],
    command: "npx effect-auto-migration adopt --accept edited"
  })
]

const options = [
  new Errors.InvalidOption({ option: "budget", value: "-1", expected: "a whole number that is not negative" })
]

/** @since 0.1.0 @category examples */
export const examples = [...gaps, ...runs, ...servers, ...ledgers, ...definitions, ...adoptions, ...options]

const address = { host: "db.local", port: "5433", database: "shop", user: "ada", from: "DATABASE_URL" }

/** Errors of the command line, and of the tools for files and histories. @since 0.1.0 @category examples */
export const ofTools = [
  new DataLossNotAccepted({
    migrationIds: ["003_fax"],
    losses: ["db/migrations/003_fax.sql:2: data-loss of relation users: ALTER TABLE users DROP COLUMN fax"],
    command: "npx effect-auto-migration migrate 003_fax --folder db/migrations"
  }),
  Connection.failure(
    { url: "postgres://ada:secret@db.local:5433/shop", ...address },
    new SqlError({ cause: Object.assign(new Error('database "shop" does not exist'), { code: "3D000" }) })
  ),
  new NotFound({ what: "users.mail", known: ["001_users", "002_email"] }),
  new FileNotMade({
    path: "db/migrations",
    reason: "EACCES: permission denied",
    remedy: { say: "Correct its rights" }
  }),
  new ChangedFiles.ChangesUnknown({ reason: "unknown ref", folder: "db/migrations", ref: "main", detail: "" }),
  new HistoryCheck.HistoryUnusable({
    reason: "The role app may not create databases",
    remedy: "Name one that may, or let a superuser run ALTER ROLE … CREATEDB"
  }),
  new Rewrite.NotRewritable({
    file,
    reasons: ["It is applied, and an edit of an applied migration changes no database."]
  }),
  new Rewrite.ProofFailed({ file, stage: "comparison", reason: "has no index users_email" }),
  new Rewrite.NotWritten({ path: file, reason: "it has changed meanwhile" })
]
