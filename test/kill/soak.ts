import { parseArgs } from 'node:util'
import { isClean, runKills, summaryOf } from './suite.ts'

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' }, round: { type: 'string' } },
})
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const say = (line: string) => void process.stdout.write(`${line}\n`)

say(`seed ${seed}`)
const round = values.round === undefined ? undefined : Number(values.round)
const totals = await runKills({ seed, kills: Number(values.kills), perRound: 13, round, say })
for (const line of summaryOf(totals)) say(line)
process.exitCode = isClean(totals) ? 0 : 1
