import { describe, expect, test } from 'vitest'
import { createMetrics } from '../../src/engine/metrics.ts'
import { createOutbox } from '../../src/engine/outbox.ts'
import { createHints, viewQueue } from '../../src/engine/queue.ts'
import { metricsRoute } from '../../src/http/metrics.ts'
import { serve } from '../../src/http/server.ts'
import { wanted } from '../core/world.ts'
import { silent } from '../engine/quiet.ts'
import { useRedis } from '../engine/redis.ts'
import { readExposition } from './exposition.ts'
import { promtool } from './promtool.ts'
import { useWeb } from './web.ts'

const here = useRedis()
const web = useWeb(here)

async function scraped() {
  const response = await web.get('/metrics')
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4')
  const text = await response.text()
  expect(await promtool(text)).toEqual([])
  const families = readExposition(text)
  for (const { samples } of families.values()) for (const { name, value } of samples) expect(value, name).not.toBeNaN()
  return {
    families,
    value: (family: string, labels: Record<string, string> = {}, name = family) =>
      families
        .get(family)
        ?.samples.find(
          (each) => each.name === name && Object.entries(labels).every(([key, to]) => each.labels[key] === to),
        )?.value,
  }
}

describe('/metrics', () => {
  test('says how things stand: open, waiting, outbox with its age, locks and BullMQ', async () => {
    await here.store.request(wanted({ id: 'r1' }), 'one')
    await createOutbox(here.redis, here.keys, here.now).want('execution:x')
    here.clock.now += 90_000
    const hints = createHints(here.redis, here.keys, silent)
    await hints.add({ execution: 'r1', stage: 'terraform.plan', attempt: 1 }, 1)
    const { value } = await scraped()
    expect(value('groundcrew_executions_open', { command: 'loadtest up' })).toBe(1)
    expect(value('groundcrew_executions_started_total', { command: 'loadtest up' })).toBe(1)
    expect(value('groundcrew_judgments_waiting')).toBe(0)
    expect(value('groundcrew_outbox_messages')).toBe(2)
    expect(value('groundcrew_outbox_oldest_age_seconds')).toBe(90)
    expect(value('groundcrew_locks_held')).toBe(1)
    expect(value('groundcrew_metrics_complete')).toBe(1)
    expect(value('groundcrew_workers_alive')).toBe(0)
    expect(value('bullmq_job_count', { state: 'waiting' })).toBe(1)
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0)
    await hints.close()
  })

  test('escapes what stands in a label', async () => {
    const command = 'a "quoted" \\ name\nof two lines'
    await here.store.request(wanted({ id: 'r1', command }), 'one')
    expect((await scraped()).value('groundcrew_executions_open', { command })).toBe(1)
  })

  test('counts what ended, by command and outcome, with the time it took', async () => {
    await here.store.request(wanted({ id: 'r1' }), 'one')
    here.clock.now += 30_000
    const by = { kind: 'slack', team: 'T01TEAM', user: 'U01ALICE' } as const
    await here.store.tell('r1', { type: 'cancel', by, why: '', force: false })
    const { value } = await scraped()
    const of = { command: 'loadtest up', status: 'canceled' }
    expect(value('groundcrew_execution_seconds', of, 'groundcrew_execution_seconds_count')).toBe(1)
    expect(value('groundcrew_execution_seconds', of, 'groundcrew_execution_seconds_sum')).toBe(30)
    expect(value('groundcrew_stage_seconds', { kind: 'terraform.apply' }, 'groundcrew_stage_seconds_count')).toBe(1)
    expect(value('groundcrew_executions_open', { command: 'loadtest up' })).toBeUndefined()
  })

  test('counts calls to Slack, and stays in the format whatever a label holds', async () => {
    web.metrics.called('chat.postMessage', 'limited', 0.2)
    web.metrics.called('odd"\\\n', 'failed', 3)
    const { value } = await scraped()
    const name = 'groundcrew_slack_call_seconds'
    expect(value(name, { method: 'chat.postMessage', result: 'limited' }, `${name}_count`)).toBe(1)
    expect(value(name, { method: 'odd"\\\n', result: 'failed' }, `${name}_sum`)).toBe(3)
  })

  test('the outbox is young again once everything was shown', async () => {
    const outbox = createOutbox(here.redis, here.keys, here.now)
    await outbox.want('execution:x')
    here.clock.now += 5_000
    for (const wish of await outbox.claim(10)) await outbox.settle(wish)
    expect((await scraped()).value('groundcrew_outbox_oldest_age_seconds')).toBe(0)
    await outbox.want('execution:x', here.now() + 60_000)
    expect((await scraped()).value('groundcrew_outbox_messages')).toBe(0)
  })
})

test.each([
  ['hangs', () => new Promise<never>(() => {})],
  ['fails', () => Promise.reject(new Error('MOVED 7 10.0.0.3:6379'))],
])('while Redis %s the process still says what it knows, and that this is not all', async (_, standing) => {
  const { registry } = createMetrics()
  const route = metricsRoute({ parts: web.parts, metricsToken: undefined, registry, standing, queue: standing })
  const served = await serve([route], { host: '127.0.0.1', port: 0 }, silent)
  try {
    const response = await fetch(`http://127.0.0.1:${served.port}/metrics`)
    const families = readExposition(await response.text())
    expect(families.get('groundcrew_metrics_complete')?.samples[0]?.value).toBe(0)
    expect(families.has('process_cpu_seconds_total')).toBe(true)
    expect(families.has('groundcrew_locks_held')).toBe(false)
  } finally {
    await served.stop()
  }
})

test('promtool, as it is asked here, finds what is wrong', async () => {
  await expect(promtool('# HELP a_total x\n# TYPE a_total counter\na_total one\n')).rejects.toThrow(/expected float/)
  expect(await promtool('# TYPE a_total counter\na_total 1\n')).toEqual(['a_total no help text'])
})

describe('the parser of the format refuses', () => {
  const head = '# HELP a_total x\n# TYPE a_total counter\n'
  test.each([
    ['a sample without TYPE', 'a 1\n'],
    ['no line feed at the end', `${head}a_total 1`],
    ['a second sample of the same labels', `${head}a_total{b="1"} 1\na_total{b="1"} 2\n`],
    ['a family in two pieces', `${head}a_total 1\n# HELP b x\n# TYPE b gauge\nb 1\na_total{c="1"} 1\n`],
    ['a value that is none', `${head}a_total one\n`],
    ['a quote that is not escaped', `${head}a_total{b="x"y"} 1\n`],
    ['a counter without _total', '# HELP a x\n# TYPE a counter\na 1\n'],
    [
      'buckets that fall',
      '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    ],
    ['a histogram without +Inf', '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_sum 1\nh_count 2\n'],
  ])('%s', (_, text) => expect(() => readExposition(text)).toThrow())
})

test('the queue is only looked at', async () => {
  const queue = viewQueue(here.redis, here.keys, silent)
  expect(await queue.getJobCounts('waiting')).toEqual({ waiting: 0 })
  await queue.close()
})
