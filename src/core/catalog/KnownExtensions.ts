/**
 * The contents of known extensions, by the names that statements and errors use: types, the functions that people call,
 * relations, and the extensions that `CASCADE` installs too. The list is complete for the extensions that come with
 * PostgreSQL, except functions that only operators and indexes use; for others it has the best known part. An unlisted
 * extension counts as empty.
 *
 * @since 0.1.0
 * @internal
 */

import * as SchemaObject from "../model/SchemaObject.js"
import { isBuiltInRoutine } from "./BuiltInRoutines.js"

interface Contents {
  readonly types?: string
  readonly relations?: string
  readonly functions?: string
  /** Those of types that are there without the extension, separated by commas: a query with another type lacks the type first. */
  readonly operators?: string
  readonly requires?: string
}

/** @since 0.1.0 @category models */
export interface KnownExtension {
  readonly types: ReadonlyArray<string>
  readonly functions: ReadonlyArray<string>
  readonly requires: ReadonlyArray<string>
  /** Objects that an error can name: the extension first, then its contents without overloads of built-in routines. */
  readonly objects: ReadonlyArray<SchemaObject.SchemaObject>
}

/** The contents of an extension; its objects have the given schema. @since 0.1.0 @category queries */
export const contentsOf = (name: string, schema: string | undefined): KnownExtension => {
  const contents = contentsByName[name] ?? {}
  const types = words(contents.types)
  const functions = words(contents.functions)
  const own = functions.filter((name) => !isBuiltInRoutine(SchemaObject.qualifiedName(name)))
  const placed = (object: string): SchemaObject.QualifiedName => SchemaObject.qualifiedName(object, schema)
  return {
    types,
    functions,
    requires: words(contents.requires),
    objects: [
      SchemaObject.extension(name),
      ...types.map((type) => SchemaObject.type(placed(type))),
      ...words(contents.relations).map((relation) => SchemaObject.relation(placed(relation))),
      ...own.map((routine) => SchemaObject.routine(placed(routine))),
      ...operatorsOf(contents).map(({ operands, symbol }) => SchemaObject.operator(placed(symbol), operands))
    ]
  }
}

const operatorsOf = ({ operators }: Contents) =>
  (operators?.split(", ") ?? []).map((text) => {
    const [, left, symbol = "", right = ""] = /^(?:(.+) )?([^\w\s]+) (.+)$/.exec(text) ?? []
    return { symbol, operands: left === undefined ? [right] : [left, right] }
  })

const betweenEqual = (symbol: string, types: string): string =>
  types
    .split(", ")
    .map((type) => `${type} ${symbol} ${type}`)
    .join(", ")

/** The names of all listed extensions. @since 0.1.0 @category queries */
export const known = (): ReadonlyArray<string> => Object.keys(contentsByName)

const words = (text: string | undefined): ReadonlyArray<string> => (text === undefined ? [] : text.split(" "))

