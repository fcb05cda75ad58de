import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import type { AlertGroup, AlertNote } from '../../src/core/alert.ts'
import type { Effect } from '../../src/core/event.ts'
import { siteSchema } from '../../src/core/site.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createBudgets } from '../../src/engine/budgets.ts'
import { createOutbox, type Outbox } from '../../src/engine/outbox.ts'
import { createStore } from '../../src/engine/store.ts'
import { createClients, createPoster } from '../../src/slack/post.ts'
import { written } from '../core/sample-site.ts'
import { silent } from '../engine/quiet.ts'
import { brisk, type Rig, startRig } from '../outbox/rig.ts'
import { acknowledgement, alert, burst, group, note } from './alert-groups.ts'

/** Groups as they are stored, shown by real posters in local-slack. */
const [OPS, ALERTS, LEADS] = ['C00ROOM', 'C01ROOM', 'C02ROOM']
const site = siteSchema.parse({
  ...written,
  channels: { ops: OPS, alerts: ALERTS, leads: LEADS },
  alerts: {
    channel: 'alerts',
    rules: [
      { name: 'web', mention: ['U01ALICE'], escalate: [{ after: '15m', channel: 'leads', mention: ['U02BOB'] }] },
    ],
  },
})
const { alerts: _, ...unwatched } = site

let rig: Rig
const posters: { stop(): Promise<void> }[] = []

beforeAll(async () => {
  rig = await startRig()
})
afterEach(async () => {
  await Promise.all(posters.splice(0).map((each) => each.stop()))
  await rig.clear()
})
afterAll(() => rig.stop())

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47])

function poster(here = site as typeof unwatched, changed: Partial<Outbox> = {}) {
  const redis = new Redis(rig.redisUrl)
  const now = () => Date.now()
  const mine = createPoster({
    clients: createClients('xoxb-test', rig.proxy.apiUrl),
    budgets: createBudgets(redis, rig.keys),
    outbox: { ...createOutbox(redis, rig.keys, now), ...changed },
    store: createStore(redis, rig.keys, now),
    site: here,
    artifacts: createArtifacts(redis, rig.keys, '0'.repeat(64)),
    ...{ progressOf: async () => [], auditLine: async () => null, now, random: Math.random, pace: brisk, log: silent },
    drawMinutes: async () => PNG,
  })
  const timer = setInterval(mine.kick, 20)
  const stop = async () => {
    clearInterval(timer)
    await mine.stop()
    redis.disconnect()
  }
  posters.push({ stop })
  return mine
}

/** Stores it as whoever evaluates does, with what is wanted besides. */
async function save(given: AlertGroup, ...messages: string[]): Promise<AlertGroup> {
  const effects = messages.map((message): Effect => ({ do: 'show', message, at: Date.now() }))
  expect(await rig.store.alerts.commit({ alerts: [given], effects })).toBe('ok')
  return { ...given, version: given.version + 1 }
}

const fresh = (change: Partial<AlertGroup> = {}) => group({ version: 0, ...change })
const noteNow = (change: Partial<AlertNote>) => note({ at: Date.now(), ...change })
const wordOf = ({ text }: { text: string }) => /^\S+ (\w+):/.exec(text)?.[1]
const heads = async (channel: string) => (await rig.control.messages(channel)).filter((each) => !each.thread_ts)
const thread = async (channel: string) =>
  (await rig.control.messages(channel)).filter((each) => each.thread_ts && each.thread_ts !== each.ts)

test('one message in the channel of its rule, edited in place', async () => {
  poster()
  const first = await save(fresh())
  await rig.settled()
  const second = await save({ ...first, state: 'acknowledged', acknowledged: acknowledgement })
  await rig.settled()
  await save({ ...second, state: 'resolved', alerts: [alert({ state: 'resolved' })] })
  await rig.settled()
  expect((await heads(ALERTS)).map(wordOf)).toEqual(['resolved'])
  expect(rig.proxy.count('chat.postMessage')).toBe(1)
  expect([await heads(OPS), await heads(LEADS)]).toEqual([[], []])
})

test('an answer of Slack that is lost leads to an edit and not to a second message', async () => {
  let lost = false
  rig.proxy.choose(({ method }) => {
    if (lost || method !== 'chat.postMessage') return { do: 'pass' }
    lost = true
    return { do: 'lose' }
  })
  poster()
  await save(fresh())
  await waitFor(async () => lost, { what: 'an answer to be lost', within: '10s' })
  await rig.settled()
  expect((await heads(ALERTS)).map(wordOf)).toEqual(['firing'])
})

test('an edit of which a bot died before it was noted is made good, also where all is again as it was noted before', async () => {
  poster()
  const first = await save(fresh())
  await rig.settled()
  await Promise.all(posters.splice(0).map((each) => each.stop()))
  // It never comes back from there: an error would be a doubt that is looked at again.
  poster(site, { remember: () => new Promise(() => {}) })
  const second = await save({ ...first, state: 'acknowledged', acknowledged: acknowledgement })
  const isShown = async () => (await heads(ALERTS)).map(wordOf).includes('acknowledged')
  await waitFor(isShown, { what: 'the edit', within: '10s' })
  await Promise.all(posters.splice(0).map((each) => each.stop()))
  await save({ ...first, version: second.version })
  poster()
  await rig.settled()
  expect((await heads(ALERTS)).map(wordOf)).toEqual(['firing'])
})

