import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { line, REFUSED } from '../../monitors/vault-audit/entries.ts'
import type { Random } from '../choices.ts'
import type { State, Truth } from './record.ts'
import type { Town } from './town.ts'

/** What a check becomes next; mostly bad or good, now and then taken away. */
const NEXT: readonly State[] = ['passing', 'passing', 'passing', 'critical', 'critical', 'critical', 'warning', 'gone']

/** Changes checks in Consul and writes denied lines, as fast as told, and keeps a record of both. */
export function createDriver(town: Town, truth: Truth, random: Random) {
  const denied: number[] = []

  async function put(path: string, body?: object): Promise<number> {
    const signal = AbortSignal.timeout(2_000)
    const init = { method: 'PUT', signal, ...(body ? { body: JSON.stringify(body) } : {}) }
    const answer = await fetch(`${town.consul.url}${path}`, init)
    await answer.arrayBuffer()
    return answer.status
  }

  const update = (check: string, Status: State) =>
    put(`/v1/agent/check/update/service:${check}`, {
      Status,
      Output: `it is ${Status}, says no. ${random.below(1_000)}`,
    })

  async function tried(check: string, to: State): Promise<boolean> {
    if (to === 'gone') return (await put(`/v1/agent/service/deregister/${check}`)) < 500
    if ((await update(check, to)) < 300) return true
    const Check = { CheckID: `service:${check}`, Name: `${check} health`, TTL: '24h', Status: to }
    await put('/v1/agent/service/register', { ID: check, Name: check, Check })
    // A status that was never updated is lost when the agent is killed.
    return (await update(check, to)) < 300
  }

  /** Consul may be away: it is done again until it says that it is done. */
  async function change(check: string, to: State): Promise<void> {
    // Whatever is registered and was never updated comes back as critical.
    const done = truth.begin(check, to, truth.now(check) === 'gone' ? ['critical'] : [])
    while (!(await tried(check, to).catch(() => false))) await sleep(200)
    done()
    town.heard.say('changed')
  }

  function deny(count: number): void {
    const lines = Array.from({ length: count }, () => {
      const error = '1 error occurred:\n\t* permission denied\n\n'
      const entry = line({ error, auth: REFUSED, request: { id: randomUUID() } })
      return `${JSON.stringify({ ...(JSON.parse(entry) as object), time: new Date().toISOString() })}\n`
    })
    denied.push(...lines.map(() => Date.now()))
    appendFileSync(town.audit, lines.join(''))
  }

  return {
    denied: denied as readonly number[],
    change,
    /** Each check by itself, until it is told to stop; what was begun is done by then. */
    async live(isOver: () => boolean, pace: number): Promise<void> {
      const one = async (check: string) => {
        while (!isOver()) {
          const to = random.pick(NEXT.filter((state) => state !== truth.now(check)))
          await change(check, to)
          // Some are long enough for everything to be told, some too short for anybody to see.
          await sleep(random.next() < 0.3 ? random.below(pace / 4) : pace / 2 + random.below(pace * 2))
        }
      }
      // So seldom that there are times with too many and times without.
      const denials = async () => {
        for (let at = Date.now() + random.below(30_000); !isOver(); await sleep(200)) {
          if (Date.now() < at) continue
          deny(random.pick([1, 1, 2, 9]))
          at = Date.now() + 10_000 + random.below(30_000)
        }
      }
      await Promise.all([...truth.checks.map(one), denials()])
    },
  }
}

export type Driver = ReturnType<typeof createDriver>
