import { expect, test } from 'vitest'
import { paged } from '../../src/core/page.ts'

const lines = Array.from({ length: 300 }, (_, at) => `${at} ${'x'.repeat(90)}`)

test('a short answer is all of it, whatever page is asked for', () => {
  expect(paged(['a', 'b'], 1, 'list')).toBe('a\nb')
  expect(paged(['a', 'b'], 7, 'list')).toBe('a\nb')
  expect(paged([], 1, 'list')).toBe('')
})

test('the pages of a long one have every line once, whole and in order, and say how to go on', () => {
  const pages = Array.from({ length: 10 }, (_, at) => paged(lines, at + 1, 'alerts show k3').split('\n'))
  const count = Number(pages[0]?.at(-1)?.match(/^Page 1 of (\d+); `alerts show k3 --page 2` has the next one\.$/)?.[1])
  expect(count).toBeGreaterThan(2)
  expect(pages.slice(0, count).flatMap((page) => page.slice(0, -1))).toEqual(lines)
  for (const page of pages) expect(page.join('\n').length).toBeLessThan(9000)
  expect(pages[count - 1]?.at(-1)).toBe(`Page ${count} of ${count}.`)
  expect(pages[count]).toEqual(pages[count - 1])
})

test('a line longer than a page is one of its own', () => {
  const long = 'y'.repeat(9000)
  expect(paged(['a', long, 'b'], 2, 'x')).toContain(long)
  expect(paged(['a', long, 'b'], 3, 'x')).toBe('b\nPage 3 of 3.')
})
