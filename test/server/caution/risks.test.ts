/**
 * Which tables the server reads or writes anew while a statement runs, next to which tables the statement is said to be a risk
 * for. The server counts its own scans; a table written anew has another file.
 */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { lastFootprint } from "../../support/history/Parsing.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const before = `
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE u (id int PRIMARY KEY, k int UNIQUE);
CREATE TABLE t (id int PRIMARY KEY, v varchar(10), n numeric(5, 2), x int NOT NULL, y int, at timestamptz, u_id int);
CREATE UNIQUE INDEX t_y ON t (y);
CREATE UNIQUE INDEX t_x ON t (x);
CREATE TABLE w (d positive, c varchar(5) CHECK (c <> ''), k varchar(5), p varchar(5));
CREATE INDEX w_k ON w (lower(k));
CREATE INDEX w_p ON w (d) WHERE p IS NOT NULL;
CREATE TABLE part (id int, at int) PARTITION BY RANGE (at);
CREATE TABLE part_0 PARTITION OF part FOR VALUES FROM (0) TO (1);
CREATE TABLE part_rest PARTITION OF part DEFAULT;
CREATE TABLE part_new (id int, at int);
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
INSERT INTO u VALUES (1, 1);
INSERT INTO t VALUES (1, 'a', 1, 1, 1, now(), 1);
INSERT INTO w VALUES (1, 'c', 'k', 'p');
INSERT INTO part VALUES (1, 0), (1, 5);
INSERT INTO part_new VALUES (1, 1);`

/** What costs nothing, and what costs what it says. */
const statements: ReadonlyArray<string> = [
  "ALTER TABLE t ADD COLUMN a int",
  "ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 1",
  "ALTER TABLE t ADD COLUMN a timestamptz DEFAULT now()",
  "ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()",
  "ALTER TABLE t ADD COLUMN a serial",
  "ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS IDENTITY",
  "ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (x * 2) STORED",
  "ALTER TABLE t ALTER v TYPE varchar(20)",
  "ALTER TABLE t ALTER v TYPE varchar(5)",
  "ALTER TABLE t ALTER v TYPE text",
  "ALTER TABLE t ALTER n TYPE numeric(9, 2)",
  "ALTER TABLE t ALTER n TYPE numeric(9, 3)",
  "ALTER TABLE t ALTER x TYPE bigint",
  "ALTER TABLE w ALTER c TYPE varchar(20)",
  "ALTER TABLE w ALTER k TYPE varchar(20)",
  "ALTER TABLE w ALTER p TYPE varchar(20)",
  "ALTER TABLE t ALTER v SET NOT NULL",
  "ALTER TABLE t ALTER x SET NOT NULL",
  "ALTER TABLE t ALTER x DROP NOT NULL",
  "ALTER TABLE t ALTER x SET DEFAULT 1",
  "ALTER TABLE t ADD CONSTRAINT n NOT NULL v",
  "ALTER TABLE t ADD CONSTRAINT n NOT NULL v NOT VALID",
  "ALTER TABLE t ADD CONSTRAINT n NOT NULL v NOT VALID; ALTER TABLE t ALTER v SET NOT NULL",
  "ALTER TABLE t ADD CHECK (x > 0)",
  "ALTER TABLE t ADD CHECK (x > 0) NOT VALID",
  "ALTER TABLE t ADD UNIQUE (v)",
  "ALTER TABLE t ADD UNIQUE USING INDEX t_y",
  "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY USING INDEX t_y",
  "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY USING INDEX t_x",
  "ALTER TABLE t ADD FOREIGN KEY (u_id) REFERENCES u NOT VALID",
  "ALTER DOMAIN positive ADD CHECK (VALUE < 9)",
  "ALTER DOMAIN positive ADD CHECK (VALUE < 9) NOT VALID",
  "ALTER DOMAIN positive SET DEFAULT 1",
  "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1) TO (2)",
  "ALTER TABLE part ATTACH PARTITION part_new FOR VALUES FROM (1) TO (2)",
  "ALTER TABLE part DETACH PARTITION part_0",
  "CREATE INDEX ON t (x)",
  "REINDEX TABLE t",
  "REFRESH MATERIALIZED VIEW m",
  "CLUSTER t USING t_x",
  "ALTER TABLE t SET UNLOGGED",
  "COMMENT ON TABLE t IS 'x'",
  "CREATE VIEW seen AS SELECT * FROM t"
]

const costly: ReadonlySet<string> = new Set([
  "blocking-index-build",
  "table-rewrite",
  "table-scan",
  "validation-scan",
  "volatile-default"
])

const refused = ["nothing, being refused by the grammar of this version"]

const told = (statement: string, major: number): ReadonlyArray<string> => {
  const footprint = lastFootprint(before, statement)
  if (footprint.versionRequirements.some(({ since }) => since > major)) return refused
  const risks = footprint.risks.filter(({ kind }) => costly.has(kind))
  return [...new Set(risks.flatMap(({ relation }) => Option.toArray(relation).map(({ name }) => name)))].toSorted()
}

const Read = Schema.Array(Schema.Struct({ name: Schema.String }))

/** Tables with rows that the statement read through, or that have another file after it; the server undoes it all. */
const readBy = (url: string, statement: string) =>
  Effect.map(
    Database.query(
      url,
      "BEGIN",
      `CREATE TEMP TABLE files ON COMMIT DROP AS SELECT oid, relname::text, pg_relation_filenode(oid) AS file FROM pg_class
       WHERE relkind IN ('r', 'm') AND relnamespace = 'public'::regnamespace`,
      statement,
      `SELECT relname AS name FROM files
       WHERE pg_stat_get_xact_numscans(oid) > 0 OR pg_relation_filenode(oid) IS DISTINCT FROM file ORDER BY relname COLLATE "C"`
    ),
    (rows) => Schema.decodeUnknownSync(Read)(rows).map(({ name }) => name)
  ).pipe(
    Effect.catchAllDefect((error) =>
      error instanceof Error && "code" in error && /^(42601|0A000)$/.test(String(error.code))
        ? Effect.succeed(refused)
        : Effect.die(error)
    )
  )

const withServer = <A>(use: (url: string) => Effect.Effect<A>) =>
  Effect.gen(function* () {
    const url = yield* Server.freshDatabase
    yield* Database.query(url, before)
    return yield* use(url)
  })

describe("what the server reads through or writes anew", () => {
  it.scopedLive("is what a statement is said to be a risk for, and nothing else is", () =>
    withServer((url) =>
      Effect.gen(function* () {
        const [version] = yield* Database.query(
          url,
          "SELECT current_setting('server_version_num')::int / 10000 AS major"
        )
        const read: Array<readonly [statement: string, tables: ReadonlyArray<string>]> = []
        for (const statement of statements) read.push([statement, yield* readBy(url, statement)])
        deepStrictEqual(
          statements.map((statement) => [statement, told(statement, Number(version?.["major"]))] as const),
          read
        )
      })
    )
  )
})
