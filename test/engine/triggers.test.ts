import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCatalog } from '../../src/core/command.ts'
import { describeTrigger } from '../../src/core/trigger/describe.ts'
import { checkTriggerLines } from '../../src/core/trigger/line.ts'
import { type ConsulAgent, register, report, startConsulServer } from '../consul.ts'
import { entered } from './consul/two.ts'
import { useRedis } from './redis.ts'
import { commands, siteWith, useTriggerBots, type Wish } from './trigger-bot.ts'

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

const { bot, stopAll, runs, lines, begun, looked, refusals, refused, standing, wait, look } = useTriggerBots(
  here,
  () => consul.url,
)

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
    await wait('the second one', async () => (await lines()).filter((line) => line.endsWith('slow')).length === 2)
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

describe('the list', () => {
  test('says why nothing begins: what is there, what is not, and who lets it', async () => {
    const wish = {
      ready: { on: { service: 'team/web:1', tag: 'blue', dc: 'dc1' }, line: LINE },
      lost: { on: { service: 'web', dc: 'dc9' }, line: 'playbook up' },
    }
    await instance('team/web:1', 'red', { tags: ['red'] })
    await instance('team/web:1', 'sick', { tags: ['blue'], status: 'critical' })
    const members = { members: ['trigger:ready'] }
    const text = async (name: string) => describeTrigger(await standing(wish, name, members), here.clock.now).join('\n')
    expect(await text('ready')).toMatch(/\*not looked at yet\*.*\n.*last: nothing began yet/)
    bot(wish, members)
    await wait('a look', async () => /dc1, looked at/.test(await text('ready')))
    expect(await text('ready')).toMatch(/`trigger:ready`, with `machines`, which may `playbook`/)
    expect(await text('ready')).toMatch(
      /dc1, looked at .*: 1 instance of team\/web:1, 0 passing; 1 without the tag blue/,
    )
    expect(await text('lost')).toMatch(/may do nothing.*no role of the site has the member `trigger:lost`/)
    await wait('what is wrong', async () => /dc9, \*trouble\*/.test(await text('lost')))
    await instance('team/web:1', 'new', { tags: ['blue'] })
    await begun('playbook --on new')
    await stopAll()
    here.clock.now += 300_000
    expect(await text('ready')).toMatch(/\*nobody looks\* since .*\n.*dc1, looked at 5 m ago/)
    expect(await text('ready')).toMatch(/last: .*`new on web-1 in dc1` began/)
  })
})

describe('an event of Consul', () => {
  const fired = (name: string, payload: string | Uint8Array<ArrayBuffer>) =>
    fetch(`${consul.url}/v1/event/fire/${name}`, { method: 'PUT', body: payload }).then(({ ok }) =>
      expect(ok).toBe(true),
    )

  test('with anything but one plain word is refused once each, and two of the same are two', async () => {
    const wish = {
      any: { on: { event: 'deploy:web', payload: '[^]*' }, line: 'playbook --on x --version {payload}' },
    } as Wish
    bot(wish)
    await looked()
    const odd = [
      '',
      'a b',
      '"a"',
      "a'b",
      'a\nb',
      '$(id)',
      '`id`',
      '{event}',
      '--on',
      '-x',
      '.',
      'ü',
      'a\u200bb',
      '<!here>',
      'x'.repeat(220),
    ]
    for (const payload of odd) await fired('deploy:web', payload)
    await fired('deploy:web', new Uint8Array([0x61, 0x00, 0xff, 0xfe]))
    for (const payload of ['release/1.4+7', 'twice', 'twice']) await fired('deploy:web', payload)
    await begun('playbook --on x --version twice')
    await refused(odd.length + 1)
    await look()
    expect(await lines()).toEqual(
      ['release/1.4+7', 'twice', 'twice'].map((each) => `playbook --on x --version ${each}`),
    )
    expect(await refusals()).toHaveLength(odd.length + 1)
  })

  test('asks for an approval as anybody, and the next one waits in the queue of the environment', async () => {
    const wish = { up: { on: { event: 'up' }, line: 'playbook up' } }
    bot(wish)
    await looked()
    await fired('up', '')
    await fired('up', '')
    await wait('both', async () => (await runs()).length === 2)
    expect((await runs()).map(({ lock, askers }) => [lock, askers]).sort()).toEqual([
      ['held', ['trigger:up']],
      ['queued', ['trigger:up']],
    ])
    const said = describeTrigger(await standing(wish, 'up'), here.clock.now)
    expect(said.join('\n')).toMatch(/last: .*`event up` began `\w+` \*(queued|running)\*; .*`event up` began/)
    expect(said.join('\n')).toMatch(/events, looked at .*: 2 events up that our agent remembers/)
  })

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
    bot(wish, { members: ['webhook:ready', 'trigger:other'] })
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
    ['playbook --of web', /--of/],
    ['playbook web now', /now/],
  ])('the line %s', (line, reason) => {
    const site = siteWith({ bad: { on: { service: 'web' }, line } })
    expect(() => checkTriggerLines(site, createCatalog(commands, site))).toThrow(reason)
  })
})
