/**
 * Parts of databases that were there before, made by hand: tables with rows and what hangs on them. A part stands on those that
 * it needs.
 */
import * as Arr from "effect/Array"

interface Part {
  readonly needs?: ReadonlyArray<string>
  readonly sql: string
}

const parts = {
  users: {
    sql: "CREATE TABLE users (id integer PRIMARY KEY, name text);\nINSERT INTO users VALUES (1, 'Ada'), (2, 'Grace');"
  },
  orders: {
    needs: ["users"],
    sql: "CREATE TABLE orders (id integer, name text, user_id integer REFERENCES users ON DELETE CASCADE);\nINSERT INTO orders VALUES (10, 'tea', 1);"
  },
  /** Empty, and what points at it is not. */
  coupons: {
    sql: "CREATE TABLE coupons (id integer PRIMARY KEY, name text);\nCREATE TABLE baskets (id integer, coupon_id integer REFERENCES coupons);\nINSERT INTO baskets VALUES (20, NULL);"
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
    sql: "CREATE TABLE animals (id integer, name text);\nCREATE TABLE cats (lives integer) INHERITS (animals);\nINSERT INTO cats VALUES (1, 'Tom', 9);"
  },
  /** Partitions at depth two. */
  events: {
    sql: "CREATE TABLE events (id integer, name text) PARTITION BY RANGE (id);\nCREATE TABLE events_low PARTITION OF events FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);\nCREATE TABLE events_lowest PARTITION OF events_low FOR VALUES FROM (0) TO (10);\nINSERT INTO events VALUES (1, 'start');"
  },
  view: { needs: ["users"], sql: "CREATE VIEW people AS SELECT id, name FROM users;" },
  wipe: {
    needs: ["users"],
    sql: "CREATE FUNCTION wipe() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN 1; END $$;"
  },
  tidy: {
    needs: ["users"],
    sql: "CREATE FUNCTION tidy(n integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN n; END $$;"
  },
  purge: { needs: ["users"], sql: "CREATE PROCEDURE purge() LANGUAGE sql AS $$ DELETE FROM users $$;" },
  /** A trigger that deletes rows of another table. */
  audit: {
    needs: ["users"],
    sql: "CREATE TABLE audit (id integer, note text);\nCREATE FUNCTION on_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM users; RETURN NEW; END $$;\nCREATE TRIGGER after_audit AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION on_audit();"
  },
  /** A trigger that does no harm yet. */
  log: {
    sql: "CREATE TABLE log (id integer, note text);\nCREATE FUNCTION on_log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\nCREATE TRIGGER after_log AFTER INSERT ON log FOR EACH ROW EXECUTE FUNCTION on_log();"
  },
  mood: {
    sql: "CREATE TYPE mood AS ENUM ('sad', 'ok');\nCREATE TABLE diary (id integer, felt mood);\nINSERT INTO diary VALUES (1, 'sad');"
  },
  posint: {
    sql: "CREATE DOMAIN posint AS integer CHECK (VALUE > 0);\nCREATE TABLE stock (sku text, pieces posint);\nINSERT INTO stock VALUES ('tea', 3);"
  },
  pair: {
    sql: "CREATE TYPE pair AS (one integer, two integer);\nCREATE TABLE pairs OF pair;\nINSERT INTO pairs VALUES (1, 2);"
  },
  twice: {
    sql: "CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';\nCREATE TABLE doubled (x integer, y integer GENERATED ALWAYS AS (twice(x)) STORED);\nINSERT INTO doubled VALUES (4);"
  },
  citext: {
    sql: "CREATE EXTENSION citext;\nCREATE TABLE tags (id integer, tag citext);\nINSERT INTO tags VALUES (1, 'Red');"
  },
  /** A view whose rows are deleted by being read. */
  wiping: { needs: ["wipe"], sql: "CREATE VIEW wiping AS SELECT wipe() AS n;" },
  /** What an application finds first is not in public. */
  path: {
    needs: ["app"],
    sql: "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app, public', current_database()); END $$;"
  }
} as const satisfies Readonly<Record<string, Part>>

export type Name = keyof typeof parts

const all: Readonly<Record<string, Part>> = parts

export const names: ReadonlyArray<Name> = Object.keys(parts).filter((name): name is Name => name in parts)

/** The parts that a part stands on. */
export const needs = (name: Name): ReadonlyArray<Name> =>
  (all[name]?.needs ?? []).flatMap((needed) => names.filter((known) => known === needed))

const withNeeds = (name: Name): ReadonlyArray<Name> => [...needs(name).flatMap(withNeeds), name]

/** The SQL of these parts and of what they need, each once. */
export const setup = (chosen: ReadonlyArray<Name>): ReadonlyArray<string> =>
  Arr.dedupe(chosen.flatMap(withNeeds)).map((name) => parts[name].sql)
