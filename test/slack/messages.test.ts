import { describe, expect, test } from 'vitest'
import { wordOf } from '../../src/core/status-word.ts'
import { closingReply, executionMessage } from '../../src/slack/messages.ts'
import { drawn } from './reading.ts'
import { scenes } from './scenes.ts'
import { complaints } from './validate.ts'

describe.each(Object.entries(scenes()))('an execution that is %s', (word, shown) => {
  const message = executionMessage(shown)
  const closing = closingReply(shown)

  test('says so in the first line, which is also the text of the notification', () => {
    const said = word.replace(/ \(.*\)$/, '')
    expect(wordOf(shown.execution)).toBe(said)
    expect(message.text).toContain(said)
    expect(message.text).toContain('`loadtest up small --for 4h`')
    expect(message.text).toContain('asked by <@U01ALICE>')
    expect(drawn(message).split('\n')[0]).toMatch(new RegExp(`^\\S+ ${said}: `))
  })

  test('has a message that Slack takes, whose first block tells which execution and version it shows', () => {
    expect(complaints(message)).toEqual([])
    expect(message.blocks[0]?.block_id).toBe(`execution-r7k2m9-v${shown.execution.version}`)
    if (closing) expect(complaints(closing)).toEqual([])
  })

  test('is drawn as recorded', async () => {
    const record = { drawn: drawn(message).split('\n'), closing: closing && drawn(closing).split('\n'), message }
    const file = word.replace(/[^a-z]+/g, '-').replace(/-$/, '')
    await expect(`${JSON.stringify(record, null, 2)}\n`).toMatchFileSnapshot(`../cases/messages/${file}.json`)
  })
})
