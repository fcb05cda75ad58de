import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { channels } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld({ environments: { shared: {}, crowded: {}, raced: {}, swapped: {} } })
})
afterAll(() => world.stop())

const talkNo = (at: number) => talkIn(world, channels[at] ?? '')

describe.concurrent('the lock of an environment', () => {
  test('is held from the plan on: who comes second sees his place and the holder, and goes on by himself', async () => {
    const talk = talkNo(0)
    const first = await talk.begin('alice', 'tiny up shared small')
    await talk.sees(first, /\*waiting for approval\*/)
    const second = await talk.begin('bob', 'tiny up shared medium')
    const queued = await talk.sees(second, /^⏳ \*queued\*[\s\S]*Place 1 of 1 in the queue for shared/)
    expect(queued).toContain(`Held by \`tiny up shared small\` of <@U01ALICE> since`)
    expect(queued).toMatch(new RegExp(`<http[^>]*\\|${first.id}>`))
    await talk.press('carol', 'judgment.approve', first)
    await talk.sees(first, /^✅ \*succeeded\*/)
    expect(await talk.sees(second, /\*waiting for approval\*/)).toMatch(/1 to add/)
    await talk.press('carol', 'judgment.approve', second)
    await talk.sees(second, /^✅ \*succeeded\*/)
  })

  test('is given up by what only waits, where the command says that a newer request takes its place', async () => {
    const talk = talkNo(4)
    const first = await talk.begin('alice', 'tiny swap swapped small')
    await talk.sees(first, /\*waiting for approval\*/)
    const other = await talk.begin('alice', 'tiny down swapped')
    await talk.sees(other, /\*queued\*/)
    const second = await talk.begin('bob', 'tiny swap swapped medium')
    expect(await talk.sees(first, /^🚫 \*canceled\*/)).toMatch(
      new RegExp(`tiny swap swapped medium.*${second.id}.*took its place`),
    )
    expect(await talk.buttons(first)).toEqual([])
    await talk.sees(other, /\*succeeded\*/)
    await talk.sees(second, /\*waiting for approval\*/)
  })

  test('is not waited for any more by a queued execution that is canceled, and the others move up', async () => {
    const talk = talkNo(1)
    const first = await talk.begin('alice', 'tiny up crowded small')
    await talk.sees(first, /\*waiting for approval\*/)
    const second = await talk.begin('bob', 'tiny up crowded medium')
    await talk.sees(second, /Place 1 of 1/)
    const third = await talk.begin('alice', 'tiny down crowded')
    await talk.sees(third, /Place 2 of 2/)
    await talk.press('bob', 'execution.cancel', second)
    expect(await talk.sees(second, /^🚫 \*canceled\*/)).not.toContain('Place')
    await talk.sees(third, /Place 1 of 1/)
    await talk.press('alice', 'execution.cancel', first)
    await talk.sees(first, /^🚫 \*canceled\*/)
    expect(await talk.sees(third, /^✅ \*succeeded\*/)).toContain('nothing to do')
  })

  test('goes to one of two who ask at once', async () => {
    const talk = talkNo(2)
    const runs = await Promise.all([
      talk.begin('alice', 'tiny up raced small'),
      talk.begin('bob', 'tiny up raced medium'),
    ])
    await Promise.all(runs.map((run) => talk.sees(run, /\*(waiting for approval|queued)\*/)))
    const holds = (await Promise.all(runs.map((run) => talk.status(run)))).indexOf('queued') === 0 ? 1 : 0
    const [holder, waiter] = [runs[holds], runs[1 - holds]]
    if (!holder || !waiter) throw new Error('Two executions were begun.')
    await talk.sees(holder, /\*waiting for approval\*/)
    expect(await talk.sees(waiter, /\*queued\*/)).toContain(holder.id)
    await talk.press('carol', 'judgment.approve', holder)
    await talk.sees(waiter, /\*(waiting for approval|succeeded)\*/)
  })
})
