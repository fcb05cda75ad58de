import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { waitFor } from '../examples/demo/parts.ts'
import { keysOf } from '../src/engine/keys.ts'
import { createStore } from '../src/engine/store.ts'
import { type LoadFigures, reportOf } from './alert-load-report.ts'
import { type AlertSide, BARE, oneRuleFor, startAlertSides } from './alert-sides.ts'
import { type Told, toldOn } from './alert-told.ts'
import { type Instance, registerInstances, type Status, setChecks } from './consul-rows.ts'
import { busyMilliseconds, residentMegabytes } from './memory.ts'
import { median } from './statistics.ts'

const GROUPS = 200
const CHECKS_A_GROUP = 50
const CHANGED_A_GROUP = 5
const SINGLES = 10

/** Until whatever a change caused is over, and Consul may be read at once again. */
const SETTLE_MS = 2_500
const IDLE_MS = 60_000

const services = Array.from({ length: GROUPS }, (_, number) => `load-${String(number).padStart(3, '0')}`)
const nodes = Array.from({ length: CHECKS_A_GROUP }, (_, number) => `host-${String(number).padStart(2, '0')}`)
/** Those on the first node of all services, then those on the second, and so on. */
const instances: readonly Instance[] = nodes.flatMap((node) => services.map((service) => ({ service, node })))

type Name = 'groundcrew' | 'baseline'
type Both<T> = Record<Name, T>
const names: readonly Name[] = ['groundcrew', 'baseline']

type Watcher = AlertSide & { readonly told: Told }
/** Milliseconds. `redis`: commands, by whoever keeps anything. */
type One = { readonly told: number; readonly busy: number; readonly redis: number }

/**
 * What 10,000 checks in 200 groups cost the bot, beside a bare program that reads the same answers of Consul and posts one message for
 * each group that changed: one change, 1,000 at once, all of them, a minute without a change, and memory. Messages have to be true: each
 * group's tells how many of its checks fire.
 */
