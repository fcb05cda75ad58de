import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, waitFor } from '../../examples/demo/parts.ts'
import { openLoadedServer } from '../fixtures/loaded-server.ts'
import { type Run, talkIn } from './talk.ts'
import { type Crew, startWorld, type World } from './world.ts'

const fixtures = join(import.meta.dirname, '../fixtures/jmeter')
let server: Awaited<ReturnType<typeof openLoadedServer>>
let world: World
let talk: ReturnType<typeof talkIn>
let first: Crew
let second: Crew

/** A generator on a machine of its own. */
const generator = (name: string) =>
  world.startWorker(`work-${name}`, { GROUNDCREW_LABELS: 'generator', GROUNDCREW_HOST: `host-${name}` })

beforeAll(async () => {
  server = await openLoadedServer()
  const dead = await freePort()
  const plan = (more: object) => ({
    environment: 'loadtest',
    target: server.url,
    connections: 4,
    rate: 200,
    for: '3s',
    generators: 2,
    ...more,
  })
  const jmeter = { engine: 'jmeter', plan: join(fixtures, 'plan.jmx'), rate: undefined, for: '2s', generators: 1 }
  world = await startWorld(() => ({
    workers: 0,
    environments: { loadtest: {} },
    sections: {
      loadtests: {
        smoke: plan({ thresholds: { p95_ms: 2000, error_percent: 5, min_throughput: 20 } }),
        strict: plan({ for: '2s', thresholds: { p95_ms: 0.01, min_throughput: 100_000, error_percent: 100 } }),
        long: plan({ for: '5m' }),
        half: plan({ for: '6s' }),
        many: plan({ generators: 3, most_generators: 3, ready_within: '2s' }),
        dead: plan({ target: `http://127.0.0.1:${dead}/`, rate: 10, for: '2s' }),
        nowhere: plan({ target: { service: 'nothing-there' } }),
        jmx: plan({ ...jmeter, jmeter: join(fixtures, 'stand-in-jmeter') }),
        broken: plan({ ...jmeter, jmeter: join(fixtures, 'stand-in-broken-jmeter') }),
        absent: plan({ ...jmeter, jmeter: 'no-such-jmeter' }),
      },
    },
  }))
  talk = talkIn(world, 'C00ROOM')
})
afterAll(async () => {
  await world.stop()
  server.close()
})

/** The number in a row of the table. */
const cell = (words: string, row: string) =>
  Number(new RegExp(`^\\W*${row}\\s+([\\d,.]+)`, 'm').exec(words)?.[1]?.replaceAll(',', ''))

async function pictureOf(run: Run): Promise<Buffer> {
  const find = async () =>
    (await talk.thread(run)).flatMap(({ files = [] }) => files).find(({ name }) => name === 'load.png')
  const file = await waitFor(find, { what: 'the picture', within: '20s' })
  const response = await fetch(new URL(file.url_private, world.slack.url), {
    headers: { authorization: 'Bearer xoxb-test' },
  })
  return Buffer.from(await response.arrayBuffer())
}

test('without any generator it fails in time, says what to do, and gives the environment back', async () => {
  const plain = await world.startWorker('work-plain')
  const run = await talk.begin('alice', 'loadtest run many')
  expect(await talk.sees(run, /^❌ \*failed\*/)).toMatch(
    /None of 3 generators was there within 2s.*Start more workers with the label ʼgeneratorʼ/,
  )
  expect(await talk.type('alice', 'locks list')).not.toContain(run.id)
  await plain.stop()
})

test('two generators load together: one table, exact counts, one picture with words for it', async () => {
  ;[first, second] = await Promise.all([generator('a'), generator('b')])
  const before = server.answered()
  const run = await talk.begin('alice', 'loadtest run smoke --for 6s')
  expect(await talk.sees(run, /generators together: .*p99/)).toMatch(/\*loading\*/)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  const answered = server.answered() - before
  expect(cell(over, 'requests')).toBeGreaterThan(answered - 10)
  expect(cell(over, 'requests')).toBeLessThanOrEqual(answered)
  expect(over).toMatch(/`load.run-1` on `host-[ab]`/)
  expect(over).toMatch(/`load.run-2` on `host-[ab]`/)
  expect(over).toContain('The first run of this plan')
  expect(over).toMatch(/✅ p95 [\d.]+ ms, at most 2,000 ms/)
  expect(over).toMatch(/`HTTP 503` \d+/)
  const picture = await pictureOf(run)
  expect(picture.subarray(1, 4).toString()).toBe('PNG')
  expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([1200, 900])
  expect(picture.length).toBeGreaterThan(10_000)
  const asked = (await world.control.log()).filter((entry) => JSON.stringify(entry).includes('getUploadURLExternal'))
  expect(JSON.stringify(asked)).toMatch(/alt_txt.*Line chart of the load test smoke/)
  expect((await talk.closing(run)).text).toMatch(/succeeded.*\n?.*requests in/s)
})

test('the next run is compared with the one before', async () => {
  const run = await talk.begin('alice', 'loadtest run smoke --generators 1 --for 2s')
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/now\s+before/)
  expect(over).toMatch(/Before: `\w+` at .*; then with 2 generators/)
})

