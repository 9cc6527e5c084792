/**
 * Reads statements about schemas, extensions, roles and session settings.
 *
 * @since 0.1.0
 * @internal
 */
import type {
  AlterExtensionStmt,
  CreateExtensionStmt,
  CreateRoleStmt,
  CreateSchemaStmt,
  DropRoleStmt,
  VariableSetStmt
} from "@pgsql/types"
import * as Option from "effect/Option"
import { contentsOf } from "../catalog/KnownExtensions.js"
import * as Catalog from "../catalog/SimulatedCatalog.js"
import * as HazardKey from "../model/HazardKey.js"
import * as SchemaObject from "../model/SchemaObject.js"
import * as R from "../reading/Recorder.js"
import * as Use from "../reading/Use.js"
import { constantText, isOn, optionNamed, optionText } from "../sql/SyntaxTree.js"
import { readRole } from "./AnyObject.js"

/** Creates a schema, and in it the objects of the same statement. @since 0.1.0 @category statements */
export const createSchema = (recorder: R.Recorder, statement: CreateSchemaStmt): void => {
  const name = statement.schemaname ?? statement.authrole?.rolename
  if (name === undefined) {
    R.opaqueBarrier(recorder, "creates a schema with the name of the role that runs it")
    return
  }
  const key = HazardKey.schema(name)
  const exists = R.isKnownNamed(recorder, key)
  readRole(recorder, statement.authrole)
  R.write(recorder, key)
  if (!(exists && statement.if_not_exists === true)) {
    if (statement.if_not_exists !== true) {
      R.claim(recorder, SchemaObject.schema(name))
      if (!recorder.statement.runsCode) recorder.schemas.add(name)
    }
    R.saveNamed(recorder, key, [SchemaObject.schema(name)])
    R.forgetThing(recorder, HazardKey.goneSchema(name))
  }
  const outer = recorder.searchPath
  recorder.path++
  recorder.searchPath = [name, ...outer]
  for (const element of statement.schemaElts ?? []) recorder.execute(recorder, element)
  recorder.searchPath = outer
  recorder.path++
}

/**
 * Creates an extension. Any later migration may need it, so every later migration reads it.
 *
 * @since 0.1.0
 * @category statements
 */
export const createExtension = (recorder: R.Recorder, statement: CreateExtensionStmt): void => {
  const { extname = "", options } = statement
  const schema = Option.getOrUndefined(optionText(optionNamed(options, "schema")))
  if (schema !== undefined) R.readSchema(recorder, SchemaObject.qualifiedName("", schema))
  install(recorder, extname, schema)
  if (isOn(optionNamed(options, "cascade"))) {
    for (const required of contentsOf(extname, schema).requires) install(recorder, required, schema)
  }
}

const install = (recorder: R.Recorder, name: string, schema: string | undefined): void => {
  const key = HazardKey.extension(name)
  R.write(recorder, key)
  if (R.isKnownNamed(recorder, key)) return
  const contents = contentsOf(name, schema)
  for (const type of contents.types) {
    R.write(recorder, type)
    R.saveType(recorder, {
      name: SchemaObject.qualifiedName(type, schema),
      kind: "base",
      isExternal: true,
      isCertain: false,
      extension: Option.some(name),
      values: [],
      parts: [],
      constraints: [],
      onWrite: [],
      runs: [],
      uses: [],
      dependencies: new Set()
    })
  }
  R.saveNamed(recorder, key, contents.objects)
  const { catalog } = recorder
  recorder.catalog = {
    ...catalog,
    readByAll: [...catalog.readByAll, key],
    brought: new Set([...catalog.brought, ...contents.functions])
  }
}

/** @since 0.1.0 @category statements */
export const alterExtension = (recorder: R.Recorder, { extname = "" }: AlterExtensionStmt): void => {
  R.barrier(recorder, `alters extension ${extname}`)
  R.write(recorder, HazardKey.extension(extname))
}

/** @since 0.1.0 @category statements */
export const createRole = (recorder: R.Recorder, { options, role = "" }: CreateRoleStmt): void => {
  const key = HazardKey.role(role)
  R.write(recorder, key)
  for (const option of ["addroleto", "rolemembers", "adminmembers"]) {
    const members = optionNamed(options, option)?.arg
    if (members === undefined || !("List" in members)) continue
    for (const member of members.List.items ?? []) if ("RoleSpec" in member) readRole(recorder, member.RoleSpec)
  }
  R.saveNamed(recorder, key, [SchemaObject.role(role)])
}

/** @since 0.1.0 @category statements */
export const dropRole = (recorder: R.Recorder, { roles }: DropRoleStmt): void => {
  for (const node of roles ?? []) {
    if (!("RoleSpec" in node) || node.RoleSpec.rolename === undefined) continue
    const key = HazardKey.role(node.RoleSpec.rolename)
    R.write(recorder, key)
    const known = Catalog.findNamed(recorder.catalog, key)
    if (known !== undefined) R.readAll(recorder, known.dependencies)
    R.forgetThing(recorder, key)
  }
}

/** Settings that change what a later statement of the file means. */
const meaningful: ReadonlySet<string> = new Set(["role", "session_authorization", "session_replication_role"])

/** Settings that change where a name without a schema is looked up: `$user` in a search path is the role. */
const placing: ReadonlySet<string> = new Set(["search_path", "role", "session_authorization"])

/** @since 0.1.0 @category statements */
export const setVariable = (recorder: R.Recorder, { args, kind, name = "" }: VariableSetStmt): void => {
  const values = (args ?? []).map(constantText)
  if (name === "default_text_search_config") Use.useStored(recorder, args)
  if (placing.has(name) || kind === "VAR_RESET_ALL") recorder.path++
  if (name === "search_path") {
    const isSet = kind === "VAR_SET_VALUE"
    recorder.searchPath = isSet ? values.flatMap(Option.toArray).filter((schema) => schema !== "$user") : []
    for (const schema of recorder.searchPath) R.readSchema(recorder, SchemaObject.qualifiedName("", schema))
  } else if (kind === "VAR_RESET_ALL") recorder.searchPath = []
  else if (meaningful.has(name)) {
    for (const value of values) if (Option.isSome(value)) R.read(recorder, HazardKey.role(value.value))
  }
}
