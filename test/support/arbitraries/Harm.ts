/**
 * Databases that were there before, folders whose files would harm them in some disguise, and the queries of a program that knows
 * nothing of it. Not every file of every folder runs: what the server refuses does no harm.
 *
 * A harmful move names a table that was there, disguises it up to twice, and changes what the last name stands for by one
 * statement, which runs by itself or inside something else. `§` in a text stands for the number of the move, so that two
 * moves of a folder do not meet by accident.
 */
import * as fc from "fast-check"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import { groups, type Case as Row, replaced } from "../caution/HarmfulFiles.js"
import * as ThereBefore from "../caution/ThereBefore.js"
import { footprints } from "../history/Parsing.js"

export interface Query {
  readonly text: string
  /** Whether the boundary stands around the statement or around a program, which hides the text. */
  readonly around: "program" | "statement"
  /** What the program writes afterwards, if the query has an answer. */
  readonly writes: string
}

export interface Case {
  readonly before: ReadonlyArray<ThereBefore.Name>
  /** How much an earlier file, which is a baseline, tells of what was there. */
  readonly told: ThereBefore.Told
  readonly files: ReadonlyArray<ReadonlyArray<string>>
  readonly queries: ReadonlyArray<Query>
  /** Whether only harmless statements were drawn. */
  readonly isHarmless: boolean
}

interface Move {
  readonly before: ReadonlyArray<ThereBefore.Name>
  readonly statements: ReadonlyArray<string>
}

interface Target {
  readonly name: string
  readonly columns: string
}

interface Victim extends Target {
  readonly before: ReadonlyArray<ThereBefore.Name>
}

const columns = "(id integer, name text)"
const keyed = "(id integer PRIMARY KEY, name text)"

const victims: ReadonlyArray<Victim> = [
  { name: "users", columns: keyed, before: ["users"] },
  { name: "users", columns: keyed, before: ["users", "app"] },
  { name: "users", columns: keyed, before: ["orders"] },
  { name: "orders", columns, before: ["orders"] },
  { name: "coupons", columns: keyed, before: ["coupons"] },
  { name: "drafts", columns, before: ["drafts"] },
  { name: "app.notes", columns, before: ["app"] },
  { name: "animals", columns, before: ["animals"] },
  { name: "cats", columns, before: ["animals"] },
  { name: "events", columns: `${columns} PARTITION BY RANGE (id)`, before: ["events"] },
  { name: "events_low", columns: "PARTITION OF events FOR VALUES FROM (0) TO (100)", before: ["events"] },
  { name: "events_lowest", columns: "PARTITION OF events_low FOR VALUES FROM (0) TO (10)", before: ["events"] },
  { name: "people", columns, before: ["view"] },
  { name: "bait_1", columns, before: [] }
]

