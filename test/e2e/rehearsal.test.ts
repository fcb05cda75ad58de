import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JENKINS_TOKEN, JENKINS_USER, standInForJenkins } from '../../examples/demo/jenkins-stand-in.ts'
import { findProgram, waitFor } from '../../examples/demo/parts.ts'
import { demoSite } from '../../examples/demo/site.ts'
import { smokeJob } from '../../examples/demo/smoke.ts'
import { channels, people, repository } from './site.ts'
import { type Run, talkIn, wordsOf } from './talk.ts'
import { startWorld, type World } from './world.ts'

const announced: unknown[] = []
/** What the stand-in for the chat of the announcements answers next. */
let answer = 200
const chat = createServer(async (request, response) => {
  announced.push(await json(request))
  response.writeHead(answer, { 'content-type': 'application/json' }).end('{"ok":true}')
})
/** What the job of the stand-in for Jenkins does: that of the demo, until a test has no time for it, or wants another end. */
let smoke: ReturnType<typeof smokeJob>['run'] = (...given) => smokeJob(world.consul.url).run(...given)
const { parameters } = smokeJob('')
let jenkins: Awaited<ReturnType<typeof standInForJenkins>>
let world: World
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  jenkins = await standInForJenkins({ parameters, run: (...given) => smoke(...given) })
  chat.listen(0, '127.0.0.1')
  await once(chat, 'listening')
  world = await startWorld({
    environments: { loadtest: {} },
    variables: (dir) => ({
      GROUNDCREW_SITE: siteOf(dir),
      GROUNDCREW_COMMANDS: ['commands', 'examples/site/commands'].map((name) => join(repository, name)).join(','),
      GROUNDCREW_LABELS: 'generator',
      CI_WEBHOOK_SECRET: 'secret-of-the-test',
      ...{ JENKINS_USER, JENKINS_TOKEN },
    }),
  })
  talk = talkIn(world, channels[0] ?? '')
})
afterAll(async () => {
  await world?.stop()
  jenkins?.stop()
  chat.close()
})

/** The demo's own site in the channels of the test: announcing to the stand-in, at any time of day, and with Eve for Dave. */
function siteOf(dir: string): string {
  const { port } = chat.address() as AddressInfo
  const text = demoSite({ slack: `http://127.0.0.1:${port}`, jenkins: jenkins.url })
    .replace('longest: 10m', 'ready_within: 2s')
    .replace(/^ {4}windows: .*$/m, '')
    .replace('U05DAVE', people.eve)
    .replace(/^ {2}(ops|alerts|audit): C0.*$/gm, (_, name: string) => `  ${name}: ${roomOf(name)}`)
  const file = join(dir, 'demo.yml')
  writeFileSync(file, text)
  return file
}

const roomOf = (name: string) => channels[['ops', 'alerts', 'audit'].indexOf(name)]

/** One of each group chooses the same. */
async function bothChoose(run: Run, choice: number): Promise<void> {
  await talk.press('bob', `judgment.approve.${choice}`, run)
  await talk.sees(run, /1 of 2 approvals, by .*; missing: one of `data`/)
  await talk.press('eve', `judgment.approve.${choice}`, run)
}

async function asked(line: string): Promise<Run> {
  const run = await talk.begin('alice', line)
  await talk.sees(run, /\*waiting for approval\*/)
  return run
}

test('load tonight: two approve, it waits, an approver skips the wait, and the load runs as an execution of its own', async () => {
  const run = await asked('rehearsal small --load 3s')
  const asks = await talk.words(run)
  expect(asks).toContain('Is anybody else measuring?')
  expect(asks).toContain('0 of 2 approvals; missing: one of `approvers` and one of `data`')
  expect(asks).toContain('[Load now] [Load tonight] [No load] [stop]')
  await talk.press('bob', 'judgment.approve.1', run)
  await talk.press('carol', 'judgment.approve.1', run)
  // Two of the same group are not one of each.
  expect(await talk.sees(run, /by .*@U03CAROL>;/)).toMatch(/missing: one of `data`/)
  await talk.press('eve', 'judgment.approve.1', run)
  expect(await talk.sees(run, /`night` waiting until/)).toContain('[Skip wait]')
  expect(await talk.answered('alice', () => talk.press('alice', 'wait.now', run))).toContain('approvers')
  await waitFor(() => announced.length > 0, { what: 'the announcement' })
  expect(announced).toEqual([{ channel: 'C01OPS', text: expect.stringMatching(/^2 instances of loadtest-app pass; /) }])
  await talk.press('bob', 'wait.now', run)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/`judgment` approved with `tonight`/)
  for (const id of ['survey', 'smoke', 'night', 'warm-up', 'load', 'announce', 'compare'])
    expect(over).toMatch(new RegExp(`✅ \`${id}\` succeeded`))
  expect(over).not.toContain('`look`')
  expect(jenkins.builds).toMatchObject([{ result: 'SUCCESS', parameters: { SERVICE: 'loadtest-app', INSTANCES: '2' } }])
  expect(await talk.file(run, 'smoke-log.txt')).toMatch(/round 3 of 3: 2 of 2 instances pass/)
  expect(await talk.file(run, 'warm-up-log.txt')).toMatch(/TASK \[Ask it a few times\][\s\S]*ok=1 .*failed=0/)
  expect(await talk.file(run, 'compare-log.txt')).toMatch(/ms was the 95th percentile under load/)
})

