/**
 * The server tests and the features on every major version of PostgreSQL that the library supports: one run of the suite per
 * version, each on an embedded server, one after the other. Arguments go to the test runner:
 * `npm run test:matrix -- -t ledger`; `POSTGRES_VERSIONS="14 17"` chooses versions. A version of which a
 * test did not run fails, unless `-t` leaves it out.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Schema from "effect/Schema"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Each but the last is an alias in `test/matrix/package.json`; the last is what the project itself installs. */
const supported = ["14", "15", "16", "17", "18"]

const Report = Schema.parseJson(
  Schema.Struct({
    numTotalTests: Schema.Number,
    numPassedTests: Schema.Number,
    numFailedTests: Schema.Number
  })
)

interface Outcome {
  readonly version: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
  readonly isGood: boolean
}

/** For the test runner. */
const args = process.argv.slice(2)

/** The runner skips the others then. */
const picksByName = args.some((arg) => /^(-t|--testNamePattern)\b/.test(arg))

const run = (version: string, folder: string): Outcome => {
  console.log(`\n==> PostgreSQL ${version}`)
  const outputFile = path.join(folder, `${version}.json`)
  const start = Date.now()
  const { status } = spawnSync(
    process.execPath,
    [
      path.join(root, "node_modules", "vitest", "vitest.mjs"),
      ...["run", "--config", "test/vitest.config.ts", "--project", "tests", "--project", "features"],
      ...["--reporter=dot", "--reporter=json", `--outputFile=${outputFile}`],
      ...["test/server", "test/features", ...args]
    ],
    { cwd: root, stdio: "inherit", env: { ...process.env, TEST_POSTGRES_VERSION: version } }
  )
  const report = fs.existsSync(outputFile)
    ? Schema.decodeUnknownSync(Report)(fs.readFileSync(outputFile, "utf8"))
    : { numTotalTests: 0, numPassedTests: 0, numFailedTests: 0 }
  const skipped = report.numTotalTests - report.numPassedTests - report.numFailedTests
  return {
    version,
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped,
    seconds: Math.round((Date.now() - start) / 1000),
    isGood: status === 0 && report.numPassedTests > 0 && (skipped === 0 || picksByName)
  }
}

const line = ({ failed, isGood, passed, seconds, skipped, version }: Outcome): string =>
  `PostgreSQL ${version}: ${passed} passed, ${failed} failed, ${skipped} not run, in ${seconds} s${isGood ? "" : "  <- fails"}`

const chosen = process.env["POSTGRES_VERSIONS"]?.split(/[\s,]+/).filter((version) => version !== "") ?? supported
const unknown = chosen.filter((version) => !supported.includes(version))
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "effect-auto-migration-matrix-"))
try {
  if (unknown.length > 0)
    throw new Error(`There is no PostgreSQL ${unknown.join()} here, only ${supported.join(", ")}.`)
  const outcomes = chosen.map((version) => run(version, folder))
  console.log(`\n${outcomes.map(line).join("\n")}`)
  process.exitCode = outcomes.every(({ isGood }) => isGood) ? 0 : 1
} finally {
  fs.rmSync(folder, { recursive: true, force: true })
}