/** Statements that leave a table alone that is there, and that reading may take for one that makes it. */
const guards: ReadonlyArray<string> = [
  "CREATE TABLE IF NOT EXISTS N C",
  "CREATE UNLOGGED TABLE IF NOT EXISTS N C",
  "CREATE TABLE IF NOT EXISTS N AS SELECT 1 AS id, 'x' AS name",
  "CREATE MATERIALIZED VIEW IF NOT EXISTS N AS SELECT 1 AS id, 'x' AS name",
  "CREATE SEQUENCE IF NOT EXISTS N",
  "DO $$ BEGIN CREATE TABLE IF NOT EXISTS N C; END $$",
  "DO $$ BEGIN EXECUTE 'CREATE TABLE IF NOT EXISTS N C'; END $$",
  "DO $$ BEGIN EXECUTE format('CREATE TABLE IF NOT EXISTS %s C', 'N'); END $$",
  "DO $$ BEGIN CREATE TABLE N C; EXCEPTION WHEN duplicate_table THEN NULL; END $$",
  "DO $$ BEGIN CREATE TABLE N C; EXCEPTION WHEN OTHERS THEN NULL; END $$",
  "DO $$ BEGIN CREATE TABLE N C; EXCEPTION WHEN SQLSTATE '42P07' THEN RAISE NOTICE 'there'; END $$",
  "DO $$ BEGIN BEGIN CREATE TABLE N C; EXCEPTION WHEN OTHERS THEN NULL; END; END $$",
  "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_tables WHERE tablename = 'B') THEN CREATE TABLE N C; END IF; END $$",
  "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'B') THEN CREATE TABLE N C; END IF; END $$",
  "DO $$ BEGIN IF NOT EXISTS (SELECT FROM information_schema.tables WHERE table_name = 'B') THEN CREATE TABLE N C; END IF; END $$",
  "DO $$ BEGIN PERFORM FROM pg_tables WHERE tablename = 'B'; IF NOT FOUND THEN CREATE TABLE N C; END IF; END $$",
  "DO $$ BEGIN IF to_regclass('N') IS NULL THEN CREATE TABLE N C; END IF; END $$",
  "DO $$ BEGIN IF to_regclass('N') IS NOT NULL THEN NULL; ELSE CREATE TABLE N C; END IF; END $$",
  "DO $$ BEGIN IF to_regclass('N') IS NOT NULL THEN RETURN; END IF; CREATE TABLE N C; END $$",
  "DO $$ BEGIN IF current_setting('server_version_num')::int < 90000 THEN CREATE TABLE N C; END IF; END $$",
  "DO $$ BEGIN IF current_database() = 'production' THEN CREATE TABLE N C; END IF; END $$",
  "DO $$ BEGIN CASE WHEN to_regclass('N') IS NULL THEN CREATE TABLE N C; ELSE NULL; END CASE; END $$",
  "DO $$ BEGIN WHILE to_regclass('N') IS NULL LOOP CREATE TABLE N C; END LOOP; END $$",
  "DO $$ DECLARE t text; BEGIN FOR t IN SELECT 'x' WHERE to_regclass('N') IS NULL LOOP CREATE TABLE N C; END LOOP; END $$",
  "DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY[]::text[] LOOP CREATE TABLE N C; END LOOP; END $$",
  "DO $$ BEGIN LOOP EXIT WHEN to_regclass('N') IS NOT NULL; CREATE TABLE N C; END LOOP; END $$",
  "CREATE FUNCTION make_§() RETURNS void LANGUAGE plpgsql AS $$ BEGIN IF to_regclass('N') IS NULL THEN CREATE TABLE N C; END IF; END $$; SELECT make_§()",
  "CREATE FUNCTION make_§() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE N C; EXCEPTION WHEN OTHERS THEN NULL; END $$; SELECT make_§()",
  "CREATE FUNCTION make_§() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE N C; END $$; SELECT make_§() WHERE to_regclass('N') IS NULL",
  "DROP TABLE IF EXISTS missing_§; CREATE TABLE IF NOT EXISTS N C",
  "CREATE TABLE IF NOT EXISTS N C; ALTER TABLE N ADD COLUMN IF NOT EXISTS extra_§ text",
  "SELECT 1"
]

/** Namesakes: the table itself keeps its place, or its name comes to mean it again. */
const namesakes: ReadonlyArray<string> = [
  "CREATE SCHEMA s_§; CREATE TABLE s_§.B C",
  "CREATE SCHEMA s_§ CREATE TABLE B C",
  "CREATE SCHEMA s_§; SET search_path = s_§; CREATE TABLE B C; RESET search_path",
  "CREATE SCHEMA s_§; SET search_path = s_§; CREATE TABLE B C; SET search_path = public",
  "CREATE SCHEMA s_§; SET LOCAL search_path = s_§; CREATE TABLE B C; SET LOCAL search_path TO DEFAULT",
  "CREATE SCHEMA s_§; SET SCHEMA 's_§'; CREATE TABLE B C; SET SCHEMA 'public'",
  "CREATE SCHEMA s_§; SELECT set_config('search_path', 's_§', true); CREATE TABLE B C; SELECT set_config('search_path', 'public', true)",
  "CREATE SCHEMA s_§; CREATE TABLE s_§.B C; SELECT set_config('search_path', 's_§' || ', public', true); SELECT set_config('search_path', 'pub' || 'lic', true)",
  "CREATE SCHEMA s_§; DO $$ BEGIN SET LOCAL search_path = s_§; CREATE TABLE B C; RESET search_path; END $$",
  "CREATE SCHEMA s_§; CREATE FUNCTION make_§() RETURNS void LANGUAGE plpgsql SET search_path = s_§ AS $$ BEGIN CREATE TABLE B C; END $$; SELECT make_§()",
  "CREATE SCHEMA s_§; CREATE TABLE s_§.B C; ALTER TABLE s_§.B RENAME TO x_§",
  "CREATE SCHEMA s_§; CREATE TABLE s_§.B C; DROP SCHEMA s_§ CASCADE",
  "CREATE TEMPORARY TABLE B C; DROP TABLE pg_temp.B",
  "CREATE TEMPORARY TABLE B C; DROP TABLE B",
  "CREATE TEMPORARY TABLE B C; DISCARD TEMPORARY",
  "CREATE TEMPORARY TABLE B C; ALTER TABLE pg_temp.B RENAME TO x_§",
  "CREATE TEMPORARY TABLE B C; SET search_path = public, pg_temp",
  "SET search_path = pg_temp, public; CREATE TABLE B C; RESET search_path; DROP TABLE pg_temp.B",
  "SAVEPOINT p_§; CREATE TEMPORARY TABLE B C; ROLLBACK TO p_§"
]

