import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { loadCommands } from '../commands.ts'
import { readSite } from '../config/site.ts'
import type { Actor } from '../core/actor.ts'
import type { Catalog } from '../core/command.ts'
import { createCatalog } from '../core/command.ts'
import type { Site } from '../core/site.ts'
import { shown } from '../core/text.ts'
import { UserError } from '../errors.ts'
import { fileFor } from './file.ts'
import type { Given } from './verb.ts'

/** The top of the repository: what is not named by anybody is looked for there, wherever the person stands. */
export const root = join(import.meta.dirname, '../..')

const DEMO_SITE = join(root, 'examples/site/groundcrew.yml')

/** For what needs no server: `--site`, or the one that bot and workers are started with, or the example's. */
export function dryRunSite(given: Given): Promise<Site> {
  const { options, env } = given
  return readSite(options.site === undefined && !env.GROUNDCREW_SITE ? DEMO_SITE : siteFile(given))
}

/** For what goes to the servers: `--site`, or the one that bot and workers are started with. */
export function siteFile({ options, env }: Given): string {
  if (options.site !== undefined) return fileFor(env, options.site)
  return env.GROUNDCREW_SITE ? resolve(env.GROUNDCREW_SITE) : join(root, 'groundcrew.yml')
}

export async function catalogFor(env: Given['env'], site: Site): Promise<Catalog> {
  // The demo's bot has the example commands, too.
  const usual = ['commands', ...(site.demo ? ['examples/site/commands'] : [])].map((folder) => join(root, folder))
  const folders = env.GROUNDCREW_COMMANDS ? env.GROUNDCREW_COMMANDS.split(',') : usual
  return createCatalog(await loadCommands(folders), site)
}

/** Who runs this process, by what the system says and not by a variable. */
export function shellActor(): Actor {
  return { kind: 'shell', user: unixUser() }
}

function unixUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}` // a container may run as a number that has no name
  }
}

/** The unix user, or whom `--as` names. Throws a `UserError` everywhere but in the demo. */
export function actorFor(site: Site, as: string | undefined): Actor {
  if (as === undefined) return shellActor()
  if (!site.demo) {
    throw new UserError(
      "Acting as somebody else is possible in the demo's site only (`demo: true`). Here you act as yourself.",
    )
  }
  const user = as.replace(/^@/, '')
  if (/^[UW][A-Z0-9]+$/.test(user)) return { kind: 'slack', team: site.slack.team, user }
  const upper = user.toUpperCase()
  const hint = membersOf(site).includes(upper) ? ` Did you mean \`${upper}\`?` : ''
  throw new UserError(`${shown(as)} is no Slack user id. Expected one such as \`U01ALICE\`.${hint}`)
}

/** The people whom the site's roles name. */
export function membersOf(site: Site): string[] {
  const members = Object.values(site.roles).flatMap((role) => role.members)
  return [...new Set(members.filter((member) => /^[UW]/.test(member)))].toSorted()
}
