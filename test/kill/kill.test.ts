import { expect, test } from 'vitest'
import { runKills } from './suite.ts'
import { isClean, summaryOf } from './totals.ts'

test('whatever is killed, and whenever: nothing is applied twice, lost or said twice, and every execution ends', async () => {
  const lines: string[] = []
  const seed = Number(process.env.SEED ?? 43)
  const say = (line: string) => lines.push(line)
  const totals = await runKills({ seed, kills: 8, perRound: 8, pace: 'quick', alone: true, holds: [0, 2, 5], say })
  const summary = summaryOf(totals)
  process.stdout.write(`${summary.join('\n')}\n`)
  expect(isClean(totals), [...lines, ...summary].join('\n')).toBe(true)
}, 300_000)
