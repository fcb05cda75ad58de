import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Part, startConsul } from '../../examples/demo/parts.ts'
import { siteSchema } from '../../src/core/site.ts'
import type { StageKind } from '../../src/core/workflow.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { ansible, ansibleKind } from '../../src/stages/ansible.ts'
import { inventoryText, isHost } from '../../src/tools/ansible.ts'
import { site, written } from '../core/sample-site.ts'
import { bob } from '../core/world.ts'
import { KEY, only, ready, runnerOf, stageNow, workerOf } from '../engine/kinds.ts'
import { until, useRedis } from '../engine/redis.ts'

/** Real ansible-playbook, on hosts that a real Consul names; they are reached by Ansible's `local` connection. */
const here = useRedis()
const kinds = new Map([['ansible', ansibleKind as unknown as StageKind]])
const dir = mkdtempSync(join(tmpdir(), 'groundcrew-ansible-'))
let consul: Part

beforeAll(async () => {
  consul = await startConsul({ dir, dev: true })
})
afterAll(async () => {
  await consul.stop()
  rmSync(dir, { recursive: true, force: true })
})

const register = async (id: string, status = 'passing', tags = ['blue']) => {
  const check = { TTL: '10m', Status: status }
  const body = { ID: id, Name: 'web', Address: '127.0.0.1', Port: 80, Tags: tags, Check: check }
  const url = new URL('/v1/agent/service/register', consul.url)
  const { ok } = await fetch(url, { method: 'PUT', body: JSON.stringify(body) })
  if (!ok) throw new Error(`Consul did not take ${id}`)
}

beforeEach(async () => {
  await register('web-1')
  await register('web-2')
  await register('web-3', 'critical')
  await register('web-4', 'passing', ['green'])
})

const TASK = (task: string, hosts: string) => `
- hosts: ${hosts}
  gather_facts: false
  tasks:
    - name: do it
      ansible.builtin.shell: ${task}
`

async function runs(task: string, given: object = {}, settings: object = {}, hosts = 'all') {
  const playbook = join(here.dir, 'site.yml')
  writeFileSync(playbook, TASK(JSON.stringify(task), hosts))
  const vars = { ansible_connection: 'local' }
  const web = {
    playbook,
    service: 'web',
    tag: 'blue',
    vars,
    takes: { version: '[0-9.]+' },
    secrets: ['TOKEN'],
    ...settings,
  }
  const { playbooks } = siteSchema.parse({ ...written, playbooks: { web } })
  const draft = ansible({ playbook: 'web', ...given })
  const input = ansibleKind.plan(ansibleKind.input.parse(draft.input), {
    site: { ...site, playbooks },
    environment: null,
  })
  const hint = await ready(here, only('ansible', input))
  const { PATH = '', HOME = '' } = process.env
  const variables = { PATH, HOME, CONSUL_HTTP_ADDR: consul.url, TOKEN: 'hunter2-hunter2', OTHER: 'other-other' }
  const worker = runnerOf(here, workerOf('w1'), { kinds, variables })
  return { worker, done: () => worker.start(hint) }
}
const outcome = async () => (await stageNow(here)).outcome
const log = async () =>
  Buffer.from(await createArtifacts(here.redis, here.keys, KEY).of('r1').get('one-log.txt')).toString()

test('it runs on the passing instances with the tag, and says in numbers what it did', async () => {
  const file = join(here.dir, 'log')
  await (
    await runs(`echo {{ inventory_hostname }} {{ ansible_host }} {{ service_port }} {{ version }} >>${file}`, {
      with: { version: '1.4' },
    })
  ).done()
  expect(readFileSync(file, 'utf8').trim().split('\n').sort()).toEqual([
    'web-1 127.0.0.1 80 1.4',
    'web-2 127.0.0.1 80 1.4',
  ])
  expect(await outcome()).toEqual({
    kind: 'succeeded',
    output: {
      ...{ hosts: ['web-1', 'web-2'], failed: [], ok: 2, changed: 2, failures: 0, unreachable: 0, skipped: 0 },
      files: ['one-log.txt'],
    },
  })
  expect(await log()).toMatch(/TASK \[do it\][\s\S]*PLAY RECAP/)
})

