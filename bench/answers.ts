import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { root } from '../examples/demo/parts/program.ts'
import { startRedis, startSlack } from '../examples/demo/parts.ts'
import { slackFile } from '../examples/demo/settings.ts'
import { residentMegabytes } from './memory.ts'
import { held, scratchFolder, startScript } from './processes.ts'
import { openScreen, type Screen } from './screen.ts'
import { laneCounter, lanes, writeSite } from './site.ts'
import { type Percentiles, percentiles, ratioOf } from './statistics.ts'

const WARM_UP = 20
const COMMANDS = 200
const AT_ONCE = 50

/** Ours and the baseline take turns, each first in every other one, so that whatever else the machine does meets both. */
const TURNS = 4
const COMMANDS_A_TURN = COMMANDS / TURNS

type Side = { readonly screen: Screen; readonly pid: number }
type Sides = { readonly groundcrew: Side; readonly bareBolt: Side }
type Name = keyof Sides

/** Milliseconds of one command: until the app had acknowledged it, until its message stood on the page. */
type Times = { readonly ack: number; readonly message: number }
type Block = { readonly times: readonly Times[]; readonly took: number }

type Compared<T> = { readonly groundcrew: T; readonly bareBolt: T; readonly ratio: T }
type Figures = {
  readonly ack: Compared<Percentiles>
  readonly message: Compared<Percentiles>
  readonly perSecond: Compared<number>
}
export type Answers = {
  readonly commands: number
  readonly inARow: Figures
  readonly atOnce: Figures & { readonly burst: number }
  readonly megabytes: { readonly groundcrew: number | null; readonly bareBolt: number | null }
}

/**
 * How long people wait for an answer, beside the least that a bot on Bolt can do. Each command starts an execution in an
 * environment of its own; no worker runs, so that none of them takes the processor away from the next.
 */
export async function measureAnswers(signal: AbortSignal): Promise<Answers> {
  await using stack = new AsyncDisposableStack()
  const sides = await start(stack, signal)
  const lane = laneCounter()
  for (const name of names) {
    await takeTurn(sides[name], lane, { commands: WARM_UP, atOnce: 1 })
    await takeTurn(sides[name], lane, { commands: AT_ONCE, atOnce: AT_ONCE })
  }
  const inARow = await compare(sides, lane, 1)
  const atOnce = await compare(sides, lane, AT_ONCE)
  const megabytes = {
    groundcrew: residentMegabytes(sides.groundcrew.pid),
    bareBolt: residentMegabytes(sides.bareBolt.pid),
  }
  return { commands: COMMANDS, inARow, atOnce: { ...atOnce, burst: AT_ONCE }, megabytes }
}

const names: readonly Name[] = ['groundcrew', 'bareBolt']

/** The bot with its Redis, and bare Bolt, each on a local-slack of its own. */
async function start(stack: AsyncDisposableStack, signal: AbortSignal): Promise<Sides> {
  const dir = scratchFolder(stack)
  const slack = (name: Name) => held(stack, startSlack({ dir: join(dir, name), config: slackFile, detached: true }))
  const [redis, ours, theirs] = await Promise.all([
    held(stack, startRedis({ dir: join(dir, 'redis'), detached: true })),
    slack('groundcrew'),
    slack('bareBolt'),
  ])
  const tokens = (apiUrl: string) => ({
    SLACK_API_URL: apiUrl,
    SLACK_BOT_TOKEN: 'xoxb-demo',
    SLACK_APP_TOKEN: 'xapp-demo',
  })
  const settings = {
    ...tokens(ours.apiUrl),
    REDIS_URL: redis.url,
    GROUNDCREW_SITE: writeSite(dir, ['loadtest', ...lanes(2 * (WARM_UP + AT_ONCE + 2 * COMMANDS))]),
    GROUNDCREW_COMMANDS: ['commands', 'bench/commands'].map((folder) => join(root, folder)).join(','),
    GROUNDCREW_WORK_DIR: join(dir, 'work'),
    GROUNDCREW_HTTP_PORT: '0',
    GROUNDCREW_ARTIFACT_KEY: randomBytes(32).toString('hex'),
  }
  const bare = { name: 'bare-bolt', file: 'bench/bare-bolt.ts', ready: 'bare Bolt ready', env: tokens(theirs.apiUrl) }
  const [bot, baseline] = await Promise.all([
    held(stack, startScript({ name: 'bot', file: 'src/bot.ts', ready: '"msg":"bot ready"', env: settings }, dir)),
    held(stack, startScript(bare, dir)),
  ])
  const [groundcrew, bareBolt] = await Promise.all([ours, theirs].map(({ url }) => openScreen(url, signal)))
  if (!groundcrew || !bareBolt) throw new Error('local-slack has no page.')
  stack.defer(() => Promise.all([groundcrew, bareBolt].map(({ control }) => control.close())).then(() => {}))
  return { groundcrew: { screen: groundcrew, pid: bot.pid }, bareBolt: { screen: bareBolt, pid: baseline.pid } }
}

async function compare(sides: Sides, lane: () => string, atOnce: number): Promise<Figures> {
  const blocks = { groundcrew: [] as Block[], bareBolt: [] as Block[] }
  for (let turn = 0; turn < TURNS; turn++) {
    for (const name of turn % 2 === 0 ? names : names.toReversed()) {
      blocks[name].push(await takeTurn(sides[name], lane, { commands: COMMANDS_A_TURN, atOnce }))
    }
  }
  const of = (time: keyof Times, name: Name) =>
    percentiles(blocks[name].flatMap(({ times }) => times.map((each) => each[time])))
  const compared = (time: keyof Times) => {
    const [groundcrew, bareBolt] = [of(time, 'groundcrew'), of(time, 'bareBolt')]
    return { groundcrew, bareBolt, ratio: ratioOf(groundcrew, bareBolt) }
  }
  const perSecond = (name: Name) => COMMANDS / (blocks[name].reduce((sum, { took }) => sum + took, 0) / 1000)
  const [ours, theirs] = [perSecond('groundcrew'), perSecond('bareBolt')]
  return {
    ack: compared('ack'),
    message: compared('message'),
    perSecond: { groundcrew: ours, bareBolt: theirs, ratio: ours / theirs },
  }
}

type Turn = { readonly commands: number; readonly atOnce: number }

/**
 * One side's turn: bursts of so many at once, the next one when all of the last are answered. (Were each answer followed by a new
 * command, the slower side would have fewer of them waiting for their acknowledgement and look quicker than it is.) It ends when
 * the page stands still, so that its last edits do not slow the other side down.
 */
async function takeTurn({ screen }: Side, lane: () => string, { commands, atOnce }: Turn): Promise<Block> {
  const times: Times[] = []
  const began = performance.now()
  for (let sent = 0; sent < commands; sent += atOnce) {
    times.push(...(await Promise.all(Array.from({ length: atOnce }, () => ask(screen, lane())))))
  }
  const took = performance.now() - began
  await screen.quiet()
  return { times, took }
}

async function ask({ control, next }: Screen, lane: string): Promise<Times> {
  const text = `start ${lane}`
  const began = performance.now()
  const shown = next(`the message of \`${text}\``, (message) => !message.ephemeral_to && message.text.includes(text))
  const acked = control
    .command({ user: 'U01ALICE', channel: 'C01OPS', command: '/crew', text })
    .then(() => performance.now() - began)
  const [ack, { at }] = await Promise.all([acked, shown])
  return { ack, message: at - began }
}