/** Other names under which the rows can be reached. */
const ways: ReadonlyArray<readonly [before: string, name: string]> = [
  ["CREATE VIEW over_§ AS SELECT id, name FROM N", "over_§"],
  ["CREATE VIEW over_§ AS SELECT * FROM N WITH CASCADED CHECK OPTION", "over_§"],
  ["CREATE OR REPLACE VIEW over_§ AS TABLE N", "over_§"],
  ["CREATE TEMPORARY VIEW over_§ AS SELECT id, name FROM N", "over_§"],
  ["CREATE VIEW under_§ AS SELECT id, name FROM N; CREATE VIEW over_§ AS SELECT id, name FROM under_§", "over_§"],
  ["CREATE TABLE parent_§ (id integer, name text); ALTER TABLE N INHERIT parent_§", "parent_§"],
  ["CREATE TABLE parent_§ (LIKE N); ALTER TABLE N INHERIT parent_§", "parent_§"],
  ["CREATE TABLE parent_§ (id integer); ALTER TABLE N INHERIT parent_§", "parent_§"],
  [
    "CREATE TABLE top_§ (id integer, name text) PARTITION BY RANGE (id); ALTER TABLE top_§ ATTACH PARTITION N DEFAULT",
    "top_§"
  ],
  [
    "CREATE TABLE top_§ (id integer, name text) PARTITION BY LIST (name); ALTER TABLE top_§ ATTACH PARTITION N DEFAULT",
    "top_§"
  ],
  [
    "CREATE TABLE keys_§ (id integer PRIMARY KEY, name text); INSERT INTO keys_§ SELECT id, 'k' FROM N; ALTER TABLE N ADD FOREIGN KEY (id) REFERENCES keys_§ ON DELETE CASCADE ON UPDATE CASCADE NOT VALID",
    "keys_§"
  ],
  [
    "CREATE TABLE keys_§ (id integer PRIMARY KEY, name text); INSERT INTO keys_§ SELECT id, 'k' FROM N; ALTER TABLE N ADD COLUMN key_§ integer REFERENCES keys_§ ON DELETE CASCADE",
    "keys_§"
  ],
  ["CREATE TABLE twin_§ (LIKE N); ALTER TABLE N RENAME TO old_§; ALTER TABLE twin_§ RENAME TO B", "old_§"],
  ["ALTER TABLE N RENAME TO old_§", "old_§"],
  [
    "CREATE TABLE front_§ (id integer, name text); CREATE RULE r AS ON DELETE TO front_§ DO INSTEAD DELETE FROM N",
    "front_§"
  ],
  [
    "CREATE VIEW front_§ AS SELECT 1 AS id, 'x' AS name; CREATE RULE r AS ON DELETE TO front_§ DO INSTEAD DELETE FROM N",
    "front_§"
  ],
  [
    "CREATE TABLE front_§ (id integer, name text); CREATE RULE r AS ON UPDATE TO front_§ DO ALSO UPDATE N SET name = 'x'",
    "front_§"
  ],
  [
    "CREATE TABLE front_§ (id integer, name text); CREATE FUNCTION tg_§() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM N; RETURN NULL; END $$; CREATE TRIGGER t AFTER DELETE OR UPDATE OR TRUNCATE ON front_§ EXECUTE FUNCTION tg_§()",
    "front_§"
  ],
  [
    "CREATE TABLE front_§ (id integer, name text); CREATE FUNCTION tg_§() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN TRUNCATE N CASCADE; RETURN NEW; END $$; CREATE TRIGGER t BEFORE INSERT ON front_§ FOR EACH ROW EXECUTE FUNCTION tg_§(); INSERT INTO front_§ VALUES (1, 'x')",
    "front_§"
  ]
]

