import { messageOf } from '../../errors.ts'

/** One thing that was looked at. `todo` says what to do about it; a `FAIL` keeps bot or worker from doing their work. */
export type Check = {
  readonly status: 'ok' | 'warn' | 'FAIL'
  readonly what: string
  readonly found: string
  readonly todo?: string
}

export const ok = (what: string, found: string): Check => ({ status: 'ok', what, found })
export const warn = (what: string, found: string, todo: string): Check => ({ status: 'warn', what, found, todo })
export const fail = (what: string, found: string, todo: string): Check => ({ status: 'FAIL', what, found, todo })

/** The checks, or one that failed with the reason: the doctor never breaks off because a patient is ill. */
export async function tried(what: string, todo: string, look: () => Promise<Check[]>): Promise<Check[]> {
  return look().catch((error: unknown) => [fail(what, messageOf(error), todo)])
}

/** `ok    redis version: 7.0.15.` */
export function lineOf({ status, what, found, todo }: Check): string {
  return `${status.padEnd(4)}  ${what}: ${sentence(found)}${todo ? ` ${sentence(todo)}` : ''}`
}

function sentence(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim()
  return /[.?!]$/.test(flat) ? flat : `${flat}.`
}
