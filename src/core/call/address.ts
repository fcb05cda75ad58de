/** Shorter parts of a path are words, not secrets. */
const SHORTEST_PART = 12

/** The address of a call that is a secret of its own, or null where it is none that can be called. */
export function callAddress(text: string): string | null {
  const bare = text.trim()
  if (!URL.canParse(bare)) return null
  const { protocol, username, password } = new URL(bare)
  return /^https?:$/.test(protocol) && !username && !password ? bare : null
}

/**
 * What of a secret address has to be hidden: all of it, and its path, query and long parts, which an answer may repeat without the rest. Its
 * host stays: a message of a connection that failed needs it.
 */
export function secretsOfAddress(text: string): string[] {
  const bare = text.trim()
  if (!URL.canParse(bare)) return [bare]
  const { href, pathname, search } = new URL(bare)
  const parts = `${pathname}${search}`.split(/[/?&=#]/).filter((part) => part.length >= SHORTEST_PART)
  return [...new Set([bare, href, `${pathname}${search}`, pathname, search, ...parts])].filter(
    (part) => part.length > 1,
  )
}
