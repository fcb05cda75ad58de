import { beforeAll, describe, expect, test } from 'vitest'
import { liveNames } from '../../../src/engine/consul/live-names.ts'
import { withLiveChoices } from '../../../src/slack/live-choices.ts'
import { startConsulServer, tokenWith } from '../../consul.ts'
import { alert, group } from '../../slack/alert-groups.ts'
import { START, silent, useRedis } from '../redis.ts'
import { crewOn, entered, useTwo } from './two.ts'

const here = useRedis()
const two = useTwo()
const opened = (wish = {}) => crewOn(here, two.hub, wish)
const put = (dc: string, key: string, value: string | Uint8Array<ArrayBuffer>) =>
  fetch(`${two.hub.url}/v1/kv/${key}?dc=${dc}`, { method: 'PUT', body: value })

beforeAll(async () => {
  const { hub, spoke } = two
  await entered(hub, {
    node: 'web1',
    address: '10.0.0.1',
    service: { id: 'web-1', name: 'web', tags: ['canary', 'v1.4.2'] },
    check: { id: 'web-1-http', name: 'http', status: 'passing' },
  })
  await entered(hub, {
    node: 'web2',
    address: '10.0.0.2',
    service: { id: 'web-2', name: 'web', meta: { version: '1.5.0' }, address: '192.168.7.2', port: 8080 },
    check: {
      id: 'web-2-http',
      name: 'http',
      status: 'critical',
      output: 'connect\nrefused password=hunter2 to http://a:b4d@x/',
    },
  })
  await entered(spoke, {
    node: 'web3',
    address: '10.1.0.3',
    service: { id: 'web-3', name: 'web' },
    check: { id: '_service_maintenance:web-3', status: 'critical', notes: 'new disk' },
  })
  await entered(spoke, {
    node: 'db1',
    address: '10.1.0.9',
    service: { id: 'orders-db', tags: ['primary'] },
    meta: { rack: 'r7' },
  })
  await put('dc1', 'config/app/limit', '10')
  await put('dc2', 'config/app/limit', '20')
  await put('dc1', 'config/app/db_password', 'hunter2')
  await put('dc1', 'hidden/plan', 'x')
  await put('dc1', 'config/logo', new Uint8Array([0, 1, 2, 255]))
  await put('dc1', 'config/long', 'line\n'.repeat(1000))
})

describe('services', () => {
  test('are those of all datacenters, with all their tags, and with how fresh that is', async () => {
    const said = await opened().say('consul services')
    expect(said).toContain('• `web` in `dc1`, `dc2`, tags `canary`, `v1.4.2`')
    expect(said).toContain('• `orders-db` in `dc2`, tags `primary`')
    expect(said).toMatch(
      /As of now: `dc1` leader known, last contact \d+ ms; `dc2` leader known, last contact \d+ ms\./,
    )
  })

  test('of one datacenter, or with a tag, are only those', async () => {
    const crew = opened()
    expect(await crew.say('consul services --dc dc1')).not.toContain('orders-db')
    const tagged = await crew.say('consul services --tag primary')
    expect(tagged).toContain('*1 service* with the tag `primary`')
    expect(tagged).not.toContain('`web`')
  })

  test('with a tag that nobody has are none, with the near ones', async () => {
    expect(await opened().say('consul services --tag primray')).toContain(
      '*0 services* with the tag `primray`. Did you mean `primary`?',
    )
  })

  test('of a datacenter that is not there are refused with those that are', async () => {
    await expect(opened().say('consul services --dc dc3')).rejects.toThrow(
      /no datacenter `dc3`\. Did you mean `dc1` or `dc2`\?/,
    )
  })

  test('are for those whose role may', async () => {
    await expect(opened().ask('consul services', 'U03CAROL')).rejects.toThrow(/may not run/)
    await expect(opened().ask('consul kv get config/app/limit', 'U04EVE')).rejects.toThrow(/may not run/)
  })
})

