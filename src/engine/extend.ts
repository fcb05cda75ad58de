import { randomUUID } from 'node:crypto'
import { decide } from '../core/access.ts'
import type { EnvironmentRecord } from '../core/environment.ts'
import { dayAndClock } from '../core/judgment.ts'
import { environmentNamed } from '../core/target.ts'
import type { Asked } from '../core/workflow.ts'
import { recordLate, writeAsked } from './audit.ts'
import { extendLifetime, notExtended } from './lifetimes.ts'
import type { CrewParts } from './parts.ts'
import { existing, pressOf, refusing } from './press.ts'

/** More time for an environment. It needs the right to run the command that began its time. */
export async function extend(parts: CrewParts, lifetimeId: string, execution: string, asked: Asked): Promise<string> {
  const name = (await existing(parts, execution)).environment ?? ''
  const settings = environmentNamed(parts.site, name)
  const request = asked.request ?? randomUUID()
  const key = `extend:${request}`
  if (await parts.store.seen(key)) return extendedText(await parts.store.environment(name))
  const { lifetime } = await parts.store.environment(name)
  if (lifetime?.id !== lifetimeId) throw notExtended(name, lifetime)
  const begun = await existing(parts, lifetime.execution)
  const { command, allow, args } = begun
  const decision = decide(parts.site, asked.roles, { command, allow, args, environment: settings.name })
  const [{ actor, until }, what] = [asked, 'extend']
  if (!decision.allowed) return refusing(parts, begun, { actor, what, request })(decision.why)
  const about = { ...pressOf(begun, actor, what), rule: decision.rule }
  await writeAsked(parts.audit, { kind: 'asked', ...about }, request)
  const longer = () => extendLifetime(parts, name, actor, { key, value: lifetimeId, until, under: asked.glass })
  const changed = await recordLate(parts.audit, about, request, longer)
  parts.kick()
  return extendedText(changed)
}

function extendedText({ name, lifetime }: EnvironmentRecord): string {
  const until = lifetime ? dayAndClock(lifetime.endsAt) : 'unknown'
  return `${name} stays up until ${until}. You count as one of its askers now, so you cannot approve what happens when it ends.`
}
