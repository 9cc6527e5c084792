/**
 * Asks the database about the objects of a policy's questions: whether they exist, and whether a table holds a row. The
 * question selects a row of the table and of its children and partitions at any depth, for at most {@link patience}:
 * the size of the table's file does not tell, since a deleted row leaves its page. The answer is `"unknown"` for a
 * view, a foreign table, and a table that takes too long, that the role may not read, or that row security hides.
 *
 * Inside the transaction of a migration the questions are asked under the locks that its statements take. So the
 * answers stay true until it commits.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { QualifiedName } from "../core/model/SchemaObject.js"
import * as Policy from "../core/policy/Policy.js"
import * as DeclaredBodies from "./DeclaredBodies.js"
import * as Message from "./Message.js"
import * as PlainTable from "./PlainTable.js"

/** How long a table may be searched for a row. @since 0.1.0 @category constants */
export const patience = Duration.seconds(1)

/**
 * Tables that earlier steps of the same plan have made, and the transactions of those steps.
 *
 * @since 0.1.0
 * @category models
 */
export interface PlanMade {
  /** Their oids in `pg_class`. */
  readonly oids: ReadonlyArray<number>
  /** The ids of transactions, as in a row's `xmin`. */
  readonly transactions: ReadonlyArray<string>
}

/** @since 0.1.0 @category constructors */
export const noneMade: PlanMade = { oids: [], transactions: [] }

/** @since 0.1.0 @category models */
export interface Inquiry {
  readonly questions: ReadonlyArray<Policy.Question>
  /** Whether each existing table is locked first. */
  readonly locks: "locked" | "as they are"
  /** `tables`: ignores types, routines and views of the names, since the plan may have made them itself. */
  readonly about: "everything" | "tables"
  readonly made: PlanMade
}

/**
 * `new`: the object does not exist. `own`: the plan has made the table, which holds only the plan's rows. `locked`:
 * another session has locked the table, so it is searched later, under the plan's own lock. `plain`: see `PlainTable`.
 * `declared`: see `DeclaredBodies`.
 */
const Answer = Schema.Literal("new", "own", "empty", "locked", "rows", "plain", "unknown", "declared")

/** @since 0.1.0 @category models */
export type Answer = typeof Answer.Type

const Answers = Schema.Array(Answer)

/** Settings of our own: they keep the answers of a block, and the value of `row_security` while it is changed. */
const kept = { answers: "effect_auto_migration.presence", security: "effect_auto_migration.row_security" }

const block = (declarations: string, body: string): string => `DO $effect_auto_migration$
DECLARE
${declarations}
BEGIN
${body}
END
$effect_auto_migration$`

const asked = (questions: ReadonlyArray<Policy.Question>): string =>
  Message.literal(
    JSON.stringify(
      questions.map(({ asks, lock, reach, relation: { name, schema } }, place) => ({
        place,
        name,
        schema: Option.getOrNull(schema),
        lock,
        asks,
        is_visible: reach === "path"
      }))
    )
  )

const wanted = (questions: ReadonlyArray<Policy.Question>): string =>
  `pg_catalog.jsonb_to_recordset(${asked(questions)}::pg_catalog.jsonb)
    AS w (place integer, name pg_catalog.text, schema pg_catalog.text, lock pg_catalog.text, asks pg_catalog.text, is_visible boolean)`

/** Whether a question can mean an object of a catalog. Objects of the server are not meant. */
const isMeant = (name: string, visible: string): string => `${name} = question.name::pg_catalog.name
      AND CASE WHEN question.schema IS NOT NULL THEN n.nspname = question.schema WHEN question.is_visible THEN ${visible} ELSE true END
      AND n.nspname <> ALL ('{pg_catalog,information_schema,pg_toast}')
      AND (n.nspname !~~ 'pg\\_temp\\_%' OR n.oid = pg_catalog.pg_my_temp_schema())`

const relations = `pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE ${isMeant("c.relname", "pg_catalog.pg_table_is_visible(c.oid)")}`

/**
 * Locks each table that a question means, in the order of the questions. `LOCK TABLE` takes a name, and another table
 * may get the name while the block waits. So the block looks again until it finds no further table.
 */
const locking = (questions: ReadonlyArray<Policy.Question>): string =>
  block(
    "  question pg_catalog.record;\n  found pg_catalog.record;\n  held pg_catalog.oid[];\n  before integer;",
    `  FOR question IN SELECT * FROM ${wanted(questions)} ORDER BY w.place LOOP
    held := '{}';
    LOOP
      before := pg_catalog.cardinality(held);
      FOR found IN SELECT c.oid, n.nspname, c.relname FROM ${relations}
        AND c.relkind = ANY ('{r,p}') AND c.oid <> ALL (held) ORDER BY c.oid
      LOOP
        BEGIN
          EXECUTE pg_catalog.format('LOCK TABLE %I.%I IN %s MODE', found.nspname, found.relname, question.lock);
        EXCEPTION WHEN undefined_table OR insufficient_privilege OR wrong_object_type THEN
          NULL;
        END;
        held := held || found.oid;
      END LOOP;
      EXIT WHEN pg_catalog.cardinality(held) = before;
    END LOOP;
  END LOOP;`
  )

