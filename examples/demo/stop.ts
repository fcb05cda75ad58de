import { rmSync } from 'node:fs'
import { Redis } from 'ioredis'
import type { Site } from '../../src/core/site.ts'
import { keysOf } from '../../src/engine/keys.ts'
import { createStore } from '../../src/engine/store.ts'
import { messageOf } from '../../src/errors.ts'
import { lives } from '../../src/tools/run/identity.ts'
import { identityOf } from './claim.ts'
import type { DemoFolder } from './folder.ts'
import type { PartName, Parts } from './start.ts'
import { destroy, interruptTerraform, stopInstances } from './terraform.ts'

export type Stop = {
  readonly folder: DemoFolder
  readonly site: Site
  readonly parts: Parts
  readonly settings: Readonly<Record<string, string>>
  /** Says what is being done now, as one line. */
  readonly say: (doing: string) => void
}

/**
 * Leaves no process and no port, in the order that lets each end well: nobody may begin anything new, what Terraform does is
 * interrupted, the environments are destroyed while Consul still holds their state, and only then the ground goes.
 */
export async function stopParts(stop: Stop): Promise<void> {
  const { folder, parts, say } = stop
  const began = parts.has('consul')
  say('stopping bot, worker and monitor')
  await stopEach(parts, ['bot', 'worker', 'monitor'])
  await interruptTerraform(folder)
  if (began) await emptyEnvironments(stop)
  say('stopping local-slack, the stand-ins for Vault and Jenkins, Consul and Redis')
  await stopEach(parts, ['slack', 'vault', 'jenkins', 'consul', 'redis'])
  // A worker that somebody added may have begun something meanwhile, and from now on nothing could look after it.
  await interruptTerraform(folder)
  if (began) await stopInstances(folder)
  rmSync(folder.teardown, { recursive: true, force: true })
}

async function stopEach(parts: Parts, names: readonly PartName[]): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      const part = parts.get(name)
      parts.delete(name)
      await part?.stop()
    }),
  )
}

async function emptyEnvironments(stop: Stop): Promise<void> {
  await revive(stop)
  for (const name of Object.keys(stop.site.environments)) {
    await empty(name, stop)
    await noteDown(name, stop)
  }
}

/** It was taken down behind the bot's back: the store hears of it, so that no time runs on for what is gone. */
async function noteDown(name: string, { settings, say }: Stop): Promise<void> {
  const redis = new Redis(settings.REDIS_URL ?? '', {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    retryStrategy: () => null,
  })
  redis.on('error', () => {}) // the first command says it
  try {
    await redis.connect()
    const store = createStore(redis, keysOf(settings.GROUNDCREW_PREFIX ?? 'groundcrew'), Date.now)
    await store.alter(name, (environment) => {
      const { last, lifetime } = environment
      if (!lifetime && !last?.up) return null
      const down = last && { ...last, line: 'the end of the demo', at: Date.now(), up: false }
      return { environment: { ...environment, lifetime: null, last: down }, effects: [] }
    })
  } catch (error) {
    say(`Redis was not told that ${name} is down: ${messageOf(error)}`)
  } finally {
    redis.disconnect()
  }
}

/** Terraform's state lies in Consul: if that has died, it has to come back for this once. */
async function revive({ parts, say }: Stop): Promise<void> {
  const consul = parts.get('consul')
  const identity = consul && (await identityOf(consul.pid))
  if (!consul || (identity && (await lives(identity)))) return
  say('starting Consul once more, since it has died and holds the state of what is to be destroyed')
  await consul.restart().catch((error: unknown) => say(`Consul did not come back: ${messageOf(error)}`))
}

/** Twice, since a Terraform that was just interrupted may have changed the state between plan and apply. */
async function empty(name: string, stop: Stop): Promise<void> {
  const environment = stop.site.environments[name]
  if (!environment) return
  stop.say(`destroying ${name}`)
  for (const last of [false, true]) {
    try {
      const some = await destroy(name, environment, stop)
      return stop.say(some ? `destroyed ${name}` : `nothing was up in ${name}`)
    } catch (error) {
      stop.say(`${name} was not destroyed: ${messageOf(error)}`)
      if (last) return force(name, stop)
    }
  }
}

/** The last resort: without Terraform, and then its state must not speak of what is gone. */
async function force(name: string, stop: Stop): Promise<void> {
  const count = await stopInstances(stop.folder, stop.settings.CONSUL_HTTP_ADDR)
  const { type, config } = stop.site.environments[name]?.backend ?? { type: '', config: {} }
  if (type === 'consul' && config.path) await forget(config.path, stop)
  stop.say(`stopped ${count} instances of ${name} without Terraform, and put its state away`)
}

async function forget(path: string, { settings, say }: Stop): Promise<void> {
  const url = `${settings.CONSUL_HTTP_ADDR}/v1/kv/${path}`
  await fetch(url, { method: 'DELETE', signal: AbortSignal.timeout(5000) }).catch((error: unknown) =>
    say(`The state of Terraform is still in Consul: ${messageOf(error)}`),
  )
}
