import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import type { MissingObject } from "../../../src/core/detect/Detector.js"
import { sqlState } from "../../../src/core/detect/SqlState.js"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import type { Plan } from "../../../src/core/graph/Plan.js"
import * as Resolver from "../../../src/core/graph/Resolver.js"
import { type MigrationId, mayWriteAnything } from "../../../src/core/migration/Migration.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import type { StatementScope } from "../../../src/core/statement/StatementScope.js"
import { type Situation, situation } from "../../support/arbitraries/Graph.js"
import { column, idOf, migration, type Sketch, schemaObject, table } from "../../support/arbitraries/Migration.js"

const { qualifiedName } = SchemaObject

const undefinedTable = Option.getOrThrow(sqlState("42P01"))

const gapOf = (object: SchemaObject.SchemaObject, qualifier?: string): MissingObject => ({
  _tag: "MissingObject",
  object,
  qualifier: Option.fromNullable(qualifier),
  sqlState: undefinedTable
})

/** `"users u"` is a table with an alias, `"u.email"` a column with a qualifier. */
const scopeOf = (parts: {
  readonly relations?: ReadonlyArray<string>
  readonly columns?: ReadonlyArray<string>
  readonly routines?: ReadonlyArray<string>
  readonly types?: ReadonlyArray<string>
  readonly conflict?: readonly [table: string, ...columns: ReadonlyArray<string>]
  readonly isClosed?: boolean
}): Option.Option<StatementScope> =>
  Option.some({
    relations: (parts.relations ?? []).map((text) => {
      const [name = "", alias] = text.split(" ")
      return { relation: qualifiedName(name), alias: Option.fromNullable(alias) }
    }),
    columns: (parts.columns ?? []).map((text) => {
      const [name = "", qualifier] = text.split(".").toReversed()
      return { name, qualifier: Option.fromNullable(qualifier) }
    }),
    routines: (parts.routines ?? []).map((name) => qualifiedName(name)),
    types: (parts.types ?? []).map((name) => qualifiedName(name)),
    conflictTarget: Option.map(Option.fromNullable(parts.conflict), ([name, ...columns]) =>
      SchemaObject.conflictTarget(columns, qualifiedName(name))
    ),
    isClosed: parts.isClosed ?? false
  })

const scope: fc.Arbitrary<Option.Option<StatementScope>> = fc
  .option(
    fc.record({
      relations: fc.array(fc.constantFrom("users", "orders o", "notes"), { maxLength: 2 }),
      columns: fc.array(fc.constantFrom("email", "o.name", "users.id"), { maxLength: 2 }),
      routines: fc.array(fc.constantFrom("users_f"), { maxLength: 1 }),
      types: fc.array(fc.constantFrom("users_kind"), { maxLength: 1 }),
      isClosed: fc.boolean()
    }),
    { nil: undefined }
  )
  .map((parts) => (parts === undefined ? Option.none() : scopeOf(parts)))

const gap: fc.Arbitrary<MissingObject> = fc.oneof(
  schemaObject.map((object) => gapOf(object)),
  fc
    .tuple(fc.constantFrom("id", "email", "name"), fc.constantFrom(undefined, "users", "o", "x"))
    .map(([name, qualifier]) => gapOf(column(name), qualifier))
)

const stepsOf = (plan: Plan): ReadonlyArray<MigrationId> => plan.steps.map((step) => step.migration.id)

const graphOf = (...sketches: ReadonlyArray<Sketch>): MigrationGraph.MigrationGraph =>
  Either.getOrElse(MigrationGraph.make(sketches.map(migration)), (error) => assert.fail(error.message))

const applied = (...ids: ReadonlyArray<string>): ReadonlySet<MigrationId> => new Set(ids.map(idOf))

/** An answer as text: each step with its reason, or the reason why there is no plan. */
const answer = (resolved: Either.Either<Plan, Resolver.NoPlan>): unknown =>
  Either.match(resolved, {
    onLeft: (none) => {
      switch (none._tag) {
        case "Unexplained":
          return none._tag
        case "AlreadyApplied":
          return [none._tag, ...none.providers.map((one) => one.id as string)]
        case "Removed":
          return [none._tag, none.by.id as string]
      }
    },
    onRight: ({ steps }) => steps.map(({ migration: { id }, reason }) => `${id} ${reason}`)
  })

