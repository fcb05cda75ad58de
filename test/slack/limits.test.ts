import type { Button, KnownBlock } from '@slack/types'
import { describe, expect, test } from 'vitest'
import { code, cut, escape as escaped, fit as fitted, link, people, plain, SLACK } from '../../src/slack/limits.ts'
import { complaints, textsOf } from './validate.ts'

const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true }) as const
const plainText = (text: string) => ({ type: 'plain_text', text }) as const
const section = (text: string): KnownBlock => ({ type: 'section', text: mrkdwn(text) })

function button(label: string, at = 0): Button {
  const confirm = {
    title: plainText('t'.repeat(400)),
    text: mrkdwn('q'.repeat(4000)),
    confirm: plainText('y'.repeat(400)),
    deny: plainText('n'.repeat(400)),
  }
  const value = 'v'.repeat(5000)
  return { type: 'button', text: plainText(label), action_id: `a${at}`, value, accessibility_label: label, confirm }
}

function whole(blocks: readonly KnownBlock[]): number {
  return blocks.flatMap(textsOf).reduce((sum, text) => sum + text.length, 0)
}

describe('text from elsewhere', () => {
  test.each([
    ['<!channel>', '&lt;!channel&gt;'],
    ['<@U1>', '&lt;@U1&gt;'],
    ['<http://evil|ok>', '&lt;http://evil|ok&gt;'],
    ['&amp;', '&amp;amp;'],
    ['a\u202Eb\u2066c\u200Bd\uFEFFe\u0000f\u0007g\tH', 'abcdefg H'],
    ['\u001B[31mred\u001B[0m \u001B]0;title\u0007x', 'red x'],
    ['one\r\ntwo\rthree\u2028four', 'one\ntwo\nthree\nfour'],
    ['half \uD83D character', 'half \uFFFD character'],
  ])('%j cannot ping, mention, link or hide anything', (text, expected) => {
    expect(escaped(text)).toBe(expected)
  })

  test('stays on one line between its backticks', () => {
    expect(code('a `b` ```c```\nd <!here>')).toBe('`a ʼbʼ ʼʼʼcʼʼʼ d &lt;!here&gt;`')
    expect(code(' \n ')).toBe('`""`')
    expect(code('&'.repeat(500), 10)).toBe(`\`${'&amp;'.repeat(9)}…\``)
    expect(code('😀'.repeat(50), 10).isWellFormed()).toBe(true)
  })

  test('formats nothing where it is plain', () => {
    expect(plain('*bold* `code` ~gone~\n> quote')).toBe('∗bold∗ ʼcodeʼ ∼gone∼ &gt; quote')
  })

  test('people that we name are mentioned, outside of code only', () => {
    expect(people('@U01ALICE asked, (@U02BOB) `can @U03CAROL` @U01ALICE.')).toBe(
      '<@U01ALICE> asked, (<@U02BOB>) `can @U03CAROL` <@U01ALICE>.',
    )
    expect(people('<@U01ALICE> a@U01ALICE @here @Ulower @U1 <!channel>')).toBe(
      '&lt;@U01ALICE&gt; a@U01ALICE @here @Ulower @U1 &lt;!channel&gt;',
    )
  })

  test('only a real address becomes a link', () => {
    expect(link('https://x.slack.com/a?b=1&c=2', 'r|1 <x>')).toBe('<https://x.slack.com/a?b=1&amp;c=2|r∣1 &lt;x&gt;>')
    for (const url of ['javascript:alert(1)', 'https://x|y', 'https://x>y', 'https://x y', undefined]) {
      expect(link(url, 'here')).toBe('here')
    }
  })
})

describe('cutting', () => {
  test('leaves alone what is short enough', () => {
    expect(cut('a'.repeat(3000), 3000)).toBe('a'.repeat(3000))
  })

  test('cuts lists after a line and says how many lines are missing', () => {
    const lines = Array.from({ length: 500 }, (_, at) => `• \`terraform_data.app[${at}]\``)
    const short = cut(lines.join('\n'), 3000)
    const kept = short.split('\n').slice(0, -1)
    expect(kept).toEqual(lines.slice(0, kept.length))
    expect(short.endsWith(`\n… +${500 - kept.length} more lines`)).toBe(true)
    expect(short.length).toBeLessThanOrEqual(3000)
  })

  test.each(['&amp;', '<@U01ALICE>', '<https://a.example/b|label>', '😀', '👩', '`code` ', 'x`'])(
    'never divides %s, wherever the cut falls',
    (piece) => {
      for (let most = 1; most < 260; most++) {
        const short = cut(`${'.'.repeat(most % 7)}${piece.repeat(200)}`, most)
        expect(short.length).toBeLessThanOrEqual(most)
        expect(short.isWellFormed()).toBe(true)
        expect(short.replaceAll(/&amp;|<@U01ALICE>|<https:\/\/a\.example\/b\|label>/g, '')).not.toMatch(/[&<>]/)
        expect(short.split('`').length % 2).toBe(1)
        expect(short).toContain('…')
      }
    },
  )

  test('a hundred kilobytes in one line are cut with the number of characters that are missing', () => {
    const short = cut('😀'.repeat(25_000), 3000)
    expect(short.length).toBeLessThanOrEqual(3000)
    const kept = [...short.slice(0, short.indexOf('…'))].length
    expect(short.endsWith(`… +${25_000 - kept} more characters`)).toBe(true)
  })
})