/**
 * Whether the asking transaction has written a visible row version. Its writer is then still in progress, and only a
 * transaction itself sees rows of its own before it commits. A savepoint has an id of its own, so the ids cannot be
 * compared. No own id is older than the transaction: its age, which costs less to ask, rules most rows out.
 */
export const isOwn = (
  xmin: string
): string => `CASE WHEN own_id > 0 AND pg_catalog.age(${xmin}) <= 0 THEN pg_catalog.pg_xact_status((CASE
        WHEN (epoch + ${xmin}::text::bigint) > (own_id + 2147483648) THEN epoch - 4294967296 ELSE epoch END
        + ${xmin}::text::bigint)::text::pg_catalog.xid8) = 'in progress' ELSE false END`

/** The full id of the asking transaction. */
export const ownId = "pg_catalog.pg_current_xact_id()::text::bigint"

/**
 * Looks at a system column, which is written once, when its table is made. The table's row in `pg_class` changes later.
 */
export const isMadeHere = (oid: string): string => `EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = ${oid} AND a.attnum = '-1' AND ${isOwn("a.xmin")})`

/** Whether a type or a routine of the name exists. */
const others = `EXISTS (SELECT FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
      WHERE ${isMeant("t.typname", "pg_catalog.pg_type_is_visible(t.oid)")})
    OR EXISTS (SELECT FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
      WHERE ${isMeant("p.proname", "pg_catalog.pg_function_is_visible(p.oid)")})`

/** Inside a migration's transaction a lock that is not granted is an error, as for each of its statements. */
const answering = ({ about, made, questions }: Inquiry, own: string): string =>
  block(
    `  question pg_catalog.record;
  found pg_catalog.record;
  part pg_catalog.record;
  own_id bigint := ${own};
  epoch bigint := (own_id >> 32) << 32;
  made pg_catalog.oid[] := '{${made.oids.join(",")}}';
  transactions pg_catalog.text[] := '{${made.transactions.join(",")}}';
  answers pg_catalog.jsonb := '[]';
  answer pg_catalog.text;
  holds boolean;
  is_late boolean := false;`,
    `  FOR question IN SELECT * FROM ${wanted(questions)} ORDER BY w.place LOOP
    IF question.asks = 'code' THEN
      answers := answers || pg_catalog.to_jsonb(CASE WHEN (SELECT pg_catalog.bool_and(${PlainTable.isPlain("c.oid")}) FROM ${relations})
        THEN 'plain'::text ELSE 'unknown' END);
      CONTINUE;
    END IF;
    answer := CASE WHEN ${about === "everything" ? others : "false"} THEN 'empty' ELSE 'new' END;
    FOR found IN SELECT c.oid, c.relkind FROM ${relations}
      ${about === "everything" ? "" : "AND c.relkind = ANY ('{r,p,m,f}')"}
    LOOP
      IF found.oid = ANY (made) OR ${isMadeHere("found.oid")} THEN
        answer := CASE WHEN found.relkind = 'f' THEN 'unknown' WHEN answer = 'new' THEN 'own' ELSE answer END;
      ELSIF found.relkind <> ALL ('{r,p,m}') THEN
        answer := 'unknown';
      END IF;
      FOR part IN WITH RECURSIVE tree AS (
          SELECT found.oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.oid
        ) SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispopulated FROM tree
        JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = ANY ('{r,p,m,f}')
      LOOP
        CONTINUE WHEN answer = ANY ('{rows,unknown}') OR part.relkind <> 'f' AND ${isMadeHere("part.oid")};
        answer := CASE WHEN answer = ANY ('{new,own}') AND part.oid <> ALL (made) THEN 'empty' ELSE answer END;
        CONTINUE WHEN part.relkind = 'p' OR NOT part.relispopulated;
        holds := NULL;
        IF part.relkind <> 'f' AND NOT is_late THEN
          BEGIN
            EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM ONLY %I.%I%s)', part.nspname, part.relname,
              CASE WHEN part.oid = ANY (made) THEN pg_catalog.format(' WHERE xmin::pg_catalog.text OPERATOR(pg_catalog.<>) ALL (%L::pg_catalog.text[])', transactions) END)
              INTO holds;
          EXCEPTION
            WHEN query_canceled THEN is_late := true;
            WHEN lock_not_available OR deadlock_detected THEN
              IF own_id > 0 THEN RAISE; END IF;
              answer := CASE WHEN answer = 'empty' THEN 'locked' ELSE answer END;
              CONTINUE;
            WHEN OTHERS THEN NULL;
          END;
        END IF;
        answer := CASE WHEN holds THEN 'rows' WHEN holds IS NULL THEN 'unknown' ELSE answer END;
      END LOOP;
    END LOOP;
    answers := answers || pg_catalog.to_jsonb(answer);
  END LOOP;
  PERFORM pg_catalog.set_config('${kept.answers}', answers::text, true);`
  )

