/**
 * What the extensions that come with PostgreSQL 18 bring. Written by `npm run catalogues` from the server's catalog: do not
 * edit.
 *
 * @internal
 */

/** Names, separated by commas. @since 0.1.0 @category models */
export interface ExtensionContents {
  readonly types?: string
  readonly relations?: string
  readonly functions?: string
  /** Those of types that are there without the extension: a query with another type lacks the type first. */
  readonly operators?: string
  readonly requires?: string
}

/** The parts of each extension, without those that it has none of. @since 0.1.0 @category constants */
export const serverExtensions: ReadonlyArray<ExtensionContents & { readonly name: string }> = [
  { name: "amcheck", functions: "bt_index_check,bt_index_parent_check,gin_index_check,verify_heapam" },
  { name: "autoinc", functions: "autoinc" },
  { name: "bloom" },
  { name: "btree_gin" },
  {
    name: "btree_gist",
    operators:
      "bigint <-> bigint,date <-> date,double precision <-> double precision,integer <-> integer,interval <-> interval,money <-> money,oid <-> oid,real <-> real,smallint <-> smallint,time without time zone <-> time without time zone,timestamp with time zone <-> timestamp with time zone,timestamp without time zone <-> timestamp without time zone"
  },
  {
    name: "citext",
    types: "citext",
    functions:
      "citext,max,min,regexp_match,regexp_matches,regexp_replace,regexp_split_to_array,regexp_split_to_table,replace,split_part,strpos,translate"
  },
  {
    name: "cube",
    types: "cube",
    functions:
      "cube,cube_dim,cube_enlarge,cube_inter,cube_is_point,cube_ll_coord,cube_size,cube_subset,cube_union,cube_ur_coord"
  },
  {
    name: "dblink",
    functions:
      "dblink,dblink_build_sql_delete,dblink_build_sql_insert,dblink_build_sql_update,dblink_cancel_query,dblink_close,dblink_connect,dblink_connect_u,dblink_current_query,dblink_disconnect,dblink_error_message,dblink_exec,dblink_fdw_validator,dblink_fetch,dblink_get_connections,dblink_get_notify,dblink_get_pkey,dblink_get_result,dblink_is_busy,dblink_open,dblink_send_query"
  },
  { name: "dict_int" },
  { name: "dict_xsyn" },
  {
    name: "earthdistance",
    types: "earth",
    functions: "earth,earth_box,earth_distance,gc_to_sec,latitude,ll_to_earth,longitude,sec_to_gc",
    operators: "point <@> point",
    requires: "cube"
  },
  { name: "file_fdw", functions: "file_fdw_handler,file_fdw_validator" },
  {
    name: "fuzzystrmatch",
    functions:
      "daitch_mokotoff,difference,dmetaphone,dmetaphone_alt,levenshtein,levenshtein_less_equal,metaphone,soundex,text_soundex"
  },
  {
    name: "hstore",
    types: "ghstore,hstore",
    functions:
      "akeys,avals,defined,each,hstore,hstore_to_json_loose,hstore_to_jsonb_loose,hstore_version_diag,isdefined,isexists,skeys,slice,svals,tconvert"
  },
  { name: "insert_username", functions: "insert_username" },
  { name: "intagg", functions: "int_array_aggregate,int_array_enum" },
  {
    name: "intarray",
    types: "intbig_gkey,query_int",
    functions: "_int_different,_int_same,intset,querytree,sort,sort_asc,sort_desc,subarray,uniq",
    operators:
      "# integer[],integer[] # integer,integer[] & integer[],integer[] && integer[],integer[] + integer,integer[] + integer[],integer[] - integer,integer[] - integer[],integer[] <@ integer[],integer[] @> integer[],integer[] | integer,integer[] | integer[]"
  },
  {
    name: "isn",
    types: "ean13,isbn,isbn13,ismn,ismn13,issn,issn13,upc",
    functions: "is_valid,isbn,isbn13,ismn,ismn13,isn_weak,issn,issn13,make_valid,upc"
  },
  { name: "lo", types: "lo", functions: "lo_manage,lo_oid" },
  {
    name: "ltree",
    types: "lquery,ltree,ltxtquery",
    functions: "index,lca,ltree2text,nlevel,subltree,subpath,text2ltree"
  },
  { name: "moddatetime", functions: "moddatetime" },
  {
    name: "pageinspect",
    functions:
      "brin_metapage_info,brin_page_items,brin_page_type,brin_revmap_data,bt_metap,bt_multi_page_stats,bt_page_items,bt_page_stats,fsm_page_contents,get_raw_page,gin_leafpage_items,gin_metapage_info,gin_page_opaque_info,gist_page_items,gist_page_items_bytea,gist_page_opaque_info,hash_bitmap_info,hash_metapage_info,hash_page_items,hash_page_stats,hash_page_type,heap_page_item_attrs,heap_page_items,heap_tuple_infomask_flags,page_checksum,page_header,tuple_data_split"
  },
  {
    name: "pg_buffercache",
    relations: "pg_buffercache,pg_buffercache_numa",
    functions:
      "pg_buffercache_evict,pg_buffercache_evict_all,pg_buffercache_evict_relation,pg_buffercache_numa_pages,pg_buffercache_pages,pg_buffercache_summary,pg_buffercache_usage_counts"
  },
  { name: "pg_freespacemap", functions: "pg_freespace" },
  { name: "pg_logicalinspect", functions: "pg_get_logical_snapshot_info,pg_get_logical_snapshot_meta" },
  { name: "pg_prewarm", functions: "autoprewarm_dump_now,autoprewarm_start_worker,pg_prewarm" },
  {
    name: "pg_stat_statements",
    relations: "pg_stat_statements,pg_stat_statements_info",
    functions: "pg_stat_statements,pg_stat_statements_info,pg_stat_statements_reset"
  },
  { name: "pg_surgery", functions: "heap_force_freeze,heap_force_kill" },
  {
    name: "pg_trgm",
    functions: "set_limit,show_limit,show_trgm,similarity,strict_word_similarity,word_similarity",
    operators:
      "text % text,text %> text,text %>> text,text <% text,text <-> text,text <->> text,text <->>> text,text <<% text,text <<-> text,text <<<-> text"
  },
  {
    name: "pg_visibility",
    functions:
      "pg_check_frozen,pg_check_visible,pg_truncate_visibility_map,pg_visibility,pg_visibility_map,pg_visibility_map_summary"
  },
  {
    name: "pg_walinspect",
    functions: "pg_get_wal_block_info,pg_get_wal_record_info,pg_get_wal_records_info,pg_get_wal_stats"
  },
  {
    name: "pgcrypto",
    functions:
      "armor,crypt,dearmor,decrypt,decrypt_iv,digest,encrypt,encrypt_iv,fips_mode,gen_random_bytes,gen_random_uuid,gen_salt,hmac,pgp_armor_headers,pgp_key_id,pgp_pub_decrypt,pgp_pub_decrypt_bytea,pgp_pub_encrypt,pgp_pub_encrypt_bytea,pgp_sym_decrypt,pgp_sym_decrypt_bytea,pgp_sym_encrypt,pgp_sym_encrypt_bytea"
  },
  { name: "pgrowlocks", functions: "pgrowlocks" },
  {
    name: "pgstattuple",
    functions: "pg_relpages,pgstatginindex,pgstathashindex,pgstatindex,pgstattuple,pgstattuple_approx"
  },
  {
    name: "postgres_fdw",
    functions:
      "postgres_fdw_disconnect,postgres_fdw_disconnect_all,postgres_fdw_get_connections,postgres_fdw_handler,postgres_fdw_validator"
  },
  { name: "refint", functions: "check_foreign_key,check_primary_key" },
  { name: "seg", types: "seg", functions: "seg_center,seg_inter,seg_lower,seg_size,seg_union,seg_upper" },
  {
    name: "sslinfo",
    functions:
      "ssl_cipher,ssl_client_cert_present,ssl_client_dn,ssl_client_dn_field,ssl_client_serial,ssl_extension_info,ssl_is_used,ssl_issuer_dn,ssl_issuer_field,ssl_version"
  },
  { name: "tablefunc", functions: "connectby,crosstab,crosstab2,crosstab3,crosstab4,normal_rand" },
  { name: "tcn", functions: "triggered_change_notification" },
  { name: "tsm_system_rows" },
  { name: "tsm_system_time" },
  { name: "unaccent", functions: "unaccent" },
  {
    name: "uuid-ossp",
    functions:
      "uuid_generate_v1,uuid_generate_v1mc,uuid_generate_v3,uuid_generate_v4,uuid_generate_v5,uuid_nil,uuid_ns_dns,uuid_ns_oid,uuid_ns_url,uuid_ns_x500"
  },
  {
    name: "xml2",
    functions:
      "xml_encode_special_chars,xml_valid,xpath_bool,xpath_list,xpath_nodeset,xpath_number,xpath_string,xpath_table,xslt_process"
  }
]
