import type { InputBlock, KnownBlock, ModalView, PlainTextOption } from '@slack/types'
import { z } from 'zod'
import type { AlertGroup } from '../core/alert.ts'
import { SLACK } from './limits.ts'
import { headline } from './messages/alerts.ts'
import { ACTION, note, text, view } from './modal.ts'

/** What a form about a group remembers while it is open. */
const formNote = z.object({ group: z.string(), channel: z.string() })
export type AlertFormNote = z.infer<typeof formNote>

/** How long, as the list offers it. */
const TIMES = { '1h': '1 hour', '4h': '4 hours', '1d': '1 day' } as const
const OTHER = 'other'
const USUAL = '1h'

/** The names of the fields; by them errors stand beside the right one. */
export const FIELDS = { for: 'for', other: 'other', why: 'why' } as const

/** Asks for how long and why. Where the list is left alone, the first of it is meant, as it shows. */
export function silenceModal(group: AlertGroup, channel: string): ModalView {
  const options = [...Object.entries(TIMES).map(([time, label]) => option(label, time)), option('another time', OTHER)]
  const [first] = options
  const list: InputBlock = {
    type: 'input',
    block_id: FIELDS.for,
    label: text('For how long?', SLACK.label),
    optional: false,
    element: { type: 'static_select', action_id: ACTION, options, ...(first ? { initial_option: first } : {}) },
  }
  const other: InputBlock = {
    type: 'input',
    block_id: FIELDS.other,
    label: text('Another time', SLACK.label),
    hint: text('Such as 45m, 8h or 2d; what stands here counts instead of the list.', SLACK.label),
    optional: true,
    element: {
      type: 'plain_text_input',
      action_id: ACTION,
      placeholder: text('8h', SLACK.placeholder),
      max_length: 20,
    },
  }
  return form('alert.silence', 'Silence', { group, channel }, [
    note(`${headline(group)}. Nobody is called while it is silent; it is told before that ends.`),
    list,
    other,
    whyField('Why is it silenced?'),
  ])
}

/** Asks why somebody gives up what is gone from Consul. */
export function closeModal(group: AlertGroup, channel: string): ModalView {
  return form('alert.close', 'Close', { group, channel }, [
    note(`${headline(group)}. What is gone from Consul and is not expected back ends; nobody knows how it ended.`),
    whyField('Why is it not expected back?'),
  ])
}

/** How long a silence was asked for: what was typed, else what was chosen. A list that was left alone comes back as null from some. */
export function timeOf(
  fields: Readonly<Record<string, string | null>>,
): { readonly for: string } | { readonly missing: string } {
  const typed = fields[FIELDS.other]?.trim()
  if (typed) return { for: typed }
  const chosen = fields[FIELDS.for] ?? USUAL
  return chosen === OTHER ? { missing: 'Say for how long: 45m, 8h or 2d.' } : { for: chosen }
}

/** Reads what a form remembered; null where it is none of ours. */
export function readFormNote(metadata: string): AlertFormNote | null {
  try {
    return formNote.safeParse(JSON.parse(metadata)).data ?? null
  } catch {
    return null
  }
}

type Kept = { readonly group: AlertGroup; readonly channel: string }

function form(callback: string, word: string, { group, channel }: Kept, blocks: KnownBlock[]): ModalView {
  const kept: AlertFormNote = { group: group.id, channel }
  return view({ callback, title: `${word} alert`, submit: word, privateMetadata: JSON.stringify(kept), blocks })
}

function whyField(label: string): InputBlock {
  return {
    type: 'input',
    block_id: FIELDS.why,
    label: text(label, SLACK.label),
    hint: text('Everybody in the channel can read it.', SLACK.label),
    optional: false,
    element: { type: 'plain_text_input', action_id: ACTION, min_length: 1, max_length: 300, focus_on_load: true },
  }
}

function option(label: string, value: string): PlainTextOption {
  return { text: text(label, SLACK.option), value }
}