test('missed thresholds fail it, with numbers, and the picture is there all the same', async () => {
  const run = await talk.begin('bob', 'loadtest run strict')
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(
    /2 of 3 thresholds missed: p95 [\d.]+ ms, at most 0.01 ms; throughput [\d.]+\/s, at least 100,000\/s/,
  )
  expect(over).toMatch(/✅ errors/)
  expect((await pictureOf(run)).length).toBeGreaterThan(10_000)
  // Only what failed would be no load: a retry looks for the target again, and loads with all generators.
  expect(await talk.type('alice', `runs retry ${run.id}`)).toMatch(/load.target.*load.run-1.*load.run-2.*load.report/s)
})

test('a cancel stops all generators within seconds, and says what they had measured', async () => {
  const run = await talk.begin('alice', 'loadtest run long')
  await talk.sees(run, /generators together/)
  await talk.press('alice', 'execution.cancel', run)
  const over = await talk.sees(run, /^🚫 \*canceled\*/)
  expect(over.match(/`load.run-\d` on `host-[ab]`: [\d,]+ requests in/g)).toHaveLength(2)
  const after = server.answered()
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(server.answered()).toBe(after)
})

test('what the site does not allow is refused, with what it allows', async () => {
  expect(await talk.type('alice', 'loadtest run smok')).toMatch(/smoke/)
  expect(await talk.type('alice', 'loadtest run smoke --generators 0')).toMatch(/generators/)
  expect(await talk.type('alice', 'loadtest run many --generators 4')).toContain('runs on 1 to 3 generators')
  expect(await talk.type('alice', 'loadtest run smoke --for 2h')).toContain('at most 1h')
  expect(await talk.type('alice', 'loadtest run smoke --scale')).toContain('`--scale` cannot be used')
  expect(await talk.type('eve', 'loadtest run smoke')).toMatch(/may not/i)
  expect(await talk.type('carol', 'loadtest run smoke')).toMatch(/may not/i)
  const plans = await talk.type('alice', 'loadtest plans')
  expect(plans).toMatch(/\*smoke\* in loadtest/)
  expect(plans).toContain('p95 at most 2000 ms')
})

test('with too few generators no load is made, and it says why', async () => {
  const before = server.answered()
  const run = await talk.begin('alice', 'loadtest run many')
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(/Only 2 of 3 generators were there within 2s/)
  expect(over).not.toContain('*Load test many*')
  expect(server.answered()).toBe(before)
})

test('nothing to load is said at once', async () => {
  const run = await talk.begin('alice', 'loadtest run nowhere')
  expect(await talk.sees(run, /^❌ \*failed\*/)).toContain('There is nothing to load: ʼnothing-thereʼ has no instance')
})

test('a target that answers nothing has failed the run, with what was heard instead', async () => {
  const run = await talk.begin('alice', 'loadtest run dead')
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(/Nothing was answered: connection refused \(\d\d?\)/)
  expect(over).not.toContain('p95 0')
})

test('JMeter is judged by its results: what it measured, and the first line of what went wrong', async () => {
  const run = await talk.begin('alice', 'loadtest run jmx')
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(cell(over, 'requests')).toBeGreaterThan(20)
  expect(over).toMatch(/`HTTP 503` \d+/)
  const broken = await talk.begin('alice', 'loadtest run broken')
  expect(await talk.sees(broken, /^❌ \*failed\*/)).toMatch(
    /JMeter did not work: Error in NonGUIDriver .*ForbiddenClassException/,
  )
  const absent = await talk.begin('alice', 'loadtest run absent')
  expect(await talk.sees(absent, /^❌ \*failed\*/)).toMatch(/there is no ʼno-such-jmeterʼ on the PATH/)
})

test('an engine that is killed is named, and its share is missing', async () => {
  const run = await talk.begin('alice', 'loadtest run half')
  await talk.sees(run, /2 generators together/)
  const pid = ['a', 'b'].map((name) => join(world.dir, `work-${name}/runs/${run.id}/load.run-2-1/process/pid`))
  const [group] = pid.flatMap((file) => textOf(file))
  process.kill(-Number(group), 'SIGKILL')
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/1 of 2 shares is missing/)
  expect(over).toMatch(
    /`load.run-2`: the generator on `host-[ab]` died; its share is missing. Its engine was killed after \d+ s/,
  )
  expect(over).toMatch(/Load test half\*: 1 of 2 generators/)
})

test('a worker that dies on a machine where another one lives is taken over: nothing is missing', async () => {
  const other = await generator('a')
  const run = await talk.begin('alice', 'loadtest run half')
  await talk.sees(run, /2 generators together/)
  const loads = (worker: Crew) =>
    worker
      .log()
      .split('\n')
      .some((line) => line.includes('stage started') && line.includes(run.id) && line.includes('load.run'))
  const [dead, living] = loads(first) ? [first, other] : [other, first]
  expect(loads(dead)).toBe(true)
  await dead.kill9()
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toContain('*Load test half*: 2 generators')
  expect(over).not.toContain('missing')
  expect(living.log()).toContain('"msg":"stage adopted"')
})

test('a generator whose worker and machine are gone is named, the rest is reported', async () => {
  const run = await talk.begin('alice', 'loadtest run half')
  await talk.sees(run, /2 generators together/)
  await second.kill9()
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(
    /the generator on `host-b` died; its share is missing. .*is gone. It was last heard of \d+ s after it began/,
  )
  expect(over).toMatch(/✅ `load.run-\d` on `host-a`/)
})

function textOf(file: string): string[] {
  try {
    return [readFileSync(file, 'utf8').split(/\s/)[0] ?? '']
  } catch {
    return [] // the other machine has it
  }
}
