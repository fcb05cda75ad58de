import { expect, test } from 'vitest'
import { isClean, runKills, summaryOf } from './suite.ts'

test('whatever is killed, and whenever: nothing is applied twice, lost or said twice, and every execution ends', async () => {
  const lines: string[] = []
  const seed = Number(process.env.SEED ?? 21)
  const totals = await runKills({ seed, kills: 25, perRound: 25, say: (line) => lines.push(line) })
  const summary = summaryOf(totals)
  process.stdout.write(`${summary.join('\n')}\n`)
  expect(isClean(totals), [...lines, ...summary].join('\n')).toBe(true)
}, 300_000)
