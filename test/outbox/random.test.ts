import { afterAll, beforeAll, expect, test } from 'vitest'
import { dice } from '../core/town.ts'
import { broken, type Chooser, type Fault, limited, pass } from '../fixtures/slack-proxy.ts'
import { count, jobOf } from './jobs.ts'
import { type Rig, startRig } from './rig.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))
const JOBS = Number(process.env.JOBS ?? 12)

let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterAll(() => rig.stop())

test('whatever Slack does, each result, warning and file stands there once in the end, and says the truth', async () => {
  const random = dice(seed)
  const faults = new Map<string, number>()
  let outage = false
  const some: Chooser = ({ method }) => {
    const fault = outage ? random.pick<Fault>([broken(503), { do: 'reset' }]) : anyFault(random)
    const name = `${fault.do}${'status' in fault ? ` ${fault.status}` : ''}`
    if (method.startsWith('chat.') || method.startsWith('files.')) faults.set(name, (faults.get(name) ?? 0) + 1)
    return fault
  }
  rig.proxy.choose(some)
  const bots = [rig.bot(), rig.bot()]
  const jobs = Array.from({ length: JOBS }, (_, at) => jobOf(rig, `job${at}`))
  const all = Promise.all(jobs.map((job) => job.all(() => random.below(400))))
  const weather = setInterval(() => {
    outage = random.chance(0.3)
  }, 700)
  await all
  clearInterval(weather)
  outage = false
  // The last messages go out in bad weather as well.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  rig.proxy.choose(pass)
  await rig.settled('25s')
  const counts = await count(
    rig,
    jobs.map(({ id }) => id),
  )
  const { results, lost, doubled, stale, wrong } = counts
  console.log(
    `seed ${seed}: results ${results}, lost ${lost}, doubled ${doubled}, stale ${stale}`,
    Object.fromEntries(faults),
  )
  expect(wrong).toEqual([])
  expect(bots.flatMap((bot) => bot.saw('outbox not'))).toEqual([])
})

function anyFault(random: ReturnType<typeof dice>): Fault {
  const roll = random.next()
  if (roll < 0.5) return { do: 'pass', after: random.below(150) }
  if (roll < 0.58) return limited(1)
  if (roll < 0.66) return { do: 'reset' }
  if (roll < 0.78) return { do: 'lose' }
  if (roll < 0.84) return broken()
  if (roll < 0.92) return { do: 'spoil', status: 502, body: '<html>bad gateway</html>' }
  return { do: 'late', after: 600 + random.below(1_000) }
}