const property = (
  name: string,
  check: (plan: Plan, state: Situation, missing: MissingObject, seen: Option.Option<StatementScope>) => void
) =>
  it.prop(name, [situation, gap, scope], ([state, missing, seen]) => {
    const resolved = Resolver.resolve(state.graph, state.applied, missing, seen)
    if (Either.isRight(resolved)) check(resolved.right, state, missing, seen)
  })

describe("laws", () => {
  property(
    "A plan holds no step that is applied, and every step comes after all it waits for, in prerequisites or in the plan",
    (plan, state) => {
      const done = new Set<string>()
      for (const { migration: one } of plan.steps) {
        assert.isFalse(state.applied.has(one.id))
        for (const earlier of MigrationGraph.ancestors(state.graph, [one.id])) {
          assert.isTrue(
            (state.applied.has(earlier.id) && plan.prerequisites.includes(earlier.id)) || done.has(earlier.id)
          )
        }
        done.add(one.id)
      }
    }
  )

  property(
    "A plan holds a provider of each object in targets, and each of its steps is a provider, a writer or an ancestor of one",
    (plan, state) => {
      const provided = new Set(plan.steps.flatMap(({ migration: one }) => one.footprint.provides.map(SchemaObject.key)))
      assert.isNotEmpty(plan.targets)
      for (const object of plan.targets) assert.isTrue(provided.has(SchemaObject.key(object)))
      const asked = plan.steps.filter((step) => step.reason !== "ancestor").map((step) => step.migration.id)
      const needed = new Set([...asked, ...MigrationGraph.ancestors(state.graph, asked).map((one) => one.id)])
      for (const id of stepsOf(plan)) assert.isTrue(needed.has(id))
    }
  )

  property(
    "Once a plan's steps are applied, no later resolution returns one of them again",
    (plan, state, missing, seen) => {
      const now = new Set([...state.applied, ...stepsOf(plan)])
      const next = Resolver.resolve(state.graph, now, missing, seen)
      if (Either.isRight(next)) for (const id of stepsOf(next.right)) assert.isFalse(now.has(id))
    }
  )

  property("No plan closes a gap whose object a later migration removes", (plan, { graph }) => {
    for (const object of plan.targets) {
      const last = graph.nodes.findLastIndex(({ migration: { footprint } }) =>
        footprint.provides.some((one) => SchemaObject.key(one) === SchemaObject.key(object))
      )
      for (const { migration: later } of graph.nodes.slice(last + 1)) {
        assert.isFalse(later.footprint.removes.some((one) => SchemaObject.key(one) === SchemaObject.key(object)))
      }
    }
  })

  it.prop(
    "If a column can only belong to a relation of the statement, no plan adds it to another relation",
    [situation, fc.constantFrom("id", "email", "name"), fc.subarray(["users", "orders o", "notes"]), fc.boolean()],
    ([{ applied: done, graph }, name, relations, isQualified]) => {
      const [qualifier, written] = isQualified ? ["x", `x.${name}`] : [undefined, name]
      const seen = scopeOf({ relations, columns: [written], isClosed: true })
      const resolved = Resolver.resolve(graph, done, gapOf(column(name), qualifier), seen)
      if (Either.isLeft(resolved)) return
      const tables: ReadonlyArray<string> = Option.getOrThrow(seen).relations.map(({ relation }) => relation.name)
      const isOfTables = (object: SchemaObject.SchemaObject): boolean =>
        "relation" in object &&
        Option.match(object.relation, { onNone: () => true, onSome: (_) => tables.includes(_.name) })
      assert.isTrue(resolved.right.targets.every(isOfTables))
      for (const step of resolved.right.steps.filter(({ reason }) => reason !== "ancestor")) {
        const { footprint } = step.migration
        const touches = [...footprint.writes].some((key) => tables.includes(key))
        assert.isTrue(touches || mayWriteAnything(step.migration) || step.migration.declares.some(isOfTables))
      }
    }
  )

  it("The time depends on the closure and on the pending writers, not on the number of migrations", () => {
    const questions = (chains: number) => {
      const sketches = Array.from({ length: chains * 10 }, (_, at) =>
        at % 10 === 0
          ? { id: String(at), provides: [table(`t${at / 10}`)] }
          : { id: String(at), provides: [column(`c${at % 10}`, `t${Math.floor(at / 10)}`)] }
      )
      let asked = 0
      const has = () => {
        asked++
        return false
      }
      const seen = scopeOf({ relations: ["t1 a", "t2"], columns: ["a.c9", "c5"] })
      const resolved = Resolver.resolve(graphOf(...sketches), { has }, gapOf(column("c3", "t1")), seen)
      return [asked, Either.match(resolved, { onLeft: () => 0, onRight: ({ steps }) => steps.length })]
    }
    deepStrictEqual(questions(10), questions(1_000))
    assert.strictEqual(questions(10)[1], 20)
  })

  it.prop("A gap that no migration may explain is unexplained with every scope", [situation, gap, scope], (given) => {
    const [{ applied, graph }, missing, seen] = given
    if (Resolver.mayExplain(graph, missing)) return
    deepStrictEqual(answer(Resolver.resolve(graph, applied, missing, seen)), "Unexplained")
  })

  it.prop(
    "After finitely many plans there is no plan left for a gap",
    [situation, gap, scope],
    ([state, missing, seen]) => {
      const now = new Set(state.applied)
      for (let round = 0; round <= state.graph.migrations.length; round++) {
        const resolved = Resolver.resolve(state.graph, now, missing, seen)
        if (Either.isLeft(resolved)) return
        for (const id of stepsOf(resolved.right)) now.add(id)
      }
      assert.fail("a plan was found after everything had been applied")
    }
  )
})

