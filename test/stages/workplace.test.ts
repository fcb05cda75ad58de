import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { RunContext } from '../../src/core/workflow.ts'
import { workplace } from '../../src/stages/workplace.ts'
import { run } from '../../src/tools/run.ts'
import { site } from '../core/sample-site.ts'

const directory = mkdtempSync(join(tmpdir(), 'groundcrew-workplace-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** A stage that somebody has asked to cancel. */
function canceled(adopted: boolean): RunContext {
  const settings = site.environments.loadtest
  if (!settings) throw new Error('The sample site has no loadtest.')
  const inherit = { PATH: process.env.PATH ?? '', HOME: directory }
  const environment = { ...settings, name: 'loadtest', terraform: 'terraform' }
  const given = { directory, environment, inherit, passed: {}, secrets: [], adopted, run, signal: AbortSignal.abort() }
  return given as unknown as RunContext
}

test('a cancel calls off what has not begun, and keeps nobody from going on with what was adopted', async () => {
  await expect(workplace(canceled(false), async () => {})).rejects.toThrow(/called off/)
  expect((await workplace(canceled(true), async () => {})).version).toMatch(/^\d+\./)
})
