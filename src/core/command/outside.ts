import { UserError } from '../../errors.ts'
import { words } from '../text.ts'

/** A line without `--outside-window --why "..."`, and why it was there; `why` is null where it was not. */
export type Outside = { readonly text: string; readonly why: string | null }

const FLAG = '--outside-window'

/**
 * Takes the two flags off a line that any workflow understands. `--why` is taken with the other one only: some commands have one of their own.
 * Quoted words are values and stay. Throws a `UserError` where no reason is given.
 */
export function takeOutside(text: string): Outside {
  if (!text.includes(FLAG)) return { text, why: null }
  const all = words(text)
  const flag = all.find(({ text: word, quoted }) => !quoted && word === FLAG)
  if (!flag) return { text, why: null }
  const at = all.findIndex(({ text: word, quoted }) => !quoted && /^--why(=|$)/.test(word))
  const why = all[at]
  const value = why?.text.startsWith('--why=') ? { ...why, text: why.text.slice('--why='.length) } : all[at + 1]
  if (!why || !value || (value !== why && !value.quoted && value.text.startsWith('--')) || !value.text.trim())
    throw new UserError(`\`${FLAG}\` needs a reason: \`${FLAG} --why "the site is down"\`. It is recorded.`)
  const gone = [flag, { start: why.start, end: value.end }].sort((one, other) => other.start - one.start)
  const rest = gone.reduce((left, { start, end }) => `${left.slice(0, start).trimEnd()}${left.slice(end)}`, text)
  return { text: rest.trim(), why: value.text.trim() }
}
