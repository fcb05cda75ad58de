import { expect, test } from 'vitest'
import { isClean } from './alerts/faults.ts'
import { runKills } from './alerts/suite.ts'
import { summaryOf } from './alerts/totals.ts'

test('whatever is killed, and whenever: no alert is lost, said twice or called resolved while it is bad', async () => {
  const lines: string[] = []
  const seed = Number(process.env.SEED ?? 7)
  const totals = await runKills({ seed, kills: 10, perRound: 10, hurry: true, say: (line) => lines.push(line) })
  const summary = summaryOf(totals)
  process.stdout.write(`${summary.join('\n')}\n`)
  expect(isClean(totals.faults), [...lines, ...summary].join('\n')).toBe(true)
}, 240_000)
