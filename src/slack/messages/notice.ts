import type { ApplyReport, Diagnostic } from '../../core/apply.ts'
import { applyHeadline, describeFailed, nextStep } from '../../core/apply.ts'
import type { PlanSummary } from '../../core/plan.ts'
import { describeChange, describePlanned, headline, isRisky } from '../../core/plan.ts'
import type { Message } from '../limits.ts'
import { context, finished, listed, section } from './blocks.ts'
import { code, link, people, plain } from './text.ts'

/** A Terraform run that was none of the bot's: what a CI says about it, in the words of the bot. All of it is masked already. */
export type Notice = {
  readonly word: 'planned' | 'no changes' | 'applied' | 'failed'
  readonly line: string
  readonly headline: string
  readonly lists: readonly { readonly title: string; readonly lines: readonly string[] }[]
  readonly next?: string | undefined
  readonly job: { readonly name: string; readonly url: string } | null
}

const EMOJI: Record<Notice['word'], string> = { planned: '🔍', 'no changes': '✅', applied: '✅', failed: '❌' }
const MOST_LINES = 12

/** Headline first, then what has to be looked at, then the rest; the page of the job last. */
export function noticeMessage({ word, line, headline, lists, next, job }: Notice): Message {
  const first = `${EMOJI[word]} *${word}*: ${code(line)}${job ? ` in ${link(job.url, job.name)}` : ''}`
  const blocks = [
    section(first, `*${plain(headline, 500)}*`),
    ...lists.map(({ title, lines }) => section(...(title ? [title] : []), ...listed(lines, MOST_LINES))),
    ...(next ? [section(`*Next*: ${people(next)}`)] : []),
    context('Reported by `crew notify`; nobody was asked and nothing was locked by the bot.'),
  ]
  const text = `${word}: ${line}. ${plain(headline)}`
  return finished({ text, blocks }, { first: 'notice', prefix: 'notice' })
}

type Run = { readonly exitCode: number; readonly mask: (text: string) => string }

/** `summary` is null where there is no plan to read: it failed, or Terraform would not show it. */
export function noticeOfPlan(
  line: string,
  summary: PlanSummary | null,
  { exitCode, diagnostics, mask }: Run & { diagnostics: readonly Diagnostic[] },
): Omit<Notice, 'job'> {
  if (!summary || summary.errored) {
    const said = diagnostics
      .slice(0, 5)
      .map(({ summary, address }) => code(mask(address ? `${address}: ${summary}` : summary), 300))
    const why =
      exitCode === 0 || exitCode === 2
        ? 'The plan was made, but could not be read.'
        : `The plan failed (exit ${exitCode}).`
    return { word: 'failed', line, headline: why, lists: said.length > 0 ? [{ title: '', lines: said }] : [] }
  }
  const risky = summary.changes.filter(isRisky)
  const others = summary.changes.filter((change) => !isRisky(change))
  const lines = [
    ...risky.map((change) => `⚠️ ${code(mask(describePlanned(change)))}`),
    ...others.map((change) => `• ${code(mask(describePlanned(change)))}`),
  ]
  return {
    word: summary.needsApply ? 'planned' : 'no changes',
    line,
    headline: mask(headline(summary)),
    lists: lines.length > 0 ? [{ title: '', lines }] : [],
  }
}

/** Three lists where it did not succeed: done, failed or tainted, never started. */
export function noticeOfApply(line: string, report: ApplyReport, { exitCode, mask }: Run): Omit<Notice, 'job'> {
  const words = (changes: ApplyReport['done'], describe: typeof describePlanned) =>
    changes.map((change) => code(mask(describe(change))))
  const list = (title: string, lines: readonly string[]) => ({ title: `*${title}*: ${lines.length || 'none'}`, lines })
  const failed = report.failed.map((each) => code(mask(`${each.change.address}: ${describeFailed(each)}`), 300))
  const well = exitCode === 0
  return {
    word: well ? 'applied' : 'failed',
    line,
    headline: mask(applyHeadline(report)),
    lists: [
      list('✅ Done', words(report.done, describeChange)),
      ...(well
        ? []
        : [
            list('❌ Failed or tainted', failed),
            list('▫️ Never started', words([...report.notStarted, ...report.unreported], describePlanned)),
          ]),
    ],
    next: well ? undefined : (nextStep(report) ?? undefined),
  }
}
