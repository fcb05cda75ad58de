import { startHeartbeat } from '../src/engine/workers.ts'
import { createFill, filler, inParallel } from './fill.ts'
import { CHANNEL, carol, install, type Open } from './installation.ts'
import { residentMegabytes, usedMemory } from './memory.ts'
import { sampleRun } from './sample.ts'
import { approve, openScreen, type Screen } from './screen.ts'
import { laneCounter, lanes, onSmallStack } from './site.ts'
import { type Beside, beside, cells, percentiles } from './statistics.ts'
import { table } from './table.ts'

const MANY = 1_000
const WARM_UP = 10
const CLICKS = 20

export type Waiting = {
  readonly baseline: string
  readonly waiting: number
  /** Milliseconds from the press: until it was judged, stored and acknowledged; until the edited message stood on the page. */
  readonly acknowledged: { readonly p50: Beside; readonly p95: Beside }
  readonly edited: { readonly p50: Beside; readonly p95: Beside }
  readonly botMegabytes: { readonly before: number | null; readonly after: number | null }
  readonly redisBytes: { readonly before: number; readonly after: number; readonly perExecution: number }
  /** Of the bytes in Redis: the plan, its text and the stack, encrypted. */
  readonly artifactBytes: number
}

/** A press on Approve while so many executions wait for theirs, beside the same while it is the only one; and what they weigh. */
export async function measureWaiting(signal: AbortSignal): Promise<Waiting> {
  await using stack = new AsyncDisposableStack()
  const { crew, bot, click, wait, screen } = await start(stack, signal)
  const { redis } = crew.engine
  for (let time = 0; time < WARM_UP; time++) await click()
  const alone = await clicks(click)
  const before = { bot: residentMegabytes(bot.pid), redis: await usedMemory(redis) }
  await inParallel(Array.from({ length: MANY - 1 }), 8, wait, signal)
  await screen.quiet()
  const after = { bot: residentMegabytes(bot.pid), redis: await usedMemory(redis) }
  const { id } = await wait()
  await screen.quiet()
  const artifactBytes = await bytesOf(crew, id)
  const among = await clicks(click)
  return {
    baseline: 'the only one',
    waiting: MANY,
    acknowledged: compared(among, alone, 'acknowledged'),
    edited: compared(among, alone, 'edited'),
    botMegabytes: { before: before.bot, after: after.bot },
    redisBytes: { before: before.redis, after: after.redis, perExecution: (after.redis - before.redis) / (MANY - 1) },
    artifactBytes,
  }
}

type Click = { readonly acknowledged: number; readonly edited: number }

/** A bot on local-slack; this process plays the worker, so that a thousand plans need not be made. */
async function start(stack: AsyncDisposableStack, signal: AbortSignal) {
  const names = ['loadtest', ...lanes(WARM_UP + 2 * CLICKS + MANY)]
  const slack = { posts_per_second: 1_000, edits_per_minute: 60_000 }
  const site = (dir: string) => ({ environment: onSmallStack(dir), slack })
  const installation = await install(stack, { names, site, slack: true })
  const crew = await installation.open()
  const { redis, keys, deadAfter, store, now } = crew.engine
  const sample = await sampleRun(installation, crew, 'loadtest', signal)
  const heartbeat = startHeartbeat(redis, keys, filler, deadAfter, crew.log)
  stack.defer(() => heartbeat.stop())
  await heartbeat.first
  const screen = await openScreen(installation.slackUrl, signal)
  stack.defer(() => screen.control.close())
  const bot = await installation.bot()
  const fill = createFill(crew, sample, store, now)
  const lane = laneCounter()
  return { crew, bot, screen, wait: () => fill.toJudgment(lane()), click: () => clickOnce(crew, screen, fill, lane()) }
}

/** One more that waits, and its press. It is canceled afterwards, so that as many wait as before. */
async function clickOnce(
  { engine }: Open,
  { control, next, quiet }: Screen,
  fill: ReturnType<typeof createFill>,
  lane: string,
): Promise<Click> {
  const plan = next(
    `the plan of ${lane}`,
    (message) => message.text.includes(`start ${lane}`) && Boolean(approve(message)),
  )
  const [{ id }, { message }] = await Promise.all([fill.toJudgment(lane), plan])
  await quiet()
  const action = approve(message)
  if (!action) throw new Error(`Expected a button to approve ${lane}.`)
  const { ts } = message
  const edit = next(`the edit after the press on ${lane}`, (each) => each.ts === ts && !approve(each))
  const pressed = performance.now()
  const acknowledgement = control
    .press({ user: carol.user, channel: CHANNEL, messageTs: ts, action })
    .then(() => performance.now() - pressed)
  const [acknowledged, { at }] = await Promise.all([acknowledgement, edit])
  await engine.store.tell(id, { type: 'cancel', by: carol, why: '', force: false })
  await quiet()
  return { acknowledged, edited: at - pressed }
}

async function clicks(click: () => Promise<Click>): Promise<Click[]> {
  const made: Click[] = []
  for (let time = 0; time < CLICKS; time++) made.push(await click())
  return made
}

function compared(among: readonly Click[], alone: readonly Click[], what: keyof Click) {
  const [ours, theirs] = [among, alone].map((made) => percentiles(made.map((each) => each[what])))
  if (!ours || !theirs) throw new Error('Nothing was clicked.')
  return { p50: beside(ours.p50, theirs.p50), p95: beside(ours.p95, theirs.p95) }
}

async function bytesOf({ engine: { redis, keys } }: Open, id: string): Promise<number> {
  const names = ['stack', 'tree-digest', 'plan', 'plan.txt']
  const sizes = await Promise.all(names.map((name) => redis.memory('USAGE', keys.artifact(id, name))))
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
}

export function waitingReport(figures: Waiting): string {
  const { baseline, waiting, acknowledged, edited, botMegabytes, redisBytes, artifactBytes } = figures
  const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(1)
  const { before, after } = botMegabytes
  return table([
    [`waiting: one click among ${waiting} that wait`, `among ${waiting}`, baseline, 'ratio'],
    ['judged, stored and acknowledged: ms, p50', ...cells(acknowledged.p50)],
    ['judged, stored and acknowledged: ms, p95', ...cells(acknowledged.p95)],
    ['message edited: ms, p50', ...cells(edited.p50)],
    ['message edited: ms, p95', ...cells(edited.p95)],
    ['memory of the bot, MB', String(after ?? '-'), String(before ?? '-'), ''],
    ['memory of Redis, MB', megabytes(redisBytes.after), megabytes(redisBytes.before), ''],
    ['memory in Redis of each, bytes', redisBytes.perExecution.toFixed(0), '', ''],
    ['  of which plan, text and stack, encrypted', artifactBytes.toFixed(0), '', ''],
  ])
}
