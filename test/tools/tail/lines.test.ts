import { describe, expect, test } from 'vitest'
import { createLineReader, LONGEST_LINE } from '../../../src/tools/tail/lines.ts'

/** Reads a text in pieces of so many bytes; what came out, and how many lines were too long. */
function read(text: string, { piece, longest }: { piece: number; longest: number }) {
  const out: string[] = []
  let oversize = 0
  const reader = createLineReader({
    longest,
    onLines: (buffer, start, end) => out.push(buffer.toString('utf8', start, end)),
    onOversize: () => void oversize++,
  })
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) {
    const taken = bytes.copy(reader.room(), 0, at, at + piece)
    reader.took(taken)
    at += taken
  }
  return { text: out.join(''), oversize, torn: reader.torn() }
}

describe.each([1, 2, 3, 5, 7, 100])('in pieces of %i bytes', (piece) => {
  test.each([
    ['whole lines', 'a\nbb\n\nccc\n', 'a\nbb\n\nccc\n', 0, 0],
    ['a torn last line', 'a\nbb', 'a\n', 0, 2],
    ['a line of the longest length', '12345678\na\n', '12345678\na\n', 0, 0],
    ['a line one byte longer', 'a\n123456789\nb\n', 'a\nb\n', 1, 0],
    ['long ones in a row', '1234567890\n12345678901234567890\nb\n', 'b\n', 2, 0],
    ['a long one that has not ended', 'a\n12345678901234', 'a\n', 0, 14],
    ['letters of more than one byte', 'äöü\n', 'äöü\n', 0, 0],
  ])('%s', (_what, text, whole, oversize, torn) => {
    expect(read(text, { piece, longest: 8 })).toEqual({ text: whole, oversize, torn })
  })
})

test('a line of 8 MiB is read, one byte more is skipped and counted, and the next is itself', () => {
  const long = 'x'.repeat(LONGEST_LINE)
  const found = read(`${long}\n${long}x\nb\n`, { piece: 1_000_000, longest: LONGEST_LINE })
  expect(found.oversize).toBe(1)
  expect(found.text.length).toBe(LONGEST_LINE + 1 + 2)
  expect(found.text.endsWith('x\nb\n')).toBe(true)
})
