import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import type { ConsulAgent } from '../consul.ts'
import { joined, startConsulServer } from '../consul.ts'
import { startDoor } from '../consul-door.ts'
import { keysOf, put } from '../stages/kv/room.ts'
import { people } from './site.ts'
import { type Run, talkIn, wordsOf } from './talk.ts'
import { startWorld, type World } from './world.ts'

const dir = mkdtempSync(join(tmpdir(), 'groundcrew-kv-e2e-'))
const source = join(dir, 'source')
let hub: ConsulAgent
let spoke: ConsulAgent
let door: Awaited<ReturnType<typeof startDoor>>
let world: World
let talk: ReturnType<typeof talkIn>

const roles = {
  engineers: { members: [people.alice, people.bob], may: [{ commands: ['kv *', 'runs *', 'schedule *'] }] },
  approvers: {
    members: [people.bob, people.carol],
    may: [{ commands: ['kv plan', 'kv drift', 'kv adopt', 'runs *'] }],
  },
}

beforeAll(async () => {
  mkdirSync(join(source, 'config'), { recursive: true })
  hub = await startConsulServer({ dir: join(dir, 'dc1') })
  spoke = await startConsulServer({ dir: join(dir, 'dc2'), dc: 'dc2', joins: hub })
  await joined(hub, spoke)
  door = await startDoor(hub.url)
  const app = {
    source,
    hub: 'dc1',
    spokes: 'all',
    prefixes: ['config/app/'],
    pass: ['APP_PASSWORD'],
    approvers: ['approvers'],
    channel: 'ops',
    drift: { every: '1h', owner: people.alice },
  }
  world = await startWorld({
    environments: {},
    sections: { kv: { app }, roles },
    variables: () => ({ CONSUL_HTTP_ADDR: door.url, APP_PASSWORD: 'correct-horse-battery' }),
  })
  talk = talkIn(world, 'C00ROOM')
}, 120_000)
afterAll(async () => {
  await world?.stop()
  await door?.stop()
  await Promise.all([hub?.stop(), spoke?.stop()])
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})

const write = (text: string) => writeFileSync(join(source, 'config/app.yml'), text)
const many = (value: string) =>
  `common:\n${Array.from({ length: 100 }, (_, at) => `  k${String(at).padStart(3, '0')}: ${value}`).join('\n')}\n`

async function applied(person: 'alice' | 'bob' = 'alice'): Promise<Run> {
  const run = await talk.begin(person, 'kv apply app')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  return run
}

/** A message of the channel whose words fit. */
const shows = (wanted: RegExp) =>
  waitFor(async () => (await talk.all()).find((message) => wanted.test(wordsOf(message))), {
    what: `${wanted} in the channel`,
    within: '50s',
    every: 200,
  })

test('a plan is shown, judged by somebody else, and written to both datacenters; no secret is in any of it', async () => {
  write('common:\n  db: { host: db.internal, password: { from_env: APP_PASSWORD } }\nlocal:\n  dc2: { zone: east }\n')
  const look = await talk.begin('carol', 'kv plan app')
  const plan = await talk.sees(look, /^✅ \*succeeded\*/)
  expect(plan).toContain('*Plan of app: 5 to add, 0 to change, 0 to remove in dc1, dc2.*')
  expect(plan).toContain('• `dc2: + config/app/zone "east"`')
  const run = await talk.begin('alice', 'kv apply app')
  const asks = await talk.sees(run, /^✋ \*waiting for approval\*/)
  expect(asks).toContain('`dc1: + config/app/db/password (secret)`')
  expect(asks).toMatch(/dc1 \(hub\): 2 to add, 0 to change, 0 to remove, 0 unchanged\./)
  expect(await talk.answered('alice', () => talk.press('alice', 'judgment.approve', run))).toMatch(/somebody else/)
  expect(await keysOf(hub, 'dc1', 'config/')).toEqual({})
  await talk.press('carol', 'judgment.approve', run)
  expect(await talk.sees(run, /^✅ \*succeeded\*/)).toMatch(
    /\*5 written\.\*[\s\S]*dc1: 2 written\.[\s\S]*dc2: 3 written\./,
  )
  expect((await talk.closing(run)).text).toMatch(/succeeded.*<@U01ALICE>/)
  expect(await talk.file(run, 'kv-plan.txt')).toContain('+ config/app/db/host "db.internal"')
  expect(await keysOf(hub, 'dc2', 'config/app/')).toEqual({
    'config/app/db/host': 'db.internal',
    'config/app/db/password': 'correct-horse-battery',
    'config/app/zone': 'east',
  })
  expect(await talk.type('eve', 'kv apply app')).toMatch(/You may not run `kv apply` on the settings app/)
  expect(await talk.type('carol', 'kv apply app')).toMatch(/You may not run/)
  expect(await talk.type('alice', 'schedule list')).toMatch(/`kv-drift-app` \*active\*: `kv drift app --quiet`/)
  const seen = JSON.stringify(await talk.all()) + world.workers.map(({ log }) => log()).join('')
  expect(seen).not.toContain('correct-horse')
})

