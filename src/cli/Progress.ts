/**
 * Tells each migration of a run as it begins and ends, by the spans of the library: a line on standard error for each
 * that has ended, and on a terminal a bar over the whole run.
 *
 * @internal
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Runtime from "effect/Runtime"
import * as Schedule from "effect/Schedule"
import * as Tracer from "effect/Tracer"
import * as AutoMigration from "../AutoMigration.js"
import { visibleName } from "../core/text/Visible.js"
import * as OwnMigrations from "../ledger/OwnMigrations.js"
import * as Telemetry from "../runtime/Telemetry.js"
import * as Line from "./Line.js"
import * as Report from "./Report.js"

/** A step of the library that begins, or ends. */
type Happening =
  | { readonly _tag: "Begun"; readonly ids: string; readonly at: number }
  | { readonly _tag: "Ended"; readonly ids: string; readonly at: number; readonly succeeded: boolean }

/** What has run, and what runs now. */
interface State {
  readonly applied: ReadonlyArray<string>
  readonly running: Option.Option<{ readonly ids: string; readonly at: number }>
}

/** Ids as a list, or `none`. @since 0.1.0 @category rendering */
export const list = (ids: ReadonlyArray<string>): string => (ids.length === 0 ? "none" : ids.join(", "))

const milliseconds = (nanoseconds: bigint): number => Number(nanoseconds / 1_000_000n)

/** A tracer that passes on the steps of the library, and does all else as the given one. */
const watching = (inner: Tracer.Tracer, happen: (happening: Happening) => void): Tracer.Tracer =>
  Tracer.make({
    context: (execution, fiber) => inner.context(execution, fiber),
    span: (name, parent, context, links, startTime, kind, options) => {
      const span = inner.span(name, parent, context, links, startTime, kind, options)
      return name === Telemetry.span.step ? watched(span, milliseconds(startTime), happen) : span
    }
  })

const watched = (span: Tracer.Span, at: number, happen: (happening: Happening) => void): Tracer.Span => {
  let ids = ""
  return new Proxy(span, {
    get: (target, key) => {
      if (key === "attribute") {
        return (name: string, value: unknown) => {
          if (name === Telemetry.attribute.migrations && !OwnMigrations.isOwn(String(value))) {
            ids = String(value)
            happen({ _tag: "Begun", ids, at })
          }
          target.attribute(name, value)
        }
      }
      if (key === "end") {
        return (endTime: bigint, exit: Exit.Exit<unknown, unknown>) => {
          if (ids !== "")
            happen({ _tag: "Ended", ids, at: milliseconds(endTime) - at, succeeded: Exit.isSuccess(exit) })
          target.end(endTime, exit)
        }
      }
      return Reflect.get(target, key)
    }
  })
}

/** `12 ms`, or `3.4 s`. @since 0.1.0 @category rendering */
export const elapsed = (time: number): string =>
  time < 1000 ? `${Math.round(time)} ms` : `${(time / 1000).toFixed(1)} s`

const bar = (done: number, total: number): string => {
  const width = 20
  const filled = total === 0 ? width : Math.min(width, Math.floor((width * done) / total))
  return `[${"#".repeat(filled)}${".".repeat(width - filled)}]`
}

const statusLine = (state: State, total: number, now: number, clause: Option.Option<string>): string =>
  [
    `${bar(state.applied.length, total)} ${state.applied.length}/${total}`,
    ...Option.toArray(Option.map(state.running, ({ at, ids }) => `${ids} ${elapsed(now - at)}`)),
    ...Option.toArray(clause)
  ].join("  ")

const ended = ({ at, ids, succeeded }: Extract<Happening, { _tag: "Ended" }>): Line.Line => [
  succeeded ? Line.styled("green", "applied") : Line.styled("red", "failed "),
  `  ${ids}  ${elapsed(at)}`
]

const clear = (rewrite: Option.Option<(text: string) => void>): Effect.Effect<void> =>
  Effect.sync(() => Option.map(rewrite, (write) => write("")))

/** How often the bar is drawn again, and after how many times the server is asked what a statement does. */
const tick = "250 millis"
const patience = 2000

/** A clause about the running statement, where it waits or builds an index. */
const clauseOf = ({ blockers, index }: AutoMigration.Activity): Option.Option<string> => {
  const [first, ...others] = blockers
  if (first !== undefined) {
    const name = first.application === null || first.application === "" ? "" : `, application ${first.application}`
    const more = others.length === 0 ? "" : ` and ${others.length} more`
    return Option.some(`waits for pid ${first.pid} (role ${first.role ?? "unknown"}${name})${more}`)
  }
  if (index === null) return Option.none()
  const share = index.total === 0 ? "" : ` ${Math.floor((100 * index.done) / index.total)} %`
  return Option.some(`index: ${index.phase}${share}`)
}

const clause = Effect.map(AutoMigration.activity, (running) => Option.flatMap(Arr.head(running), clauseOf))

const draw = (state: Ref.Ref<State>, total: number, write: (text: string) => void) =>
  Effect.gen(function* () {
    const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    const current = yield* Ref.get(state)
    const isLong = Option.exists(current.running, ({ at }) => now - at > patience)
    write(visibleName(statusLine(current, total, now, isLong ? yield* clause : Option.none())))
  })

const drawing = (state: Ref.Ref<State>, total: number) =>
  Effect.flatMap(Report.Surroundings, ({ rewrite }) =>
    Option.match(rewrite, {
      onNone: () => Effect.never,
      onSome: (write) => Effect.repeat(draw(state, total, write), Schedule.spaced(tick))
    })
  )

const tell = Effect.fnUntraced(function* (state: Ref.Ref<State>, happening: Happening) {
  if (happening._tag === "Begun") {
    return yield* Ref.update(state, (current) => ({ ...current, running: Option.some(happening) }))
  }
  const { rewrite } = yield* Report.Surroundings
  yield* Ref.update(state, ({ applied }) => ({
    applied: happening.succeeded ? [...applied, ...happening.ids.split(", ")] : applied,
    running: Option.none()
  }))
  yield* clear(rewrite)
  yield* Report.note([ended(happening)])
})

/**
 * Runs an effect of the library that applies at most `total` migrations, and gives what it has applied beside its exit. An
 * interruption says first what was applied.
 *
 * @since 0.1.0
 * @category running
 */
export const during = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  total: number
): Effect.Effect<
  { readonly exit: Exit.Exit<A, E>; readonly applied: ReadonlyArray<string> },
  never,
  R | Report.Surroundings | AutoMigration.AutoMigration
> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { rewrite } = yield* Report.Surroundings
      const state = yield* Ref.make<State>({ applied: [], running: Option.none() })
      const runtime = yield* Effect.runtime<Report.Surroundings>()
      const happen = (happening: Happening) => Runtime.runSync(runtime)(tell(state, happening))
      yield* Effect.forkScoped(drawing(state, total))
      const tracer = watching(yield* Effect.tracer, happen)
      const exit = yield* Effect.onInterrupt(Effect.exit(Effect.withTracer(effect, tracer)), () =>
        Effect.flatMap(Ref.get(state), ({ applied }) =>
          Effect.zipRight(clear(rewrite), Report.note([`Interrupted. Applied before that: ${list(applied)}.`]))
        )
      )
      yield* clear(rewrite)
      return { exit, applied: (yield* Ref.get(state)).applied }
    })
  )
