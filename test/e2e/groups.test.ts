import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { people } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World

const groupsFile = (dir: string) => join(dir, 'user-groups.json')

beforeAll(async () => {
  world = await startWorld({
    bots: 0,
    environments: { grouped: {}, strict: {} },
    sections: {
      roles: {
        engineers: { user_groups: ['S01ENG'], may: [{ commands: ['tiny *', 'runs *'] }] },
        approvers: { user_groups: ['S02OPS'], may: [{ commands: ['runs *'] }] },
      },
    },
    // local-slack has no user groups: examples/demo/user-groups.cjs stands in for that one method.
    slack: (dir) => ({ preloads: ['user-groups.cjs'], env: { USER_GROUPS: groupsFile(dir) } }),
  })
})
afterAll(() => world.stop())

const write = (groups: object) => writeFileSync(groupsFile(world.dir), JSON.stringify(groups))

test('a user group gives its members a role, a look-up that fails gives it to nobody, and a worker asks once more', async () => {
  const talk = talkIn(world, 'C00ROOM')
  write({ S01ENG: [people.alice], S02OPS: [people.carol] })
  const bot = await world.startBot()
  const run = await talk.begin('alice', 'tiny up grouped small')
  await talk.sees(run, /\*waiting for approval\*/)
  expect(await talk.type('bob', 'tiny up grouped small')).toMatch(/You have no role here; `engineers` may/)
  expect(await talk.answered('bob', () => talk.press('bob', 'judgment.approve', run))).toMatch(/has no role/)
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /^✅ \*succeeded\*/)
  expect(await talk.type('carol', 'whoami')).toContain('`approvers`')

  const waits = await talk.begin('alice', 'tiny up strict small')
  await talk.sees(waits, /\*waiting for approval\*/)
  await bot.stop()
  rmSync(groupsFile(world.dir))
  const blind = await world.startBot()
  expect(await talk.type('alice', 'tiny up grouped small')).toMatch(/You have no role here/)
  expect(await talk.answered('carol', () => talk.press('carol', 'judgment.approve', waits))).toMatch(/has no role/)
  expect(blind.log()).toContain('user group not looked up: it gives nobody a role')
  expect(await talk.status(waits)).toBe('waiting for approval')

  await blind.stop()
  write({ S01ENG: [people.bob], S02OPS: [people.carol] })
  await world.startBot()
  await talk.press('carol', 'judgment.approve', waits)
  const over = await talk.sees(waits, /^❌ \*failed\*/)
  expect(over).toMatch(/may no longer run this/)
  expect(over).not.toContain('done.')
})
