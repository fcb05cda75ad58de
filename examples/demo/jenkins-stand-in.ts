import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export const JENKINS_USER = 'groundcrew'
export const JENKINS_TOKEN = 'stand-in-api-token'

type Parameters = Readonly<Record<string, string>>
type Item = { id: number; parameters: Parameters; build: number | null; cancelled: boolean }
type Build = {
  number: number
  parameters: Parameters
  timestamp: number
  result: string | null
  console: string
  stop: AbortController
}

/** What a job does: it says lines for the console, is stopped by the signal, and has failed where it throws. */
export type Job = {
  /** The parameters that it declares; others are dropped, as Jenkins does. */
  readonly parameters: readonly string[]
  run(parameters: Parameters, say: (line: string) => void, stop: AbortSignal): Promise<void>
}

/**
 * A small stand-in for Jenkins' remote API with one job, `/job/smoke`: a queue, builds, their console, stop and cancel, behind a user and an
 * API token (with which Jenkins wants no crumb). It is not Jenkins: it has no agents, forgets its builds with its end, and runs only the function
 * that it is given.
 */
export async function standInForJenkins(job: Job, port = 0) {
  const items: Item[] = []
  /** The newest first. */
  const builds: Build[] = []
  const server = createServer(async (request, response) => {
    const answer = answerTo(request, await formOf(request))
    const json = typeof answer.body === 'object'
    response.writeHead(answer.status, {
      'content-type': json ? 'application/json' : 'text/plain; charset=utf-8',
      ...answer.headers,
    })
    response.end(json ? JSON.stringify(answer.body) : answer.body)
  })

  function answerTo(request: IncomingMessage, form: Parameters): Answer {
    const { pathname: path, searchParams: asked } = new URL(request.url ?? '/', 'http://stand-in')
    const [, number, rest] = /^\/job\/smoke\/(\d+)\/(.*)$/.exec(path) ?? []
    const build = builds.find((each) => each.number === Number(number))
    // A page for whoever follows a link: everything else is for programs.
    if (build && rest === '') return { status: 200, body: pageOf(build) }
    if (path === '/') return { status: 200, body: 'A stand-in for Jenkins, with one job: /job/smoke\n' }
    if (request.headers.authorization !== `Basic ${btoa(`${JENKINS_USER}:${JENKINS_TOKEN}`)}`) return { status: 401 }
    if (request.method === 'POST') return posted(path, asked, form, rest === 'stop' ? build : undefined)
    if (path === '/queue/api/json') return { status: 200, body: { items: items.filter(isWaiting).map(shownItem) } }
    if (path === '/job/smoke/api/json') return { status: 200, body: listed(asked.get('tree') ?? '') }
    const item = items.find(({ id }) => path === `/queue/item/${id}/api/json`)
    if (item) return { status: 200, body: shownItem(item) }
    if (build && rest === 'api/json') return { status: 200, body: shownBuild(build, url()) }
    if (build && rest === 'logText/progressiveText') return consoleOf(build, Number(asked.get('start') ?? 0))
    return { status: 404 }
  }

  /** `builds[number]{0,50}`: a list and a part of it, the newest first. What else `tree` leaves out is given all the same. */
  function listed(tree: string): object {
    const [, from = 0, to = 100] = /\{(\d+),(\d+)\}$/.exec(tree) ?? []
    const part = builds.slice(Number(from), Number(to)).map((each) => shownBuild(each, url()))
    return tree.startsWith('allBuilds') ? { allBuilds: part } : { builds: part }
  }

  function posted(path: string, asked: URLSearchParams, form: Parameters, build: Build | undefined): Answer {
    if (path === '/job/smoke/buildWithParameters') {
      const parameters = Object.fromEntries(Object.entries(form).filter(([name]) => job.parameters.includes(name)))
      const item: Item = { id: items.length + 1, parameters, build: null, cancelled: false }
      items.push(item)
      setTimeout(() => void begin(item), 500)
      return { status: 201, headers: { location: `${url()}/queue/item/${item.id}/` } }
    }
    const item = items.find(({ id }) => id === Number(asked.get('id')))
    if (path === '/queue/cancelItem' && item) {
      item.cancelled = true
      return { status: 204 }
    }
    if (!build) return { status: 404 }
    build.stop.abort()
    return { status: 302, headers: { location: `${url()}/job/smoke/${build.number}/` } }
  }

  async function begin(item: Item): Promise<void> {
    if (item.cancelled) return
    const build: Build = {
      ...{ number: builds.length + 1, parameters: item.parameters, timestamp: Date.now() },
      ...{ result: null, console: '', stop: new AbortController() },
    }
    builds.unshift(build)
    item.build = build.number
    const say = (line: string) => {
      build.console += `${line}\n`
    }
    const result = await job.run(build.parameters, say, build.stop.signal).then(
      () => 'SUCCESS',
      (error: Error) => {
        say(build.stop.signal.aborted ? 'Aborted' : error.message)
        return build.stop.signal.aborted ? 'ABORTED' : 'FAILURE'
      },
    )
    say(`Finished: ${result}`)
    build.result = result
  }

  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url(),
    builds,
    stop(): void {
      for (const { stop } of builds) stop.abort()
      server.close()
      server.closeAllConnections()
    },
  }
}

type Answer = { status: number; body?: object | string; headers?: Record<string, string> }

const isWaiting = ({ build, cancelled }: Item) => build === null && !cancelled

function shownItem({ id, build, cancelled, parameters }: Item) {
  const executable = build === null ? {} : { executable: { number: build } }
  return { id, cancelled, why: 'In the quiet period', actions: actionsOf(parameters), ...executable }
}

function shownBuild({ number, parameters, timestamp, result }: Build, root: string) {
  const url = `${root}/job/smoke/${number}/`
  return { number, url, building: result === null, result, timestamp, actions: actionsOf(parameters) }
}

function actionsOf(parameters: Parameters) {
  return [{ parameters: Object.entries(parameters).map(([name, value]) => ({ name, value })) }]
}

function consoleOf({ console, result }: Build, from: number): Answer {
  const bytes = Buffer.from(console)
  const more = result === null ? { 'x-more-data': 'true' } : {}
  return {
    status: 200,
    body: bytes.subarray(from).toString(),
    headers: { 'x-text-size': String(bytes.length), ...more },
  }
}

function pageOf({ number, result, console }: Build): string {
  return `Build ${number} of smoke, in a stand-in for Jenkins: ${result ?? 'running'}\n\n${console}`
}

async function formOf(request: IncomingMessage): Promise<Parameters> {
  const chunks = await request.toArray()
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
}