/** On rows. */
const changes: ReadonlyArray<string> = [
  "DELETE FROM T",
  "DELETE FROM T",
  "DELETE FROM ONLY T",
  "DELETE FROM T WHERE id IS NOT NULL",
  "DELETE FROM T t USING (SELECT 1) s",
  "UPDATE T SET name = 'changed'",
  "UPDATE T SET id = id + 1000",
  "UPDATE T t SET name = 'changed' FROM (SELECT 1) s WHERE t.id IS NOT NULL",
  "INSERT INTO T (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
  "MERGE INTO T t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE",
  "MERGE INTO T t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = 'x'",
  "MERGE INTO T t USING (SELECT 1 AS id) s ON false WHEN NOT MATCHED BY SOURCE THEN DELETE"
]

/** On whole tables. */
const alterations: ReadonlyArray<string> = [
  "TRUNCATE T",
  "TRUNCATE T CASCADE",
  "TRUNCATE ONLY T",
  "DROP TABLE T",
  "DROP TABLE IF EXISTS T CASCADE",
  "ALTER TABLE T DROP COLUMN name",
  "ALTER TABLE T DROP COLUMN IF EXISTS name CASCADE",
  "ALTER TABLE T ALTER COLUMN name TYPE integer USING 0",
  "ALTER TABLE T ALTER COLUMN id TYPE bigint USING id + 1000",
  "ALTER TABLE T RENAME TO renamed_§",
  "ALTER TABLE T RENAME COLUMN name TO renamed_§",
  "DELETE FROM T; DROP TABLE T"
]

const inCode = (statement: string): ReadonlyArray<string> => [
  `DO $d$ BEGIN ${statement}; END $d$`,
  `DO $d$ BEGIN IF now() IS NOT NULL THEN ${statement}; END IF; END $d$`,
  `DO $d$ BEGIN RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN ${statement}; END $d$`,
  `DO $d$ BEGIN FOR i IN 1 .. 2 LOOP ${statement}; EXIT; END LOOP; END $d$`,
  `DO $d$ BEGIN EXECUTE $e$${statement}$e$; END $d$`,
  `DO $d$ BEGIN EXECUTE (SELECT $e$${statement}$e$); END $d$`,
  `DO $d$ DECLARE s text := $e$${statement}$e$; BEGIN EXECUTE s; END $d$`,
  `CREATE PROCEDURE call_§() LANGUAGE plpgsql AS $d$ BEGIN ${statement}; END $d$; CALL call_§()`,
  `CREATE FUNCTION run_§(n integer DEFAULT 1) RETURNS integer LANGUAGE plpgsql AS $d$ BEGIN ${statement}; RETURN n; END $d$; RUN`,
  `CREATE FUNCTION run_§(n integer DEFAULT 1) RETURNS integer LANGUAGE sql AS $d$ ${statement}; SELECT n $d$; RUN`,
  `CREATE TABLE made_§ (id integer); CREATE FUNCTION tg2_§() RETURNS trigger LANGUAGE plpgsql AS $d$ BEGIN ${statement}; RETURN NEW; END $d$; CREATE TRIGGER t AFTER INSERT ON made_§ EXECUTE FUNCTION tg2_§(); INSERT INTO made_§ VALUES (1)`
]

const inQueries = (change: string): ReadonlyArray<string> => [
  `WITH gone AS (${change} RETURNING 1) SELECT count(*) FROM gone`,
  `EXPLAIN ANALYZE ${change}`,
  `PREPARE p_§ AS ${change}; EXECUTE p_§`,
  ...(change.startsWith("MERGE")
    ? []
    : [
        `CREATE TABLE made_§ (id integer); CREATE RULE r AS ON INSERT TO made_§ DO ALSO ${change}; INSERT INTO made_§ VALUES (1)`
      ]),
  `CREATE TABLE made_§ (id integer); WITH gone AS (${change} RETURNING 1) INSERT INTO made_§ SELECT * FROM gone`,
  `CREATE FUNCTION run_§(n integer DEFAULT 1) RETURNS integer LANGUAGE sql BEGIN ATOMIC ${change}; SELECT n; END; RUN`
]

