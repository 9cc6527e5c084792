/**
 * The folder of a test run, which all its processes share and which is gone at its end.
 */

/** The environment variable that names it. */
export const variable = "EFFECT_AUTO_MIGRATION_TEST_FOLDER"

/** Of the run that this process belongs to, if it does. */
export const folder = (): string | undefined => process.env[variable]
