import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { interrupt } from '../../src/tools/run.ts'
import { baked, entryOf, instances, releaseSite, serving, watchService } from './releases.ts'
import { type Run, talkIn } from './talk.ts'
import { type Crew, startWorld, type World } from './world.ts'

let world: World
let talk: ReturnType<typeof talkIn>
let worker: Crew | undefined

beforeAll(async () => {
  world = await startWorld(releaseSite(['shop'], { healthy_for: '2s' }))
  for (const version of ['1.0', '2.0', '3.0']) await baked(world, version)
  talk = talkIn(world, 'C00ROOM')
  worker = world.workers[0]
  const run = await approved('deploy web 1.0')
  await talk.sees(run, /^✅ \*succeeded\*/)
})
afterAll(() => world.stop())

async function approved(text: string): Promise<Run> {
  const run = await talk.begin('alice', text)
  await talk.sees(run, /^✋ \*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  return run
}

const versionsThere = async () => (await instances(world, false)).map(({ Meta }) => Meta.version).sort()

test('canceled in the gate: both groups are named, and each way on from there is a command that works', async () => {
  const run = await approved('deploy web 2.0')
  await talk.sees(run, /`gate` running/)
  await talk.press('alice', 'execution.cancel', run)
  const over = await talk.sees(run, /^🚫 \*canceled\*/)
  expect(over).toMatch(/🟢 `1\.0` is live in shop; `2\.0` stands beside it, out of service\./)
  expect(over).toMatch(/Finish it: `deploy web 2\.0 --to shop`\. Take it away: `deploy web 1\.0 --to shop`/)
  expect(await versionsThere()).toEqual(['1.0', '1.0', '2.0', '2.0'])
  expect(await serving(world)).toEqual(['1.0'])
  expect(await talk.type('alice', 'deploys list')).toMatch(/`app 1\.0`[\s\S]*`2\.0` stands beside it, out of service/)

  const third = await talk.begin('alice', 'deploy web 3.0')
  expect(await talk.sees(third, /^❌ \*failed\*/)).toMatch(/ʼ1\.0ʼ and ʼ2\.0ʼ side by side/)

  const back = await talk.begin('alice', 'deploy web 1.0')
  const asked = await talk.sees(back, /^✋ \*waiting for approval\*/)
  expect(asked).toMatch(/If any of this fails: all stays as it is/)
  await talk.press('carol', 'judgment.approve', back)
  const over2 = await talk.sees(back, /^✅ \*succeeded\*/)
  expect(over2).toMatch(/🟢 `1\.0` is live in shop; `2\.0` is removed[\s\S]*`remove\.plan` \*2? ?.*4 to destroy/)
  expect(over2).toMatch(/`terraform\.apply`.* skipped: nothing to do[\s\S]*in advance, with the first approval/)
  expect(await versionsThere()).toEqual(['1.0', '1.0'])
})

test('a version that is marked bad while its gate runs is not switched to: the old one stays, the new one goes', async () => {
  const watch = watchService(world)
  const run = await approved('deploy web 2.0')
  await talk.sees(run, /`gate` running/)
  await talk.type('carol', 'images mark app 2.0 bad --why "found out too late"')
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(await watch.over()).toEqual({ least: 2, refused: 0, seen: ['1.0'] })
  expect(over).toMatch(/`switch` failed:\n`Version ʼ2\.0ʼ of the image app was marked bad meanwhile/)
  expect(over).toMatch(/↩️ \*Returned to\* `1\.0`; `2\.0` is removed\./)
  expect(await versionsThere()).toEqual(['1.0', '1.0'])
  await talk.type('carol', 'images mark app 2.0 good')
})

test('a new group that falls sick while the old one is drained: the old one is back before the new one goes', async () => {
  const [first] = await instances(world)
  const held = fetch(`http://${first?.Address}:${first?.Port}/slow?ms=20000`).catch(() => null)
  const run = await approved('deploy web 2.0')
  await talk.sees(run, /`drain` running.*\d connections? (is|are) open/)
  const next = (await instances(world)).find(({ Meta }) => Meta.version === '2.0')
  const check = `${world.consul.url}/v1/agent/service/maintenance/${next?.ID}?enable=true`
  await fetch(check, { method: 'PUT' })
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(over).toMatch(/`drain` failed:\n`2\.0 does not pass any more while 1\.0 is drained/)
  expect(over).toMatch(/↩️ \*Returned to\* `1\.0`; `2\.0` is removed\./)
  expect(await serving(world)).toEqual(['1.0'])
  expect((await entryOf(world, '1.0')).releases).toMatchObject([{ healthy: true }, { until: null, healthy: true }])
  expect((await entryOf(world, '2.0')).releases.at(-1)).toMatchObject({
    ...{ execution: run.id, until: expect.any(Number), healthy: false },
  })
  void held
})

test('whoever approved lost the role meanwhile: the new group takes no traffic, the old one serves, and the message says what to do', async () => {
  const watch = watchService(world)
  const run = await approved('deploy web 2.0')
  await talk.sees(run, /`gate` running/)
  const later = await workerWithout('U03CAROL')
  const over = await talk.sees(run, /^❌ \*failed\*/)
  expect(await watch.over()).toEqual({ least: 2, refused: 0, seen: ['1.0'] })
  expect(over).toMatch(
    /`switch` failed:\n`@U03CAROL may no longer approve this[^`]*Ask again, so that somebody who may/,
  )
  expect(over).toMatch(/↩️ \*Returned to\* `1\.0`; `2\.0` still stands beside it, out of service\./)
  expect(over).toMatch(/Finish the return: `deploy web 1\.0 --to shop`/)
  await later.stop()
  worker = await world.startWorker()
  const back = await approved('deploy web 1.0')
  expect(await talk.sees(back, /^✅ \*succeeded\*/)).toMatch(/`1\.0` is live in shop; `2\.0` is removed/)
})

/** Another worker takes over, whose site no longer lets somebody approve: what a changed site file or group comes to. */
async function workerWithout(member: string) {
  const site = JSON.parse(readFileSync(join(world.dir, 'site.yml'), 'utf8'))
  const { approvers } = site.roles
  approvers.members = approvers.members.filter((each: string) => each !== member)
  const file = join(world.dir, 'site-without.yml')
  writeFileSync(file, JSON.stringify(site))
  const [started] = await Promise.all([world.startWorker('work', { GROUNDCREW_SITE: file }), worker?.kill9()])
  return started
}

test('the worker dies while the old group is removed: another one sees it to its end', async () => {
  const [first] = await instances(world)
  const held = fetch(`http://${first?.Address}:${first?.Port}/slow?ms=30000`).catch(() => null)
  const run = await approved('deploy web 3.0')
  await talk.sees(run, /`remove\.apply` running/)
  await worker?.kill9()
  await world.startWorker()
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/🚰 After [34] s \d connections? (is|are) open to 1\.0; the removal ends what is left of them/)
  expect(over).toMatch(/🟢 `3\.0` is live in shop; `1\.0` is removed\./)
  expect(await versionsThere()).toEqual(['3.0', '3.0'])
  void held
})

test('Terraform is killed in the removal: nobody knows, people look, and the same approval covers what is left', async () => {
  const [first] = await instances(world)
  const held = fetch(`http://${first?.Address}:${first?.Port}/slow?ms=40000`).catch(() => null)
  const run = await approved('deploy web 2.0')
  await talk.sees(run, /`remove\.apply` running.*destroyed/)
  const find = () => globSync(`*/runs/${run.id}/remove.apply-1/process/pid`, { cwd: world.dir })
  const [file] = await waitFor(() => (find().length > 0 ? find() : undefined), { what: 'Terraform', within: '20s' })
  await interrupt(dirname(join(world.dir, String(file))), 'SIGKILL')
  const unknown = await talk.sees(run, /\*unknown\*[\s\S]*\[(Release lock|Plan again)\]/)
  expect(unknown).toMatch(/🟢 `2\.0` is live in shop; how much of `\d\.0` is left, Terraform knows\./)
  if (unknown.includes('[Release lock]')) await talk.press('carol', 'unknown.unlock', run)
  await talk.sees(run, /\[Plan again\]/)
  await talk.press('alice', 'unknown.plan', run)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over).toMatch(/`remove\.plan` .*\(attempt 2\)/)
  expect(over).toMatch(/🟢 `2\.0` is live in shop; `\d\.0` is removed\./)
  expect(await versionsThere()).toEqual(['2.0', '2.0'])
  void held
}, 150_000)
