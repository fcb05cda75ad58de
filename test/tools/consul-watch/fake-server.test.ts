import { afterEach, describe, expect, test } from 'vitest'
import { waitFor } from '../../../examples/demo/parts.ts'
import type { ConsulFailure, Read, Watching, WatchOptions } from '../../../src/tools/consul/watch.ts'
import { createConsulWatch } from '../../../src/tools/consul/watch.ts'
import { silent } from '../../engine/quiet.ts'
import { headersOf, type Reply, row, send, startFakeConsul } from './fake-consul.ts'

type Fake = Awaited<ReturnType<typeof startFakeConsul>>
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const QUICK = { waitMs: 30_000, answerMs: 5000, pollMs: 20, backOff: { firstMs: 10, mostMs: 40 } }

/** A watch of a fake server, and all that it said. */
async function watching(reply: Reply, options: Partial<WatchOptions> = {}) {
  const fake: Fake = await startFakeConsul(reply)
  closing.push(fake.close)
  const reads: Read[] = []
  const failures: ConsulFailure[] = []
  const consul = createConsulWatch({ address: fake.url, token: 'secret', random: () => 0.5, log: silent })
  const watch: Watching = consul.checks({
    dc: 'dc1',
    readEveryMs: 5,
    resyncMs: 3_600_000,
    onRead(read) {
      reads.push(read)
      return true
    },
    onFailure: (failure) => failures.push(failure),
    ...options,
    times: { ...QUICK, ...options.times },
  })
  closing.push(watch.stop)
  const until = (what: string, check: () => unknown) => waitFor(check, { what, every: 5, within: '20s' })
  return { fake, reads, failures, watch, until }
}

/** Answers in turn, and hangs at the end as a blocking query does. */
const inTurn =
  (...replies: Reply[]): Reply =>
  (asked, ...rest) =>
    replies[asked.n]?.(asked, ...rest)

const says =
  (index: string | number, rows = [row()], more: Record<string, string> = {}): Reply =>
  (_asked, response) =>
    send(response, index, rows, more)

const refuses =
  (status: number, text: string, headers: Record<string, string> = {}): Reply =>
  (_asked, response) => {
    response.writeHead(status, headers).end(text)
  }

describe('the index, against a fake server', () => {
  test('the first read does not wait; the next waits by the index that came, with a unit, and sends the token', async () => {
    const { fake, until } = await watching(inTurn(says(42)))
    await until('a second question', () => fake.asked.length === 2)
    expect(fake.asked[0]).toMatchObject({ index: null, wait: null, token: 'secret' })
    expect(fake.asked[1]).toMatchObject({ index: '42', wait: '30000ms' })
  })

  test('one that goes backwards is forgotten: all is read again, and what is the same is no change', async () => {
    const { fake, reads, until } = await watching(inTurn(says(100), says(50), says(50)))
    await until('a fourth question', () => fake.asked.length === 4)
    expect(fake.asked.map(({ index }) => index)).toEqual([null, '100', null, '50'])
    expect(new Set(reads.map(({ rows }) => rows)).size).toBe(1)
  })

  test('0 is never waited by: all is read again, slowly', async () => {
    const { fake, failures, until } = await watching(inTurn(says(0), says(0), says(7)))
    await until('a fourth question', () => fake.asked.length === 4)
    expect(fake.asked.map(({ index }) => index)).toEqual([null, null, null, '7'])
    expect(failures).toEqual([])
  })

  test.each([
    ['no index', {}],
    ['a word as its index', { 'x-consul-index': 'soon' }],
  ])('an answer with %s is not taken, and the watch goes on', async (_what, headers) => {
    const bare: Reply = (_asked, response) => {
      response.writeHead(200, headers).end(JSON.stringify([row()]))
    }
    const { reads, failures, until } = await watching(inTurn(bare, says(7)))
    await until('a read', () => reads.length === 1)
    expect(failures.map(({ kind }) => kind)).toEqual(['malformed'])
    expect(failures[0]?.message).toContain('X-Consul-Index')
  })

  test('one beyond what a double can hold is sent back as it came', async () => {
    const { fake, until } = await watching(inTurn(says('9007199254740995'), says('18446744073709551615')))
    await until('a third question', () => fake.asked.length === 3)
    expect(fake.asked.map(({ index }) => index)).toEqual([null, '9007199254740995', '18446744073709551615'])
  })

  test('whatever it says, all is read anew after a while', async () => {
    const { fake, until } = await watching((asked, response) => send(response, asked.n + 1, [row()]), { resyncMs: 40 })
    await until('a read in full after some that waited', () => {
      const at = fake.asked.findIndex(({ index }) => index !== null)
      return at > 0 && fake.asked.slice(at).some(({ index }) => index === null)
    })
  })
})

