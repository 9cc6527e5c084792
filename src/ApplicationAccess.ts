/**
 * What the application's own connection tells after a gap has been closed: whether its server has heard of that, and whether
 * its role may use what was brought. It is asked only where a boundary that had a gap closed still fails, and never inside a
 * transaction of the caller. What it does not answer leaves the error as it came; so does what there is no connection for, since
 * the boundary's own effect may hold the last one.
 *
 * @internal
 */
import * as SqlClient from "@effect/sql/SqlClient"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Mishap, Request } from "./Boundary.js"
import { type AutoMigrationError, GrantMissing } from "./core/AutoMigrationError.js"
import { promises } from "./core/Migration.js"
import type { MigrationGraph } from "./core/MigrationGraph.js"
import { type Need, need } from "./core/Privilege.js"
import { type QualifiedName, qualifiedName, render, type SchemaObject } from "./core/SchemaObject.js"
import * as SqlState from "./core/SqlState.js"
import * as Driver from "./Driver.js"
import * as Replica from "./Replica.js"
import * as Rights from "./Rights.js"
import { SqlParser } from "./SqlParser.js"

/** What an object of a migration is to a query: a relation, a routine, or a schema to look into. */
const usesOf = (object: SchemaObject): ReadonlyArray<Need> => {
  switch (object._tag) {
    case "Relation":
      return usesOfRelation(object)
    case "Column":
    case "Constraint":
    case "ConflictTarget":
      return Option.match(object.relation, { onNone: () => [], onSome: usesOfRelation })
    case "Routine":
      return [need("routine", "EXECUTE", object)]
    case "Schema":
      return [need("schema", "USAGE", qualifiedName(object.name))]
    case "Type":
    case "EnumValue":
    case "Collation":
    case "Extension":
      return []
  }
}

const usesOfRelation = (name: QualifiedName): ReadonlyArray<Need> =>
  ["SELECT", "INSERT", "UPDATE", "DELETE"].map((privilege) => need("relation", privilege, name))

const sameThing = (self: Need, that: Need): boolean => self.kind === that.kind && self.name === that.name

/** The words of an English denial before the name. Source: aclcheck_error in src/backend/catalog/aclchk.c. */
const denial =
  /^permission denied for (?:table|view|materialized view|foreign table|sequence|schema|function|procedure|routine) (.+)$/s

/** Identifiers are printed as they are in every language; those that hold other characters stand in quotes. */
const mentions = (message: string): ((name: string | null) => boolean) => {
  const printed = denial.exec(message)?.[1]
  if (printed !== undefined) return (name) => name === printed
  const words = new Set(message.split(/[^\p{L}\p{N}_$]+/u))
  return (name) => name !== null && (words.has(name) || message.includes(`"${name}"`))
}

const errorFrom = (lacks: ReadonlyArray<Rights.Lack>, { error }: Mishap): Option.Option<GrantMissing> =>
  Arr.isNonEmptyReadonlyArray(lacks)
    ? Option.some(
        new GrantMissing({
          role: lacks[0].role,
          missing: Arr.map(lacks, ({ object, privilege }) => ({ object, privilege })),
          grants: Arr.dedupe(Arr.map(lacks, ({ remedy }) => remedy)),
          defaults: Arr.dedupe(Arr.filterMap(lacks, (lack) => Option.fromNullable(lack.byDefault))),
          cause: error
        })
      )
    : Option.none()

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (graph: MigrationGraph) =>
  Effect.gen(function* () {
    const follow = yield* Replica.make
    const parser = yield* SqlParser
    const builtWith = yield* Effect.serviceOption(SqlClient.SqlClient)

    const brought = (): ReadonlyArray<Need> =>
      graph.nodes.flatMap(({ migration }) => promises(migration)).flatMap(usesOf)

    /** Whose server it is the boundary's own fiber knows best; services that hold their clients are known by the layer's. */
    const clientOf = ({ application }: Mishap): Option.Option<SqlClient.SqlClient> =>
      Option.orElse(application, () => builtWith)

    /** A boundary that ran again and finds a gap may run on a server that has not heard of what was closed. */
    const hasCaughtUp = (request: Request, gap: SchemaObject): Effect.Effect<boolean, AutoMigrationError> => {
      const isDue = request.waitsLeft > 0 && (request.closedBefore > 0 || request.closingsLeft <= 0)
      return Option.match(
        Option.filter(clientOf(request), () => isDue),
        {
          onNone: () => Effect.succeed(false),
          onSome: (client) => follow(client, { gap: render(gap), cause: request.error })
        }
      )
    }

    /** Of what the statements need only what migrations have brought; without their texts, what the message names of that. */
    const needsOf = ({ begun, error, statement }: Mishap): ReadonlyArray<Need> => {
      const ours = brought()
      const texts = Option.match(statement, { onNone: () => [...begun], onSome: (text) => [text] })
      const exact = texts.flatMap((text) => Rights.needsOf(parser, text))
      const known = exact.filter((wanted) => ours.some((one) => sameThing(one, wanted)))
      if (known.length > 0) return known
      const isNamed = mentions(
        Option.match(SqlState.evidenceFrom(error), { onNone: () => "", onSome: (_) => _.message })
      )
      return ours.filter(({ name, schema }) => isNamed(name) || isNamed(schema))
    }

    const missing = (mishap: Mishap): Effect.Effect<ReadonlyArray<Rights.Lack>> =>
      Option.match(
        Option.filter(clientOf(mishap), () => mishap.place === "outside transactions"),
        {
          onNone: () => Effect.succeed([]),
          onSome: (client) =>
            Rights.lacksOf((text) => client.unsafe(text).raw, needsOf(mishap)).pipe(
              Effect.timeoutTo({ duration: Driver.patience, onTimeout: () => [], onSuccess: (lacks) => lacks }),
              Effect.mapInputContext((context: Context.Context<never>) =>
                Context.omit(SqlClient.TransactionConnection)(context)
              )
            )
        }
      )

    /** The error of a query that may not use what was brought, if that is why it is denied. */
    const denied = (mishap: Mishap): Effect.Effect<Option.Option<GrantMissing>> =>
      Effect.map(missing(mishap), (lacks) => errorFrom(lacks, mishap))

    /** The error of a query that cannot see what was brought, if that is because it may not look into its schema. */
    const hidden = (mishap: Mishap): Effect.Effect<Option.Option<GrantMissing>> =>
      Effect.map(missing(mishap), (lacks) =>
        Option.filter(errorFrom(lacks, mishap), () => lacks.some(({ object }) => object.startsWith("schema ")))
      )

    return { hasCaughtUp, denied, hidden }
  })