test('its notes are told once each, in their order, in its thread; two bots change nothing of that', async () => {
  const notes = Array.from({ length: 8 }, (_, index) =>
    noteNow({ n: index + 1, what: index % 2 ? 'resolved' : 'again' }),
  )
  // The first one takes its time on the way.
  rig.proxy.choose(({ form }) =>
    form.get('blocks')?.includes('alert-note-k3f9x2ab-1-') ? { do: 'pass', after: 300 } : { do: 'pass' },
  )
  poster()
  poster()
  await save(fresh({ notes, noted: 8 }), ...notes.map(({ n }) => `alert-note:k3f9x2ab:${n}`).toReversed())
  await rig.settled()
  const [main] = await heads(ALERTS)
  const replies = await thread(ALERTS)
  expect(replies.map(({ thread_ts }) => thread_ts)).toEqual(Array(8).fill(main?.ts))
  expect(replies.map(({ blocks }) => blocks?.[0]?.block_id?.split('-')[3])).toEqual([
    '1',
    '2',
    '3',
    '4',
    '5',
    '6',
    '7',
    '8',
  ])
})

test('what nobody has been shown, and a note that is kept no more, are not told', async () => {
  poster()
  const muted = fresh({ shownAt: null, state: 'silenced', notes: [noteNow({ n: 1 })], noted: 1 })
  await save(muted, 'alert:k3f9x2ab', 'alert-note:k3f9x2ab:1')
  await save(
    fresh({ id: 'other' }),
    'alert-note:other:1',
    'alert-escalation:other:1',
    'file:alert-other:last-hour.png:1',
  )
  await rig.outbox.want('alert:gone')
  await rig.outbox.want('alert-catchup:1')
  await rig.settled()
  expect(await rig.control.messages(ALERTS)).toHaveLength(1)
  expect(rig.proxy.count('chat.postMessage')).toBe(1)
})

test('an open one that somebody deleted is posted anew at the next look, one that is closed is not', async () => {
  const mine = poster()
  await save(fresh())
  await save(fresh({ id: 'over', closedAt: Date.now(), state: 'resolved' }))
  await rig.settled()
  await rig.control.reset()
  await mine.openAnew()
  await rig.settled()
  expect((await heads(ALERTS)).map(wordOf)).toEqual(['firing'])
})

test('an escalation calls in its own channel, and says in place what became of it', async () => {
  poster()
  const escalated = [{ step: 1, rung: 0, since: Date.now() - 900_000, at: Date.now(), channel: 'leads' }]
  const told = await save(fresh())
  await rig.settled()
  const first = await save({ ...told, escalated }, 'alert-escalation:k3f9x2ab:1')
  await rig.settled()
  expect((await heads(LEADS)).map(({ text }) => text)).toEqual([
    expect.stringMatching(/^Escalated: .* firing.*<@U02BOB>$/),
  ])
  const [main] = await heads(ALERTS)
  expect(JSON.stringify(await heads(LEADS))).toMatch(
    new RegExp(`<http[^|]*p${main?.ts.replace('.', '')}\\|Its message>`),
  )
  await save({ ...first, state: 'acknowledged', acknowledged: acknowledgement }, 'alert-escalation:k3f9x2ab:1')
  await rig.settled()
  expect((await heads(LEADS)).map(({ text }) => text)).toEqual([expect.stringMatching(/acknowledged: critical [^@]*$/)])
})

test('the picture of the last hour is in the thread, once, with words for those who cannot see it', async () => {
  poster()
  const items = [{ label: 'a', text: 'CRITICAL', details: burst }]
  const name = 'file:alert-k3f9x2ab:last-hour.png:1'
  await save(fresh({ notes: [noteNow({ n: 1, items })], noted: 1 }), 'alert-note:k3f9x2ab:1', name)
  await rig.settled()
  await rig.outbox.want(name)
  await rig.settled()
  const files = (await thread(ALERTS)).flatMap((each) => each.files ?? [])
  expect(files.map(({ name: file }) => file)).toEqual(['last-hour.png'])
  const asked = rig.proxy.calls.filter(({ method }) => method === 'files.getUploadURLExternal')
  expect(asked.map(({ form }) => form.get('alt_txt'))).toEqual([expect.stringMatching(/denied requests\. 120 in all/)])
})

test('what happened while nobody watched is told once, in the channel that it names, with links to what it is about', async () => {
  poster()
  const at = Date.now()
  const since = at - 3_600_000
  await save(fresh())
  await rig.settled()
  await rig.store.alerts.keepCatchUp({
    at,
    since,
    channel: LEADS,
    raised: ['k3f9x2ab'],
    ended: [],
    open: 1,
  })
  await rig.outbox.want(`alert-catchup:${since}`)
  await rig.settled()
  await rig.outbox.want(`alert-catchup:${since}`)
  await rig.settled()
  const [told, ...more] = await heads(LEADS)
  expect(more).toEqual([])
  expect(JSON.stringify(told?.blocks)).toMatch(/Nobody watched[\s\S]*<http[^|]*\|k3f9x2ab>/)
})

test('what is open on a site that has no alerts any more still says how it stands, where the site can be told something', async () => {
  poster(unwatched)
  await save(fresh())
  await rig.settled()
  expect((await heads(OPS)).map(wordOf)).toEqual(['firing'])
})
