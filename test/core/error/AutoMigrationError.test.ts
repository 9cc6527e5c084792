/**
 * The messages of errors: each names the facts, and its last sentence says what to do.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import { AutoMigrationError as Errors, SchemaObject } from "effect-auto-migration"
import * as SqlState from "../../../src/core/detect/SqlState.js"

const gap = {
  _tag: "MissingObject",
  object: SchemaObject.column("email", SchemaObject.qualifiedName("users")),
  qualifier: Option.none(),
  sqlState: Option.getOrThrow(SqlState.sqlState("42703"))
} as const

const failed = {
  migrationId: "002",
  file: "002.sql",
  line: 3,
  column: 5,
  statement: "SELECT 1/0",
  sqlState: "22012",
  reason: "division by zero",
  retryAt: 0
}

const behind = { gap: "column a", target: "0/50", received: "0/40", replayed: "0/30", milliseconds: 50 }

const denied = {
  role: "app",
  missing: [{ object: "relation t", privilege: "SELECT" }],
  grants: ["GRANT SELECT ON t"]
} as const

const cases: ReadonlyArray<
  readonly [error: { readonly message: string }, facts: ReadonlyArray<string>, remedy: RegExp]
> = [
  [
    new Errors.MigrationUnreadable({ path: "m", reason: "it does not exist" }),
    ["m", "it does not exist"],
    /Check that/
  ],
  [
    new Errors.InvalidEncoding({ file: "1.sql", line: 2, byteOffset: 9 }),
    ["1.sql:2: The file", "byte 9"],
    /Save the file as UTF-8/
  ],
  [
    new Errors.InvalidSql({ file: "1.sql", line: 2, column: 3, reason: "syntax error", excerpt: "2 | CREAT" }),
    ["1.sql:2:3", "syntax error", "CREAT"],
    /Correct the statement/
  ],
  [
    new Errors.InvalidDirective({ file: "1.sql", line: 1, directive: "-- require: a", reason: "is not known" }),
    ["1.sql:1", "-- require: a", "-- accept:"],
    /correct or remove the line/
  ],
  [
    new Errors.AmbiguousOrder({ files: ["m/9_a.sql", "m/10_b.sql"], ids: ["9_a", "10_b"] }),
    ["m/9_a.sql and m/10_b.sql", "reads digits as numbers, 9_a comes first, and as text 10_b does"],
    /order: "natural".*order: "text".*--order natural or --order text\.$/
  ],
  [
    new Errors.InvalidLayout({
      layout: "Sqitch",
      file: "sqitch.plan",
      line: 2,
      reason: "it names no change",
      remedy: "Correct the plan."
    }),
    ["sqitch.plan:2", "it names no change", "as Sqitch writes it"],
    /Correct the plan\.$/
  ],
  [
    new Errors.UnsupportedLayout({
      layout: "Liquibase",
      file: "m/changelog.xml",
      reason: "a changelog is no script",
      remedy: "Write its SQL to files."
    }),
    ["m/changelog.xml", "Liquibase"],
    /Write its SQL to files\.$/
  ],
  [
    new Errors.NothingToApply({
      folder: "m",
      passedOver: Array.from({ length: 12 }, (_, index) => ({ path: `m/${index}.js`, reason: "no SQL" }))
    }),
    ["m holds no migration", "m/0.js (no SQL)", "m/9.js (no SQL) and 2 more"],
    /Name the folder whose files are migrations, or empty this one\.$/
  ],
  [new Errors.DuplicateMigrationId({ id: "1", files: ["a", "b"] }), ["1", "a and b"], /Rename all but one/],
  [
    new Errors.UnknownRequirement({ id: "2", file: "2.sql", line: 3, requirement: "1" }),
    ["2.sql:3", "1"],
    /Correct the id/
  ],
  [new Errors.AmbiguousProvider({ object: "relation t", files: ["a", "b"] }), ["relation t"], /-- requires:/],
  [
    new Errors.CyclicDependency({
      path: ["a", "b"],
      files: ["a.sql", "b.sql"],
      requirements: [{ file: "a.sql", line: 2, requirement: "b" }]
    }),
    ["a -> b -> a", "a.sql, b.sql", "a.sql:2: requires b"],
    /Remove one of these/
  ],
  [
    new Errors.MigrationRefused({
      gap: "column a",
      migrationIds: ["2"],
      reasons: ["it loses data"],
      command: "run it"
    }),
    ["column a", "2", "it loses data"],
    /by hand: run it$/
  ],
  [new Errors.MigrationPending({ gap: "column a", migrationIds: ["2"], command: "run it" }), ["column a"], /run it$/],
  [new Errors.SchemaDrift({ gap: "column a", migrationIds: ["2"] }), ["column a", "2"], /Put the object back/],
  [new Errors.ObjectRemoved({ gap: "column a", removedBy: "3" }), ["column a", "3"], /Change the query/],
  [
    new Errors.TransactionMustRestart({ gap, statement: null, migrationIds: ["2"] }),
    ["column users.email"],
    /around the whole transaction/
  ],
  [new Errors.MigrationFailed({ ...failed, isRolledBack: true }), ["002.sql:3:5", "22012", "1/0"], /Correct the file/],
  [new Errors.MigrationFailed({ ...failed, sqlState: null, isRolledBack: false }), ["stay"], /apply it again/],
  [
    new Errors.MigrationFailed({
      ...failed,
      isRolledBack: false,
      inDoubt: { again: "run again", record: "record it" }
    }),
    ["002.sql:3:5", "may have committed part", "If it may run again: run again."],
    /by hand, then: record it$/
  ],
  [
    new Errors.MigrationFailed({
      ...failed,
      sqlState: "42P07",
      isRolledBack: true,
      alreadyThere: { adopt: "adopt it", record: "record it" }
    }),
    ["002.sql:3:5", "is there already", "take over what that tool has recorded: adopt it."],
    /then record it as applied: record it$/
  ],
  [new Errors.MigrationFailed({ ...failed, sqlState: "55P04", isRolledBack: true }), [], /a migration of its own/],
  [new Errors.MigrationFailed({ ...failed, sqlState: "25001", isRolledBack: true }), [], /-- transaction: none/],
  [
    new Errors.MigrationFailed({
      ...failed,
      sqlState: "25001",
      statement: "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
      isRolledBack: true
    }),
    [],
    /Move the statement to the beginning of its transaction/
  ],
  [
    new Errors.LeaseLost({ migrationId: "2", file: "2.sql", milliseconds: 30 }),
    ["migration 2", "2.sql", "30 ms"],
    /raise `lease`/
  ],
  [
    new Errors.StatementInDoubt({
      migrationId: "2",
      file: "2.sql",
      line: 3,
      statement: "SELECT f()",
      again: "run again",
      record: "record it"
    }),
    ["2.sql:3", "SELECT f()", "run again"],
    /then: record it$/
  ],
  [
    new Errors.PromiseBroken({ migrationId: "2", file: "2.sql", missing: ["relation t"], isRolledBack: true }),
    ["2.sql", "relation t", "rolled back"],
    /Correct its SQL/
  ],
  [
    new Errors.PromiseBroken({ migrationId: "2", file: "2.sql", missing: ["relation t"], isRolledBack: false }),
    ["stays"],
    /Correct its SQL/
  ],
  [
    new Errors.LockTimeout({ migrationIds: ["2"], waitingFor: "migration-lock", milliseconds: 30 }),
    ["2", "30 ms", "another process"],
    /Try again/
  ],
  [
    new Errors.LockTimeout({ migrationIds: ["2"], waitingFor: "table-lock", milliseconds: 30 }),
    ["long transaction"],
    /quieter time/
  ],
  [
    new Errors.LockTimeout({
      migrationIds: ["2"],
      waitingFor: "lease",
      lease: { migrationId: "1", holder: "a-b", heldBy: "app" },
      milliseconds: 30
    }),
    ["1 runs outside transactions", "a-b", "app"],
    /Try again/
  ],
  [
    new Errors.HealTimeout({ gap: "column a", migrationIds: ["2"], isRolledBack: true, milliseconds: 30 }),
    ["(2)", "30 ms", "was rolled back"],
    /ahead of time/
  ],
  [
    new Errors.HealTimeout({ gap: "column a", migrationIds: [], isRolledBack: true, milliseconds: 30 }),
    ["30 ms."],
    /raise the deadline/
  ],
  [
    new Errors.HealTimeout({ gap: "column a", migrationIds: ["2"], isRolledBack: false, milliseconds: 30 }),
    ["what it has done stays"],
    /ahead of time/
  ],
  [
    new Errors.InsufficientPrivilege({ role: "app", doing: "migration 2", reason: "no", remedy: "GRANT x" }),
    ["Role app", "migration 2"],
    /GRANT x/
  ],
  [
    new Errors.InsufficientPrivilege({ role: null, doing: "a read", reason: "no", remedy: "GRANT x" }),
    ["The role of the migrations may not run a read"],
    /Give MigrationClient credentials of a role that may, or run as an owner: GRANT x$/
  ],
  [
    new Errors.ServerTooOld({
      migrationId: "2",
      file: "2.sql",
      line: 3,
      statement: "MERGE INTO a USING b",
      feature: "MERGE",
      needs: 15,
      server: 14
    }),
    ["2.sql:3", "MERGE INTO a USING b", "PostgreSQL 15", "PostgreSQL 14"],
    /Upgrade the server, or write the statement another way\.$/
  ],
  [new Errors.ReadOnlyServer({ doing: "migration 2", reason: "read-only" }), ["migration 2"], /primary server/],
  [
    new Errors.ReplicaBehind({ ...behind, isPaused: true }),
    ["column a", "50 ms", "0/30 of 0/50", "up to 0/40"],
    /pg_wal_replay_resume\(\)$/
  ],
  [
    new Errors.ReplicaBehind({ ...behind, received: null, replayed: null, isPaused: false }),
    ["an unknown position"],
    /Query again when it has caught up/
  ],
  [
    new Errors.GrantMissing({ ...denied, defaults: ["ALTER DEFAULT PRIVILEGES x"] }),
    ["role app", "SELECT on relation t", "ALTER DEFAULT PRIVILEGES x"],
    /GRANT SELECT ON t$/
  ],
  [new Errors.GrantMissing({ ...denied, defaults: [] }), ["role app"], /GRANT SELECT ON t$/],
  [
    new Errors.DatabaseUnavailable({ doing: "migration 2", sqlState: "57P01", reason: "gone", isRolledBack: true }),
    ["migration 2", "gone"],
    /The next query tries again\.$/
  ],
  [
    new Errors.DatabaseUnavailable({ doing: "migration 2", sqlState: "57P01", reason: "gone", isRolledBack: false }),
    ["stays", "half-done"],
    /Apply it again: what is there is looked at and repaired first\.$/
  ],
  [
    new Errors.ChecksumMismatch({ migrationId: "2", file: "2.sql", recorded: "sha256:a", actual: "sha256:b" }),
    ["2.sql", "sha256:a", "sha256:b"],
    /new migration/
  ],
  [
    new Errors.MigrationRenamed({ migrationId: "2_b", file: "2_b.sql", from: ["2_a"], commands: ["rename it"] }),
    ["2_b.sql", "2_b has exactly the text of 2_a", "Nothing was run", "add a comment"],
    /record the new name: rename it$/
  ],
  [
    new Errors.MigrationRenamed({ migrationId: "3", file: "3.sql", from: ["2"], commands: [] }),
    ["3 has exactly the text of 2, which is applied and has a file of another text now", "Nothing was run"],
    /Else give it its old name 2, and the other text a new one\.$/
  ],
  [
    new Errors.MigrationRenamed({
      migrationId: "2_c",
      file: "2_c.sql",
      from: ["2_a", "2_b"],
      commands: ["rename a", "rename b"]
    }),
    ["the text of 2_a and of 2_b"],
    /Else record the new name: rename a\. Or: rename b$/
  ],
  ...(
    [
      ["already applied", /give the id of a migration that is pending/],
      ["not applied", /Correct the old id, or apply 2_b/],
      ["still a file", /Remove its file, or apply 2_b/],
      ["another text", /Undo the edit of 2_b\.sql, and put the change into a new migration/]
    ] as const
  ).map(
    ([objection, remedy]) =>
      [
        new Errors.RenameRefused({ from: "2_a", to: "2_b", file: "2_b.sql", objection }),
        ["2_a is not recorded as renamed to 2_b", "2_b.sql"],
        remedy
      ] as const
  ),
  [
    new Errors.BaselineUnfounded({
      unfounded: [
        { migrationId: "1", file: "1.sql", missing: ["relation t", "column t.a"] },
        { migrationId: "2", file: "2.sql", missing: ["type m"] }
      ],
      command: "migrate them"
    }),
    ["relation t, column t.a of 1 (1.sql); type m of 2 (2.sql)", "Nothing was recorded", "--unchecked"],
    /To apply instead: migrate them$/
  ],
  [
    new Errors.HistoryElsewhere({
      tool: "Prisma Migrate",
      table: "_prisma_migrations",
      recorded: 2,
      version: null,
      due: [],
      obstacle: null,
      command: "adopt it"
    }),
    ["Prisma Migrate's table _prisma_migrations records 2 migrations", "Nothing was applied"],
    /To record its history in the ledger: adopt it$/
  ],
  [
    new Errors.HistoryElsewhere({
      tool: "golang-migrate",
      table: "schema_migrations",
      recorded: 1,
      version: "7",
      due: [],
      obstacle: null,
      command: "adopt it"
    }),
    ["records version 7"],
    /adopt it$/
  ],
  [
    new Errors.HistoryElsewhere({
      tool: "goose",
      table: "goose_db_version",
      recorded: null,
      version: null,
      due: [],
      obstacle: "permission denied",
      command: "adopt it"
    }),
    ["may record migrations (it cannot be read: permission denied)"],
    /adopt it$/
  ],
  [
    new Errors.HistoryElsewhere({
      tool: "goose",
      table: "goose_db_version",
      recorded: null,
      version: null,
      due: [],
      obstacle: "canceling statement due to lock timeout",
      command: null
    }),
    ["may record migrations (it cannot be read: canceling statement due to lock timeout)"],
    /would run again\. Try again\.$/
  ],
  [
    new Errors.HistoryElsewhere({
      tool: "Knex",
      table: "knex_migrations",
      recorded: 3,
      version: null,
      obstacle: null,
      due: ["002_a", "003_b"],
      command: "adopt it"
    }),
    ["Knex's table knex_migrations records as applied what this library's ledger does not: 002_a, 003_b."],
    /To record it in the ledger: adopt it$/
  ],
  [new Errors.NothingToAdopt({ table: null, command: "probe" }), ["No table of a known migration tool"], /: probe$/],
  [new Errors.NothingToAdopt({ table: "t", command: "probe" }), ["There is no table t"], /: probe$/],
  [new Errors.SeveralHistories({ tables: ["a", "b"], command: "take a" }), ["a, b"], /Say which one is meant: take a$/],
  [
    new Errors.AdoptionRefused({
      witness: "Prisma's table",
      misfits: [{ kind: "edited", ids: ["2"], text: "2.sql was edited" }],
      command: "accept it"
    }),
    ["Prisma's table", "2.sql was edited", "nothing was recorded"],
    /Correct that, or accept it: accept it$/
  ],
  [new Errors.LedgerUnusable({ schema: "l", reason: "broken", remedy: "Mend it." }), ["schema l", "broken"], /Mend it/],
  [
    new Errors.InvalidOption({ option: "lockTimeout", value: "soon", expected: 'a duration such as "5 seconds"' }),
    ["lockTimeout", "soon"],
    /Give it a duration such as "5 seconds"\.$/
  ],
  [new Errors.UnknownMigration({ id: "9", known: ["1", "2"] }), ["9", "1, 2"], /Correct the id/]
]

describe("the message of an error", () => {
  for (const [error, facts, remedy] of cases) {
    it(`names its facts and what to do: ${error.message.slice(0, 60)}…`, () => {
      for (const fact of facts) assert.include(error.message, fact)
      assert.match(error.message, remedy)
      assert.notMatch(error.message, /undefined|\[object/)
    })
  }

  it("is tested for every class", () => {
    const classes = Object.values(Errors).filter((value) => typeof value === "function" && "fields" in value)
    assert.sameMembers(
      [...new Set(cases.map(([error]) => error.constructor.name))],
      classes.map((value) => value.name)
    )
  })
})

describe("isAutoMigrationError", () => {
  it("holds for an error of the library, and for no other value", () => {
    assert.isTrue(Errors.isAutoMigrationError(new Errors.MigrationFailed({ ...failed, isRolledBack: true })))
    assert.isFalse(Errors.isAutoMigrationError(new Error("MigrationFailed")))
    assert.isFalse(Errors.isAutoMigrationError(null))
  })
})
