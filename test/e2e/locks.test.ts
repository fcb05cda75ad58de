import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { interrupt } from '../../src/tools/run.ts'
import { applyDoor } from './doors.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let door: ReturnType<typeof applyDoor>
let talk: ReturnType<typeof talkIn>

beforeAll(async () => {
  world = await startWorld((dir) => {
    door = applyDoor(dir, 'stolen')
    return { environments: { stolen: { variables: { apply_door: door.folder }, lock_timeout: '1s' }, idle: {} } }
  })
  talk = talkIn(world, 'C00ROOM')
}, 150_000)
afterAll(() => world.stop())

const STEAL = 'locks steal stolen --why "the machine is gone"'

test('the lock of an execution at unknown is listed, refused to whoever may not, taken by an approver, and goes to the next', async () => {
  const run = await talk.begin('alice', 'tiny up stolen small')
  await talk.sees(run, /\*waiting for approval\*/)
  const next = await talk.begin('bob', 'tiny up stolen medium')
  await talk.sees(next, /Place 1 of 1/)
  expect(await talk.type('carol', STEAL)).toMatch(
    new RegExp(`\`${run.id}\` \\(\`tiny up stolen small\` of <@U01ALICE>\\).*waiting for approval.*runs cancel`),
  )
  await talk.press('carol', 'judgment.approve', run)
  await door.knocked()
  const [pid] = globSync(`work/runs/${run.id}/terraform.apply-*/process/pid`, { cwd: world.dir })
  expect(await interrupt(dirname(join(world.dir, pid ?? '')), 'SIGKILL')).toBe(true)
  await talk.sees(run, /^❓ \*unknown\*[\s\S]*Its process is \*gone\*/)

  const list = await talk.type('alice', 'locks list')
  expect(list).toMatch(new RegExp(`\\*stolen\\*: held by \`${run.id}\`.*<@U01ALICE>, which is \\*unknown\\*, since`))
  expect(list).toMatch(new RegExp(`1\\. in the queue: \`${next.id}\`.*<@U02BOB>`))
  expect(list).toContain('*idle*: free')
  expect(await talk.type('alice', STEAL)).toMatch(/Only `approvers` may take the lock of stolen/)

  expect(await talk.type('carol', STEAL)).toMatch(`\`${next.id}\` holds it now`)
  const over = await talk.sees(run, /<@U03CAROL> took its lock/)
  expect(over).toMatch(/^❓ \*unknown\*[\s\S]*\(`the machine is gone`\): how it ended stays unknown/)
  expect(await talk.buttons(run)).toEqual(['execution.extend'])
  // The next one has our lock; Terraform's own, which the killed one still holds, keeps its plan from being made.
  expect(await talk.sees(next, /^❌ \*failed\*/)).toMatch(/state lock/)
  expect(door.applies()).toBe(1)
}, 150_000)

test('why it is as it is names every program that its stages ran, and who took its lock', async () => {
  const id = /^`(\w+)` \*unknown\* `tiny up stolen small`/m.exec(await talk.type('alice', 'runs list'))?.[1] ?? ''
  const why = await talk.type('alice', `runs why ${id}`)
  expect(why).toMatch(/`terraform.plan` also ran .*`terraform init .*-backend-config=path=\S+` \(exit 0, [\d.]+ s\)/)
  expect(why).toMatch(/also ran `terraform show -json \S+` \(exit 0.*`terraform state pull`/)
  expect(why).toMatch(/`look` also ran .*`terraform plan .*\(\*exit 1\*/)
  expect(why).toMatch(/\*stolen\* <@U03CAROL> .*from <@U01ALICE>.*`approvers: approvers`.*because: the machine is gone/)
})
