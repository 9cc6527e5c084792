/**
 * Runs a body: reads its statements as if they stood in the file. Dynamic SQL is folded to the texts that it can be,
 * with the arguments of the call for the parameters. A statement under a condition that does not hold is read and has
 * no effect.
 *
 * A statement of the file runs a body once for the same arguments, as long as the catalog does not change. A file that
 * runs more code than its budget allows runs no more of it, and is a barrier.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node } from "@pgsql/types"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Catalog from "../catalog/SimulatedCatalog.js"
import { fold, foldElements, type Lookup, union } from "../sql/DynamicSql.js"
import { statementsOf } from "../sql/ParsedSql.js"
import type { Code, RoutineBody, Step } from "../sql/RoutineBody.js"
import { holds } from "./CatalogCondition.js"
import * as R from "./Recorder.js"
import { readWithoutEffect } from "./StatementEnd.js"
import { uncertainly } from "./Uncertainty.js"

/** @since 0.1.0 @category running */
export const runBody = (
  recorder: R.Recorder,
  routine: Catalog.Routine,
  args: ReadonlyArray<Node>,
  table: string | undefined
): void => {
  const place = recorder.running.indexOf(idOf(routine))
  if (place !== -1) {
    recorder.outermostCycle = Math.min(recorder.outermostCycle, place)
    return
  }
  const question = questionOf(recorder, routine, args, table)
  const { catalog, path, searchPath } = recorder
  if (recorder.statement.ran.get(question) === catalog) return
  const isWhole = isSelfContained(recorder, () => {
    recorder.running.push(idOf(routine))
    run(recorder, routine.body, routine.name.name, parameterLookup(recorder.lookup, routine.body, args, table))
    recorder.running.pop()
  })
  const isUnchanged = recorder.catalog === catalog && recorder.path === path && recorder.searchPath === searchPath
  if (isWhole && isUnchanged) recorder.statement.ran.set(question, catalog)
}

/** Whether the work left out no body that runs already outside of it. Such work would do more at another place. */
const isSelfContained = (recorder: R.Recorder, work: () => void): boolean => {
  const place = recorder.running.length
  const outer = recorder.outermostCycle
  recorder.outermostCycle = Number.POSITIVE_INFINITY
  work()
  const own = recorder.outermostCycle
  recorder.outermostCycle = Math.min(outer, own)
  return own >= place
}

/** All that the run of a body depends on, besides the catalog. */
const questionOf = (
  recorder: R.Recorder,
  { body, inputs, name }: Catalog.Routine,
  args: ReadonlyArray<Node>,
  table: string | undefined
): string =>
  JSON.stringify([
    name.schema,
    name.name,
    inputs,
    table,
    recorder.isUncertain,
    recorder.path,
    recorder.searchPath,
    [...recorder.locals],
    body._tag === "Opaque" ? [] : args.map((arg) => [nameOf(arg), textsOf(recorder.lookup, arg)])
  ])

const nameOf = (arg: Node): string | undefined => ("NamedArgExpr" in arg ? arg.NamedArgExpr.name : undefined)

const textsOf = (lookup: Lookup, arg: Node) => {
  const value = "NamedArgExpr" in arg ? arg.NamedArgExpr.arg : arg
  return [Option.getOrNull(fold(value, lookup)), Option.getOrNull(foldElements(value, lookup))]
}

/**
 * Whether the body of a routine runs already: a routine that calls itself runs once.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isRunning = (recorder: R.Recorder, routine: Catalog.Routine): boolean =>
  recorder.running.includes(idOf(routine))

const idOf = ({ inputs, name }: Catalog.Routine): string => `${name.name}(${inputs.join()})`

/** Runs a `DO` block. @since 0.1.0 @category running */
export const runBlock = (recorder: R.Recorder, body: RoutineBody): void => {
  recorder.running.push("DO")
  run(recorder, body, "a DO block", () => Option.none())
  recorder.running.pop()
}

const run = (recorder: R.Recorder, body: RoutineBody, name: string, parameters: Lookup): void => {
  if (body._tag === "Opaque") R.runUnknown(recorder, `runs ${name}, ${body.reason}`)
  else runCode(recorder, body, name, parameters)
}

