import { expect, test } from 'vitest'
import type { DeedView, GlassView } from '../../../src/core/break-glass/view.ts'
import { readGlassValue } from '../../../src/slack/messages/glass-button.ts'
import { executionMessage, glassMessage, glassSummary } from '../../../src/slack/messages.ts'
import { START, waiting } from '../../core/world.ts'
import { complaints } from '../validate.ts'

const hostile = '`*x* <!channel> <@U04EVE> & ~y~\nnew line'
const glass = {
  ...{ id: 'k3f9x2ab', version: 1, request: 'r', role: 'oncall', gives: ['approvers', 'leads'], why: hostile },
  ...{ by: { kind: 'slack', team: 'T01TEAM', user: 'U01ALICE' } as const, channel: null, announce: ['ops'] },
  ...{ from: START, until: START + 1_800_000, ended: null, looks: null, seen: '', summedAt: null },
}
const deed = (change: Partial<DeedView> = {}): DeedView => ({
  ...{ at: START, what: 'loadtest up', execution: 'e1', refused: null, decision: null, outcome: 'running', open: true },
  ...change,
})
const view = (change: Partial<GlassView> = {}): GlassView => ({
  glass,
  deeds: [],
  looks: null,
  linkOf: () => undefined,
  ...change,
})
const ended = {
  ...glass,
  ended: { at: START + 60_000, by: { kind: 'slack', team: 'T01TEAM', user: 'U04EVE' } as const },
}
const wordsOf = (message: { blocks: unknown }) => JSON.stringify(message.blocks)

test('while it holds: who, which rights, why, until when, what was done, and the button for anybody', () => {
  const message = glassMessage(view({ deeds: Array.from({ length: 7 }, (_, at) => deed({ what: `c${at}` })) }))
  const words = wordsOf(message)
  expect(words).toContain('<@U01ALICE> has `approvers`, `leads` (`oncall`) until *18:10 UTC*, for 30 m.')
  expect(words).toMatch(/Done under it so far\*: 7\\n… 2 earlier\\n• 17:40 UTC `c2`/)
  expect(words).toContain('"value":"glass|k3f9x2ab"')
  expect(complaints(message)).toEqual([])
})

test('after its end: who ended it when, and no button', () => {
  const words = wordsOf(glassMessage(view({ glass: ended })))
  expect(words).toContain('is over: <@U04EVE> ended it at 17:41 UTC, after 1 m')
  expect(words).not.toContain('glass.end')
  const byTime = glassMessage(view({ glass: { ...glass, ended: { at: glass.until, by: null } } }))
  expect(wordsOf(byTime)).toContain('its time was over at 18:10 UTC, after 30 m')
})

test('what people wrote calls nobody and formats nothing, in the text of the notification neither', () => {
  const nasty = deed({ what: hostile, refused: hostile, execution: null, outcome: 'refused' })
  for (const message of [
    glassMessage(view({ deeds: [nasty] })),
    glassSummary(view({ glass: ended, deeds: [nasty] })),
  ]) {
    const all = `${message.text}${wordsOf(message)}`
    expect(all).not.toContain('<!channel>')
    // Eve is named where she ended it, and nowhere else.
    expect(all.replaceAll('<@U04EVE> ended it', '')).not.toContain('<@U04EVE>')
    expect(complaints(message)).toEqual([])
  }
})

test('the summary has what is open and what drifted; a long one stays within the limits and names its file', () => {
  const deeds = Array.from({ length: 60 }, (_, at) =>
    deed({ what: `${at} ${'long '.repeat(60)}`, refused: at % 2 ? 'why '.repeat(100) : null, execution: `e${at}` }),
  )
  const looks = Array.from({ length: 30 }, (_, at) => ({
    target: `env${at}`,
    execution: `d${at}`,
    found: at ? 'x '.repeat(200) : null,
  }))
  const message = glassSummary(view({ glass: ended, deeds, looks, linkOf: (id) => `https://example.slack.com/${id}` }))
  const words = wordsOf(message)
  expect(complaints(message)).toEqual([])
  expect(words).toContain('Done under it*: 60\\n… 45 earlier')
  expect(words).toContain('in a file in the thread')
  expect(words).toContain('Still open')
  const small = wordsOf(glassSummary(view({ glass: ended, deeds: [deed({ open: false })], looks: [] })))
  expect(small).toContain('*Still open*: nothing')
  expect(small).toContain('Nothing was changed under it')
  expect(small).not.toContain('in a file')
})

test('an execution says under which it was asked for, and by whom', () => {
  const execution = { ...waiting().execution, glass: [{ id: 'k3f9x2ab', by: 'T01TEAM/U01ALICE' }] }
  const message = executionMessage({ execution, environment: null, progress: [] })
  expect(wordsOf(message)).toContain('🔓 Asked for under break glass `k3f9x2ab` of <@U01ALICE>.')
})

test('a value that is none of ours is read as none', () => {
  expect(readGlassValue('glass|k3f9x2ab')).toBe('k3f9x2ab')
  for (const value of [undefined, '', 'alert|k3f9', 'glass|', 'glass|a b', `glass|${'x'.repeat(50)}`, 'glass|a:b'])
    expect(readGlassValue(value)).toBe(null)
})
