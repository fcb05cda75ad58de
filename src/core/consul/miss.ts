import { didYouMean, nearest } from '../command/suggest.ts'
import { shown } from '../text.ts'
import { hiddenText } from './freshness.ts'
import type { Everywhere } from './rows.ts'

/** That nothing of this name is there, what is near, and where nobody could look. */
export function missText(
  what: 'service' | 'node' | 'key' | 'folder',
  typed: string,
  names: Everywhere<readonly string[]>,
): string {
  const all = [...new Set(names.datacenters.flatMap((each) => (each.trouble === undefined ? each.rows : [])))]
  const asked = names.datacenters.flatMap((each) => (each.trouble === undefined ? [`\`${each.dc}\``] : []))
  const away = names.datacenters.flatMap((each) =>
    each.trouble === undefined ? [] : [`\`${each.dc}\` (${each.trouble.replace(/\.$/, '')})`],
  )
  if (asked.length === 0)
    return `Nobody can say whether there is a ${what} ${shown(typed)}: ${away.join(', ') || 'no datacenter is known'}.`
  const missing = away.length > 0 ? ` Nobody could look in ${away.join(', ')}.` : ''
  const near = what === 'key' ? nearKeys(typed, all) : nearNames(what === 'folder' ? asFolder(typed) : typed, all)
  const hint = near.length > 0 ? didYouMean(near) : LISTS[what]
  const hidden = hiddenText(names).map((each) => ` ${each}`)
  return `There is no ${what} ${shown(typed)} in ${asked.join(', ')}.${hint}${missing}${hidden.join('')}`
}

const asFolder = (typed: string) => (typed.endsWith('/') ? typed : `${typed}/`)

/** Every folder that these keys are in: `config/app/limit` is in `config/` and in `config/app/`. */
export function foldersOf(keys: readonly string[]): string[] {
  return [...new Set(keys.flatMap((key) => [...key.matchAll(/\//g)].map(({ index }) => key.slice(0, index + 1))))]
}

const LISTS = {
  service: ' `consul services` lists what there is; `consul where` searches.',
  node: ' `consul where` searches names, nodes, addresses and tags.',
  key: ' `consul kv ls` lists what there is.',
  folder: ' `consul kv ls` lists what there is.',
} as const

const MOST = 3

/** Slips of the finger, then names that have the word in them. Among many names the whole of each is compared only where its length may fit. */
export function nearNames(typed: string, names: readonly string[]): string[] {
  const exactly = names.filter((name) => name.toLowerCase() === typed.toLowerCase())
  if (exactly.length > 0) return exactly.slice(0, MOST)
  const slips = nearest(typed, names)
  if (slips.length > 0) return slips
  const word = typed.toLowerCase()
  const within = word.length >= 3 ? names.filter((name) => name.toLowerCase().includes(word)) : []
  return within.toSorted((one, other) => one.length - other.length || (one < other ? -1 : 1)).slice(0, MOST)
}

/** Keys: the last part alone may be the slip, or the folder. */
function nearKeys(typed: string, keys: readonly string[]): string[] {
  const near = nearNames(typed, keys)
  if (near.length > 0) return near
  const last = typed.slice(typed.lastIndexOf('/') + 1)
  if (last.length < 3) return []
  const byLast = keys.filter((key) => key.endsWith(`/${last}`) || key === last)
  return byLast.slice(0, MOST)
}
