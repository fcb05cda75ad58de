import type { SlackMessage } from '../../../examples/demo/slack-control.ts'

/** Where an alert stands in a message. */
export type Shelf = 'firing' | 'unknown' | 'vanished' | 'maintenance' | 'silenced' | 'resolved' | 'moved' | 'closed'

const TITLES: readonly [RegExp, Shelf][] = [
  [/^\S+ \*Unknown\*/, 'unknown'],
  [/^\S+ \*Vanished\*/, 'vanished'],
  [/^\S+ \*In maintenance\*/, 'maintenance'],
  [/^\S+ \*Silenced\*/, 'silenced'],
  [/^\S+ \*Resolved\*/, 'resolved'],
  [/^\S+ \*Moved\*/, 'moved'],
  [/^\S+ \*Closed\*/, 'closed'],
]

export const LIVE: readonly (Shelf | undefined)[] = ['firing', 'unknown', 'vanished', 'maintenance', 'silenced']

/** A live message as somebody reads it. `shelves`: by the label of each alert that it lists. */
export type Shown = {
  readonly id: string
  readonly ts: string
  readonly channel: string
  readonly state: string
  /** Rule, datacenter and severity. */
  readonly key: string
  readonly shelves: ReadonlyMap<string, Shelf>
  /** All of it but small print. */
  readonly lines: readonly string[]
}

/** What is said once: a reply in a thread, an escalation, a file. */
export type Said = { readonly name: string; readonly group: string; readonly state: string }

const firstBlock = ({ blocks }: SlackMessage) => blocks?.[0]?.block_id ?? ''

export function shownIn(message: SlackMessage): Shown | null {
  const id = /^alert-([a-z0-9]+)-v\d+$/.exec(firstBlock(message))?.[1]
  if (!id) return null
  const sections = (message.blocks ?? []).flatMap((block) =>
    block.type === 'section' ? [(block.text?.text ?? '').split('\n')] : [],
  )
  const [, state = '', severity = '', rule = '', dc = ''] =
    /\*(\w+)\*: (\w+) `([^`]+)` in `([^`]+)`/.exec(sections[0]?.[0] ?? '') ?? []
  const shelves = sections.slice(1).flatMap((lines) => {
    const [first = ''] = lines
    const shelf = TITLES.find(([title]) => title.test(first))?.[1] ?? (first.startsWith('•') ? 'firing' : null)
    if (!shelf) return []
    return lines.flatMap((line): [string, Shelf][] => {
      const label = /^• `([^`]+)`/.exec(line)?.[1]
      return label ? [[label, shelf]] : []
    })
  })
  const { ts, channel } = message
  return { id, ts, channel, state, key: `${rule} ${dc} ${severity}`, shelves: new Map(shelves), lines: sections.flat() }
}

export function saidIn(message: SlackMessage): Said[] {
  const first = firstBlock(message)
  const [section] = message.blocks ?? []
  const state = /\*(\w+)\*/.exec((section?.type === 'section' && section.text?.text) || '')?.[1] ?? ''
  const note = /^(alert-note)-([a-z0-9]+)-(\d+)-v\d+$/.exec(first)
  const found = note ?? /^(alert-escalation)-([a-z0-9]+)-(\d+)-v\d+$/.exec(first)
  const said = found ? [{ name: `${found[1]}:${found[2]}:${found[3]}`, group: found[2] ?? '', state }] : []
  const caughtUp = /^alert-catchup-\d+$/.test(first) ? [{ name: first, group: '', state: '' }] : []
  const files = (message.files ?? []).map(({ title }) => ({ name: title, group: '', state: '' }))
  return [...said, ...caughtUp, ...files]
}
