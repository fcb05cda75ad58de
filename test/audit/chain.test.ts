import { describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/core/audit.ts'
import { NOTHING, readLine, seal, textOf } from '../../src/engine/audit/chain.ts'

const at = Date.UTC(2026, 10, 20, 17, 40)
const entry: AuditEntry = { kind: 'asked', who: 'T01TEAM/U01ALICE', line: 'loadtest up small', rule: 'everyone may' }
const plain = (text: string) => text
const first = seal(NOTHING, { at, entry }, plain)

test('a line holds its number, time, entry, the hash of the line before and its own, in one way only', () => {
  const second = seal(first, { at: at + 1, entry }, plain)
  expect(Object.keys(JSON.parse(textOf(first)))).toEqual(['at', 'entry', 'hash', 'prev', 'seq'])
  expect([first.seq, first.prev, first.at]).toEqual([1, '0'.repeat(64), '2026-11-20T17:40:00.000Z'])
  expect([second.seq, second.prev]).toEqual([2, first.hash])
  const { kind, who, line, rule } = entry
  expect(textOf(seal(NOTHING, { at, entry: { rule, line, who, kind } as AuditEntry }, plain))).toBe(textOf(first))
})

test('the hash is SHA-256 over the canonical JSON of the rest', async () => {
  const rest = `{"at":"${first.at}","entry":{"kind":"asked","line":"loadtest up small","rule":"everyone may","who":"T01TEAM/U01ALICE"},"prev":"${first.prev}","seq":1}`
  const digest = await crypto.subtle.digest('SHA-256', Buffer.from(rest))
  expect(first.hash).toBe(Buffer.from(digest).toString('hex'))
})

describe('what is not to the byte as it was written is no line', () => {
  const text = textOf(first)
  test('whichever byte is changed', () => {
    const bytes = Buffer.from(text)
    const accepted = [...bytes.keys()].filter((index) => {
      const changed = Buffer.from(bytes)
      changed[index] = (changed[index] ?? 0) ^ 1
      return readLine(changed.toString()) !== null
    })
    expect(readLine(text)).toEqual(first)
    expect(accepted).toEqual([])
  })

  test.each([
    ['a space more', text.replace(',"prev"', ', "prev"')],
    ['another order', text.replace(/^{("at":"[^"]*"),(.*)}$/, '{$2,$1}')],
    ['a key twice', text.replace('{"at"', '{"seq":1,"at"')],
    ['a key more', text.replace('{"at"', '{"a":1,"at"')],
    ['an escape for a letter', text.replace('small', 'sm\\u0061ll')],
    ['a carriage return behind it', `${text}\r`],
    ['nothing', ''],
  ])('%s', (_what, changed) => {
    expect(changed).not.toBe(text)
    expect(readLine(changed)).toBeNull()
  })
})

test('secrets are hidden in every text before it is hashed, and what is long is cut', () => {
  const hidden = seal(
    NOTHING,
    { at, entry: { ...entry, line: 'x hunter22', argv: ['-var=p=hunter22'], why: 'y'.repeat(9000) } },
    (text) => text.replaceAll('hunter22', '***'),
  )
  expect(textOf(hidden)).not.toContain('hunter22')
  expect(hidden.entry).toMatchObject({ line: 'x ***', argv: ['-var=p=***'] })
  expect(hidden.entry.why).toHaveLength(4001)
  expect(readLine(textOf(hidden))).toEqual(hidden)
})

test('a text with half a character in it is still read back', () => {
  const odd = seal(NOTHING, { at, entry: { ...entry, line: 'a\ud800b  "c" <@U1> ✓' } }, plain)
  expect(readLine(textOf(odd))).toEqual(odd)
})