/** Questions about tables and other objects. Those about bodies of routines have a statement of their own. */
const objectsIn = (questions: ReadonlyArray<Policy.Question>): ReadonlyArray<Policy.Question> =>
  questions.filter(({ declared }) => Option.isNone(declared))

const bodiesIn = (questions: ReadonlyArray<Policy.Question>): ReadonlyArray<DeclaredBodies.Asked> =>
  questions.flatMap(({ reach, declared }) => Option.toArray(declared).map((routine) => ({ declared: routine, reach })))

const setting = (name: string, value: string): string => `pg_catalog.set_config('${name}', ${value}, true)`

/**
 * Statements, for one message, with the answers `presence` and `bodies`. A search has a time limit of its own, so
 * `limits` are set again afterwards. Row security is switched off meanwhile: where it would hide rows, the search then
 * fails, and the answer is `unknown`.
 *
 * @since 0.1.0
 * @category statements
 */
export const statements = (asking: Inquiry, limits: string): string => {
  const objects = objectsIn(asking.questions)
  const bodies = bodiesIn(asking.questions)
  const own = asking.locks === "locked" ? ownId : "0"
  return [
    ...(objects.length > 0 ? aboutObjects({ ...asking, questions: objects }, own, limits) : []),
    ...(bodies.length > 0
      ? [DeclaredBodies.statement({ asked: bodies, own, isOwn, transactions: asking.made.transactions })]
      : [])
  ].join(";\n")
}

const aboutObjects = (asking: Inquiry, own: string, limits: string): ReadonlyArray<string> => [
  ...(asking.locks === "locked" ? [locking(asking.questions)] : []),
  `SELECT ${setting(kept.security, "pg_catalog.current_setting('row_security')")}, ${setting("row_security", "'off'")}, ${setting(
    "statement_timeout",
    `'${Duration.toMillis(patience)}'`
  )}`,
  answering(asking, own),
  limits,
  `SELECT ${setting("row_security", `pg_catalog.current_setting('${kept.security}')`)}`,
  Message.answering("presence", `pg_catalog.current_setting('${kept.answers}')`)
]

const readAnswers = Message.reader("presence", Answers)

/**
 * The answers, by {@link Policy.questionKey}. Where two questions ask about one object under two locks, the later
 * answer counts.
 *
 * @since 0.1.0
 * @category readers
 */
export const read = (
  { questions }: Pick<Inquiry, "questions">,
  results: unknown
): Effect.Effect<ReadonlyMap<string, Answer>> =>
  Effect.gen(function* () {
    const objects = objectsIn(questions)
    const bodies = questions.filter(({ declared }) => Option.isSome(declared))
    const columns = Message.columnsOf(results)
    const answers = [
      ...(objects.length > 0 ? yield* readAnswers(columns) : []),
      ...(bodies.length > 0 ? yield* DeclaredBodies.read(columns) : [])
    ]
    return new Map(
      [...objects, ...bodies].map((question, place) => [Policy.questionKey(question), answers[place] ?? "unknown"])
    )
  })

/**
 * The answers in a transaction with one snapshot. The snapshot is older than the locks, so it does not show rows and
 * tables that other sessions have committed in between: only `rows` is sure, and each other answer is `unknown`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const outdated = (answers: ReadonlyMap<string, Answer>): ReadonlyMap<string, Answer> =>
  new Map([...answers].map(([key, answer]) => [key, answer === "rows" ? answer : "unknown"]))

const factsFrom =
  (locked: Policy.Presence) =>
  (answers: ReadonlyMap<string, Answer>): Policy.Facts => ({
    presence: ({ asks, reach, relation, declared }) => {
      const key = (name: QualifiedName) =>
        Policy.questionKey({ ...(asks === undefined ? {} : { asks }), reach, relation: name, declared })
      const found = Option.map(relation, (name) => answers.get(key(name)))
      const answer = Option.getOrUndefined(found) ?? "unknown"
      return answer === "own" || answer === "declared" ? "new" : answer === "locked" ? locked : answer
    }
  })

/**
 * The facts for a policy. An object that was not asked about is `unknown`. A table that another session has locked
 * counts as empty: it is asked about again under the plan's own lock.
 *
 * @since 0.1.0
 * @category conversions
 */
export const facts: (answers: ReadonlyMap<string, Answer>) => Policy.Facts = factsFrom("empty")

/**
 * The facts where no question follows: a locked table is `unknown`, since it may hold rows.
 *
 * @since 0.1.0
 * @category conversions
 */
export const unlockedFacts: (answers: ReadonlyMap<string, Answer>) => Policy.Facts = factsFrom("unknown")
