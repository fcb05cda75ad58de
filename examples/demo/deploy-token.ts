import { milliseconds } from '../../src/core/duration.ts'

/** The token that the demo's monitor watches, by an accessor that opens nothing. */
export const ACCESSOR = 'demo-deploy-accessor'

/** The name of what the stand-in answers to a lookup of it. */
export const LOOKUP = `POST auth/token/lookup-accessor ${ACCESSOR}`

const DAY = 24 * 3_600_000

/** A token that was made a day ago and ends after `left` (`10m`), as Vault tells it. Throws a `UserError` where that is no duration. */
export function tokenWith(left: string, now: number): object {
  const ends = now + milliseconds(left)
  return {
    creation_time: Math.floor((now - DAY) / 1000),
    expire_time: new Date(ends).toISOString(),
    ttl: Math.floor((ends - now) / 1000),
    explicit_max_ttl: 0,
    num_uses: 0,
    renewable: true,
  }
}
