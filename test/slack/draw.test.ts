import type { KnownBlock } from '@slack/types'
import { expect, test } from 'vitest'
import { drawMessage } from '../../src/slack/draw.ts'

const section = (text: string): KnownBlock => ({ type: 'section', text: { type: 'mrkdwn', text } })

function button(label: string, action: string, value: string) {
  return { type: 'button', text: { type: 'plain_text', text: label }, action_id: action, value } as const
}

test.each([
  ['✅ *succeeded*: `loadtest up`', '✅ succeeded: loadtest up'],
  ['<@U01ALICE> and <@U02BOB|bob> in <#C01OPS|ops>', '@U01ALICE and @U02BOB in #C01OPS'],
  ['&lt;!channel&gt; &amp;amp; &amp;lt;', '<!channel> &amp; &lt;'],
  [
    '<https://x.example/a?b=1&amp;c=2|the run> <https://y.example>',
    'the run (https://x.example/a?b=1&c=2) https://y.example',
  ],
  ['`*not bold* <_>` 2*3*4 snake_case_name _really_', '*not bold* <_> 2*3*4 snake_case_name really'],
  ['<!here> <!subteam^S01ENG|eng>', '@here @S01ENG'],
  ['a\u001B[31mb', 'ab'],
])('%j is plain text in the terminal', (mrkdwn, text) => {
  expect(drawMessage({ text: '', blocks: [section(mrkdwn)] }).text).toBe(text)
})

test('buttons are numbered through the whole message, with what a click would send', () => {
  const blocks: KnownBlock[] = [
    section('one'),
    {
      type: 'actions',
      elements: [button('Approve', 'judgment.approve', 'r|j|1'), button('Reject', 'judgment.reject', 'r|j|1')],
    },
    { type: 'divider' },
    { type: 'actions', elements: [button('Cancel', 'execution.cancel', 'r||0')] },
  ]
  const { text, buttons } = drawMessage({ text: 'unused', blocks })
  expect(text.split('\n')).toEqual(['one', '[1] Approve  [2] Reject', '────────', '[3] Cancel'])
  expect(buttons).toEqual([
    { label: 'Approve', actionId: 'judgment.approve', value: 'r|j|1' },
    { label: 'Reject', actionId: 'judgment.reject', value: 'r|j|1' },
    { label: 'Cancel', actionId: 'execution.cancel', value: 'r||0' },
  ])
})

test('fields, headers and small print are drawn too', () => {
  const blocks: KnownBlock[] = [
    { type: 'header', text: { type: 'plain_text', text: 'Title' } },
    {
      type: 'section',
      fields: [
        { type: 'mrkdwn', text: '*a*' },
        { type: 'plain_text', text: '*b*' },
      ],
    },
    {
      type: 'context',
      elements: [
        { type: 'mrkdwn', text: 'x' },
        { type: 'mrkdwn', text: 'y' },
      ],
    },
  ]
  expect(drawMessage({ text: '', blocks }).text.split('\n')).toEqual(['Title', 'a', '*b*', 'x  y'])
})

test('a message without blocks is its text', () => {
  expect(drawMessage({ text: '*hi* <@U01ALICE>', blocks: [] })).toEqual({ text: 'hi @U01ALICE', buttons: [] })
})
