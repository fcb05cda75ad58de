import { createHmac, hkdfSync } from 'node:crypto'
import { isSame } from './signature.ts'

/** `link` opens a page from a message; `session` keeps it open in one browser. One is never taken for the other. */
export type Purpose = 'link' | 'session'

export type Links = {
  /** Says until when somebody may look at a page (`/runs/k3f9`): `<seconds since 1970>.<signature>`. */
  sign(purpose: Purpose, page: string, until: number): string
  /** Until when (milliseconds since 1970) this opens the page; null where it does not, or not any more. */
  verify(purpose: Purpose, page: string, token: string, now: number): number | null
}

/**
 * Signs and checks the links to pages with HMAC-SHA-256. `artifactKey` is GROUNDCREW_ARTIFACT_KEY, from each of whose keys one is
 * derived (HKDF, RFC 5869): the first signs, all of them open, while keys change. A `secret` of its own takes their place.
 */
export function createLinks(artifactKey: string, secret?: string): Links {
  const keys = secret
    ? [derived(Buffer.from(secret))]
    : artifactKey.split(',').map((each) => derived(Buffer.from(each, 'hex')))
  const mac = (key: Buffer, purpose: Purpose, page: string, seconds: string) =>
    createHmac('sha256', key).update(`${purpose}\n${seconds}\n${page}`).digest('base64url')
  return {
    sign(purpose, page, until) {
      const seconds = String(Math.floor(until / 1000))
      return `${seconds}.${mac(keys[0] ?? Buffer.alloc(0), purpose, page, seconds)}`
    },
    verify(purpose, page, token, now) {
      const [, seconds = '', given = ''] = /^(\d{1,12})\.([\w-]{43})$/.exec(token) ?? []
      if (!seconds || !keys.some((key) => isSame(given, mac(key, purpose, page, seconds)))) return null
      const until = Number(seconds) * 1000
      return until > now ? until : null
    },
  }
}

function derived(key: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', 'groundcrew page links', 32))
}

const DAY_MS = 86_400_000

/**
 * The address that a message gives for a page. Its end is rounded up to whole days, so that a message which is drawn anew
 * does not change for nothing. Null where people cannot reach pages.
 */
export function linkTo(
  { links, publicUrl, lasts, now }: { links: Links; publicUrl: string | undefined; lasts: number; now: number },
  page: string,
): string | null {
  if (!publicUrl) return null
  const until = Math.ceil(now / DAY_MS) * DAY_MS + lasts
  return `${publicUrl}${page}?key=${links.sign('link', page, until)}`
}
