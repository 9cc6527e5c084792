/**
 * Registers the steps: once for all feature files of a process, which runs this file before each of them.
 */
import { afterAll } from "vitest"
import * as OwnSqlWatch from "../support/server/OwnSqlWatch.js"
import "./steps.js"

OwnSqlWatch.begin()
afterAll(OwnSqlWatch.check)
