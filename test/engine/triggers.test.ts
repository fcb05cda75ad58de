import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { command, createCatalog, z } from '../../src/core/command.ts'
import { siteSchema } from '../../src/core/site.ts'
import { checkTriggerLines } from '../../src/core/trigger/line.ts'
import type { triggerSettings } from '../../src/core/trigger/settings.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createCrew } from '../../src/engine/crew.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import { createTriggers } from '../../src/engine/triggers.ts'
import { ansible, stageKinds } from '../../src/stages/index.ts'
import { auditOf } from '../audit/redis.ts'
import { type ConsulAgent, register, report, startConsulServer } from '../consul.ts'
import { written } from '../core/sample-site.ts'
import { entered } from './consul/two.ts'
import { silent, useRedis } from './redis.ts'

const here = useRedis()
const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-triggers-'))
let consul: ConsulAgent
beforeAll(async () => {
  consul = await startConsulServer({ dir: join(scratch, 'consul') })
})
afterAll(async () => {
  await consul.kill9()
  rmSync(scratch, { recursive: true, force: true })
})

const running: { stop(): Promise<void> }[] = []
const stopAll = async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()))
}
afterEach(stopAll)

const allow = ['machines', 'engineers'] as [string, ...string[]]
const args = z.object({ on: z.string().optional(), version: z.string().optional() })
const playbook = (play: string) =>
  command({
    ...{ summary: 'x', examples: [], allow, args, unsafe: 'A test.' },
    stages: () => [ansible({ playbook: play })],
  })
const commands = [
  { name: 'playbook web', command: playbook('web') },
  { name: 'playbook', command: playbook('web') },
  {
    name: 'look',
    command: command({ summary: 'x', examples: [], allow: ['everyone'], answer: async () => ({ text: 'seen' }) }),
  },
]

type Wish = Record<string, z.input<typeof triggerSettings>>

function siteWith(triggers: Wish, members: string[] = Object.keys(triggers).map((name) => `trigger:${name}`)) {
  return siteSchema.parse({
    ...written,
    roles: { ...written.roles, machines: { members, may: [{ commands: ['playbook*'] }] } },
    playbooks: { web: { playbook: 'web.yml', service: 'web' } },
    triggers,
  })
}

/** A bot's part that looks for what happens; those of one test share Redis. */
function bot(triggers: Wish, members?: string[]) {
  const site = siteWith(triggers, members)
  const { store, now, redis, keys } = here
  const parts: CrewParts = {
    ...{ store, site, now, kinds: stageKinds, kick: () => {}, audit: auditOf(here) },
    catalog: createCatalog(commands, site),
    groups: async () => new Map(),
    artifacts: createArtifacts(redis, keys, '0'.repeat(64)),
    consul: { address: consul.url },
  }
  const looks = createTriggers({ ...parts, redis, keys, log: silent }, createCrew(parts))
  running.push(looks)
  return looks
}

/** By their lines: the clock of the test stands still, so that none is the older one. */
const runs = async () =>
  (await here.store.list({ limit: 20 })).toSorted((one, other) => (one.line < other.line ? -1 : 1))
const lines = async () => (await runs()).map(({ line }) => line)
const begun = (line: string) => waitFor(async () => (await lines()).includes(line), { what: line, within: '30s' })
const looked = (count = 1) =>
  waitFor(async () => (await here.redis.scard(here.keys.triggersBegun)) === count, {
    what: 'a first look',
    within: '30s',
  })
const refusals = async () =>
  (await auditOf(here).find({ limit: 50 })).flatMap(({ entry }) => (entry.kind === 'refused' ? [entry] : []))
const refused = () =>
  waitFor(async () => (await refusals()).length > 0, { what: 'a refusal in the audit', within: '30s' })

/** An instance of its own service, straight in the catalog. */
const instance = (service: string, id: string, { status = 'passing', tags = [] as string[], node = 'web-1' } = {}) =>
  entered(consul, {
    ...{ node, address: '10.0.0.7', service: { id, name: service, tags } },
    check: { id: `check-${id}`, status },
  })
const gone = (id: string, node = 'web-1') => consul.json('PUT', '/v1/catalog/deregister', { Node: node, ServiceID: id })

const LINE = 'playbook --on {id}'

