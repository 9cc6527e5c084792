import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Lint from "../../../src/core/lint/Lint.js"
import * as SqlParser from "../../../src/runtime/SqlParser.js"
import * as MigrationSource from "../../../src/source/MigrationSource.js"
import { parser } from "../../support/history/Parsing.js"
import { read } from "../../support/repository/Repository.js"

const before = `CREATE TABLE users (id bigint PRIMARY KEY, email text, age int, note varchar(10), made timestamptz DEFAULT now());
CREATE TABLE orders (id bigint, line int, user_id bigint, PRIMARY KEY (id, line));
CREATE TABLE parts (id int, at int) PARTITION BY RANGE (at);
CREATE TABLE part_new (id int, at int);
CREATE TABLE bookings (room int, during tsrange);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE UNIQUE INDEX users_age ON users (age);
CREATE VIEW seen AS SELECT id FROM users;
CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM users;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS int;
CREATE TABLE steps (n positive);
CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER fire BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION fires();
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES FROM (0) TO (1);`

const linted = (...files: ReadonlyArray<string>) => {
  const texts = [before, ...files]
  return MigrationSource.loadMigrations.pipe(
    Effect.map((migrations) => Lint.lint(parser, migrations)),
    Effect.provide(
      Layer.merge(
        SqlParser.layer,
        MigrationSource.layerRecord(Object.fromEntries(texts.map((text, index) => [`${index + 1}`, text])))
      )
    )
  )
}

const rulesOf = (...files: ReadonlyArray<string>) =>
  Effect.map(linted(...files), ({ findings }) => findings.map(({ rule }) => rule))

