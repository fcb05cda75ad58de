import { join } from 'node:path'
import { waitFor } from '../../examples/demo/parts.ts'
import type { SlackMessage } from '../../examples/demo/slack-control.ts'
import { actionsOf } from '../../examples/demo/slack-control.ts'
import { type ConsulAgent, type ServerOptions, startConsulServer } from '../consul.ts'
import { channels, people, type SiteWish } from './site.ts'
import { talkIn, wordsOf } from './talk.ts'
import { startWorld, type World, type WorldWish } from './world.ts'

const WITHIN = '50s'

/** Times so short that a test sees them pass. */
const quick = {
  channel: 'ops',
  blind: { after: '1s' },
  vanished: { after: '2s' },
  reopen: '1m',
  gather: '0s',
  acknowledge: { for: '3s' },
}

/** Every room is a channel that rules can name. Alice, Bob and Carol may do everything with alerts, Eve nothing. */
export function alertSite(alerts: object | null): SiteWish {
  const may = [{ commands: ['alerts *'] }]
  return {
    environments: {},
    sections: {
      channels: Object.fromEntries(channels.map((id, at) => [at === 0 ? 'ops' : `room-${at}`, id])),
      roles: {
        engineers: { members: [people.alice, people.bob], may },
        approvers: { members: [people.bob, people.carol], may },
      },
      ...(alerts ? { alerts: { ...quick, ...alerts } } : {}),
    },
  }
}

export type AlertWorld = Awaited<ReturnType<typeof startAlertWorld>>

type Wish = Partial<WorldWish> & {
  readonly server?: Partial<ServerOptions>
  /** What Consul needs before the bots start. */
  readonly prepare?: (agent: ConsulAgent, dir: string) => Promise<void>
}

/** A world with bots that watch a Consul server with a data folder; `heard` is all that channels ever showed. */
export async function startAlertWorld(alerts: object, { server, prepare, ...wish }: Wish = {}) {
  let agent: ConsulAgent | undefined
  const consul = async (dir: string) => {
    agent = await startConsulServer({ ...server, dir: join(dir, 'consul') })
    await prepare?.(agent, dir)
    return agent
  }
  const world = await startWorld({ ...alertSite(alerts), workers: 0, ...wish, consul })
  if (!agent) throw new Error('There is no Consul.')
  return { ...world, agent, heard: await hearing(world) }
}

/** One version of a message, as it was posted or edited. */
export type Version = { readonly message: SlackMessage; readonly words: string }

/** Every version of every message from now on, and what stands there already: no state is too short to be seen. */
async function hearing({ control }: Pick<World, 'control'>): Promise<Version[]> {
  const heard: Version[] = []
  const note = (message: SlackMessage) => heard.push({ message, words: wordsOf(message) })
  await control.onMessage(note)
  for (const channel of channels) for (const message of await control.messages(channel)) note(message)
  return heard
}

/** The id of the group of which this is the live message. */
export function groupOf({ blocks = [] }: Pick<SlackMessage, 'blocks'>): string | null {
  return /^alert-(\w+)-v\d+$/.exec(blocks[0]?.block_id ?? '')?.[1] ?? null
}

/** What a channel shows of the groups whose live message fits `about`: one after the other, as it came. */
export function alertsIn(world: Pick<AlertWorld, 'control' | 'slack' | 'heard'>, at: number, about = /./) {
  const channel = channels[at] ?? ''
  const talk = talkIn(world, channel)
  const versions = () =>
    world.heard.filter(({ message, words }) => {
      return message.channel === channel && groupOf(message) !== null && about.test(words)
    })
  let next = 0

  /** The next version of a live message that fits, after the one that was seen before. */
  async function sees(wanted: RegExp): Promise<Version & { readonly id: string }> {
    const find = () => {
      const all = versions()
      const found = all.findIndex(({ words }, place) => place >= next && wanted.test(words))
      const version = all[found]
      if (!version) return undefined
      next = found + 1
      return { ...version, id: groupOf(version.message) ?? '' }
    }
    return waitFor(find, { what: `${wanted} in ${channel}`, within: WITHIN }).catch((error: Error) => {
      const last = [...new Map(versions().map(({ message, words }) => [message.ts, words])).values()]
      throw new Error(`${error.message} Shown last was:\n${last.join('\n---\n')}`)
    })
  }

  /** What stands there for good, without what only one person sees. */
  const standing = async () =>
    (await talk.all()).filter(({ ephemeral_to, thread_ts, ts }) => !ephemeral_to && (!thread_ts || thread_ts === ts))

  async function notes(): Promise<string[]> {
    const parents = new Set(versions().map(({ message }) => message.ts))
    return (await talk.all())
      .filter(({ thread_ts, ts }) => thread_ts && ts !== thread_ts && parents.has(thread_ts))
      .map(wordsOf)
  }

  return {
    ...talk,
    sees,
    versions,
    standing,
    notes,
    /** The reply in a thread that fits. */
    async note(wanted: RegExp): Promise<string> {
      const find = async () => (await notes()).find((words) => wanted.test(words))
      return waitFor(find, { what: `${wanted} in a thread of ${channel}`, within: WITHIN, every: 100 }).catch(
        async (error: Error) => {
          throw new Error(`${error.message} The replies are:\n${(await notes()).join('\n---\n')}`)
        },
      )
    },
    /** What a message says now. */
    async now(ts: string): Promise<SlackMessage> {
      const found = (await talk.all()).find((message) => message.ts === ts)
      if (!found) throw new Error(`There is no message ${ts} in ${channel}.`)
      return found
    },
  }
}

/** The labels of what can be pressed. */
export function buttonsOf(message: Pick<SlackMessage, 'blocks'>): string[] {
  return actionsOf(message).map((each) => each.text?.text ?? '')
}

/** How many of them fit. */
export const count = (all: readonly string[], wanted: RegExp) => all.filter((words) => wanted.test(words)).length
