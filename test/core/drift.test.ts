import { expect, test } from 'vitest'
import { driftIn, driftWords, readPlan } from '../../src/core/plan.ts'
import { planOf } from './terraform-cases.ts'

const same = (text: string) => text
const planWith = (change: object, more: object = {}) =>
  readPlan({
    format_version: '1.2',
    resource_drift: [{ address: 'aws_instance.web', mode: 'managed', change: { actions: ['update'], ...change } }],
    ...more,
  })

test('what moved is named with its attributes, before and after', () => {
  const plan = planWith({
    before: { type: 't3.small', tags: { a: 1 }, same: 1 },
    after: { type: 't3.large', tags: { a: 2 }, same: 1, new: true },
  })
  expect(driftWords(driftIn(plan), same)).toMatchObject({
    headline: '1 thing moved outside of Terraform.',
    moved: ['aws_instance.web: new nothing → true, tags {"a":1} → {"a":2}, type "t3.small" → "t3.large"'],
  })
})

test('values that Terraform marks are never shown, in whole or in part, and the mask goes over the rest', () => {
  const plan = planWith({
    before: { password: 'hunter1', nested: { key: 'k1', name: 'n' }, url: 'http://hunter3' },
    after: { password: 'hunter2', nested: { key: 'k2', name: 'n' }, url: 'http://hunter4' },
    before_sensitive: { password: true, nested: { key: true } },
    after_sensitive: { password: true },
  })
  const { moved } = driftWords(driftIn(plan), (text) => text.replaceAll(/hunter[34]/g, '***'))
  expect(moved).toEqual([
    'aws_instance.web: nested (secret) changed, password (secret) changed, url "http://***" → "http://***"',
  ])
  const whole = planWith({ before: { a: 'x1' }, after: { a: 'x2' }, after_sensitive: true })
  expect(driftWords(driftIn(whole), same).moved).toEqual(['aws_instance.web: a (secret) changed'])
})

test('what is gone says so, long values and long lists are cut, and outputs are named without their values', () => {
  expect(driftWords(driftIn(planWith({ actions: ['delete'], before: { a: 1 }, after: null })), same).moved).toEqual([
    'aws_instance.web: gone',
  ])
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`a${at}`, 'x'.repeat(200)]))
  const [line = ''] = driftWords(driftIn(planWith({ before: {}, after: many })), same).moved
  expect(line).toMatch(/, and 3 more$/)
  expect(line.length).toBeLessThan(700)
  const outputs = planWith(
    { actions: ['no-op'] },
    { output_changes: { url: { actions: ['update'], before: 'a', after: 'b' } } },
  )
  expect(driftWords(driftIn(outputs), same).moved).toEqual(['output url: its value is another one now'])
})

test('recorded plans: nothing moved, and something without values', () => {
  expect(driftWords(driftIn(readPlan(planOf('refresh-only-nothing'))), same)).toMatchObject({
    headline: 'Nothing moved: what is there is what the state says.',
    moved: [],
  })
  expect(driftWords(driftIn(readPlan(planOf('made-drift-refresh-only'))), same).moved).toEqual([
    'aws_instance.web: changed',
  ])
})
