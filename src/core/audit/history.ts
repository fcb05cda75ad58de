import type { AuditLine } from '../audit.ts'
import { argvText, auditText } from '../audit.ts'
import { dayAndClock } from '../judgment.ts'
import { shown } from '../text.ts'

/**
 * Lines of the audit about one execution, oldest first, as people read them. The short commands that a stage ran one after the other
 * become one line, each with its argv, its exit and how long it took.
 */
export function historyLines(lines: readonly AuditLine[]): string[] {
  const groups: AuditLine[][] = []
  for (const line of lines) {
    const before = groups.at(-1)?.at(-1)
    if (before && isSameRow(before, line)) groups.at(-1)?.push(line)
    else groups.push([line])
  }
  return groups.map((group) => (group[0]?.entry.short ? folded(group) : group.map((line) => auditText(line)).join('')))
}

/** What is said of lines that Redis has no more; `files` (`host:path`) have some of them. */
export function goneText(execution: string, gone: readonly number[], files: readonly string[]): string {
  const many = gone.length === 1 ? `Line ${gone[0]} is` : `${gone.length} lines (${gone[0]} to ${gone.at(-1)}) are`
  const where =
    files.length > 0
      ? `${files.map((file) => `\`${file}\``).join(', ')} ${files.length === 1 ? 'has' : 'have'} them: \`npm run crew -- audit show --file <path> --run ${execution}\` there.`
      : 'No audit file is known to have them.'
  return `${many} no longer in Redis. ${where}`
}

function isSameRow({ entry: before }: AuditLine, { entry }: AuditLine): boolean {
  return !!before.short && !!entry.short && before.stage === entry.stage && before.attempt === entry.attempt
}

/** Commands of a stage run one after the other, so that an exit belongs to what ran just before. */
function folded(group: readonly AuditLine[]): string {
  const [first] = group
  const commands = group.flatMap((line, index) => {
    if (line.entry.kind === 'ran') return [ranText(line, group[index + 1])]
    return index === 0 ? [`an end of a command before: ${endText(line)}`] : []
  })
  const last = group.at(-1)
  const seqs = last && last !== first ? `${first?.seq}–${last.seq}` : `${first?.seq}`
  const at = dayAndClock(Date.parse(first?.at ?? ''))
  return `${seqs}. ${at} ${shown(first?.entry.stage ?? '')} also ran ${commands.join('; ')}`
}

function ranText({ at, entry }: AuditLine, next: AuditLine | undefined): string {
  const argv = argvText(entry.argv ?? [])
  if (next?.entry.kind !== 'exited') return `${argv} (*nobody saw its end*)`
  const seconds = (Date.parse(next.at) - Date.parse(at)) / 1000
  return `${argv} (${endText(next)}, ${seconds.toFixed(1)} s)`
}

function endText({ entry: { exitCode, why = '' } }: AuditLine): string {
  if (exitCode === undefined) return `*${why}*`
  return exitCode === 0 ? 'exit 0' : `*exit ${exitCode}*`
}
