import type { HomeView } from '@slack/types'
import { mayEver } from '../core/access.ts'
import type { Actor } from '../core/actor.ts'
import { idOf } from '../core/actor.ts'
import { worstFirst } from '../core/alert/describe.ts'
import type { EnvironmentRecord } from '../core/environment.ts'
import type { Execution, StageRun } from '../core/execution.ts'
import { approvalsOf } from '../core/judgment/count.ts'
import { digestOf } from '../core/settle.ts'
import { kvTarget } from '../core/target.ts'
import { rightOf } from '../engine/judge.ts'
import type { Desk } from './desk.ts'
import type { Message } from './limits.ts'
import { code, fit } from './limits.ts'
import { headline } from './messages/alerts.ts'
import { listed, section } from './messages/blocks.ts'
import { homeBlocks } from './messages/home.ts'

/** More open executions than these are not looked through for one person's home. */
const MOST_OPEN = 500

/** What all homes are made of, read once for many. */
export type HomeData = {
  readonly open: readonly Execution[]
  readonly environments: readonly EnvironmentRecord[]
  readonly settings: readonly EnvironmentRecord[]
  /** Null where nothing is watched. */
  readonly alerts: readonly string[] | null
}

export async function readHomeData(desk: Desk): Promise<HomeData> {
  const { site, store } = desk.parts
  const records = (names: readonly string[]) => Promise.all(names.map((name) => store.environment(name)))
  const [open, environments, settings, alerts] = await Promise.all([
    store.list({ limit: MOST_OPEN, open: true }),
    records(Object.keys(site.environments)),
    records(Object.keys(site.kv).map(kvTarget)),
    alertLines(desk),
  ])
  return { open, environments, settings, alerts }
}

/** What waits for this person, what runs of his, how the environments stand, and what he may type. `now`: what ages are counted to. */
export async function homeView(
  desk: Desk,
  actor: Actor,
  { open, environments, settings, alerts }: HomeData,
  now = desk.parts.now(),
): Promise<HomeView> {
  const { roles } = await desk.asked(actor)
  const { catalog, site } = desk.parts
  const usable = [...catalog.entries.values()].filter(({ name, command }) => mayEver(site, roles, name, command.allow))
  const may = (name: string) => usable.some((entry) => entry.name === name)
  return homeBlocks({
    judgments: await judgmentsFor(desk, open, actor),
    mine: open.filter(({ askers }) => askers.includes(idOf(actor))),
    ...(may('env list') ? { environments, settings } : { environments: null }),
    alerts: may('alerts list') ? alerts : null,
    commands: usable.map(({ name, command }) => ({ name, summary: command.summary })),
    ...{ now, currency: site.currency, mayList: may('runs list') },
    pageAt: desk.pageAt ?? (() => null),
  })
}

/** Those that wait for this person: he may judge them now, and has not done so yet. */
async function judgmentsFor({ parts }: Desk, open: readonly Execution[], actor: Actor) {
  const waiting = open.flatMap((run) =>
    run.cancel ? [] : run.stages.filter(isWaiting).map((stage) => ({ run, stage })),
  )
  const rights = await Promise.all(waiting.map(({ run, stage }) => rightOf(parts, run, stage, actor)))
  return waiting.filter(({ run, stage }, at) => {
    const given = approvalsOf(run.judgments, stage.id, digestOf(run, stage))
    return rights[at]?.refusal === null && !given.some(({ by }) => idOf(by) === idOf(actor))
  })
}

function isWaiting({ kind, state }: StageRun): boolean {
  return kind === 'judgment' && state === 'waiting'
}

const MOST_ALERTS = 10

/** The open ones that were told, the worst first; null where nothing is watched. */
async function alertLines({ parts: { site, store } }: Desk): Promise<string[] | null> {
  if (!site.alerts) return null
  const open = (await store.alerts.open()).filter(({ shownAt, endedAt }) => shownAt !== null && endedAt === null)
  const lines = worstFirst(open).map((group) => `${headline(group)} (${code(group.id)})`)
  return listed(lines, MOST_ALERTS)
}

/** What stands there while the bot cannot look. */
export function awayView({ text }: Message): HomeView {
  const blocks = [section('*This page cannot be shown now*', text, 'Open it again in a moment.')]
  return { type: 'home', blocks: fit({ text: 'Groundcrew', blocks }).blocks }
}
