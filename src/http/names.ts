/** What people are called in Slack, by their ids; who is not known is left out. Each name is one word without markup. Never throws. */
export type NamesOf = (users: Iterable<string>) => Promise<ReadonlyMap<string, string>>

/** People as texts have them, by their ids in Slack. */
const PERSON = /@([UW][A-Z0-9]{4,20})\b/g

/** A finished page with the names of people where their ids stood; whom nobody knows stays an id. */
export async function withNames(names: NamesOf, page: string): Promise<string> {
  const users = new Set(Array.from(page.matchAll(PERSON), ([, user = '']) => user))
  if (users.size === 0) return page
  const known = await names(users)
  return page.replace(PERSON, (text, user: string) => (known.has(user) ? `@${known.get(user)}` : text))
}
