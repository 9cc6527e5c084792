/**
 * Rewriting files of migrations, each proved on the server: which files come out, and that none is written where the proof fails.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { Rewrite } from "effect-auto-migration"
import { folderOf } from "../../support/program/MigrationFolder.js"
import * as Server from "../../support/server/Server.js"

const first = `CREATE SCHEMA app;
CREATE TABLE app.users (id bigint PRIMARY KEY, email text, age int, team text);
CREATE TABLE app.orders (id bigint, line int, user_id bigint, PRIMARY KEY (id, line));
CREATE TABLE app.keyless (a int, b int);
INSERT INTO app.users SELECT n, n || '@example.org', n % 90 FROM generate_series(1, 2500) AS n;
INSERT INTO app.orders SELECT n, m, n FROM generate_series(1, 60) AS n, generate_series(1, 25) AS m;
`

const filesIn = (root: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(root)
      .toSorted()
      .map((name) => [name, readFileSync(join(root, name), "utf8")])
  )

interface Folder {
  readonly text: string
  readonly others?: Readonly<Record<string, string>>
  readonly applied?: ReadonlyArray<string>
}

/** Rewrites the file `002_more.sql` of a folder. */
const rewritten = ({ applied = [], others = {}, text }: Folder) =>
  Effect.gen(function* () {
    const root = yield* folderOf({ "001_first.sql": first, "002_more.sql": text, ...others })
    const server = Redacted.make(yield* Server.url)
    const options = { folder: root, file: join(root, "002_more.sql"), server, applied: new Set(applied) }
    const result = yield* Effect.either(Rewrite.rewrite(options))
    return { result, options, files: filesIn(root) }
  })

/** The files that a text becomes. */
const becomes = (text: string, expected: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const { files, result } = yield* rewritten({ text })
    if (result._tag === "Left") return assert.fail(result.left.message)
    const { "001_first.sql": _, ...others } = files
    deepStrictEqual(others, expected)
  })

