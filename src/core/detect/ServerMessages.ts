/**
 * The messages that share a SQLSTATE with a missing object: what each one names, and the C functions that raise it. The list is in
 * English, as the server's sources have it. `MessageTranslations` has the same messages in all other languages, and is made from
 * this list.
 *
 * Source: the calls of `ereport` in PostgreSQL 12 to 18, src/backend and src/pl/plpgsql.
 *
 * @internal
 */

/**
 * What the places of a message name, in the order of the English message. Names are printed without the quotes that SQL needs.
 * `Relation`, `Type`, `Collation`, `TextSearchConfiguration`, operators and routines are printed with the schema that the statement
 * writes; all others without.
 *
 * @since 0.1.0
 * @category models
 */
export type Finds =
  | "Relation"
  | "RelationWithoutSchema"
  | "Index"
  | "IndexOfTable"
  | "Column"
  | "ColumnOfAlias"
  | "ColumnOfRelation"
  | "ColumnOfRelationWithSchema"
  | "ColumnOfType"
  | "FieldOfColumn"
  | "FieldOfRecord"
  | "Call"
  | "CallOfAll"
  | "RoutineName"
  | "RoutineText"
  | "Type"
  | "Schema"
  | "EnumValue"
  | "Constraint"
  | "ConstraintOfTable"
  | "Collation"
  | "Operator"
  | "OperatorText"
  | "TextSearchConfiguration"
  | "Role"
  | "Extension"
  | "Nothing"

/**
 * @since 0.1.0
 * @category models
 */
export interface ServerMessage {
  readonly sqlState: string
  /** The format of the message, as the server gives it to `errmsg`. */
  readonly format: string
  readonly finds: Finds
  /** Empty where the message is no missing object, whichever function raises it. */
  readonly routines: ReadonlySet<string>
}

const message = (sqlState: string, finds: Finds, format: string, routines = ""): ServerMessage => ({
  sqlState,
  format,
  finds,
  routines: new Set(routines.split(/\s+/).filter((name) => name !== ""))
})

const relations: ReadonlyArray<ServerMessage> = [
  message("42P01", "Relation", 'relation "%s" does not exist', "parserOpenTable RangeVarGetRelidExtended"),
  message("42P01", "Relation", 'relation "%s.%s" does not exist', "parserOpenTable RangeVarGetRelidExtended"),
  ...["table", "view", "sequence", "materialized view"].map((kind) =>
    message("42P01", "RelationWithoutSchema", `${kind} "%s" does not exist`, "DropErrorMsgNonExistent")
  ),
  message("42P01", "Nothing", 'missing FROM-clause entry for table "%s"', "errorMissingRTE"),
  message("42P01", "Nothing", 'invalid reference to FROM-clause entry for table "%s"', "errorMissingRTE"),
  message("42P01", "Nothing", 'relation "%s" in %s clause not found in FROM clause', "transformLockingClause"),
  message("42P01", "Nothing", 'relation "%s" is not a partition of relation "%s"', "RemoveInheritance"),
  message("42P01", "Nothing", 'relation "%s" is not a parent of relation "%s"', "RemoveInheritance"),
  message("42P01", "Nothing", "relation with OID %u does not exist"),
  message("42704", "Index", 'index "%s" does not exist', "DropErrorMsgNonExistent transformIndexConstraint"),
  message(
    "42704",
    "IndexOfTable",
    'index "%s" for table "%s" does not exist',
    "cluster ATExecClusterOn ATExecReplicaIdentity"
  ),
  message("42704", "RelationWithoutSchema", 'foreign table "%s" does not exist', "DropErrorMsgNonExistent")
]

/** The functions that print the name of a relation that they have opened. */
const opening =
  "checkInsertTargets transformUpdateTargetList updateTargetListEntry ATExecColumnDefault ATExecDropNotNull ATExecSetNotNull " +
  "ATPrepAlterColumnType ATExecAlterColumnType ATExecDropColumn ATExecSetStatistics ATExecSetOptions ATExecSetStorage " +
  "ATExecSetCompression ATExecAddIdentity ATExecSetIdentity ATExecDropIdentity ATExecSetExpression ATExecDropExpression " +
  "ATPrepDropExpression ATExecAlterColumnGenericOptions CopyGetAttnums expand_col_privileges do_analyze_rel " +
  "LookupTypeNameExtended CreateTriggerFiringOn pg_get_serial_sequence convert_column_name publication_translate_columns " +
  "pub_collist_validate process_owned_by attribute_statistics_update"

