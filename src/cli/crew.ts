import { randomUUID } from 'node:crypto'
import { readSite } from '../config/site.ts'
import { need, readConfig } from '../config.ts'
import type { Actor } from '../core/actor.ts'
import type { Asked, Deadline } from '../core/workflow.ts'
import { maskOf } from '../engine/audit/secrets.ts'
import { createCrew } from '../engine/crew.ts'
import { createEngine } from '../engine/engine.ts'
import { readGroups } from '../engine/groups.ts'
import { within } from '../engine/late.ts'
import type { CrewParts } from '../engine/parts.ts'
import { COMMAND_TIMEOUT_MS } from '../engine/redis.ts'
import type { Caller } from '../engine/request.ts'
import { createLog } from '../log.ts'
import { actorFor, catalogFor, siteFile } from './places.ts'
import { withRedis } from './redis.ts'
import type { Given } from './verb.ts'

/**
 * The crew on the servers that the environment names: the same requests, rights and records as from Slack. Throws where a server
 * is away, instead of waiting for it as bot and worker do.
 */
export async function openCrew(given: Given) {
  const config = readConfig({ ...given.env, LOG_LEVEL: logLevel(given.env.LOG_LEVEL) })
  const { settings } = config
  const site = await readSite(siteFile(given))
  const actor = actorFor(site, given.options.as)
  const catalog = await catalogFor(given.env, site)
  need(config, 'GROUNDCREW_ARTIFACT_KEY')
  await withRedis(need(config, 'REDIS_URL'), async () => null)
  const log = createLog('crew', settings.LOG_LEVEL)
  const engine = await createEngine(config, site, log)
  const { redis, keys, store, now, kinds, audit, artifacts, sweeper } = engine
  const parts: CrewParts = {
    store,
    site,
    kinds,
    now,
    catalog,
    audit,
    artifacts,
    groups: () => readGroups(redis, keys, now()),
    kick: sweeper.kick,
    consul: {
      address: settings.CONSUL_HTTP_ADDR ?? '127.0.0.1:8500',
      token: settings.CONSUL_HTTP_TOKEN,
      mask: maskOf(config.variables, site),
    },
  }
  const crew = createCrew(parts)
  const asked = async (who: Actor): Promise<Asked> => ({
    actor: who,
    ...(await crew.rightsFor(who)),
    channel: null,
    request: `shell:${randomUUID()}`,
    until: inTime(),
  })
  return { site, actor, catalog, engine, parts, crew, asked, log }
}

/** A request of the shell, like no other. */
export function shellCaller(actor: Actor): Caller {
  const origin = { channel: null, via: 'shell' } as const
  return { actor, origin, request: `shell:${randomUUID()}`, until: inTime() }
}

/** Before a command counts as failed: what was given up is not done later. */
export function inTime(): Deadline {
  return within(COMMAND_TIMEOUT_MS - 500)
}

export type OpenCrew = Awaited<ReturnType<typeof openCrew>>

/** `info` is for services, and what the demo hands to everybody; between answers it is noise. Who wants to see more says `debug`. */
function logLevel(given: string | undefined): string {
  return !given || given === 'info' ? 'warn' : given
}
