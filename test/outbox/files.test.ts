import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { dice } from '../core/town.ts'
import { broken, type Fault, limited, pass } from '../fixtures/slack-proxy.ts'
import { count, jobOf } from './jobs.ts'
import { type Rig, startRig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterEach(() => rig.clear())
afterAll(() => rig.stop())

const ids = ['a', 'b', 'c', 'd', 'e']

/** The usual waits and budgets, ten times as fast. */
const scaled = {
  first: 100,
  most: 3_000,
  doubt: 3_000,
  posts: { most: 4, per: 400 },
  edits: { most: 50, per: 6_000 },
  reads: { most: 50, per: 6_000 },
}

/**
 * After a storm a file waits for the end of its last wait (`most`), for a look whether a try arrived (a minute's reads may be spent), and
 * for its turn among what is more important: all of that is bounded.
 */
test('after a storm every plan and every log comes, once, within the waits that there are', async () => {
  const random = dice(11)
  const storm = (): Fault => {
    const roll = random.next()
    if (roll < 0.3) return limited(1)
    if (roll < 0.4) return broken(503)
    if (roll < 0.5) return { do: 'reset' }
    return { do: roll < 0.6 ? 'lose' : 'pass' }
  }
  rig.proxy.choose(storm)
  rig.bot(scaled)
  rig.bot(scaled)
  await Promise.all(ids.map((id) => jobOf(rig, id).all(() => random.below(600))))
  rig.proxy.choose(pass)
  const { most, doubt, reads } = scaled
  const complete = async () => (await count(rig, ids)).wrong.length === 0
  await waitFor(complete, { what: 'every file', within: `${(most + reads.per + doubt) / 1000 + 3}s`, every: 50 })
  await rig.settled('30s')
  expect((await count(rig, ids)).wrong).toEqual([])
})

test('after an outage of any length every plan and every log comes', async () => {
  const tries = () => rig.proxy.count('files.getUploadURLExternal')
  rig.proxy.choose(({ method }) => (method.startsWith('files.') ? { do: 'reset' } : { do: 'pass' }))
  rig.bot({ first: 5, most: 5 })
  await jobOf(rig, 'a').all(() => 10)
  await waitFor(() => tries() > 300, { what: 'hundreds of tries in vain', within: '40s' })
  rig.proxy.choose(pass)
  await rig.settled()
  expect((await count(rig, ['a'])).wrong).toEqual([])
})
