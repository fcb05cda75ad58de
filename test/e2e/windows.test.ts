import { afterAll, beforeAll, expect, test } from 'vitest'
import { channels, people } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

/** A window that is closed for days to come, whatever day it is. */
const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 3) % 7] ?? ''
const closed = [{ days: [day], from: '10:00', to: '11:00', zone: 'Asia/Tokyo' }]

let world: World

beforeAll(async () => {
  world = await startWorld({
    environments: { iced: {}, night: { windows: closed, outside_window: ['leads'] } },
    sections: {
      roles: {
        engineers: {
          members: [people.alice, people.bob],
          may: [{ commands: ['tiny *', 'runs *', 'env *', 'freeze'] }],
        },
        approvers: { members: [people.bob, people.carol], may: [{ commands: ['runs *', 'freeze', 'unfreeze'] }] },
        leads: { members: [people.bob] },
      },
    },
  })
})
afterAll(() => world.stop())

const talkNo = (at: number) => talkIn(world, channels[at] ?? '')

test('a freeze is seen in the message and in the list; what was approved waits, and goes on when it is ended', async () => {
  const talk = talkNo(0)
  await talk.type('alice', 'freeze iced --until 4h --why "quarter end"')
  const run = await talk.begin('alice', 'tiny up iced small')
  expect(await talk.sees(run, /\*waiting for approval\*/)).toMatch(/What changes waits: iced is frozen until/)
  await talk.press('carol', 'judgment.approve', run)
  const frozen = await talk.sees(run, /^🧊 \*frozen\*/)
  expect(frozen).toMatch(/iced is frozen until .*@U01ALICE.*quarter end/)
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