describe("a relation", () => {
  const graph = graphOf(
    { id: "1", provides: [SchemaObject.schema("app")] },
    { id: "2", provides: [table("users", "app")], reads: ["schema app"] },
    { id: "3", provides: [table("orders")] },
    { id: "4", provides: [column("email", "users", "app")] }
  )

  it("comes with its ancestors, and without the migrations that wait for it", () => {
    const resolved = Resolver.resolve(graph, applied(), gapOf(table("users", "app")), Option.none())
    deepStrictEqual(answer(resolved), ["1 ancestor", "2 provider"])
    deepStrictEqual(
      Either.map(resolved, (plan) => plan.targets),
      Either.right([table("users", "app")])
    )
  })

  it("comes without the ancestors that are applied", () => {
    deepStrictEqual(answer(Resolver.resolve(graph, applied("1"), gapOf(table("users", "app")), Option.none())), [
      "2 provider"
    ])
  })

  it("matches in any schema if the schema is not known, else only in its own", () => {
    const ask = (object: SchemaObject.SchemaObject) => Resolver.resolve(graph, applied(), gapOf(object), Option.none())
    deepStrictEqual(answer(ask(table("users"))), ["1 ancestor", "2 provider"])
    deepStrictEqual(
      Either.map(ask(table("users")), (plan) => plan.targets),
      Either.right([table("users", "app")])
    )
    deepStrictEqual(answer(ask(table("orders", "shop"))), ["3 provider"])
    deepStrictEqual(answer(ask(table("users", "shop"))), "Unexplained")
  })

  it("comes from the provider in the written schema, if there is one", () => {
    const two = graphOf({ id: "1", provides: [table("users")] }, { id: "2", provides: [table("users", "app")] })
    const ask = (...done: ReadonlyArray<string>) =>
      answer(Resolver.resolve(two, applied(...done), gapOf(table("users", "app")), Option.none()))
    deepStrictEqual(ask(), ["1 ancestor", "2 provider"])
    deepStrictEqual(ask("1"), ["2 provider"])
  })

  it("is not provided by a type of its name, but a type is provided by a table", () => {
    const made = graphOf(
      { id: "1", provides: [SchemaObject.type(qualifiedName("mood"))] },
      { id: "2", provides: [table("users")] }
    )
    const ask = (object: SchemaObject.SchemaObject) =>
      answer(Resolver.resolve(made, applied(), gapOf(object), Option.none()))
    deepStrictEqual(ask(table("mood")), "Unexplained")
    deepStrictEqual(ask(SchemaObject.type(qualifiedName("mood"))), ["1 provider"])
    deepStrictEqual(ask(SchemaObject.type(qualifiedName("users"))), ["2 provider"])
  })
})

