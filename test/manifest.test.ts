import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

type Manifest = {
  display_information: { name: string; description: string; long_description: string }
  features: {
    bot_user: { display_name: string }
    app_home: { home_tab_enabled: boolean }
    slash_commands: {
      command: string
      description: string
      usage_hint: string
      should_escape: boolean
      url?: string
    }[]
  }
  oauth_config: { scopes: { bot: string[]; user?: string[] } }
  settings: {
    event_subscriptions: { bot_events: string[]; request_url?: string }
    interactivity: { is_enabled: boolean; request_url?: string }
    socket_mode_enabled: boolean
  }
}

const text = read('manifest.yml')
const manifest = parse(text) as Manifest
const slashCommands = manifest.features.slash_commands

/** What each scope is for; a scope without a reason here is one too many. */
const scopes = {
  commands: 'slash commands',
  'chat:write': 'chat.postMessage (to the id of a person too), chat.update, chat.postEphemeral',
  'app_mentions:read': 'the event app_mention',
  'files:write': 'plan text and logs as files in threads, long answers in direct messages',
  'channels:history': 'conversations.history and .replies, to look for its own message before it posts again',
  'groups:history': 'the same in private channels',
  'usergroups:read': 'roles by user group',
  'users:read': 'users.info: names of people on pages',
}

describe('manifest.yml', () => {
  test('speaks Socket Mode, with no address of its own anywhere', () => {
    expect(manifest.settings.socket_mode_enabled).toBe(true)
    expect(JSON.stringify(manifest)).not.toContain('url"')
  })

  test('becomes an HTTP manifest by taking the comment from its addresses, as its head says', () => {
    const http = parse(text.replaceAll(/# ((?:request_)?url: )/g, '$1')) as Manifest
    expect(http.features.slash_commands.filter(({ url }) => !url?.endsWith('/slack/events'))).toEqual([])
    expect(http.settings.event_subscriptions.request_url).toMatch(/^https:/)
    expect(http.settings.interactivity.request_url).toMatch(/^https:/)
  })

  test('asks for the least scopes, and says in a comment what each is for', () => {
    expect(manifest.oauth_config.scopes.bot.toSorted()).toEqual(Object.keys(scopes).toSorted())
    expect(manifest.oauth_config.scopes.user ?? []).toEqual([])
    for (const scope of Object.keys(scopes)) expect(text).toMatch(new RegExp(`# .*\\n +- ${scope}\\n`))
  })

  test('hears mentions and the opening of the home, and lets buttons be pressed', () => {
    expect(manifest.settings.event_subscriptions.bot_events.toSorted()).toEqual(['app_home_opened', 'app_mention'])
    expect(manifest.settings.interactivity.is_enabled).toBe(true)
    expect(manifest.features.app_home.home_tab_enabled).toBe(true)
    expect(manifest.features.bot_user.display_name).toBe('groundcrew')
  })

  test('has at most the five slash commands of a free plan, each escaped and with a hint', () => {
    expect(slashCommands.length).toBeLessThanOrEqual(5)
    expect(slashCommands.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['/bake', '/consul', '/crew', '/loadtest', '/scale']),
    )
    for (const slash of slashCommands) {
      expect(slash).toMatchObject({ should_escape: true, command: expect.stringMatching(/^\/[a-z]{1,31}$/) })
      expect(slash.description.length).toBeLessThanOrEqual(2000)
      expect(slash.usage_hint).not.toBe('')
    }
  })

  test('keeps to the lengths Slack allows', () => {
    const { name, description, long_description } = manifest.display_information
    expect(name.length).toBeLessThanOrEqual(35)
    expect(description.length).toBeLessThanOrEqual(140)
    expect(long_description.length).toBeGreaterThanOrEqual(174)
    expect(long_description.length).toBeLessThanOrEqual(4000)
  })

  const commandFiles = globSync('commands/**/*.ts', { cwd: root })
  test.skipIf(commandFiles.length === 0)('names a slash command only for what commands/ has', () => {
    const names = slashCommands.map(({ command }) => command.slice(1)).filter((name) => name !== 'crew')
    const has = (name: string) =>
      existsSync(join(root, `commands/${name}.ts`)) || existsSync(join(root, 'commands', name))
    expect(names.filter((name) => !has(name))).toEqual([])
  })
})

describe('docker-compose.yml', () => {
  type Service = { image?: string; command?: string[]; ports?: string[]; healthcheck?: object; privileged?: boolean }
  const { services } = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> }

  test('has bot, worker, monitor, Redis, Consul and Vault, each with a health check', () => {
    expect(Object.keys(services).toSorted()).toEqual([
      'bot',
      'consul',
      'generator',
      'monitor',
      'redis',
      'vault',
      'worker',
    ])
    for (const service of Object.values(services)) expect(service.healthcheck).toBeTypeOf('object')
  })

  test('publishes ports on loopback only', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? [])
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  })

  test('runs Redis with every write synced and no key evicted', () => {
    const command = services.redis?.command?.join(' ')
    expect(command).toContain('--appendonly yes --appendfsync always --maxmemory-policy noeviction')
  })
})
