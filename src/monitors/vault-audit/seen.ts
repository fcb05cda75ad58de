/** The fewest ids of requests that a judge remembers, so that the second entry of a pair is known as such. */
export const SEEN_AT_LEAST = 50_000

/** Remembers the latest `limit` keys; `add` says whether a key was new. One that is met again counts as the latest. */
export function createSeen(limit: number): { add(key: string): boolean; size(): number } {
  const keys = new Set<string>()
  return {
    add(key) {
      const isNew = !keys.delete(key)
      keys.add(key)
      if (keys.size > limit) for (const oldest of keys) return keys.delete(oldest) && isNew
      return isNew
    },
    size: () => keys.size,
  }
}
