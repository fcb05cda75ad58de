import { delimiter, join } from 'node:path'
import { defineConfig } from 'vitest/config'

// biome-ignore-start lint/style/noProcessEnv: the one place where the test run itself is set up
const path = process.env.PATH ?? ''
/** Where `.ci/run` wants the counts, as JSON. */
const report = process.env.GROUNDCREW_TEST_REPORT
// biome-ignore-end lint/style/noProcessEnv: see above

/** As in script/env.sh, so that `npx vitest` finds the same programs as script/test. */
const tools = ['.tools/bin', 'node_modules/.bin'].map((folder) => join(import.meta.dirname, folder))

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    env: { PATH: [...tools, path].join(delimiter) },
    // Real programs on small machines: three files at a time, since much of each is waiting, and patience.
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...(report ? { reporters: ['default', 'json'], outputFile: { json: report } } : {}),
  },
})
