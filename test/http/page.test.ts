import { describe, expect, test } from 'vitest'
import { createProgress } from '../../src/engine/progress.ts'
import { bob, judgmentStage, stage, wanted } from '../core/world.ts'
import { useRedis } from '../engine/redis.ts'
import { links, useWeb } from './web.ts'

const here = useRedis()
const web = useWeb(here)
const evil = '<script>alert(1)</script>'
const request = (id: string, change = {}) => here.store.request(wanted({ id, ...change }), id)
const key = (page: string) => links.sign('link', page, here.now() + 7_200_000)

describe('what the page of an execution says', () => {
  const asWho = { headers: { cookie: '' } }
  const opened = async (id: string, path = '') => {
    const given = (await web.get(`/runs/${id}?key=${key(`/runs/${id}`)}`)).headers.get('set-cookie') ?? ''
    asWho.headers.cookie = given.split(';')[0] ?? ''
    return (await web.get(`/runs/${id}${path}`, asWho)).text()
  }

  test('a plan of settings is there as that of Terraform, with its values as text', async () => {
    const stage = { id: 'kv.plan', kind: 'kv.plan', input: {}, after: [], onFailure: 'halt' } as const
    await request('r1', { environment: null, stages: [stage] })
    const text = `app: 1 to add.\n\n=== dc1 ===\n+ config/app/a ${JSON.stringify(evil)}\n`
    await web.parts.artifacts.of('r1').put('kv-plan.txt', Buffer.from(text))
    const worker = { id: 'w', machine: 'm', host: 'h' }
    await here.store.tell('r1', { type: 'stage.started', stage: 'kv.plan', attempt: 1, worker })
    const output = { headline: '1 to add in dc1', files: ['kv-plan.txt'], needsApply: true }
    const outcome = { kind: 'succeeded', output } as const
    await here.store.tell('r1', { type: 'stage.ended', stage: 'kv.plan', attempt: 1, outcome })
    const page = await opened('r1', '/plan')
    expect(page).toContain('1 to add in dc1')
    expect(page).toContain('<span class="create">+ config/app/a')
    expect(page).not.toContain(evil)
  })

  test('a judgment that nobody made in time expired: it was not denied', async () => {
    await request('r1', { environment: null, stages: [{ ...judgmentStage({ show: null }), after: [] }] })
    const stage = (await here.store.execution('r1'))?.stages[0]
    expect(stage?.dueAt).toBeTypeOf('number')
    here.clock.now = Number(stage?.dueAt) + 1
    await here.store.tell('r1', { type: 'judgment.due', stage: stage?.id ?? '', attempt: stage?.attempt ?? 0 })
    const page = await opened('r1')
    expect(page).toContain('<td class="state">expired</td>')
    expect(page).not.toContain('not approved')
  })

  test('what is part of another execution says of which, and its page opens for as long as this one', async () => {
    await request('p-1', { line: evil, environment: null })
    await request('r1', { parent: { execution: 'p-1', stage: 'x', attempt: 1, line: evil, actor: bob } })
    const page = await opened('r1')
    expect(page).toContain('Part of <code>&lt;script&gt;')
    const href = /class="run" href="(\/runs\/p-1\?key=[^"]+)"/.exec(page)?.[1] ?? ''
    expect((await web.get(href)).headers.get('set-cookie')).toContain('Max-Age=3600;')
    here.clock.now += 1_800_000
    expect((await web.get(href)).headers.get('set-cookie')).toContain('Max-Age=1800;')
    here.clock.now += 1_800_000
    expect((await web.get(href)).status).toBe(403)
  })

  test('what is shown in another channel is named and not opened by the link of this one', async () => {
    await request('p-1', { environment: null, origin: { channel: 'C02SECRET', via: 'slack' } })
    await request('r1', { parent: { execution: 'p-1', stage: 'x', attempt: 1, line: 'whole', actor: bob } })
    const page = await opened('r1')
    expect(page).toContain('p-1')
    expect(page).not.toContain('/runs/p-1')
  })

  test('the steps of a promotion lead to each other', async () => {
    const promotion = {
      ...{ name: 'web', first: 'r1', environments: ['loadtest', 'other'], rest: [], commit: null, tree: null },
    }
    await request('r1', { environment: null, promotion: { ...promotion, step: 1, before: [] } })
    await request('r2', { environment: null, promotion: { ...promotion, step: 2, before: ['r1'] } })
    const page = await opened('r2')
    expect(page).toMatch(
      /Step 2 of 2 of the promotion <code>web<\/code>: loadtest planning \(<a class="run" href="\/runs\/r1/,
    )
    expect(await opened('r1')).toContain('other not begun')
  })

  test('what waits says for what and until when: people, a clock, a lock', async () => {
    const judged = judgmentStage({
      ...{ count: 2, groups: [{ role: 'data', count: 1 }], instructions: `Look first. ${evil}` },
      choices: [
        { value: '10', label: 'A tenth' },
        { value: 'stop', label: 'Stop', rejects: true },
      ],
    })
    const stages = [{ ...judged, after: [] }, stage('pause', 'wait', { for: '20m', skip: ['approvers'] })]
    await request('r1', { stages })
    await request('r2', { stages })
    const page = await opened('r1')
    expect(page).toMatch(/waits for approval until 18:40 UTC \(in 1 h\)/)
    expect(page).toContain('Look first. &lt;script&gt;')
    expect(page).toContain('A tenth (10)')
    expect(page).toContain('Stop, which ends it')
    expect(page).toContain('0 of 2 approvals; missing: one of <code>data</code>')
    expect(page).toContain('but nobody who asked for it: @alice')
    expect(page).toMatch(/waits until 18:00 UTC \(in 20 m\); <code>approvers<\/code> may skip it/)
    const queued = await opened('r2')
    expect(queued).toContain('Waits for the lock of loadtest, 1. in the queue.')
    expect(queued).toContain('Held by <code>loadtest up small</code> (r1) of @alice since 17:40 UTC')
    expect(queued).not.toContain('/runs/r1')
  })

  test('what nobody takes and what nobody saw the end of stand first, and what is forgotten says so', async () => {
    const stages = [stage('one', 'terraform.apply'), stage('two', 'script')]
    await request('r1', { stages })
    const why = 'No worker has the label `gpu`.'
    await here.store.tell('r1', { type: 'stage.stuck', stage: 'two', attempt: 1, why })
    expect(await opened('r1')).toContain('waits for a worker. No worker has the label <code>gpu</code>.')
    const worker = { id: 'w', machine: 'm', host: 'h' }
    for (const name of ['one', 'two'])
      await here.store.tell('r1', { type: 'stage.started', stage: name, attempt: 1, worker })
    const done = { kind: 'succeeded', output: {} } as const
    await here.store.tell('r1', { type: 'stage.ended', stage: 'two', attempt: 1, outcome: done })
    const outcome = { kind: 'unknown', why: 'its process is gone' } as const
    await here.store.tell('r1', { type: 'stage.ended', stage: 'one', attempt: 1, outcome })
    expect(await opened('r1')).toContain('Nobody saw how <code>one</code> ended')
    const gone = await web.get(`/runs/old?key=${key('/runs/old')}`)
    expect([gone.status, await gone.text()]).toEqual([404, expect.stringContaining('no such execution (any more)')])
  })

  test('a stage that gives no sign of life says since when, and in what', async () => {
    await request('r1', { environment: null, stages: [stage('say', 'script'), stage('other', 'script')] })
    const worker = { id: 'w', machine: 'm', host: 'h' }
    for (const name of ['say', 'other'])
      await here.store.tell('r1', { type: 'stage.started', stage: name, attempt: 1, worker })
    const words = createProgress(here.redis, here.keys)
    await words.set('r1', { stage: 'say', text: `aws_instance.a: Still creating ${evil}`, at: here.now() })
    expect(await opened('r1')).not.toContain('sign of life')
    here.clock.now += 12 * 60_000
    const page = await opened('r1')
    expect(page).toContain('last sign of life 12 min ago, in aws_instance.a: Still creating &lt;script&gt;')
    expect(page).toContain('no sign of life since it began 12 min ago')
    expect(page).toContain(': ran 12 m<')
  })

  test('each failed try of a stage is named with its error, and leads to its log', async () => {
    const retried = { ...stage('say', 'script'), retry: { times: 2, wait: '10s', most: '1m' } }
    await request('r1', { environment: null, stages: [retried] })
    const worker = { id: 'w', machine: 'm', host: 'h' }
    await here.store.tell('r1', { type: 'stage.started', stage: 'say', attempt: 1, worker })
    const outcome = { kind: 'failed', error: evil } as const
    await here.store.tell('r1', { type: 'stage.ended', stage: 'say', attempt: 1, outcome })
    const page = await opened('r1')
    expect(page).toContain('try 2 of 3 at 17:40 UTC (in 10 s)')
    expect(page).toContain(
      'data-stage="say" data-attempt="1" data-says="yes" class="try">try 1</a> failed at 17:40 UTC',
    )
    expect(page).not.toContain(evil)
  })

  test('what was asked for under break glass says so, on its page and in the list', async () => {
    await request('r1', { glass: [{ id: 'bg-1', by: 'T01TEAM/U02BOB' }] })
    await request('r2')
    expect(await opened('r1')).toContain('Asked for under break glass bg-1 of @U02BOB.')
    expect(await opened('r2')).not.toContain('break glass')
    const list = await (await web.get(`/runs?key=${key('/runs')}`)).text()
    expect(list.match(/break glass/g)).toHaveLength(1)
  })
})
