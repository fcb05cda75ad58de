import type { HomeView } from '@slack/types'
import { mayEver } from '../core/access.ts'
import type { Actor } from '../core/actor.ts'
import { worstFirst } from '../core/alert/describe.ts'
import { refusalToJudgeWith } from '../core/break-glass/judging.ts'
import { wordOf } from '../core/execution.ts'
import type { Desk } from './desk.ts'
import type { Message } from './limits.ts'
import { code, escape as escaped, fit } from './limits.ts'
import { headline } from './messages/alerts.ts'
import { listed } from './messages/blocks.ts'

/** What waits for this person, what runs, and what they may type. */
export async function homeView(desk: Desk, actor: Actor): Promise<HomeView> {
  const { roles, own = roles } = await desk.asked(actor)
  const { catalog, site, store } = desk.parts
  const open = await store.list({ limit: 20, open: true })
  const mine = open.filter((run) =>
    run.stages.some(
      (stage) =>
        stage.state === 'waiting' &&
        stage.kind === 'judgment' &&
        !refusalToJudgeWith(
          { askers: run.askers, approvers: stage.input.approvers as string[], glass: run.glass ?? [] },
          actor,
          { roles, own },
        ),
    ),
  )
  const usable = [...catalog.entries.values()].filter(({ name, command }) => mayEver(site, roles, name, command.allow))
  const line = (run: (typeof open)[number]) => `${code(run.id)} *${wordOf(run)}* ${code(run.line)}`
  const alerts = usable.some(({ name }) => name === 'alerts list') ? await alertLines(desk) : null
  const blocks = [
    section('*Waiting for your judgment*', mine.map(line), 'Nothing waits for you.'),
    section('*Open now*', open.map(line), 'Nothing is open.'),
    ...(alerts ? [section('*Alerts*', alerts, 'No alert is open.')] : []),
    section(
      '*What you may type* (after `/crew`)',
      usable.map(({ name, command }) => `${code(name)} ${escaped(command.summary)}`),
      'Only `help`.',
    ),
  ]
  return { type: 'home', blocks: fit({ text: 'Groundcrew', blocks }).blocks }
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
  const blocks = [section('*This page cannot be shown now*', [text, 'Open it again in a moment.'], '')]
  return { type: 'home', blocks: fit({ text: 'Groundcrew', blocks }).blocks }
}

function section(title: string, lines: readonly string[], none: string) {
  return {
    type: 'section' as const,
    text: { type: 'mrkdwn' as const, text: [title, ...(lines.length > 0 ? lines : [none])].join('\n') },
  }
}
