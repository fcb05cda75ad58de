import { expect, test } from 'vitest'
import { paged, typedAgain } from '../../src/core/page.ts'

const lines = Array.from({ length: 300 }, (_, at) => `${at} ${'x'.repeat(90)}`)

test('a short answer is all of it, whatever page is asked for', () => {
  expect(paged(['a', 'b'], 1, 'list')).toEqual({ text: 'a\nb' })
  expect(paged(['a', 'b'], 7, 'list', { file: 'x.txt' })).toEqual({ text: 'a\nb' })
  expect(paged([], 1, 'list').text).toBe('')
})

test('the pages of a long one have every line once, whole and in order, and say how to go on', () => {
  const pages = Array.from({ length: 10 }, (_, at) => paged(lines, at + 1, 'alerts show k3').text.split('\n'))
  const count = Number(pages[0]?.at(-1)?.match(/^Page 1 of (\d+); `alerts show k3 --page 2` has the next one\.$/)?.[1])
  expect(count).toBeGreaterThan(2)
  expect(pages.slice(0, count).flatMap((page) => page.slice(0, -1))).toEqual(lines)
  for (const page of pages) expect(page.join('\n').length).toBeLessThan(9000)
  expect(pages[count - 1]?.at(-1)).toBe(`Page ${count} of ${count}.`)
  expect(pages[count]).toEqual(pages[count - 1])
})

test('a line longer than a page is one of its own', () => {
  const long = 'y'.repeat(9000)
  expect(paged(['a', long, 'b'], 2, 'x').text).toContain(long)
  expect(paged(['a', long, 'b'], 3, 'x').text).toBe('b\nPage 3 of 3.')
})

test('the buttons of a page go on and back, and none leads nowhere', () => {
  const of = (page: number) => (paged(lines, page, 'x').buttons ?? []).map(({ label, line }) => `${label}: ${line}`)
  expect(of(1)).toEqual(['Next page: x --page 2'])
  expect(of(2)).toEqual(['Previous page: x --page 1', 'Next page: x --page 3'])
  expect(of(99)).toEqual(['Previous page: x --page 3'])
})

test('the first page of a very long answer alone brings all of it as a file', () => {
  expect(paged(lines, 1, 'x', { file: 'all.txt' }).file).toEqual({ name: 'all.txt', content: `${lines.join('\n')}\n` })
  expect(paged(lines, 2, 'x', { file: 'all.txt' }).file).toBeUndefined()
  expect(paged(lines.slice(0, 90), 1, 'x', { file: 'all.txt' }).file).toBeUndefined()
  expect(paged(lines, 1, 'x').file).toBeUndefined()
})

test('a command is written again as it can be typed again', () => {
  expect(typedAgain('consul where', { dc: 'dc1', passing: true, tag: undefined }, 'two "words"')).toBe(
    `consul where 'two "words"' --dc dc1 --passing`,
  )
  expect(typedAgain('consul kv ls', { passing: false }, '')).toBe('consul kv ls')
})
