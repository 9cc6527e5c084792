/** Pieces of SQL: identifiers, scripts of statements between comments, and a sample of every kind of statement. */

import * as fc from "fast-check"
import { quote } from "../../../src/core/model/SchemaObject.js"
import type { StatementTag } from "../../../src/core/sql/SyntaxTree.js"

/** Pieces of text that a walk over SQL tells apart: quotation marks, dollar quotes, comments and what may begin them. */
export const marks: ReadonlyArray<string> = [
  ...["a", "U&", "E", '"', "'", "$", "$a$", "\\"],
  ...["/*", "*/", "--", "\n", " ", ".", "é", "\u{1F600}", "1"]
]

/** Any identifier that the server can store, with characters that tempt. */
export const identifier: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { arbitrary: fc.constantFrom(..."abcxyz_01"), weight: 6 },
      { arbitrary: fc.constantFrom("é", "ß", "名", "😀", " ", ".", '"', "'", "$", "--", "/*", "A"), weight: 1 }
    ),
    { minLength: 1, maxLength: 12 }
  )
  .map((characters) => characters.join(""))

/** What stands between statements and means nothing. */
export const trivia: fc.Arbitrary<string> = fc
  .array(
    fc.constantFrom(
      " ",
      "\n",
      "\t",
      "\r\n",
      "-- été; 😀 'x\n",
      "/* a; /* b; */ c */",
      "/* 😀 */",
      "-- /* \n",
      "-- $$\n"
    ),
    { maxLength: 4 }
  )
  .map((parts) => parts.join(""))

/** Statements whose text holds what looks like the end of one. */
export const tricky: fc.Arbitrary<string> = fc.oneof(
  identifier.map((name) => `CREATE TABLE ${quote(name)} (a int)`),
  identifier.map((name) => `SELECT '${name.replaceAll("'", "''")};--' AS ${quote(name)}`),
  fc.constantFrom(
    "SELECT $$ ; -- not a comment $$",
    "SELECT $é$ $$ ; /* $é$ || 'x'",
    "SELECT E'it\\'s; --' -- comment inside\n, 2",
    'SELECT 1 AS "a;--b"',
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
    "DO $do$ BEGIN PERFORM 1; -- 😀\n END $do$",
    "SELECT 'é' /* inner */ || U&'\\0441'",
    "SELECT 1 - -1",
    "SELECT 1 AS x$y"
  )
)

/** A text, and the statements that it was made of with the offset of each. */
export const script: fc.Arbitrary<{
  readonly text: string
  readonly statements: ReadonlyArray<{ readonly start: number; readonly text: string }>
}> = fc
  .tuple(fc.array(fc.tuple(trivia, tricky, trivia), { maxLength: 6 }), trivia, fc.boolean())
  .map(([pieces, tail, endsOpen]) => {
    let text = ""
    const statements: Array<{ readonly start: number; readonly text: string }> = []
    pieces.forEach(([before, statement, after], index) => {
      text += before
      statements.push({ start: text.length, text: statement })
      text += statement + (/^\w|^\$/.test(after) ? " " : "") + after
      text += endsOpen && index === pieces.length - 1 ? "" : ";"
    })
    return { text: text + tail, statements }
  })

