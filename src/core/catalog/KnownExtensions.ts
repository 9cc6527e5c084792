/**
 * The contents of known extensions, by the names that statements and errors use: types, the functions that people call,
 * relations, operators, and the extensions that `CASCADE` installs too. The list is complete for the extensions that come
 * with PostgreSQL, as the server tells them (`ServerExtensions`); for others it has the best known part. An unlisted
 * extension counts as empty.
 *
 * @since 0.1.0
 * @internal
 */

import * as SchemaObject from "../model/SchemaObject.js"
import { isBuiltInRoutine } from "./BuiltInRoutines.js"
import { type ExtensionContents as Contents, serverExtensions } from "./ServerExtensions.js"

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
  const contents = contentsByName.get(name) ?? {}
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
  words(operators).map((text) => {
    const [, left, symbol = "", right = ""] = /^(?:(.+) )?([^\w\s]+) (.+)$/.exec(text) ?? []
    return { symbol, operands: left === undefined ? [right] : [left, right] }
  })

/** The names of all listed extensions. @since 0.1.0 @category queries */
export const known = (): ReadonlyArray<string> => [...contentsByName.keys()]

const words = (text: string | undefined): ReadonlyArray<string> => text?.split(",") ?? []

/** Extensions that come from elsewhere. */
const others: Readonly<Record<string, Contents>> = {
  pg_cron: { functions: "alter_job,schedule,schedule_in_database,unschedule", relations: "job,job_run_details" },
  pg_uuidv7: { functions: "uuid_generate_v7,uuid_timestamptz_to_v7,uuid_v7_to_timestamptz" },
  pgjwt: { functions: "algorithm_sign,sign,try_cast_double,url_decode,url_encode,verify", requires: "pgcrypto" },
  postgis: {
    types: "box2d,box2df,box3d,geography,geometry,geometry_dump,gidx,spheroid,valid_detail",
    relations: "geography_columns,geometry_columns,spatial_ref_sys",
    functions:
      "addgeometrycolumn,dropgeometrycolumn,postgis_full_version,postgis_version,st_area,st_asbinary,st_asewkt,st_asgeojson,st_asmvt,st_asmvtgeom,st_astext,st_azimuth,st_boundary,st_buffer,st_centroid,st_clusterdbscan,st_collect,st_contains,st_convexhull,st_covers,st_coveredby,st_crosses,st_difference,st_disjoint,st_distance,st_distancesphere,st_dwithin,st_envelope,st_equals,st_extent,st_force2d,st_geogfromtext,st_geogfromwkb,st_geohash,st_geometryfromtext,st_geometrytype,st_geomfromewkb,st_geomfromewkt,st_geomfromgeojson,st_geomfromtext,st_geomfromwkb,st_intersection,st_intersects,st_isvalid,st_length,st_linefromtext,st_makeenvelope,st_makeline,st_makepoint,st_makepolygon,st_makevalid,st_multi,st_npoints,st_overlaps,st_perimeter,st_point,st_pointonsurface,st_polygon,st_setsrid,st_simplify,st_snaptogrid,st_srid,st_startpoint,st_tileenvelope,st_touches,st_transform,st_union,st_within,st_x,st_xmax,st_xmin,st_y,st_ymax,st_ymin"
  },
  timescaledb: { functions: "add_retention_policy,create_hypertable,drop_chunks,time_bucket" },
  vector: {
    types: "halfvec,sparsevec,vector",
    functions:
      "avg,binary_quantize,cosine_distance,inner_product,l1_distance,l2_distance,l2_norm,l2_normalize,subvector,sum,vector_dims,vector_norm"
  }
}

const contentsByName: ReadonlyMap<string, Contents> = new Map([
  ...serverExtensions.map(({ name, ...contents }): readonly [string, Contents] => [name, contents]),
  ...Object.entries(others)
])
