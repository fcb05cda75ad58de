import { setTimeout as sleep } from 'node:timers/promises'
import type { SlackMessage } from '../../examples/demo/slack-control.ts'
import type { Event } from '../../src/core/event.ts'
import { stageOf } from '../../src/core/execution.ts'
import { digestOf } from '../../src/core/settle.ts'
import { warnOfEnd } from '../../src/engine/lifetimes.ts'
import { site } from '../core/sample-site.ts'
import { APPLY, bob, PLAN, planned, succeeded, upStages, wanted, worker } from '../core/world.ts'
import type { Rig } from './rig.ts'

export const ROOM = 'C00ROOM'

/** An execution as bot and workers would drive it, without either. */
export function jobOf(rig: Rig, id: string, channel = ROOM) {
  const environment = `env-${id}`
  const { store, artifacts, progress, outbox } = rig
  const tell = (event: Event) => store.tell(id, event)
  const attemptOf = async (stage: string) => {
    const execution = await store.execution(id)
    return (execution && stageOf(execution, stage)?.attempt) ?? 0
  }
  const starts = async (stage: string) =>
    tell({ type: 'stage.started', stage, attempt: await attemptOf(stage), worker: { ...worker, id: `w-${id}` } })
  const ends = async (stage: string, outcome: Extract<Event, { type: 'stage.ended' }>['outcome']) =>
    tell({ type: 'stage.ended', stage, attempt: await attemptOf(stage), outcome })

  const job = {
    id,
    async ask() {
      const asked = wanted({
        id,
        environment,
        stages: upStages,
        lifetime: '4h',
        origin: { channel, via: 'slack' },
      })
      await store.request(asked, `ask-${id}`)
    },
    async plan() {
      await starts(PLAN)
      await artifacts.of(id).put('plan.txt', Buffer.from(`plan of ${id}`))
      await ends(PLAN, planned({ files: ['plan.txt'] }))
    },
    async approve() {
      const execution = await store.execution(id)
      const stage = execution && stageOf(execution, 'judgment')
      if (!execution || !stage) throw new Error(`${id} asks for no judgment.`)
      const judgment = { stage: 'judgment', decision: 'approved', by: bob, at: Date.now() } as const
      await tell({ type: 'judged', judgment: { ...judgment, digest: digestOf(execution, stage) } })
    },
    apply: () => starts(APPLY),
    async word(text: string) {
      await progress.set(id, { stage: APPLY, text, at: Date.now() })
      await outbox.want(`execution:${id}`, Date.now() + 30)
    },
    warn: () => warnOfEnd({ store, site, kinds: new Map(), now: Date.now }, environment, id),
    async finish() {
      await artifacts.of(id).put('apply-log.txt', Buffer.from(`log of ${id}`))
      await ends(APPLY, succeeded({ lineage: 'L1', files: ['apply-log.txt'] }))
      await starts('health')
      await ends('health', succeeded())
    },
    lose: async () =>
      tell({ type: 'stage.lost', stage: APPLY, attempt: await attemptOf(APPLY), why: 'Gone.', repeatable: false }),
    /** From the request to the end, with a pause before each step. */
    async all(pause: () => number, words = 3) {
      const steps = [job.ask, job.plan, job.approve, job.apply]
      for (const step of steps) {
        await step()
        await sleep(pause())
      }
      for (let count = 1; count <= words; count++) {
        await job.word(`${count} of ${words}`)
        await sleep(pause())
      }
      await job.warn()
      await sleep(pause())
      await job.finish()
    },
  }
  return job
}

export type Counts = { results: number; lost: number; doubled: number; stale: number; wrong: string[] }

/** What the channel shows of executions that are over, and what it should: each result, closing reply, warning and file once. */
export async function count(rig: Rig, ids: readonly string[], channel = ROOM): Promise<Counts> {
  const messages = await rig.control.messages(channel)
  const counts: Counts = { results: 0, lost: 0, doubled: 0, stale: 0, wrong: [] }
  for (const id of ids) {
    const shown: Record<string, SlackMessage[]> = {
      execution: marked(messages, `execution-${id}-v`),
      closing: marked(messages, `closing-${id}-v`),
      warning: marked(messages, `warning-${id}-v`),
      'plan.txt': titled(messages, `plan.txt of ${id}`),
      'apply-log.txt': titled(messages, `apply-log.txt of ${id}`),
    }
    for (const [what, found] of Object.entries(shown)) {
      counts.results++
      if (found.length === 0) counts.lost++
      if (found.length > 1) counts.doubled += found.length - 1
      if (found.length !== 1) counts.wrong.push(`${what} of ${id}: ${found.length}`)
    }
    const stale = shown.execution?.filter((message) => !/\*succeeded\*/.test(JSON.stringify(message.blocks))) ?? []
    counts.stale += stale.length
    counts.wrong.push(...stale.map(({ text }) => `${id} says: ${text}`))
  }
  return counts
}

export const marked = (messages: readonly SlackMessage[], prefix: string) =>
  messages.filter(({ blocks }) => blocks?.[0]?.block_id?.startsWith(prefix))

export const titled = (messages: readonly SlackMessage[], title: string) =>
  messages.filter(({ files = [] }) => files.some((file) => file.title === title))
