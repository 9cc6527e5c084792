/**
 * Questions on the application's own connection after a gap was closed: whether its server has replayed the change, and
 * whether its role may use what was brought. They are asked only where a boundary fails again after a gap of it was
 * closed, and never inside a transaction of the caller. Where no answer comes, or the application has no free
 * connection, the error leaves as it came.
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
import * as Driver from "../database/Driver.js"
import * as Replica from "../database/Replica.js"
import * as Rights from "../database/Rights.js"
import { SqlParser } from "../runtime/SqlParser.js"
import type { Mishap, Request } from "./Boundary.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface ApplicationAccess {
  /** Whether the application's server is a replica that was behind, and has caught up by now. */
  readonly hasCaughtUp: (request: Request, gap: SchemaObject) => Effect.Effect<boolean, AutoMigrationError>
  /** The error of a query that may not use what was brought. `None` where the query is denied for another reason. */
  readonly denied: (mishap: Mishap) => Effect.Effect<Option.Option<GrantMissing>>
  /** The error of a query that cannot see what was brought, because its role may not use the schema. */
  readonly hidden: (mishap: Mishap) => Effect.Effect<Option.Option<GrantMissing>>
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
    denied: (mishap) => Effect.map(lacksOf(services, mishap), (lacks) => errorFrom(lacks, mishap)),
    hidden: (mishap) =>
      Effect.map(lacksOf(services, mishap), (lacks) =>
        Option.filter(errorFrom(lacks, mishap), () => lacks.some(({ object }) => object.startsWith("schema ")))
      )
  } satisfies ApplicationAccess
})

/** The boundary's fiber knows the client best. Services that hold their own clients are known by the layer's client. */
const clientOf = ({ builtWith }: Services, { application }: Mishap): Option.Option<SqlClient.SqlClient> =>
  Option.orElse(application, () => builtWith)

/**
 * Asks only where the effect ran again and still has a gap: then its server may not have replayed what closed the gap.
 */
const hasCaughtUp = (
  services: Services,
  request: Request,
  gap: SchemaObject
): Effect.Effect<boolean, AutoMigrationError> => {
  const isDue = request.waitsLeft > 0 && (request.closedBefore > 0 || request.closingsLeft <= 0)
  return Option.match(
    Option.filter(clientOf(services, request), () => isDue),
    {
      onNone: () => Effect.succeed(false),
      onSome: (client) => services.waitForReplica(client, { gap: render(gap), cause: request.error })
    }
  )
}

/** What the application's role lacks of all that the query needs. */
const lacksOf = (services: Services, mishap: Mishap): Effect.Effect<ReadonlyArray<Rights.Lack>> =>
  Option.match(
    Option.filter(clientOf(services, mishap), () => mishap.place === "outside transactions"),
    {
      onNone: () => Effect.succeed([]),
      onSome: (client) =>
        Rights.lacksOf((text) => client.unsafe(text).raw, needsOf(services, mishap)).pipe(
          Effect.timeoutTo({ duration: Driver.patience, onTimeout: () => [], onSuccess: (lacks) => lacks }),
          Effect.mapInputContext((context: Context.Context<never>) =>
            Context.omit(SqlClient.TransactionConnection)(context)
          )
        )
    }
  )

/**
 * Of what the statements need, what migrations have brought. Where the statements are not known, what the message names
 * of all that migrations have brought.
 */
const needsOf = (
  { graph, parser }: Services,
  { begun, error, statement }: Mishap
): ReadonlyArray<RequiredPrivilege> => {
  const brought = graph.nodes.flatMap(({ migration }) => promises(migration)).flatMap(usesOf)
  const texts = Option.match(statement, { onNone: () => [...begun], onSome: (text) => [text] })
  const known = texts
    .flatMap((text) => Rights.needsOf(parser, text))
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

/** In every language the server prints an identifier as it is; one that holds other characters stands in quotes. */
const isNamedIn = (message: string): ((name: string | null) => boolean) => {
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
