import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as Catalog from "../../../src/core/catalog/SimulatedCatalog.js"
import { qualifiedName } from "../../../src/core/model/SchemaObject.js"

const name = fc
  .tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom(undefined, "public", "app"))
  .map(([bare, schema]) => qualifiedName(bare, schema))

const step = fc.oneof(
  name.map((of) => (catalog: Catalog.SimulatedCatalog) => Catalog.putRelation(catalog, Catalog.relation("table", of))),
  name.map((of) => (catalog: Catalog.SimulatedCatalog) => Catalog.removeRelation(catalog, of)),
  fc.tuple(name, fc.constantFrom("k", "l")).map(
    ([of, constraint]) =>
      (catalog: Catalog.SimulatedCatalog) =>
        Catalog.putRelation(catalog, {
          ...Catalog.relation("table", of),
          constraints: [
            {
              name: constraint,
              kind: "check",
              columns: [],
              references: Option.none(),
              referencedColumns: [],
              condition: Option.none(),
              onReferenced: "check",
              isValidated: true,
              isLocal: true,
              uses: []
            }
          ]
        })
  )
)

const catalog = fc.array(step, { maxLength: 12 }).map((steps) => steps.reduce((all, one) => one(all), Catalog.empty))

describe("laws", () => {
  it.prop(
    "Every operation is total: a second creation replaces the object, and a removal of an unknown object changes no object.",
    [catalog, name],
    ([before, of]) => {
      const put = Catalog.putRelation(before, Catalog.relation("view", of))
      assert.strictEqual(
        Catalog.allRelations(Catalog.putRelation(put, Catalog.relation("view", of))).length,
        Catalog.allRelations(put).length
      )
      const removed = Catalog.removeRelation(before, of)
      assert.isFalse(Catalog.hasRelation(removed, of))
      deepStrictEqual(Catalog.allRelations(Catalog.removeRelation(removed, of)), Catalog.allRelations(removed))
    }
  )

  it.prop(
    "An object that was put is found by its full name until it is removed, and by its bare name.",
    [catalog, name],
    ([before, of]) => {
      const view = Catalog.relation("view", of)
      const after = Catalog.putRelation(before, view)
      deepStrictEqual(Catalog.findRelation(after, of), view)
      assert.isNotEmpty(Catalog.relationsNamed(after, qualifiedName(of.name)))
    }
  )

  it.prop("A catalog never changes; every operation gives a new one.", [catalog, name], ([before, of]) => {
    const all = Catalog.allRelations(before)
    Catalog.putRelation(before, Catalog.relation("view", of))
    Catalog.removeRelation(before, of)
    deepStrictEqual(Catalog.allRelations(before), all)
  })
})

describe("a name", () => {
  const table = (bare: string, schema?: string) => Catalog.relation("table", qualifiedName(bare, schema))
  const found = (all: Catalog.SimulatedCatalog, bare: string, schema?: string) =>
    Catalog.relationsNamed(all, qualifiedName(bare, schema)).map(({ name: { schema: where } }) =>
      Option.getOrElse(where, () => "-")
    )

  it("without schema means the table in the default schema, or else all tables of that name", () => {
    const app = Catalog.putRelation(Catalog.putRelation(Catalog.empty, table("t", "a")), table("t", "b"))
    deepStrictEqual(found(app, "t"), ["a", "b"])
    deepStrictEqual(found(Catalog.putRelation(app, table("t", "public")), "t"), ["public"])
  })

  it("with schema means the table in that schema, or else a table that was created without schema", () => {
    const all = Catalog.putRelation(Catalog.empty, table("t"))
    deepStrictEqual(found(all, "t", "app"), ["-"])
    deepStrictEqual(found(Catalog.putRelation(all, table("t", "app")), "t", "app"), ["app"])
    deepStrictEqual(found(Catalog.putRelation(Catalog.empty, table("t", "b")), "t", "app"), [])
  })
})

describe("a constraint", () => {
  it.prop("is found by its name and schema exactly as long as a table has it", [catalog], ([all]) => {
    for (const constraint of ["k", "l"]) {
      for (const schema of ["public", "app"]) {
        const isThere = Catalog.allRelations(all).some(
          (relation) =>
            Catalog.schemaOf(relation.name) === schema && relation.constraints.some((one) => one.name === constraint)
        )
        assert.strictEqual(Catalog.hasConstraint(all, qualifiedName(constraint, schema)), isThere)
      }
    }
  })
})