describe("a rewriting", () => {
  it.scopedLive("builds an index concurrently, with all its options, in a file of its own", () =>
    becomes(
      `-- Finds users fast.
CREATE UNIQUE INDEX users_email ON app.users USING btree (lower(email) text_pattern_ops DESC) INCLUDE (age) WITH (fillfactor = 70) WHERE age > 0; -- really
CREATE TABLE app.teams (name text);
CREATE INDEX ON app.users (age);
`,
      {
        "002_more.sql": `-- transaction: none
-- Finds users fast.
CREATE UNIQUE INDEX CONCURRENTLY users_email ON app.users USING btree (lower(email) text_pattern_ops DESC) INCLUDE (age) WITH (fillfactor = 70) WHERE age > 0; -- really
`,
        "003_more_rest.sql": "CREATE TABLE app.teams (name text);\n",
        "004_more_index.sql": "-- transaction: none\nCREATE INDEX CONCURRENTLY ON app.users (age);\n"
      }
    )
  )

  it.scopedLive(
    "adds foreign keys and checks as NOT VALID, and validates each by the name that the server gives it",
    () =>
      becomes(
        `ALTER TABLE app.orders
  -- Whose order it is.
  ADD FOREIGN KEY (user_id) REFERENCES app.users DEFERRABLE INITIALLY DEFERRED,
  ADD COLUMN "Größe" int DEFAULT 1 CHECK ("Größe" > 0);
ALTER TABLE app.users ADD CHECK (age >= 0), ADD CHECK (age < 200);
`,
        {
          "002_more.sql": `ALTER TABLE app.orders
  ADD COLUMN "Größe" int DEFAULT 1;

-- Whose order it is.
ALTER TABLE app.orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES app.users DEFERRABLE INITIALLY DEFERRED NOT VALID;

ALTER TABLE app.orders ADD CONSTRAINT "orders_Größe_check" CHECK ("Größe" > 0) NOT VALID;

ALTER TABLE app.users ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT VALID;

ALTER TABLE app.users ADD CONSTRAINT users_age_check1 CHECK (age < 200) NOT VALID;
`,
          "003_more_validate.sql": "ALTER TABLE app.orders VALIDATE CONSTRAINT orders_user_id_fkey;\n",
          "004_more_validate.sql": 'ALTER TABLE app.orders VALIDATE CONSTRAINT "orders_Größe_check";\n',
          "005_more_validate.sql": "ALTER TABLE app.users VALIDATE CONSTRAINT users_age_check;\n",
          "006_more_validate.sql": "ALTER TABLE app.users VALIDATE CONSTRAINT users_age_check1;\n"
        }
      )
  )

  it.scopedLive("sets NOT NULL by way of a validated check", () =>
    becomes("ALTER TABLE app.users ALTER COLUMN age SET NOT NULL, ALTER COLUMN email SET DEFAULT '';\n", {
      "002_more.sql": `ALTER TABLE app.users ALTER COLUMN email SET DEFAULT '';

ALTER TABLE app.users ADD CONSTRAINT users_age_not_null_check CHECK (age IS NOT NULL) NOT VALID;
`,
      "003_more_validate.sql": "ALTER TABLE app.users VALIDATE CONSTRAINT users_age_not_null_check;\n",
      "004_more_not_null.sql": `ALTER TABLE app.users ALTER COLUMN age SET NOT NULL;
ALTER TABLE app.users DROP CONSTRAINT users_age_not_null_check;
`
    })
  )

  it.scopedLive("adds unique constraints and primary keys by way of an index", () =>
    becomes(
      `ALTER TABLE app.users ADD UNIQUE (email) INCLUDE (age) WITH (fillfactor = 70) DEFERRABLE;
ALTER TABLE app.keyless ADD CONSTRAINT keyless_key PRIMARY KEY (a);
`,
      {
        "002_more.sql": `-- transaction: none
CREATE UNIQUE INDEX CONCURRENTLY users_email_age_key ON app.users (email) INCLUDE (age) WITH (fillfactor = 70);
`,
        "003_more_constraint.sql": `ALTER TABLE app.users ADD CONSTRAINT users_email_age_key UNIQUE USING INDEX users_email_age_key DEFERRABLE;

ALTER TABLE app.keyless ADD CONSTRAINT keyless_a_not_null_check CHECK (a IS NOT NULL) NOT VALID;
`,
        "004_more_validate.sql": "ALTER TABLE app.keyless VALIDATE CONSTRAINT keyless_a_not_null_check;\n",
        "005_more_not_null.sql": `ALTER TABLE app.keyless ALTER COLUMN a SET NOT NULL;
ALTER TABLE app.keyless DROP CONSTRAINT keyless_a_not_null_check;
`,
        "006_more_index.sql":
          "-- transaction: none\nCREATE UNIQUE INDEX CONCURRENTLY keyless_key ON app.keyless (a);\n",
        "007_more_constraint.sql":
          "ALTER TABLE app.keyless ADD CONSTRAINT keyless_key PRIMARY KEY USING INDEX keyless_key;\n"
      }
    )
  )

  it.scopedLive("gives old rows a volatile default in batches along the primary key", () =>
    Effect.gen(function* () {
      const { files, result } = yield* rewritten({
        text: `ALTER TABLE app.orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE app.users ADD COLUMN token uuid UNIQUE DEFAULT gen_random_uuid();
`
      })
      if (result._tag === "Left") return assert.fail(result.left.message)
      deepStrictEqual(Object.keys(files), [
        "001_first.sql",
        "002_more.sql",
        "003_more_backfill.sql",
        "004_more_constraint.sql",
        "005_more_backfill.sql",
        "006_more_index.sql",
        "007_more_constraint.sql",
        "008_more_validate.sql",
        "009_more_not_null.sql"
      ])
      strictEqual(
        files["002_more.sql"],
        "ALTER TABLE app.orders ADD COLUMN token uuid, ALTER COLUMN token SET DEFAULT gen_random_uuid();\n"
      )
      assert.include(files["003_more_backfill.sql"], "(id, line) >= (first_0, first_1)")
    })
  )

  it.scopedLive("says which statements stay a risk, and rewrites the others", () =>
    Effect.gen(function* () {
      const { files, result } = yield* rewritten({
        text: "ALTER TABLE app.users DROP COLUMN team;\nCREATE INDEX ON app.users (age);\n"
      })
      if (result._tag === "Left") return assert.fail(result.left.message)
      deepStrictEqual(
        result.right.left.map(({ line, statement }) => [line, statement]),
        [[1, "ALTER TABLE app.users DROP COLUMN team"]]
      )
      strictEqual(files["002_more.sql"], "ALTER TABLE app.users DROP COLUMN team;\n")
    })
  )

  it.scopedLive(
    "is proved once more when it is asked for again: the files have no risk left that it could take away",
    () =>
      Effect.gen(function* () {
        const { options } = yield* rewritten({ text: "CREATE INDEX ON app.users (age);\n" })
        const again = yield* Effect.flip(Rewrite.rewrite(options))
        strictEqual(again._tag, "NotRewritable")
      })
  )
})