describe("when there is no plan", () => {
  const graph = graphOf(
    { id: "1", provides: [table("users"), column("name", "users")] },
    { id: "2", provides: [table("notes"), column("text", "notes")] },
    { id: "3", removes: [column("name", "users")] },
    { id: "4", removes: [table("notes")] },
    { id: "5", provides: [table("drafts")], removes: [table("drafts")] }
  )
  const ask = (object: SchemaObject.SchemaObject, ...done: ReadonlyArray<string>) =>
    answer(Resolver.resolve(graph, applied(...done), gapOf(object), Option.none()))

  it("no migration provides the object", () => deepStrictEqual(ask(table("nothing")), "Unexplained"))

  it("the provider has run, and its promises are returned", () => {
    deepStrictEqual(ask(table("users"), "1"), ["AlreadyApplied", "1"])
    const resolved = Resolver.resolve(graph, applied("1"), gapOf(table("users")), Option.none())
    const promised = Either.isLeft(resolved) && resolved.left._tag === "AlreadyApplied" ? resolved.left.objects : []
    deepStrictEqual(promised, [table("users")])
  })

  it("a later migration removes the object or its table, applied or not", () => {
    deepStrictEqual(ask(column("name", "users")), ["Removed", "3"])
    deepStrictEqual(ask(column("name", "users"), "1", "2", "3", "4", "5"), ["Removed", "3"])
    deepStrictEqual(ask(column("text", "notes")), ["Removed", "4"])
    deepStrictEqual(ask(table("notes")), ["Removed", "4"])
  })

  it("the object is not one that its migration drops and makes again", () => {
    deepStrictEqual(ask(table("drafts")), ["5 provider"])
  })

  it("the object is not one that a later migration provides again", () => {
    const again = graphOf(
      { id: "1", provides: [table("a")] },
      { id: "2", removes: [table("a")] },
      { id: "3", provides: [table("a")] }
    )
    const resolved = Resolver.resolve(again, applied("1"), gapOf(table("a")), Option.none())
    deepStrictEqual(answer(resolved), ["2 ancestor", "3 provider"])
  })

  it("the object is not one whose name is dropped only in another schema", () => {
    const two = graphOf(
      { id: "1", provides: [table("a")] },
      { id: "2", provides: [table("a", "app")] },
      { id: "3", removes: [table("a", "app")] }
    )
    const resolve = (object: SchemaObject.SchemaObject) =>
      answer(Resolver.resolve(two, applied(), gapOf(object), Option.none()))
    deepStrictEqual(resolve(table("a")), ["1 provider"])
    deepStrictEqual(resolve(table("a", "app")), ["1 provider"])
    const dropped = graphOf({ id: "1", provides: [table("a")] }, { id: "2", removes: [table("a", "public")] })
    deepStrictEqual(answer(Resolver.resolve(dropped, applied(), gapOf(table("a")), Option.none())), ["Removed", "2"])
  })
})

