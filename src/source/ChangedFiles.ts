/**
 * The files of a folder that changed since a commit, as git tells it: those that differ from the common ancestor of the
 * commit and the working tree, and those that git does not track yet. A deleted file is none of them.
 *
 * @since 0.1.0
 */
import { execFile } from "node:child_process"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { TaggedError } from "../core/error/Explained.js"
import type { Explanation } from "../core/error/Explanation.js"

/**
 * Git cannot tell which files changed.
 *
 * @since 0.1.0
 * @category errors
 */
export class ChangesUnknown extends TaggedError<ChangesUnknown>("effect-auto-migration/ChangesUnknown")(
  "ChangesUnknown",
  {
    reason: Schema.Literal("no git", "no repository", "unknown ref"),
    folder: Schema.String,
    ref: Schema.String,
    /** What git printed. */
    detail: Schema.String
  }
) {
  get explanation(): Explanation {
    return explanationOf(this)
  }
}

const explanationOf = ({ detail, folder, reason, ref }: ChangesUnknown): Explanation => {
  switch (reason) {
    case "no git":
      return {
        problem: "Git cannot be started",
        remedies: [{ say: "Install it, or name the files instead of a commit" }]
      }
    case "no repository":
      return {
        problem: `${folder} is not in a repository of git`,
        reasons: detail === "" ? [] : [{ why: `git says: ${detail}` }],
        remedies: [{ say: "Name the files instead of a commit" }]
      }
    case "unknown ref":
      return {
        problem: `Git knows no commit ${ref}`,
        remedies: [
          { say: "Name another one, or fetch it, since a shallow clone lacks it", run: "git fetch --unshallow" }
        ]
      }
  }
}

/**
 * The changed files of a folder, by the paths that migrations of `MigrationSource.layerDirectory` with the same folder
 * have as their `source`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { ChangedFiles } from "effect-auto-migration"
 * import { Effect } from "effect"
 *
 * const changed = await Effect.runPromise(
 *   ChangedFiles.since("migrations", "no-such-branch").pipe(
 *     Effect.catchTag("ChangesUnknown", ({ reason }) => Effect.succeed(reason))
 *   )
 * )
 *
 * assert.ok(changed === "unknown ref" || changed === "no repository" || changed === "no git")
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const since = (folder: string, ref: string): Effect.Effect<ReadonlySet<string>, ChangesUnknown> =>
  Effect.gen(function* () {
    const failWith = (reason: ChangesUnknown["reason"]) =>
      Effect.mapError(({ detail, isMissing }: Failure) =>
        isMissing
          ? new ChangesUnknown({ reason: "no git", folder, ref, detail })
          : new ChangesUnknown({ reason, folder, ref, detail })
      )
    const git = (...words: ReadonlyArray<string>) => run(["-C", folder, ...words])
    yield* git("rev-parse", "--show-toplevel").pipe(failWith("no repository"))
    const [commit = ""] = yield* git("rev-parse", "--verify", "--end-of-options", `${ref}^{commit}`).pipe(
      failWith("unknown ref")
    )
    const [base = commit] = yield* Effect.orElseSucceed(git("merge-base", commit, "HEAD"), () => [commit])
    const changed = yield* Effect.all([
      git("diff", "--name-only", "--diff-filter=d", "--relative", "-z", base, "--", "."),
      git("ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    ]).pipe(failWith("no repository"))
    return new Set(changed.flat().map((path) => join(folder, path)))
  })

interface Failure {
  /** Whether there is no program called git. */
  readonly isMissing: boolean
  readonly detail: string
}

const mostOutput = 64 * 1024 * 1024

/** The lines, or the names that a zero byte ends. */
const run = (words: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, Failure> =>
  Effect.async((resume, signal) => {
    execFile("git", words, { maxBuffer: mostOutput, signal }, (error, stdout, stderr) => {
      const [detail = ""] = stderr.trim().split("\n")
      const isMissing = Predicate.hasProperty(error, "code") && error.code === "ENOENT"
      resume(
        error === null
          ? Effect.succeed(stdout.split(/[\n\0]/).filter((line) => line !== ""))
          : Effect.fail({ isMissing, detail })
      )
    })
  })
