/**
 * The command `rewrite`: writes the safer way of a file, after it was proved on throwaway databases.
 *
 * @internal
 */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as AutoMigration from "../AutoMigration.js"
import * as Rewrite from "../rewrite/Rewrite.js"
import type * as Line from "./Line.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"

/** The migrations that the ledger records as applied, which no rewriting may touch. */
const applied = Effect.map(AutoMigration.status, (now) => new Set([...now.applied, ...now.unknown]))

const linesOf = ({ files, left }: Rewrite.Rewritten, isWritten: boolean): ReadonlyArray<Line.Line> => [
  ...(isWritten
    ? files.map(({ path }) => `wrote    ${path}`)
    : files.flatMap(({ path, text }) => [`-- ${path}`, ...text.trimEnd().split("\n"), ""])),
  ...left.map(({ line, reason }) => `left     line ${line}: ${reason}`)
]

/** @since 0.1.0 @category commands */
export const command = Command.make(
  "rewrite",
  {
    ...Settings.database,
    dryRun: Options.boolean("dry-run").pipe(Options.withDescription("prove and print the files, and write none")),
    file: Args.text({ name: "file" }).pipe(Args.withDescription("the path of the migration to rewrite"))
  },
  (settings) =>
    Effect.gen(function* () {
      yield* Settings.unlessOption([settings.file])
      const to = yield* Settings.address(settings)
      const options: Rewrite.Options = {
        folder: yield* Settings.pathOf(settings),
        file: settings.file,
        server: Redacted.make(to.url),
        applied: yield* Effect.provide(applied, Settings.services(settings)),
        ...Option.match(settings.order, { onNone: () => ({}), onSome: (order) => ({ order }) })
      }
      const rewritten = yield* settings.dryRun ? Rewrite.prove(options) : Rewrite.rewrite(options)
      yield* Report.tell("rewrite", settings, {
        code: 0,
        lines: linesOf(rewritten, !settings.dryRun),
        value: {
          written: !settings.dryRun,
          files: rewritten.files.map(({ path, text }) => ({ path, text })),
          left: rewritten.left
        }
      })
    })
).pipe(
  Command.withDescription(
    "write the safer way of a file, proved on two throwaway databases of a server for development"
  )
)