describe('a service', () => {
  test('shows sick instances first, with address, version, tags and what their checks say in one masked line', async () => {
    const lines = (await opened().say('consul service web')).split('\n')
    expect(lines[0]).toBe('*web*: 3 instances: 1 critical, 1 maintenance, 1 passing')
    expect(lines[2]).toBe('🔴 *critical* `192.168.7.2:8080` on `web2` in `dc1`, id `web-2`, version `1.5.0`')
    expect(lines[3]).toMatch(
      /↳ `http` \*critical\*, since when nobody knows \(index \d+\): `connect refused password=\*\*\* to http:\/\/a:\*\*\*@x\/`$/,
    )
    expect(lines[4]).toContain('🔧 *maintenance* `10.1.0.3:80` on `web3` in `dc2`')
    expect(lines[5]).toContain('in maintenance: `new disk`')
    expect(lines[6]).toMatch(/🟢 \*passing\* `10\.0\.0\.1:80`.*version `v1\.4\.2`.*tags `canary`, `v1\.4\.2`/)
    expect(lines.join('\n')).not.toMatch(/hunter2|b4d/)
  })

  test('with --passing shows those alone, also where none is left', async () => {
    const crew = opened()
    const said = await crew.say('consul service web --passing')
    expect(said).toContain('*web*: 1 instance, only those that pass')
    expect(said).not.toContain('web2')
    expect(await crew.say('consul service web --passing --dc dc2')).toContain('*web*: 0 instances')
  })

  test('that is not there gets the near names of all datacenters', async () => {
    const crew = opened()
    await expect(crew.say('consul service wbe')).rejects.toThrow(
      /no service `wbe` in `dc1`, `dc2`\. Did you mean `web`\?/,
    )
    await expect(crew.say('consul service order')).rejects.toThrow(/Did you mean `orders-db`\?/)
    await expect(crew.say('consul service orders-db --dc dc1')).rejects.toThrow(
      /There is no service `orders-db` in `dc1`/,
    )
    for (const name of ['..', '/web', '"a/../b"'])
      await expect(crew.say(`consul service ${name}`)).rejects.toThrow(/is no name of anything/)
  })

  test('takes out what this process knows to be secret', async () => {
    const said = await opened({ mask: (text: string) => text.replaceAll('connect', '***') }).say('consul service web')
    expect(said).toContain('*** refused')
  })
})

test('since when is told where an alert has it, and nowhere else', async () => {
  const alerts = [
    alert({ dc: 'dc1', node: 'web2', check: 'web-2-http', since: START - 300_000, firedAt: START - 300_000 }),
  ]
  await here.store.alerts.commit({ alerts: [{ ...group({ alerts }), version: 0 }] })
  expect(await opened().say('consul service web')).toContain('`http` *critical*, since 17:35 UTC (5 m): `connect')
})

describe('a node', () => {
  test('shows its addresses, its meta and what runs on it', async () => {
    const said = await opened().say('consul node db1')
    expect(said).toContain('`db1` in `dc2`, address `10.1.0.9`')
    expect(said).toContain('meta `rack=r7`')
    expect(said).toContain('• `orders-db` 🟢 *passing* `10.1.0.9:80`')
  })

  test('that is not there gets near names', async () => {
    await expect(opened().say('consul node web9')).rejects.toThrow(/Did you mean `web1` or `web2` or `web3`\?/)
  })
})

describe('health', () => {
  test('is what does not pass, the worst first, or the state that is asked for', async () => {
    const crew = opened()
    const said = await crew.say('consul health')
    expect(said).toContain('*2 checks* that do not pass: 1 critical, 1 maintenance')
    expect(said).not.toContain('web-1')
    expect(await crew.say('consul health --state passing --dc dc1')).toContain(
      '🟢 of `web` on `web1` in `dc1`: `http` *passing*',
    )
    expect(await crew.say('consul health --state warning')).toContain('*0 checks* that are warning')
  })
})

