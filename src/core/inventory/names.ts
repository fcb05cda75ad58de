/**
 * What others registered in Consul, made fit for Ansible and SSH. Anybody who may register a node chooses its name, its address and its
 * tags, and what Ansible gets of them ends in command lines and templates: so what does not fit is left out, and never mended.
 */

/** No pattern (`:`, `,`, `!`, `&`, `*`, `[`, `~`), no option (`-`), nothing that a shell or a template would read. */
export function isHostName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(name) && !RESERVED.has(name)
}

/** Ansible means something else by them. */
const RESERVED: ReadonlySet<string> = new Set(['all', 'ungrouped', 'localhost', '127.0.0.1'])

/** A host name, an IPv4 or an IPv6 address, without user, port or zone. */
export function isAddress(text: string): boolean {
  if (text.length > 253) return false
  return (
    /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(text) ||
    isIpv6(text)
  )
}

function isIpv6(text: string): boolean {
  return /^[0-9A-Fa-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?$/.test(text) && URL.canParse(`http://[${text}]/`)
}

export const groupKinds = ['dc', 'service', 'tag', 'meta'] as const
export type GroupKind = (typeof groupKinds)[number]

/** Whether a group could have this name: a host of the same would be all of them to Ansible. */
export function isGroupName(name: string): boolean {
  return groupKinds.some((kind) => name.startsWith(`${kind}_`) && !name.includes('.') && !name.includes('-'))
}

/** `service_web_app` of the service `web-app`: Ansible wants letters, digits and underscores. */
function safeGroupName(kind: GroupKind, of: string): string {
  return `${kind}_${of.replace(/[^A-Za-z0-9]/g, '_')}`
}

/** Longer ones are no names: Ansible would carry them through all that it prints. */
const LONGEST = 200

/**
 * The name of each group, by its kind and what it is of. Where two different things would get one name (`web-app` and `web.app`), each of
 * them gets a digest behind it: a host must not get into the group of others by a name that only looks like theirs.
 */
export function groupNames(wanted: readonly { readonly kind: GroupKind; readonly of: string }[]): {
  nameOf(kind: GroupKind, of: string): string
  readonly clashes: readonly string[]
} {
  const things = new Map(wanted.map(({ kind, of }) => [`${kind}\n${of}`, safeGroupName(kind, of)]))
  const shared = [...Map.groupBy(things, ([, name]) => name).values()].filter((those) => those.length > 1)
  const clashing = new Set(shared.flat().map(([thing]) => thing))
  return {
    nameOf(kind, of) {
      const thing = `${kind}\n${of}`
      const name = things.get(thing) ?? safeGroupName(kind, of)
      if (name.length <= LONGEST && !clashing.has(thing)) return name
      return `${name.slice(0, LONGEST)}_${digest(thing)}`
    },
    clashes: shared.map((those) => those[0]?.[1] ?? ''),
  }
}

/** FNV-1a, 64 bit: which of them is meant, and no secret. */
function digest(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text))
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  return hash.toString(16).padStart(16, '0').slice(0, 8)
}
