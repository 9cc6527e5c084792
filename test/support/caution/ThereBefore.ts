/**
 * Parts of databases that were there before: tables with rows and what hangs on them. A part stands on those that it needs. Some
 * of a part may be told by an earlier file; what was done by hand is told by none.
 */
import * as Arr from "effect/Array"

interface Part {
  readonly needs?: ReadonlyArray<string>
  readonly sql: string
  readonly byHand?: string
}

const parts = {
  users: {
    sql: "CREATE TABLE users (id integer PRIMARY KEY, name text);\nINSERT INTO users VALUES (1, 'Ada'), (2, 'Grace');"
  },
  orders: {
    needs: ["users"],
    sql: "",
    byHand:
      "CREATE TABLE orders (id integer, name text, user_id integer REFERENCES users ON DELETE CASCADE);\nINSERT INTO orders VALUES (10, 'tea', 1);"
  },
  /** Empty, and what points at it is not. */
  coupons: {
    sql: "CREATE TABLE coupons (id integer PRIMARY KEY, name text);",
    byHand:
      "CREATE TABLE baskets (id integer, coupon_id integer REFERENCES coupons);\nINSERT INTO baskets VALUES (20, NULL);"
  },
  /** Empty, and has a page. */
  drafts: {
    sql: "CREATE TABLE drafts (id integer, name text);\nDO $$ BEGIN INSERT INTO drafts VALUES (1, 'x'); RAISE 'undone'; EXCEPTION WHEN OTHERS THEN NULL; END $$;"
  },
  /** The same name in another schema. */
  app: {
    sql: "CREATE SCHEMA app;\nCREATE TABLE app.users (id integer PRIMARY KEY, name text);\nINSERT INTO app.users VALUES (3, 'Edsger');\nCREATE TABLE app.notes (id integer, name text);\nINSERT INTO app.notes VALUES (1, 'kept');"
  },
  /** A parent whose rows are its child's. */
  animals: {
    sql: "CREATE TABLE animals (id integer, name text);",
    byHand: "CREATE TABLE cats (lives integer) INHERITS (animals);\nINSERT INTO cats VALUES (1, 'Tom', 9);"
  },
  /** Partitions at depth two. */
  events: {
    sql: "CREATE TABLE events (id integer, name text) PARTITION BY RANGE (id);",
    byHand:
      "CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);\nCREATE TABLE events_lowest PARTITION OF events_low FOR VALUES FROM (0) TO (10);\nINSERT INTO events VALUES (1, 'start');"
  },
  view: { needs: ["users"], sql: "CREATE VIEW people AS SELECT id, name FROM users;" },
  wipe: {
    needs: ["users"],
    sql: "CREATE FUNCTION wipe() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;",
    byHand:
      "CREATE OR REPLACE FUNCTION wipe() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN 1; END $$;"
  },
  tidy: {
    needs: ["users"],
    sql: "",
    byHand:
      "CREATE FUNCTION tidy(n integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN n; END $$;"
  },
  purge: {
    needs: ["users"],
    sql: "CREATE PROCEDURE purge() LANGUAGE sql AS $$ SELECT 1 $$;",
    byHand: "CREATE OR REPLACE PROCEDURE purge() LANGUAGE sql AS $$ DELETE FROM users $$;"
  },
  /** A trigger that deletes rows of another table. */
  audit: {
    needs: ["users"],
    sql: "CREATE TABLE audit (id integer, note text);",
    byHand:
      "CREATE FUNCTION on_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN NEW; END $$;\nCREATE TRIGGER after_audit AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION on_audit();"
  },
  /** A trigger that does no harm yet. */
  log: {
    sql: "CREATE TABLE log (id integer, note text);",
    byHand:
      "CREATE FUNCTION on_log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\nCREATE TRIGGER after_log AFTER INSERT ON log FOR EACH ROW EXECUTE FUNCTION on_log();"
  },
  /** A trigger that no new row fires. */
  touched: {
    needs: ["users"],
    sql: "",
    byHand:
      "CREATE TABLE touched (id integer);\nINSERT INTO touched VALUES (1);\nCREATE FUNCTION on_touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN NEW; END $$;\nCREATE TRIGGER t BEFORE UPDATE ON touched FOR EACH ROW EXECUTE FUNCTION on_touch();"
  },
  keyed: {
    sql: "",
    byHand:
      'CREATE EXTENSION "uuid-ossp";\nCREATE TABLE keyed (id uuid DEFAULT uuid_generate_v4(), n integer);\nINSERT INTO keyed (n) VALUES (1);'
  },
  mood: {
    sql: "CREATE TYPE mood AS ENUM ('sad', 'ok');",
    byHand: "CREATE TABLE diary (id integer, felt mood);\nINSERT INTO diary VALUES (1, 'sad');"
  },
  posint: {
    sql: "CREATE DOMAIN posint AS integer CHECK (VALUE > 0);",
    byHand: "CREATE TABLE stock (sku text, pieces posint);\nINSERT INTO stock VALUES ('tea', 3);"
  },
  pair: {
    sql: "CREATE TYPE pair AS (one integer, two integer);",
    byHand: "CREATE TABLE pairs OF pair;\nINSERT INTO pairs VALUES (1, 2);"
  },
  twice: {
    sql: "CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';",
    byHand:
      "CREATE TABLE doubled (x integer, y integer GENERATED ALWAYS AS (twice(x)) STORED);\nINSERT INTO doubled VALUES (4);"
  },
  citext: {
    sql: "CREATE EXTENSION citext;",
    byHand: "CREATE TABLE tags (id integer, tag citext);\nINSERT INTO tags VALUES (1, 'Red');"
  },
  truncating: {
    needs: ["users"],
    sql: "CREATE FUNCTION truncating() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$;",
    byHand:
      "CREATE OR REPLACE FUNCTION truncating() RETURNS void LANGUAGE plpgsql AS $$ BEGIN TRUNCATE users CASCADE; END $$;"
  },
  dropping: {
    needs: ["users"],
    sql: "CREATE FUNCTION dropping() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$;",
    byHand:
      "CREATE OR REPLACE FUNCTION dropping() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE users CASCADE; END $$;"
  },
  narrowing: {
    needs: ["users"],
    sql: "CREATE FUNCTION narrowing() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$;",
    byHand:
      "CREATE OR REPLACE FUNCTION narrowing() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE users DROP COLUMN name; END $$;"
  },
  tidying: {
    needs: ["app"],
    sql: "CREATE FUNCTION tidying() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$;",
    byHand:
      "CREATE OR REPLACE FUNCTION tidying() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM app.notes; END $$;"
  },
  leaving: {
    needs: ["app"],
    sql: "CREATE FUNCTION leaving() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$;",
    byHand:
      "CREATE OR REPLACE FUNCTION leaving() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP SCHEMA app CASCADE; END $$;"
  },
  relabelling: {
    needs: ["mood"],
    sql: "CREATE FUNCTION relabelling() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$;",
    byHand:
      "CREATE OR REPLACE FUNCTION relabelling() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'; END $$;"
  },
  /** Code that runs whenever a table is made. */
  onTables: {
    needs: ["wipe"],
    sql: "",
    byHand:
      "CREATE FUNCTION on_table() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM wipe(); END $$;\nCREATE EVENT TRIGGER on_tables ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION on_table();"
  },
  /** Runs at the end of the transaction. */
  deferred: {
    needs: ["users"],
    sql: "CREATE TABLE journal (id integer);",
    byHand:
      "CREATE FUNCTION on_journal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN NULL; END $$;\nCREATE CONSTRAINT TRIGGER later AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION on_journal();"
  },
  method: {
    sql: "CREATE ACCESS METHOD stack TYPE TABLE HANDLER heap_tableam_handler;",
    byHand: "CREATE TABLE stacked (id integer) USING stack;\nINSERT INTO stacked VALUES (1);"
  },
  collation: {
    sql: "CREATE COLLATION plain (LOCALE = 'C');",
    byHand: "CREATE TABLE words (id integer, word text COLLATE plain);\nINSERT INTO words VALUES (1, 'a');"
  },
  operator: {
    sql: "CREATE FUNCTION join_two(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a * 10 + b';\nCREATE OPERATOR ### (LEFTARG = integer, RIGHTARG = integer, FUNCTION = join_two);",
    byHand:
      "CREATE TABLE joined (x integer, y integer GENERATED ALWAYS AS (x ### 1) STORED);\nINSERT INTO joined VALUES (4);"
  },
  search: {
    sql: "CREATE TEXT SEARCH CONFIGURATION plain_words (COPY = simple);",
    byHand:
      "CREATE TABLE pages (body text, words tsvector GENERATED ALWAYS AS (to_tsvector('plain_words', body)) STORED);\nINSERT INTO pages VALUES ('a word');"
  },
  /** A view whose rows are deleted by being read. */
  wiping: {
    needs: ["wipe"],
    sql: "CREATE VIEW wiping AS SELECT 1 AS n;",
    byHand: "CREATE OR REPLACE VIEW wiping AS SELECT wipe() AS n;"
  },
  /** Code that a new row runs, in each place that is no trigger of the table itself. */
  running: {
    needs: ["tidy"],
    sql: "",
    byHand:
      "CREATE TABLE by_default (id integer, n integer DEFAULT tidy(1));\nCREATE TABLE by_check (id integer CHECK (tidy(id) > 0));\nCREATE DOMAIN tidied AS integer CHECK (tidy(VALUE) > 0);\nCREATE TABLE by_domain (id tidied);\nCREATE TYPE felt AS ENUM ('1');\nCREATE DOMAIN felts AS felt[] CHECK (tidy(1) > 0);\nCREATE TABLE by_array (id felts DEFAULT '{1}');\nCREATE TABLE by_rule (id integer);\nCREATE RULE r AS ON INSERT TO by_rule DO ALSO DELETE FROM users;\nCREATE TABLE by_partition (id integer) PARTITION BY RANGE (id);\nCREATE TABLE by_partition_1 PARTITION OF by_partition FOR VALUES FROM (0) TO (10);\nCREATE FUNCTION on_partition() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN NEW; END $$;\nCREATE TRIGGER t BEFORE INSERT ON by_partition_1 FOR EACH ROW EXECUTE FUNCTION on_partition();\nCREATE VIEW by_view AS SELECT id FROM by_rule;"
  },
  /** What an application finds first is not in public. */
  path: {
    needs: ["app"],
    sql: "",
    byHand: "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app, public', current_database()); END $$;"
  }
} as const satisfies Readonly<Record<string, Part>>