/** Ways to call a function that returns its argument. */
const calls: ReadonlyArray<string> = [
  "SELECT run_§()",
  "SELECT run_§(2) AS n",
  "SELECT * FROM run_§()",
  "VALUES (run_§())",
  "DO $$ BEGIN PERFORM run_§(); END $$",
  "CREATE TABLE made_§ AS SELECT run_§() AS n",
  "SELECT run_§() AS n INTO made_§",
  "CREATE MATERIALIZED VIEW made_§ AS SELECT run_§() AS n",
  "CREATE VIEW made_§ AS SELECT run_§() AS n; SELECT * FROM made_§",
  "CREATE TABLE made_§ (n integer DEFAULT run_§()); INSERT INTO made_§ DEFAULT VALUES",
  "CREATE TABLE made_§ (n integer CHECK (run_§(n) > 0)); INSERT INTO made_§ VALUES (1)",
  "CREATE TABLE made_§ (n integer); INSERT INTO made_§ VALUES (1); ALTER TABLE made_§ ADD COLUMN m integer DEFAULT run_§()",
  "CREATE TABLE made_§ (n integer); INSERT INTO made_§ VALUES (1); ALTER TABLE made_§ ADD CHECK (run_§(n) > 0)",
  "CREATE TABLE made_§ (n integer); INSERT INTO made_§ VALUES (1); ALTER TABLE made_§ ALTER COLUMN n TYPE bigint USING run_§(n)",
  "CREATE FUNCTION calm_§(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN run_§(n); END $$; CREATE TABLE made_§ (n integer, m integer GENERATED ALWAYS AS (calm_§(n)) STORED); INSERT INTO made_§ VALUES (1)",
  "CREATE FUNCTION calm_§(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN run_§(n); END $$; CREATE TABLE made_§ (n integer); INSERT INTO made_§ VALUES (1); CREATE INDEX ON made_§ (calm_§(n))",
  "CREATE DOMAIN checked_§ AS integer CHECK (run_§(VALUE) > 0); SELECT 1::checked_§",
  "CREATE DOMAIN checked_§ AS integer CHECK (run_§(VALUE) > 0); CREATE TABLE made_§ (n checked_§); INSERT INTO made_§ VALUES (1)",
  "CREATE FUNCTION plus_§(a integer, b integer) RETURNS integer LANGUAGE sql AS 'SELECT run_§(a)'; CREATE OPERATOR ### (LEFTARG = integer, RIGHTARG = integer, FUNCTION = plus_§); SELECT 1 ### 2",
  "CREATE FUNCTION plus_§(a integer, b integer) RETURNS integer LANGUAGE sql AS 'SELECT run_§(a)'; CREATE AGGREGATE total_§(integer) (SFUNC = plus_§, STYPE = integer, INITCOND = '0'); SELECT total_§(1)",
  "CREATE TYPE box_§ AS (n integer); CREATE FUNCTION cast_§(b box_§) RETURNS integer LANGUAGE sql AS 'SELECT run_§(b.n)'; CREATE CAST (box_§ AS integer) WITH FUNCTION cast_§(box_§); SELECT CAST(ROW(1)::box_§ AS integer)",
  "PREPARE q_§ AS SELECT run_§(); EXECUTE q_§",
  "EXPLAIN ANALYZE SELECT run_§()",
  "DECLARE c_§ CURSOR FOR SELECT run_§(); FETCH c_§",
  "COPY (SELECT run_§()) TO '/dev/null'",
  "SELECT query_to_xml('SELECT run_§()', true, false, '')",
  "SELECT * FROM ts_stat('SELECT to_tsvector(run_§()::text)')",
  "CREATE TABLE made_§ (n integer); INSERT INTO made_§ VALUES (1) ON CONFLICT DO NOTHING RETURNING run_§(n)",
  "CREATE TABLE made_§ (n integer); INSERT INTO made_§ VALUES (1); DELETE FROM made_§ WHERE run_§(n) > 0",
  "CREATE TABLE made_§ (n integer); INSERT INTO made_§ SELECT run_§(); UPDATE made_§ SET n = run_§(n)",
  "CREATE TABLE made_§ (n integer); INSERT INTO made_§ VALUES (1); CREATE POLICY p ON made_§ USING (run_§(n) > 0); SELECT * FROM made_§",
  "CREATE TABLE made_§ (n integer) PARTITION BY RANGE (n); CREATE TABLE part_§ PARTITION OF made_§ DEFAULT; INSERT INTO made_§ SELECT run_§()",
  "CREATE TABLE made_§ (n integer) PARTITION BY RANGE (n); CREATE TABLE part_§ PARTITION OF made_§ FOR VALUES FROM (run_§()) TO (10)",
  "CREATE TABLE made_§ (n integer) PARTITION BY RANGE (n); CREATE TABLE part_§ (n integer CHECK (run_§(n) > 0)); ALTER TABLE made_§ ATTACH PARTITION part_§ DEFAULT; INSERT INTO made_§ VALUES (1)",
  "CREATE TABLE made_§ (n integer); INSERT INTO made_§ VALUES (1); ALTER TABLE made_§ ADD CONSTRAINT c CHECK (run_§(n) > 0) NOT VALID; ALTER TABLE made_§ VALIDATE CONSTRAINT c",
  "CREATE TABLE made_§ (n integer); ALTER TABLE made_§ ALTER COLUMN n SET DEFAULT run_§(); INSERT INTO made_§ DEFAULT VALUES",
  "CREATE DOMAIN checked_§ AS integer; CREATE TABLE made_§ (n checked_§); INSERT INTO made_§ VALUES (1); ALTER DOMAIN checked_§ ADD CHECK (run_§(VALUE) > 0)",
  "CREATE FUNCTION calm_§(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN run_§(n); END $$; CREATE TABLE made_§ (n integer); CREATE STATISTICS s_§ ON (calm_§(n)), n FROM made_§; INSERT INTO made_§ VALUES (1); ANALYZE made_§",
  "CREATE FUNCTION calm_§(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN run_§(n); END $$; CREATE TABLE made_§ (n integer); INSERT INTO made_§ VALUES (1); CREATE UNIQUE INDEX ON made_§ (n) WHERE calm_§(n) > 0",
  "CREATE FUNCTION calm_§(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN run_§(n); END $$; SELECT calm_§(1)",
  "CREATE MATERIALIZED VIEW made_§ AS SELECT run_§() AS n WITH NO DATA; REFRESH MATERIALIZED VIEW made_§",
  "CREATE TABLE made_§ (n integer); CREATE FUNCTION tg3_§() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM run_§(); RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER t AFTER INSERT ON made_§ DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tg3_§(); INSERT INTO made_§ VALUES (1)",
  "PREPARE q_§(integer) AS SELECT $1; EXECUTE q_§(run_§())",
  "CREATE PROCEDURE take_§(n integer) LANGUAGE sql AS 'SELECT 1'; CALL take_§(run_§())",
  "SELECT 1 LIMIT run_§()",
  "SELECT 1 ORDER BY run_§()",
  "SELECT * FROM (VALUES (1)) v (n), LATERAL run_§(v.n)",
  "DO $$ DECLARE n integer := run_§(); BEGIN END $$",
  "DO $$ BEGIN IF run_§() > 5 THEN NULL; END IF; END $$",
  "DO $$ BEGIN FOR i IN run_§() .. 1 LOOP NULL; END LOOP; END $$",
  "DO $$ BEGIN ASSERT run_§() > 0; END $$",
  "DO $$ BEGIN RAISE NOTICE '%', run_§(); END $$",
  "DO $$ BEGIN EXECUTE 'SELECT $1' USING run_§(); END $$",
  "DO $$ DECLARE c CURSOR FOR SELECT run_§(); BEGIN OPEN c; MOVE c; END $$",
  "SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery WHERE run_§() > 0')"
]

