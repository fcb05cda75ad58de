import type { IncomingHttpHeaders } from 'node:http'
import type { WebhookSettings } from '../core/webhook/settings.ts'
import { githubSignature, isSame, MOST_SKEW_MS, signature } from '../engine/signature.ts'
import { Refusal } from './refusal.ts'

export const TIMESTAMP = 'x-groundcrew-timestamp'
export const SIGNATURE = 'x-groundcrew-signature'
export const GITHUB_SIGNATURE = 'x-hub-signature-256'

type Given = {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly secret: string
  readonly now: number
}

/**
 * The signature of a request, once it is sure that whoever sent it has the secret; thrown as a `Refusal` (401) where it is not. A
 * request of Groundcrew's own scheme is also refused when its time is more than five minutes away from ours, either way. GitHub's
 * scheme signs no time, so that there only its signature tells a second delivery from a first one.
 */
export function verified(signed: WebhookSettings['signed'], { headers, body, secret, now }: Given): string {
  if (signed === 'github') {
    const given = one(headers, GITHUB_SIGNATURE)
    return isSame(given, githubSignature(secret, body)) ? given : wrong()
  }
  const [seconds, given] = [one(headers, TIMESTAMP), one(headers, SIGNATURE)]
  if (!/^\d{1,12}$/.test(seconds)) throw new Refusal(401, `${TIMESTAMP} has to be seconds since 1970.`)
  if (!isSame(given, signature(secret, seconds, body))) return wrong()
  if (Math.abs(Number(seconds) * 1000 - now) > MOST_SKEW_MS)
    throw new Refusal(401, `${TIMESTAMP} is more than five minutes away from the time here.`)
  return given
}

function one(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  if (typeof value === 'string' && value !== '') return value
  throw new Refusal(401, `The request has no ${name}.`)
}

function wrong(): never {
  throw new Refusal(401, 'The signature does not fit the body and the secret.')
}
