import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { channels, repository } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

const examples = join(repository, 'examples')
const announced: unknown[] = []
/** What the stand-in for the chat of the announcements answers next. */
let answer = 200
const chat = createServer(async (request, response) => {
  announced.push(await json(request))
  response.writeHead(answer, { 'content-type': 'application/json' }).end('{"ok":true}')
})
let world: World
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  chat.listen(0, '127.0.0.1')
  await once(chat, 'listening')
  world = await startWorld({
    environments: { loadtest: {} },
    variables: (dir) => ({
      GROUNDCREW_SITE: demoSite(dir),
      GROUNDCREW_COMMANDS: [join(repository, 'commands'), join(examples, 'site/commands')].join(','),
      GROUNDCREW_LABELS: 'generator',
    }),
  })
  talk = talkIn(world, channels[3] ?? '')
})
afterAll(async () => {
  await world?.stop()
  chat.close()
})

/** The demo's own site, in the channels of the test, announcing to the stand-in. */
function demoSite(dir: string): string {
  const { port } = chat.address() as AddressInfo
  const text = readFileSync(join(examples, 'site/groundcrew.yml'), 'utf8')
    .replaceAll(': ../', `: ${examples}/`)
    .replace('./scripts/', `${examples}/site/scripts/`)
    .replace('longest: 10m', 'ready_within: 2s')
    .replace('http://127.0.0.1:3000/', `http://127.0.0.1:${port}/`)
    .replace(/^ {2}(ops|alerts|audit): C0.*$/gm, (_, name: string) => `  ${name}: ${roomOf(name)}`)
  const file = join(dir, 'demo.yml')
  writeFileSync(file, text)
  return file
}

const roomOf = (name: string) => channels[['ops', 'alerts', 'audit'].indexOf(name)]

test('load tonight: it waits, an approver skips the wait, and the load runs as an execution of its own', async () => {
  const run = await talk.begin('alice', 'rehearsal small --load 3s')
  const asks = await talk.sees(run, /\*waiting for approval\*/)
  expect(asks).toContain('Is anybody else measuring?')
  expect(asks).toContain('[Load now] [Load tonight] [No load] [stop]')
  await talk.press('bob', 'judgment.approve.1', run)
  expect(await talk.sees(run, /`night` waiting until/)).toContain('[Skip wait]')
  expect(await talk.answered('alice', () => talk.press('alice', 'wait.now', run))).toContain('approvers')
  await waitFor(() => announced.length > 0, { what: 'the announcement' })
  expect(announced).toEqual([{ channel: 'C01OPS', text: expect.stringMatching(/^2 instances of loadtest-app pass; /) }])
  await talk.press('bob', 'wait.now', run)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/`judgment` approved with `tonight`/)
  for (const id of ['survey', 'night', 'load', 'announce', 'compare'])
    expect(over).toMatch(new RegExp(`✅ \`${id}\` succeeded`))
  expect(over).not.toContain('`look`')
  expect(await talk.file(run, 'compare-log.txt')).toMatch(/ms was the 95th percentile under load/)
})

test('no load, and nobody takes the announcement: that branch ends alone, and the message says so', async () => {
  answer = 400
  const run = await talk.begin('alice', 'rehearsal small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('bob', 'judgment.approve.2', run)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/`judgment` approved with `none`/)
  expect(over).toMatch(/`load`.* skipped: `judgment.choice` is not now or tonight/)
  expect(over).toMatch(/❌ `announce` failed/)
})

test('a load that fails: what goes on beside it goes on, it is looked at once more, and the rehearsal has failed', async () => {
  answer = 200
  await world.startWorker('work-plain', { GROUNDCREW_LABELS: '' })
  await world.workers[0]?.stop()
  const run = await talk.begin('alice', 'rehearsal small')
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('bob', 'judgment.approve.0', run)
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(/❌ `load` failed/)
  expect(over).toMatch(/✅ `announce` succeeded/)
  expect(over).toMatch(/✅ `look` succeeded/)
  expect(over).toMatch(/`compare` skipped: `load` failed/)
})