describe("a column", () => {
  const graph = graphOf(
    { id: "1", provides: [table("users"), column("id", "users")] },
    { id: "2", provides: [table("orders"), column("id", "orders")] },
    { id: "3", provides: [column("email", "users")] },
    { id: "4", provides: [column("email", "orders")] },
    { id: "5", provides: [table("u")] }
  )
  const ask = (missing: MissingObject, seen: Option.Option<StatementScope>, ...done: ReadonlyArray<string>) =>
    answer(Resolver.resolve(graph, applied(...done), missing, seen))

  it("of a known table comes from that table's provider", () => {
    deepStrictEqual(ask(gapOf(column("email", "orders")), Option.none(), "1", "2"), ["4 provider"])
  })

  it("with an alias comes from the table behind it", () => {
    deepStrictEqual(ask(gapOf(column("email"), "u"), scopeOf({ relations: ["orders u"] }), "1", "2"), ["4 provider"])
    deepStrictEqual(ask(gapOf(column("nothing"), "u"), scopeOf({ relations: ["orders u"] }), "1", "2"), "Unexplained")
  })

  it("with a qualifier, without a known statement, comes from the table of that name, or else from any", () => {
    deepStrictEqual(ask(gapOf(column("email"), "orders"), Option.none(), "1", "2"), ["4 provider"])
    deepStrictEqual(ask(gapOf(column("email"), "u"), Option.none(), "1", "2"), ["3 provider"])
  })

  it("with the alias of a subquery comes from a table of the statement", () => {
    deepStrictEqual(ask(gapOf(column("email"), "sub"), scopeOf({ relations: ["orders"] }), "1", "2"), ["4 provider"])
  })

  it("without a table comes from a table of the statement, then from others in the graph's order, one by one", () => {
    const bare = gapOf(column("email"))
    deepStrictEqual(ask(bare, scopeOf({ relations: ["orders"] }), "1", "2"), ["4 provider"])
    deepStrictEqual(ask(bare, Option.none(), "1", "2"), ["3 provider"])
    deepStrictEqual(ask(bare, Option.none(), "1", "2", "3"), ["4 provider"])
    deepStrictEqual(ask(bare, scopeOf({ relations: ["orders"] }), "1", "2", "4"), ["3 provider"])
  })

  it("that can only come from the statement's tables comes from no other", () => {
    const seen = (isClosed: boolean, ...columns: ReadonlyArray<string>) =>
      scopeOf({ relations: ["orders o", "notes"], columns, isClosed })
    const bare = gapOf(column("email"))
    deepStrictEqual(ask(bare, seen(true, "email"), "1", "2"), ["4 provider"])
    deepStrictEqual(ask(bare, seen(true, "email"), "1", "2", "4"), ["AlreadyApplied", "4"])
    deepStrictEqual(ask(bare, seen(false, "email"), "1", "2", "4"), ["3 provider"])
    deepStrictEqual(ask(bare, seen(true, "id"), "1", "2", "4"), ["3 provider"])
    const other = scopeOf({ relations: ["notes"], columns: ["email", "sub.email"], isClosed: true })
    deepStrictEqual(ask(bare, other, "1", "2"), "Unexplained")
    deepStrictEqual(ask(gapOf(column("email"), "sub"), other, "1", "2"), "Unexplained")
  })

  it("is not explained by an applied column of the same name in another table", () => {
    deepStrictEqual(ask(gapOf(column("email")), Option.none(), "1", "2", "3", "4", "5"), "Unexplained")
    deepStrictEqual(ask(gapOf(column("email"), "x"), Option.none(), "1", "2", "3", "4", "5"), "Unexplained")
    deepStrictEqual(ask(gapOf(column("email")), scopeOf({ relations: ["users"] }), "1", "2", "3", "4", "5"), [
      "AlreadyApplied",
      "3"
    ])
  })

  it("may be declared without its table", () => {
    const made = graphOf({ id: "1", declares: [column("email")] })
    const resolved = Resolver.resolve(made, applied(), gapOf(column("email", "users")), Option.none())
    deepStrictEqual(answer(resolved), ["1 provider"])
  })
})

