/**
 * Counts the characters that a piece of code looks at: a measure of its work that does not depend on the machine. While
 * the code runs, the methods of strings and patterns that read characters are replaced by ones that also count. What a
 * pattern reads twice is counted once.
 */

/** The characters that a call looks at; of a call that gives a place or a text, as far as the result tells. */
type Cost = (text: string, args: ReadonlyArray<unknown>, result: unknown) => number

const one: Cost = () => 1

const whole: Cost = (text) => text.length

const given: Cost = (_, __, result) => (typeof result === "string" ? result.length : 0)

const searched: Cost = (_, [part]) => String(part).length

const numberOr = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise)

const forward: Cost = (text, [, from], result) => {
  const found = numberOr(result, -1)
  return 1 + (found === -1 ? text.length : found) - numberOr(from, 0)
}

const backward: Cost = (text, [, from], result) =>
  1 + Math.min(numberOr(from, text.length), text.length) - Math.max(numberOr(result, 0), 0)

const costs: ReadonlyArray<readonly [method: PropertyKey, cost: Cost]> = [
  ...["at", "charAt", "charCodeAt", "codePointAt"].map((method) => [method, one] as const),
  ...["slice", "substring"].map((method) => [method, given] as const),
  ...["startsWith", "endsWith"].map((method) => [method, searched] as const),
  ...["includes", "match", "matchAll", "replace", "replaceAll", "search", "split", Symbol.iterator].map(
    (method) => [method, whole] as const
  ),
  ...["toLowerCase", "toUpperCase", "trim", "trimEnd", "trimStart"].map((method) => [method, whole] as const),
  ["indexOf", forward],
  ["lastIndexOf", backward]
]

/** From where a pattern starts to where its match ends, or to the end of the text. */
const costOfExec = (self: unknown, text: string): ((result: unknown) => number) => {
  const from = self instanceof RegExp && (self.global || self.sticky) ? self.lastIndex : 0
  return (result) =>
    Array.isArray(result) && "index" in result
      ? numberOr(result.index, 0) + String(result[0]).length - from
      : text.length - from
}

/** The characters that `work` looks at. */
export const charactersRead = (work: () => unknown): number => {
  let read = 0
  const restored: Array<() => void> = []
  const replace = (
    target: object,
    method: PropertyKey,
    begun: (self: unknown, args: ReadonlyArray<unknown>) => (result: unknown) => number
  ): void => {
    const own = Reflect.get(target, method)
    const define = (value: unknown) =>
      Reflect.defineProperty(target, method, { value, configurable: true, writable: true, enumerable: false })
    define(function (this: unknown, ...args: ReadonlyArray<unknown>): unknown {
      const ended = begun(this, args)
      const result = Reflect.apply(own, this, args)
      read += ended(result)
      return result
    })
    restored.push(() => define(own))
  }
  for (const [method, cost] of costs) {
    replace(String.prototype, method, (self, args) => (result) => cost(String(self), args, result))
  }
  replace(RegExp.prototype, "exec", (self, [text]) => costOfExec(self, String(text)))
  try {
    work()
  } finally {
    for (const restore of restored) restore()
  }
  return read
}