test('dc tells leader, servers and nodes of each', async () => {
  const said = await opened().say('consul dc')
  expect(said).toContain('*2 datacenters*, all reachable')
  expect(said).toMatch(/🟢 `dc1` reachable: leader `127\.0\.0\.1:\d+`, 1 server \(`127\.0\.0\.1:\d+`\), 3 nodes/)
})

describe('where', () => {
  test.each([
    ['WEB', ['service `web` in `dc1`: 2 instances', 'node `web3` in `dc2`']],
    ['10.1.0', ['node `db1` in `dc2`', '`10.1.0.3:80` of `web`']],
    ['192.168.7', ['`192.168.7.2:8080` of `web` on `web2` in `dc1`, by its address']],
    ['prim', ['of `orders-db` on `db1` in `dc2`, by its tag `primary`']],
    ['"orders primary"', ['of `orders-db` on `db1` in `dc2`, by all of it together']],
  ])('finds %s by a part of a word, in any case', async (thing, wanted) => {
    const said = await opened().say(`consul where ${thing}`)
    for (const each of wanted) expect(said).toContain(each)
  })

  test('says that nothing has it', async () => {
    expect(await opened().say('consul where zzz')).toContain('Nothing has `zzz`')
    expect(await opened().say('consul where ordres-db')).toContain('Did you mean `orders-db`?')
  })
})