describe("other objects", () => {
  const name = qualifiedName("f")
  const graph = graphOf(
    { id: "1", provides: [SchemaObject.routine(name, ["integer"])] },
    { id: "2", provides: [SchemaObject.routine(name, ["text", "text"])] },
    { id: "3", provides: [SchemaObject.enumValue(qualifiedName("mood"), "sad")] },
    { id: "4", provides: [SchemaObject.constraint("users_key", qualifiedName("users"))] },
    { id: "5", provides: [SchemaObject.conflictTarget(["a", "b"], qualifiedName("users"))] },
    { id: "6", provides: [SchemaObject.extension("citext"), SchemaObject.type(qualifiedName("citext"))] },
    { id: "7", provides: [SchemaObject.routine(qualifiedName("v"), ["text", "text[]"])] },
    { id: "8", provides: [SchemaObject.collation(qualifiedName("german"))] },
    { id: "9", provides: [SchemaObject.operator(qualifiedName("%"), ["text", "text"])] }
  )
  const ask = (
    object: SchemaObject.SchemaObject,
    seen = Option.none<StatementScope>(),
    ...done: ReadonlyArray<string>
  ) => answer(Resolver.resolve(graph, applied(...done), gapOf(object), seen))
  const call = (...types: ReadonlyArray<string>) => SchemaObject.routine(name, types)

  it("a routine matches by name and number of arguments of any type, since casts come later", () => {
    deepStrictEqual(ask(call("integer")), ["1 provider"])
    deepStrictEqual(ask(call("unknown", "unknown"), Option.none(), "1"), ["2 provider"])
    deepStrictEqual(ask(SchemaObject.routine(name)), ["1 provider"])
    deepStrictEqual(ask(call("a", "b", "c")), "Unexplained")
  })

  it("a routine may have defaults at its end, or be variadic", () => {
    deepStrictEqual(ask(call("text"), Option.none(), "1"), ["1 ancestor", "2 provider"].slice(1))
    deepStrictEqual(ask(SchemaObject.routine(qualifiedName("v"), ["a", "b", "c", "d"])), ["7 provider"])
  })

  it("an applied routine with other arguments does not explain a gap", () => {
    const all = ["1", "2", "3", "4", "5", "6", "7", "8"]
    deepStrictEqual(ask(call("text"), Option.none(), ...all), "Unexplained")
    deepStrictEqual(ask(call("integer"), Option.none(), ...all), ["AlreadyApplied", "1"])
  })

  it("an enum value matches by type and label", () => {
    deepStrictEqual(ask(SchemaObject.enumValue(qualifiedName("mood"), "sad")), ["3 provider"])
    deepStrictEqual(ask(SchemaObject.enumValue(qualifiedName("mood"), "glad")), "Unexplained")
  })

  it("a constraint matches with its table or without", () => {
    deepStrictEqual(ask(SchemaObject.constraint("users_key", qualifiedName("users"))), ["4 provider"])
    deepStrictEqual(ask(SchemaObject.constraint("users_key")), ["4 provider"])
  })

  it("the columns of ON CONFLICT come from the statement", () => {
    const missing = SchemaObject.conflictTarget([])
    deepStrictEqual(ask(missing), "Unexplained")
    deepStrictEqual(ask(missing, scopeOf({ conflict: ["users", "b", "a"] })), ["4 ancestor", "5 provider"])
    deepStrictEqual(ask(missing, scopeOf({ conflict: ["users", "a"] })), "Unexplained")
  })

  it("a type of an extension comes from the extension", () => {
    deepStrictEqual(ask(SchemaObject.type(qualifiedName("citext"))), ["6 provider"])
  })

  it("an operator matches by name, and by types that are the same or cast to each other", () => {
    const operator = (...types: ReadonlyArray<string>) => SchemaObject.operator(qualifiedName("%"), types)
    deepStrictEqual(ask(operator("text", "unknown")), ["9 provider"])
    deepStrictEqual(ask(operator("character varying", "text")), ["9 provider"])
    for (const types of [["text", "integer"], ["integer", "integer"], ["text"]]) {
      deepStrictEqual(ask(operator(...types)), "Unexplained")
    }
  })

  it("a collation matches by name", () => {
    deepStrictEqual(ask(SchemaObject.collation(qualifiedName("german"))), ["8 provider"])
  })
})

describe("the statement", () => {
  const graph = graphOf(
    { id: "1", provides: [table("users"), column("id", "users")] },
    { id: "2", provides: [table("orders"), column("id", "orders")] },
    { id: "3", provides: [column("email", "users")] },
    { id: "4", writes: ["users"] },
    { id: "5", provides: [SchemaObject.routine(qualifiedName("total"), [])] },
    { id: "6", provides: [SchemaObject.type(qualifiedName("mood"))] },
    { id: "7", writes: ["items"] },
    { id: "8", provides: [column("note", "orders")] }
  )
  const ask = (seen: Option.Option<StatementScope>, ...done: ReadonlyArray<string>) =>
    answer(Resolver.resolve(graph, applied(...done), gapOf(column("email", "users")), seen))

  it("brings the pending writers of its tables, so that the answer is that of the up-to-date schema", () => {
    deepStrictEqual(ask(Option.none(), "1"), ["3 provider"])
    deepStrictEqual(ask(scopeOf({ relations: ["users"] }), "1"), ["3 provider", "4 writer"])
  })

  it("brings its other missing objects", () => {
    const all = scopeOf({
      relations: ["users u", "orders"],
      columns: ["u.email", "note"],
      routines: ["total"],
      types: ["mood"]
    })
    deepStrictEqual(ask(all, "1"), ["2 provider", "3 provider", "4 writer", "5 provider", "6 provider", "8 provider"])
  })

  it("does not bring objects that are applied or that no migration provides", () => {
    deepStrictEqual(ask(scopeOf({ relations: ["users", "legacy"], routines: ["now"] }), "1", "4"), ["3 provider"])
  })

  it("does not bring a table of another schema for one that is applied", () => {
    const two = graphOf(
      { id: "1", provides: [table("users")] },
      { id: "2", provides: [SchemaObject.type(qualifiedName("mood"))] },
      { id: "3", provides: [SchemaObject.routine(qualifiedName("users"), [])] }
    )
    const resolved = Resolver.resolve(
      two,
      applied("1"),
      gapOf(SchemaObject.type(qualifiedName("mood"))),
      scopeOf({ relations: ["users"] })
    )
    deepStrictEqual(answer(resolved), ["2 provider"])
  })

  it("brings a migration that may write any table, unless it declares what it provides", () => {
    const made = graphOf(
      { id: "1", provides: [table("users")] },
      { id: "2", barrier: "EXECUTE", runsUnknownCode: true },
      { id: "3", barrier: "EXECUTE", runsUnknownCode: true, declares: [table("orders")] }
    )
    const resolve = (seen: Option.Option<StatementScope>) =>
      answer(Resolver.resolve(made, applied(), gapOf(table("users")), seen))
    deepStrictEqual(resolve(Option.none()), ["1 provider"])
    deepStrictEqual(resolve(scopeOf({ relations: ["users"] })), ["1 provider", "2 writer"])
    deepStrictEqual(resolve(scopeOf({ relations: ["users", "orders"] })), ["1 provider", "2 writer", "3 provider"])
  })
})

