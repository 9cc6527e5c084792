/**
 * Writes new files, and a changed one last: until then the folder's old file is whole. No other file is overwritten.
 *
 * @since 0.1.0
 * @internal
 */
import { randomBytes } from "node:crypto"
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { TaggedError } from "../core/error/Explained.js"
import type { Explanation } from "../core/error/Explanation.js"

/** @since 0.1.0 @category models */
export interface File {
  readonly path: string
  readonly text: string
  /** The text of the file that it takes the place of. `None` for a new file. */
  readonly replaces: Option.Option<string>
}

/**
 * A file could not be written, or has changed meanwhile. The folder is as it was.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotWritten extends TaggedError<NotWritten>("effect-auto-migration/NotWritten")("NotWritten", {
  path: Schema.String,
  reason: Schema.String
}) {
  get explanation(): Explanation {
    return {
      problem: `${this.path} was not written, and the folder is as it was: ${this.reason}`,
      remedies: [{ say: "Mend that, and rewrite the file again" }]
    }
  }
}

/** @since 0.1.0 @category operations */
export const write = (files: Arr.NonEmptyReadonlyArray<File>): Effect.Effect<void, NotWritten> =>
  Effect.uninterruptible(
    Effect.scoped(
      Effect.zipRight(
        Effect.forEach(
          files.filter(({ replaces }) => Option.isNone(replaces)),
          add
        ),
        Effect.forEach(files, ({ path, replaces, text }) =>
          Option.match(replaces, { onNone: () => Effect.void, onSome: (old) => replace(path, old, text) })
        )
      )
    )
  )

/** Adds a file, which is removed again when the scope ends with a failure. */
const add = ({ path, text }: File) =>
  Effect.acquireRelease(
    attempt(path, async () => {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text, { flag: "wx" })
    }),
    (_, exit) => (Exit.isFailure(exit) ? Effect.promise(() => rm(path, { force: true })) : Effect.void)
  )

const replace = (path: string, old: string, text: string): Effect.Effect<void, NotWritten> => {
  const beside = `${path}.${randomBytes(4).toString("hex")}.tmp`
  return Effect.zipRight(
    Effect.filterOrFail(
      attempt(path, () => readFile(path, "utf8")),
      (now) => now === old,
      () => new NotWritten({ path, reason: "it has changed meanwhile" })
    ),
    Effect.onError(
      attempt(path, async () => {
        await writeFile(beside, text, { flag: "wx" })
        await rename(beside, path)
      }),
      () => Effect.promise(() => rm(beside, { force: true }))
    )
  )
}

const attempt = <A>(path: string, run: () => Promise<A>): Effect.Effect<A, NotWritten> =>
  Effect.tryPromise({
    try: run,
    catch: (error) => new NotWritten({ path, reason: error instanceof Error ? error.message : String(error) })
  })
