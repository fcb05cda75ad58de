import { anyOf, keyRules } from '../consul/keys.ts'
import type { Site } from '../site.ts'
import type { KvSettings } from './settings.ts'

/** Whether a key's value is shown to nobody: by a rule of the site for all of Consul, by one of its source, or by its name. */
export function secretKeys(site: Site, { secrets }: Pick<KvSettings, 'secrets'>): (key: string) => boolean {
  const rules = keyRules(site)
  const own = anyOf(secrets)
  return (key) => rules.isMasked(key) || rules.isHidden(key) || own(key)
}

/** Whether a key belongs to one of the prefixes. */
export function isOwned(prefixes: readonly string[], key: string): boolean {
  return prefixes.some((prefix) => key.startsWith(prefix) && key.length > prefix.length)
}

/** A key as it is told: one with a line break in it, which Consul takes, must not look like several lines. */
export function keyWords(key: string): string {
  return /[\p{Cc}\u2028\u2029]/u.test(key) ? JSON.stringify(key) : key
}

/** What is wrong with a key, or null. */
export function wrongKey(key: string): string | null {
  if (key.startsWith('/')) return 'begins with a slash'
  if (key.split('/').some((part) => part === '')) return 'has an empty part'
  if (key.split('/').some((part) => part === '.' || part === '..')) return 'has a part that is only dots'
  if (/\p{Cc}/u.test(key)) return 'holds a control character'
  if (key !== key.trim() || /\/\s|\s\//.test(key)) return 'has a space at the end of a part'
  if (!key.isWellFormed()) return 'is not valid UTF-8'
  return Buffer.byteLength(key) > 512 ? 'is longer than 512 bytes' : null
}
