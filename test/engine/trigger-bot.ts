import { afterEach, expect } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { command, createCatalog, z } from '../../src/core/command.ts'
import { siteSchema } from '../../src/core/site.ts'
import type { triggerSettings } from '../../src/core/trigger/settings.ts'
import type { TriggerStanding } from '../../src/core/trigger/standing.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createCrew } from '../../src/engine/crew.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import { triggersOf } from '../../src/engine/triggers/standing.ts'
import { createTriggers } from '../../src/engine/triggers.ts'
import { ansible, judgment, stageKinds, terraform } from '../../src/stages/index.ts'
import { auditOf } from '../audit/redis.ts'
import { written } from '../core/sample-site.ts'
import { silent } from './quiet.ts'
import type { Here } from './redis.ts'

const allow = ['machines', 'engineers'] as [string, ...string[]]
const args = z.object({ on: z.string().optional(), version: z.string().optional() })
const playbook = (play: string) =>
  command({
    ...{ summary: 'x', examples: [], allow, args, unsafe: 'A test.' },
    stages: () => [ansible({ playbook: play })],
  })

/** What the lines of the triggers may be. */
export const commands = [
  { name: 'playbook web', command: playbook('web') },
  { name: 'playbook', command: playbook('web') },
  {
    name: 'playbook up',
    command: command({
      ...{ summary: 'x', examples: [], allow, environment: 'loadtest' },
      stages: () => [
        terraform.plan(),
        judgment({ show: 'terraform.plan' }),
        terraform.apply({ plan: 'terraform.plan' }),
      ],
    }),
  },
  {
    name: 'look',
    command: command({ summary: 'x', examples: [], allow: ['everyone'], answer: async () => ({ text: 'seen' }) }),
  },
]

export type Wish = Record<string, z.input<typeof triggerSettings>>
type More = {
  readonly members?: string[] | undefined
  readonly jenkins?: object
  readonly variables?: Readonly<Record<string, string>>
  readonly log?: typeof silent
  /** Stands in the way of what is begun, as a full disk does. */
  readonly before?: () => Promise<void>
}

export function siteWith(triggers: Wish, { members, jenkins = {} }: More = {}) {
  const own = members ?? Object.keys(triggers).map((name) => `trigger:${name}`)
  return siteSchema.parse({
    ...written,
    roles: { ...written.roles, machines: { members: own, may: [{ commands: ['playbook*'] }] } },
    playbooks: { web: { playbook: 'web.yml', service: 'web' } },
    ...{ jenkins, triggers },
  })
}

/** Bots that look for what happens, over one Redis; they end with their test. */
export function useTriggerBots(here: Here, address: () => string) {
  const running: { kick(): Promise<void>; stop(): Promise<void> }[] = []
  /** All of them look at once, and not only when it is time again. */
  const kick = async () => void (await Promise.all(running.map((each) => each.kick())))
  const wait = (what: string, is: () => Promise<boolean>) => waitFor(() => kick().then(is), { what, within: '30s' })
  const stopAll = async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()))
  }
  afterEach(stopAll)

  function partsFor(triggers: Wish, more: More = {}): CrewParts {
    const site = siteWith(triggers, more)
    const { store, now, redis, keys } = here
    const { before = async () => {} } = more
    const audit = auditOf(here)
    return {
      ...{ store, site, now, kinds: stageKinds, kick: () => {} },
      audit: { ...audit, write: (entry, once) => before().then(() => audit.write(entry, once)) },
      catalog: createCatalog(commands, site),
      groups: async () => new Map(),
      artifacts: createArtifacts(redis, keys, '0'.repeat(64)),
      consul: { address: address() },
    }
  }

  function bot(triggers: Wish, more: More = {}) {
    const parts = partsFor(triggers, more)
    const { redis, keys } = here
    const variable = (name: string) => more.variables?.[name]
    const looks = createTriggers({ ...parts, redis, keys, log: more.log ?? silent, variable }, createCrew(parts))
    running.push(looks)
    return looks
  }

  /** By their lines: the clock of the test stands still, so that none is the older one. */
  const runs = async () =>
    (await here.store.list({ limit: 100 })).toSorted((one, other) => (one.line < other.line ? -1 : 1))
  const lines = async () => (await runs()).map(({ line }) => line)
  const refusals = async () =>
    (await auditOf(here).find({ limit: 50 })).flatMap(({ entry }) => (entry.kind === 'refused' ? [entry] : []))

  return {
    ...{ bot, stopAll, runs, lines, refusals, wait },
    /** Two looks, of which the second began after this was called. */
    async look() {
      await kick()
      await kick()
    },
    begun: (line: string) => wait(line, async () => (await lines()).includes(line)),
    looked: (count = 1) =>
      wait('a first look', async () => (await here.redis.scard(here.keys.triggersBegun)) === count),
    refused: (count = 1) => wait('a refusal in the audit', async () => (await refusals()).length >= count),
    /** As `triggers list` has it, on another machine. */
    async standing(triggers: Wish, name: string, more: More = {}): Promise<TriggerStanding> {
      const found = (await triggersOf(partsFor(triggers, more))).find((each) => each.name === name)
      expect(found).toBeDefined()
      return found as TriggerStanding
    },
  }
}