describe('kv', () => {
  test('a folder that is not there gets the near ones', async () => {
    await expect(opened().say('consul kv ls confgi/app')).rejects.toThrow(
      /no folder `confgi\/app` in `dc1`, `dc2`\. Did you mean `config\/app\/`\?/,
    )
  })

  test.each(['/config/app/limit', 'config//app/limit'])(
    'get of %s, which Consul takes for another, says which',
    async (key) => {
      await expect(opened().say(`consul kv get ${key}`)).rejects.toThrow(/Did you mean "config\/app\/limit"\?/)
    },
  )

  test('get says of which datacenters the file has nothing', async () => {
    await put('dc1', 'config/mixed', new Uint8Array([0, 1]))
    await put('dc2', 'config/mixed', 'line\n'.repeat(1000))
    const { text, file } = await opened().ask('consul kv get config/mixed')
    expect(file?.name).toBe('mixed-dc1.bin')
    expect(text).toContain('The file has not that of `dc2`')
    await put('dc2', 'config/mixed', new Uint8Array([0, 1]))
    expect(await opened().say('consul kv get config/mixed')).not.toContain('The file has not')
  })

  test('get of a line that Slack would cut brings a file', async () => {
    await put('dc1', 'config/amp', '&'.repeat(1500))
    expect((await opened().ask('consul kv get config/amp')).file?.content).toBe('&'.repeat(1500))
  })

  test('get shows the value of each datacenter, and that they differ', async () => {
    const said = await opened().say('consul kv get config/app/limit')
    expect(said).toMatch(/\*dc1\*: 2 bytes, index \d+\n {6}`10`\n\*dc2\*: 2 bytes, index \d+\n {6}`20`/)
    expect(said).toContain('*Not the same*')
  })

  test('get hides the password of an address under any name, and tells all the same that two differ', async () => {
    await put('dc1', 'shared/database', 'postgres://app:hunter2@db/app')
    await put('dc2', 'shared/database', 'postgres://app:hunter3@db/app')
    const said = await opened().say('consul kv get shared/database')
    expect(said).toContain('`postgres://app:***@db/app`')
    expect(said).not.toContain('hunter')
    expect(said).toContain('*Not the same*')
  })

  test('get of what looks like a secret shows that there is a value, its length and a digest, and never a file', async () => {
    const { text, file } = await opened().ask('consul kv get config/app/db_password')
    expect(text).toMatch(/7 bytes, \*masked\*.*\n.*digest is `[0-9a-f]{12}`/)
    expect(text).not.toContain('hunter2')
    expect(file).toBeUndefined()
  })

  test('get shows it where the site says so, and masks and hides what the site says', async () => {
    expect(await opened({ consul: { show: ['*/db_password'] } }).say('consul kv get config/app/db_password')).toContain(
      'hunter2',
    )
    expect(await opened({ consul: { mask: ['config/APP/*'] } }).say('consul kv get config/app/limit')).not.toContain(
      '`10`',
    )
    const hidden = opened({ consul: { hide: ['hidden/*'] } })
    await expect(hidden.say('consul kv get hidden/plan')).rejects.toThrow(
      /There is no key `hidden\/plan` in `dc1`, `dc2`\./,
    )
    await expect(hidden.say('consul kv get hidden/pla')).rejects.not.toThrow(/hidden\/plan/)
    expect(await hidden.say('consul kv ls')).not.toContain('hidden')
    expect(await opened().say('consul kv ls')).toContain('📁 `hidden/` (1 key)')
  })

  test('get masks the states of Terraform whatever they are called', async () => {
    await put('dc1', 'groundcrew/loadtest', '{"outputs":{"x":"s3cr3t"}}')
    expect(await opened().say('consul kv get groundcrew/loadtest')).not.toContain('s3cr3t')
  })

  test('get brings bytes and long texts as a file', async () => {
    const crew = opened()
    const bytes = await crew.ask('consul kv get config/logo')
    expect(bytes.text).toContain('4 bytes, no text')
    expect(bytes.file).toEqual({ name: 'logo-dc1.bin', content: Buffer.from([0, 1, 2, 255]) })
    const long = await crew.ask('consul kv get config/long')
    expect(long.file).toEqual({ name: 'long.txt', content: 'line\n'.repeat(1000) })
    expect(long.text.length).toBeLessThan(500)
  })

  test('get of a folder, or of a slip, says what to type', async () => {
    const crew = opened()
    await expect(crew.say('consul kv get config/app')).rejects.toThrow(
      /a folder of 2 keys: `consul kv ls config\/app\/` lists/,
    )
    await expect(crew.say('consul kv get config/app/limt')).rejects.toThrow(/Did you mean `config\/app\/limit`\?/)
    await expect(crew.say('consul kv get config/../hidden/plan')).rejects.toThrow(/only dots/)
  })

  test('ls shows one level, with what is masked and what not every datacenter has', async () => {
    const said = await opened().say('consul kv ls config/app/')
    expect(said).toContain('*2 keys* below `config/app/`')
    expect(said).toContain('• `config/app/db_password` (masked), only in `dc1`')
    expect(said).toMatch(/• `config\/app\/limit`$/m)
    expect(await opened().say('consul kv ls config/')).toContain('📁 `config/app/` (2 keys)')
  })
})

describe('a long answer', () => {
  test('comes in pages with buttons, and a very long one as a file besides', async () => {
    for (let at = 0; at < 700; at++) await put('dc1', `many/key-${at}-${'x'.repeat(40)}`, '1')
    const crew = opened()
    const first = await crew.ask('consul kv ls many/ --dc dc1')
    expect(first.buttons).toEqual([{ label: 'Next page', line: 'consul kv ls many/ --dc dc1 --page 2' }])
    expect(first.file?.name).toBe('keys.txt')
    expect(String(first.file?.content).split('\n').length).toBeGreaterThan(700)
    const second = await crew.ask(first.buttons?.[0]?.line ?? '')
    expect(second.buttons?.map(({ label }) => label)).toEqual(['Previous page', 'Next page'])
    expect(second.file).toBeUndefined()
  })
})

