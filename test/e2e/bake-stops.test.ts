import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { interrupt } from '../../src/tools/run.ts'
import { applyDoor } from './doors.ts'
import { imageSite, slowImage } from './images.ts'
import { talkIn, wordsOf } from './talk.ts'
import { type Crew, startWorld, type World } from './world.ts'

type Door = ReturnType<typeof applyDoor>

let world: World
let worker: Crew
let doors: Record<'canceled' | 'joined' | 'fails' | 'killed' | 'vanished' | 'gone' | 'stubborn', Door>
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  world = await startWorld((dir) => {
    const door = (name: string) => applyDoor(dir, name)
    const [canceled, joined, fails] = [door('canceled'), door('joined'), door('fails')]
    doors = {
      canceled,
      joined,
      fails,
      killed: door('killed'),
      vanished: door('vanished'),
      gone: door('gone'),
      stubborn: door('stubborn'),
    }
    const slow = Object.fromEntries(Object.entries(doors).map(([name, each]) => [name, slowImage(each)]))
    const wrong = { template: join(dir, 'wrong') }
    mkdirSync(wrong.template)
    writeFileSync(join(wrong.template, 'wrong.pkr.hcl'), wrongTemplate)
    return { ...imageSite(dir, { ...slow, wrong }), environments: {}, workers: 0 }
  })
  worker = await world.startWorker()
  talk = talkIn(world, 'C00ROOM')
}, 120_000)
afterAll(() => world.stop())

/** Packer has more to say of it than a message has room for. */
const wrongTemplate = [
  'variable "version" {}',
  'variable "manifest" {}',
  'source "null" "here" {',
  '  communicator = "none"',
  ...Array.from({ length: 12 }, (_, at) => `  no_such_setting_${at} = "x"`),
  '}',
  'build {',
  '  sources = ["source.null.here"]',
  '}',
].join('\n')

test('a template that Packer refuses is refused with its first words, and all of them are a file', async () => {
  const run = await talk.begin('alice', 'bake wrong --version 1')
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(
    /packer validate.* refused the template \(all of it: packer-validate.txt in this thread\): Error/,
  )
  const file = await talk.file(run, 'packer-validate.txt')
  for (const at of [0, 11]) expect(file).toContain(`no_such_setting_${at}`)
})

const begun = ({ folder }: Door) =>
  waitFor(() => existsSync(join(folder, 'working')), { what: 'the script to be at work', within: '50s' })

/** The session of a bake's durable process. */
function sessionOf(id: string): string {
  const file = globSync(`work*/runs/${id}/packer.build-*/process/pid`, { cwd: world.dir })[0]
  if (!file) throw new Error(`There is no process of ${id}.`)
  return readFileSync(join(world.dir, file), 'utf8').split('\n')[0] ?? ''
}

/** What runs in it: Packer, its plugins and its scripts. */
function runningIn(session: string): string[] {
  const all = execFileSync('ps', ['-eo', 'sess=,stat=,args='], { encoding: 'utf8' }).split('\n')
  return all.map((line) => line.trim()).filter((line) => line.startsWith(`${session} `) && !/^\d+ Z/.test(line))
}

test('canceled in the middle: Packer cleans up, its scripts are gone, what is left is named, nothing is published', async () => {
  const run = await talk.begin('alice', 'bake canceled --version 1')
  await begun(doors.canceled)
  await talk.sees(run, /^📦 \*baking\*[\s\S]*`packer.build` running since .*1 of 2 builds done; /)
  const session = sessionOf(run.id)
  expect(runningIn(session).some((line) => line.includes('wait.sh'))).toBe(true)
  await talk.press('alice', 'execution.cancel', run)
  const over = await talk.sees(run, /^🚫 \*canceled\*/)
  expect(over).toMatch(/Packer was interrupted and says that it cleaned up/)
  expect(over).toMatch(/⚠️ `made, and not in the catalogue: file.quick: quick-1.txt`/)
  expect(await talk.file(run, 'packer-log.txt')).toMatch(/Cleanly cancelled builds after being interrupted/)
  expect(runningIn(session)).toEqual([])
  expect(existsSync(join(doors.canceled.folder, 'working'))).toBe(false)
  expect(wordsOf(await talk.closing(run))).toMatch(/canceled[\s\S]*Packer was interrupted and says that it cleaned up/)
  expect(await talk.type('alice', 'images list canceled')).toMatch(/no version yet/)
  // The lock is free again, and the same can be baked.
  doors.canceled.open()
  const again = await talk.begin('alice', 'bake canceled --version 1')
  await talk.sees(again, /^✅ \*succeeded\*[\s\S]*\*Baked\*: `canceled 1`/)
})

