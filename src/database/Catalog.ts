/**
 * Asks the database's catalog which objects exist. An error is a hint and a ledger is a memory: before a migration is
 * applied, and after, the catalog decides.
 *
 * The statements are text without parameters, so that several of them travel in one message.
 *
 * Source: PostgreSQL manual, chapter 52, System Catalogs.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Match from "effect/Match"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Arbiter from "../core/model/Arbiter.js"
import type { QualifiedName, SchemaObject } from "../core/model/SchemaObject.js"
import type * as Policy from "../core/policy/Policy.js"
import { AutoMigrationConfig } from "../runtime/AutoMigrationConfig.js"
import * as Message from "./Message.js"
import { MigrationClient } from "./MigrationClient.js"
import * as MigrationFailure from "./MigrationFailure.js"
import * as Presence from "./Presence.js"

/** An object as the server reads it: one flat record for all kinds. */
interface Wanted {
  readonly kind: SchemaObject["_tag"]
  readonly schema: string | null
  readonly name: string
  readonly parentSchema: string | null
  readonly parent: string | null
  readonly columns: ReadonlyArray<string> | null
  readonly types: ReadonlyArray<string> | null
}

const nowhere = { schema: null, parentSchema: null, parent: null, columns: null, types: null } as const

const schemaOf = (name: QualifiedName): string | null => Option.getOrNull(name.schema)

const parentOf = (relation: Option.Option<QualifiedName>) => ({
  parentSchema: Option.getOrNull(Option.flatMap(relation, (_) => _.schema)),
  parent: Option.getOrNull(Option.map(relation, (_) => _.name))
})

const wantedFrom: (object: SchemaObject) => Wanted = Match.type<SchemaObject>().pipe(
  Match.tagsExhaustive({
    Relation: (_) => ({ ...nowhere, kind: _._tag, schema: schemaOf(_), name: _.name }),
    Column: (_) => ({ ...nowhere, kind: _._tag, name: _.name, ...parentOf(_.relation) }),
    Routine: (_) => ({
      ...nowhere,
      kind: _._tag,
      schema: schemaOf(_),
      name: _.name,
      types: Option.getOrNull(_.arguments)
    }),
    Type: (_) => ({ ...nowhere, kind: _._tag, schema: schemaOf(_), name: _.name }),
    Schema: (_) => ({ ...nowhere, kind: _._tag, name: _.name }),
    EnumValue: (_) => ({ ...nowhere, kind: _._tag, name: _.value, ...parentOf(Option.some(_.type)) }),
    Constraint: (_) => ({ ...nowhere, kind: _._tag, name: _.name, ...parentOf(_.relation) }),
    ConflictTarget: (_) => ({
      ...nowhere,
      kind: _._tag,
      name: "",
      columns: _.columns,
      types: Arbiter.isPlain(_) ? null : _.expressions,
      ...parentOf(_.relation)
    }),
    Collation: (_) => ({ ...nowhere, kind: _._tag, schema: schemaOf(_), name: _.name }),
    Operator: (_) => ({
      ...nowhere,
      kind: _._tag,
      schema: schemaOf(_),
      name: _.name,
      types: Option.getOrNull(_.operands)
    }),
    TextSearchConfiguration: (_) => ({ ...nowhere, kind: _._tag, schema: schemaOf(_), name: _.name }),
    Role: (_) => ({ ...nowhere, kind: _._tag, name: _.name }),
    Relaxation: (_) => ({ ...nowhere, kind: _._tag, name: _.name }),
    Extension: (_) => ({ ...nowhere, kind: _._tag, name: _.name })
  })
)

/**
 * Where a name without a schema is looked up. `visible`: along the search path, as in a query. `anywhere`: in every
 * schema, since a migration may have made the object under a search path of its own.
 *
 * @since 0.1.0
 * @category models
 */
export type Reach = "visible" | "anywhere"

/**
 * How the objects of one question are named. The server plans a question for longer than it runs it, so a question has only the parts that
 * its objects need.
 */
interface Naming {
  readonly reach: Reach
  /** Whether an object of the question names its schema. */
  readonly hasSchema: boolean
  /** Whether each object of the question names its parent. */
  readonly hasParent: boolean
}

/** Adds the schema of an object to a query, as `n`. */
const inSchema = ({ hasSchema }: Naming, schema: string): string =>
  hasSchema ? `JOIN pg_catalog.pg_namespace n ON n.oid = ${schema}` : ""

const inReach = ({ hasSchema, reach }: Naming, visible: string, wanted: string): string => {
  if (!hasSchema) return reach === "visible" ? visible : "true"
  return reach === "visible"
    ? `CASE WHEN ${wanted} IS NULL THEN ${visible} ELSE n.nspname = ${wanted} END`
    : `(${wanted} IS NULL OR n.nspname = ${wanted})`
}

const parentCondition = (naming: Naming): string =>
  `r.relname = w.parent AND ${inReach(naming, "pg_catalog.pg_table_is_visible(r.oid)", 'w."parentSchema"')}`

