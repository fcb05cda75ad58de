import type { z } from 'zod'
import { shown } from '../text.ts'
import type { Argument } from './arguments.ts'
import { labelOf } from './arguments.ts'
import { isDuration } from './schema.ts'
import { didYouMean, nearest } from './suggest.ts'

/** A typed value, read: `text` as it stands in the canonical line, `input` as the schema takes it, `value` as it comes out. */
export type Reading =
  | { readonly ok: true; readonly text: string; readonly input: unknown; readonly value: unknown }
  | { readonly ok: false; readonly message: string; readonly suggestions: readonly string[] }

/** Text -> the checked value of an argument. Nothing is guessed: `2x` is no number, and `Small` is not `small`. */
export function readValue(argument: Argument, schema: z.ZodType, given: string): Reading {
  const text = ['text', 'rest'].includes(argument.kind) ? given : given.trim()
  const input = convert(argument, text)
  if (input === undefined) return wrong(argument, text)
  const checked = schema.safeParse(input)
  if (checked.success) return { ok: true, text, input, value: checked.data }
  const said = checked.error.issues.filter((issue) => argument.kind === 'text' || issue.code === 'custom')
  return wrong(argument, text, said.map(wordsOf).join('; '))
}

/** What Zod says by itself of a length is for programmers; a message of the schema's own stands. */
function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small' && issue.message.startsWith('Too small'))
    return issue.minimum === 1 ? 'expected some text' : `expected at least ${issue.minimum} characters`
  if (issue.code === 'too_big' && issue.message.startsWith('Too big'))
    return `expected at most ${issue.maximum} characters`
  return issue.message
}

function convert(argument: Argument, text: string): string | number | boolean | undefined {
  if (argument.kind === 'number') return isNumber(text) ? Number(text) + 0 : undefined
  if (argument.kind === 'duration') return isDuration(text) ? text : undefined
  if (argument.choices && !argument.choices.includes(text)) return undefined
  return argument.kind === 'boolean' ? text === 'true' : text
}

/** Decimal digits as people write them; `1e3`, `0x10`, `+5` and `007` are more likely slips. */
function isNumber(text: string): boolean {
  return /^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/.test(text)
}

function wrong(argument: Argument, text: string, said = ''): Reading {
  const suggestions = suggestionsFor(argument, text)
  const expected = said || `expected ${argument.expected}`
  const isName = argument.kind === 'user' && suggestions.length === 0 && /^@?[a-z]/i.test(text)
  const hint = isName ? ' A name is not enough: pick the person from the list that Slack shows after `@`.' : ''
  const message = `${shown(text)} is no value for \`${labelOf(argument)}\`: ${expected}.${didYouMean(suggestions)}${hint}`
  return { ok: false, message, suggestions }
}

function suggestionsFor(argument: Argument, text: string): string[] {
  if (argument.choices) return nearest(text, argument.choices)
  if (argument.kind === 'user') return idIn(text)
  if (argument.kind !== 'duration') return []
  const short = text
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(/(\d)(d|h|m|s)(ays?|(?:ou)?rs?|in(?:ute)?s?|ec(?:ond)?s?)?(?=\d|$)/g, '$1$2')
  return short !== text && isDuration(short) ? [short] : []
}

function idIn(text: string): string[] {
  const id = text.replace(/^@/, '').toUpperCase()
  return text !== id && /^[UW]\d[A-Z0-9]+$/.test(id) ? [id] : []
}