const runCode = (recorder: R.Recorder, body: Code, name: string, parameters: Lookup): void => {
  const outer = recorder.lookup
  recorder.statement.runsCode = true
  recorder.lookup = lookupOf(body, parameters)
  const conditions = new Set(body.steps.flatMap(({ guards }) => guards.map(({ condition }) => condition)))
  const answers = new Map<Node, boolean | undefined>()
  for (const step of body.steps) {
    const isIdle = step.isHandler || step.guards.some((guard) => answers.get(guard.condition) === !guard.holds)
    if (isIdle) readWithoutEffect(recorder, () => runStep(recorder, step, name))
    else if (step.guards.some((guard) => answers.get(guard.condition) === undefined)) {
      recorder.isCertain = false
      uncertainly(recorder, () => runStep(recorder, step, name))
    } else if (step.mayBeUndone) uncertainly(recorder, () => runStep(recorder, step, name))
    else runStep(recorder, step, name)
    if (conditions.has(step.node)) answers.set(step.node, holds(recorder, step.node))
  }
  recorder.lookup = outer
}

/** How many bodies may run inside each other: the reader calls itself for each. */
const deepest = 100

/** Whether the file may run one more step of a body. Where it may not, the rest of what it runs is not understood. */
const mayGoOn = (recorder: R.Recorder): boolean => {
  if (recorder.stepsLeft > 0 && recorder.running.length <= deepest) {
    recorder.stepsLeft--
    return true
  }
  R.runUnknown(recorder, "runs more code than is read for one file")
  return false
}

const runStep = (recorder: R.Recorder, step: Step, name: string): void => {
  if (!mayGoOn(recorder)) return
  recorder.execute(recorder, step.node)
  if (step._tag === "Dynamic") runDynamic(recorder, step.node, name)
}

const runDynamic = (recorder: R.Recorder, node: Node, name: string): void =>
  Option.match(fold(node, recorder.lookup), {
    onNone: () => R.runUnknown(recorder, `runs SQL that ${name} computes`),
    onSome: (texts) => {
      const bodies = recorder.statement.bodies.length
      for (const text of texts) {
        Either.match(statementsOf(recorder.parser, text), {
          onLeft: () => R.runUnknown(recorder, `runs SQL that ${name} computes and that is not understood`),
          onRight: (statements) => {
            for (const statement of statements) recorder.execute(recorder, statement.node)
          }
        })
      }
      recorder.statement.bodies.length = bodies
    }
  })

const parameterLookup = (
  outer: Lookup,
  body: RoutineBody,
  args: ReadonlyArray<Node>,
  table: string | undefined
): Lookup => {
  const parameters = body._tag === "Code" ? body.parameters : []
  return (name) => {
    if (table !== undefined && (name === "tg_table_name" || name === "tg_relname")) return Option.some([table])
    const isArray = name.endsWith("[]")
    const plain = isArray ? name.slice(0, -2) : name
    const index = /^\$\d+$/.test(plain) ? Number(plain.slice(1)) - 1 : parameters.indexOf(plain)
    const arg = index === -1 ? undefined : (named(args, plain) ?? args[index])
    return isArray ? foldElements(arg, outer) : fold(arg, outer)
  }
}

const named = (args: ReadonlyArray<Node>, name: string): Node | undefined => {
  for (const arg of args) if ("NamedArgExpr" in arg && arg.NamedArgExpr.name === name) return arg.NamedArgExpr.arg
  return undefined
}

/** A variable may hold every value that is assigned to it. A variable that depends on itself is not known. */
const lookupOf = (body: Code, parameters: Lookup): Lookup => {
  const busy = new Set<string>()
  const known = new Map<string, Option.Option<ReadonlyArray<string>>>()
  const lookup: Lookup = (name) => {
    const texts = known.get(name) ?? textsOfVariable(name)
    known.set(name, texts)
    return texts
  }
  const textsOfVariable: Lookup = (name) => {
    const isArray = name.endsWith("[]")
    const plain = (isArray ? name.slice(0, -2) : name).replace(/^.*\./, "")
    const variable = body.variables.get(plain)
    if (variable === undefined || body.parameters.includes(plain)) {
      return variable !== undefined && variable.values.length > 0
        ? Option.none()
        : parameters(isArray ? `${plain}[]` : plain)
    }
    if (!variable.isKnown || busy.has(name)) return Option.none()
    if (variable.values.length === 0 && variable.arrays.length === 0) return parameters(name)
    busy.add(name)
    const texts = isArray
      ? union(variable.values.map((value) => foldElements(value, lookup)))
      : union([
          ...variable.values.map((value) => fold(value, lookup)),
          ...variable.arrays.map((array) => foldElements(array, lookup))
        ])
    busy.delete(name)
    return texts
  }
  return lookup
}