/** A rule, a statement that it finds, and files that do the same more safely. Without files, they are those of the finding. */
const table: Readonly<Record<Lint.RuleId, readonly [example: string, ...instead: ReadonlyArray<string>]>> = {
  "drop-table": ["DROP TABLE users CASCADE", "COMMENT ON TABLE users IS 'Unused since release 7.'"],
  "drop-column": ["ALTER TABLE users DROP COLUMN note", "COMMENT ON COLUMN users.note IS 'Unused since release 7.'"],
  "drop-object": ["DROP MATERIALIZED VIEW counts", "COMMENT ON MATERIALIZED VIEW counts IS 'Unused.'"],
  truncate: ["TRUNCATE users", "COMMENT ON TABLE users IS 'To be emptied by hand.'"],
  "delete-rows": ["DELETE FROM users WHERE age = 1", "COMMENT ON TABLE users IS 'To be cleaned by hand.'"],
  "data-loss": ["DROP OWNED BY reader", "COMMENT ON TABLE users IS 'Belongs to reader.'"],
  "rename-table": ["ALTER TABLE users RENAME TO people", "CREATE VIEW people AS SELECT * FROM users"],
  "rename-column": ["ALTER TABLE users RENAME note TO remark", "ALTER TABLE users ADD COLUMN remark varchar(10)"],
  "rename-object": ["ALTER TYPE mood RENAME TO feeling", "CREATE TYPE feeling AS ENUM ('sad', 'ok')"],
  "drop-used-object": ["DROP VIEW seen", "COMMENT ON VIEW seen IS 'Unused since release 7.'"],
  "required-column": [
    "ALTER TABLE users ADD COLUMN kind text NOT NULL",
    "ALTER TABLE users ADD COLUMN kind text NOT NULL DEFAULT 'person'"
  ],
  "drop-default": [
    "ALTER TABLE orders ALTER COLUMN line DROP DEFAULT",
    "ALTER TABLE users ALTER COLUMN made DROP DEFAULT"
  ],
  "drop-unique": ["DROP INDEX users_email", "COMMENT ON INDEX users_email IS 'Unused since release 7.'"],
  "disable-trigger": [
    "ALTER TABLE users DISABLE TRIGGER fire",
    "CREATE OR REPLACE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
  ],
  "detach-partition": ["ALTER TABLE parts DETACH PARTITION parts_0", "COMMENT ON TABLE parts_0 IS 'Old.'"],
  "incompatible-change": [
    "ALTER TABLE users DROP CONSTRAINT nobody_knows, ENABLE ROW LEVEL SECURITY; ALTER PUBLICATION p DROP TABLE users",
    "ALTER PUBLICATION p ADD TABLE users"
  ],
  "change-column-type": ["ALTER TABLE users ALTER COLUMN age TYPE bigint", "ALTER TABLE users ADD COLUMN years bigint"],
  "add-serial-column": [
    "ALTER TABLE users ADD COLUMN number bigserial",
    "CREATE SEQUENCE users_number_seq; ALTER TABLE users ADD COLUMN number bigint; ALTER TABLE users ALTER COLUMN number SET DEFAULT nextval('users_number_seq')"
  ],
  "add-stored-column": [
    "ALTER TABLE users ADD COLUMN twice int GENERATED ALWAYS AS (age * 2) STORED",
    "ALTER TABLE users ADD COLUMN twice int GENERATED ALWAYS AS (age * 2) VIRTUAL"
  ],
  "update-all-rows": [
    "UPDATE users SET note = ''",
    "DO $$ BEGIN FOR i IN 0..9 LOOP UPDATE users SET note = '' WHERE id % 10 = i; COMMIT; END LOOP; END $$"
  ],
  "vacuum-full": ["VACUUM FULL users", "VACUUM users"],
  "refresh-materialized-view": [
    "REFRESH MATERIALIZED VIEW counts",
    "CREATE UNIQUE INDEX CONCURRENTLY counts_n ON counts (n)",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY counts"
  ],
  "table-rewrite": ["ALTER TABLE users SET UNLOGGED", "CREATE UNLOGGED TABLE copies (LIKE users INCLUDING ALL)"],
  "set-not-null": ["ALTER TABLE users ALTER COLUMN age SET NOT NULL"],
  "nullable-primary-key": [
    "ALTER TABLE users DROP CONSTRAINT users_pkey, ADD PRIMARY KEY USING INDEX users_age",
    "ALTER TABLE users ADD CONSTRAINT c CHECK (age IS NOT NULL) NOT VALID",
    "ALTER TABLE users VALIDATE CONSTRAINT c",
    "ALTER TABLE users ALTER COLUMN age SET NOT NULL",
    "ALTER TABLE users DROP CONSTRAINT users_pkey, ADD PRIMARY KEY USING INDEX users_age"
  ],
  "update-rows": [
    "UPDATE users SET note = '' WHERE note IS NULL",
    "DO $$ BEGIN FOR i IN 0..9 LOOP UPDATE users SET note = '' WHERE note IS NULL AND id % 10 = i; COMMIT; END LOOP; END $$"
  ],
  "table-scan": ["ALTER DOMAIN positive SET NOT NULL", "ALTER DOMAIN positive ADD CHECK (VALUE IS NOT NULL) NOT VALID"],
  "create-index": ["CREATE INDEX ON users (lower(email)) WHERE age > 1"],
  "add-unique": ["ALTER TABLE users ADD UNIQUE (note)"],
  "add-primary-key": ["ALTER TABLE bookings ADD PRIMARY KEY (room)"],
  "add-exclusion": [
    "ALTER TABLE bookings ADD EXCLUDE USING gist (during WITH &&)",
    "CREATE TABLE rooms (during tsrange, EXCLUDE USING gist (during WITH &&))"
  ],
  reindex: ["REINDEX TABLE users"],
  "blocking-index-build": [
    "DO $$ BEGIN CREATE INDEX ON users (age); END $$",
    "CREATE INDEX CONCURRENTLY ON users (age)"
  ],
  "add-foreign-key": ["ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users"],
  "add-check": ["ALTER TABLE users ADD CHECK (age > 0)"],
  "validate-in-same-file": [
    "ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT c",
    "ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0) NOT VALID",
    "ALTER TABLE users VALIDATE CONSTRAINT c"
  ],
  "attach-partition": [
    "ALTER TABLE parts ATTACH PARTITION part_new FOR VALUES FROM (1) TO (2)",
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (2)"
  ],
  "validation-scan": [
    "ALTER DOMAIN positive ADD CHECK (VALUE > 0)",
    "ALTER DOMAIN positive ADD CHECK (VALUE > 0) NOT VALID"
  ],
  "volatile-default": ["ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()"],
  upsert: [
    "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET age = 1",
    "INSERT INTO users (id) VALUES (1) ON CONFLICT (id) DO NOTHING"
  ],
  "foreign-key-lock": [
    "CREATE TABLE items (user_id bigint REFERENCES users); CREATE INDEX ON orders (user_id)",
    "CREATE TABLE items (user_id bigint REFERENCES users)",
    "CREATE INDEX CONCURRENTLY ON orders (user_id)"
  ],
  "not-transactional": [
    "CREATE TABLE items (id int); CREATE INDEX CONCURRENTLY ON orders (user_id)",
    "CREATE TABLE items (id int)",
    "CREATE INDEX CONCURRENTLY ON orders (user_id)"
  ],
  "privilege-change": ["GRANT SELECT ON users TO reader", "COMMENT ON TABLE users IS 'For readers.'"],
  opaque: ["DO $$ BEGIN EXECUTE (SELECT note FROM users); END $$", "COMMENT ON TABLE users IS 'Read.'"],
  "lock-timeout-off": ["SET lock_timeout = 0", "SET lock_timeout = '2s'"],
  "created-twice": ["CREATE TABLE users (id int)", "CREATE TABLE IF NOT EXISTS users (id int)"],
  "drops-unknown-object": ["DROP INDEX unheard_of", "DROP INDEX IF EXISTS unheard_of"],
  "requires-later": ["-- requires: 3\nSELECT 1", "SELECT 1", "-- requires: 2\nSELECT 1"],
  "begins-nothing": ["CREATE TABLE items (id int); BEGIN", "CREATE TABLE items (id int)"]
}