describe("pending", () => {
  const graph = graphOf({ id: "1", writes: ["a"] }, { id: "2", writes: ["a"] }, { id: "3" })

  it("holds all migrations that are not applied, in the graph's order", () => {
    const plan = Resolver.pending(graph, applied("2"))
    deepStrictEqual(Option.map(plan, stepsOf), Option.some([idOf("1"), idOf("3")]))
    assert.isTrue(
      Option.exists(plan, (_) => _.targets.length === 0 && _.steps.every((step) => step.reason === "pending"))
    )
  })

  it("is none if all migrations are applied", () => {
    deepStrictEqual(Resolver.pending(graph, applied("1", "2", "3")), Option.none())
  })
})

describe("upTo", () => {
  const graph = graphOf({ id: "1", writes: ["a"] }, { id: "2", writes: ["a"] }, { id: "3" })

  it("holds the given migrations and their ancestors that are pending", () => {
    const plan = Resolver.upTo(graph, applied(), [idOf("2"), idOf("9")])
    deepStrictEqual(
      Option.map(plan, ({ steps }) => steps.map((step) => [step.migration.id as string, step.reason])),
      Option.some([
        ["1", "ancestor"],
        ["2", "pending"]
      ])
    )
    deepStrictEqual(Resolver.upTo(graph, applied("3"), [idOf("3")]), Option.none())
  })
})

describe("an object of the same name in two schemas", () => {
  const inHistory = SchemaObject.relation(qualifiedName("members", "history"))
  const inPublic = SchemaObject.relation(qualifiedName("members", "public"))
  const placed = (id: string, object: SchemaObject.Relation, schema: string) => {
    const made = migration({ id, provides: [object] })
    return { ...made, footprint: { ...made.footprint, places: new Map([["members", new Set([schema])]]) } }
  }
  const graph = Either.getOrThrow(
    MigrationGraph.make([placed("1", inHistory, "history"), placed("2", inPublic, "public")])
  )
  const resolved = (object: SchemaObject.Relation, done: ReadonlyArray<string> = []) =>
    Either.getOrThrow(
      Either.map(Resolver.resolve(graph, applied(...done), gapOf(object), scopeOf({ relations: ["members"] })), stepsOf)
    )

  it("has no edge between its two files", () => deepStrictEqual(MigrationGraph.edges(graph), []))

  it("means the one in public, where the name has no schema, and no writer of the other one comes along", () =>
    deepStrictEqual(resolved(SchemaObject.relation(qualifiedName("members"))), [idOf("2")]))

  it("means the other one, where that did not help or the name says so", () => {
    deepStrictEqual(resolved(SchemaObject.relation(qualifiedName("members")), ["2"]), [idOf("1")])
    deepStrictEqual(resolved(inHistory), [idOf("1"), idOf("2")])
  })
})
