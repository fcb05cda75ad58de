import type { Button } from '@slack/types'
import { expect, test } from 'vitest'
import { createBoard } from '../../src/cli/board.ts'
import type { OpenCrew } from '../../src/cli/crew.ts'
import { press } from '../../src/cli/press.ts'
import type { Message } from '../../src/slack/limits.ts'

const message = (text: string, ...labels: string[]): Message => ({
  text,
  blocks: [
    { type: 'section', text: { type: 'mrkdwn', text } },
    ...(labels.length > 0 ? [{ type: 'actions' as const, elements: labels.map((label) => button(label)) }] : []),
  ],
})

function button(label: string): Button {
  return { type: 'button', text: { type: 'plain_text', text: label }, action_id: `act.${label}`, value: 'a1|b|1' }
}

test('the buttons of a message count from 1, and are counted anew when it is drawn anew', () => {
  const board = createBoard()
  expect(board.draw('one', message('planning', 'Cancel'))).toBe('planning\n[1] Cancel')
  expect(board.draw('one', message('waiting', 'Approve', 'Cancel'))).toBe('waiting\n[1] Approve  [2] Cancel')
  expect(board.button(1)?.label).toBe('Approve')
})

test('no number stands for two things at a time, and none for what is over', () => {
  const board = createBoard()
  board.draw('one', message('waiting', 'Approve', 'Cancel'))
  expect(board.draw('two', message('queued', 'Cancel'))).toBe('queued\n[3] Cancel')
  expect(board.draw('one', message('canceled'))).toBe('canceled')
  expect([1, 2, 3].map((number) => board.button(number)?.label)).toEqual([undefined, undefined, 'Cancel'])
  expect(board.draw('three', message('waiting', 'Approve', 'Reject', 'Cancel'))).toMatch(/\[1\].*\[2\].*\[4\] Cancel/)
})

test('what has not changed is not drawn again', () => {
  const board = createBoard()
  board.draw('one', message('waiting', 'Approve'))
  expect(board.draw('one', message('waiting', 'Approve'))).toBeNull()
  expect(board.draw('one', message('waiting'))).toBe('waiting')
})

test('a stop by force is asked once more everywhere, anything else that Slack asks once more in a terminal only', async () => {
  const confirm = {
    title: { type: 'plain_text' as const, text: 'Stop it by force?' },
    text: { type: 'mrkdwn' as const, text: 'State may be lost.' },
  }
  const live = (actionId: string) => ({ label: 'Force stop', actionId, value: 'a1|b|1', confirm })
  const nobody = {} as OpenCrew
  const actor = { kind: 'shell', user: 'ann' } as const
  const asked = await press(nobody, live('execution.force'), { actor, atTerminal: false })
  expect(asked).toMatchObject({ kind: 'question', text: 'Stop it by force? State may be lost. [yes/no]' })
  if (asked.kind === 'question')
    expect(await asked.answer('no')).toMatchObject({ said: expect.stringMatching(/Nothing was done/) })
  expect(await press(nobody, live('judgment.approve'), { actor, atTerminal: true })).toMatchObject({ kind: 'question' })
})
