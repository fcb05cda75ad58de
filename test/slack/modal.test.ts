import type { InputBlock, ModalView } from '@slack/types'
import { describe, expect, test } from 'vitest'
import type { Argument } from '../../src/core/command.ts'
import { argumentsModal, fieldsOf, rejectModal } from '../../src/slack/modal.ts'

const size: Argument = {
  name: 'size',
  required: true,
  kind: 'choice',
  description: 'How big.',
  expected: 'one of `small`, `medium`, `large`',
  choices: ['small', 'medium', 'large'],
}
const time: Argument = {
  name: 'for',
  flag: '--for',
  required: false,
  kind: 'duration',
  description: 'Taken down again after this long',
  expected: 'a duration such as `45m`, `4h` or `1h30m`',
  default: '4h',
}
const dry: Argument = {
  name: 'dryRun',
  flag: '--dry-run',
  required: false,
  kind: 'boolean',
  description: 'Only look',
  expected: 'one of `true`, `false`',
  choices: ['true', 'false'],
  default: false,
}

function modal(list: readonly Argument[], given: Record<string, unknown> = {}, missing = ['size']): ModalView {
  return argumentsModal({ name: 'loadtest up', arguments: list, given, missing, privateMetadata: '{"a":1}' })
}

function fields(view: ModalView): InputBlock[] {
  return view.blocks.filter((block): block is InputBlock => block.type === 'input')
}

function field(argument: Argument, given?: Record<string, unknown>): InputBlock {
  const [found] = fields(modal([argument], given))
  if (!found) throw new Error('There is no field.')
  return found
}

describe('the form for missing arguments', () => {
  test('says which command it is and what it still needs', () => {
    const view = modal([size, time])
    expect(view).toMatchObject({ type: 'modal', callback_id: 'command.arguments', private_metadata: '{"a":1}' })
    expect([view.title.text, view.submit?.text]).toEqual(['loadtest up', 'Run'])
    expect(view.blocks[0]).toMatchObject({ text: { text: '`loadtest up` still needs `size`.' } })
  })

  test('has a field for each argument, the required ones first, by the name of the argument', () => {
    const shown = fields(modal([time, size]))
    expect(shown.map(({ block_id, optional }) => [block_id, optional])).toEqual([
      ['size', false],
      ['for', true],
    ])
    expect(shown.every(({ element }) => 'action_id' in element && element.action_id === 'value')).toBe(true)
    expect(shown.map(({ label }) => label.text)).toEqual(['size', '--for'])
  })

  test('choices are a list', () => {
    const { element, hint } = field(size)
    expect(element).toMatchObject({ type: 'static_select', focus_on_load: true })
    const options = element.type === 'static_select' ? (element.options ?? []) : []
    expect(options.map(({ value }) => value)).toEqual(['small', 'medium', 'large'])
    expect(hint?.text).toBe('How big')
  })

  test('an optional one shows its default as a hint, so that leaving it alone means the default', () => {
    const { element, hint } = field(time)
    expect(element).toMatchObject({ type: 'plain_text_input', placeholder: { text: '4h' } })
    expect(element).not.toHaveProperty('initial_value')
    expect(hint?.text).toBe(
      'Taken down again after this long; expected: a duration such as 45m, 4h or 1h30m; default: 4h',
    )
  })

  test('a boolean is yes or no', () => {
    const { element, hint } = field(dry)
    const options = element.type === 'static_select' ? (element.options ?? []) : []
    expect(options.map(({ text, value }) => [text.text, value])).toEqual([
      ['yes', 'true'],
      ['no', 'false'],
    ])
    expect(hint?.text).toBe('Only look; default: no')
  })

  test('what was given already is filled in', () => {
    expect(field(time, { for: '2h' }).element).toMatchObject({ initial_value: '2h' })
    expect(field(size, { size: 'medium' }).element).toMatchObject({ initial_option: { value: 'medium' } })
    expect(field(dry, { dryRun: true }).element).toMatchObject({ initial_option: { value: 'true' } })
    expect(field(size, { size: 'gone' }).element).not.toHaveProperty('initial_option')
  })

  test.each([
    ['no', []],
    ['more than a hundred', Array.from({ length: 101 }, (_, at) => `v${at}`)],
    ['too long', ['x'.repeat(76)]],
  ])('%s choices become a text field', (_, choices) => {
    expect(field({ ...size, choices }).element.type).toBe('plain_text_input')
  })

  test("holds Slack's limits whatever the command file says", () => {
    const long = { ...time, description: 'd'.repeat(5000), default: 'x'.repeat(4000) }
    const name = 'a very long name of a command that nobody types'
    const view = argumentsModal({ name, arguments: [long], given: {}, missing: [], privateMetadata: '' })
    expect(view.title.text.length).toBeLessThanOrEqual(24)
    const [only] = fields(view)
    expect(only?.hint?.text.length).toBeLessThanOrEqual(2000)
    expect(only?.element.type === 'plain_text_input' && only.element.placeholder?.text.length).toBeLessThanOrEqual(150)
  })

  test('private metadata that Slack would refuse is our mistake, and said as such', () => {
    const given = { name: 'x', arguments: [], given: {}, missing: [], privateMetadata: 'x'.repeat(3001) }
    expect(() => argumentsModal(given)).toThrow(/3001 characters/)
  })
})

describe('what was submitted', () => {
  test('is read from text fields and lists; null where nothing was entered', () => {
    expect(
      fieldsOf({
        for: { value: { type: 'plain_text_input', value: '2h' } },
        note: { value: { type: 'plain_text_input', value: null } },
        empty: { value: { type: 'plain_text_input', value: '' } },
        size: { value: { type: 'static_select', selected_option: { text: {}, value: 'small' } } },
        dryRun: { value: { type: 'static_select', selected_option: null } },
        other: {},
      }),
    ).toEqual({ for: '2h', note: null, empty: null, size: 'small', dryRun: null, other: null })
  })

  test.each([undefined, null, 'x', { a: 1 }, { a: { value: { value: 7 } } }])('%j is nothing', (values) => {
    expect(fieldsOf(values)).toEqual({})
  })
})

test('the form of a rejection demands a reason and names what is rejected', () => {
  const view = rejectModal({ privateMetadata: 'r1|judgment|1', line: 'loadtest up `<!here>`' })
  expect(view).toMatchObject({ callback_id: 'judgment.reject', private_metadata: 'r1|judgment|1' })
  expect(JSON.stringify(view.blocks[0])).toContain('`loadtest up ʼ&lt;!here&gt;ʼ`')
  const [reason] = fields(view)
  expect(reason).toMatchObject({ block_id: 'reason', optional: false })
  expect(reason?.element).toMatchObject({
    type: 'plain_text_input',
    action_id: 'value',
    multiline: true,
    max_length: 500,
  })
})