const columns: ReadonlyArray<ServerMessage> = [
  message("42703", "ColumnOfAlias", "column %s.%s does not exist", "errorMissingColumn unknown_attribute"),
  message(
    "42703",
    "Column",
    'column "%s" does not exist',
    "errorMissingColumn renameatt_internal ComputeIndexAttrs CreateStatistics tsvector_update_trigger MergeAttributes"
  ),
  ...["left", "right"].map((side) =>
    message(
      "42703",
      "Column",
      `column "%s" specified in USING clause does not exist in ${side} table`,
      "transformFromClauseItem"
    )
  ),
  message("42703", "Column", 'column "%s" named in key does not exist', "transformIndexConstraint ComputeIndexAttrs"),
  message("42703", "Column", 'column "%s" named in partition key does not exist', "ComputePartitionAttrs"),
  message(
    "42703",
    "Column",
    'column "%s" referenced in foreign key constraint does not exist',
    "transformColumnNameList"
  ),
  message("42703", "Column", 'tsvector column "%s" does not exist', "tsvector_update_trigger"),
  message("42703", "Column", 'configuration column "%s" does not exist', "tsvector_update_trigger"),
  message("42703", "ColumnOfRelation", 'column "%s" of relation "%s" does not exist', opening),
  message(
    "42703",
    "ColumnOfRelationWithSchema",
    'column "%s" of relation "%s" does not exist',
    "get_object_address_attribute"
  ),
  message("42703", "ColumnOfType", 'column "%s" not found in data type %s', "unknown_attribute"),
  message(
    "42703",
    "FieldOfColumn",
    'cannot assign to field "%s" of column "%s" because there is no such column in data type %s',
    "transformAssignmentIndirection"
  ),
  message("42703", "Nothing", 'could not identify column "%s" in record data type', "unknown_attribute"),
  message("42703", "Nothing", 'column %d of relation "%s" does not exist'),
  message("42703", "Nothing", 'column number %d of relation "%s" does not exist', "ATExecSetStatistics"),
  message("42703", "Nothing", "attribute %d of relation with OID %u does not exist"),
  message("42703", "Nothing", "attribute %d of type %s has been dropped"),
  message(
    "42703",
    "FieldOfRecord",
    'record "%s" has no field "%s"',
    "exec_assign_value exec_eval_datum plpgsql_exec_get_datum_type plpgsql_exec_get_datum_type_info resolve_column_ref"
  )
]

const calling =
  "ParseFuncOrColumn LookupFuncName LookupFuncNameInternal LookupFuncWithArgs lookup_agg_function findTypeInputFunction " +
  "findTypeOutputFunction findTypeReceiveFunction findTypeSendFunction findTypeTypmodinFunction findTypeTypmodoutFunction " +
  "findTypeAnalyzeFunction findTypeSubscriptingFunction findRangeCanonicalFunction findRangeSubtypeDiffFunction"

const routines: ReadonlyArray<ServerMessage> = [
  message("42883", "Call", "function %s does not exist", calling),
  message("42883", "Call", "procedure %s does not exist", "ParseFuncOrColumn LookupFuncWithArgs"),
  message("42883", "Call", "aggregate %s does not exist", "LookupFuncWithArgs"),
  message("42883", "CallOfAll", "aggregate %s(*) does not exist", "LookupFuncWithArgs"),
  message("42883", "RoutineText", 'function "%s" does not exist', "regprocin regprocedurein convert_function_name"),
  ...["a function", "a procedure", "an aggregate"].map((kind) =>
    message("42883", "RoutineName", `could not find ${kind} named "%s"`, "LookupFuncWithArgs")
  ),
  message("42883", "Nothing", 'default conversion function for encoding "%s" to "%s" does not exist'),
  message("42883", "Nothing", "function with OID %u does not exist"),
  message("42883", "Operator", "operator does not exist: %s", "op_error LookupOperName LookupOperWithArgs"),
  message("42883", "OperatorText", "operator does not exist: %s", "regoperin regoperatorin"),
  message("42883", "Nothing", 'could not find function "%s" in file "%s"'),
  message("42883", "Nothing", 'there is no built-in function named "%s"')
]

const objects: ReadonlyArray<ServerMessage> = [
  message(
    "42704",
    "Type",
    'type "%s" does not exist',
    "typenameType parseTypeString get_object_address_type compute_return_type AlterTypeOwner"
  ),
  message("42704", "Type", "type %s does not exist", "interpret_function_parameter_list"),
  message("42704", "Nothing", "type with OID %u does not exist"),
  message("42704", "Nothing", 'type "%s" is only a shell', "typenameType"),
  message("42704", "Nothing", 'token type "%s" does not exist'),
  message("42704", "Nothing", 'transform for type %s language "%s" does not exist'),
  message("42704", "Nothing", "cast from type %s to type %s does not exist"),
  message(
    "42704",
    "ConstraintOfTable",
    'constraint "%s" for table "%s" does not exist',
    "get_relation_constraint_oid get_relation_constraint_attnos"
  ),
  message(
    "42704",
    "ConstraintOfTable",
    'constraint "%s" of relation "%s" does not exist',
    "ATExecAlterConstraint ATExecValidateConstraint ATExecDropConstraint"
  ),
  message("42704", "Constraint", 'constraint "%s" does not exist', "AfterTriggerSetState"),
  message("42704", "Nothing", 'constraint "%s" for domain %s does not exist', "get_domain_constraint_oid"),
  message(
    "42704",
    "Nothing",
    'constraint "%s" of domain "%s" does not exist',
    "AlterDomainDropConstraint AlterDomainValidateConstraint"
  ),
  message("42704", "Collation", 'collation "%s" for encoding "%s" does not exist', "get_collation_oid"),
  message(
    "42704",
    "TextSearchConfiguration",
    'text search configuration "%s" does not exist',
    "get_ts_config_oid AlterTSConfiguration"
  ),
  message("42704", "Nothing", "text search configuration with OID %u does not exist"),
  message(
    "42704",
    "Role",
    'role "%s" does not exist',
    "get_role_oid get_rolespec_oid get_rolespec_tuple AlterRole DropRole"
  ),
  message("42704", "Nothing", "role with OID %u does not exist"),
  message("42704", "Nothing", "extension with OID %u does not exist"),
  message("42704", "Extension", 'extension "%s" does not exist', "get_extension_oid ExecAlterExtensionStmt"),
  message("3F000", "Schema", 'schema "%s" does not exist', "get_namespace_oid DropErrorMsgNonExistent"),
  message("3F000", "Nothing", "no schema has been selected to create in"),
  message("22P02", "EnumValue", 'invalid input value for enum %s: "%s"', "enum_in enum_recv")
]

/** @since 0.1.0 @category constants */
export const serverMessages: ReadonlyArray<ServerMessage> = [...relations, ...columns, ...routines, ...objects]
