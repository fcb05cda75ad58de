import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { startJenkinsStandIn } from '../fixtures/jenkins-stand-in.ts'
import { channels, people } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

/** A window that is closed for days to come, whatever day it is. */
const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 3) % 7] ?? ''
const closed = [{ days: [day], from: '10:00', to: '11:00', zone: 'Asia/Tokyo' }]

let world: World
let ci: Awaited<ReturnType<typeof startJenkinsStandIn>>

/** What the role of a server is about: each host that it ran on is a line of a file. */
const playbook = (dir: string) => `
- hosts: web
  gather_facts: false
  connection: local
  tasks:
    - ansible.builtin.shell: echo {{ inventory_hostname }} >> ${join(dir, 'ran')}
`

function playbookIn(dir: string): string {
  const file = join(dir, 'web.yml')
  writeFileSync(file, playbook(dir))
  return file
}

beforeAll(async () => {
  ci = await startJenkinsStandIn()
  ci.built({ parameters: { SIZE: 'small' } })
  world = await startWorld((dir) => ({
    environments: { iced: {}, night: { windows: closed, outside_window: ['leads'] }, dusk: { windows: closed } },
    variables: () => ({ CI_USER: 'bot', CI_TOKEN: '11token22' }),
    sections: {
      jenkins: { smoke: { url: ci.job, user: 'CI_USER', token: 'CI_TOKEN' } },
      triggers: {
        smoked: {
          on: { jenkins: 'smoke', parameters: { SIZE: '[a-z]+' } },
          ...{ line: 'tiny up dusk {SIZE}', channel: 'ops', existing: true },
        },
        'web-ready': { on: { service: 'web', tag: 'role-web' }, line: 'tiny play {id}', channel: 'ops' },
      },
      playbooks: { web: { playbook: playbookIn(dir), service: 'web', tag: 'role-web' } },
      roles: {
        engineers: {
          members: [people.alice, people.bob, 'trigger:smoked', 'trigger:web-ready'],
          may: [{ commands: ['tiny *', 'runs *', 'env *', 'freeze', 'triggers list'] }],
        },
        approvers: { members: [people.bob, people.carol], may: [{ commands: ['runs *', 'freeze', 'unfreeze'] }] },
        leads: { members: [people.bob] },
      },
    },
  }))
})
afterAll(async () => {
  await world.stop()
  ci.stop()
})

const talkNo = (at: number) => talkIn(world, channels[at] ?? '')

test('a freeze is seen in the message and in the list; what was approved waits, and goes on when it is ended', async () => {
  const talk = talkNo(0)
  await talk.type('alice', 'freeze iced --until 4h --why "quarter end"')
  const run = await talk.begin('alice', 'tiny up iced small')
  expect(await talk.sees(run, /\*waiting for approval\*/)).toMatch(/What changes waits: iced is frozen until/)
  await talk.press('carol', 'judgment.approve', run)
  const frozen = await talk.sees(run, /^🧊 \*frozen\*/)
  expect(frozen).toMatch(/iced is frozen until .*<@U01ALICE>.*quarter end/)
  expect(frozen).toContain('runs override')
  expect(await talk.buttons(run)).toEqual(['execution.cancel'])
  await talk.type('carol', 'unfreeze iced')
  await talk.sees(run, /^✅ \*succeeded\*/)
})

test('outside its window it says when that opens; only a role of the site lets it go on, with a reason', async () => {
  const talk = talkNo(1)
  const run = await talk.begin('alice', 'tiny up night small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  expect(await talk.sees(run, /^🌙 \*outside its window\*/)).toMatch(
    /opens \w{3} \d{4}-\d\d-\d\d 10:00 Asia\/Tokyo \(01:00 UTC\)/,
  )
  expect(await talk.type('carol', `runs override ${run.id} --why "it burns"`)).toMatch(
    /`leads` may let something change night/,
  )
  expect(await talk.status(run)).toBe('outside its window')
  await talk.type('bob', `runs override ${run.id} --why "it burns"`)
  expect(await talk.sees(run, /^✅ \*succeeded\*/)).toMatch(/@U02BOB> lets it change things outside the window/)
})

test('what a build of Jenkins began is approved by people and waits for its window, and the list of triggers says what it was', async () => {
  const talk = talkNo(0)
  const list = async () => {
    const said = await talk.type('alice', 'triggers list')
    const id = /`build 1, SUCCESS` began `(\w+)`/.exec(said)?.[1]
    return id === undefined ? null : { id, said }
  }
  const { id, said: listed } = await waitFor(list, { what: 'the build in the list' })
  expect(listed).toMatch(/`trigger:smoked`, with `engineers`, which may `tiny up`/)
  expect(listed).not.toContain('11token22')
  expect(await talk.sees({ id }, /\*waiting for approval\*/)).toContain('trigger:smoked')
  await talk.press('carol', 'judgment.approve', { id })
  await talk.sees({ id }, /^🌙 \*outside its window\*/)
})

test('a server with the role is ready: its playbook runs on it, once, by real Ansible', async () => {
  const talk = talkNo(0)
  const list = () => talk.type('alice', 'triggers list')
  await waitFor(async () => /\*web-ready\*[\s\S]*looked at/.test(await list()), { what: 'the first look' })
  const registered = async (id: string, status: string) => {
    const check = { CheckID: `service:${id}`, TTL: '10m', Status: status }
    const body = { ID: id, Name: 'web', Address: '127.0.0.1', Port: 80, Tags: ['role-web'], Check: check }
    const at = new URL('/v1/agent/service/register', world.consul.url)
    expect((await fetch(at, { method: 'PUT', body: JSON.stringify(body) })).ok).toBe(true)
  }
  await registered('web-1', 'passing')
  await registered('web-2', 'critical')
  const begun = async () => /`web-1[^`]*`.* began `(\w+)`/.exec(await list())?.[1] ?? null
  const id = await waitFor(begun, { what: 'the playbook of web-1' })
  expect(await talk.sees({ id }, /^✅ \*succeeded\*/)).toContain('trigger:web-ready')
  expect(readFileSync(join(world.dir, 'ran'), 'utf8')).toBe('web-1\n')
})
