import { expect, test } from 'vitest'
import { serviceSettings } from '../../src/core/release/settings.ts'
import type { Fields, RunContext } from '../../src/core/workflow.ts'
import { comparison } from '../../src/stages/plan-input.ts'
import { releaseFields } from '../../src/stages/release-groups.ts'
import { releaseSwitch } from '../../src/stages/release-switch.ts'
import { environment, site as sample } from '../core/sample-site.ts'

const web = serviceSettings.parse({ image: 'app', environments: [environment.name], count: 'app_count' })
const site = { ...sample, services: { web } }

const outputs: Record<string, Fields> = {
  'terraform.plan': { digest: 'd1' },
  'release.choose': { image: 'app', environment: environment.name, version: '2.0', old: '1.0' },
}

/** As much of a context as is looked at before anything is done; the port is one where nothing listens. */
function contextWith(approved: readonly string[]): RunContext {
  const context = {
    inherit: { CONSUL_HTTP_ADDR: 'http://127.0.0.1:1' },
    output: (stage: string) => outputs[stage],
    approved: () => approved,
  }
  return context as unknown as RunContext
}

const fields = releaseFields({ service: 'web' }, { site, environment })

test.each([
  ['nobody approved', []],
  ['another plan was approved', ['d0']],
  ['one of two approvals was of another plan', ['d1', 'd0']],
])('traffic is not switched where %s', async (_, approved) => {
  expect(await releaseSwitch.run?.(fields, contextWith(approved))).toEqual({
    kind: 'failed',
    error: 'Nobody approved that 2.0 takes over; nothing was switched.',
  })
})

test('where this plan was approved it goes on, here to a Consul that does not answer', async () => {
  await expect(releaseSwitch.run?.(fields, contextWith(['d1']))).rejects.toThrow(/Consul at .* does not answer/)
})

test('a plan of a release costs what both groups cost while they stand beside each other', () => {
  const prices = { app_count: 0.1 }
  const values = (live_version: string, next_version: string) => ({ app_count: 3, live_version, next_version })
  const live = { size: null, kept: {}, execution: 'r0', at: 1, since: 1, variables: values('1.0', '') }
  const planned = { size: null, kept: {}, destroy: false, refreshOnly: false, imports: null, ref: null, tree: null }
  const both = comparison({ ...planned, variables: values('1.0', '2.0') }, { ...environment, prices }, live, site)
  expect(both).toMatchObject({ rate: 0.6, cost: { before: 0.3, after: 0.6 } })
})