test('an event of Consul starts it, for a size that its role may; where nobody takes the announcement that branch ends alone', async () => {
  smoke = async (_, say) => say('well')
  answer = 400
  const fire = (size: string) =>
    fetch(`${world.consul.url}/v1/event/fire/rehearse`, { method: 'PUT', body: size }).then(({ ok }) =>
      expect(ok).toBe(true),
    )
  const looked = () => world.bots[0]?.log().includes('a trigger looks for the first time')
  await waitFor(looked, { what: 'the first look, before which an event starts nothing' })
  await fire('medium')
  await fire('small')
  const begun = await world.control.waitForMessage(talk.channel, (message) =>
    wordsOf(message).includes('begun by trigger:rehearse'),
  )
  const run = { id: /"execution-(\w+)-v/.exec(JSON.stringify(begun.blocks))?.[1] ?? '' }
  await talk.sees(run, /\*waiting for approval\*: `rehearsal small`/)
  await world.control.waitForMessage(roomOf('audit') ?? '', (message) =>
    /refused.*trigger:rehearse.*rehearsal medium/.test(wordsOf(message)),
  )
  await bothChoose(run, 2)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/`judgment` approved with `none`/)
  expect(over).toMatch(/`load`.* skipped: `judgment.choice` is not now or tonight/)
  expect(over).toMatch(/❌ `announce` failed/)
  answer = 200
})

test('stop needs a reason from one approver, whoever approved before', async () => {
  const run = await asked('rehearsal small')
  await talk.press('eve', 'judgment.approve.0', run)
  await talk.sees(run, /missing: one of `approvers`/)
  await talk.press('bob', 'judgment.reject.3', run)
  await waitFor(async () => (await world.control.modals()).length > 0, { what: 'the form' })
  const values = { reason: { value: { type: 'plain_text_input', value: 'the graphs are red' } } }
  expect((await world.control.submitView({ user: people.bob, values })).errors).toEqual({})
  expect(await talk.sees(run, /^⛔ \*rejected\*/)).toMatch(/Rejected \(`stop`\) by <@U02BOB>.*`the graphs are red`/)
})

test('a job of Jenkins that fails halts it, and it is looked at once more', async () => {
  smoke = () => Promise.reject(new Error('sick'))
  const run = await asked('rehearsal small')
  await bothChoose(run, 0)
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(/Build 3 of smoke ended with FAILURE/)
  expect(over).toMatch(/`load`.* skipped/)
  expect(over).toMatch(/✅ `look` succeeded/)
  smoke = async (_, say) => say('well')
})

test('a load that fails: what goes on beside it goes on, it is looked at once more, and the rehearsal has failed', async () => {
  // Without Ansible there is no warm-up either, and that alone would be no failure.
  const PATH = withoutAnsible(world.dir)
  await world.startWorker('work-plain', { GROUNDCREW_LABELS: '', PATH })
  await world.workers[0]?.stop()
  const run = await asked('rehearsal small')
  await bothChoose(run, 0)
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(/❌ `warm-up` failed.*; gone on from/)
  expect(over).toMatch(/ansible-playbook is not on the PATH of the worker/)
  expect(over).toMatch(/❌ `load` failed/)
  expect(over).toMatch(/✅ `announce` succeeded/)
  expect(over).toMatch(/✅ `look` succeeded/)
  expect(over).toMatch(/`compare` skipped: `load` failed/)
})

/** A PATH with all that the rehearsal needs but Ansible. */
function withoutAnsible(dir: string): string {
  const folder = join(dir, 'bin')
  mkdirSync(folder)
  for (const name of ['terraform', 'sh', 'git', 'env', 'rm']) symlinkSync(findProgram(name), join(folder, name))
  symlinkSync(process.execPath, join(folder, 'node'))
  return folder
}
