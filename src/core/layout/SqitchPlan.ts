/**
 * Parses Sqitch's plan: its changes in the order in which they are deployed, their requirements, and the tags between them.
 *
 * ```
 * %project=flipr
 * appschema 2013-12-31T10:26:59Z Ann <ann@example.org> # the schema
 * users [appschema] 2013-12-31T10:27:00Z Ann <ann@example.org>
 * @v1.0 2013-12-31T10:28:00Z Ann <ann@example.org>
 * users [users@v1.0] 2013-12-31T10:29:00Z Ann <ann@example.org>   a change that was reworked
 * ```
 *
 * @internal
 */
import * as Either from "effect/Either"
import { linesOf } from "./Listing.js"

/** One change of the plan. @since 0.1.0 @category models */
export interface Change {
  readonly name: string
  /** 1-based. */
  readonly line: number
  /** As written, with those of other projects and without conflicts (`!change`). */
  readonly requires: ReadonlyArray<string>
  /** The tags between this change and the next, with `@`. */
  readonly tags: ReadonlyArray<string>
}

/** @since 0.1.0 @category models */
export interface SqitchPlan {
  readonly project: string
  readonly changes: ReadonlyArray<Change>
}

/** A line that cannot be followed. @since 0.1.0 @category models */
export interface PlanError {
  readonly line: number
  readonly reason: string
}

/** @since 0.1.0 @category operations */
export const parse = (text: string): Either.Either<SqitchPlan, PlanError> => {
  const changes: Array<Change> = []
  let project = ""
  for (const [index, whole] of linesOf(text).entries()) {
    const line = index + 1
    const content = whole.replace(/(?:^|\s)#.*$/, "").trim()
    const [first = ""] = content.split(/\s/, 1)
    if (content === "") continue
    if (content.startsWith("%")) {
      project = /^%\s*project\s*=\s*(\S+)/.exec(content)?.[1] ?? project
    } else if (first.startsWith("@")) {
      const last = changes.pop()
      if (last === undefined) return Either.left({ line, reason: `the tag ${first} stands before the first change` })
      changes.push({ ...last, tags: [...last.tags, first] })
    } else if (first.startsWith("-")) {
      return Either.left({ line, reason: `it reverts ${content.slice(1).split(/\s/, 1)[0]} in the middle of the plan` })
    } else {
      const change = changeFrom(content, line)
      if (Either.isLeft(change)) return Either.left(change.left)
      changes.push(change.right)
    }
  }
  return Either.right({ project, changes })
}

const changeFrom = (content: string, line: number): Either.Either<Change, PlanError> => {
  const [, name, list = ""] = /^\+?\s*([^\s[\]]+)\s*(?:\[([^\]]*)\])?/.exec(content) ?? []
  if (name === undefined || /[@:]/.test(name)) return Either.left({ line, reason: "it names no change" })
  const items = list.split(/\s+/).filter((item) => item !== "" && !item.startsWith("!"))
  return Either.right({ name, line, requires: items, tags: [] })
}
