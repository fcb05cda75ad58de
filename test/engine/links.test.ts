import { describe, expect, test } from 'vitest'
import { createLinks, linkTo } from '../../src/engine/links.ts'

const [NEW, OLD] = ['ab'.repeat(32), 'cd'.repeat(32)]
const NOW = Date.UTC(2026, 10, 20, 17, 40)
const links = createLinks(NEW)
const token = links.sign('link', '/runs/k3f9', NOW + 60_000)

describe('a link', () => {
  test('opens its page until its time is over', () => {
    expect(links.verify('link', '/runs/k3f9', token, NOW)).toBe(NOW + 60_000)
    expect(links.verify('link', '/runs/k3f9', token, NOW + 60_000)).toBeNull()
  })

  test.each([
    ['another page', 'link', '/runs/k3f8', token],
    ['a longer time', 'link', '/runs/k3f9', token.replace(/^\d+/, String(NOW))],
    ['another purpose', 'session', '/runs/k3f9', token],
    ['another key', 'link', '/runs/k3f9', createLinks(OLD).sign('link', '/runs/k3f9', NOW + 60_000)],
    ['half a signature', 'link', '/runs/k3f9', token.slice(0, -1)],
    ['nothing', 'link', '/runs/k3f9', ''],
  ] as const)('does not open with %s', (_, purpose, page, given) => {
    expect(links.verify(purpose, page, given, NOW)).toBeNull()
  })

  test('goes on opening while keys change, and a secret of its own takes their place', () => {
    const old = createLinks(OLD).sign('link', '/runs', NOW + 1000)
    expect(createLinks(`${NEW},${OLD}`).verify('link', '/runs', old, NOW)).toBe(NOW + 1000)
    expect(createLinks(OLD, 'a-secret-of-its-own-that-is-long!').verify('link', '/runs', old, NOW)).toBeNull()
  })

  test('is the same all day, so that a message drawn anew does not change; without an address there is none', () => {
    const at = (now: number, publicUrl?: string) => linkTo({ links, publicUrl, lasts: 1000, now }, '/runs/k3f9')
    expect(at(NOW, 'https://crew')).toBe(at(NOW + 3_600_000, 'https://crew'))
    expect(at(NOW, 'https://crew')).toMatch(/^https:\/\/crew\/runs\/k3f9\?key=\d+\.[\w-]{43}$/)
    expect(at(NOW)).toBeNull()
  })
})
