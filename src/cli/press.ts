import { randomUUID } from 'node:crypto'
import type { Actor } from '../core/actor.ts'
import { offers } from '../core/look.ts'
import { cancel, choose, moveWait, nextStepOf } from '../engine/deeds.ts'
import { extend } from '../engine/extend.ts'
import { judge, mayStillJudge } from '../engine/judge.ts'
import { withdraw } from '../engine/withdraw.ts'
import { UserError } from '../errors.ts'
import type { Press } from '../slack/messages.ts'
import { readButtonValue } from '../slack/messages.ts'
import type { LiveButton } from './board.ts'
import type { OpenCrew } from './crew.ts'
import { inTime } from './crew.ts'

/** What pressing leads to: something to say, or a question whose answer decides. */
export type Pressed =
  | { readonly kind: 'done'; readonly said: string | null }
  | { readonly kind: 'question'; readonly text: string; answer(text: string): Promise<Pressed> }

const done = (said: string | null = null): Pressed => ({ kind: 'done', said })

/**
 * A button, pressed by number: the same deeds with the same checks as a click. In a terminal everything is asked once more that
 * Slack asks once more; a script on a pipe is asked only before a stop by force.
 */
export async function press(
  opened: OpenCrew,
  button: LiveButton,
  who: { readonly actor: Actor; readonly atTerminal: boolean },
): Promise<Pressed> {
  const target = readButtonValue(button.value)
  if (!target) throw new UserError('This button is none of mine. Look at the newest message of this execution.')
  const act = () => deed(opened, button.actionId, target, who.actor)
  const { confirm } = button
  if (!confirm || !(who.atTerminal || button.actionId.startsWith('execution.force'))) return act()
  return {
    kind: 'question',
    text: `${confirm.title?.text ?? button.label} ${confirm.text.text} [yes/no]`,
    answer: async (text) =>
      /^y(es)?$/i.test(text.trim()) ? act() : done(`Nothing was done: ${button.label} was not confirmed.`),
  }
}

async function deed(opened: OpenCrew, actionId: string, target: Press, actor: Actor): Promise<Pressed> {
  const { parts, asked } = opened
  const request = `shell:${randomUUID()}`
  const is = (action: string) => actionId.startsWith(action)
  if (is('judgment.approve')) {
    await judge(parts, { ...target, decision: 'approved' }, actor, request, inTime())
    return done()
  }
  if (is('judgment.reject')) {
    await mayStillJudge(parts, target, actor)
    return { kind: 'question', text: 'Why?', answer: (reason) => reject(opened, target, actor, reason.trim()) }
  }
  if (is('judgment.withdraw')) {
    await withdraw(parts, target, actor, request, inTime())
    return done()
  }
  if (is('execution.cancel') || is('execution.force')) {
    await cancel(parts, target.execution, await asked(actor), { request, force: is('execution.force') })
    return done()
  }
  if (is('execution.extend')) return done(await extend(parts, target.stage, target.execution, await asked(actor)))
  if (is('wait.')) {
    await moveWait(parts, { ...target, to: is('wait.now') ? 'now' : 'later' }, await asked(actor), request)
    return done()
  }
  if (is('command.run')) return done(`Type it: ${await nextStepOf(parts, target)}`)
  const offer = offers.find((each) => actionId === `unknown.${each}`)
  if (offer) {
    await choose(parts, target.execution, { offer, attempt: target.attempt }, await asked(actor), request)
    return done()
  }
  throw new UserError('The shell does not know what this button does. Press it in Slack.')
}

async function reject({ parts }: OpenCrew, target: Press, actor: Actor, reason: string): Promise<Pressed> {
  if (!reason) return done('Not rejected: say why in a few words when you are asked.')
  await judge(parts, { ...target, decision: 'rejected', reason }, actor, `shell:${randomUUID()}`, inTime())
  return done()
}
