import { describe, expect, test } from 'vitest'
import { newEnvironment } from '../../src/core/environment.ts'
import { newExecution } from '../../src/core/execution.ts'
import type { Home } from '../../src/slack/messages/home.ts'
import { homeBlocks } from '../../src/slack/messages/home.ts'
import { judgmentStage, START, wanted } from '../core/world.ts'

const run = (id: string) => newExecution(wanted({ id, line: `loadtest up ${id} <!channel>` }), START)
const waiting = (id: string) => {
  const execution = newExecution(wanted({ id, stages: [judgmentStage()] }), START)
  const [stage] = execution.stages
  if (!stage) throw new Error('no stage')
  return { run: execution, stage: { ...stage, state: 'waiting' as const, startedAt: START, dueAt: START + 3_600_000 } }
}

const empty: Home = {
  ...{
    judgments: [],
    mine: [],
    environments: null,
    alerts: null,
    commands: [],
    now: START,
    currency: 'USD',
    mayList: false,
  },
  pageAt: () => null,
}
const wordsOf = (home: Home) => JSON.stringify(homeBlocks(home).blocks)

describe("somebody's home", () => {
  test('stays within the limits of Slack, however much there is, and loses no button of what it shows', () => {
    const many = Array.from({ length: 300 }, (_, at) => `r${at}`)
    const { blocks } = homeBlocks({
      ...empty,
      judgments: many.map(waiting),
      mine: many.map(run),
      environments: many.map(newEnvironment),
      commands: many.map((name) => ({ name, summary: 'x'.repeat(300) })),
    })
    expect(blocks.length).toBeLessThanOrEqual(100)
    const texts = blocks.flatMap((block) =>
      'text' in block && block.text ? [(block.text as { text: string }).text.length] : [],
    )
    expect(Math.max(...texts)).toBeLessThanOrEqual(3000)
    expect(blocks.filter(({ type }) => type === 'actions')).toHaveLength(30)
    expect(JSON.stringify(blocks)).toContain('+270 more')
  })

  test('asks first for what expires first, with what people should look at', () => {
    const [later, sooner] = [waiting('later'), waiting('sooner')]
    const stage = {
      ...sooner.stage,
      dueAt: START + 60_000,
      input: { ...sooner.stage.input, instructions: 'Look *first*.' },
    }
    const words = wordsOf({ ...empty, judgments: [later, { ...sooner, stage }] })
    expect(words.indexOf('sooner')).toBeGreaterThan(0)
    expect(words.indexOf('sooner')).toBeLessThan(words.indexOf('later'))
    expect(words).toContain('📋 Look')
  })

  test('names settings that are frozen, since nothing else says why what changes them waits', () => {
    const by = { kind: 'slack', team: 'T01TEAM', user: 'U02BOB' } as const
    const freeze = { by, at: START, until: START + 3_600_000, why: 'a launch' }
    const settings = [{ ...newEnvironment('kv:app'), freeze }, newEnvironment('kv:calm')] as const
    const words = wordsOf({ ...empty, environments: [], settings: settings as never })
    expect(words).toContain('kv:app')
    expect(words).toContain('a launch')
    expect(words).not.toContain('kv:calm')
  })

  test('says nothing of what its person may not see', () => {
    const words = wordsOf(empty)
    for (const hidden of ['Environments', 'Alerts', 'All executions']) expect(words).not.toContain(hidden)
    expect(words).toContain('Nothing waits for you')
  })

  test('mentions nobody by what somebody typed, and links to pages where there are any', () => {
    const words = wordsOf({ ...empty, mine: [run('r1')], pageAt: (path) => `https://crew${path}?key=k`, mayList: true })
    expect(words).not.toContain('<!channel>')
    expect(words).toContain('<https://crew/runs/r1?key=k|r1>')
    expect(words).toContain('<https://crew/runs?key=k|All executions>')
  })

  test('says what is worked on in words, and what was asked for under break glass', () => {
    const glass = [{ id: 'bg-1', by: 'T01TEAM/U02BOB' }]
    const words = wordsOf({ ...empty, mine: [{ ...run('r1'), environment: 'kv:app', glass }, run('r2')] })
    expect(words).toContain('on the settings app, 🔓 under break glass')
    expect(words.match(/break glass/g)).toHaveLength(1)
  })
})
