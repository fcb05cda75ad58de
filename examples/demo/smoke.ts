import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from './jenkins-stand-in.ts'

const ROUNDS = 3
const SECOND = 1000

/**
 * What the job `smoke` of the demo's stand-in for Jenkins does: it asks every instance of a service that passes in Consul, three times. Fails where
 * there are fewer than INSTANCES, or one does not answer well.
 */
export function smokeJob(consul: string): Job {
  return {
    parameters: ['SERVICE', 'INSTANCES', 'GROUNDCREW_EXECUTION'],
    async run({ SERVICE = '', INSTANCES = '1' }, say, stop) {
      const get = (url: string) => fetch(url, { signal: AbortSignal.any([stop, AbortSignal.timeout(5 * SECOND)]) })
      for (let round = 1; round <= ROUNDS; round++) {
        const response = await get(`${consul}/v1/health/service/${encodeURIComponent(SERVICE)}?passing`)
        const found = (await response.json()) as { Service: { ID: string; Address: string; Port: number } }[]
        say(`[smoke] round ${round} of ${ROUNDS}: ${found.length} of ${INSTANCES} instances pass`)
        if (found.length < Number(INSTANCES)) throw new Error(`[smoke] ${INSTANCES} should pass.`)
        for (const { Service } of found) {
          const { ok, status } = await get(`http://${Service.Address}:${Service.Port}/`)
          say(`[smoke] ${Service.ID} answered ${status}`)
          if (!ok) throw new Error(`[smoke] ${Service.ID} is not well.`)
        }
        await sleep(SECOND, undefined, { signal: stop })
      }
    },
  }
}
