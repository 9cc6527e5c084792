/**
 * The result of a command: lines for people, a value for programs, and the exit code.
 *
 * Exit codes: 0 done, 1 could not, 2 misused, 3 something is pending, edited or drifted, 130 interrupted.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Line from "./Line.js"
import type { Terminal } from "./Terminal.js"

/** @since 0.1.0 @category models */
export type ExitCode = 0 | 1 | 2 | 3 | 130

/** @since 0.1.0 @category models */
export interface Report {
  readonly code: ExitCode
  readonly lines: ReadonlyArray<Line.Line>
  /** What `--json` prints, beside the version of its shape and the command's name. */
  readonly value: Readonly<Record<string, unknown>>
}

/**
 * Where a command runs, and what it has come to.
 *
 * @since 0.1.0
 * @category tags
 */
export class Surroundings extends Context.Tag("effect-auto-migration/Surroundings")<
  Surroundings,
  {
    readonly environment: Readonly<Record<string, string | undefined>>
    /** Whether the output may hold codes of colours. */
    readonly color: boolean
    /** The working directory, where links to files in it may be printed: on a terminal. */
    readonly links: Option.Option<string>
    /** Columns of the terminal. */
    readonly width: number
    /** Prints text of the result, with its line end. */
    readonly out: (text: string) => Effect.Effect<void>
    /** Prints text that is no part of the result. */
    readonly err: (text: string) => Effect.Effect<void>
    /** The text of standard input; empty where that is a terminal. */
    readonly input: Effect.Effect<string>
    /** A terminal at which a person can be asked. In a pipe there is none. */
    readonly terminal: Option.Option<Terminal>
    /** Rewrites the last line of standard error, where that is a terminal. */
    readonly rewrite: Option.Option<(text: string) => void>
    /** Whether the words of the command hold `--`, after which each word is an argument. */
    readonly isEnded: boolean
    readonly exitCode: Ref.Ref<ExitCode>
  }
>() {}

/** The version of all shapes that `--json` prints. @since 0.1.0 @category constants */
export const version = 1

const write = (to: "out" | "err", lines: ReadonlyArray<Line.Line>): Effect.Effect<void, never, Surroundings> =>
  Effect.flatMap(Surroundings, ({ color, [to]: print }) =>
    lines.length === 0 ? Effect.void : print(lines.map((line) => Line.render(line, color)).join("\n"))
  )

/** Prints lines of a result. @since 0.1.0 @category printing */
export const print = (lines: ReadonlyArray<Line.Line>) => write("out", lines)

/** Prints lines that are no part of the result. @since 0.1.0 @category printing */
export const note = (lines: ReadonlyArray<Line.Line>) => write("err", lines)

/** Prints text of a renderer that has made each control character of a file visible. @since 0.1.0 @category printing */
export const raw = (text: string): Effect.Effect<void, never, Surroundings> =>
  Effect.flatMap(Surroundings, ({ out }) => out(text.trimEnd()))

/** Sets the exit code. @since 0.1.0 @category printing */
export const exit = (code: ExitCode): Effect.Effect<void, never, Surroundings> =>
  Effect.flatMap(Surroundings, ({ exitCode }) => Ref.set(exitCode, code))

/** Prints the result of a command, for people or as JSON, and sets the exit code. @since 0.1.0 @category printing */
export const tell = (
  command: string,
  { json }: { readonly json: boolean },
  { code, lines, value }: Report
): Effect.Effect<void, never, Surroundings> =>
  Effect.zipRight(json ? print([JSON.stringify({ version, command, ...value })]) : print(lines), exit(code))
