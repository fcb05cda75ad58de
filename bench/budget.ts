import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '../examples/demo/parts.ts'
import type { SlackMessage } from '../examples/demo/slack-control.ts'
import { paceOf } from '../src/slack/parts.ts'
import { leastLateness } from './ideal.ts'
import { CHANNEL, install } from './installation.ts'
import { isOver, openScreen } from './screen.ts'
import { lanes } from './site.ts'
import { type Beside, beside, cells, percentiles } from './statistics.ts'
import { table } from './table.ts'

const RUNNING = 50
const SERVICE = 'bench-budget'
const PROGRESS_FOR_MS = 5_000

/** What Slack allows, which is what a site has that says nothing. */
const SLACK = { posts_per_second: 1, edits_per_minute: 50, edit_every: '3s' }

type Late = { readonly p50: Beside; readonly last: Beside }
export type Budget = {
  readonly baseline: string
  readonly running: number
  /** Seconds: from asked to posted; from the end in the store to the message that says so; to the reply that mentions who asked. */
  readonly first: Late
  readonly result: Late
  readonly reply: Late
  /** Edits in the minute before the first end, out of the same budget. */
  readonly spentBefore: number
}

type Seen = { readonly message: SlackMessage; readonly isNew: boolean; readonly at: number }
type Times = {
  readonly asked: number
  readonly ended: number
  readonly first: number
  readonly result: number
  readonly reply: number
}

/**
 * How late people read the results when so many executions run in one channel and all end at once, under Slack's own limits; beside
 * the least that these limits allow. What is waited for is an instance in Consul: one makes progress, the second one the end.
 */
export async function measureBudget(signal: AbortSignal): Promise<Budget> {
  await using stack = new AsyncDisposableStack()
  const environment = () => ({ health: { [SERVICE]: 'instances' }, variables: { instances: 2 }, health_within: '10m' })
  const names = ['loadtest', ...lanes(RUNNING)]
  const site = () => ({ environment, slack: SLACK })
  const installation = await install(stack, { names, site, slack: true, consul: true })
  const screen = await openScreen(installation.slackUrl, signal)
  stack.defer(() => screen.control.close())
  const seen: Seen[] = []
  await screen.control.onMessage((message, event) => {
    if (message.channel === CHANNEL && !message.ephemeral_to)
      seen.push({ message, isNew: event === 'message', at: Date.now() })
  })
  const crew = await installation.open()
  await Promise.all([installation.bot(), installation.worker('worker', RUNNING)])

  const asked = await Promise.all(lanes(RUNNING).map((lane) => crew.ask(`check ${lane}`)))
  const until = (what: string, fits: () => boolean) => waitFor(fits, { what, within: '4m', every: 200, signal })
  await until('all first messages', () => asked.every(({ line }) => firstOf(seen, line)))
  await register(installation.consulUrl, 1)
  await sleep(PROGRESS_FOR_MS, undefined, { signal })
  await register(installation.consulUrl, 2)
  await until('all results', () => asked.every(({ line }) => resultOf(seen, line) && replyOf(seen, line)))

  const times = await Promise.all(
    asked.map(async ({ id, line, createdAt }): Promise<Times> => {
      const ended = (await crew.engine.store.execution(id))?.endedAt ?? Number.NaN
      const [first, result, reply] = [firstOf(seen, line), resultOf(seen, line), replyOf(seen, line)].map(
        (each) => each?.at ?? Number.NaN,
      ) as [number, number, number]
      return { asked: createdAt, ended, first, result, reply }
    }),
  )
  return { baseline: 'the budget itself', running: RUNNING, ...compare(times, seen, paceOf(crew.site)) }
}

function compare(times: readonly Times[], seen: readonly Seen[], { posts, edits }: ReturnType<typeof paceOf>) {
  const ends = times.map(({ ended }) => ended)
  const firstEnd = Math.min(...ends)
  const earlier = (isNew: boolean) =>
    seen.filter((each) => each.isNew === isNew && each.at < firstEnd).map(({ at }) => at)
  const spent = earlier(false).filter((at) => at > firstEnd - edits.per)
  const lateness = (from: 'asked' | 'ended', to: keyof Times) => times.map((each) => each[to] - each[from])
  const asked = times.map((each) => each.asked)
  return {
    first: late(lateness('asked', 'first'), leastLateness(asked, posts)),
    result: late(lateness('ended', 'result'), leastLateness(ends, edits, spent)),
    reply: late(lateness('ended', 'reply'), leastLateness(ends, posts, earlier(true))),
    spentBefore: spent.length,
  }
}

function late(ours: readonly number[], least: readonly number[]): Late {
  const half = (values: readonly number[]) => percentiles(values).p50 / 1000
  const last = (values: readonly number[]) => Math.max(...values) / 1000
  return { p50: beside(half(ours), half(least)), last: beside(last(ours), last(least)) }
}

const firstOf = (seen: readonly Seen[], line: string) =>
  seen.find(({ message, isNew }) => isNew && !message.thread_ts && message.text.includes(line))

const resultOf = (seen: readonly Seen[], line: string) => {
  const ts = firstOf(seen, line)?.message.ts
  return seen.find(({ message }) => message.ts === ts && isOver(message))
}

const replyOf = (seen: readonly Seen[], line: string) => {
  const ts = firstOf(seen, line)?.message.ts
  return seen.find(({ message, isNew }) => isNew && message.ts !== ts && message.thread_ts === ts)
}

async function register(consul: string, number: number): Promise<void> {
  const body = JSON.stringify({ Name: SERVICE, ID: `${SERVICE}-${number}`, Address: '127.0.0.1', Port: 1 })
  const response = await fetch(`${consul}/v1/agent/service/register`, { method: 'PUT', body })
  if (!response.ok) throw new Error(`Consul answered ${response.status}: ${await response.text()}`)
}

export function budgetReport({ baseline, running, first, result, reply, spentBefore }: Budget): string {
  const rows = (what: string, { p50, last }: Late) => [
    [`${what}: p50`, ...cells(p50)],
    [`${what}: the last`, ...cells(last)],
  ]
  return table([
    [`budget: ${running} that end at once, seconds late`, 'Groundcrew', baseline, 'ratio'],
    ...rows('first message after asked', first),
    ...rows('result in the message after the end', result),
    ...rows('reply with a mention after the end', reply),
    ['edits spent in the minute before', String(spentBefore), '', ''],
  ])
}
