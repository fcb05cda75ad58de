import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../../examples/demo/parts.ts'
import { createServiceWatcher } from '../../../src/engine/consul/watcher.ts'
import { register, report } from '../../consul.ts'
import { silent, useRedis } from '../redis.ts'
import { crewOn, useTwo } from './two.ts'

const here = useRedis()
const two = useTwo()

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()))
})

/** A bot's part that follows services. The clock of the test stands still but for what it is told. */
function bot() {
  const { redis, keys, store, now } = here
  const { site } = crewOn(here, two.hub).parts
  const watcher = createServiceWatcher({ redis, keys, store, now, site, log: silent, consul: { address: two.hub.url } })
  running.push(watcher)
  return watcher
}

const opened = () => crewOn(here, two.hub)
const idOf = (said: string) => /as `(\w+)`/.exec(said)?.[1] ?? ''
const begun = async (line = 'consul watch web') => idOf(await opened().say(line))
const watchOf = async (id: string) => {
  const watch = await here.store.watches.find(id)
  if (!watch) throw new Error(`There is no watch ${id}.`)
  return watch
}
const changesOf = async (id: string) =>
  (await watchOf(id)).notes.flatMap(({ changes, missed }) =>
    changes.map(
      (change) => `${missed ? 'missed ' : ''}${'instance' in change ? `${change.instance.id} ` : ''}${change.what}`,
    ),
  )
const sees = (id: string, wanted: string) =>
  waitFor(async () => (await changesOf(id)).includes(wanted), { what: `${wanted} of ${id}`, within: '30s' })
const lookedAt = (id: string) =>
  waitFor(async () => (await watchOf(id)).looked?.length === 2, { what: `a look at ${id}`, within: '30s' })

beforeAll(async () => {
  await register(two.hub, { id: 'web', port: 80 })
  await register(two.spoke, { id: 'web', port: 80 })
})

describe('a watch', () => {
  test('tells what turns, comes and goes, with what the check says', async () => {
    bot()
    const id = await begun()
    await lookedAt(id)
    expect(await changesOf(id)).toEqual([])
    await report(two.hub, 'service:web', 'critical', 'connection refused')
    await sees(id, 'web turned')
    expect((await watchOf(id)).instances.find(({ dc }) => dc === 'dc1')?.said).toContain('connection refused')
    await two.spoke.json('PUT', '/v1/agent/service/deregister/web')
    await sees(id, 'web went')
    await register(two.spoke, { id: 'web', port: 80 })
    await sees(id, 'web came')
    await report(two.hub, 'service:web', 'passing')
  })

  test('ends when its time is over, and by whoever says so', async () => {
    bot()
    const [own, other] = [await begun('consul watch web --for 5m'), await begun()]
    await lookedAt(own)
    here.clock.now += 5 * 60_000
    await sees(own, 'over')
    expect((await watchOf(own)).ended).toMatchObject({ by: null })
    expect(await opened().say(`consul unwatch ${other}`)).toContain('not followed any more')
    expect((await watchOf(other)).ended?.by).toMatchObject({ user: 'U01ALICE' })
    expect(await here.store.watches.open()).toEqual([])
  })

  test('goes on in another bot when one is gone, and what was missed is told once as missed', async () => {
    const first = bot()
    const id = await begun()
    await lookedAt(id)
    await first.stop()
    await report(two.hub, 'service:web', 'warning', 'slow')
    bot()
    await sees(id, 'missed web turned')
    await report(two.hub, 'service:web', 'passing')
    await sees(id, 'web turned')
    expect(await changesOf(id)).toEqual(['missed web turned', 'web turned'])
  })

  test('is looked at by one bot of several: each change is told once', async () => {
    const [one, another] = [bot(), bot()]
    const id = await begun()
    await lookedAt(id)
    await report(two.hub, 'service:web', 'critical')
    await sees(id, 'web turned')
    await report(two.hub, 'service:web', 'passing')
    await waitFor(async () => (await changesOf(id)).length === 2, { what: 'both changes', within: '30s' })
    await Promise.all([one.stop(), another.stop()])
    expect(await changesOf(id)).toEqual(['web turned', 'web turned'])
  })
})

describe('what is refused', () => {
  test('a name that is not there, a time that is too long, and too many at once', async () => {
    const crew = opened()
    await expect(crew.say('consul watch wbe')).rejects.toThrow(/Did you mean `web`\?/)
    await expect(crew.say('consul watch web --for 25h')).rejects.toThrow(/at most 24h/)
    for (let many = 0; many < 3; many++) await begun()
    await expect(crew.say('consul watch web')).rejects.toThrow(/one person follows at most 3 at once/)
    await expect(crew.ask('consul watch web', 'U04EVE')).rejects.toThrow(/may not run/)
    const few = crewOn(here, two.hub, { consul: { watch: { most: 3, each: 9, longest: '24h' } } })
    await expect(few.say('consul watch web')).rejects.toThrow(/3 services are followed already/)
  })

  test('an end of what is not followed, with what is', async () => {
    const id = await begun()
    await expect(opened().say('consul unwatch zzz')).rejects.toThrow(new RegExp(`There is \`web\` \\(\`${id}\`\\)`))
    expect(await opened().say('consul watches')).toContain(`(\`${id}\`)`)
  })
})

// Last: it takes the spoke away for a while.
test('a spoke that hangs is told, hides nothing of the others, and is seen again', async () => {
  bot()
  const id = await begun()
  await lookedAt(id)
  process.kill(two.spoke.pid, 'SIGSTOP')
  try {
    await sees(id, 'blind')
    await report(two.hub, 'service:web', 'critical')
    await sees(id, 'web turned')
    expect((await watchOf(id)).instances.map(({ dc }) => dc).toSorted()).toEqual(['dc1', 'dc2'])
  } finally {
    process.kill(two.spoke.pid, 'SIGCONT')
  }
  await sees(id, 'sees')
  expect(await changesOf(id)).not.toContain('web went')
})