describe('the content, against a fake server', () => {
  test('an index that moves changes nothing; the rows that did change are new objects, the others the same', async () => {
    const web = row({ CheckID: 'web', ModifyIndex: 2 })
    const moved = row({ CheckID: 'web', ModifyIndex: 3 })
    const worse = row({ CheckID: 'web', Status: 'critical', ModifyIndex: 4 })
    const { reads, until } = await watching(
      inTurn(says(2, [row(), web]), says(3, [row(), web]), says(4, [row(), moved]), says(5, [row(), worse])),
    )
    await until('four reads', () => reads.length === 4)
    expect(reads[1]?.rows).toBe(reads[0]?.rows)
    expect(reads[2]?.rows).toBe(reads[0]?.rows)
    expect(reads[3]?.rows).not.toBe(reads[0]?.rows)
    expect(reads[3]?.rows[0]).toBe(reads[0]?.rows[0])
    expect(reads[3]?.rows[1]).toMatchObject({ check: 'web', status: 'critical' })
  })

  test('the index of a row proves nothing: after a restored snapshot it may come again with other content', async () => {
    const { reads, until } = await watching(
      inTurn(says(9, [row({ ModifyIndex: 9 })]), says(9, [row({ ModifyIndex: 9, Status: 'critical' })])),
    )
    await until('two reads', () => reads.length === 2)
    expect(reads[1]?.rows[0]?.status).toBe('critical')
  })

  test('a row that is gone, and one that moved, are changes', async () => {
    const [one, two] = [row(), row({ CheckID: 'web' })]
    const { reads, until } = await watching(inTurn(says(1, [one, two]), says(2, [two, one]), says(3, [one])))
    await until('three reads', () => reads.length === 3)
    expect(new Set(reads.map(({ rows }) => rows)).size).toBe(3)
  })

  test('a change while the callback throws is handed over again, and so is one that was not taken', async () => {
    const seen: string[] = []
    const lists = new Set<Read['rows']>()
    const { until } = await watching(
      inTurn(
        says(1),
        says(2, [row({ Status: 'critical' })]),
        says(2, [row({ Status: 'critical' })]),
        says(2, [row({ Status: 'critical' })]),
      ),
      {
        onRead({ rows }) {
          seen.push(rows[0]?.status ?? '')
          lists.add(rows)
          if (seen.length === 2) throw new Error('Redis is away')
          return seen.length !== 3
        },
      },
    )
    await until('four reads', () => seen.length === 4)
    expect(seen).toEqual(['passing', 'critical', 'critical', 'critical'])
    // Whoever looks only whether the list is another one must see each of them as news.
    expect(lists.size).toBe(4)
  })

  test('a failure callback that throws does not end the watch', async () => {
    const { reads, until } = await watching(inTurn(refuses(500, 'rpc error'), says(1)), {
      onFailure() {
        throw new Error('Redis is away')
      },
    })
    await until('a read', () => reads.length === 1)
  })

  test('a server that answers at once is asked no more often than allowed', async () => {
    const every = 50
    const begin = performance.now()
    const { fake, until } = await watching(
      (asked, response) => send(response, asked.n + 1, [row({ ModifyIndex: asked.n })]),
      {
        readEveryMs: every,
      },
    )
    await until('ten questions', () => fake.asked.length >= 10)
    // Two at once, and then one in each 50 ms: eight more take 400 ms, and longer where the machine is slow.
    expect((fake.asked[9]?.at ?? 0) - begin).toBeGreaterThan(every * 8 - 10)
  })
})

