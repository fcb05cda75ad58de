import { describe, expect, test } from 'vitest'
import type { Execution, StageRun } from '../../../src/core/execution.ts'
import { newExecution } from '../../../src/core/execution.ts'
import { planStages } from '../../../src/core/planning.ts'
import { serviceSettings } from '../../../src/core/release/settings.ts'
import { retryOf } from '../../../src/core/retry.ts'
import type { Fields, Outcome } from '../../../src/core/workflow.ts'
import { closingReply, executionMessage } from '../../../src/slack/messages.ts'
import { blueGreen, stageKinds } from '../../../src/stages/index.ts'
import { environment, site as sample } from '../../core/sample-site.ts'
import { HOSTILE } from '../reading.ts'
import { START, up } from '../scenes.ts'
import { complaints, textsOf } from '../validate.ts'

const web = serviceSettings.parse({
  image: 'app',
  environments: ['loadtest'],
  count: 'app_count',
  owns: ['web["{version}/*"]'],
})
const site = { ...sample, services: { web } }
const stages = planStages(blueGreen({ service: 'web', version: '2.0' }, { site, environment }), stageKinds, {
  site,
  environment,
})

const choose: Fields = {
  service: 'web',
  image: 'app',
  environment: 'shop',
  version: '2.0',
  old: '1.0',
  needed: true,
  stands: false,
  inService: ['1.0'],
  oldSince: START,
  oldBy: 'T01TEAM/U01ALICE',
  artifacts: ['null.app: app-2.0.tgz'],
}

type Ends = Readonly<Record<string, StageRun['state']>>

/** A release of which these stages have come so far. */
function release(ends: Ends, chosen: Fields = {}, over: Partial<Execution> = {}): Execution {
  const execution = newExecution({ ...up, line: 'deploy web 2.0 --to shop', lifetime: null, stages }, START)
  const all: Ends = { 'release.choose': 'succeeded', ...ends }
  const told = execution.stages.map((each): StageRun => {
    const state = all[each.id]
    if (!state) return each
    const output = each.id === 'release.choose' ? { ...choose, ...chosen } : {}
    const outcome: Outcome =
      state === 'failed' ? { kind: 'failed', error: 'it is sick', output } : { kind: 'succeeded', output }
    return {
      ...each,
      state,
      attempt: 1,
      startedAt: START,
      endedAt: state === 'running' ? null : START,
      outcome: state === 'running' ? null : outcome,
    }
  })
  return { ...execution, status: 'running', stages: told, ...over }
}

const words = ({ blocks = [] }: ReturnType<typeof executionMessage>) => blocks.flatMap(textsOf).join('\n')
const shown = (execution: Execution) => words(executionMessage({ execution, environment: null, progress: [] }))
const ended = (status: 'failed' | 'canceled') => ({ status, endedAt: START + 1000 })
const done = (...ids: string[]): Ends => Object.fromEntries(ids.map((id) => [id, 'succeeded' as const]))
const toGate = done('terraform.plan', 'judgment', 'terraform.apply')
const toSwitch = { ...toGate, ...done('gate', 'switch') }

describe('what is live, before and after', () => {
  test.each<[string, Execution, RegExp]>([
    ['before anything', release(done('terraform.plan')), /🟢 `1\.0` is live in shop\.$/m],
    [
      'while it is applied',
      release({ ...done('terraform.plan', 'judgment'), 'terraform.apply': 'running' }),
      /how far `2\.0` is, Terraform knows/,
    ],
    [
      'in the gate',
      release({ ...toGate, gate: 'running' }),
      /`1\.0` is live in shop; `2\.0` stands beside it, out of service\./,
    ],
    [
      'after the switch',
      release({ ...toSwitch, drain: 'running' }),
      /`2\.0` is live in shop; `1\.0` stands beside it, out of service\./,
    ],
    [
      'after the removal',
      release({ ...toSwitch, ...done('drain', 'remove.plan', 'remove.judgment', 'remove.apply') }),
      /`2\.0` is live in shop; `1\.0` is removed\./,
    ],
    [
      'the first one',
      release({ ...toGate, gate: 'running' }, { old: '', inService: [] }),
      /Nothing is live in shop yet; `2\.0` stands beside it/,
    ],
    [
      'back in service',
      release({ ...toGate, gate: 'failed', ...done('return.restore') }),
      /Returned to\* `1\.0`; `2\.0` still stands beside it/,
    ],
    [
      'all taken back',
      release(
        { ...toGate, gate: 'failed', ...done('return.restore', 'return.plan', 'return.apply') },
        {},
        ended('failed'),
      ),
      /Returned to\* `1\.0`; `2\.0` is removed\./,
    ],
    [
      'a first one taken back',
      release({ ...toGate, gate: 'failed', ...done('return.restore', 'return.apply') }, { old: '' }),
      /Taken back\*: nothing of web is live; `2\.0` is removed/,
    ],
    [
      'a switch that nobody saw succeed',
      release({ ...toGate, ...done('gate'), switch: 'failed' }),
      /whether it is in service, Consul knows/,
    ],
    ['live already', release({}, { needed: false, old: '' }), /🟢 `2\.0` is live in shop already; nothing was run\./],
  ])('%s', (_, execution, said) => {
    expect(shown(execution)).toMatch(said)
  })
})

