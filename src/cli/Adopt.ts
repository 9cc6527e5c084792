/**
 * The command `adopt`: shows what would be recorded, and records it where that is wanted.
 *
 * ```
 * effect-auto-migration adopt                     say what another tool's table records as applied
 * effect-auto-migration adopt --yes               record it
 * effect-auto-migration adopt --probe             ask the catalog what of each migration is there
 * effect-auto-migration adopt --accept edited     record also files that were edited after they had been applied
 * ```
 *
 * @internal
 */
import { createInterface } from "node:readline/promises"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Adopter from "../Adopter.js"
import * as AutoMigration from "../AutoMigration.js"
import type { SchemaName } from "../AutoMigrationConfig.js"
import * as Adoption from "../core/Adoption.js"
import type { AdoptionError, AutoMigrationError } from "../core/AutoMigrationError.js"
import * as ForeignHistory from "../ForeignHistory.js"

/** For `parseArgs`. @since 0.1.0 @category parsing */
export const options = {
  yes: { type: "boolean" },
  probe: { type: "boolean" },
  table: { type: "string" },
  accept: { type: "string", multiple: true }
} as const

/** What a user is told about them. @since 0.1.0 @category rendering */
export const usage = `Options of adopt
  --yes           record what is shown (default: ask on a terminal, and else only show)
  --probe         ask the catalog what of each migration is there (default: read another tool's table)
  --table NAME    which table, where several tools have one (default: the one there is)
  --accept KINDS  what may fail to fit: ${Adoption.MisfitKind.literals.join(", ")} (default: nothing)`

/**
 * @since 0.1.0
 * @category models
 */
export interface Words {
  readonly request: Adoption.Request
  readonly isConfirmed: boolean
}

const decodeKinds = Schema.decodeUnknownEither(Schema.Array(Adoption.MisfitKind))

const kindsIn = (accept: ReadonlyArray<string>): Either.Either<ReadonlyArray<Adoption.MisfitKind>, string> => {
  const words = accept.flatMap((list) => list.split(","))
  return Either.mapLeft(
    decodeKinds(words),
    () => `--accept takes ${Adoption.MisfitKind.literals.join(", ")}, and not "${words.join(",")}".`
  )
}

/**
 * The options as `parseArgs` gives them; `Left` says what is wrong with them.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = (
  command: string,
  values: {
    readonly yes?: boolean | undefined
    readonly probe?: boolean | undefined
    readonly table?: string | undefined
    readonly accept?: ReadonlyArray<string> | undefined
  }
): Either.Either<Words, string> => {
  if (command !== "adopt") {
    const given = Object.keys(options).filter((name) =>
      Object.entries(values).some(([key, value]) => key === name && value !== undefined)
    )
    return given.length === 0
      ? Either.right({ request: Adoption.fromTable, isConfirmed: false })
      : Either.left(`"${command}" takes no --${given.join(" and no --")}.`)
  }
  if (values.probe === true && values.table !== undefined)
    return Either.left("--probe reads no table: leave out --table.")
  return Either.map(kindsIn(values.accept ?? []), (accept) => ({
    request: { by: values.probe === true ? "catalog" : "table", table: values.table, accept },
    isConfirmed: values.yes === true
  }))
}

/** A table of another tool, in one line. @since 0.1.0 @category rendering */
export const renderHistory = ({ due, recorded, table, tool }: Adopter.HistoryStatus): string =>
  [
    `${tool}'s table ${table}`,
    recorded === null ? "cannot be read" : `records ${recorded}`,
    ...(due.length === 0 ? [] : [`to adopt: ${due.join(", ")}`])
  ].join("  ")

/** `false` where nobody sits at a terminal. */
const confirmed = (question: string): Effect.Effect<boolean> =>
  process.stdin.isTTY && process.stdout.isTTY
    ? Effect.promise(async (signal) => {
        const terminal = createInterface({ input: process.stdin, output: process.stdout })
        const answer = await terminal.question(`${question} [y/N] `, { signal }).finally(() => terminal.close())
        return /^y(es)?$/i.test(answer.trim())
      })
    : Effect.succeed(false)

const recordNow = (request: Adoption.Request) =>
  Effect.flatMap(AutoMigration.adopt(request), (ids) =>
    Effect.as(Console.log(`recorded ${ids.length === 0 ? "none" : ids.join(", ")}`), 0)
  )

const shown = (request: Adoption.Request, schema: SchemaName, adoption: Adoption.Adoption) =>
  Effect.zipRight(Console.log(Adoption.render(adoption)), Adopter.unlessUnfit(schema, adoption, request))

/**
 * Shows what would be recorded, and records it where that has been confirmed. Fails where something does not fit.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (
  { isConfirmed, request }: Words,
  schema: SchemaName
): Effect.Effect<number, AutoMigrationError | AdoptionError, AutoMigration.AutoMigration> =>
  AutoMigration.adoption(request).pipe(
    Effect.tap((adoption) => shown(request, schema, adoption)),
    Effect.flatMap(({ entries: { length } }) =>
      isConfirmed
        ? Effect.succeed(true)
        : confirmed(`Record ${length === 1 ? "1 migration" : `${length} migrations`} as adopted?`)
    ),
    Effect.flatMap((isWanted) =>
      isWanted
        ? recordNow(request)
        : Effect.as(
            Console.log(
              `Nothing was recorded. To record this: ${ForeignHistory.command(schema, ...Adoption.optionsFor(request, []))}`
            ),
            0
          )
    )
  )
