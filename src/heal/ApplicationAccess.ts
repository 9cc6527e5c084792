/**
 * Two questions on the application's own connection: whether its server has replayed the migration, and whether its
 * role may use what the migration brought. They are asked only when a boundary fails again after a retry, and never
 * inside a transaction of the caller. Where no answer comes, or the application has no free connection, the error
 * leaves as it came.
 *
 * @internal
 */
import * as SqlClient from "@effect/sql/SqlClient"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as SqlState from "../core/detect/SqlState.js"
import { type AutoMigrationError, GrantMissing } from "../core/error/AutoMigrationError.js"
import type { MigrationGraph } from "../core/graph/MigrationGraph.js"
import { promises } from "../core/migration/Migration.js"
import { type QualifiedName, qualifiedName, render, type SchemaObject } from "../core/model/SchemaObject.js"
import type { Parser } from "../core/sql/ParsedSql.js"
import { type RequiredPrivilege, required } from "../core/statement/Privilege.js"
import { longestText } from "../core/statement/StatementScope.js"
import * as Driver from "../database/Driver.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import * as Privileges from "../database/Privileges.js"
import * as Replica from "../database/Replica.js"
import { SqlParser } from "../runtime/SqlParser.js"
import type { HealRequest, QueryFailure } from "./Boundary.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface ApplicationAccess {
  /** Whether the application's server is a replica that was behind and has caught up. */
  readonly hasCaughtUp: (request: HealRequest, gap: SchemaObject) => Effect.Effect<boolean, AutoMigrationError>
  /**
   * The error of a query that may not use what a migration brought. `None` where the query is denied for another
   * reason.
   */
  readonly denied: (failure: QueryFailure) => Effect.Effect<Option.Option<GrantMissing>>
  /** The error of a query that cannot see what a migration brought, because its role may not use the schema. */
  readonly hidden: (failure: QueryFailure) => Effect.Effect<Option.Option<GrantMissing>>
}

interface Services {
  readonly graph: MigrationGraph
  readonly parser: Parser
  readonly waitForReplica: Effect.Effect.Success<typeof Replica.make>
  /** The client that the layer was built with. */
  readonly builtWith: Option.Option<SqlClient.SqlClient>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (graph: MigrationGraph) {
  const services: Services = {
    graph,
    parser: yield* SqlParser,
    waitForReplica: yield* Replica.make,
    builtWith: yield* Effect.serviceOption(SqlClient.SqlClient)
  }
  return {
    hasCaughtUp: (request, gap) => hasCaughtUp(services, request, gap),
    denied: (failure) => Effect.map(missingOf(services, failure), (lacks) => errorFrom(lacks, failure)),
    hidden: (failure) =>
      Effect.map(missingOf(services, failure), (lacks) =>
        Option.filter(errorFrom(lacks, failure), () => lacks.some(({ object }) => object.startsWith("schema ")))
      )
  } satisfies ApplicationAccess
})

/** The client of the boundary's fiber, or else the layer's. */
const clientOf = ({ builtWith }: Services, { application }: QueryFailure): Option.Option<SqlClient.SqlClient> =>
  Option.orElse(application, () => builtWith)

/** Asks only where the effect ran again and still has a gap: its server may not have replayed the migration yet. */
const hasCaughtUp = (
  services: Services,
  request: HealRequest,
  gap: SchemaObject
): Effect.Effect<boolean, AutoMigrationError> => {
  const isDue = request.waitsLeft > 0 && (request.retriesForGap > 0 || request.retriesLeft <= 0)
  return Option.match(
    Option.filter(clientOf(services, request), () => isDue),
    {
      onNone: () => Effect.succeed(false),
      onSome: (client) =>
        services.waitForReplica(client, {
          gap: render(gap),
          asked: MigrationFailure.askedBy(request.error, request.statement)
        })
    }
  )
}

