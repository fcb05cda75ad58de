import { withoutPasswords } from '../user-info.ts'
import type { Change } from './diff.ts'
import { keyWords } from './keys.ts'
import type { KvPlan } from './plan.ts'
import { massRemovals } from './plan.ts'
import { unifiedDiff } from './unified.ts'
import { changeLine, groupsOf, headlineOf, partLines } from './words.ts'

/** Values up to so many bytes are shown line by line. */
const LONGEST_DIFF = 16 * 1024

/** All of a plan as a file for people. Values of secrets are not in it. */
export function planText(plan: KvPlan): string {
  const mass = massRemovals(plan).map(
    ({ dc, prefix, goes, has }) => `!! ${dc}: removes ${goes} of the ${has} keys below ${prefix}`,
  )
  const lists = groupsOf(plan.parts).flatMap(({ dcs, part }) => {
    if (part.changes.length + part.held.length + part.kept.length === 0) return []
    return [
      '',
      `=== ${dcs.join(', ')} ===`,
      ...part.changes.flatMap(changeText),
      ...part.held.map((key) => `  (not removed, since the hub shows nothing there) ${keyWords(key)}`),
      ...part.kept.map(({ key, why }) => `  (left alone: ${why}) ${keyWords(key)}`),
    ]
  })
  return `${[headlineOf(plan), ...partLines(plan), ...(mass.length > 0 ? ['', ...mass] : []), ...lists].join('\n')}\n`
}

/** One change, and what changed within it where it has several lines. */
function changeText(change: Change): string[] {
  const { secret, text, before, what, kind } = change
  const line = changeLine(change)
  if (secret || kind === 'service') return [line]
  const [from, to] = [before?.text ?? '', text ?? ''].map(withoutPasswords) as [string, string]
  const lined = /\n/.test(`${from}${to}`) && from.length + to.length <= LONGEST_DIFF
  if (!lined || (what === 'change' && before?.text == null)) return [line]
  const diff = unifiedDiff(null, from, to)
    .split('\n')
    .filter((each) => each !== '')
  return [line, ...diff.map((each) => `    ${each}`)]
}