describe('a message', () => {
  test('within the limits stays as it is', () => {
    const message = { text: 'a', blocks: [section('b'), { type: 'divider' } as const] }
    expect(fitted(message)).toEqual(message)
  })

  test('with long texts is shortened everywhere', () => {
    const blocks: KnownBlock[] = [
      { type: 'header', text: plainText('h'.repeat(500)) },
      section('<!channel>&'.repeat(10_000).replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('&&', '&amp;&')),
      { type: 'section', fields: Array.from({ length: 30 }, () => mrkdwn('f'.repeat(5000))) },
      { type: 'context', elements: Array.from({ length: 30 }, () => mrkdwn('c'.repeat(5000))) },
      { type: 'actions', elements: [button('l'.repeat(200))] },
    ]
    const message = fitted({ text: 't'.repeat(50_000), blocks })
    expect(complaints(message).filter((complaint) => !complaint.includes('entity'))).toEqual([])
    expect(message.text.length).toBeLessThanOrEqual(SLACK.text)
    expect(JSON.stringify(message)).toContain('… +21 more')
  })

  test('with too many blocks keeps the first ones and every button, and says how many are missing', () => {
    const blocks = Array.from({ length: 200 }, (_, at) => section(`s${at}`))
    const actions: KnownBlock[] = [{ type: 'actions', elements: [button('Approve')] }]
    const message = fitted({ text: 't', blocks: [...blocks, ...actions] })
    expect(message.blocks).toHaveLength(50)
    expect(message.blocks[0]).toEqual(section('s0'))
    expect(message.blocks.at(-1)?.type).toBe('actions')
    expect(message.blocks.at(-2)).toEqual({ type: 'context', elements: [mrkdwn('… +152 more')] })
  })

  test('with too many buttons in one block gets another block for them', () => {
    const elements = Array.from({ length: 60 }, (_, at) => button('b', at))
    const message = fitted({ text: 't', blocks: [{ type: 'actions', block_id: 'x', elements }] })
    expect(message.blocks.map((block) => block.type === 'actions' && block.elements.length)).toEqual([25, 25, 10])
    expect(new Set(message.blocks.map(({ block_id }) => block_id)).size).toBe(3)
  })

  test('that is too long as a whole loses from its long texts, never from its short ones', () => {
    const long = Array.from({ length: 10 }, () => section('x'.repeat(2900)))
    const message = fitted({ text: 'short', blocks: [section('first'), ...long, section('last')] })
    expect(whole(message.blocks)).toBeLessThanOrEqual(SLACK.whole)
    expect(whole(message.blocks)).toBeGreaterThan(SLACK.whole - 500)
    expect(message.blocks[0]).toEqual(section('first'))
    expect(message.blocks.at(-1)).toEqual(section('last'))
    expect(complaints(message)).toEqual([])
  })

  test('has no empty texts, which Slack refuses', () => {
    const blocks: KnownBlock[] = [
      section(''),
      section('  \n'),
      { type: 'context', elements: [mrkdwn(''), mrkdwn('kept')] },
      { type: 'context', elements: [mrkdwn('')] },
      { type: 'section', fields: [mrkdwn('')] },
      { type: 'header', text: plainText(' ') },
      { type: 'actions', elements: [] },
    ]
    const message = fitted({ text: '', blocks })
    expect(message).toEqual({ text: '…', blocks: [{ type: 'context', elements: [mrkdwn('kept')] }] })
  })

  test('can be held to other limits', () => {
    const message = fitted({ text: 't', blocks: [section('a'), section('b'), section('c')] }, { blocks: 2 })
    expect(message.blocks).toEqual([section('a'), { type: 'context', elements: [mrkdwn('… +2 more')] }])
  })
})
