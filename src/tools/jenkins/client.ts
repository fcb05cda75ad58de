import { z } from 'zod'
import type { BuildRequest } from './request.ts'

/** Jenkins said no: nothing was done. */
export class Refusal extends Error {}

/** Nobody knows whether what was sent was taken. */
export class NoAnswer extends Error {}

const parameters = z.array(z.object({ parameters: z.array(z.looseObject({ name: z.string() })).optional() }).nullable())
const item = z.object({
  id: z.number().optional(),
  why: z.string().nullish(),
  cancelled: z.boolean().optional(),
  executable: z.object({ number: z.number() }).nullish(),
  task: z.object({ url: z.string().optional() }).optional(),
  actions: parameters.optional(),
})
const build = z.object({
  number: z.number(),
  building: z.boolean().optional(),
  result: z.string().nullish(),
  actions: parameters.optional(),
})
const crumb = z.object({ crumbRequestField: z.string(), crumb: z.string() })

const ANSWERED_WITHIN = 20_000
const MOST_BUILDS = 100
const ACTIONS = 'actions[parameters[name,value]]'

export type Client = ReturnType<typeof clientOf>

/** The calls of Jenkins' remote API that are needed for one job (https://www.jenkins.io/doc/book/using/remote-access-api/). */
export function clientOf({ job, user, token, mark }: BuildRequest) {
  const place = job.replace(/\/$/, '')
  const root = place.slice(0, place.indexOf('/job/'))
  const authorization = `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`

  async function call(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization, ...init.headers }
    const signal = AbortSignal.timeout(ANSWERED_WITHIN)
    return fetch(url, { redirect: 'manual', ...init, headers, signal }).catch((error: Error) => {
      const cause = error.cause instanceof Error ? error.cause : error
      throw new NoAnswer(`${new URL(url).host} does not answer: ${cause.message || cause.name}`)
    })
  }

  async function json<T>(url: string, schema: z.ZodType<T>): Promise<T | null> {
    const response = await call(url)
    if (response.status === 404) return null
    if (!response.ok) throw said(response, url)
    const text = await response.text()
    const found = schema.safeParse(readJson(text))
    if (found.success) return found.data
    throw new NoAnswer(`${url} answered something that is not what Jenkins answers.`)
  }

  /** Against forged requests Jenkins wants a crumb with every POST, of the same session; with an API token it may want none. */
  async function post(url: string, form: Record<string, string>): Promise<Response> {
    const issuer = await call(`${root}/crumbIssuer/api/json`)
    const given = issuer.ok ? crumb.safeParse(readJson(await issuer.text())) : null
    const cookie = issuer.headers.getSetCookie().map((each) => each.split(';')[0])
    const headers = {
      ...(given?.success ? { [given.data.crumbRequestField]: given.data.crumb } : {}),
      ...(cookie.length > 0 ? { cookie: cookie.join('; ') } : {}),
    }
    const response = await call(url, { method: 'POST', headers, body: new URLSearchParams(form) })
    if (response.status >= 500) throw new NoAnswer(`${url} answered ${response.status}.`)
    if (response.status >= 400) throw said(response, url)
    return response
  }

  const isOurs = (actions: z.infer<typeof parameters> = []) =>
    actions.some((each) => each?.parameters?.some(({ name, value }) => name === mark.name && value === mark.value))

  return {
    /** Starts it, and gives the number of its place in the queue where Jenkins said one. */
    async start(given: Record<string, string>): Promise<number | null> {
      const response = await post(`${place}/buildWithParameters`, given)
      const id = /\/queue\/item\/(\d+)/.exec(response.headers.get('location') ?? '')?.[1]
      return id === undefined ? null : Number(id)
    },
    queued: (id: number) => json(`${root}/queue/item/${id}/api/json`, item),
    build: (number: number) => json(`${place}/${number}/api/json?tree=number,building,result`, build),
    /** Ours by its mark, among the queue and the latest builds. Null where there is none. Throws a `Refusal` where there is no such job. */
    async find(): Promise<{ queue: number } | { build: number } | null> {
      const queue = z.object({ items: z.array(item) })
      const waiting = await json(`${root}/queue/api/json?tree=items[id,task[url],${ACTIONS}]`, queue)
      const id = waiting?.items.find(({ actions }) => isOurs(actions))?.id
      if (id !== undefined) return { queue: id }
      const list = z.object({ builds: z.array(build).default([]) })
      const tree = `builds[number,${ACTIONS}]{0,${MOST_BUILDS}}`
      const builds = await json(`${place}/api/json?tree=${encodeURIComponent(tree)}`, list)
      if (!builds) throw new Refusal(`There is no job at ${place}, or it is not shown to this user.`)
      const ours = builds.builds.find(({ actions }) => isOurs(actions))
      return ours ? { build: ours.number } : null
    },
    stop: (number: number) => post(`${place}/${number}/stop`, {}),
    drop: (id: number) => post(`${root}/queue/cancelItem?id=${id}`, {}),
    /** What it wrote from a place on, and the place after that. */
    async console(number: number, from: number): Promise<{ text: string; next: number }> {
      const response = await call(`${place}/${number}/logText/progressiveText?start=${from}`)
      if (!response.ok) return { text: '', next: from }
      const text = await response.text()
      return { text, next: Number(response.headers.get('x-text-size') ?? from) }
    },
    urlOf: (number: number) => `${place}/${number}/`,
  }
}

function said({ status }: Response, url: string): Refusal {
  const why =
    status === 401 || status === 403 ? 'the user or the token is not accepted, or may not do this' : 'it refuses'
  return new Refusal(`${new URL(url).pathname} answered ${status}: ${why}.`)
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
