/**
 * The commands `new` and `completions`, which need no database.
 *
 * @internal
 */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { TaggedError } from "../core/error/Explained.js"
import type { Explanation } from "../core/error/Explanation.js"
import * as NextName from "../core/layout/NextName.js"
import * as Report from "./Report.js"
import * as Settings from "./Settings.js"

/** A file cannot be written, or must not be. @since 0.1.0 @category errors */
export class FileNotMade extends TaggedError<FileNotMade>("effect-auto-migration/FileNotMade")("FileNotMade", {
  path: Schema.String,
  reason: Schema.String,
  remedy: Schema.Struct({ say: Schema.String, run: Schema.optional(Schema.String) })
}) {
  get explanation(): Explanation {
    return {
      problem: `${this.path} was not written: ${this.reason}`,
      remedies: [this.remedy]
    }
  }
}

const failed = (file: string) => (error: unknown) =>
  new FileNotMade({
    path: file,
    reason: error instanceof Error ? error.message : String(error),
    remedy: { say: "Correct the path by --folder, or the rights of the folder" }
  })

/** All files of a folder, relative to it. None where the folder is missing. */
const filesIn = (folder: string) =>
  Effect.tryPromise({
    try: async () => {
      await fs.mkdir(folder, { recursive: true })
      const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true })
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) =>
          path
            .relative(folder, path.join(entry.parentPath ?? entry.path, entry.name))
            .split(path.sep)
            .join("/")
        )
    },
    catch: failed(folder)
  })

/** Writes a file that is not there yet. */
const write = (folder: string, { path: name, text }: NextName.NewFile) => {
  const file = path.join(folder, name)
  return Effect.as(
    Effect.tryPromise({
      try: async () => {
        await fs.mkdir(path.dirname(file), { recursive: true })
        await fs.writeFile(file, text, { flag: "wx" })
      },
      catch: failed(file)
    }),
    file
  )
}

const read = (folder: string, paths: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(paths, (name) =>
      Effect.map(
        Effect.tryPromise({ try: () => fs.readFile(path.join(folder, name), "utf8"), catch: failed(name) }),
        (text) => [name, text] as const
      )
    ),
    (texts) => new Map(texts)
  )

/** @since 0.1.0 @category commands */
export const command = Command.make(
  "new",
  {
    ...Settings.folder,
    name: Args.text({ name: "name" }).pipe(
      Args.withDescription("what the migration does, such as add_email"),
      Args.atLeast(1)
    )
  },
  (settings) =>
    Effect.gen(function* () {
      yield* Settings.unlessOption(settings.name)
      const folder = yield* Settings.pathOf(settings)
      const paths = yield* filesIn(folder)
      const texts = yield* read(
        folder,
        paths.filter((name) => name.endsWith(".sql"))
      )
      const milliseconds = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      const now = { milliseconds, digits: new Date(milliseconds).toISOString().replaceAll(/\D/g, "") }
      const files = yield* Effect.mapError(
        NextName.next({ paths, textOf: (name) => texts.get(name) ?? "", now }, settings.name.join(" ")),
        ({ problem, remedy }) => new FileNotMade({ path: folder, reason: problem, remedy })
      )
      const written = yield* Effect.forEach(files, (file) => write(folder, file))
      yield* Report.tell("new", settings, { code: 0, lines: written, value: { files: written } })
    })
).pipe(Command.withDescription("write an empty migration, named as the folder names its own"))
