import type { z } from 'zod'

/** Jenkins said no: nothing was done. */
export class Refusal extends Error {}

/** Nobody knows whether what was sent was taken. */
export class NoAnswer extends Error {}

export type Account = { readonly user: string; readonly token: string }

/** More than this is no answer to anything that is asked here. */
const MOST_BYTES = 8 * 1024 * 1024

/** Calls of Jenkins as one of its users. No redirect is followed: the token is for nobody else. */
export function askAs({ user, token }: Account, { limitMs, stop }: { limitMs: number; stop?: AbortSignal }) {
  const authorization = `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`

  async function call(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization, ...init.headers }
    const limit = AbortSignal.timeout(limitMs)
    const signal = stop ? AbortSignal.any([limit, stop]) : limit
    return fetch(url, { redirect: 'manual', ...init, headers, signal }).catch((error: unknown) => {
      throw silence(url, error)
    })
  }

  /** Null where there is no such thing, or it is not shown to this user. */
  async function json<T>(url: string, schema: z.ZodType<T>): Promise<T | null> {
    const response = await call(url)
    // What is not read is called off, so that the connection can be used again.
    if (!response.ok) await response.body?.cancel().catch(() => {})
    if (response.status === 404) return null
    if (!response.ok) throw said(response, url)
    const { text, cut } = await bodyOf(response, url)
    if (cut) throw new NoAnswer(`${pathOf(url)} answered more than ${MOST_BYTES / 1024 / 1024} MB.`)
    const found = schema.safeParse(readJson(text))
    if (found.success) return found.data
    throw new NoAnswer(`${pathOf(url)} answered something that is not what Jenkins answers.`)
  }

  return { call, json }
}

/** The body of an answer, or as much of it as is read. Throws a `NoAnswer` where it breaks off. */
export async function bodyOf(response: Response, url: string): Promise<{ text: string; cut: boolean }> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of response.body ?? []) {
      parts.push(part)
      length += part.length
      if (length > MOST_BYTES) break
    }
  } catch (error) {
    throw silence(url, error)
  }
  return { text: Buffer.concat(parts).toString('utf8'), cut: length > MOST_BYTES }
}

function silence(url: string, error: unknown): NoAnswer {
  const { name = '', message = '', cause } = error as Error
  const why = name === 'TimeoutError' ? 'not in time' : cause instanceof Error ? cause.message || cause.name : message
  return new NoAnswer(`${new URL(url).host} does not answer: ${why || name}`)
}

/** What an answer that is no 2xx means. */
export function said(response: Response, url: string): Refusal {
  const { status } = response
  const moved = response.headers.get('location')
  if (status >= 300 && status < 400 && moved !== null)
    return new Refusal(`${pathOf(url)} sends on to ${hostOf(moved, url)}, which is not followed.`)
  const why =
    status === 401 || status === 403 ? 'the user or the token is not accepted, or may not do this' : 'it refuses'
  return new Refusal(`${pathOf(url)} answered ${status}: ${why}.`)
}

export function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function pathOf(url: string): string {
  return new URL(url).pathname
}

function hostOf(location: string, from: string): string {
  return URL.canParse(location, from) ? new URL(location, from).host : 'an address that is none'
}
