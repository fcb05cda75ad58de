import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadtest } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  const health = { 'loadtest-app': 'app_count', 'loadtest-generator': 'generator_count' }
  world = await startWorld({ environments: { loadtest: { ...loadtest, health } } })
  talk = talkIn(world, 'C00ROOM')
})
afterAll(() => world.stop())

type Entry = { Service: { Address: string; Port: number } }

/** What the instances of a service say when they are asked over HTTP. */
async function answers(service: string): Promise<{ service: string; id: string; version: string }[]> {
  const entries = (await (await fetch(`${world.consul.url}/v1/health/service/${service}?passing`)).json()) as Entry[]
  return Promise.all(
    entries.map(async ({ Service }) => (await fetch(`http://${Service.Address}:${Service.Port}/`)).json()),
  )
}

async function approved(text: string): Promise<{ id: string }> {
  const run = await talk.begin('alice', text, '/loadtest')
  await talk.sees(run, /^✋ \*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  return run
}

test('up small: asked, planned, approved by somebody else, applied, and real instances answer', async () => {
  const run = await talk.begin('alice', 'up small', '/loadtest')
  const waiting = await talk.sees(run, /^✋ \*waiting for approval\*: `loadtest up small`.*asked by <@U01ALICE>/)
  expect(waiting).toMatch(/6 to add/)
  expect(waiting).toContain('<@U01ALICE> asked for it and cannot approve it.')
  expect((await talk.message(run)).text).toMatch(/waiting for approval.*6 to add/)
  expect(await talk.file(run, 'plan.txt')).toContain('Plan: 6 to add, 0 to change, 0 to destroy.')
  expect(await answers('loadtest-app')).toEqual([])

  await talk.press('carol', 'judgment.approve', run)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/Approved by <@U03CAROL> at/)
  expect(over).toMatch(/loadtest-app: 2\/2 passing/)
  expect(over).toMatch(/Up until .*--for 4h/)
  expect(await talk.buttons(run)).toEqual(['execution.extend'])
  expect((await answers('loadtest-app')).map(({ service }) => service)).toEqual(['loadtest-app', 'loadtest-app'])
  expect(await answers('loadtest-generator')).toHaveLength(1)

  const closing = await talk.closing(run)
  expect(closing.text).toMatch(/^✅ succeeded: .*<@U01ALICE>/)
  expect(await talk.file(run, 'apply-log.txt')).toContain('Apply complete! Resources: 6 added')
  const names = (await talk.thread(run)).flatMap(({ files = [] }) => files.map(({ name }) => name))
  expect(names.toSorted()).toEqual(['apply-log.txt', 'plan.txt'])
})

test('resize adds what is missing and keeps what is there', async () => {
  const before = (await answers('loadtest-app')).map(({ id }) => id)
  const run = await approved('resize medium')
  await talk.sees(run, /^✅ \*succeeded\*[\s\S]*loadtest-app: 5\/5 passing/)
  const after = (await answers('loadtest-app')).map(({ id }) => id)
  expect(after).toEqual(expect.arrayContaining(before))
  expect(after).toHaveLength(5)
})

test('status says what runs, and what is there already needs no approval', async () => {
  expect(await talk.type('alice', 'status', '/loadtest')).toMatch(
    /loadtest resize medium[\s\S]*`loadtest-app`: 5 of 5 passing/,
  )
  const run = await talk.begin('bob', 'resize medium', '/loadtest')
  expect(await talk.sees(run, /\*succeeded\*/)).toMatch(/skipped: nothing to do/)
})

test('why, diff and log of an execution are asked in the chat', async () => {
  const list = await talk.type('alice', 'runs list')
  const id = /^`(\w+)` \*succeeded\* `loadtest up small`/m.exec(list)?.[1] ?? ''
  const why = await talk.type('alice', `runs why ${id}`)
  expect(why).toMatch(
    /asked[\s\S]*roles\.engineers\.may[\s\S]*judged[\s\S]*approved[\s\S]*ran[\s\S]*apply[\s\S]*finished/,
  )
  expect(await talk.type('alice', `runs diff ${id}`)).toMatch(/` {2}# terraform_data\.app\[0\] will be created`/)
  expect(await talk.type('alice', `runs log ${id} --lines 3`)).toMatch(/The last 3 of \d+ lines of `terraform.apply`/)
  expect(await talk.type('alice', `runs log ${id} --stage nothing`)).toMatch(
    /has no stage `nothing`; it has `terraform.plan`/,
  )
})

test('down asks as well, and says destroyed when the state is empty', async () => {
  const run = await talk.begin('alice', 'down', '/loadtest')
  expect(await talk.sees(run, /\*waiting for approval\*/)).toMatch(/14 to destroy[\s\S]*⚠️/)
  await talk.press('carol', 'judgment.approve', run)
  expect(await talk.sees(run, /^✅ \*succeeded\*/)).toContain('Destroyed: the state is empty.')
  expect(await answers('loadtest-app')).toEqual([])
  expect(await talk.type('alice', 'status', '/loadtest')).not.toContain('Up until')
})
