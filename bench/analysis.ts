/**
 * What it costs to read a folder of migrations: parsing, inference and the graph.
 *
 * Workload: files as an application grows them: of every ten, one makes a table with keys and a foreign key, three add columns,
 * two add indexes, one makes a type and a column of it, one changes rows, one replaces a view, one replaces a PL/pgSQL
 * function. Tables stay as many as one for ten files, so every file works on a table of few neighbours, however many there
 * are. Measured: parsing, inference and the graph of 1,000 files in a process that has just started, the fastest of five
 * starts, since whatever else the machine does only adds; and how far that moves the process's peak of resident memory,
 * garbage included, the median of the five. Then, warm and as medians over runs, the graph of the 1,000, and 2,000 files
 * against them by turns. Checked outside the measured region: every file is understood, and provides what it should.
 */
import { spawnSync } from "node:child_process"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Directive from "../src/core/file/Directive.js"
import * as MigrationGraph from "../src/core/graph/MigrationGraph.js"
import * as Footprint from "../src/core/migration/Footprint.js"
import * as Migration from "../src/core/migration/Migration.js"
import * as SqlParser from "../src/runtime/SqlParser.js"
import type { Measurement } from "./run.js"

const runs = 5

const ofTen: ReadonlyArray<(table: string, earlier: string) => string> = [
  (table, earlier) => `CREATE TABLE ${table} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  parent bigint REFERENCES ${earlier} ON DELETE CASCADE,
  name text NOT NULL CHECK (name <> ''),
  email text UNIQUE,
  made_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON ${table} (parent);`,
  (table) => `ALTER TABLE ${table} ADD COLUMN note text, ADD COLUMN price numeric(12, 2) NOT NULL DEFAULT 0;`,
  (table) =>
    `-- For the list of the newest.\nCREATE INDEX ${table}_newest ON ${table} (made_at DESC) WHERE parent IS NULL;`,
  (table) => `CREATE TYPE ${table}_state AS ENUM ('new', 'done');
ALTER TABLE ${table} ADD COLUMN state ${table}_state NOT NULL DEFAULT 'new';`,
  (table) => `UPDATE ${table} SET note = lower(name) WHERE note IS NULL;
ALTER TABLE ${table} ALTER COLUMN note SET NOT NULL;`,
  (table, earlier) => `CREATE OR REPLACE VIEW ${table}_totals AS
SELECT o.id, o.name, sum(t.price) AS total FROM ${earlier} o LEFT JOIN ${table} t ON t.parent = o.id GROUP BY o.id, o.name;`,
  (table) => `ALTER TABLE ${table} ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN ${table}.tags IS 'free';`,
  (table) => `CREATE OR REPLACE FUNCTION ${table}_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.name IS DISTINCT FROM OLD.name THEN
    NEW.made_at := now();
    UPDATE ${table} SET note = NEW.name WHERE parent = NEW.id;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER touch BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_touch();`,
  (table) => `ALTER TABLE ${table} ADD COLUMN removed_at timestamptz;
ALTER TABLE ${table} ADD CONSTRAINT ${table}_price CHECK (price >= 0) NOT VALID;`,
  (table) => `CREATE UNIQUE INDEX ${table}_name_parent ON ${table} (lower(name), parent);
ALTER TABLE ${table} VALIDATE CONSTRAINT ${table}_price;`
]

const sources = (count: number): ReadonlyArray<Footprint.Source> =>
  Array.from({ length: count }, (_, n) => {
    const table = Math.floor(n / ofTen.length)
    const text = ofTen[n % ofTen.length]?.(`table_${table}`, `table_${Math.max(0, table - 1)}`) ?? ""
    return { source: `${n}.sql`, script: { _tag: "Sql", text } }
  })

const migrationsOf = (
  files: ReadonlyArray<Footprint.Source>,
  footprints: ReadonlyArray<Footprint.Footprint>
): ReadonlyArray<Migration.Migration> =>
  files.flatMap(({ script, source }, n) => {
    const footprint = footprints[n]
    return footprint === undefined || script._tag !== "Sql"
      ? []
      : [
          Migration.make({
            id: Migration.MigrationId.make(String(n)),
            source,
            script,
            directives: Directive.none,
            declares: [],
            footprint,
            digest: () => "00"
          })
        ]
  })

