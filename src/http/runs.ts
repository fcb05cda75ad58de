import type { ServerResponse } from 'node:http'
import { historyLines } from '../core/audit/history.ts'
import type { Execution, StageRun } from '../core/execution.ts'
import { outputOf } from '../core/execution.ts'
import { readKvPlan } from '../core/kv/report.ts'
import { readPlanOutput } from '../core/report.ts'
import { fileNames } from '../core/retention.ts'
import { stageFile } from '../core/stage/files.ts'
import { answerOf } from '../engine/answers.ts'
import type { Links } from '../engine/links.ts'
import type { CrewParts } from '../engine/parts.ts'
import type { Store } from '../engine/store.ts'
import type { AccessParts, Admitted } from './access.ts'
import { admit } from './access.ts'
import type { EventParts } from './events.ts'
import { sendEvents } from './events.ts'
import type { Exchange, Route } from './exchange.ts'
import { send } from './exchange.ts'
import { logText } from './log-source.ts'
import { withNames } from './names.ts'
import { auditPage } from './pages/audit.ts'
import type { Filter } from './pages/list.ts'
import { fits, listPage } from './pages/list.ts'
import type { PlanText } from './pages/plan.ts'
import { planPage } from './pages/plan.ts'
import { runPage } from './pages/run.ts'
import { Refusal } from './refusal.ts'
import type { ViewParts } from './view.ts'
import { viewOf } from './view.ts'

export type PageParts = Omit<EventParts, 'viewOf'> &
  ViewParts & {
    readonly store: Pick<Store, 'list'>
    readonly access: AccessParts & { readonly parts: CrewParts; readonly links: Links }
  }

const HTML = 'text/html; charset=utf-8'
const TEXT = 'text/plain; charset=utf-8'
const ID = '([A-Za-z0-9][A-Za-z0-9_-]{0,80})'

/** So many of the newest executions are looked through, and so many are shown. */
const MOST_SEARCHED = 1_000
const MOST_SHOWN = 200

/** The pages of executions: the list, one for each, and what belongs to it. */
export function runRoutes(pages: PageParts): Route[] {
  const one = (
    path: string,
    answer: (run: Execution, exchange: Exchange, admitted: Admitted) => Promise<void>,
  ): Route => ({
    method: 'GET',
    path: new RegExp(`^/runs/${ID}${path}$`),
    page: true,
    async answer(exchange) {
      const [id = ''] = exchange.groups
      const admitted = await admit(pages.access, exchange, `/runs/${id}`, 'runs show')
      present(pages)
      const run = await pages.store.execution(id)
      if (!run) throw new Refusal(404, 'There is no such execution (any more). The audit has what was recorded of it.')
      await answer(run, exchange, admitted)
    },
  })
  return [
    { method: 'GET', path: /^\/runs$/, page: true, answer: (exchange) => list(pages, exchange) },
    one('', async (run, { response }, admitted) => {
      await sendPage(pages, response, runPage(await viewOf(pages, run, admitted)))
    }),
    one('/events', async (run, exchange, admitted) => {
      const view = (now: Execution) => viewOf(pages, now, admitted)
      await sendEvents({ ...pages, viewOf: view }, exchange, run, admitted.until)
    }),
    one('/log', async (run, { response, url }) => {
      const stage = run.stages.find(({ id }) => id === url.searchParams.get('stage'))
      if (!stage) throw new Refusal(404, 'There is no such stage: ?stage=... names one.')
      const attempt = Number(url.searchParams.get('attempt') ?? stage.attempt)
      send(response, 200, TEXT, await logText(pages, run, { stage, attempt }))
    }),
    one('/plan', async (run, { response }) => {
      await sendPage(pages, response, planPage(await plansOf(pages.access.parts, run)))
    }),
    one('/audit', async (run, { response }, { may }) => {
      const lines = await recordsOf(pages.access.parts, run, may('runs why'))
      await sendPage(pages, response, auditPage(lines))
    }),
    one('/files/([\\w.-]{1,100})', async (run, { response, groups: [, name = ''] }) => {
      const named = fileNames(run).includes(name)
      const text = named ? await fileOf(pages.access.parts, run.id, name) : null
      if (text === null) throw new Refusal(404, 'There is no such file (any more): files are kept for a week.')
      send(response, 200, TEXT, text)
    }),
  ]
}