export async function measureAlertLoad(signal: AbortSignal): Promise<LoadFigures> {
  await using stack = new AsyncDisposableStack()
  const { redisUrl, ...sides } = await startAlertSides(stack, oneRuleFor(services), signal)
  const redis = new Redis(redisUrl)
  stack.defer(() => redis.disconnect())
  const store = createStore(redis, keysOf('groundcrew'), Date.now)
  const watchers: Both<Watcher> = {
    groundcrew: { ...sides.groundcrew, told: await toldOn(sides.groundcrew.screen, services, signal) },
    baseline: { ...sides.baseline, told: await toldOn(sides.baseline.screen, services, signal) },
  }
  const each = async <T>(work: (watcher: Watcher, name: Name) => Promise<T>): Promise<Both<T>> => ({
    groundcrew: await work(watchers.groundcrew, 'groundcrew'),
    baseline: await work(watchers.baseline, 'baseline'),
  })
  const memory = () => each(async ({ pid }) => residentMegabytes(pid) ?? Number.NaN)
  const idle = async () => {
    await sleep(2 * SETTLE_MS, undefined, { signal })
    const before = await each(async ({ pid }) => busyMilliseconds(pid) ?? Number.NaN)
    const commands = await commandsOf(redis)
    await sleep(IDLE_MS, undefined, { signal })
    const minutes = IDLE_MS / 60_000
    const busy = await each(async ({ pid }, name) => ((busyMilliseconds(pid) ?? Number.NaN) - before[name]) / minutes)
    return { busy, redis: ((await commandsOf(redis)) - commands) / minutes }
  }
  const firing = async () => {
    const groups = await store.alerts.open()
    return groups.flatMap(({ alerts }) => alerts.filter(({ state }) => state === 'firing')).length
  }

  /** So many checks at once, until all is stored and until every message is true. */
  async function all(changed: readonly Instance[], status: Status, count: number) {
    return each(async ({ consul, told, pid }, name) => {
      const [began, before] = [performance.now(), busyMilliseconds(pid) ?? Number.NaN]
      const since = () => performance.now() - began
      const stored = async () => {
        if (name === 'baseline') return Number.NaN
        const wanted = count * GROUPS
        await waitFor(async () => (await firing()) === wanted, {
          what: `${wanted} that fire`,
          within: '2m',
          every: 50,
          signal,
        })
        return since()
      }
      const shown = told.all(count).then(since)
      const [storedAt] = await Promise.all([stored(), setChecks(consul, changed, status)])
      const shownAt = await shown
      await told.quiet()
      return { stored: storedAt, shown: shownAt, busy: (busyMilliseconds(pid) ?? Number.NaN) - before }
    })
  }

  /** One check after the other, each in another group; and what that cost until nothing of it is under way. */
  async function singles(changed: readonly Instance[], status: Status, count: number): Promise<Both<One>> {
    const taken: Both<One[]> = { groundcrew: [], baseline: [] }
    for (const instance of changed) {
      for (const name of names) taken[name].push(await one(watchers[name], instance, status, count))
    }
    const half = (name: Name, what: keyof One) => median(taken[name].map((each) => each[what]))
    const of = (name: Name) => ({ told: half(name, 'told'), busy: half(name, 'busy'), redis: half(name, 'redis') })
    return { groundcrew: of('groundcrew'), baseline: of('baseline') }
  }

  async function one({ consul, told, pid }: Watcher, instance: Instance, status: Status, count: number): Promise<One> {
    const [commands, busy, began] = [await commandsOf(redis), busyMilliseconds(pid) ?? Number.NaN, performance.now()]
    const shown = told.one(instance.service, count)
    await setChecks(consul, [instance], status)
    const at = await shown
    await sleep(SETTLE_MS, undefined, { signal })
    const after = busyMilliseconds(pid) ?? Number.NaN
    return { told: at - began, busy: after - busy, redis: (await commandsOf(redis)) - commands }
  }

  const memoryBefore = await memory()
  await each(({ consul }) => registerInstances(consul, instances, 'passing'))
  const seen = async () => (await store.alerts.known()).seen?.datacenters[0]?.checks ?? 0
  await waitFor(async () => (await seen()) >= instances.length, { what: 'the bot to see all', within: '1m', signal })
  const idlePassing = await idle()
  const memoryPassing = await memory()
  const onePassing = await singles(instances.slice(0, SINGLES), 'critical', 1)
  await setChecksOf(watchers, instances.slice(0, SINGLES), 'passing')
  const thousand = await all(instances.slice(0, CHANGED_A_GROUP * GROUPS), 'critical', CHANGED_A_GROUP)
  const rest = instances.slice(CHANGED_A_GROUP * GROUPS)
  const everything = await all(rest, 'critical', CHECKS_A_GROUP)
  const idleFiring = await idle()
  const memoryFiring = await memory()
  const oneFiring = await singles(instances.slice(0, SINGLES), 'passing', CHECKS_A_GROUP - 1)
  return {
    ...{ baseline: BARE, checks: instances.length, groups: GROUPS, changed: CHANGED_A_GROUP * GROUPS },
    ...{ settleMs: SETTLE_MS, rest: rest.length, thousand, everything },
    memory: { before: memoryBefore, passing: memoryPassing, firing: memoryFiring },
    idle: { passing: idlePassing, firing: idleFiring },
    one: { passing: onePassing, firing: oneFiring },
  }
}

async function setChecksOf(watchers: Both<Watcher>, changed: readonly Instance[], status: Status): Promise<void> {
  for (const name of names) {
    await setChecks(watchers[name].consul, changed, status)
    await watchers[name].told.quiet()
  }
}

/** How many commands Redis has done so far. */
async function commandsOf(redis: Redis): Promise<number> {
  const [, count] = /^total_commands_processed:(\d+)/m.exec(await redis.info('stats')) ?? []
  if (!count) throw new Error('Redis does not say how many commands it has done.')
  return Number(count)
}

export const alertLoadReport = reportOf