/** One statement of each kind; kinds that never stand alone have none. */
export const samples: { readonly [K in StatementTag]: string | undefined } = {
  AlterCollationStmt: "ALTER COLLATION german REFRESH VERSION",
  AlterDatabaseRefreshCollStmt: "ALTER DATABASE d REFRESH COLLATION VERSION",
  AlterDatabaseSetStmt: "ALTER DATABASE d SET work_mem = '1MB'",
  AlterDatabaseStmt: "ALTER DATABASE d CONNECTION LIMIT 5",
  AlterDefaultPrivilegesStmt: "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r",
  AlterDomainStmt: "ALTER DOMAIN d SET NOT NULL",
  AlterEnumStmt: "ALTER TYPE mood ADD VALUE 'x'",
  AlterEventTrigStmt: "ALTER EVENT TRIGGER e DISABLE",
  AlterExtensionContentsStmt: "ALTER EXTENSION e ADD TABLE t",
  AlterExtensionStmt: "ALTER EXTENSION e UPDATE",
  AlterFdwStmt: "ALTER FOREIGN DATA WRAPPER w OPTIONS (a 'b')",
  AlterForeignServerStmt: "ALTER SERVER s VERSION '2'",
  AlterFunctionStmt: "ALTER FUNCTION f(int) STABLE",
  AlterObjectDependsStmt: "ALTER FUNCTION f(int) DEPENDS ON EXTENSION e",
  AlterObjectSchemaStmt: "ALTER TABLE t SET SCHEMA s",
  AlterOpFamilyStmt: "ALTER OPERATOR FAMILY o USING btree ADD FUNCTION 1 (int, int) f(int, int)",
  AlterOperatorStmt: "ALTER OPERATOR === (int, int) SET (RESTRICT = NONE)",
  AlterOwnerStmt: "ALTER SCHEMA s OWNER TO r",
  AlterPolicyStmt: "ALTER POLICY p ON t USING (true)",
  AlterPublicationStmt: "ALTER PUBLICATION p ADD TABLE t",
  AlterRoleSetStmt: "ALTER ROLE r SET work_mem = '1MB'",
  AlterRoleStmt: "ALTER ROLE r NOLOGIN",
  AlterSeqStmt: "ALTER SEQUENCE s RESTART",
  AlterStatsStmt: "ALTER STATISTICS st SET STATISTICS 10",
  AlterSubscriptionStmt: "ALTER SUBSCRIPTION s DISABLE",
  AlterSystemStmt: "ALTER SYSTEM SET work_mem = '1MB'",
  AlterTSConfigurationStmt: "ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH simple",
  AlterTSDictionaryStmt: "ALTER TEXT SEARCH DICTIONARY d (StopWords = x)",
  AlterTableMoveAllStmt: "ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b",
  AlterTableSpaceOptionsStmt: "ALTER TABLESPACE a SET (random_page_cost = 1)",
  AlterTableStmt: "ALTER TABLE t ADD COLUMN c int",
  AlterTypeStmt: "ALTER TYPE ty SET (STORAGE = plain)",
  AlterUserMappingStmt: "ALTER USER MAPPING FOR u SERVER s OPTIONS (a 'b')",
  CallStmt: "CALL p(1)",
  CheckPointStmt: "CHECKPOINT",
  ClosePortalStmt: "CLOSE c",
  ClusterStmt: "CLUSTER t",
  CommentStmt: "COMMENT ON TABLE t IS 'x'",
  CompositeTypeStmt: "CREATE TYPE addr AS (street text)",
  ConstraintsSetStmt: "SET CONSTRAINTS ALL DEFERRED",
  CopyStmt: "COPY t FROM '/tmp/t'",
  CreateAmStmt: "CREATE ACCESS METHOD a TYPE INDEX HANDLER h",
  CreateCastStmt: "CREATE CAST (a AS b) WITHOUT FUNCTION",
  CreateConversionStmt: "CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM f",
  CreateDomainStmt: "CREATE DOMAIN posint AS int CHECK (VALUE > 0)",
  CreateEnumStmt: "CREATE TYPE mood AS ENUM ('sad', 'ok')",
  CreateEventTrigStmt: "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()",
  CreateExtensionStmt: "CREATE EXTENSION citext",
  CreateFdwStmt: "CREATE FOREIGN DATA WRAPPER w",
  CreateForeignServerStmt: "CREATE SERVER s FOREIGN DATA WRAPPER w",
  CreateForeignTableStmt: "CREATE FOREIGN TABLE ft (a int) SERVER s",
  CreateFunctionStmt: "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
  CreateOpClassStmt: "CREATE OPERATOR CLASS o FOR TYPE int USING btree AS STORAGE int",
  CreateOpFamilyStmt: "CREATE OPERATOR FAMILY o USING btree",
  CreatePLangStmt: "CREATE LANGUAGE plx HANDLER h",
  CreatePolicyStmt: "CREATE POLICY p ON t USING (true)",
  CreatePublicationStmt: "CREATE PUBLICATION p FOR TABLE t",
  CreateRangeStmt: "CREATE TYPE rng AS RANGE (SUBTYPE = float8)",
  CreateRoleStmt: "CREATE ROLE r",
  CreateSchemaStmt: "CREATE SCHEMA s",
  CreateSeqStmt: "CREATE SEQUENCE sq",
  CreateStatsStmt: "CREATE STATISTICS st ON a, b FROM t",
  CreateStmt: "CREATE TABLE t (a int)",
  CreateSubscriptionStmt: "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p",
  CreateTableAsStmt: "CREATE TABLE cta AS SELECT 1 AS a",
  CreateTableSpaceStmt: "CREATE TABLESPACE a LOCATION '/x'",
  CreateTransformStmt: "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION f(internal))",
  CreateTrigStmt: "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
  CreateUserMappingStmt: "CREATE USER MAPPING FOR u SERVER s",
  CreatedbStmt: "CREATE DATABASE d",
  DeallocateStmt: "DEALLOCATE q",
  DeclareCursorStmt: "DECLARE c CURSOR FOR SELECT 1",
  DefineStmt: "CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int)",
  DeleteStmt: "DELETE FROM t",
  DiscardStmt: "DISCARD ALL",
  DoStmt: "DO $$ BEGIN NULL; END $$",
  DropOwnedStmt: "DROP OWNED BY r",
  DropRoleStmt: "DROP ROLE r",
  DropStmt: "DROP TABLE t",
  DropSubscriptionStmt: "DROP SUBSCRIPTION s",
  DropTableSpaceStmt: "DROP TABLESPACE a",
  DropUserMappingStmt: "DROP USER MAPPING FOR u SERVER s",
  DropdbStmt: "DROP DATABASE d",
  ExecuteStmt: "EXECUTE q",
  ExplainStmt: "EXPLAIN SELECT 1",
  FetchStmt: "FETCH NEXT FROM c",
  GrantRoleStmt: "GRANT a TO b",
  GrantStmt: "GRANT SELECT ON t TO r",
  ImportForeignSchemaStmt: "IMPORT FOREIGN SCHEMA a FROM SERVER s INTO b",
  IndexStmt: "CREATE INDEX i ON t (a)",
  InsertStmt: "INSERT INTO t VALUES (1)",
  ListenStmt: "LISTEN c",
  LoadStmt: "LOAD 'x'",
  LockStmt: "LOCK TABLE t",
  MergeStmt: "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
  NotifyStmt: "NOTIFY c",
  PLAssignStmt: undefined,
  PrepareStmt: "PREPARE q AS SELECT 1",
  RawStmt: undefined,
  ReassignOwnedStmt: "REASSIGN OWNED BY a TO b",
  RefreshMatViewStmt: "REFRESH MATERIALIZED VIEW m",
  ReindexStmt: "REINDEX TABLE t",
  RenameStmt: "ALTER TABLE t RENAME TO u",
  ReplicaIdentityStmt: undefined,
  ReturnStmt: undefined,
  RuleStmt: "CREATE RULE ru AS ON INSERT TO t DO NOTHING",
  SecLabelStmt: "SECURITY LABEL ON TABLE t IS 'x'",
  SelectStmt: "SELECT 1",
  SetOperationStmt: undefined,
  TransactionStmt: "COMMIT",
  TruncateStmt: "TRUNCATE t",
  UnlistenStmt: "UNLISTEN c",
  UpdateStmt: "UPDATE t SET a = 1",
  VacuumStmt: "VACUUM",
  VariableSetStmt: "SET work_mem = '1MB'",
  VariableShowStmt: "SHOW work_mem",
  ViewStmt: "CREATE VIEW v AS SELECT 1 AS a"
}

/** Texts of several statements of any kinds, each file on what the ones before have left. */
export const files: fc.Arbitrary<ReadonlyArray<string>> = fc.array(
  fc
    .array(fc.constantFrom(...Object.values(samples).filter((sample) => sample !== undefined)), {
      minLength: 1,
      maxLength: 5
    })
    .map((statements) => statements.join(";\n")),
  { minLength: 1, maxLength: 6 }
)