describe('names for a form', () => {
  test('are those that Consul has now, without what the site hides', async () => {
    const { parts } = opened({ consul: { hide: ['hidden/*'] } })
    expect(await liveNames(parts, 'service')).toEqual(['consul', 'orders-db', 'web'])
    expect(await liveNames(parts, 'node')).toEqual(expect.arrayContaining(['db1', 'web1']))
    expect(await liveNames(parts, 'datacenter')).toEqual(['dc1', 'dc2'])
    expect(await liveNames(parts, 'tag')).toEqual(['canary', 'primary', 'v1.4.2'])
    const keys = await liveNames(parts, 'key')
    expect(keys).toContain('config/app/limit')
    expect(keys.filter((key) => key.startsWith('hidden'))).toEqual([])
  })

  test('are none where nobody answers, and none where they are more than a list takes', async () => {
    const nobody = { ...opened().parts, consul: { address: '127.0.0.1:1' } }
    expect(await liveNames(nobody, 'service')).toEqual([])
    const all = (name: string) => opened().parts.catalog.entries.get(name)?.arguments ?? []
    const desk = { parts: opened().parts, log: silent }
    const [service] = await withLiveChoices(desk, all('consul service'))
    expect(service?.choices).toContain('orders-db')
    const [key] = await withLiveChoices(desk, all('consul kv get'))
    expect(key?.choices).toBeUndefined()
  })
})

describe('rights in Consul', () => {
  test('that hide rows are said, and a token that nobody knows is named', async () => {
    const server = await two.started(startConsulServer({ dir: two.folder(), dc: 'dc1', acl: true }))
    await entered(server, { node: 'open1', service: { id: 'open' } })
    await entered(server, { node: 'shut1', service: { id: 'shut' } })
    const { secret } = await tokenWith(
      server,
      'service "open" { policy = "read" } node_prefix "open" { policy = "read" } key_prefix "config/" { policy = "read" }',
    )
    const some = crewOn(here, server, { token: secret })
    const said = await some.say('consul services')
    expect(said).toContain('`open`')
    expect(said).not.toContain('shut')
    expect(said).toContain('What our ACL token may not read is left out')
    await expect(some.say('consul kv get other')).rejects.toThrow(
      /Nobody can say whether there is a key `other`: `dc1`.*key_prefix "other"/,
    )
    expect(await crewOn(here, server).say('consul services')).toContain('We send no ACL token')
    const unknown = await crewOn(here, server, { token: crypto.randomUUID() }).say('consul services')
    expect(unknown).toContain('⚠️ `dc1` *refuses us*: Consul does not know our token')
    await expect(some.say('consul service shut')).rejects.toThrow(/no service `shut`.*our ACL token may not read/)
    expect(await some.say('consul health')).toContain('✅ Every check that our ACL token may read passes.')
  })
})

// Last: it takes the spoke away.
describe('a spoke that hangs', () => {
  test('is named and stalls nobody: the others answer while it says nothing', async () => {
    const { spoke } = two
    process.kill(spoke.pid, 'SIGSTOP')
    try {
      const crew = opened()
      const said = await crew.say('consul service web')
      expect(said).toContain('⚠️ `dc2` is *unreachable*: no answer in 0.8 s. What it has is missing here.')
      expect(said).toContain('🔴 *critical* `192.168.7.2:8080`')
      expect(await crew.say('consul dc')).toContain('🔴 `dc2` *unreachable*')
      await expect(crew.say('consul service wbe')).rejects.toThrow(/Did you mean `web`\?.*Nobody could look in `dc2`/)
    } finally {
      process.kill(spoke.pid, 'SIGCONT')
    }
  })

  test('and one that is dead is named with the reason', async () => {
    await two.spoke.kill9()
    const said = await opened().say('consul services')
    expect(said).toMatch(/⚠️ `dc2` is \*unreachable\*: .+\. What it has is missing here\./)
    expect(said).toContain('• `web` in `dc1`')
    expect(await opened().say('consul health --dc dc2')).toContain('Nobody answered, so nothing is known.')
  })
})
