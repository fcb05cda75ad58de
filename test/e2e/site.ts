import { join } from 'node:path'
import type { SlackConfig } from '../../examples/demo/parts.ts'

const fixtures = join(import.meta.dirname, '../fixtures')
export const repository = join(import.meta.dirname, '../..')
/** The project's own Node, whatever runs the tests. */
export const node = join(repository, 'node_modules/.bin/node')

/** Stacks that the environments of a test may have. */
export const stacks = {
  tiny: join(fixtures, 'stacks/tiny'),
  loud: join(fixtures, 'stacks/loud'),
  loadtest: join(repository, 'examples/stacks/loadtest'),
  web: join(repository, 'examples/stacks/web'),
} as const

/** The shipped commands, and those of the tests, which work on every environment. */
export const commands = [join(repository, 'commands'), join(fixtures, 'commands')].join(',')

export const team = 'T01DEMO'
export const people = { alice: 'U01ALICE', bob: 'U02BOB', carol: 'U03CAROL', eve: 'U04EVE' } as const
export type Person = keyof typeof people

/** Every test of a file talks in a channel of its own. */
export const channels = Array.from({ length: 10 }, (_, at) => `C0${at}ROOM`)

export type EnvironmentWish = Readonly<Record<string, unknown>> & {
  readonly stack?: string | Readonly<Record<string, string>>
}

export type SiteWish = {
  readonly environments: Readonly<Record<string, EnvironmentWish>>
  /** Goes over the sections of the same name. */
  readonly sections?: Readonly<Record<string, unknown>>
}

/** The site of a test: Alice and Bob ask, Bob and Carol approve, Eve may nothing. JSON is YAML as well. */
export function siteText({ environments, sections = {} }: SiteWish): string {
  const site = {
    slack: { team, edit_every: '1s', posts_per_second: 100, edits_per_minute: 6000 },
    channels: { ops: channels[0] },
    roles: {
      engineers: {
        members: [people.alice, people.bob],
        may: [{ commands: ['loadtest *', 'tiny *', 'runs *', 'locks *', 'scale', 'schedule *', 'env *', 'drift*'] }],
      },
      approvers: {
        members: [people.bob, people.carol],
        may: [{ commands: ['runs *', 'locks *', 'loadtest status', 'schedule *', 'env *', 'drift'] }],
      },
    },
    environments: Object.fromEntries(
      Object.entries(environments).map(([name, wish]) => [name, { ...environment(name), ...wish }]),
    ),
    worker: { dead_after: '3s', grace: '1s' },
    ...sections,
  }
  return JSON.stringify(site, undefined, 2)
}

function environment(name: string) {
  return {
    stack: stacks.tiny,
    backend: { type: 'consul', config: { path: `test/${name}` } },
    sizes: { small: { items: 1 }, medium: { items: 2 } },
    approvers: ['approvers'],
  }
}

/** The load-test stack as an environment, without its health check unless it is asked for. */
export const loadtest = {
  stack: stacks.loadtest,
  sizes: {
    small: { app_count: 2, generator_count: 1 },
    medium: { app_count: 5, generator_count: 2 },
  },
  pass: ['TF_VAR_run_dir'],
} as const

export const signingSecret = 'test-signing-secret'
const allRooms = channels.slice(1).map((_, at) => `room-${at + 1}`)

/** What local-slack plays: the first room is #ops. With `requestUrl` it sends signed requests there, as Slack does without Socket Mode. */
export function workspace(rooms: readonly string[] = allRooms, requestUrl?: string): SlackConfig {
  return {
    workspace: { teamId: team, name: 'Groundcrew' },
    apps: [
      {
        appId: 'A01CREW',
        botUserId: 'U00CREW',
        botName: 'groundcrew',
        botToken: 'xoxb-test',
        appToken: 'xapp-test',
        ...(requestUrl ? { mode: 'events', requestUrl, signingSecret } : { mode: 'socket' }),
      },
    ],
    users: Object.entries(people).map(([name, id]) => ({
      id,
      name,
      real_name: name.replace(/^./, (first) => first.toUpperCase()),
    })),
    channels: ['ops', ...rooms].map((name, at) => ({
      id: channels[at] ?? '',
      name,
      members: ['U00CREW', ...Object.values(people)],
    })),
  }
}
