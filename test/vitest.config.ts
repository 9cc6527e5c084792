import { fileURLToPath } from "node:url"
import { quickpickle } from "quickpickle"
import { defineConfig } from "vitest/config"
import * as Exports from "./support/Exports.js"
import * as Mutants from "./support/Mutants.js"

/** What all projects share. The global setup is not among it: each project would start a server of its own. */
const shared = {
  resolve: {
    alias: Exports.modules().map(({ file, specifier }) => ({
      find: new RegExp(`^${specifier}$`),
      replacement: fileURLToPath(new URL(`../${file}`, import.meta.url))
    }))
  }
}

/** They end what hangs; what is slow because the machine is busy does not. */
const limits = { testTimeout: 120_000, hookTimeout: 120_000 }

export default defineConfig({
  ...shared,
  test: {
    globalSetup: ["test/globalSetup.ts"],
    pool: "forks",
    poolOptions: { forks: { minForks: 1, maxForks: 2 } },
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text", "json-summary"],
      thresholds: { statements: 95 }
    },
    projects: [
      {
        ...shared,
        plugins: [...Mutants.plugins(process.env["MUTANT"])],
        test: {
          ...limits,
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: ["deep", "languages", "matrix", "pooler", "tools"].map((folder) => `test/${folder}/**`),
          setupFiles: ["test/setup.ts"]
        }
      },
      {
        ...shared,
        plugins: [...Mutants.plugins(process.env["MUTANT"])],
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
      ...["pooler", "languages"].map((name) => ({
        ...shared,
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
        plugins: [quickpickle({ stepTimeout: limits.testTimeout, skipTags: [], todoTags: [] })],
        test: {
          ...limits,
          name: "features",
          include: ["test/features/*.feature"],
          setupFiles: ["test/features/steps.ts"]
        }
      }
    ]
  }
})