const pick = <A>(values: ReadonlyArray<A>): fc.Arbitrary<A> => fc.constantFrom(...values)

const base = (name: string): string => name.slice(name.indexOf(".") + 1)

/** Upper-case letters that stand alone are the places of a template. */
const filled = (template: string, { columns: all, name }: Target): string =>
  template.replace(/\bN\b/g, name).replace(/\bB\b/g, base(name)).replace(/\bC\b/g, all).replace(/\bT\b/g, name)

/** The statements of a text. */
const cut = (text: string): ReadonlyArray<string> =>
  footprints(text).flatMap(({ statements }) => statements.map(({ end, start }) => text.slice(start, end)))

const spelled = (name: string): fc.Arbitrary<string> =>
  name.includes(".")
    ? fc.constant(name)
    : fc.constantFrom(name, name, name, `public.${name}`, `"${name}"`, name.toUpperCase())

const disguise = (target: Target): fc.Arbitrary<readonly [ReadonlyArray<string>, Target]> =>
  fc.oneof(
    { arbitrary: pick(guards).map((text) => [[filled(text, target)], target] as const), weight: 4 },
    { arbitrary: pick(namesakes).map((text) => [[filled(text, target)], target] as const), weight: 2 },
    {
      arbitrary: pick(ways).map(([before, name]) => [[filled(before, target)], { name, columns }] as const),
      weight: 4
    }
  )

