import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { channels } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  const environment = {
    sizes: { small: { items: 1 }, medium: { items: 2 }, large: { items: 4 } },
    scale: { variable: 'items', min: 1, max: 5 },
    prices: { items: 0.5 },
  }
  world = await startWorld({
    environments: {
      stepped: environment,
      shrunk: environment,
      counted: { ...environment, sizes: {} },
      priced: environment,
      drifted: environment,
    },
    sections: { currency: 'EUR', scale_down_wait: '6s', scale_down_postpone: '30s' },
  })
})
afterAll(() => world.stop())

type Talk = ReturnType<typeof talkIn>
const talkNo = (at: number) => talkIn(world, channels[at] ?? '')

async function done(talk: Talk, line: string, command?: string) {
  const run = await talk.begin('alice', line, command)
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /^✅ \*succeeded\*/)
  return run
}

async function state(environment: string): Promise<{ resources: { instances: unknown[] }[]; serial: number }> {
  const response = await fetch(`${world.consul.url}/v1/kv/test/${environment}?raw`)
  return response.json() as Promise<{ resources: { instances: unknown[] }[]; serial: number }>
}

const instances = async (environment: string) =>
  (await state(environment)).resources.reduce((sum, resource) => sum + resource.instances.length, 0)

describe.concurrent('a scale', () => {
  test('goes one size up through a plan that says from where, to where and what it costs', async () => {
    const talk = talkNo(1)
    await done(talk, 'tiny up stepped small')
    const run = await talk.begin('alice', 'stepped up', '/scale')
    const asks = await talk.sees(run, /\*waiting for approval\*/)
    expect(asks).toContain('size small → medium')
    expect(asks).toContain('items 1 → 2')
    expect(asks).toContain(
      '0.50 EUR → 1.00 EUR an hour (+0.50 EUR), about 365.00 EUR → 730.00 EUR a month (+365.00 EUR)',
    )
    await talk.press('carol', 'judgment.approve', run)
    expect(await talk.sees(run, /^✅ \*succeeded\*/)).toMatch(/`wait`.* skipped/)
    expect(await instances('stepped')).toBe(2)
    await done(talk, 'scale stepped large')
    const end = await talk.begin('alice', 'scale stepped up')
    expect(await talk.sees(end, /^✅ \*succeeded\*/)).toMatch(
      /stepped is at large already, the largest size the site has/,
    )
    expect(await talk.buttons(end)).toEqual([])
    expect(await instances('stepped')).toBe(4)
  })

  test('down waits before anything goes, can be put off, and says so', async () => {
    const talk = talkNo(2)
    await done(talk, 'tiny up shrunk large')
    const run = await talk.begin('alice', 'scale shrunk 2')
    await talk.sees(run, /\*waiting for approval\*/)
    await talk.press('carol', 'judgment.approve', run)
    const waits = await talk.sees(run, /^⏲️ \*waiting\*/)
    expect(waits).toMatch(/It waits until .* UTC\. Then instances are taken away/)
    await waitFor(
      async () =>
        (await talk.thread(run)).find(({ text }) => /^⏲️ scale shrunk 2 .*<@U01ALICE>/.test(text.replaceAll('`', ''))),
      {
        what: 'the warning in the thread',
        within: '20s',
      },
    )
    expect(waits).toMatch(/\[Postpone 30s\] \[Skip wait\]/)
    expect(await talk.answered('eve', () => talk.press('eve', 'wait.later', run))).toMatch(/You may not run/)
    await talk.press('bob', 'wait.later', run)
    await talk.sees(run, /<@U02BOB> put it off until/)
    expect(await instances('shrunk')).toBe(4)
    await talk.press('alice', 'wait.now', run)
    expect(await talk.sees(run, /^✅ \*succeeded\*/)).toMatch(/<@U01ALICE> skipped the wait/)
    expect(await instances('shrunk')).toBe(2)
  })

  test('by count keeps to the limits of the site, and by itself goes on when its time is over', async () => {
    const talk = talkNo(3)
    const first = await talk.begin('alice', 'scale counted up')
    expect(await talk.sees(first, /^❌ \*failed\*/)).toMatch(/Nothing is up in counted/)
    await done(talk, 'tiny set counted 3')
    expect(await talk.type('alice', 'scale counted 6')).toMatch(/`6` is outside of what the site allows.*1 to 5/)
    expect(await talk.type('alice', 'scale counted sideways')).toMatch(
      /Expected `up`, `down`, a whole number \(1 to 5\)/,
    )
    expect(await talk.type('alice', 'scale nothing up')).toMatch(/one of `stepped`/)
    expect(await talk.type('eve', 'scale counted up')).toMatch(/You may not run `scale` on counted/)
    await done(talk, 'scale counted up')
    expect(await instances('counted')).toBe(4)
    const down = await talk.begin('alice', 'scale counted down')
    await talk.sees(down, /\*waiting for approval\*/)
    await talk.press('carol', 'judgment.approve', down)
    await talk.sees(down, /^⏲️ \*waiting\*/)
    await talk.sees(down, /^✅ \*succeeded\*/)
    expect(await instances('counted')).toBe(3)
    const canceled = await talk.begin('alice', 'scale counted 1')
    await talk.sees(canceled, /\*waiting for approval\*/)
    await talk.press('carol', 'judgment.approve', canceled)
    await talk.sees(canceled, /^⏲️ \*waiting\*/)
    await talk.press('alice', 'execution.cancel', canceled)
    await talk.sees(canceled, /^🚫 \*canceled\*/)
    expect(await instances('counted')).toBe(3)
  })
})