/** The privileges that the query needs and the application's role lacks. */
const missingOf = (
  services: Services,
  failure: QueryFailure
): Effect.Effect<ReadonlyArray<Privileges.MissingPrivilege>> =>
  Option.match(
    Option.filter(clientOf(services, failure), () => failure.place === "outside transactions"),
    {
      onNone: () => Effect.succeed([]),
      onSome: (client) =>
        Privileges.missingOf((text) => client.unsafe(text).raw, needsOf(services, failure)).pipe(
          Effect.timeoutTo({ duration: Driver.patience, onTimeout: () => [], onSuccess: (lacks) => lacks }),
          Effect.mapInputContext((context: Context.Context<never>) =>
            Context.omit(SqlClient.TransactionConnection)(context)
          )
        )
    }
  )

/**
 * The privileges that the statement needs on objects that migrations bring. Where its text is not known, the privileges
 * on those of the objects that the message names.
 */
const needsOf = ({ graph, parser }: Services, { error, statement }: QueryFailure): ReadonlyArray<RequiredPrivilege> => {
  const brought = graph.nodes.flatMap(({ migration }) => promises(migration)).flatMap(usesOf)
  const known = Option.toArray(statement)
    .filter((text) => text.length <= longestText)
    .flatMap((text) => Privileges.needsOf(parser, text))
    .filter((wanted) => brought.some((one) => isSameObject(one, wanted)))
  if (known.length > 0) return known
  const isNamed = isNamedIn(Option.match(SqlState.evidenceFrom(error), { onNone: () => "", onSome: (_) => _.message }))
  return brought.filter(({ name, schema }) => isNamed(name) || isNamed(schema))
}

/** The privileges by which a query uses an object that a migration promises. */
const usesOf = (object: SchemaObject): ReadonlyArray<RequiredPrivilege> => {
  switch (object._tag) {
    case "Relation":
      return usesOfRelation(object)
    case "Column":
    case "Constraint":
    case "ConflictTarget":
      return Option.match(object.relation, { onNone: () => [], onSome: usesOfRelation })
    case "Routine":
      return [required("routine", "EXECUTE", object)]
    case "Schema":
      return [required("schema", "USAGE", qualifiedName(object.name))]
    case "Type":
    case "EnumValue":
    case "Collation":
    case "Operator":
    case "TextSearchConfiguration":
    case "Role":
    case "Relaxation":
    case "Extension":
      return []
  }
}

const usesOfRelation = (name: QualifiedName): ReadonlyArray<RequiredPrivilege> =>
  ["SELECT", "INSERT", "UPDATE", "DELETE"].map((privilege) => required("relation", privilege, name))

const isSameObject = (self: RequiredPrivilege, that: RequiredPrivilege): boolean =>
  self.kind === that.kind && self.name === that.name

/** The words of an English denial before the name. Source: aclcheck_error in src/backend/catalog/aclchk.c. */
const denial =
  /^permission denied for (?:table|view|materialized view|foreign table|sequence|schema|function|procedure|routine) (.+)$/s

/** The server prints an identifier as it is in every language, and in quotes where it holds other characters. */
const isNamedIn = (message: string): ((name: string | null) => boolean) => {
  const printed = denial.exec(message)?.[1]
  if (printed !== undefined) return (name) => name === printed
  const words = new Set(message.split(/[^\p{L}\p{N}_$]+/u))
  return (name) => name !== null && (words.has(name) || message.includes(`"${name}"`))
}

const errorFrom = (
  lacks: ReadonlyArray<Privileges.MissingPrivilege>,
  { error, statement }: QueryFailure
): Option.Option<GrantMissing> =>
  Arr.isNonEmptyReadonlyArray(lacks)
    ? Option.some(
        new GrantMissing({
          role: lacks[0].role,
          missing: Arr.map(lacks, ({ object, privilege }) => ({ object, privilege })),
          grants: Arr.dedupe(Arr.map(lacks, ({ remedy }) => remedy)),
          defaults: Arr.dedupe(Arr.filterMap(lacks, (lack) => Option.fromNullable(lack.byDefault))),
          ...MigrationFailure.askedBy(error, statement)
        })
      )
    : Option.none()
