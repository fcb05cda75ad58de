import { delimiter, join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// biome-ignore-start lint/style/noProcessEnv: the one place where the test run itself is set up
const path = process.env.PATH ?? ''
/** Where `.ci/run` wants the counts, as JSON. */
const report = process.env.GROUNDCREW_TEST_REPORT
// biome-ignore-end lint/style/noProcessEnv: see above

/** As in script/env.sh, so that `npx vitest` finds the same programs as script/test. */
const tools = ['.tools/bin', 'node_modules/.bin'].map((folder) => join(import.meta.dirname, folder))

/** The longest, though not the largest files: whatever runs last runs alone. */
const FIRST = ['kill/kill', 'stacks/loadtest-interrupted', 'e2e/deploy-stops', 'e2e/release-again', 'e2e/hanging']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isFirst = ({ moduleId }: TestSpecification) =>
      FIRST.some((name) => moduleId.endsWith(`/test/${name}.test.ts`))
    const sorted = await super.sort(files)
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))]
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    env: { PATH: [...tools, path].join(delimiter) },
    // Real programs on small machines: five files at a time, since much of each is waiting, and patience.
    pool: 'forks',
    maxWorkers: 5,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...(report ? { reporters: ['default', 'json'], outputFile: { json: report } } : {}),
  },
})
