/**
 * The base of the library's errors: a `Schema.TaggedError` that has an explanation. The message and the stack follow from it, so
 * that a logger which prints the stack, such as `Logger.pretty`, prints the lines of the rendering too.
 *
 * @internal
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { type Explained, message } from "./Explanation.js"
import { renderDetails } from "./Render.js"

/** Whether a value is an error of the library, which `render` can print. @since 0.1.0 @category predicates */
export const isExplained = (error: unknown): error is Explained & Error =>
  error instanceof Error && Predicate.hasProperty(error, "explanation")

/** The name, the message, the lines of the rendering, and the calls that led to the error. */
const stackOf = (error: Explained & Error, calls: string): string => {
  const frames = calls.slice(calls.search(/^ +at /m) === -1 ? calls.length : calls.search(/^ +at /m))
  return [`${error.name}: ${error.message}`, renderDetails(error), ...(frames === "" ? [] : [frames])].join("\n")
}

/** What V8 adds to `Error`; other engines note the calls by themselves. */
interface Engine {
  stackTraceLimit?: number
  readonly captureStackTrace?: (target: object, from: NewableFunction) => void
}

const engine: ErrorConstructor & Engine = Error

/** Makes an error without the calls, since {@link withStack} notes them. */
const withoutCalls = (make: () => object): object => {
  const { stackTraceLimit } = engine
  if (stackTraceLimit === undefined) return make()
  engine.stackTraceLimit = 0
  try {
    return make()
  } finally {
    engine.stackTraceLimit = stackTraceLimit
  }
}

/** Notes the calls, and computes the stack when it is read: many queries may report one failure. */
const withStack = (error: object, from: NewableFunction): object => {
  if (!isExplained(error)) return error
  const calls = { stack: "" }
  engine.captureStackTrace?.(calls, from)
  return Object.defineProperty(error, "stack", {
    configurable: true,
    enumerable: false,
    get: () => stackOf(error, calls.stack)
  })
}

const explained = <Class>(own: Class): Class => {
  if (typeof own !== "function") return own
  Object.defineProperty(own.prototype, "message", {
    configurable: true,
    enumerable: false,
    get(this: Explained) {
      return Object.hasOwn(this, "_tag") ? message(this.explanation) : ""
    }
  })
  return new Proxy(own, {
    construct: (base, facts, called) =>
      withStack(
        withoutCalls(() => Reflect.construct(base, facts, called)),
        called
      )
  })
}

/**
 * The same as `Schema.TaggedError`, for a class with a getter `explanation`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const TaggedError =
  <Self = never>(identifier?: string) =>
  <Tag extends string, Fields extends Schema.Struct.Fields>(tag: Tag, fields: Fields) =>
    explained(Schema.TaggedError<Self>(identifier)(tag, fields))