test('limited to one instance it runs on no other, also in a play for the service', async () => {
  await (await runs('true', { limit: 'web-2' }, {}, 'web')).done()
  expect(await outcome()).toMatchObject({ kind: 'succeeded', output: { hosts: ['web-2'] } })
})

test('a failure names the hosts; it gets nothing of the worker that is not listed, and no secret is in the log', async () => {
  await (await runs('env; echo "token $TOKEN"; test {{ inventory_hostname }} = web-1')).done()
  expect(await outcome()).toMatchObject({
    kind: 'failed',
    error: 'The playbook web ended with exit code 2. It failed on web-2.',
    output: { failed: ['web-2'], failures: 1, ok: 1 },
  })
  expect(await log()).toContain('token ***')
  expect(await log()).not.toMatch(/hunter2-hunter2|other-other/)
})

test('a play for hosts that are not these has done nothing, and does not count as done', async () => {
  await (await runs('true', {}, {}, 'db')).done()
  expect(await outcome()).toMatchObject({ kind: 'failed', error: expect.stringMatching(/has no play for these hosts/) })
})

test('where Ansible comes to no host, its own words say why', async () => {
  await (await runs('true', {}, {}, '[')).done()
  expect(await outcome()).toMatchObject({
    error: expect.stringMatching(/^The playbook web ended with .*\n\S*ERROR\S* ./),
  })
})

test('canceled it is interrupted once and ends by itself', async () => {
  const up = join(here.dir, 'up')
  const { worker, done } = await runs(`touch ${up}; sleep 30`, { limit: 'web-1' })
  const end = done()
  await until(() => existsSync(up))
  await here.store.tell('r1', { type: 'cancel', by: bob, why: '', force: false })
  await worker.obey('r1')
  await end
  expect(await outcome()).toMatchObject({ kind: 'canceled', why: 'The playbook web was interrupted.' })
})

test.each([
  [{ limit: 'web-3' }, {}, /web-3 is no passing instance of web with the tag blue/],
  [{ limit: 'all:!web-1' }, {}, /all:!web-1 is no passing instance/],
  [{ with: { version: '{{ 1 }}' } }, {}, /`version` has a value that does not fit/],
  [
    { with: { version: "1{{ lookup('pipe', 'id') }}" } },
    { takes: { version: '.+' } },
    /`version` has a template in it/,
  ],
  [{}, { service: 'nowhere' }, /no instance of nowhere with the tag blue passes/],
])('%j with %j is not run', async (given, settings, why) => {
  const file = join(here.dir, 'never')
  await (await runs(`touch ${file}`, given, settings)).done()
  expect(await outcome()).toMatchObject({ kind: 'failed', error: expect.stringMatching(why) })
  expect(existsSync(file)).toBe(false)
})

test('the service is a group, spelled as a group has to be, unless a limit would mean all of it', () => {
  const host = { name: 'web-api', address: '10.0.0.1', port: 80 }
  const groups = (service: string, limit?: string) =>
    Object.keys(JSON.parse(inventoryText([host], { service, vars: {}, limit })).all.children ?? {})
  expect([groups('web-api'), groups('1st'), groups('web', 'web'), groups('all')]).toEqual([
    ['web_api'],
    ['_1st'],
    [],
    [],
  ])
})

test('a host has neither a template nor a flag in its name or address', () => {
  const host = { name: 'web-1', address: '10.0.0.1' }
  expect(
    [host, { ...host, address: 'fd00::1' }, { ...host, name: 'web.dc1' }, { ...host, name: '_nomad-task-1' }].every(
      isHost,
    ),
  ).toBe(true)
  const odd = [
    { ...host, name: '{{ x }}' },
    { ...host, name: '-i' },
    { ...host, name: '' },
    { ...host, name: 'all' },
    { ...host, address: 'a b' },
  ]
  expect(odd.some(isHost)).toBe(false)
})

test('what the site does not list, and a variable that it does not take, is refused when it is planned', async () => {
  expect(() => ansibleKind.plan({ playbook: 'nobody', with: {} }, { site, environment: null })).toThrow(
    /no playbook `nobody`/,
  )
  await expect(runs('true', { with: { other: '1' } })).rejects.toThrow(/takes no `other`/)
})
