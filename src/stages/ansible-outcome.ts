import type { Fields, Outcome, ProcessEnd } from '../core/workflow.ts'
import type { Recap } from '../tools/ansible.ts'
import { brokenIn, sumOf } from '../tools/ansible.ts'

type Played = { readonly name: string; readonly timeout: string }
type Left = Readonly<{ recap: Recap | null; log: string; asked: boolean; host: string; said: string }>

/** What a shell says of a program that it does not find (POSIX, 2.8.2). */
const NOT_FOUND = 127

/** How a playbook ended, from its exit code and the recap of our callback. `said`: what Ansible said where it came to no host. */
export function outcomeOf(
  { name, timeout }: Played,
  end: ProcessEnd,
  { recap, log, asked, host, said }: Left,
): Outcome {
  if (end.end === 'never-started')
    return asked
      ? { kind: 'canceled', why: `The playbook ${name} had not begun yet.` }
      : { kind: 'failed', error: `The playbook ${name} never began: its worker died just before. Ask again.` }
  const output: Fields = { ...(recap ? sumOf(recap) : {}), files: [log] }
  if (end.timedOut)
    return {
      kind: 'failed',
      error: `The playbook ${name} did not end within ${timeout} and was killed. What it did stays.`,
      output,
    }
  if (end.end === 'vanished') {
    const why = `The playbook ${name} ended without a trace: it was killed, or the machine was restarted. What it did is not known.`
    return { kind: 'unknown', why, output: { ...output, vanished: true } }
  }
  const none = recap && Object.keys(recap).length === 0
  if (end.exitCode === 0 && none)
    return {
      kind: 'failed',
      error: `The playbook ${name} has no play for these hosts; say \`hosts: all\` in it.`,
      output,
    }
  if (end.exitCode === 0 && recap) return { kind: 'succeeded', output }
  if (asked) return { kind: 'canceled', why: `The playbook ${name} was interrupted.`, output }
  if (end.exitCode === NOT_FOUND && !recap)
    return {
      kind: 'failed',
      error: `ansible-playbook is not on the PATH of the worker on ${host}. Install ansible-core there.`,
      output,
    }
  const failed = recap ? brokenIn(recap) : []
  const on = failed.length > 0 ? ` It failed on ${failed.join(', ')}.` : said ? `\n${said}` : ' See its log.'
  return { kind: 'failed', error: `The playbook ${name} ended with exit code ${end.exitCode}.${on}`, output }
}
