import { createGlassClock } from '../engine/break-glass/clock.ts'
import type { Perform } from '../engine/effects.ts'
import { createSweeper } from '../engine/effects.ts'
import { createCatchUp } from '../engine/kv-catch-up.ts'
import { createClock } from '../engine/schedule-clock.ts'
import { createStepReport } from '../engine/step-report.ts'
import type { secretsOf } from '../http/server.ts'
import type { BotParts } from './parts.ts'

/** What is due for bots alone: what the clock starts needs the commands, and a report its secret. */
export function startClock({ engine, parts, crew, log }: BotParts, secret: ReturnType<typeof secretsOf>) {
  const { redis, keys, now } = engine
  const [byClock, reports] = [createClock(parts, crew), createStepReport({ ...parts, log, secret })]
  const ends = createGlassClock(parts)
  const catchUp = createCatchUp({ ...parts, log }, crew)
  const performs: Perform = (effect, looks) =>
    (({ report: reports, glass: ends, 'kv-catch-up': catchUp })[effect.do as string] ?? byClock)(effect, looks)
  return createSweeper(redis, { due: keys.dueForBots, effects: keys.effects }, performs, now, log)
}
