import { createHmac, timingSafeEqual } from 'node:crypto'

/** How far the clocks of both sides may differ, in milliseconds. */
export const MOST_SKEW_MS = 5 * 60_000

/** `v0=` and the HMAC-SHA256 over `v0:<seconds since 1970>:<body>`, as hexadecimal digits; what Slack does with its requests. */
export function signature(secret: string, seconds: string, body: string | Uint8Array): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${seconds}:`).update(body).digest('hex')}`
}

/** `sha256=` and the HMAC-SHA256 over the body (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries). */
export function githubSignature(secret: string, body: Uint8Array): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

/** Whether two signatures are the same; how long it takes says nothing about where they differ. */
export function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
