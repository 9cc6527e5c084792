/**
 * The facts of the errors of a heal: what is missing, which file provides it, and what to do.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import type { MissingObject } from "../core/detect/Detector.js"
import { HealTimeout, type ObjectRemoved } from "../core/error/AutoMigrationError.js"
import type { MigrationGraph } from "../core/graph/MigrationGraph.js"
import * as Plan from "../core/graph/Plan.js"
import * as ProvidedAt from "../core/graph/ProvidedAt.js"
import * as Provider from "../core/graph/Provider.js"
import type { Migration } from "../core/migration/Migration.js"
import * as SchemaObject from "../core/model/SchemaObject.js"
import type { Asked } from "../database/Failure.js"
import type { Options } from "../runtime/AutoMigrationConfig.js"
import * as CommandLine from "../runtime/CommandLine.js"

/** What a heal knows of its gap. @since 0.1.0 @category models */
export interface Subject extends Pick<Options, "deadline" | "origin" | "schema"> {
  readonly gap: MissingObject
  readonly knowledge: { readonly graph: MigrationGraph }
}

/** The missing object, as people read it. @since 0.1.0 @category rendering */
export const nameOf = ({ gap }: Pick<Subject, "gap">): string => SchemaObject.render(gap.object)

/** The facts about an object that a migration removes. @since 0.1.0 @category queries */
export const removal = (heal: Subject, by: Migration): Pick<ObjectRemoved, "gap" | "removedBy" | "remover"> => ({
  gap: nameOf(heal),
  removedBy: by.id,
  remover: ProvidedAt.find(by, heal.gap.object)
})

/** The facts about a plan that waits for an operator. @since 0.1.0 @category queries */
export const ofPlan = (heal: Subject, plan: Plan.Plan) => {
  const [promised = heal.gap.object] = plan.targets
  return {
    gap: SchemaObject.render(Provider.qualified(heal.knowledge.graph.providers, promised)),
    migrationIds: Plan.ids(plan),
    providers: ProvidedAt.inPlan(plan, promised),
    command: CommandLine.command(heal, "migrate", plan.targets.length === 0 ? [] : Plan.ids(plan))
  }
}

/** @since 0.1.0 @category constructors */
export const timeout = (
  heal: Pick<Subject, "deadline" | "gap">,
  migrations: ReadonlyArray<Migration>,
  asked: Asked
): HealTimeout =>
  new HealTimeout({
    gap: nameOf(heal),
    migrationIds: migrations.map(({ id }) => id),
    isRolledBack: migrations.every(({ transaction }) => transaction === "own"),
    milliseconds: Duration.toMillis(heal.deadline),
    ...asked
  })
