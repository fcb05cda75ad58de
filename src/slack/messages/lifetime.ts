import { nameOf } from '../../core/actor.ts'
import type { EnvironmentRecord, Lifetime } from '../../core/environment.ts'
import { mayExtend } from '../../core/environment.ts'
import { dayAndClock, peopleText } from '../../core/judgment.ts'
import type { Message } from '../limits.ts'
import { actions, finished, section } from './blocks.ts'
import { extendButton } from './buttons.ts'
import { code, link, people, plain } from './text.ts'
import type { ExecutionView } from './view.ts'
import { stagesOf } from './view.ts'

/** The lifetime that this execution began, while it runs. */
export function lifetimeOf({ execution, environment }: ExecutionView): Lifetime | null {
  const lifetime = environment?.lifetime ?? null
  return lifetime?.execution === execution.id ? lifetime : null
}

/** `Up until 2026-11-20 21:42 UTC (--for 4h)`, or what will be begun with the apply. */
export function lifetimeLine(view: ExecutionView): string | null {
  const lifetime = lifetimeOf(view)
  const wanted = view.execution.lifetime
  if (lifetime?.ending) {
    const url = view.runsLink?.(lifetime.ending)
    const shown = url ? link(url, lifetime.ending) : code(lifetime.ending)
    return `⏰ Its time is over: it is being taken down by ${shown}`
  }
  if (!lifetime) return null
  const more = lifetime.extendedBy.length > 0 ? `extended by ${namesOf(lifetime)}` : ''
  const about = [wanted && `--for ${plain(wanted)}`, more].filter(Boolean).join(', ')
  return `⏰ Up until ${dayAndClock(lifetime.endsAt)}${about ? ` (${about})` : ''}`
}

/** What an approver agrees to besides the plan. */
export function lifetimeAhead({ execution }: ExecutionView): string[] {
  const begun = stagesOf(execution, 'terraform.apply').every((stage) => stage.startedAt !== null)
  if (!execution.lifetime || begun) return []
  const after = plain(execution.lifetime)
  return [`Approving it also approves that it is taken down again ${after} after the apply starts (--for ${after}).`]
}

/** Says before a lifetime ends that it will; afterwards the same message says what became of it, without a button. */
export function warningMessage({ environment, id }: { environment: EnvironmentRecord; id: string }): Message {
  const { lifetime } = environment
  const line = warningLine(environment, id)
  const live = lifetime?.id === id && mayExtend(lifetime)
  const blocks = [section(line), ...actions(live ? [extendButton(lifetime, environment.name)] : [])]
  const name = `warning-${id}`
  return finished(
    { text: line, blocks },
    { first: `${name}-v${environment.version}`, prefix: `${name}-${environment.version}` },
  )
}

function warningLine(environment: EnvironmentRecord, id: string): string {
  const { lifetime, last } = environment
  const name = `*${plain(environment.name)}*`
  if (!lifetime) {
    if (last && !last.up) return `⬇️ ${name} is down since ${dayAndClock(last.at)}, by ${code(last.line)}`
    return `⏰ ${name} has no time limit any more; the clock does not take it down`
  }
  if (lifetime.ending) return `⬇️ ${name}: the time is over, it is being taken down by ${code(lifetime.ending)}`
  const end = dayAndClock(lifetime.endsAt)
  const asked = people(`asked by ${peopleText(lifetime.askers)}`)
  if (lifetime.id === id) return `⏰ ${name} will be taken down at ${end}, ${asked}`
  if (!belongs(id, lifetime)) return `⏰ ${name} has a new time limit: up until ${end}, ${asked}`
  return `✅ ${name} stays up: extended until ${end} by ${namesOf(lifetime)}`
}

/** Whether the warning was about an earlier end of this same lifetime. */
function belongs(id: string, { execution }: Lifetime): boolean {
  return id === execution || id.startsWith(`${execution}-x`)
}

function namesOf({ extendedBy }: Lifetime): string {
  return people([...new Set(extendedBy.map(nameOf))].join(', '))
}
