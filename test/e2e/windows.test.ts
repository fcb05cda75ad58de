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

beforeAll(async () => {
  ci = await startJenkinsStandIn()
  ci.built({ parameters: { SIZE: 'small' } })
  world = await startWorld({
    environments: { iced: {}, night: { windows: closed, outside_window: ['leads'] }, dusk: { windows: closed } },
    variables: () => ({ CI_USER: 'bot', CI_TOKEN: '11token22' }),
    sections: {
      jenkins: { smoke: { url: ci.job, user: 'CI_USER', token: 'CI_TOKEN' } },
      triggers: {
        smoked: {
          on: { jenkins: 'smoke', parameters: { SIZE: '[a-z]+' } },
          ...{ line: 'tiny up dusk {SIZE}', channel: 'ops', existing: true },
        },
      },
      roles: {
        engineers: {
          members: [people.alice, people.bob, 'trigger:smoked'],
          may: [{ commands: ['tiny *', 'runs *', 'env *', 'freeze', 'triggers list'] }],
        },
        approvers: { members: [people.bob, people.carol], may: [{ commands: ['runs *', 'freeze', 'unfreeze'] }] },
        leads: { members: [people.bob] },
      },
    },
  })
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