describe('a service that appears', () => {
  test('starts one execution with two bots, and a restart does not start it again', async () => {
    const wish = {
      ready: { on: { service: 'one' }, line: 'playbook --on {node}-{id}-{address}-{dc}', channel: 'ops' },
    }
    await instance('one', 'old')
    bot(wish)
    bot(wish)
    await looked()
    await instance('one', 'new')
    await begun('playbook --on web-1-new-10.0.0.7-dc1')
    await stopAll()
    bot(wish)
    await instance('one', 'next')
    await begun('playbook --on web-1-next-10.0.0.7-dc1')
    expect(await runs()).toMatchObject([
      {
        line: 'playbook --on web-1-new-10.0.0.7-dc1',
        actor: { kind: 'trigger', name: 'ready' },
        askers: ['trigger:ready'],
        origin: { channel: 'C01OPS', via: 'trigger' },
      },
      { line: 'playbook --on web-1-next-10.0.0.7-dc1' },
    ])
  })

  test('is one that passes; a check that flaps is none, one that is registered anew is another one', async () => {
    bot({ ready: { on: { service: 'two' }, line: LINE } })
    await looked()
    await instance('two', 'slow', { status: 'critical' })
    await instance('two', 'quick')
    await begun('playbook --on quick')
    expect(await lines()).toEqual(['playbook --on quick'])
    await instance('two', 'slow')
    await begun('playbook --on slow')
    for (const status of ['critical', 'passing']) {
      await instance('two', 'slow', { status })
      await instance('two', `after-${status}`)
      await begun(`playbook --on after-${status}`)
    }
    expect((await lines()).filter((line) => line.endsWith('slow'))).toHaveLength(1)
    await gone('slow')
    await instance('two', 'slow')
    await waitFor(async () => (await lines()).filter((line) => line.endsWith('slow')).length === 2, {
      what: 'the second one',
      within: '30s',
    })
  })

  test('counts from the first look where the site says so, and only with its tag', async () => {
    await register(consul, { id: 'three', tags: ['blue'] })
    await instance('three', 'red', { tags: ['red'] })
    bot({ ready: { on: { service: 'three', tag: 'blue', dc: 'dc1' }, line: LINE, existing: true } })
    await begun('playbook --on three')
    await report(consul, 'service:three', 'critical')
    await report(consul, 'service:three', 'passing')
    await instance('three', 'last', { tags: ['blue'] })
    await begun('playbook --on last')
    expect(await lines()).toEqual(['playbook --on last', 'playbook --on three'])
  })

  test('is not asked for twice by a bot that died before it wrote it down', async () => {
    const wish = { ready: { on: { service: 'four' }, line: LINE } }
    bot(wish)
    await looked()
    await instance('four', 'once')
    await begun('playbook --on once')
    await stopAll()
    const [key = ''] = await here.redis.smembers(here.keys.triggersBegun)
    await here.redis.del(key, ...(await here.redis.keys(here.keys.seen('trigger:*'))))
    bot(wish)
    await instance('four', 'then')
    await begun('playbook --on then')
    expect(await lines()).toEqual(['playbook --on once', 'playbook --on then'])
  })

  test('stays known for as long as it is there', async () => {
    const wish = { ready: { on: { service: 'five' }, line: LINE } }
    await instance('five', 'old')
    bot(wish)
    await looked()
    await stopAll()
    here.clock.now += 40 * 86_400_000
    bot(wish)
    await instance('five', 'new')
    await begun('playbook --on new')
    await instance('five', 'then')
    await begun('playbook --on then')
    expect(await lines()).toEqual(['playbook --on new', 'playbook --on then'])
  })
})

describe('an event of Consul', () => {
  const fired = (name: string, payload: string) =>
    fetch(`${consul.url}/v1/event/fire/${name}`, { method: 'PUT', body: payload }).then(({ ok }) =>
      expect(ok).toBe(true),
    )

  test('starts one execution with two bots, and what comes with it has to fit', async () => {
    const wish = {
      shout: { on: { event: 'release', payload: '[0-9.]+' }, line: 'playbook --on {event} --version {payload}' },
    }
    await fired('release', '0.9')
    bot(wish)
    bot(wish)
    await looked()
    await fired('release', '1.0')
    await begun('playbook --on release --version 1.0')
    await fired('release', '1.1 --on all')
    await refused()
    await fired('releases', '1.2')
    await fired('release', '1.3')
    await begun('playbook --on release --version 1.3')
    expect((await lines()).map((line) => line.slice(-3))).toEqual(['1.0', '1.3'])
    expect(await refusals()).toMatchObject([{ who: 'trigger:shout', via: 'trigger' }])
  })
})

describe('what is refused', () => {
  test('is in the audit once, and is not tried again', async () => {
    const wish = { ready: { on: { service: 'six' }, line: LINE } }
    bot(wish, ['webhook:ready', 'trigger:other'])
    await looked()
    await instance('six', 'a')
    await refused()
    await stopAll()
    bot(wish)
    await instance('six', 'b')
    await begun('playbook --on b')
    expect(await lines()).toEqual(['playbook --on b'])
    expect(await refusals()).toMatchObject([
      { who: 'trigger:ready', via: 'trigger', line: 'playbook --on a', why: expect.stringMatching(/You may not run/) },
    ])
  })

  test.each([
    ['a space', 'a b', LINE, /no plain word/],
    ['a flag', '--help', LINE, /no plain word/],
    ['another command', 'web', 'playbook {id}', /another command/],
  ])('a name with %s', async (_what, id, line, why) => {
    bot({ ready: { on: { service: 'seven' }, line } })
    await looked()
    await instance('seven', id)
    await refused()
    await gone(id)
    expect(await runs()).toEqual([])
    expect(await refusals()).toMatchObject([{ who: 'trigger:ready', why: expect.stringMatching(why) }])
  })

  test.each([
    ['a value that there is not', { on: { service: 'web' }, line: 'playbook {event}' }, /takes \{event\}/],
    ['a payload without a pattern', { on: { event: 'x' }, line: 'playbook {payload}' }, /on\.payload/],
    ['a brace', { on: { service: 'web' }, line: 'playbook {' }, /a brace/],
    ['a channel', { on: { service: 'web' }, line: 'playbook', channel: 'nowhere' }, /nowhere/],
    [
      'two things at once',
      { on: { service: 'web', event: 'x' }, line: 'playbook' },
      /expected \{ service, tag\?, dc\? \} or/,
    ],
    ['an unknown field', { on: { service: 'web' }, line: 'playbook', every: '1m' }, /every/],
  ])('a site with %s', (_what, trigger, reason) => {
    expect(() => siteWith({ bad: trigger } as Wish)).toThrow(reason)
  })

  test.each([
    ['{node} playbook', /begins with no command/],
    ['look', /only answers/],
  ])('the line %s', (line, reason) => {
    const site = siteWith({ bad: { on: { service: 'web' }, line } })
    expect(() => checkTriggerLines(site, createCatalog(commands, site))).toThrow(reason)
  })
})
