import { describe, expect, test } from 'vitest'
import { plainText, quoted, tidy, words } from '../../src/core/text.ts'
import { UserError } from '../../src/errors.ts'

const texts = (line: string) => words(line).map(({ text }) => text)

describe('text as Slack sends it becomes what the person meant', () => {
  test.each([
    ['a link with a label', '<https://x|x>', 'https://x'],
    ['a link alone', 'get <https://a.example/b?c=1&amp;d=2> now', 'get https://a.example/b?c=1&d=2 now'],
    ['a link as the value of a flag', '--url=<https://x/y>', '--url=https://x/y'],
    ['an address', '<mailto:a@b.example|a@b.example>', 'a@b.example'],
    ['a telephone number', '<tel:555123|555 123>', '555 123'],
    ['a person with a name', '<@U01ANN|ann>', 'U01ANN'],
    ['a person', 'can <@W01BOB> loadtest up', 'can W01BOB loadtest up'],
    ['a channel', '<#C01OPS|ops>', 'C01OPS'],
    ['a user group', '<!subteam^S01ENG|@eng>', 'S01ENG'],
    ['a broadcast', '<!channel>', '@channel'],
    ['entities', 'a &amp; b &lt; c &gt; d', 'a & b < c > d'],
    ['an escaped mention, which is text', '&lt;@U1&gt;', '<@U1>'],
    ['an escaped entity, decoded once', '&amp;lt;', '&lt;'],
    ['a placeholder somebody pasted from the usage', 'loadtest up <size>', 'loadtest up <size>'],
    ['curly double quotes', '--note “two words”', '--note "two words"'],
    ['curly single quotes', '‘two words’', "'two words'"],
    ['a curly apostrophe', 'don’t', "don't"],
    ['an em dash for a flag', 'loadtest up small —for 2h', 'loadtest up small --for 2h'],
    ['an en dash for a flag', '–for 2h', '--for 2h'],
    ['a minus sign for a flag', '−for=2h', '--for=2h'],
    ['a horizontal bar for a flag', '―for', '--for'],
    ['a dash and a hyphen', '—-for', '--for'],
    ['two dashes in a row', '——for', '--for'],
    ['a dash inside a word', 'a—b', 'a—b'],
    ['a dash inside a value', '--note=—x', '--note=—x'],
    ['a dash between quotes', '--note “wait — then go”', '--note "wait — then go"'],
    ['dashes behind an apostrophe', 'don’t —for 2h can’t —fresh', "don't --for 2h can't --fresh"],
    ['a typographic minus before a digit', '−5 –5', '-5 -5'],
    ['no-break and other spaces', 'loadtest\u00a0up\u2003small\u202f—for\u30002h', 'loadtest up small --for 2h'],
    ['zero-width characters', 'load\u200btest\ufeff up\u2060', 'loadtest up'],
    ['direction marks', '\u202eloadtest\u202c', 'loadtest'],
    ['line breaks', 'loadtest up\nsmall\r\n', 'loadtest up small'],
    ['space around', '  help ', 'help'],
    ['nothing', ' \u00a0 ', ''],
  ])('%s', (_, raw, meant) => {
    expect(plainText(raw)).toBe(meant)
  })

  test('text from a field of a form keeps what is only markup in a message', () => {
    expect(tidy('“a” — &amp; <@U1>')).toBe('"a" — &amp; <@U1>')
  })
})

describe('words', () => {
  test.each<[string, string, string[]]>([
    ['are separated by any space', ' a  b\tc\nd ', ['a', 'b', 'c', 'd']],
    ['are grouped by double and single quotes', `"a b" 'c d'`, ['a b', 'c d']],
    ['may have quotes in them', `--note="two words"x`, ['--note=two wordsx']],
    ['escape quotes and backslashes in double quotes', String.raw`"a \"b\" \\ \n"`, [String.raw`a "b" \ \n`]],
    ['escape nothing elsewhere', String.raw`C:\temp '\'`, [String.raw`C:\temp`, '\\']],
    ['may have an apostrophe', "don't can't", ["don't", "can't"]],
    ['may be empty when quoted', `"" ''`, ['', '']],
    ['keep the other kind of quote', `"it's" 'say "x"'`, ["it's", 'say "x"']],
    ['of nothing are none', '   ', []],
  ])('%s', (_, line, expected) => {
    expect(texts(line)).toEqual(expected)
  })

  test('remember that they were quoted, and where they stood', () => {
    expect(words(`"--x" --y`)).toEqual([
      { text: '--x', quoted: true, start: 0, end: 5 },
      { text: '--y', quoted: false, start: 6, end: 9 },
    ])
  })

  test('with a quote that is never closed are refused, and the message shows where', () => {
    expect(() => words('up "two words')).toThrow(UserError)
    expect(() => words('up "two words')).toThrow(/character 4 \(`"two words`\) is never closed/)
    expect(() => words(String.raw`"a\"`)).toThrow(/never closed/)
  })

  test.each(['\u0000', '\u001b', '\u0007', '\u0085', '\u007f'])(
    'with the control character %j are refused',
    (character) => {
      expect(() => words(`ab${character}c`)).toThrow(/Character 3 .* control character U\+00/)
    },
  )
})

test('a quoted value is read back as the same one word, also after Slack edited the line', () => {
  for (const value of [
    '',
    'a',
    'a b',
    '"',
    "'",
    `"'\\`,
    '\\',
    '--x',
    '-',
    "don't",
    'a\\"b',
    '—x',
    'x=—',
    'a&b',
    '<@U1>',
  ]) {
    const [word, ...others] = words(quoted(value))
    expect([word?.text, others]).toEqual([value, []])
    const sent = quoted(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    expect(texts(plainText(sent))).toEqual([value])
  }
})
