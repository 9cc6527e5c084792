/**
 * One run of a plan for an operator: no deadline ends it, and no policy judges it.
 *
 * @internal
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AutoMigrationError } from "../core/error/AutoMigrationError.js"
import type { MigrationId } from "../core/migration/Migration.js"
import * as MigrationFailure from "../database/MigrationFailure.js"
import type * as PlanRunner from "../runner/PlanRunner.js"

/** The options of every operator's run. @since 0.1.0 @category options */
export const options: Omit<PlanRunner.RunOptions, "plan" | "doing"> = {
  pace: "operator",
  judgement: Option.none(),
  caller: "in view",
  deadlineAt: Number.POSITIVE_INFINITY,
  onDeadline: (migration) => MigrationFailure.effectFailed(migration, "it was not done in time"),
  detail: { by: "operator" }
}

type Request = Pick<PlanRunner.RunOptions, "plan" | "doing"> &
  Partial<Pick<PlanRunner.RunOptions, "condition" | "detail" | "details">>

/** Fails with the error as it is told to the operator. @since 0.1.0 @category operations */
export const run = (
  runner: Context.Tag.Service<PlanRunner.PlanRunner>,
  request: Request
): Effect.Effect<PlanRunner.Result, AutoMigrationError> =>
  Effect.mapError(runner.run({ ...options, ...request }), forItsRunner)

/** @since 0.1.0 @category conversions */
export const forItsRunner = ({ failure, retryAt }: PlanRunner.RunFailure): AutoMigrationError =>
  failure.toError({ asked: MigrationFailure.noQuery, retryAt, toItsRunner: true })

/** The migrations that a run has run or recorded. @since 0.1.0 @category conversions */
export const idsOf = (result: PlanRunner.Result): ReadonlyArray<MigrationId> =>
  result._tag === "Done" ? result.ran.map(({ id }) => id) : []