test('a worker killed between two batches: another one goes on, and nothing is written twice', async () => {
  write(many('one'))
  const knocks = door.holdAfter(1)
  const run = await applied()
  await knocks
  expect(Object.keys(await keysOf(hub, 'dc1', 'config/app/k'))).toHaveLength(64)
  await Promise.all(world.workers.map((worker) => worker.kill9()))
  door.open()
  await world.startWorker()
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/64 were so already/)
  expect(over.match(/Approved by/g)).toHaveLength(1)
  expect(Object.values(await keysOf(hub, 'dc2', 'config/app/k'))).toEqual(Array.from({ length: 100 }, () => 'one'))
})

test('somebody else who writes meanwhile is shown and not overwritten', async () => {
  write(many('two'))
  const run = await talk.begin('alice', 'kv apply app')
  await talk.sees(run, /\*waiting for approval\*/)
  await put(hub, 'dc1', 'config/app/k050', 'theirs')
  await talk.press('carol', 'judgment.approve', run)
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(
    /\*In conflict, and not overwritten\*\n⚔️ `dc1: config\/app\/k050: somebody else changed it: ModifyIndex \d+ when it was planned, ModifyIndex \d+ now, with "theirs"`/,
  )
  expect(over).toMatch(/dc2: untouched, the hub dc1 failed before/)
  expect(over).toContain('[Plan again]')
  expect(await talk.file(run, 'kv-report.txt')).toMatch(/not written \(same batch: all or nothing\)/)
  expect((await keysOf(hub, 'dc1', 'config/app/'))['config/app/k050']).toBe('theirs')
  await talk.sees(await applied('bob'), /^✅ \*succeeded\*/)
})

test('a spoke that is away is caught up when it returns, though every process was restarted meanwhile', async () => {
  write(many('three'))
  const run = await talk.begin('alice', 'kv apply app')
  await talk.sees(run, /\*waiting for approval\*/)
  await spoke.kill9()
  await talk.press('carol', 'judgment.approve', run)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/dc2 waits: caught up when it answers again/)
  await Promise.all(world.bots.map((bot) => bot.kill9()))
  await world.startBot()
  write(many('four'))
  await spoke.restart()
  await joined(hub, spoke)
  const caught = wordsOf(await shows(/^✅ \*succeeded\*: `kv apply app --catch-up dc2`/))
  expect(caught).toMatch(new RegExp(`Approved by <@U03CAROL> at .*: \`with ${run.id}, which this completes\``))
  expect(caught).toMatch(/begun by schedule kv-app of <@U01ALICE>/)
  expect(Object.values(await keysOf(spoke, 'dc2', 'config/app/k'))).toEqual(Array.from({ length: 100 }, () => 'three'))
})

test('what was changed by hand is found, adopted as a diff, or put back; what did not move is passed over', async () => {
  await talk.sees(await applied(), /^✅ \*succeeded\*/)
  const quiet = await talk.begin('alice', 'kv drift app --quiet')
  await waitFor(async () => /succeeded/.test(await talk.type('alice', `runs show ${quiet.id}`)), {
    what: 'the look',
    within: '30s',
  })
  await put(hub, 'dc2', 'config/app/k001', 'by hand')
  const look = await talk.begin('alice', 'kv drift app --quiet')
  const drift = await talk.sees(look, /^✅ \*succeeded\*/)
  expect(drift).toMatch(/1 changed by hand in dc2/)
  expect(drift).toMatch(
    /`dc2: config\/app\/k001: "by hand" in Consul, "four" in the source; ModifyIndex \d+ now, \d+ when it was last right`/,
  )
  expect(drift).toMatch(/\[Adopt\] \[Put it back\]/)
  await expect(talk.words(quiet)).rejects.toThrow(/no message/)
  const told = await talk.answered('bob', () => talk.press('bob', 'command.run.kv.drift.0', look))
  const adopt = { id: /is stored as `([^`]+)`/.exec(told)?.[1] ?? '' }
  expect(await talk.sees(adopt, /^✅ \*succeeded\*/)).toMatch(/A diff that adopts 1 key/)
  expect(await talk.file(adopt, 'kv-adopt.patch')).toMatch(
    /^--- a\/config\/app.yml\n[\s\S]*\+local:\n\+ {2}dc2:\n\+ {4}k001: by hand\n/,
  )
  const back = await talk.answered('alice', () => talk.press('alice', 'command.run.kv.drift.1', look))
  const apply = { id: /is stored as `([^`]+)`/.exec(back)?.[1] ?? '' }
  await talk.sees(apply, /\*waiting for approval\*/)
  await talk.press('bob', 'judgment.approve', apply)
  await talk.sees(apply, /^✅ \*succeeded\*/)
  expect((await keysOf(hub, 'dc2', 'config/app/'))['config/app/k001']).toBe('four')
})