/** `OFFSET 0` keeps the planner from reading a whole catalog instead of one row for each object. */
const exists = (from: string): string => `EXISTS (SELECT FROM ${from} OFFSET 0)`

/**
 * Whether a relation that may be the parent of an object has a part: a row of the catalog `part`, of which `relation` is the relation's oid.
 * Where each parent is known, the condition has no alternative, so that the index on names serves it.
 */
const partOf = (naming: Naming, part: string, relation: string, condition: string): string => {
  const parents = `pg_catalog.pg_class r ${inSchema(naming, "r.relnamespace")}`
  return naming.hasParent
    ? exists(`${parents} JOIN ${part} ON ${relation} = r.oid WHERE ${parentCondition(naming)} AND ${condition}`)
    : exists(`${part} WHERE ${condition} AND (w.parent IS NULL OR ${relation} = ANY (
  SELECT r.oid FROM ${parents} WHERE ${parentCondition(naming)}))`)
}

/**
 * Before a migration runs, an overload is another routine: argument types are compared where the server knows them all.
 * Afterwards their number is enough, so that another spelling of a type breaks no promise.
 */
const argumentsMatch = (reach: Reach): string => {
  const count =
    "w.types IS NULL OR pg_catalog.int4range(p.pronargs - p.pronargdefaults, p.pronargs, '[]') @> pg_catalog.jsonb_array_length(w.types)"
  return reach === "anywhere"
    ? `(${count} OR p.provariadic <> 0)`
    : `CASE WHEN (SELECT pg_catalog.bool_and(pg_catalog.to_regtype(t) IS NOT NULL) FROM pg_catalog.jsonb_array_elements_text(w.types) t)
      THEN (SELECT pg_catalog.array_agg(pg_catalog.to_regtype(t)::oid ORDER BY o)
        FROM pg_catalog.jsonb_array_elements_text(w.types) WITH ORDINALITY AS a (t, o)) = (p.proargtypes::oid[])[0:p.pronargs - 1]
      ELSE (${count}) END`
}

/**
 * An index that `ON CONFLICT (columns)` can use. Expressions and conditions are not compared: before the migration an index
 * with them counts as missing, and after it any unique index of these columns keeps the promise.
 */
const isArbiter = (reach: Reach): string =>
  reach === "anywhere"
    ? "(i.indisunique OR i.indisexclusion)"
    : "w.types IS NULL AND i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL"

/** An operand of a type that the server does not know, or a constant's, may be of any. */
const operandsMatch = `(w.types IS NULL OR (o.oprleft = 0) = (pg_catalog.jsonb_array_length(w.types) = 1)
    AND NOT EXISTS (SELECT FROM pg_catalog.jsonb_array_elements_text(w.types) WITH ORDINALITY AS a (t, at)
      WHERE a.t <> 'unknown' AND pg_catalog.to_regtype(a.t)::oid
        <> CASE WHEN a.at = pg_catalog.jsonb_array_length(w.types) THEN o.oprright ELSE o.oprleft END))`

const existence = (naming: Naming): Record<SchemaObject["_tag"], string> => ({
  Relation: exists(`pg_catalog.pg_class c ${inSchema(naming, "c.relnamespace")}
    WHERE c.relname = w.name AND ${inReach(naming, "pg_catalog.pg_table_is_visible(c.oid)", "w.schema")}`),
  Column: partOf(naming, "pg_catalog.pg_attribute a", "a.attrelid", "a.attname = w.name AND NOT a.attisdropped"),
  Routine: exists(`pg_catalog.pg_proc p ${inSchema(naming, "p.pronamespace")}
    WHERE p.proname = w.name AND ${argumentsMatch(naming.reach)}
    AND ${inReach(naming, "pg_catalog.pg_function_is_visible(p.oid)", "w.schema")}`),
  Type: exists(`pg_catalog.pg_type t ${inSchema(naming, "t.typnamespace")}
    WHERE t.typname = w.name AND ${inReach(naming, "pg_catalog.pg_type_is_visible(t.oid)", "w.schema")}`),
  Schema: exists("pg_catalog.pg_namespace n WHERE n.nspname = w.name"),
  EnumValue: exists(`pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid
    ${inSchema(naming, "t.typnamespace")} WHERE e.enumlabel = w.name AND t.typname = w.parent
    AND ${inReach(naming, "pg_catalog.pg_type_is_visible(t.oid)", 'w."parentSchema"')}`),
  Constraint: partOf(naming, "pg_catalog.pg_constraint k", "k.conrelid", "k.conname = w.name"),
  ConflictTarget: partOf(
    naming,
    "pg_catalog.pg_index i",
    "i.indrelid",
    `${isArbiter(naming.reach)} AND i.indisvalid
    AND ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
      ORDER BY a.attname::text COLLATE pg_catalog."C")
    = ARRAY(SELECT c FROM pg_catalog.jsonb_array_elements_text(w.columns) c ORDER BY c COLLATE pg_catalog."C")`
  ),
  Collation: exists(`pg_catalog.pg_collation c ${inSchema(naming, "c.collnamespace")}
    WHERE c.collname = w.name AND ${inReach(naming, "pg_catalog.pg_collation_is_visible(c.oid)", "w.schema")}`),
  Operator: exists(`pg_catalog.pg_operator o ${inSchema(naming, "o.oprnamespace")}
    WHERE o.oprname = w.name AND ${operandsMatch}
    AND ${inReach(naming, "pg_catalog.pg_operator_is_visible(o.oid)", "w.schema")}`),
  TextSearchConfiguration: exists(`pg_catalog.pg_ts_config f ${inSchema(naming, "f.cfgnamespace")}
    WHERE f.cfgname = w.name AND ${inReach(naming, "pg_catalog.pg_ts_config_is_visible(f.oid)", "w.schema")}`),
  Role: exists("pg_catalog.pg_roles g WHERE g.rolname = w.name"),
  // Only the ledger tells whether a rule is as a migration leaves it.
  Relaxation: naming.reach === "anywhere" ? "true" : "false",
  Extension: exists("pg_catalog.pg_extension x WHERE x.extname = w.name")
})