describe("a rule", () => {
  for (const rule of Lint.rules) {
    const [example, ...instead] = table[rule.id]
    it.effect(`${rule.id} finds its example, and not the safer way`, () =>
      Effect.gen(function* () {
        const { findings } = yield* linted(example, "SELECT 1")
        const finding = findings.find((one) => one.file === "record:2" && one.rule === rule.id)
        assert.isDefined(finding)
        strictEqual(finding?.severity, rule.severity)
        const safer = instead.length > 0 ? instead : (finding?.saferWay.files ?? [])
        assert.isNotEmpty(safer)
        assert.notInclude(yield* rulesOf(...safer), rule.id)
      })
    )
  }

  it.effect("has no finding of any rule in the safer way that is computed", () =>
    Effect.gen(function* () {
      for (const id of [
        "set-not-null",
        "create-index",
        "add-unique",
        "add-primary-key",
        "reindex",
        "add-foreign-key",
        "add-check",
        "volatile-default"
      ] as const) {
        const { findings } = yield* linted(table[id][0])
        deepStrictEqual(yield* rulesOf(...(findings.find(({ rule }) => rule === id)?.saferWay.files ?? [])), [])
      }
    })
  )

  it("stands in docs/lint.md, as it is", () => {
    const rows = read("docs/lint.md")
      .split("\n")
      .filter((line) => line.startsWith("| <a id="))
    deepStrictEqual(
      rows,
      Lint.rules.map(
        ({ cheapSince = "", id, kind = "", safer, severity, why }) =>
          `| <a id="${id}"></a>\`${id}\` | ${severity} | ${kind === "" ? "" : `[${kind}](risks.md#${kind})`} | ${why} | ${safer} | ${cheapSince} |`
      )
    )
  })

  it("has a kebab-case id, and sentences", () => {
    for (const { id, safer, why } of Lint.rules) {
      assert.match(id, /^[a-z]+(?:-[a-z]+)*$/)
      for (const sentence of [safer, why]) assert.match(sentence, /^[A-Z].*\.$/)
    }
  })
})

describe("lint", () => {
  it.effect(
    "says where a statement stands, why it is a risk, since when the safer way is cheap, and what to write",
    () =>
      Effect.gen(function* () {
        const { findings } = yield* linted("-- two\n\n  ALTER TABLE users ADD CHECK (age > 0);")
        deepStrictEqual(findings, [
          {
            file: "record:2",
            line: 3,
            column: 3,
            statement: "ALTER TABLE users ADD CHECK (age > 0)",
            rule: "add-check",
            severity: "error",
            why: "The server checks all rows under a lock that stops all readers and writers.",
            cheapSince: Option.some("9.2"),
            saferWay: {
              sentence: "Add the check as NOT VALID, and validate it in a later migration.",
              files: [
                "ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age > 0) NOT VALID;\n",
                "ALTER TABLE users VALIDATE CONSTRAINT users_age_check;\n"
              ]
            },
            isAccepted: false
          }
        ])
      })
  )

  it.effect("finds no risk about a table that the same file makes", () =>
    Effect.map(
      rulesOf("CREATE TABLE t (id int); CREATE INDEX ON t (id); ALTER TABLE t ALTER id SET NOT NULL"),
      (rules) => deepStrictEqual(rules, [])
    )
  )

  it.effect("marks what the file accepts, and does not fail by it", () =>
    Effect.gen(function* () {
      const report = yield* linted("-- accept: blocking-index-build\nCREATE INDEX ON users (age)")
      deepStrictEqual(
        report.findings.map(({ isAccepted }) => isAccepted),
        [true]
      )
      strictEqual(Lint.fails(report, "note"), false)
    })
  )

  it.effect("fails by the severity that is asked for, and by those above it", () =>
    Effect.gen(function* () {
      const report = yield* linted("UPDATE users SET note = '' WHERE age = 1")
      deepStrictEqual(
        (["error", "warning", "note"] as const).map((failOn) => Lint.fails(report, failOn)),
        [false, true, true]
      )
    })
  )

  it.effect("looks only at chosen files, with what the files before them make", () =>
    Effect.gen(function* () {
      const migrations = yield* MigrationSource.loadMigrations
      const { files, findings } = Lint.lint(parser, migrations, { isChosen: (file) => file === "record:3" })
      deepStrictEqual(files, ["record:3"])
      deepStrictEqual(
        findings.map(({ file, saferWay }) => [file, saferWay.files[0]]),
        [["record:3", "ALTER TABLE users ADD CONSTRAINT users_age_check1 CHECK (age > 0) NOT VALID;\n"]]
      )
    }).pipe(
      Effect.provide(
        Layer.merge(
          SqlParser.layer,
          MigrationSource.layerRecord({
            "1": before,
            "2": "ALTER TABLE users ADD CHECK (age < 200)",
            "3": "ALTER TABLE users ADD CHECK (age > 0)"
          })
        )
      )
    )
  )
})

const text = "ALTER TABLE users DROP COLUMN note;\nCREATE INDEX i ON users (age);"

describe("a rendering", () => {
  it.effect("is grouped by file, fits the width, and ends with the number of findings", () =>
    Effect.map(linted(text), (report) =>
      strictEqual(
        Lint.render(report, { width: 60 }),
        `record:2

record:2:1:1 error drop-column
  ALTER TABLE users DROP COLUMN note
  The values of the column are lost, and programs of the
  previous release still read it.
  Safer: Stop using the column in one release, and drop it
  in a later one.

record:2:2:1 error create-index
  CREATE INDEX i ON users (age)
  No session can write to the table while the server builds
  the index.
  Safer (since PostgreSQL 8.2): Use CREATE INDEX
  CONCURRENTLY in a migration of its own.
      -- transaction: none
      CREATE INDEX CONCURRENTLY i ON users (age);

2 errors, 0 warnings, 0 notes in 2 files`
      )
    )
  )

  it.effect("has colours only where they are asked for", () =>
    Effect.gen(function* () {
      const report = yield* linted(text)
      assert.notInclude(Lint.render(report), "\u001b[")
      assert.include(Lint.render(report, { color: true }), "\u001b[31merror\u001b[0m")
    })
  )

  it.effect("for GitHub is a command for each finding, with its escapes", () =>
    Effect.gen(function* () {
      const { files, findings } = yield* linted("DELETE FROM users")
      const report = { files, findings: findings.map((one) => ({ ...one, file: "a,b:%.sql", why: "100%\r\nsure." })) }
      strictEqual(
        Lint.github(report),
        "::warning file=a%2Cb%3A%25.sql,line=1,col=1,title=delete-rows::100%25%0D%0Asure.%0ASafer: Delete the rows by hand, in batches and after a backup."
      )
    })
  )

  it.effect("as JSON has a version and the documented fields", () =>
    Effect.map(linted(text), (report) => {
      const { findings, version } = Schema.decodeUnknownSync(Json)(Lint.json(report))
      strictEqual(version, 1)
      deepStrictEqual(
        findings.map(({ accepted, cheapSince, rule }) => [rule, cheapSince, accepted]),
        [
          ["drop-column", null, false],
          ["create-index", "8.2", false]
        ]
      )
    })
  )

  it.effect("as SARIF 2.1.0 has what the schema requires, and suppresses accepted findings", () =>
    Effect.gen(function* () {
      const report = yield* linted(`-- accept: data-loss\n${text}`)
      const { runs } = Schema.decodeUnknownSync(Sarif)(Lint.sarif(report, { version: "1.2.3" }))
      for (const { results, tool } of runs) {
        deepStrictEqual(
          tool.driver.rules.map(({ id }) => id),
          Lint.rules.map(({ id }) => id)
        )
        for (const { ruleId, ruleIndex } of results) strictEqual(tool.driver.rules[ruleIndex]?.id, ruleId)
        deepStrictEqual(
          results.map(({ level, suppressions = [] }) => [level, suppressions.length]),
          [
            ["error", 1],
            ["error", 0]
          ]
        )
      }
    })
  )
})

const Position = Schema.Number.pipe(Schema.int(), Schema.positive())

const Severity = Schema.Literal("error", "warning", "note")

const Json = Schema.parseJson(
  Schema.Struct({
    version: Schema.Literal(1),
    files: Schema.Array(Schema.String),
    findings: Schema.Array(
      Schema.Struct({
        file: Schema.String,
        line: Position,
        column: Position,
        statement: Schema.String,
        rule: Schema.String,
        severity: Severity,
        why: Schema.String,
        cheapSince: Schema.NullOr(Schema.String),
        saferWay: Schema.Struct({ sentence: Schema.String, files: Schema.Array(Schema.String) }),
        accepted: Schema.Boolean
      })
    )
  })
)

const Text = Schema.Struct({ text: Schema.NonEmptyString })

const Uri = Schema.NonEmptyString.pipe(Schema.filter((uri) => URL.canParse(uri)))

/** The properties that the published schema requires or gives a form: sarif-schema-2.1.0.json. */
const Sarif = Schema.parseJson(
  Schema.Struct({
    $schema: Uri,
    version: Schema.Literal("2.1.0"),
    runs: Schema.NonEmptyArray(
      Schema.Struct({
        columnKind: Schema.Literal("utf16CodeUnits", "unicodeCodePoints"),
        tool: Schema.Struct({
          driver: Schema.Struct({
            name: Schema.NonEmptyString,
            version: Schema.String,
            informationUri: Uri,
            rules: Schema.Array(
              Schema.Struct({
                id: Schema.NonEmptyString,
                shortDescription: Text,
                help: Text,
                helpUri: Uri,
                defaultConfiguration: Schema.Struct({ level: Severity })
              })
            )
          })
        }),
        results: Schema.Array(
          Schema.Struct({
            ruleId: Schema.NonEmptyString,
            ruleIndex: Schema.Number.pipe(Schema.int(), Schema.nonNegative()),
            level: Severity,
            message: Text,
            locations: Schema.NonEmptyArray(
              Schema.Struct({
                physicalLocation: Schema.Struct({
                  artifactLocation: Schema.Struct({ uri: Schema.NonEmptyString }),
                  region: Schema.Struct({ startLine: Position, startColumn: Position })
                })
              })
            ),
            suppressions: Schema.optional(Schema.Array(Schema.Struct({ kind: Schema.Literal("inSource", "external") })))
          })
        )
      })
    )
  })
)
