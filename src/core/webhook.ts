import { UserError } from '../errors.ts'
import { fitsAll } from './pattern.ts'
import type { Site } from './site.ts'
import type { WebhookSettings } from './webhook/settings.ts'
import { filled } from './webhook/settings.ts'

/** What a request asks for: the line, and who counts as having asked because he wrote the commit. */
export type HookRequest = { readonly line: string; readonly author: string | null; readonly askers: readonly string[] }

/** One word of a command line whatever the pattern of the site allows: no space, no quote, no flag. */
const WORD = /^[A-Za-z0-9][\w.:/@+-]{0,199}$/

const EMAIL = /^[^\s@<>`]{1,100}@[^\s@<>`]{1,150}$/

/**
 * Reads the JSON of a request. One that Groundcrew's own scheme signs has nothing but the declared fields and the author; GitHub's
 * payloads have much more, of which only these are looked at. Null where `only` of the site does not hold: a push to another branch.
 * Throws a `UserError` that says which field is wrong.
 */
export function readHook(site: Pick<Site, 'slack'>, settings: WebhookSettings, body: unknown): HookRequest | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new UserError('Expected a JSON object.')
  const known = new Set([
    ...Object.entries(settings.fields).map(([name, each]) => topOf(each.path ?? name)),
    topOf(settings.author),
    ...Object.keys(settings.only).map(topOf),
  ])
  const strange = Object.keys(body).filter((name) => !known.has(name))
  if (settings.signed === 'groundcrew' && strange.length > 0)
    throw new UserError(`Unknown field ${quoted(strange[0])}; this webhook takes ${[...known].join(', ')}.`)
  if (!Object.entries(settings.only).every(([path, pattern]) => fits(valueAt(body, path), pattern))) return null
  const values = Object.entries(settings.fields).map(([name, { pattern, path = name }]) => {
    const value = valueAt(body, path)
    if (typeof value !== 'string') throw new UserError(`The field ${path} has to be a text; ${kindOf(value)} came.`)
    if (!WORD.test(value) || !fits(value, pattern))
      throw new UserError(`The field ${path} does not fit what the site allows for it (${pattern}).`)
    return [name, value] as const
  })
  const author = authorOf(settings, body)
  return { line: filled(settings.line, Object.fromEntries(values)), author, askers: askersOf(site, settings, author) }
}

/** `only` looks at true, false and numbers too, as they are written in JSON: `pull_request.merged: "true"`. */
function fits(value: unknown, pattern: string): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value) && fitsAll(pattern, String(value))
}

function authorOf({ author: path }: WebhookSettings, body: object): string | null {
  const value = valueAt(body, path)
  if (value === undefined || value === null) return null
  if (typeof value !== 'string' || !EMAIL.test(value))
    throw new UserError(`The field ${path} has to be the e-mail address of the commit's author.`)
  return value.toLowerCase()
}

/** Somebody whom the site does not know is recorded all the same: whoever approves is told that nobody could be matched. */
function askersOf(site: Pick<Site, 'slack'>, { authors }: WebhookSettings, author: string | null): string[] {
  if (author === null) return [UNKNOWN_AUTHOR]
  const found = Object.entries(authors).find(([email]) => email.toLowerCase() === author)?.[1]
  if (found === undefined) return [`${BY_EMAIL}${author}`]
  return [found.includes('/') ? found : `${site.slack.team}/${found}`]
}

const BY_EMAIL = 'email:'
const UNKNOWN_AUTHOR = 'email:nobody'

/** The authors of commits among the askers whom nobody in Slack could be matched to; `unnamed` where the request named none. */
export function unmatched(askers: readonly string[]): string[] {
  return askers
    .filter((id) => id.startsWith(BY_EMAIL))
    .map((id) => (id === UNKNOWN_AUTHOR ? 'unnamed' : id.slice(BY_EMAIL.length)))
}

/** Own properties only: a path never leads into what every object has. */
function valueAt(body: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    return (value as Record<string, unknown>)[name]
  }, body)
}

function topOf(path: string): string {
  return path.split('.')[0] ?? path
}

function quoted(text = ''): string {
  return JSON.stringify(text.slice(0, 50))
}

function kindOf(value: unknown): string {
  return value === undefined || value === null ? 'nothing' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
}
