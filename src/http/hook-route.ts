import { bareWords, longestMatch } from '../core/command/catalog.ts'
import type { Catalog } from '../core/command.ts'
import type { Site } from '../core/site.ts'
import { ConfigError } from '../errors.ts'
import type { Route } from './exchange.ts'
import { sendJson } from './exchange.ts'
import type { HookParts } from './hooks.ts'
import { takeHook } from './hooks.ts'

/** Shorter ones can be guessed. */
const SHORTEST_SECRET = 16

/** The secrets that webhooks and reports are signed with, by name. Throws a `ConfigError` for one that is missing or short. */
export function secretsOf(site: Site, variables: Readonly<Record<string, string>>): (name: string) => string {
  const named = [
    ...Object.values(site.webhooks).map(({ secret }) => secret),
    ...Object.values(site.promotions).flatMap(({ report_secret: secret }) => secret ?? []),
  ]
  for (const name of named) {
    const length = variables[name]?.length ?? 0
    if (length < SHORTEST_SECRET)
      throw new ConfigError(
        `${name} ${length === 0 ? 'is not set' : `has only ${length} characters`}. The site signs with it: give it at least ${SHORTEST_SECRET} characters (openssl rand -hex 32).`,
      )
  }
  return (name) => variables[name] ?? ''
}

/** A webhook starts an execution: its line begins with a command that has one. Throws a `ConfigError`. */
export function checkHookLines({ webhooks }: Site, catalog: Catalog): void {
  for (const [name, { line }] of Object.entries(webhooks)) {
    const found = longestMatch(catalog, bareWords(line))?.entry
    if (!found) throw new ConfigError(`webhooks.${name}.line: \`${line}\` begins with no command.`)
    if (found.command.answer)
      throw new ConfigError(`webhooks.${name}.line: \`${found.name}\` only answers; a webhook starts executions.`)
  }
}

/** Takes signed requests on `/hooks/<name>`. */
export function hookRoute(hooks: HookParts): Route {
  return {
    method: 'POST',
    path: /^\/hooks\/([a-z][a-z0-9_-]*)$/,
    async answer({ request, response, groups: [name = ''] }) {
      const taken = await takeHook(hooks, name, request)
      sendJson(response, 'ignored' in taken ? 200 : 202, { ok: true, ...taken })
    },
  }
}
