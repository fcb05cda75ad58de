import { createHash, randomBytes } from 'node:crypto'

/** No vowels and nothing that reads like something else: an id is read aloud and typed on a phone. */
const LETTERS = '23456789bcdfghjkmnpqrstvwxz'

/** The id of what a request starts: the same for every delivery of it, whichever bot gets it. Without a request a new one. */
export function newId(request?: string): string {
  const bytes = request === undefined ? randomBytes(8) : createHash('sha256').update(request).digest().subarray(0, 8)
  return [...bytes].map((byte) => LETTERS[byte % LETTERS.length]).join('')
}