const succeed = <A, E>(result: Either.Either<A, E>): A => Either.getOrThrowWith(result, (error) => error)

const timed = <A>(work: () => A): { readonly value: A; readonly nanoseconds: number } => {
  const start = process.hrtime.bigint()
  const value = work()
  return { value, nanoseconds: Number(process.hrtime.bigint() - start) }
}

const median = (samples: ReadonlyArray<number>): number =>
  samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? Number.NaN

const verify = (footprints: ReadonlyArray<Footprint.Footprint>, graph: MigrationGraph.MigrationGraph): void => {
  const opaque = footprints.flatMap(({ barriers }) => barriers)
  if (opaque.length > 0) throw new Error(`not understood: ${opaque[0]?.reason}`)
  const tables = footprints
    .flatMap(({ provides }) => provides)
    .filter((object) => object._tag === "Relation" && /^table_\d+$/.test(object.name))
  if (tables.length !== footprints.length / ofTen.length) throw new Error(`${tables.length} tables were found`)
  if (graph.nodes.length !== footprints.length) throw new Error("the graph lost migrations")
}

const loadParser = Effect.runPromise(Effect.provide(SqlParser.SqlParser, SqlParser.layer))

const few = sources(1_000)
const many = sources(2_000)

/** What the process that has just started says of itself. */
const Cold = Schema.parseJson(Schema.Struct({ nanoseconds: Schema.Number, bytes: Schema.Number }))

/** Source: getrusage(2), whose unit Node gives as kilobytes. */
const peakBytes = (): number => process.resourceUsage().maxRSS * 1024

const measureCold = async (): Promise<typeof Cold.Type> => {
  const parser = await loadParser
  const before = peakBytes()
  const { nanoseconds, value } = timed(() => {
    const footprints = succeed(Footprint.inferAll(parser, few))
    return { footprints, graph: succeed(MigrationGraph.make(migrationsOf(few, footprints))) }
  })
  const bytes = peakBytes() - before
  verify(value.footprints, value.graph)
  return { nanoseconds, bytes }
}

const measureStart = (): typeof Cold.Type => {
  const child = spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url)], { encoding: "utf8" })
  if (child.status !== 0) throw new Error(child.stderr)
  return Schema.decodeUnknownSync(Cold)(child.stdout)
}

/**
 * Rejects when a file is not understood.
 *
 * @since 0.1.0
 * @category running
 */
export const run = async (): Promise<ReadonlyArray<Measurement>> => {
  const parser = await loadParser
  const starts = Array.from({ length: 5 }, measureStart)
  const cold = {
    nanoseconds: Math.min(...starts.map(({ nanoseconds }) => nanoseconds)),
    bytes: median(starts.map(({ bytes }) => bytes))
  }
  const infer = (files: ReadonlyArray<Footprint.Source>) => timed(() => succeed(Footprint.inferAll(parser, files)))
  const migrations = migrationsOf(few, infer(few).value)
  const doubled = Array.from({ length: runs }, () => infer(many).nanoseconds / infer(few).nanoseconds)
  const building = Array.from({ length: runs }, () => timed(() => succeed(MigrationGraph.make(migrations))).nanoseconds)
  return [
    {
      name: "1,000 files from a cold start: parse, infer, graph",
      nanoseconds: cold.nanoseconds,
      atMost: 1_500_000_000
    },
    { name: "1,000 files from a cold start: memory against 150 MB", ratio: cold.bytes / 150_000_000, atMost: 1 },
    { name: "1,000 files: the graph alone", nanoseconds: median(building), atMost: 100_000_000 },
    { name: "2,000 files against 1,000", ratio: median(doubled), atMost: 2.5 }
  ]
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(Schema.encodeSync(Cold)(await measureCold()))
}
