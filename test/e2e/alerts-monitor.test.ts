import { randomUUID } from 'node:crypto'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { OWN_TOKEN, type StandIn, standInForVault } from '../monitors/token-expiry/vault-stand-in.ts'
import { type AlertWorld, alertsIn, count, startAlertWorld } from './alerts.ts'
import { people } from './site.ts'

const samples = readFileSync(join(import.meta.dirname, '../cases/audit/samples.jsonl'), 'utf8').split('\n')
const HOUR_S = 3600

let world: AlertWorld
let vault: StandIn

beforeAll(async () => {
  vault = await standInForVault()
  world = await startAlertWorld({
    rules: [
      { name: 'denied', service: 'vault-audit-monitor', channel: 'room-1', mention: [people.bob] },
      { name: 'expiring', service: 'token-expiry-monitor', channel: 'room-2' },
    ],
  })
})
afterAll(async () => {
  vault?.stop()
  await world?.stop()
})

/** Requests that Vault denied just now: entries of the samples, with ids of their own. */
function denied(file: string, times: number, sample = 0): void {
  const text = samples[sample] ?? ''
  const lines = Array.from({ length: times }, () => {
    const entry = JSON.parse(text) as { request: object }
    const request = { ...entry.request, id: randomUUID() }
    return `${JSON.stringify({ ...entry, time: new Date().toISOString(), request })}\n`
  })
  appendFileSync(file, lines.join(''))
}

/** Sample 14 is of another namespace and path. */
const OTHER = 13

test('a burst of denied requests is told with figures and a picture; a monitor that dies is blindness and no end of it', async () => {
  const file = join(world.dir, 'audit.log')
  writeFileSync(file, '')
  const vault_audit = {
    file,
    state: join(world.dir, 'audit-state.json'),
    poll: '1s',
    thresholds: [{ count: 'denied', window: '60m', warning: 500, critical: 10 }],
  }
  const settings = { vault_audit, consul: { ttl: '3s' } }
  const monitor = await world.startMonitor(settings)
  const room = alertsIn(world, 1)
  denied(file, 12)
  denied(file, 3, OTHER)

  const seen = await room.sees(/^🔴 \*firing\*: critical `denied` in `dc1`/)
  expect(seen.words).toMatch(/<@U02BOB>[\s\S]*\*15 denied\* in 5 min, 15 denied in 60 min \(as of /)
  expect(seen.words).toMatch(
    /most of the hour by `app1[^`]*` \(15\), on `kv\/data\/payments\/\.\.\.` \(12\), from `10\.20\.3\.41` \(15\)/,
  )
  const told = await room.note(/\*Principals\*/)
  expect(told).toMatch(
    /^\S+ \*New\*[\s\S]*\*Paths\*: `kv\/data\/payments\/\.\.\.` 12, [\s\S]*\*Addresses\*: `10\.20\.3\.41` 15[\s\S]*\*Kinds\*: `policy` 15/,
  )
  const picture = await pictureIn(room)
  expect(picture.subarray(1, 4).toString()).toBe('PNG')
  for (const { words } of room.versions()) expect(words).not.toMatch(/hmac-sha256/)

  await monitor.kill9()
  const ops = alertsIn(world, 0)
  const blind = await ops.sees(/^🔴 \*firing\*: critical `blind` in `dc1`/)
  expect(blind.words).toMatch(/vault-audit-monitor: no sign of life on dc1-server`: its last output was/)
  const hidden = await room.sees(/^\S+ \*unknown\*/)
  expect(hidden.words).toMatch(/its monitor gives no sign of life/)
  expect(hidden.words).not.toContain('<@')

  await world.startMonitor(settings)
  await ops.sees(/^✅ \*resolved\*: critical `blind`/)
  expect((await room.sees(/^🔴 \*firing\*/)).message.ts).toBe(seen.message.ts)
  await room.note(/\*Known again\*/)
  const all = room.versions().map(({ words }) => words)
  expect(count(all, /\*resolved\*|TTL expired/)).toBe(0)
  expect([await room.standing(), await ops.standing()].map(({ length }) => length)).toEqual([1, 1])
}, 120_000)

/** The picture in the thread. */
async function pictureIn(room: ReturnType<typeof alertsIn>): Promise<Buffer> {
  const find = async () =>
    (await room.all()).flatMap(({ files = [] }) => files).find(({ name }) => name === 'last-hour.png')
  const found = await waitFor(find, { what: 'the picture of the last hour', within: '50s' })
  const url = new URL(found.url_private, world.slack.url)
  const answer = await fetch(url, { headers: { authorization: 'Bearer xoxb-test' } })
  return Buffer.from(await answer.arrayBuffer())
}

test('a token that is about to expire is told with its owner, the time that is left and how to renew it', async () => {
  const now = Math.floor(Date.now() / 1000)
  vault.answers.set('POST auth/token/lookup-accessor a1', {
    ttl: 2 * HOUR_S,
    creation_time: now - 30 * HOUR_S,
    expire_time: new Date((now + 2 * HOUR_S + 59) * 1000).toISOString(),
    period: 0,
    num_uses: 0,
    explicit_max_ttl: 0,
    renewable: true,
  })
  const entry = { kind: 'vault_token', name: 'payments-db', owner: 'team payments', accessor: 'a1', renew: true }
  const entries = [{ ...entry, runbook: 'https://wiki.example/renew' }]
  const monitor = await world.startMonitor(
    { token_expiry: { every: '1s', entries }, consul: { ttl: '3s' } },
    { VAULT_ADDR: vault.url, VAULT_TOKEN: OWN_TOKEN },
  )
  const room = alertsIn(world, 2)
  const seen = await room.sees(/^🔴 \*firing\*: critical `expiring`[\s\S]*🔑/)
  const line =
    /`payments-db` critical: `expires in 2 h[^`]*`, owner `team payments`, renewal: `[^`]+`, <https:\/\/wiki\.example\/renew\|how to renew>/
  expect(seen.words).toMatch(line)
  expect(await room.note(/\*New\*/)).toMatch(line)
  expect(seen.words).not.toContain(OWN_TOKEN)

  const { answers } = vault
  answers.set('POST auth/token/lookup-accessor a1', {
    ...answers.get('POST auth/token/lookup-accessor a1'),
    ttl: 0,
    expire_time: null,
  })
  expect((await room.sees(/^✅ \*resolved\*/)).message.ts).toBe(seen.message.ts)
  await monitor.stop()
}, 120_000)
