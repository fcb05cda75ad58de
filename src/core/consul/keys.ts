import type { ConsulSettings } from './settings.ts'

/** Names that are those of secrets wherever they stand, unless the site's `show` says otherwise. */
const SECRET_NAMES = [
  '*password*',
  '*passwd*',
  '*pwd*',
  '*passphrase*',
  '*secret*',
  '*token*',
  '*credential*',
  '*api_key*',
  '*api-key*',
  '*apikey*',
  '*access_key*',
  '*access-key*',
  '*accesskey*',
  '*private_key*',
  '*private-key*',
  '*privatekey*',
  '*encryption_key*',
  '*encryption-key*',
  '*.pem',
  '*.key',
  '*.p12',
  '*.pfx',
  '*id_rsa*',
  '*connection_string*',
  '*connection-string*',
  '*dsn',
]

type Rules = Pick<ConsulSettings, 'mask' | 'show' | 'hide'>

type SiteOf = {
  readonly consul: Rules
  readonly kv?: Readonly<Record<string, { readonly secrets: readonly string[] }>>
  readonly environments: Readonly<
    Record<string, { readonly backend: { readonly type: string; readonly config?: Readonly<Record<string, unknown>> } }>
  >
}

export type KeyRules = {
  /** Nobody is told that it is there. */
  isHidden(key: string): boolean
  /** Nobody is shown its value. */
  isMasked(key: string): boolean
}

/** The rules of a site for keys. A state of Terraform that lies in Consul has every secret of its resources in clear, so it is always masked. */
export function keyRules({ consul, environments, kv = {} }: SiteOf): KeyRules {
  const states = Object.values(environments).flatMap(({ backend }) =>
    backend.type === 'consul' && typeof backend.config?.path === 'string' ? [backend.config.path] : [],
  )
  const [hidden, masked, shown] = [anyOf(consul.hide), anyOf(consul.mask), anyOf(consul.show)]
  const [named, ofSources] = [anyOf(SECRET_NAMES), anyOf(Object.values(kv).flatMap(({ secrets }) => secrets))]
  return {
    isHidden: hidden,
    isMasked(key) {
      // The state itself, its lock, its parts, and `-env:` before other workspaces.
      if (states.some((path) => key.startsWith(path.replace(/\/$/, '')))) return true
      return ofSources(key) || masked(key) || (named(key) && !shown(key))
    },
  }
}

/** Whether a key fits one of the patterns, which are taken apart once: there may be thousands of keys. */
export function anyOf(patterns: readonly string[]): (key: string) => boolean {
  const parts = patterns.map((pattern) => pattern.toLowerCase().split('*'))
  return (key) => {
    const text = key.toLowerCase()
    return parts.some((each) => fitsParts(each, text))
  }
}

/** `*` stands for any text, slashes included. In one pass, however many stars there are. */
export function fits(pattern: string, key: string): boolean {
  return fitsParts(pattern.toLowerCase().split('*'), key.toLowerCase())
}

function fitsParts(parts: readonly string[], text: string): boolean {
  const first = parts[0] ?? ''
  const end = parts.length - 1
  if (end === 0) return text === first
  if (!text.startsWith(first)) return false
  let at = first.length
  for (let part = 1; part < end; part++) {
    const found = text.indexOf(parts[part] ?? '', at)
    if (found < 0) return false
    at = found + (parts[part]?.length ?? 0)
  }
  const last = parts[end] ?? ''
  return text.length - last.length >= at && text.endsWith(last)
}

/**
 * What may be shown of a value. `digest` is the same for the same value within one process of ours, and of no use to anybody who wants to
 * guess it. `binary`: it is no text.
 */
export type ShownValue =
  | { readonly kind: 'masked'; readonly bytes: number; readonly digest: string }
  | { readonly kind: 'text'; readonly bytes: number; readonly digest: string; readonly text: string }
  | { readonly kind: 'binary'; readonly bytes: number; readonly digest: string; readonly content: Uint8Array }

/** Control characters that no text has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001A\u001C-\u001F]/

/** Whatever name it has: nobody puts one into a chat. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/

type Showing = { readonly masked: boolean; readonly digest: string; readonly mask: (text: string) => string }

export function shownValue(value: Uint8Array, { masked, digest, mask }: Showing): ShownValue {
  const bytes = value.byteLength
  const text = masked ? null : textOf(value)
  if (masked || (text !== null && PRIVATE_KEY.test(text))) return { kind: 'masked', bytes, digest }
  return text === null
    ? { kind: 'binary', bytes, digest, content: value }
    : { kind: 'text', bytes, digest, text: mask(text) }
}

function textOf(value: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(value)
    return CONTROL.test(text) ? null : text
  } catch {
    return null
  }
}

/** One level below a prefix: keys as they are, and folders (`config/`) with how many keys are in them. */
export type Listed = { readonly name: string; readonly keys: number | null }

export function levelOf(keys: readonly string[], prefix: string): Listed[] {
  const folders = new Map<string, number>()
  const level: Listed[] = []
  for (const key of keys) {
    const slash = key.indexOf('/', prefix.length)
    // `a/` itself is a key that stands for the folder.
    if (slash < 0 || (slash === key.length - 1 && key.length === prefix.length)) level.push({ name: key, keys: null })
    else {
      const folder = key.slice(0, slash + 1)
      folders.set(folder, (folders.get(folder) ?? 0) + 1)
    }
  }
  const listed = [...folders].map(([name, count]) => ({ name, keys: count }))
  return [...listed, ...level].toSorted((one, other) => (one.name < other.name ? -1 : 1))
}