const disguised = (target: Target, times: number): fc.Arbitrary<readonly [ReadonlyArray<string>, Target]> =>
  times === 0
    ? fc.constant([[], target] as const)
    : disguise(target).chain(([before, next]) =>
        disguised(next, times - 1).map(([more, last]) => [[...before, ...more], last] as const)
      )

const harmTo = (target: Target): fc.Arbitrary<string> =>
  spelled(target.name).chain((name) =>
    fc
      .oneof(
        { arbitrary: pick(changes).map((text) => filled(text, { ...target, name })), weight: 3 },
        { arbitrary: pick(alterations).map((text) => filled(text, { ...target, name })), weight: 3 },
        {
          arbitrary: pick([...changes, ...alterations]).chain((text) =>
            pick(inCode(filled(text, { ...target, name })))
          ),
          weight: 3
        },
        { arbitrary: pick(changes).chain((text) => pick(inQueries(filled(text, { ...target, name })))), weight: 2 }
      )
      .chain((text) => pick(calls).map((call) => text.replace(/\bRUN$/, () => call)))
  )

const composed: fc.Arbitrary<Move> = fc
  .tuple(pick(victims), fc.constantFrom(0, 1, 1, 1, 2))
  .chain(([victim, times]) =>
    disguised(victim, times).chain(([before, target]) =>
      harmTo(target).map((harm) => ({ before: victim.before, statements: [...before, harm].flatMap(cut) }))
    )
  )

const pinned = (cases: ReadonlyArray<Row>): fc.Arbitrary<Move> =>
  pick(cases).map(([, before, ...files]) => ({ before, statements: files.map((text) => text.replace(/;\s*$/, "")) }))

const harmless: ReadonlyArray<string> = [
  "CREATE TABLE fresh_§ (id integer PRIMARY KEY, name text)",
  "CREATE TABLE fresh_§ (id integer PRIMARY KEY, name text); INSERT INTO fresh_§ VALUES (1, 'a')",
  "CREATE TABLE fresh_§ (id integer PRIMARY KEY, name text); CREATE INDEX ON fresh_§ (name); COMMENT ON TABLE fresh_§ IS 'new'",
  "CREATE TABLE fresh_§ (id integer, name text); INSERT INTO fresh_§ VALUES (1, 'a'); UPDATE fresh_§ SET name = 'b'; ALTER TABLE fresh_§ ADD PRIMARY KEY (id)",
  "CREATE TABLE fresh_§ (id integer, name text); DELETE FROM fresh_§; TRUNCATE fresh_§",
  "CREATE TABLE fresh_§ (id integer, name text); CREATE VIEW sight_§ AS SELECT * FROM fresh_§",
  "CREATE TYPE kind_§ AS ENUM ('a', 'b'); CREATE TABLE fresh_§ (kind kind_§)",
  "CREATE TABLE IF NOT EXISTS fresh_§ (id integer)",
  "CREATE FUNCTION fn_§() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
  "CREATE SEQUENCE count_§",
  "CREATE SCHEMA room_§; CREATE TABLE room_§.fresh (id integer)"
]

const baitOf = (file: number): string => `bait_${file + 1}`

/** Each file has a table of its own that a query can ask for, at its start or at its end. Files begin at some of `borders`. */
const filesOf = (
  statements: ReadonlyArray<string>,
  borders: ReadonlyArray<number>,
  cuts: ReadonlyArray<number>,
  isFirst: boolean
): ReadonlyArray<ReadonlyArray<string>> => {
  const chosen = cuts.map((cut) => borders[cut % borders.length] ?? 0)
  const places = [0, ...new Set(chosen)].toSorted((a, b) => a - b)
  return places.map((from, index) => {
    const part = statements.slice(from, places[index + 1])
    const bait = `CREATE TABLE ${baitOf(index)} (id integer, name text)`
    return isFirst ? [bait, ...part] : [...part, bait]
  })
}

const quoted = ({ name, schema }: SchemaObject.QualifiedName): string =>
  schema._tag === "Some" ? `${SchemaObject.quote(schema.value)}.${SchemaObject.quote(name)}` : SchemaObject.quote(name)

