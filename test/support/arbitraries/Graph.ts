/**
 * Histories of migrations that make a graph, and states of a database that has applied part of one.
 */
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as MigrationGraph from "../../../src/core/graph/MigrationGraph.js"
import type { Migration, MigrationId } from "../../../src/core/migration/Migration.js"
import { migration, sketch } from "./Migration.js"

const idAt = (index: number): string => `${String(index + 1).padStart(3, "0")}_step`

/** In id order; some require others, earlier ones more often than later ones, so that cycles are possible and rare. */
export const history: fc.Arbitrary<ReadonlyArray<Migration>> = fc
  .array(fc.tuple(sketch, fc.array(fc.nat({ max: 11 }), { maxLength: 1 })), { maxLength: 12 })
  .map((sketches) =>
    sketches.map(([rest, required], index) =>
      migration({
        ...rest,
        id: idAt(index),
        requires: required.filter((other) => other < sketches.length && (other < index || other % 5 === 0)).map(idAt)
      })
    )
  )

export const graph: fc.Arbitrary<MigrationGraph.MigrationGraph> = history
  .map(MigrationGraph.make)
  .filter(Either.isRight)
  .map((made) => made.right)

export interface Situation {
  readonly graph: MigrationGraph.MigrationGraph
  readonly applied: ReadonlySet<MigrationId>
}

/** Any subset at all: ledgers are not always closed, since files are added below what has run. */
export const situation: fc.Arbitrary<Situation> = graph.chain((made) =>
  fc.subarray(made.migrations.map((each) => each.id)).map((applied) => ({ graph: made, applied: new Set(applied) }))
)
