import { fileURLToPath } from "node:url"
import { quickpickle } from "quickpickle"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import * as Exports from "./support/repository/Exports.js"
import * as Mutants from "./support/repository/Mutants.js"
import * as OwnSqlPlugin from "./support/server/OwnSqlPlugin.js"

/** What all projects share. The global setup is not among it: each project would start a server of its own. */
const shared = {
  resolve: {
    alias: Exports.modules().map(({ file, specifier }) => ({
      find: new RegExp(`^${specifier}$`),
      replacement: fileURLToPath(new URL(`../${file}`, import.meta.url))
    }))
  },
  plugins: [OwnSqlPlugin.plugin]
}

const mutated = { ...shared, plugins: [...shared.plugins, ...Mutants.plugins(process.env["MUTANT"])] }

/** Tests that need no server. */
const pure = ["test/core/**/*.test.ts"]

/** The longest first: one of them begun last is waited for with a processor idle. Vitest begins with the largest files. */
const long = ["thereBefore", "fire", "interruptions", "processes", "outside", "crashes", "model", "windows"]

const rank = ({ moduleId }: TestSpecification): number => {
  const place = long.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
  return place === -1 ? long.length : place
}

/** Vitest's own, with the long files first. */
const LongFirst = new Proxy(BaseSequencer, {
  construct: (own, [context]) => {
    const sequencer = new own(context)
    const sort = async (files: Array<TestSpecification>) =>
      (await own.prototype.sort.call(sequencer, files)).toSorted((a, b) => rank(a) - rank(b))
    return Object.assign(sequencer, { sort })
  }
})

/** They end what hangs; what is slow because the machine is busy does not. */
const limits = { testTimeout: 300_000, hookTimeout: 300_000 }

export default defineConfig({
  ...shared,
  test: {
    globalSetup: ["test/globalSetup.ts"],
    pool: "forks",
    // A heal writes to the log, which is of interest where its test fails.
    silent: "passed-only",
    // The files of a project share two processes: most of what a file costs in one of its own is to load the library again.
    poolOptions: { forks: { minForks: 1, maxForks: 2, isolate: false } },
    sequence: { sequencer: LongFirst },
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text", "json-summary"],
      thresholds: { statements: 95 }
    },
    projects: [
      {
        ...mutated,
        test: {
          ...limits,
          name: "pure",
          include: pure,
          setupFiles: ["test/setup.ts"]
        }
      },
      {
        ...mutated,
        test: {
          ...limits,
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: [
            ...pure,
            ...["browser", "deep", "languages", "matrix", "pooler", "tools"].map((folder) => `test/${folder}/**`)
          ],
          setupFiles: ["test/setup.ts"]
        }
      },
      {
        ...mutated,
        test: {
          ...limits,
          testTimeout: 3_600_000,
          name: "deep",
          include: ["test/deep/*.test.ts"],
          setupFiles: ["test/setup.ts"]
        }
      },
      {
        ...shared,
        test: {
          ...limits,
          name: "tools",
          include: ["test/tools/*.test.ts"],
          setupFiles: ["test/setup.ts"]
        }
      },
      ...["pooler", "languages", "browser"].map((name) => ({
        ...mutated,
        test: {
          ...limits,
          name,
          include: [`test/${name}/*.test.ts`],
          globalSetup: [`test/${name}/globalSetup.ts`],
          setupFiles: ["test/setup.ts"]
        }
      })),
      {
        ...shared,
        plugins: [...shared.plugins, quickpickle({ stepTimeout: limits.testTimeout, skipTags: [], todoTags: [] })],
        test: {
          ...limits,
          name: "features",
          include: ["test/features/*.feature"],
          setupFiles: ["test/features/setup.ts"]
        }
      }
    ]
  }
})
