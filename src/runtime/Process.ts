/**
 * What this process says about itself, in the events that it records and in its spans.
 *
 * @internal
 */
import { hostname } from "node:os"

/** The version of the library, as in package.json, which a bundle does not hold. @since 0.1.0 @category constants */
export const libraryVersion = "0.1.0"

/** The host and the id of the process: `web-1:4711`. @since 0.1.0 @category constants */
export const processName = `${hostname()}:${process.pid}`