test('a script that hears no interrupt outlives Packer, and is named with its pid', async () => {
  writeFileSync(join(doors.stubborn.folder, 'stubborn'), '')
  const run = await talk.begin('alice', 'bake stubborn --version 1')
  await begun(doors.stubborn)
  const session = sessionOf(run.id)
  await talk.press('alice', 'execution.cancel', run)
  expect(await talk.sees(run, /^🚫 \*canceled\*/)).toMatch(/⚠️ `still runs on the worker: \d+ .*wait\.sh/)
  doors.stubborn.open()
  await expect.poll(() => runningIn(session), { timeout: 10_000 }).toEqual([])
})

test('who asks for what is being baked joins it: one build, and both end with its artifacts', async () => {
  const first = await talk.begin('alice', 'bake joined --version 1')
  await begun(doors.joined)
  const second = await talk.begin('bob', 'bake joined')
  const waiting = await talk.sees(second, /Place 1 of 1/)
  expect(waiting).toContain(`It joins \`${first.id}\``)
  doors.joined.open()
  await talk.sees(first, /^✅ \*succeeded\*[\s\S]*\*Baked\*: `joined 1`/)
  const over = await talk.sees(second, /^✅ \*succeeded\*/)
  expect(over).toContain(`It joined \`${first.id}\`, which baked it for <@U01ALICE>`)
  expect(over).toContain('📦 `file.quick: quick-1.txt`')
  expect((await talk.closing(second)).text).toMatch(/<@U02BOB>/)
  expect(doors.joined.applies()).toBe(1)
})

test('the one that was joined fails: who waited for it bakes itself', async () => {
  const first = await talk.begin('alice', 'bake fails --version 1')
  await begun(doors.fails)
  const second = await talk.begin('bob', 'bake fails --version 1')
  await talk.sees(second, /It joins/)
  await talk.press('alice', 'execution.cancel', first)
  await talk.sees(first, /^🚫 \*canceled\*/)
  await waitFor(() => doors.fails.applies() === 2, { what: 'the second bake', within: '50s' })
  doors.fails.open()
  expect(await talk.sees(second, /^✅ \*succeeded\*/)).toMatch(/\*Baked\*: `fails 1`/)
})

test('a worker killed in the middle of a bake: another one on the machine adopts it, and it is built once', async () => {
  const run = await talk.begin('alice', 'bake killed --version 1')
  await begun(doors.killed)
  await worker.kill9()
  worker = await world.startWorker()
  await expect.poll(() => worker.log().includes('"msg":"stage adopted"'), { timeout: 40_000 }).toBe(true)
  doors.killed.open()
  expect(await talk.sees(run, /^✅ \*succeeded\*/)).toMatch(/\*Baked\*: `killed 1`/)
  expect(doors.killed.applies()).toBe(1)
}, 100_000)

test('a build that vanished is unknown: people are told what may be left, nothing is built again, and an approver leaves it', async () => {
  const run = await talk.begin('alice', 'bake vanished --version 1')
  await begun(doors.vanished)
  const [pid] = globSync(`work/runs/${run.id}/packer.build-*/process/pid`, { cwd: world.dir })
  expect(await interrupt(dirname(join(world.dir, pid ?? '')), 'SIGKILL')).toBe(true)
  const stands = await talk.sees(run, /^❓ \*unknown\*/)
  expect(stands).toMatch(/Nobody saw how `packer.build` ended: Packer ended without a trace/)
  expect(stands).toMatch(/\*What may be left\*: instances/)
  expect(await talk.buttons(run)).toEqual(['unknown.leave'])
  expect(doors.vanished.applies()).toBe(1)
  expect(await talk.answered('alice', () => talk.press('alice', 'unknown.leave', run))).toMatch(
    /Only .*approvers.* may/,
  )
  await talk.press('carol', 'unknown.leave', run)
  await talk.sees(run, /<@U03CAROL> left it as it is/)
  rmSync(join(doors.vanished.folder, 'working'), { force: true })
  doors.vanished.open()
  const again = await talk.begin('alice', 'bake vanished --version 1')
  await talk.sees(again, /^✅ \*succeeded\*/)
  expect(doors.vanished.applies()).toBe(2)
}, 100_000)

test('a machine that is gone in the middle of a bake: unknown with what may be left, and never a second build by itself', async () => {
  const run = await talk.begin('alice', 'bake gone --version 1')
  await begun(doors.gone)
  await worker.kill9()
  worker = await world.startWorker('work-2')
  const stands = await talk.sees(run, /^❓ \*unknown\*/)
  expect(stands).toMatch(/The worker on .* that ran `packer.build` is gone/)
  expect(stands).toMatch(/\*What may be left\*: instances/)
  expect(await talk.type('carol', `runs cancel ${run.id}`)).toMatch(/left as it is and its lock is free/)
  expect(doors.gone.applies()).toBe(1)
}, 100_000)