/** Without Redis there is nothing to show, and nothing that is wrong with us. */
function present({ redis }: PageParts): void {
  if (redis.status !== 'ready')
    throw new Refusal(503, 'The store (Redis) is away, so that nothing can be shown. Try again in a moment.')
}

async function list(pages: PageParts, exchange: Exchange): Promise<void> {
  const { access, store, now } = pages
  const admitted = await admit(access, exchange, '/runs', 'runs list')
  present(pages)
  const asked = (name: keyof Filter) => (exchange.url.searchParams.get(name) ?? '').slice(0, 200)
  const filter = {
    status: asked('status'),
    command: asked('command'),
    environment: asked('environment'),
    who: asked('who'),
  }
  const all = await store.list({ limit: MOST_SEARCHED })
  const called =
    filter.who === ''
      ? new Map()
      : await pages.namesOf(all.flatMap(({ actor }) => (actor.kind === 'slack' ? actor.user : [])))
  const people = [
    ...Object.entries(access.parts.site.http.people),
    ...Array.from(called, ([user, name]) => [`@${name}`, user] as const),
  ]
  const runs = all.filter((run) => fits(run, filter, people)).slice(0, MOST_SHOWN)
  // A person is asked for again by the page itself, which he may not see although he may see the list, and of which he may see more than a link shows.
  const linkOf = (id: string) =>
    admitted.by === 'person'
      ? `/runs/${id}`
      : `/runs/${id}?key=${access.links.sign('link', `/runs/${id}`, admitted.until)}`
  await sendPage(pages, exchange.response, listPage({ runs, filter, searched: all.length, now: now(), linkOf }))
}

async function sendPage(
  { namesOf }: Pick<PageParts, 'namesOf'>,
  response: ServerResponse,
  page: string,
): Promise<void> {
  send(response, 200, HTML, await withNames(namesOf, page))
}

/** What was recorded of it; programs and refusals only for who may ask for them in chat as well. */
async function recordsOf({ audit }: CrewParts, run: Execution, all: boolean): Promise<string[]> {
  const { lines } = await audit.about({ execution: run.id, since: run.createdAt - 60_000, limit: MOST_RECORDS })
  return historyLines(all ? lines : lines.filter(({ entry }) => !PRIVATE.includes(entry.kind)))
}

const MOST_RECORDS = 400
const PRIVATE = ['ran', 'exited', 'refused']

/** The text of each plan, as it lies in the thread of the message; masked when it was made. */
function plansOf(parts: CrewParts, run: Execution): Promise<PlanText[]> {
  const made = run.stages.flatMap((stage) => planOf(stage, outputOf(run, stage.id)) ?? [])
  return Promise.all(made.map(async ({ file, ...plan }) => ({ ...plan, text: await fileOf(parts, run.id, file) })))
}

/** Of what plans: Terraform, and settings in Consul. */
function planOf(stage: StageRun, output: ReturnType<typeof outputOf>) {
  if (stage.kind === 'terraform.plan') {
    const plan = readPlanOutput(output)
    return plan && { stage: stage.id, headline: plan.headline, file: stageFile(stage, 'plan.txt') }
  }
  const plan = stage.kind === 'kv.plan' ? readKvPlan(output) : null
  const [file] = Array.isArray(output?.files) ? output.files.map(String) : []
  return plan && file !== undefined ? { stage: stage.id, headline: plan.headline, file } : null
}

function fileOf(parts: CrewParts, id: string, name: string): Promise<string | null> {
  return answerOf(parts, { actor: { kind: 'shell', user: 'pages' }, roles: [], channel: null }).file(id, name)
}
