import type { Actor } from '../core/actor.ts'
import { idOf } from '../core/actor.ts'
import type { Execution } from '../core/execution.ts'
import { stageOf } from '../core/execution.ts'
import type { Deadline } from '../core/workflow.ts'
import { writeAsked } from './audit.ts'
import type { Pressed } from './deeds.ts'
import type { CrewParts } from './parts.ts'
import { existing, pressOf, refusing, tell } from './press.ts'

/** Who asked takes it back. Throws a `UserError` for anybody else, and once something was changed. */
export async function withdraw(
  parts: CrewParts,
  pressed: Pressed,
  by: Actor,
  request: string,
  until?: Deadline,
): Promise<Execution> {
  const execution = await existing(parts, pressed.execution)
  const press = { actor: by, what: 'withdraw', request, until }
  const refuse = refusing(parts, execution, press)
  if (!execution.askers.includes(idOf(by))) return refuse('Only who asked for it may withdraw it.')
  const stage = stageOf(execution, pressed.stage)
  if (stage && stage.attempt !== pressed.attempt) return refuse('This button is out of date. Look at the message.')
  await writeAsked(parts.audit, { kind: 'asked', ...pressOf(execution, by, 'withdraw') }, request)
  const done = await tell(parts, execution, { type: 'withdrawn', by }, press)
  if (!done.changed && done.refused) return refuse(done.refused)
  return done.execution
}
