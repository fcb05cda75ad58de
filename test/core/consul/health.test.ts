import { describe, expect, test } from 'vitest'
import { freshLine, troubleLines } from '../../../src/core/consul/freshness.ts'
import { outputText, placeOf, sickChecks, stateOf, versionOf } from '../../../src/core/consul/health.ts'
import { nearNames } from '../../../src/core/consul/miss.ts'
import type { Check, Everywhere, Fresh } from '../../../src/core/consul/rows.ts'

const check = (id: string, status: Check['status'], more: Partial<Check> = {}): Check => ({
  ...{ node: 'n', id, name: id, status, output: '', notes: '', service: 'web', serviceId: 'web-1', index: 1, ...more },
})

describe('the state of an instance', () => {
  test('is the worst of its checks and those of its node', () => {
    expect(stateOf([check('a', 'passing'), check('b', 'warning')])).toBe('warning')
    expect(stateOf([check('a', 'passing'), check('serfHealth', 'critical', { serviceId: '' })])).toBe('critical')
    expect(stateOf([])).toBe('passing')
  })

  test('in maintenance is that, whatever else is wrong', () => {
    expect(stateOf([check('_node_maintenance', 'critical'), check('a', 'critical')])).toBe('maintenance')
  })

  test('with a dead node says that first', () => {
    const [first] = sickChecks([check('a', 'critical'), check('serfHealth', 'critical')])
    expect(first?.id).toBe('serfHealth')
  })
})

test.each([
  [{ version: '2.0' }, [], '2.0'],
  [{ image_version: '1.1' }, ['v9.9.9'], '1.1'],
  [{ raft_version: '3' }, [], null],
  [{}, ['blue', 'v1.4.2'], 'v1.4.2'],
  [{}, ['version=7'], '7'],
  [{}, ['10.0.0.1', 'web'], '10.0.0.1'],
  [{}, ['7', 'blue'], null],
])('the version of meta %j and tags %j is %s', (meta, tags, version) => {
  expect(versionOf({ meta: meta as Record<string, string>, tags })).toBe(version)
})

test.each([
  ['Get http://bob:s3cret@db/: refused', 'bob:***@db'],
  ['Authorization: Bearer abcdef.123456', 'Bearer ***'],
  ['{"password": "a b c", "user": "x"}', '"password": ***'],
  ['api_key=12345;next', 'api_key=***;next'],
])('an output hides what looks like a secret: %s', (output, wanted) => {
  expect(outputText(output)).toContain(wanted)
  expect(outputText(output)).not.toMatch(/s3cret|abcdef|a b c|12345/)
})

test('an output is one bounded line that cannot leave its backticks', () => {
  const said = outputText(`a\n\`b\`\n${'x'.repeat(5000)}`)
  expect(said).not.toContain('\n')
  expect(said.length).toBeLessThan(210)
  expect(said.split('`')).toHaveLength(3)
})

test('a place is an address with its port', () => {
  expect(placeOf({ address: '10.0.0.1', port: 80 })).toBe('10.0.0.1:80')
  expect(placeOf({ address: '::1', port: 80 })).toBe('[::1]:80')
  expect(placeOf({ address: '10.0.0.1', port: 0 })).toBe('10.0.0.1')
})

describe('how fresh an answer is', () => {
  const good: Fresh = { knownLeader: true, lastContactMs: 0, filtered: null }
  const answer = (fresh: Partial<Fresh>, acl: Everywhere<null>['acl'] = 'disabled'): Everywhere<null> => ({
    datacenters: [
      { dc: 'dc1', rows: null, fresh: { ...good, ...fresh } },
      { dc: 'dc2', trouble: 'no answer in 0.8 s' },
    ],
    acl,
  })

  test('names leader and last contact, and who did not answer', () => {
    expect(freshLine(answer({}))).toBe('As of now: `dc1` leader known, last contact 0 ms.')
    expect(troubleLines(answer({}))).toEqual([
      '⚠️ `dc2` is *unreachable*: no answer in 0.8 s. What it has is missing here.',
    ])
  })

  test('tells one that refuses our token from one that is not there', () => {
    const refusing: Everywhere<null> = {
      datacenters: [{ dc: 'dc2', trouble: 'it needs key:read', refused: true }],
      acl: 'known',
    }
    expect(troubleLines(refusing)).toEqual(['⚠️ `dc2` *refuses us*: it needs key:read. What it has is missing here.'])
  })

  test('says that news is old', () => {
    expect(freshLine(answer({ knownLeader: false, lastContactMs: 72_000 }))).toContain(
      '*no leader known*, last contact 1 m 12 s: old news',
    )
    expect(freshLine(answer({ lastContactMs: 9_000 }))).toContain('⚠️ old news')
  })

  test('says that rows are, or may be, hidden', () => {
    expect(freshLine(answer({ filtered: true }, 'known'))).toContain('*Rows are left out* in `dc1`')
    expect(freshLine(answer({}, 'known'))).toContain('What our ACL token may not read is left out')
    expect(freshLine(answer({}, 'unsaid'))).toContain('What our ACL token may not read is left out')
    expect(freshLine(answer({}, 'unknown'))).toContain('does not know our ACL token')
    expect(freshLine(answer({}, 'anonymous'))).toContain('We send no ACL token')
    expect(freshLine(answer({}))).not.toContain('ACL')
  })
})

test('near names are slips first, then names that have the word in them', () => {
  const names = ['web', 'orders-db', 'orders-api', 'billing']
  expect(nearNames('wbe', names)).toEqual(['web'])
  expect(nearNames('api', names)).toEqual(['orders-api'])
  expect(nearNames('WEB', names)).toEqual(['web'])
  expect(nearNames('zzzzzz', names)).toEqual([])
})
