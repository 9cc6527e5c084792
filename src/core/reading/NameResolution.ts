/**
 * Resolves the names in a statement by the search path of the file. A name is resolved once, where the statement gives
 * it. A name from the catalog means the same object under every search path.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node, RangeVar, TypeName } from "@pgsql/types"
import * as Option from "effect/Option"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import type { QualifiedName } from "../model/SchemaObject.js"
import type { Call, Mentions, NamedInText } from "../sql/Mentions.js"
import { elementName, isBuiltIn, wordingOf, wordingOfName } from "../sql/ParsedType.js"
import { nameOfObject, nameOfRangeVar, stringsOf } from "../sql/SyntaxTree.js"
import * as R from "./Recorder.js"

/**
 * The name of a new object: without a schema it goes into the first schema of the search path that exists.
 *
 * @since 0.1.0
 * @category names
 */
export const placed = (recorder: R.Recorder, name: QualifiedName): QualifiedName => {
  const first = recorder.searchPath.find((schema) => !R.isKnownNamed(recorder, HazardKey.goneSchema(schema)))
  const isDefault = Option.isSome(name.schema) || first === undefined || first === "public"
  if (isDefault) return name
  const placed = { ...name, schema: Option.some(first) }
  recorder.assumed.add(placed)
  return placed
}

const locate = (
  { located: found, searchPath }: R.Recorder,
  name: QualifiedName,
  candidates: () => ReadonlyArray<{ readonly name: QualifiedName }>
): QualifiedName => {
  if (searchPath.length === 0 || Option.isSome(name.schema)) return name
  const schemas = new Set(candidates().map((candidate) => Catalog.schemaOf(candidate.name)))
  const first = searchPath.find((schema) => schemas.has(schema))
  if (first === undefined || first === "public") return name
  return markLocated(found, { ...name, schema: Option.some(first) })
}

/** Marks a name whose schema comes from the search path. */
const markLocated = (found: R.Recorder["located"], name: QualifiedName): QualifiedName => {
  found.add(name)
  return name
}

/**
 * The name as the statement writes it, without a schema that comes from the search path.
 *
 * @since 0.1.0
 * @category names
 */
export const written = ({ located: found }: R.Recorder, name: QualifiedName): QualifiedName =>
  found.has(name) ? { ...name, schema: Option.none() } : name

/** Resolves the name of a relation. @since 0.1.0 @category names */
export const relation = (recorder: R.Recorder, name: QualifiedName): QualifiedName =>
  recorder.locals.has(name.name)
    ? name
    : locate(recorder, name, () => Catalog.relationsCalled(recorder.catalog, name.name))

/** Resolves the name of a type, or of a relation as the type of its rows. @since 0.1.0 @category names */
export const type = (recorder: R.Recorder, name: QualifiedName): QualifiedName =>
  locate(recorder, name, () => [
    ...Catalog.typesCalled(recorder.catalog, name.name),
    ...Catalog.relationsCalled(recorder.catalog, name.name)
  ])

/** Resolves the name of a routine. @since 0.1.0 @category names */
export const routine = (recorder: R.Recorder, name: QualifiedName): QualifiedName =>
  locate(recorder, name, () => Catalog.routinesCalled(recorder.catalog, name.name))

/**
 * The routines of a name, of every schema of the search path. One hides a later one with the same inputs.
 *
 * @since 0.1.0
 * @category queries
 */
export const routines = (recorder: R.Recorder, name: QualifiedName): ReadonlyArray<Catalog.Routine> => {
  const { catalog, searchPath } = recorder
  const isPlain = searchPath.length === 0 || Option.isSome(name.schema)
  const found = isPlain
    ? []
    : searchPath.flatMap((schema) =>
        Catalog.routinesCalled(catalog, name.name).filter((one) => Catalog.schemaOf(one.name) === schema)
      )
  if (found.length === 0) return R.routines(recorder, name)
  const signature = ({ inputs }: Catalog.Routine): string => inputs.join()
  return found.filter((one, rank) => found.findIndex((other) => signature(other) === signature(one)) === rank)
}

/**
 * One call for each schema with an overload: the types of the arguments decide which is called, and they are not known.
 */
const called = (recorder: R.Recorder, call: Call): ReadonlyArray<Call> => {
  const all = routines(recorder, call.name).map(({ name }) => name)
  const names = all.filter((name, rank) => all.findIndex((other) => Catalog.isSameName(other, name)) === rank)
  const isLocated = recorder.searchPath.length > 0 && names.length === 1 && Option.isNone(call.name.schema)
  return names.length === 0
    ? [call]
    : names.map((name) => ({ ...call, name: isLocated ? markLocated(recorder.located, { ...name }) : name }))
}

/** Resolves the relation of a `FROM` clause or a statement. @since 0.1.0 @category names */
export const range = (recorder: R.Recorder, given: RangeVar | undefined): QualifiedName =>
  relation(recorder, nameOfRangeVar(given))

/** Resolves a relation that a statement names as an object. @since 0.1.0 @category names */
export const object = (recorder: R.Recorder, given: Node | undefined): QualifiedName =>
  relation(recorder, nameOfObject(given))

/** Resolves every name that an expression or a query mentions. @since 0.1.0 @category names */
export const mentioned = (recorder: R.Recorder, mentions: Mentions): Mentions => {
  if (recorder.searchPath.length === 0) return mentions
  return {
    ...mentions,
    relations: mentions.relations.map((one) => ({ ...one, name: relation(recorder, one.name) })),
    types: mentions.types.map((name) => type(recorder, name)),
    calls: mentions.calls.flatMap((one) => called(recorder, one)),
    inTexts: mentions.inTexts.map((one) => ({ ...one, name: finderOf(one.kind)(recorder, one.name) }))
  }
}

const finderOf = (kind: NamedInText["kind"]) => {
  if (kind === "type") return type
  if (kind === "routine") return routine
  return kind === "relation" || kind === "sequence" ? relation : (_: R.Recorder, name: QualifiedName) => name
}

/**
 * Resolves a type: the name and the wording by which the catalog knows it.
 *
 * @since 0.1.0
 * @category queries
 */
export const resolvedType = (
  recorder: R.Recorder,
  typeName: TypeName
): { readonly type: QualifiedName; readonly wording: string } => {
  const name = type(recorder, elementName(typeName))
  const known = R.types(recorder, name)[0]?.name ?? R.findRelation(recorder, name)?.name
  if (known === undefined || isBuiltIn(stringsOf(typeName.names))) {
    return { type: elementName(typeName), wording: wordingOf(typeName) }
  }
  const base = wordingOfName(Option.getOrUndefined(known.schema), known.name)
  return { type: known, wording: typeName.arrayBounds === undefined ? base : `${base}[]` }
}
