import { mkdirSync } from 'node:fs'
import { demoFolder } from '../examples/demo/folder.ts'
import { freePort } from '../examples/demo/parts.ts'
import { createRoster } from '../examples/demo/roster.ts'
import { choosePorts, writeSettings } from '../examples/demo/settings.ts'
import type { SlackMessage } from '../examples/demo/slack-control.ts'
import { type Parts, startParts } from '../examples/demo/start.ts'
import { stopParts } from '../examples/demo/stop.ts'
import { readSite } from '../src/config/site.ts'
import { residentMegabytes } from './memory.ts'
import { scratchFolder } from './processes.ts'
import { approve, isOver, openScreen, type Screen } from './screen.ts'
import { writeSite } from './site.ts'
import { median } from './statistics.ts'
import { byHand } from './terraform.ts'

const PAIRS = 5

/** Milliseconds until one knows what would change, and from the approval until it is done. */
export type JobTimes = { readonly plan: number; readonly apply: number }

type Compared = { readonly groundcrew: number; readonly byHand: number; readonly ratio: number }
export type Job = {
  readonly pairs: number
  readonly plan: Compared
  readonly apply: Compared
  readonly total: Compared
  readonly megabytes: { readonly bot: number | null; readonly worker: number | null }
}

/**
 * Wall time of `/loadtest up small` and a press on Approve the moment it appears, beside the same Terraform commands typed by hand.
 * In pairs, each side first in every other one; what they made is destroyed in between, uncounted.
 */
export async function measureJob(signal: AbortSignal): Promise<Job> {
  await using stack = new AsyncDisposableStack()
  const { screen, typed, parts } = await start(stack, signal)
  const groundcrew: JobTimes[] = []
  const hand: JobTimes[] = []
  for (let pair = 0; pair <= PAIRS; pair++) {
    const turns = [async () => groundcrew.push(await upAndDown(screen)), async () => hand.push(await typed())]
    for (const turn of pair % 2 === 0 ? turns : turns.toReversed()) {
      signal.throwIfAborted()
      await turn()
    }
  }
  const megabytesOf = (name: 'bot' | 'worker') => residentMegabytes(parts.get(name)?.pid ?? 0)
  const megabytes = { bot: megabytesOf('bot'), worker: megabytesOf('worker') }
  // The first pair was the warm-up.
  return { pairs: PAIRS, ...compare(groundcrew.slice(1), hand.slice(1)), megabytes }
}

/** All that the demo runs, in a folder of its own; the site's other environment is the one of the hand. */
async function start(stack: AsyncDisposableStack, signal: AbortSignal) {
  const folder = demoFolder(scratchFolder(stack))
  folder.prepare()
  mkdirSync(folder.instances, { recursive: true, mode: 0o700 })
  const ports = await choosePorts(folder, await freePort())
  const siteFile = writeSite(folder.dir, ['loadtest', 'by-hand'])
  const settings = { ...writeSettings(folder, ports), GROUNDCREW_SITE: siteFile }
  const site = await readSite(siteFile)
  const parts: Parts = new Map()
  const deaths = new AbortController()
  const onDeath = ({ name, how }: { name: string; how: string }) => deaths.abort(new Error(`${name} ended: ${how}.`))
  stack.defer(() => stopParts({ folder, site, parts, settings, say: () => {} }))
  await startParts({ folder, roster: createRoster(folder), parts, ports, settings, signal, onDeath })
  const screen = await openScreen(`http://127.0.0.1:${ports.slack}`, AbortSignal.any([signal, deaths.signal]))
  stack.defer(() => screen.control.close())
  const typed = () => byHand({ environment: site.environments['by-hand'], settings, dir: folder.dir, signal })
  return { screen, typed, parts }
}

async function upAndDown(screen: Screen): Promise<JobTimes> {
  const times = await throughTheBot(screen, 'up small')
  await throughTheBot(screen, 'down')
  return times
}

async function throughTheBot({ control, next }: Screen, text: string): Promise<JobTimes> {
  // Messages of earlier rounds say the same and may still be edited, as when their Extend button goes.
  const earlier = new Set((await control.messages('C01OPS')).map(({ ts }) => ts))
  const isOurs = (message: SlackMessage) =>
    !earlier.has(message.ts) && !message.ephemeral_to && message.text.includes(`\`loadtest ${text}`)
  const asked = performance.now()
  const [plan] = await Promise.all([
    next(`the plan of loadtest ${text}`, (message) => isOurs(message) && Boolean(approve(message) || isOver(message))),
    control.command({ user: 'U01ALICE', channel: 'C01OPS', command: '/loadtest', text }),
  ])
  const button = approve(plan.message)
  if (!button) throw new Error(`Expected a plan to approve, found: ${plan.message.text}`)
  const { ts } = plan.message
  const over = next(`the end of loadtest ${text}`, (message) => message.ts === ts && isOver(message))
  const pressed = performance.now()
  const press = control.press({ user: 'U03CAROL', channel: 'C01OPS', messageTs: ts, action: button })
  const [end] = await Promise.all([over, press])
  if (!/^\S+ succeeded\b/.test(end.message.text)) throw new Error(`Expected it to succeed, found: ${end.message.text}`)
  return { plan: plan.at - asked, apply: end.at - pressed }
}

function compare(groundcrew: readonly JobTimes[], hand: readonly JobTimes[]) {
  const compared = (time: (times: JobTimes) => number): Compared => {
    const [ours, theirs] = [median(groundcrew.map(time)), median(hand.map(time))]
    return { groundcrew: ours, byHand: theirs, ratio: ours / theirs }
  }
  return {
    plan: compared(({ plan }) => plan),
    apply: compared(({ apply }) => apply),
    total: compared(({ plan, apply }) => plan + apply),
  }
}