describe('where it ended halfway, it says how to go on and how to go back', () => {
  test.each<[string, Execution, RegExp]>([
    [
      'canceled in the gate',
      release({ ...toGate, gate: 'canceled' }, {}, ended('canceled')),
      /Finish it: `deploy web 2\.0 --to shop`\. Take it away: `deploy web 1\.0 --to shop`/,
    ],
    [
      'canceled after the switch',
      release({ ...toSwitch, drain: 'canceled' }, {}, ended('canceled')),
      /Finish it: `deploy web 2\.0 --to shop`\. Go back: `deploy web 1\.0 --to shop`/,
    ],
    [
      'a return that did not end',
      release(
        { ...toGate, gate: 'failed', ...done('return.restore', 'return.plan'), 'return.apply': 'failed' },
        {},
        ended('failed'),
      ),
      /Finish the return: `deploy web 1\.0 --to shop`/,
    ],
  ])('%s', (_, execution, said) => {
    expect(shown(execution)).toMatch(said)
    const closing = closingReply({ execution, environment: null, progress: [] })
    expect(closing && words(closing)).toMatch(said)
  })

  test('and nothing of the sort before anything was made', () => {
    expect(shown(release(done('terraform.plan'), {}, ended('canceled')))).not.toContain('Finish')
  })
})

test('the stages of the way back are shown only when it is gone', () => {
  expect(shown(release({ ...toGate, gate: 'running' }))).not.toContain('return.')
  expect(shown(release({ ...toGate, gate: 'failed', 'return.restore': 'running' }))).toMatch(
    /▶️ `return\.restore` running/,
  )
})

test('what an approval sets going is said where it is asked', () => {
  const waiting = release(done('terraform.plan'))
  const asked = waiting.stages.map((each) =>
    each.id === 'judgment' ? { ...each, state: 'waiting' as const, startedAt: START, dueAt: START + 1 } : each,
  )
  expect(shown({ ...waiting, stages: asked })).toMatch(
    /What an approval sets going\*\n1\. Gate: [\s\S]*2\. Switch[\s\S]*4\. Removal of the old group, without asking again/,
  )
})

/** The message while its judgment is waited for. */
function asking(chosen: Fields): string {
  const waiting = release(done('terraform.plan'), chosen)
  const asked = waiting.stages.map((each) =>
    each.id === 'judgment' ? { ...each, state: 'waiting' as const, startedAt: START, dueAt: START + 1 } : each,
  )
  return shown({ ...waiting, stages: asked })
}

test.each<[string, Fields, RegExp]>([
  ['back to what serves', {}, /5\. If any of this fails: back to 1\.0 first, then 2\.0 is removed/],
  ['to nothing', { old: '', inService: [] }, /5\. If any of this fails: 2\.0 is removed again, and nothing is live/],
  ['nowhere', { inService: ['2.0'], mayReturn: false }, /5\. If any of this fails: all stays as it is/],
])('where a failure leads is said as it stands: %s', (_, chosen, said) => {
  expect(asking(chosen)).toMatch(said)
})

test.each<[string, Fields, RegExp]>([
  ['the first of all', { old: '', first: true }, /`2\.0`, the first one there/],
  ['the first after a destroy', { old: '', first: false }, /`2\.0`, nothing is live there now/],
  ['on a good base', { base: 'base 1.0' }, /On the base `base 1\.0`$/m],
  ['on a base that was marked bad', { base: 'base 1.0', baseBad: true }, /⚠️ On the base `base 1\.0` \(marked bad\)/],
])('before the buttons it says what comes: %s', (_, chosen, said) => {
  expect(asking(chosen).split('may approve')[0]).toMatch(said)
})

test('what is live already and does not pass is not called live', () => {
  const said = shown(release({}, { needed: false, old: '', passing: 0, wanted: 2 }))
  expect(said).toMatch(/⚠️ Terraform has `2\.0` in shop, and 0 of 2 instances pass in Consul; nothing was run\./)
  expect(said).not.toContain('🟢')
})

test('names from outside format nothing, and the message stays valid', () => {
  const execution = release(toGate, {
    service: HOSTILE,
    environment: HOSTILE,
    version: HOSTILE,
    old: HOSTILE,
    artifacts: [HOSTILE],
  })
  const message = executionMessage({ execution, environment: null, progress: [] })
  expect(complaints(message)).toEqual([])
  expect(words(message)).not.toContain('<!channel>')
})

describe('a retry of a release', () => {
  test('that was taken back does all of it again, the way back included', () => {
    const execution = release(
      { ...toGate, gate: 'failed', ...done('return.restore', 'return.apply') },
      {},
      ended('failed'),
    )
    expect(retryOf(execution).stages.map(({ id }) => id)).toEqual(stages.map(({ id }) => id))
  })

  test('that was canceled in the gate chooses and plans anew, and can still go back', () => {
    const { stages: again } = retryOf(release({ ...toGate, gate: 'canceled' }, {}, ended('canceled')))
    expect(again.map(({ id }) => id)).toEqual(stages.map(({ id }) => id))
    expect(again.find(({ id }) => id === 'return.restore')?.recovers).toEqual([
      'terraform.apply',
      'gate',
      'switch',
      'drain',
    ])
  })
})