/** The files stay as they are, and the error has a tag and says something. */
const stays = (folder: Folder, tag: string, said: string) =>
  Effect.gen(function* () {
    const { files, result } = yield* rewritten(folder)
    if (result._tag === "Right") return assert.fail("it was rewritten")
    strictEqual(result.left._tag, tag)
    assert.include(result.left.message, said)
    deepStrictEqual(files, { "001_first.sql": first, "002_more.sql": folder.text, ...folder.others })
  })

const index = "CREATE INDEX ON app.users (age);\n"

describe("no file is written", () => {
  it.scopedLive("where the rewritten files give another schema", () =>
    stays(
      { text: "ALTER TABLE app.users ALTER COLUMN age SET NOT NULL;\nCREATE TABLE app.copies (LIKE app.users);\n" },
      "ProofFailed",
      "the rewritten files give another schema"
    )
  )

  it.scopedLive("where the rewritten files do not run", () =>
    stays(
      {
        text: "ALTER TABLE app.users ADD CONSTRAINT c CHECK (age >= 0);\nALTER TABLE app.users DROP CONSTRAINT c;\n"
      },
      "ProofFailed",
      "do not run"
    )
  )

  it.scopedLive("where the folder itself does not run", () =>
    stays({ text: `SELECT 1 / 0;\n${index}` }, "ProofFailed", "cannot be proved")
  )

  it.scopedLive("for an applied migration", () =>
    stays({ text: index, applied: ["002_more"] }, "NotRewritable", "It is applied")
  )

  it.scopedLive("where no statement has a safer way", () =>
    stays({ text: "ALTER TABLE app.users DROP COLUMN team;\n" }, "NotRewritable", "002_more.sql:1: ALTER TABLE")
  )

  it.scopedLive("for a volatile default of a table without a primary key", () =>
    stays(
      { text: "ALTER TABLE app.keyless ADD COLUMN token uuid DEFAULT gen_random_uuid();\n" },
      "NotRewritable",
      "no primary key"
    )
  )

  it.scopedLive("for a file with a transaction of its own", () =>
    stays({ text: `BEGIN;\n${index}COMMIT;\n` }, "NotRewritable", "BEGIN")
  )

  it.scopedLive("where another program has changed the file meanwhile", () =>
    Effect.gen(function* () {
      const root = yield* folderOf({
        "001_first.sql": first,
        "002_more.sql": "CREATE TABLE app.t (a int);\nCREATE INDEX ON app.users (age);\n"
      })
      const options = {
        folder: root,
        file: join(root, "002_more.sql"),
        server: Redacted.make(yield* Server.url),
        applied: new Set<string>()
      }
      const { files } = yield* Rewrite.prove(options)
      yield* Effect.sync(() => writeFileSync(options.file, "SELECT 1"))
      const { _tag } = yield* Effect.flip(Rewrite.write({ files, left: [] }))
      strictEqual(_tag, "NotWritten")
      deepStrictEqual(Object.keys(filesIn(root)), ["001_first.sql", "002_more.sql"])
    })
  )
})

describe("the new files", () => {
  it.scopedLive("stand before the next file, also where its number leaves no room", () =>
    Effect.gen(function* () {
      const { files, result } = yield* rewritten({
        text: "CREATE TABLE app.t (a int);\nCREATE INDEX ON app.users (age);\n",
        others: { "003_next.sql": "SELECT 1" }
      })
      if (result._tag === "Left") return assert.fail(result.left.message)
      deepStrictEqual(Object.keys(files), ["001_first.sql", "002_more.sql", "002_more_02_index.sql", "003_next.sql"])
    })
  )

  it.scopedLive("leave no database behind", () =>
    Effect.gen(function* () {
      yield* rewritten({ text: index })
      const left = Server.ask("SELECT datname FROM pg_database WHERE datname LIKE 'effect_auto_migration_%'")
      const schedule = Schedule.intersect(Schedule.spaced("50 millis"), Schedule.recurs(1200))
      yield* Effect.repeat(left, { until: ({ length }) => length === 0, schedule })
      deepStrictEqual([...(yield* left)], [])
    })
  )
})