export type Name = keyof typeof parts

const all: Readonly<Record<string, Part>> = parts

export const names: ReadonlyArray<Name> = Object.keys(parts).filter((name): name is Name => name in parts)

/** The parts that a part stands on. */
export const needs = (name: Name): ReadonlyArray<Name> =>
  (all[name]?.needs ?? []).flatMap((needed) => names.filter((known) => known === needed))

const withNeeds = (name: Name): ReadonlyArray<Name> => [...needs(name).flatMap(withNeeds), name]

const texts = (chosen: ReadonlyArray<Name>, told: "half" | "whole"): ReadonlyArray<string> =>
  Arr.dedupe(chosen.flatMap(withNeeds))
    .flatMap((name) => [all[name]?.sql ?? "", told === "whole" ? (all[name]?.byHand ?? "") : ""])
    .filter((text) => text !== "")

/** The SQL of these parts and of what they need, each once. */
export const setup = (chosen: ReadonlyArray<Name>): ReadonlyArray<string> => texts(chosen, "whole")

/** How much a file tells: none of it, what was not done by hand, or all. */
export const degrees = ["none", "half", "whole"] as const

export type Told = (typeof degrees)[number]

/** A file that tells of these parts, for a baseline, by its id; of half and of whole by different ids. */
export const baseline = (chosen: ReadonlyArray<Name>, told: Told): Readonly<Record<string, string>> => {
  const text = told === "none" ? "" : texts(chosen, told).join("\n")
  return text === "" ? {} : { [`000_${told}`]: text }
}