const contentsByName: Readonly<Record<string, Contents>> = {
  amcheck: {
    functions: "bt_index_check bt_index_parent_check verify_heapam"
  },
  autoinc: {
    functions: "autoinc"
  },
  bloom: {},
  btree_gin: {},
  btree_gist: {
    functions: "gist_translate_cmptype_btree",
    operators: betweenEqual(
      "<->",
      "bigint, date, double precision, integer, interval, money, oid, real, smallint, time without time zone, " +
        "timestamp with time zone, timestamp without time zone"
    )
  },
  citext: {
    types: "citext",
    functions:
      "citext max min regexp_match regexp_matches regexp_replace regexp_split_to_array " +
      "regexp_split_to_table replace split_part strpos translate"
  },
  cube: {
    types: "cube",
    functions:
      "cube cube_dim cube_enlarge cube_inter cube_is_point cube_ll_coord cube_size cube_subset cube_union " +
      "cube_ur_coord"
  },
  dblink: {
    functions:
      "dblink dblink_build_sql_delete dblink_build_sql_insert dblink_build_sql_update dblink_cancel_query " +
      "dblink_close dblink_connect dblink_connect_u dblink_current_query dblink_disconnect " +
      "dblink_error_message dblink_exec dblink_fdw_validator dblink_fetch dblink_get_connections " +
      "dblink_get_notify dblink_get_pkey dblink_get_result dblink_is_busy dblink_open dblink_send_query"
  },
  dict_int: {},
  dict_xsyn: {},
  earthdistance: {
    types: "earth",
    functions: "earth earth_box earth_distance gc_to_sec latitude ll_to_earth longitude sec_to_gc",
    operators: "point <@> point",
    requires: "cube"
  },
  file_fdw: {
    functions: "file_fdw_handler file_fdw_validator"
  },
  fuzzystrmatch: {
    functions:
      "daitch_mokotoff difference dmetaphone dmetaphone_alt levenshtein levenshtein_less_equal metaphone " +
      "soundex text_soundex"
  },
  hstore: {
    types: "hstore",
    functions:
      "akeys avals defined each hstore hstore_to_json hstore_to_json_loose hstore_to_jsonb " +
      "hstore_to_jsonb_loose hstore_version_diag isdefined isexists skeys slice svals tconvert"
  },
  insert_username: {
    functions: "insert_username"
  },
  intagg: {
    functions: "int_array_aggregate int_array_enum"
  },
  intarray: {
    types: "intbig_gkey query_int",
    functions: "_int_different _int_same intset querytree sort sort_asc sort_desc subarray uniq",
    operators:
      "# integer[], integer[] # integer, integer[] & integer[], integer[] + integer, integer[] + integer[], " +
      "integer[] - integer, integer[] - integer[], integer[] | integer, integer[] | integer[]"
  },
  isn: {
    types: "ean13 isbn isbn13 ismn ismn13 issn issn13 upc",
    functions: "is_valid isbn isbn13 ismn ismn13 isn_weak issn issn13 make_valid upc"
  },
  lo: {
    types: "lo",
    functions: "lo_manage lo_oid"
  },
  ltree: {
    types: "lquery ltree ltxtquery",
    functions: "index lca ltree2text nlevel subltree subpath text2ltree"
  },
  moddatetime: {
    functions: "moddatetime"
  },
  pageinspect: {
    functions:
      "brin_metapage_info brin_page_items brin_page_type brin_revmap_data bt_metap bt_multi_page_stats " +
      "bt_page_items bt_page_stats fsm_page_contents get_raw_page gist_page_items gist_page_items_bytea " +
      "gist_page_opaque_info heap_page_item_attrs heap_page_items heap_tuple_infomask_flags page_checksum " +
      "page_header tuple_data_split"
  },
  pg_buffercache: {
    relations: "pg_buffercache pg_buffercache_numa",
    functions:
      "pg_buffercache_evict pg_buffercache_evict_all pg_buffercache_evict_relation " +
      "pg_buffercache_numa_pages pg_buffercache_pages pg_buffercache_summary pg_buffercache_usage_counts"
  },
  pg_freespacemap: {
    functions: "pg_freespace"
  },
  pg_prewarm: {
    functions: "autoprewarm_dump_now autoprewarm_start_worker pg_prewarm"
  },
  pg_stat_statements: {
    relations: "pg_stat_statements pg_stat_statements_info",
    functions: "pg_stat_statements pg_stat_statements_info pg_stat_statements_reset"
  },
  pg_trgm: {
    functions: "set_limit show_limit show_trgm similarity strict_word_similarity word_similarity",
    operators:
      "text % text, text %> text, text %>> text, text <% text, text <-> text, text <->> text, text <->>> text, " +
      "text <<% text, text <<-> text, text <<<-> text"
  },
  pg_visibility: {
    functions:
      "pg_check_frozen pg_check_visible pg_truncate_visibility_map pg_visibility pg_visibility_map " +
      "pg_visibility_map_summary"
  },
  pgcrypto: {
    functions:
      "armor crypt dearmor decrypt decrypt_iv digest encrypt encrypt_iv fips_mode gen_random_bytes " +
      "gen_random_uuid gen_salt hmac pgp_armor_headers pgp_key_id pgp_pub_decrypt pgp_pub_decrypt_bytea " +
      "pgp_pub_encrypt pgp_pub_encrypt_bytea pgp_sym_decrypt pgp_sym_decrypt_bytea pgp_sym_encrypt " +
      "pgp_sym_encrypt_bytea"
  },
  pgrowlocks: {
    functions: "pgrowlocks"
  },
  pgstattuple: {
    functions: "pg_relpages pgstatginindex pgstathashindex pgstatindex pgstattuple pgstattuple_approx"
  },
  postgres_fdw: {
    functions:
      "postgres_fdw_disconnect postgres_fdw_disconnect_all postgres_fdw_get_connections " +
      "postgres_fdw_handler postgres_fdw_validator"
  },
  refint: {
    functions: "check_foreign_key check_primary_key"
  },
  seg: {
    types: "seg",
    functions: "seg_center seg_inter seg_lower seg_size seg_union seg_upper"
  },
  sslinfo: {
    functions:
      "ssl_cipher ssl_client_cert_present ssl_client_dn ssl_client_dn_field ssl_client_serial " +
      "ssl_extension_info ssl_is_used ssl_issuer_dn ssl_issuer_field ssl_version"
  },
  tablefunc: {
    functions: "connectby crosstab crosstab2 crosstab3 crosstab4 normal_rand"
  },
  tcn: {
    functions: "triggered_change_notification"
  },
  tsm_system_rows: {},
  tsm_system_time: {},
  unaccent: {
    functions: "unaccent"
  },
  "uuid-ossp": {
    functions:
      "uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 uuid_generate_v5 uuid_nil " +
      "uuid_ns_dns uuid_ns_oid uuid_ns_url uuid_ns_x500"
  },
  xml2: {
    functions:
      "xml_encode_special_chars xml_valid xpath_bool xpath_list xpath_nodeset xpath_number xpath_string " +
      "xpath_table xslt_process"
  },
  pg_cron: { functions: "alter_job schedule schedule_in_database unschedule", relations: "job job_run_details" },
  pg_uuidv7: { functions: "uuid_generate_v7 uuid_timestamptz_to_v7 uuid_v7_to_timestamptz" },
  pgjwt: { functions: "algorithm_sign sign try_cast_double url_decode url_encode verify", requires: "pgcrypto" },
  postgis: {
    types: "box2d box2df box3d geography geometry geometry_dump gidx spheroid valid_detail",
    relations: "geography_columns geometry_columns spatial_ref_sys",
    functions:
      "addgeometrycolumn dropgeometrycolumn postgis_full_version postgis_version st_area st_asbinary st_asewkt " +
      "st_asgeojson st_asmvt st_asmvtgeom st_astext st_azimuth st_boundary st_buffer st_centroid st_clusterdbscan " +
      "st_collect st_contains st_convexhull st_covers st_coveredby st_crosses st_difference st_disjoint st_distance " +
      "st_distancesphere st_dwithin st_envelope st_equals st_extent st_force2d st_geogfromtext st_geogfromwkb " +
      "st_geohash st_geometryfromtext st_geometrytype st_geomfromewkb st_geomfromewkt st_geomfromgeojson " +
      "st_geomfromtext st_geomfromwkb st_intersection st_intersects st_isvalid st_length st_linefromtext " +
      "st_makeenvelope st_makeline st_makepoint st_makepolygon st_makevalid st_multi st_npoints st_overlaps " +
      "st_perimeter st_point st_pointonsurface st_polygon st_setsrid st_simplify st_snaptogrid st_srid st_startpoint " +
      "st_tileenvelope st_touches st_transform st_union st_within st_x st_xmax st_xmin st_y st_ymax st_ymin"
  },
  timescaledb: { functions: "add_retention_policy create_hypertable drop_chunks time_bucket" },
  vector: {
    types: "halfvec sparsevec vector",
    functions:
      "avg binary_quantize cosine_distance inner_product l1_distance l2_distance l2_norm l2_normalize subvector sum " +
      "vector_dims vector_norm"
  }
}
