import { z } from 'zod'
import { askAs, bodyOf, NoAnswer, Refusal, readJson, said } from './ask.ts'
import type { BuildRequest } from './request.ts'

export { NoAnswer, Refusal } from './ask.ts'

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
const about = z.object({
  buildable: z.boolean().nullish(),
  property: z
    .array(z.object({ parameterDefinitions: z.array(z.object({ name: z.string() })).nullish() }).nullable())
    .nullish(),
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
  const { call, json } = askAs({ user, token }, { limitMs: ANSWERED_WITHIN })

  async function crumbs() {
    const url = `${root}/crumbIssuer/api/json`
    const issuer = await call(url)
    return { issuer, given: issuer.ok ? crumb.safeParse(readJson((await bodyOf(issuer, url)).text)) : null }
  }

  /** Against forged requests Jenkins wants a crumb with every POST, of the same session; with an API token it may want none. */
  async function post(url: string, form: Record<string, string>): Promise<Response> {
    const { issuer, given } = await crumbs().catch((error: unknown) => {
      if (error instanceof NoAnswer) throw new Refusal(`${error.message} Nothing was asked of it.`)
      throw error
    })
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
    /**
     * Why it cannot be built with these parameters, or null: Jenkins drops without a word what a job does not declare, and builds with what it
     * declares instead. Not every user is shown what a job declares.
     */
    async unfit(names: readonly string[]): Promise<string | null> {
      const tree = 'buildable,property[parameterDefinitions[name]]'
      const found = await json(`${place}/api/json?tree=${encodeURIComponent(tree)}`, about)
      if (found?.buildable === false) return 'It is disabled in Jenkins.'
      if (!found?.property) return null
      const declared = found.property.flatMap((each) => each?.parameterDefinitions ?? []).map(({ name }) => name)
      const missing = names.filter((name) => !declared.includes(name))
      if (missing.length === 0) return null
      return `It does not declare ${missing.join(', ')}, and Jenkins drops what a job does not declare: add ${missing.length === 1 ? 'a text parameter of this name' : 'text parameters of these names'} to it.`
    },
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
      const waiting = await json(
        `${root}/queue/api/json?tree=${encodeURIComponent(`items[id,task[url],${ACTIONS}]`)}`,
        queue,
      )
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
    /** What it wrote from a place on, and the place after that. `cut`: it was more than is read at once. */
    async console(number: number, from: number): Promise<{ text: string; next: number; cut: boolean }> {
      const url = `${place}/${number}/logText/progressiveText?start=${from}`
      const response = await call(url)
      if (!response.ok) return { text: '', next: from, cut: false }
      const next = Number(response.headers.get('x-text-size') ?? from)
      return { ...(await bodyOf(response, url)), next }
    },
    urlOf: (number: number) => `${place}/${number}/`,
  }
}
