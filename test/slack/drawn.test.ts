import { expect, test } from 'vitest'
import { newExecution } from '../../src/core/execution.ts'
import { drawn } from '../../src/slack/drawn.ts'
import { executionMessage } from '../../src/slack/messages.ts'
import { START, wanted } from '../core/world.ts'
import { silent } from '../engine/quiet.ts'

test('a message that cannot be drawn says so by an id that is in the log, and stays found by its execution', () => {
  const lines: { error: string; execution: string }[] = []
  const log = { ...silent, error: (line: { error: string; execution: string }) => lines.push(line) } as never
  const execution = newExecution(wanted(), START)
  // A record that no version of ours wrote.
  const broken = { ...execution, notes: null as never }
  const draw = () => drawn(log, broken, () => executionMessage({ execution: broken, environment: null, progress: [] }))
  const message = draw()
  const [line] = lines
  expect(line).toMatchObject({ error: expect.stringMatching(/^[0-9a-f]{8}$/), execution: 'r1' })
  expect(message.text).toContain(`\`${line?.error}\``)
  expect(message.text).toContain('loadtest up')
  expect(message.blocks[0]?.block_id).toBe('execution-r1-v0')
  expect(draw()).toEqual(message)
  const whole = drawn(log, execution, () => executionMessage({ execution, environment: null, progress: [] }))
  expect(whole.text).not.toContain('cannot be drawn')
})