/**
 * An answer `missing`: the 0-based places of those `objects` that do not exist. The query names only the kinds that
 * occur: the server would plan a query about all kinds for longer than it runs it.
 *
 * @since 0.1.0
 * @category statements
 */
export const missing = (objects: ReadonlyArray<SchemaObject>, reach: Reach): string => {
  if (objects.length === 0) return Message.answering("missing", "'[]'")
  const wanted = objects.map(wantedFrom)
  const exists = existence({
    reach,
    hasSchema: wanted.some(({ parentSchema, schema }) => schema !== null || parentSchema !== null),
    hasParent: wanted.every(({ kind, parent }) => parent !== null || !ofRelations.has(kind))
  })
  const kinds = Arr.dedupe(objects.map(({ _tag }) => _tag))
  return Message.answering(
    "missing",
    "coalesce(pg_catalog.json_agg(w.index), '[]')",
    `FROM ROWS FROM (pg_catalog.jsonb_to_recordset(${Message.literal(
      JSON.stringify(
        wanted.map((one, index) => ({ index, ...one })),
        withoutNulls
      )
    )}::jsonb) AS (index int, kind pg_catalog.text, schema pg_catalog.text, name pg_catalog.text,
  "parentSchema" pg_catalog.text, parent pg_catalog.text, columns pg_catalog.jsonb, types pg_catalog.jsonb))
  AS w WHERE NOT CASE ${kinds.map((kind) => `WHEN w.kind = '${kind}' THEN ${exists[kind]}`).join("\n")} END`
  )
}

/** A field that is absent is null to the server. */
const withoutNulls = (_: string, value: unknown): unknown => value ?? undefined

const ofRelations: ReadonlySet<Wanted["kind"]> = new Set(["Column", "Constraint", "ConflictTarget"])

const Places = Schema.Array(Schema.Int)

/** Reads the places in the objects of {@link missing}. @since 0.1.0 @category readers */
export const readMissing = Message.reader("missing", Places)

/**
 * @since 0.1.0
 * @category tags
 */
export class Catalog extends Context.Tag("effect-auto-migration/Catalog")<
  Catalog,
  {
    /** The objects that do not exist. */
    readonly missing: (
      objects: ReadonlyArray<SchemaObject>,
      reach: Reach
    ) => Effect.Effect<ReadonlyArray<SchemaObject>, MigrationFailure.Failure>
    /**
     * The answers to a policy's questions, by `Policy.questionKey`. It takes no locks, so they may soon be outdated.
     */
    readonly presence: (
      questions: ReadonlyArray<Policy.Question>
    ) => Effect.Effect<ReadonlyMap<string, Presence.Answer>, MigrationFailure.Failure>
  }
>() {}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Catalog, never, MigrationClient> = Layer.effect(
  Catalog,
  Effect.gen(function* () {
    const config = yield* AutoMigrationConfig
    const { ask } = yield* MigrationClient
    const look = <A>(text: string, read: (columns: Message.Columns) => Effect.Effect<A>) =>
      ask(Message.briefly(config, text)).pipe(
        Effect.mapError((error) => MigrationFailure.ofMessage(error, "a look into the catalog")),
        Effect.flatMap((results) => read(Message.columnsOf(results)))
      )
    const pick = <A>(from: ReadonlyArray<A>, indices: ReadonlyArray<number>) =>
      Arr.filterMap(indices, (index) => Arr.get(from, index))
    return Catalog.of({
      missing: (objects, reach) =>
        Effect.map(look(missing(objects, reach), readMissing), (indices) => pick(objects, indices)),
      presence: (questions) => {
        const asking = { questions, locks: "as they are", about: "everything", made: Presence.noneMade } as const
        const limits = Message.limits(config, "request", "LOCAL")
        return questions.length === 0
          ? Effect.succeed(new Map())
          : ask(`${limits};\n${Presence.statements(asking, limits)}`).pipe(
              Effect.mapError((error) => MigrationFailure.ofMessage(error, "a look into the catalog")),
              Effect.flatMap((results) => Presence.read(asking, results))
            )
      }
    })
  })
)