describe('what can not be believed, against a fake server', () => {
  test('the headers that say so are handed over', async () => {
    const more = {
      'x-consul-knownleader': 'false',
      'x-consul-lastcontact': '12000',
      'x-consul-results-filtered-by-acls': 'true',
    }
    const { reads, until } = await watching(inTurn(says(1), says(2, [row()], more)))
    await until('two reads', () => reads.length === 2)
    expect(reads[0]).toMatchObject({ index: '1', knownLeader: true, lastContactMs: 0, filtered: false })
    expect(reads[1]).toMatchObject({ index: '2', knownLeader: false, lastContactMs: 12_000, filtered: true })
  })

  test.each([
    [400, 'Invalid wait time', 'malformed', /400.*Invalid wait time/],
    [404, 'no such page', 'malformed', /404/],
    [302, '', 'malformed', /302/],
    [401, 'Unauthorized', 'forbidden', /401 Unauthorized/],
    [403, 'ACL not found', 'forbidden', /expired or was deleted/],
    [403, 'rpc error making call: ACL not found', 'forbidden', /expired or was deleted/],
    [403, 'Permission denied', 'forbidden', /node_prefix.*service_prefix/],
    [500, 'No cluster leader', 'leaderless', /no leader/],
    [500, 'No path to datacenter', 'unreachable', /no path to that datacenter/],
    [500, 'rpc error getting client: failed to get conn', 'unreachable', /rpc error getting client/],
    [502, '<html>Bad gateway</html>', 'unreachable', /502/],
    [429, 'Your IP is issuing too many requests', 'unreachable', /fewer questions/],
  ])('%i %s is %s, and the watch goes on with a read in full', async (status, text, kind, words) => {
    const { fake, reads, failures, until } = await watching(inTurn(says(5), refuses(status, text), says(6)))
    await until('a fourth question', () => fake.asked.length === 4)
    expect(failures.map((failure) => failure.kind)).toEqual([kind])
    expect(failures[0]?.message).toMatch(words)
    expect(fake.asked.map(({ index }) => index)).toEqual([null, '5', null, '6'])
    expect(reads[1]?.rows).toBe(reads[0]?.rows)
  })

  test('what differs from one failure to the next, and ids of tokens, are not in its words', async () => {
    const text = (port: number) =>
      `rpc error: read tcp 127.0.0.1:${port}->10.0.0.2:8300: token 5ad0d0b1-9e5c-4d0e-8f53-4e2f0f1f9c11 EOF`
    const { failures, until } = await watching(inTurn(refuses(500, text(41_001)), refuses(500, text(41_002)), says(1)))
    await until('two failures', () => failures.length === 2)
    expect(failures[0]?.message).toBe(failures[1]?.message)
    expect(failures[0]?.message).toContain('10.0.0.2:8300')
    expect(failures[0]?.message).not.toContain('5ad0d0b1')
  })

  test('Retry-After is kept to', async () => {
    const { fake, until } = await watching(inTurn(refuses(429, 'slowly', { 'retry-after': '1' }), says(1)))
    await until('a second question', () => fake.asked.length >= 2)
    expect((fake.asked[1]?.at ?? 0) - (fake.asked[0]?.at ?? 0)).toBeGreaterThan(950)
  })

  test('hurry ends the wait after a failure', async () => {
    const { fake, failures, watch, until } = await watching(
      inTurn(refuses(503, 'away', { 'retry-after': '60' }), says(1)),
    )
    await until('a failure', () => failures.length === 1)
    watch.hurry()
    await until('a second question', () => fake.asked.length >= 2)
  })

  test.each([
    ['an HTML page', '<html><body>Sign in</body></html>', /no JSON and begins with "<html>/],
    ['half an answer', '[{"Node":"n1"', /no JSON/],
    ['an object', '{}', /all of it: .*expected array/],
    ['null', 'null', /all of it: .*expected array/],
    ['a row that is no object', '[7]', /0: .*expected object/],
    ['a row without a node', JSON.stringify([row(), row({ Node: '' })]), /1\.Node: /],
    ['a row without a status', JSON.stringify([row({ Status: '' })]), /0\.Status: /],
    ['a row with a number as its output', JSON.stringify([row({ Output: 7 })]), /0\.Output: .*expected string/],
    ['a row with tags that are none', JSON.stringify([row({ ServiceTags: [7] })]), /0\.ServiceTags\.0: /],
  ])('%s with status 200 is refused as a whole, and the watch goes on', async (_what, body, words) => {
    const odd: Reply = (_asked, response) => {
      response.writeHead(200, headersOf(6)).end(body)
    }
    const { reads, failures, until } = await watching(inTurn(says(5), odd, says(6)))
    await until('two reads', () => reads.length === 2)
    expect(failures.map(({ kind }) => kind)).toEqual(['malformed'])
    expect(failures[0]?.message).toMatch(words)
    expect(reads[1]?.rows).toBe(reads[0]?.rows)
  })

  test('a status that Consul does not have, which its catalog takes from anybody, is critical and says so', async () => {
    const { reads, until } = await watching(inTurn(says(1, [row({ Status: 'strange', Output: 'words' })])))
    await until('a read', () => reads.length === 1)
    expect(reads[0]?.rows[0]?.status).toBe('critical')
    expect(reads[0]?.rows[0]?.output).toMatch(/^Its status is "strange".*\nwords$/)
  })

  test('a redirect is not followed, so the token goes nowhere else', async () => {
    const elsewhere = await startFakeConsul(says(1))
    closing.push(elsewhere.close)
    const away = refuses(307, '', { location: `${elsewhere.url}/v1/health/state/any` })
    const { failures, until } = await watching(inTurn(away, says(1)))
    await until('a failure', () => failures.length === 1)
    expect(elsewhere.asked).toEqual([])
  })

  test('a connection that is cut is the agent, before the answer and in its middle', async () => {
    const reset: Reply = (_asked, response) => response.socket?.resetAndDestroy()
    const torn: Reply = (_asked, response) => {
      response.writeHead(200, headersOf(6)).write('[{"Node":', () => response.socket?.resetAndDestroy())
    }
    const { reads, failures, until } = await watching(inTurn(reset, torn, says(7)))
    await until('a read', () => reads.length === 1)
    expect(failures.map(({ kind }) => kind)).toEqual(['agent', 'agent'])
  })

  test('no answer in time is the datacenter while the agent still answers others, and the agent when it does not', async () => {
    const never = () => {}
    const times = { ...QUICK, answerMs: 100 }
    const one = await watching(inTurn(never, says(7)), { times })
    await one.until('a read', () => one.reads.length === 1)
    expect(one.failures.map(({ kind }) => kind)).toEqual(['unreachable'])
    const hung = await startFakeConsul(never, never)
    closing.push(hung.close)
    const failures: string[] = []
    const consul = createConsulWatch({ address: hung.url, random: Math.random, log: silent })
    const options = { dc: 'dc1', readEveryMs: 5, resyncMs: 1000, times, onRead: () => true }
    const watch = consul.checks({ ...options, onFailure: ({ kind }) => failures.push(kind) })
    closing.push(watch.stop)
    await one.until('a failure', () => failures.length >= 1)
    expect(failures[0]).toBe('agent')
  })

  test('an answer that trickles is cut off at the limit too', async () => {
    const trickles: Reply = (_asked, response) => {
      response.writeHead(200, headersOf(6)).write('[')
    }
    const { fake, reads, until } = await watching(inTurn(trickles, says(7)), { times: { answerMs: 100 } })
    await until('a read', () => reads.length === 1)
    await until('the cut', () => fake.asked[0]?.cut)
  })
})

describe('the end, against a fake server', () => {
  test('a stop aborts the question in flight, and nothing is called afterwards', async () => {
    const { fake, reads, failures, watch, until } = await watching(inTurn(says(1)))
    await until('the blocking question', () => fake.asked.length === 2)
    await watch.stop()
    await until('the cut', () => fake.asked[1]?.cut)
    expect(reads.length).toBe(1)
    expect(failures).toEqual([])
  })

  test('a stop ends a long wait after a failure', async () => {
    const { failures, watch, until } = await watching(inTurn(refuses(503, 'away', { 'retry-after': '60' })))
    await until('a failure', () => failures.length === 1)
    await watch.stop()
  })
})