/** An index has no rows to select. */
const isIndex = ({ name }: SchemaObject.QualifiedName): boolean => /_(pkey|key|idx)\d*$/.test(name)

/** A query that needs an object and reads no row, so that what it calls does not run. */
const needing = (object: SchemaObject.SchemaObject): ReadonlyArray<string> => {
  if (object._tag === "Relation") return isIndex(object) ? [] : [`SELECT * FROM ${quoted(object)} WHERE false`]
  if (object._tag === "Type") return [`SELECT NULL::${quoted(object)} WHERE false`]
  if (object._tag !== "Column" || object.relation._tag === "None") return []
  return [`SELECT ${SchemaObject.quote(object.name)} FROM ${quoted(object.relation.value)} WHERE false`]
}

const isBait = (text: string): boolean => text.includes("bait_")

const queriesFor = (files: ReadonlyArray<ReadonlyArray<string>>): fc.Arbitrary<ReadonlyArray<Query>> => {
  const asked = footprints(...files.map((file) => file.join(";\n"))).flatMap(({ provides }) =>
    provides.flatMap(needing)
  )
  const baits = files.map((_, index) => `SELECT id FROM ${baitOf(index)} WHERE false`)
  const others = [...new Set(asked.filter((text) => !isBait(text)))]
  return fc
    .tuple(
      fc.shuffledSubarray(baits, { minLength: 1 }),
      fc.shuffledSubarray(others, { maxLength: Math.min(3, others.length) }),
      fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 8, maxLength: 8 }),
      fc.boolean()
    )
    .map(([first, second, how, isOtherFirst]) =>
      (isOtherFirst ? [...second, ...first] : [...first, ...second]).map((text, index) => {
        const [isProgram = false, isWriter = false] = how[index] ?? []
        const [, table] = /FROM (bait_\d)/.exec(text) ?? []
        return {
          text,
          around: isProgram ? "program" : "statement",
          writes: isWriter && table !== undefined ? `INSERT INTO public.${table} VALUES (7, 'written')` : ""
        }
      })
    )
}

const numbered = (moves: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  moves.flatMap((statements, index) => statements.map((text) => text.replaceAll("§", String(index + 1))))

/** The places between statements. */
const anyBorder = (moves: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<number> =>
  Array.from({ length: moves.flat().length + 1 }, (_, place) => place)

/** The places between moves: a table that an earlier file has filled is rightly not changed by a later one. */
const borderOfMoves = (moves: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<number> => [
  0,
  ...moves.map((_, index) => moves.slice(0, index + 1).flat().length)
]

const folder = (moves: fc.Arbitrary<ReadonlyArray<Move>>): fc.Arbitrary<Case> =>
  fc
    .tuple(
      moves,
      fc.array(pick(harmless), { minLength: 1, maxLength: 3 }),
      fc.subarray([...ThereBefore.names.filter((name) => name !== "path")], { maxLength: 3 }),
      fc.array(fc.nat(60), { maxLength: 3 }),
      fc.boolean(),
      fc.constantFrom(...ThereBefore.degrees)
    )
    .chain(([chosen, rest, also, cuts, isFirst, told]) =>
      fc
        .shuffledSubarray([...chosen.map((move) => move.statements), ...rest.map(cut)], {
          minLength: chosen.length + rest.length
        })
        .chain((shuffled) => {
          const borders = chosen.length === 0 ? borderOfMoves(shuffled) : anyBorder(shuffled)
          const files = filesOf(numbered(shuffled), borders, cuts, isFirst)
          const before = [...new Set([...chosen.flatMap((move) => move.before), ...also])]
          const wipes = before.includes("onTables") && files.flat().some((text) => text.startsWith("CREATE VIEW"))
          return queriesFor(files).map((queries) => ({
            before,
            told,
            files,
            queries,
            isHarmless: chosen.length === 0 && !wipes
          }))
        })
    )

/** A folder with one or two harmful moves among harmless statements, or none. */
export const anyCase: fc.Arbitrary<Case> = fc.oneof(
  { arbitrary: folder(fc.array(composed, { minLength: 1, maxLength: 2 })), weight: 7 },
  { arbitrary: folder(fc.array(pinned(Object.values(groups).flat()), { minLength: 1, maxLength: 1 })), weight: 2 },
  { arbitrary: folder(fc.array(pinned(replaced), { minLength: 1, maxLength: 1 })), weight: 1 },
  { arbitrary: folder(fc.constant([])), weight: 3 }
)
