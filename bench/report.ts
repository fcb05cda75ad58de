import type { Answers } from './answers.ts'
import type { Job } from './job.ts'
import type { Percentiles } from './statistics.ts'
import { table } from './table.ts'

/** The results as people read them: every figure beside its baseline, measured in the same run. */
export function answersReport({ commands, inARow, atOnce, megabytes }: Answers): string {
  const rows = [
    ['milliseconds, p50 / p95 / p99', 'Groundcrew', 'bare Bolt', 'ratio'],
    ...[
      { load: `${commands} in a row`, figures: inARow },
      { load: `${commands}, ${atOnce.burst} at once`, figures: atOnce },
    ].flatMap(({ load, figures }) => [
      [`${load}: acknowledgement`, ...three(figures.ack)],
      [`${load}: first message`, ...three(figures.message)],
      [`${load}: commands a second`, ...one(figures.perSecond)],
    ]),
    ['memory of the bot, MB', shown(megabytes.groundcrew), shown(megabytes.bareBolt), ''],
  ]
  return table(rows)
}

function three(compared: { groundcrew: Percentiles; bareBolt: Percentiles; ratio: Percentiles }): string[] {
  const { groundcrew, bareBolt, ratio } = compared
  const text = ({ p50, p95, p99 }: Percentiles, after: string) =>
    [p50, p95, p99].map((value) => value.toFixed(1) + after).join(' / ')
  return [text(groundcrew, ''), text(bareBolt, ''), text(ratio, 'x')]
}

function one({ groundcrew, bareBolt, ratio }: { groundcrew: number; bareBolt: number; ratio: number }): string[] {
  return [groundcrew.toFixed(0), bareBolt.toFixed(0), `${ratio.toFixed(2)}x`]
}

export function jobReport({ pairs, plan, apply, total, megabytes }: Job): string {
  const rows = [
    [`seconds, median of ${pairs}`, 'Groundcrew', 'by hand', 'ratio'],
    ...[
      { what: 'init, plan and show: until it can be approved', times: plan },
      { what: 'apply: from the approval until it has succeeded', times: apply },
      { what: 'both', times: total },
    ].map(({ what, times: { groundcrew, byHand, ratio } }) => [
      what,
      (groundcrew / 1000).toFixed(2),
      (byHand / 1000).toFixed(2),
      `${ratio.toFixed(2)}x`,
    ]),
    ['memory of bot + worker, MB', `${shown(megabytes.bot)} + ${shown(megabytes.worker)}`, '', ''],
  ]
  return table(rows)
}

function shown(megabytes: number | null): string {
  return megabytes === null ? '-' : String(megabytes)
}