describe.concurrent('an environment', () => {
  test('is listed with age, size, cost, time left and who works on it', async () => {
    const talk = talkNo(4)
    expect(await talk.type('alice', 'env list')).toMatch(/\*priced\*: ▫️ nothing was applied yet/)
    await done(talk, 'tiny up priced medium --for 3h')
    const list = await talk.type('carol', 'env list')
    expect(list).toMatch(
      /\*priced\*: 🟢 up, for \d+ s, size `medium`, [\d.]+ EUR so far, 1\.00 EUR an hour, 2 h \d+ m left/,
    )
    const waits = await talk.begin('alice', 'scale priced up')
    await talk.sees(waits, /\*waiting for approval\*/)
    expect(await talk.type('carol', 'env list')).toMatch(/\*priced\*:.*🔒 locked by `scale priced up`/)
    await talk.press('carol', 'judgment.reject', waits).catch(() => {})
    await talk.press('alice', 'execution.cancel', waits)
    await talk.sees(waits, /\*canceled\*/)
    await done(talk, 'tiny down priced')
    expect(await talk.type('alice', 'env show priced')).toMatch(/⬇️ down, since .*, it cost [\d.]+ EUR while it was up/)
    expect(await talk.type('eve', 'env list')).toMatch(/You may not run/)
  })

  test('that was changed by hand is found to have drifted, and put back through a judgment', async () => {
    const talk = talkNo(5)
    const none = await talk.begin('carol', 'drift drifted')
    expect(await talk.sees(none, /^✅ \*succeeded\*/)).toMatch(/Nothing is up in drifted/)
    const nightly = await talk.begin('carol', 'drift drifted --quiet')
    await done(talk, 'tiny up drifted medium')
    const still = await talk.begin('carol', 'drift drifted')
    expect(await talk.sees(still, /^✅ \*succeeded\*/)).toMatch(/Nothing moved: it is as it was applied/)
    expect(await talk.buttons(still)).toEqual([])
    const quiet = await talk.begin('carol', 'drift drifted --quiet')
    const { resources, serial, ...rest } = await state('drifted')
    const lost = resources.map((resource) => ({ ...resource, instances: resource.instances.slice(0, 1) }))
    const before = await talk.begin('carol', 'drift drifted')
    await talk.sees(before, /^✅ \*succeeded\*/)
    await expect(talk.message(nightly)).rejects.toThrow('There is no message')
    await expect(talk.message(quiet)).rejects.toThrow('There is no message')
    await fetch(`${world.consul.url}/v1/kv/test/drifted`, {
      method: 'PUT',
      body: JSON.stringify({ ...rest, serial: serial + 1, resources: lost }),
    })
    const moved = await talk.begin('carol', 'drift drifted --quiet')
    expect(await talk.sees(moved, /^✅ \*succeeded\*/)).toMatch(/It is not as it was applied/)
    expect(await talk.words(moved)).toMatch(/1 to add, 0 to change, 0 to destroy[\s\S]*\[Put it back\]/)
    expect(await instances('drifted')).toBe(1)
    expect(await talk.answered('carol', () => talk.press('carol', 'command.run', moved))).toMatch(
      /You may not run `drift fix` on drifted/,
    )
    const answer = await talk.answered('alice', () => talk.press('alice', 'command.run', moved))
    const fix = { id: /is stored as `([^`]+)`/.exec(answer)?.[1] ?? '' }
    await talk.sees(fix, /\*waiting for approval\*/)
    await talk.press('carol', 'judgment.approve', fix)
    await talk.sees(fix, /^✅ \*succeeded\*/)
    expect(await instances('drifted')).toBe(2)
  })
})
