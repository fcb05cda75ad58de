import { isClean } from './faults.ts'
import { runKills } from './suite.ts'
import { summaryOf } from './totals.ts'

/** Kills around alerts, for as long as you like; the last line says what came of it. True where all of its counts are 0. */
export async function soakAlerts(kills: number, seed: number, perRound: number): Promise<boolean> {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  say(`seed ${seed}`)
  const totals = await runKills({ seed, kills, perRound, say })
  summaryOf(totals).forEach(say)
  return isClean(totals.faults)
}
