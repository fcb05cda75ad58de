import type { InputBlock, KnownBlock, ModalView, PlainTextOption, SectionBlock } from '@slack/types'
import { z } from 'zod'
import type { Argument } from '../core/command.ts'
import { SLACK } from './limits.ts'
import { clean, code, shorten } from './messages/text.ts'

type ArgumentsForm = {
  /** The command's name: `loadtest up`. */
  readonly name: string
  readonly arguments: readonly Argument[]
  /** Checked values that were typed already, and the names of those that are still needed. */
  readonly given: Readonly<Record<string, unknown>>
  readonly missing: readonly string[]
  readonly privateMetadata: string
}

/** The one element of every field. */
export const ACTION = 'value'

/**
 * Asks for the arguments of a command, the required ones first. A field that is left alone may come back as null: that means
 * what was given already, or else the default.
 */
export function argumentsModal(form: ArgumentsForm): ModalView {
  const { name, missing, privateMetadata } = form
  const ordered = form.arguments.toSorted((one, other) => Number(other.required) - Number(one.required))
  const names = ordered.filter((argument) => missing.includes(argument.name)).map((argument) => code(argument.name))
  const needs = names.length > 0 ? ` still needs ${names.join(', ')}.` : ''
  return view({
    callback: 'command.arguments',
    title: name,
    submit: 'Run',
    privateMetadata,
    blocks: [note(`${code(name)}${needs}`), ...ordered.map((argument) => field(argument, form))],
  })
}

/** Asks why: a rejection without a reason helps nobody. */
export function rejectModal({ privateMetadata, line }: { privateMetadata: string; line: string }): ModalView {
  const reason: InputBlock = {
    type: 'input',
    block_id: 'reason',
    label: text('Why is it rejected?', SLACK.label),
    hint: text('Everybody in the channel can read it.', SLACK.label),
    optional: false,
    element: {
      type: 'plain_text_input',
      action_id: ACTION,
      multiline: true,
      min_length: 1,
      max_length: 500,
      focus_on_load: true,
    },
  }
  const blocks = [note(`You reject ${code(line)}. Nothing of it is applied.`), reason]
  return view({ callback: 'judgment.reject', title: 'Reject', submit: 'Reject', privateMetadata, blocks })
}

const submitted = z.record(
  z.string(),
  z.record(
    z.string(),
    z.looseObject({
      value: z.string().nullish(),
      selected_option: z.looseObject({ value: z.string().nullish() }).nullish(),
      selected_user: z.string().nullish(),
    }),
  ),
)

/** What was submitted, by block: text or the chosen option; null where nothing was entered. */
export function fieldsOf(values: unknown): Record<string, string | null> {
  const blocks = submitted.safeParse(values).data ?? {}
  return Object.fromEntries(
    Object.entries(blocks).map(([block, elements]) => {
      const element = elements[ACTION]
      return [block, element?.selected_option?.value || element?.selected_user || element?.value || null]
    }),
  )
}

function field(argument: Argument, form: ArgumentsForm): InputBlock {
  const first = form.missing.includes(argument.name) && argument.name === firstMissing(form)
  const focus = first ? { focus_on_load: true } : {}
  const element = { action_id: ACTION, ...focus }
  const given = form.given[argument.name]
  const initial = given === undefined || given === null ? '' : String(given)
  const options = optionsOf(argument)
  const hint = hintOf(argument)
  return {
    type: 'input',
    block_id: argument.name,
    label: text(argument.flag ?? argument.name, SLACK.label),
    ...(hint && { hint: text(hint, SLACK.label) }),
    optional: !argument.required,
    element: options
      ? {
          type: 'static_select',
          ...element,
          placeholder: text(placeholder(argument, 'Choose'), SLACK.placeholder),
          options,
          ...chosen(options, initial),
        }
      : {
          type: 'plain_text_input',
          ...element,
          placeholder: text(placeholder(argument, example(argument)), SLACK.placeholder),
          max_length: SLACK.input,
          ...(initial && initial.length <= SLACK.input && { initial_value: initial }),
        },
  }
}

function firstMissing({ arguments: all, missing }: ArgumentsForm): string | undefined {
  return all.find(({ name, required }) => required && missing.includes(name))?.name
}

/** Choices as a list; as text where there are none or more, or longer ones, than a list may have. */
function optionsOf({ kind, choices }: Argument): PlainTextOption[] | null {
  if (kind === 'boolean') return [option('yes', 'true'), option('no', 'false')]
  if (!choices || choices.length === 0 || choices.length > SLACK.options) return null
  if (choices.some((choice) => choice.length > SLACK.option || !choice.trim())) return null
  return choices.map((choice) => option(choice, choice))
}

function chosen(options: readonly PlainTextOption[], initial: string): { initial_option?: PlainTextOption } {
  const found = options.find(({ value }) => value === initial)
  return found ? { initial_option: found } : {}
}

/** Plain text: the backticks of `expected` would be seen as they are. */
function hintOf({ description, expected, choices, kind, default: standard }: Argument): string {
  const what = description.trim().replace(/[.:;]$/, '')
  const right = choices || kind === 'boolean' || kind === 'text' || !expected ? '' : `expected: ${expected}`
  const otherwise = standard === undefined ? '' : `default: ${kind === 'boolean' ? yesNo(standard) : standard}`
  return [what, right, otherwise].filter(Boolean).join('; ').replaceAll('`', '')
}

function placeholder({ default: standard, kind }: Argument, otherwise: string): string {
  if (standard === undefined || standard === '') return otherwise
  return kind === 'boolean' ? yesNo(standard) : String(standard)
}

function example({ kind, name }: Argument): string {
  if (kind === 'user') return 'U01ALICE'
  if (kind === 'duration') return '4h'
  return kind === 'number' ? 'a number' : name
}

function yesNo(value: unknown): string {
  return value === true || value === 'true' ? 'yes' : 'no'
}

type View = {
  readonly callback: string
  readonly title: string
  readonly submit: string
  readonly privateMetadata: string
  readonly blocks: KnownBlock[]
}

/** A form within Slack's limits. */
export function view({ callback, title, submit, privateMetadata, blocks }: View): ModalView {
  if (privateMetadata.length > SLACK.metadata) {
    throw new Error(
      `A modal's private metadata has ${privateMetadata.length} characters; Slack takes ${SLACK.metadata}.`,
    )
  }
  return {
    type: 'modal',
    callback_id: callback,
    private_metadata: privateMetadata,
    title: text(title, SLACK.modalTitle),
    submit: text(submit, SLACK.modalTitle),
    close: text('Back', SLACK.modalTitle),
    blocks,
  }
}

function option(label: string, value: string): PlainTextOption {
  return { text: text(label, SLACK.option), value }
}

export function text(content: string, most: number) {
  return { type: 'plain_text', text: shorten(clean(content), most) || '-' } as const
}

export function note(line: string): SectionBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: line, verbatim: true } }
}
