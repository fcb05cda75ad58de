import { parseArgs } from 'node:util'
import { soakAlerts } from './alerts/soak.ts'
import { KILLS_OF_ROUND } from './choices.ts'
import { missedIn } from './coverage.ts'
import { runKills } from './suite.ts'
import { isClean, summaryOf, sumOf, type Totals } from './totals.ts'
import { type PaceName, paces } from './town.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string' },
    'per-round': { type: 'string', default: '4' },
    seed: { type: 'string' },
    round: { type: 'string' },
    pace: { type: 'string' },
  },
})
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const [suite = 'executions'] = positionals
const kills = Number(values.kills ?? (suite === 'alerts' ? 100 : 200))
const say = (line: string) => void process.stdout.write(`${line}\n`)

/** With this many, every step of the main job has to be among them. */
const ENOUGH_FOR_ALL = 200
/** The part of a run that has a site as in production, where the dead are noticed later. */
const PRODUCTION_SHARE = 0.25

function paceOf(text: string): PaceName {
  if (text in paces) return text as PaceName
  throw new Error(`Expected --pace ${Object.keys(paces).join(' or ')}, found ${text}.`)
}

async function run(pace: PaceName, count: number, from: number): Promise<Totals> {
  say(`site: ${pace}`)
  const alone = values.round !== undefined
  return runKills({ seed, kills: count, perRound: KILLS_OF_ROUND, pace, from, alone, say })
}

async function all(): Promise<Totals> {
  if (values.pace || values.round) return run(paceOf(values.pace ?? 'quick'), kills, Number(values.round ?? 0))
  const slow = Math.round(kills * PRODUCTION_SHARE)
  const quick = await run('quick', kills - slow, 0)
  return isClean(quick) ? sumOf(quick, await run('production', kills - quick.kills, quick.rounds)) : quick
}

async function soakExecutions(): Promise<boolean> {
  say(`seed ${seed}`)
  const totals = await all()
  const missed = kills >= ENOUGH_FOR_ALL && isClean(totals) ? missedIn(totals.struck) : []
  for (const line of summaryOf(totals)) say(line)
  if (missed.length > 0) say(`No kill struck at: ${missed.join(', ')}. The run says nothing about them, so it failed.`)
  return isClean(totals) && missed.length === 0
}

/** `npm run soak -- alerts`, or without a word the executions. */
const suites: Readonly<Record<string, () => Promise<boolean>>> = {
  executions: soakExecutions,
  alerts: () => soakAlerts(kills, seed, Number(values['per-round'])),
}
// Nothing that was started outlives a run that is broken off.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const soak = suites[suite]
if (!soak) throw new Error(`Expected ${Object.keys(suites).join(' or ')}, found ${suite}.`)
process.exitCode = (await soak()) ? 0 : 1
