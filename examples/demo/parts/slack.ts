import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UserError } from '../../../src/errors.ts'
import { freePort } from './port.ts'
import { findProgram, isExecutable, type Part, root, type StartOptions, startProgram } from './program.ts'

/** The workspace that local-slack plays: its configuration file, as far as we use it. */
export type SlackConfig = {
  workspace?: { name?: string; domain?: string; teamId?: string }
  apps: {
    appId?: string
    botUserId?: string
    botName?: string
    botToken?: string
    appToken?: string
    signingSecret?: string
    mode?: 'socket' | 'events'
    requestUrl?: string
  }[]
  users: { id: string; name: string; real_name?: string; email?: string; tz?: string }[]
  channels: { id: string; name: string; members: string[]; is_private?: boolean; topic?: string; purpose?: string }[]
}

/** A running local-slack; `apiUrl` is what a Web API client takes as `slackApiUrl`. */
export type SlackPart = Part & { readonly apiUrl: string }

type SlackOptions = StartOptions & {
  config: string | SlackConfig
  /** Stand-ins for what local-slack has not, as files beside `loopback.cjs`, and the variables that they read. */
  preloads?: readonly string[]
  env?: Readonly<Record<string, string>>
}

/** Starts local-slack with a workspace: an object, or the path of a YAML or JSON file. It keeps messages in memory only. */
export async function startSlack(options: SlackOptions): Promise<SlackPart> {
  const port = options.port ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const preloads = ['loopback.cjs', ...(options.preloads ?? [])]
  const flags = ['--config', configFile(options), '--files-dir', resolve(options.dir, 'files')]
  const part = await startProgram(
    {
      name: 'local-slack',
      file: findLocalSlack(),
      args: [...flags, '--port', String(port), '--base-host', '127.0.0.1'],
      // Relative paths, since Bun splits its options at spaces.
      cwd: join(root, 'examples/demo'),
      env: { ...options.env, BUN_OPTIONS: preloads.map((file) => `--preload=./${file}`).join(' ') },
      port,
      url,
      ready: async () => (await fetch(`${url}/_control/state`, { signal: AbortSignal.timeout(2000) })).ok,
    },
    options,
  )
  return Object.assign(part, { apiUrl: `${url}/api/` })
}

function configFile({ config, dir }: StartOptions & { config: string | SlackConfig }): string {
  if (typeof config === 'string') return resolve(config)
  const file = resolve(dir, 'local-slack.json')
  mkdirSync(dir, { recursive: true })
  writeFileSync(file, JSON.stringify(config, undefined, 2))
  return file
}

function findLocalSlack(): string {
  const name = `local-slack-${process.platform}-${process.arch}`
  const packaged = join(root, 'node_modules', name, 'bin/local-slack')
  if (isExecutable(packaged)) return packaged
  try {
    return findProgram('local-slack')
  } catch (cause) {
    throw new UserError(`local-slack is missing: run script/bootstrap, or on another platform npm install ${name}.`, {
      cause,
    })
  }
}
