import { expect, test } from 'vitest'
import type { Execution } from '../../../src/core/execution.ts'
import type { Stage } from '../../../src/core/workflow.ts'
import { executionMessage } from '../../../src/slack/messages.ts'
import { begin, ends, planning, starts, up, view, waiting } from '../scenes.ts'

const nested: Stage = { id: 'workflow', kind: 'workflow', input: { child: {} }, after: [], onFailure: 'halt' }
const parent = begin({ ...up, id: 'p4r3nt', line: 'release web', stages: [nested] })
const child = waiting().world.execution
const textOf = (story: typeof parent, change: Parameters<typeof view>[1] = {}) =>
  JSON.stringify(executionMessage(view(story, change)).blocks)
const shown = (execution: Execution | null, link: string | undefined) => ({
  children: new Map([['workflow', { id: 'r7k2m9', execution, link }]]),
})

test('a parent says how its child stands, with its message', () => {
  expect(textOf(parent, { related: shown(child, 'https://example.slack.com/1') })).toMatch(
    /`workflow` running since 17:40 UTC: `loadtest up small --for 4h` is \*waiting for approval\* \(<https:\/\/example.slack.com\/1\|r7k2m9>\)/,
  )
  expect(textOf(parent, { related: shown(child, undefined) })).toMatch(/\(`r7k2m9`\)/)
  expect(textOf(parent, { related: shown(null, undefined) })).toMatch(/`workflow` running since 17:40 UTC"/)
})

test('a parent whose child stands at unknown says where that is decided', () => {
  const lost = ends(planning(), 'terraform.plan', { kind: 'unknown', why: 'x' })
  expect(textOf(parent, { related: shown(lost.world.execution, undefined) })).toMatch(
    /is \*unknown\* \(`r7k2m9`\), and people have to decide there/,
  )
})

test('its message can still be found from there once it has ended', () => {
  const related = shown(child, 'https://example.slack.com/1')
  const link = '`loadtest up small --for 4h` \\(<https://example.slack.com/1\\|r7k2m9>\\)'
  const over = ends(parent, 'workflow', { kind: 'succeeded', output: {} })
  expect(textOf(over, { related })).toMatch(new RegExp(`\`workflow\` succeeded in 12 s: ${link}`))
  const failed = ends(parent, 'workflow', { kind: 'failed', error: 'no' })
  expect(textOf(failed, { related })).toMatch(new RegExp(`\`workflow\` failed after 12 s: ${link}`))
})

test('a child says what it is part of, and who cannot approve it', () => {
  const part = begin({
    ...up,
    parent: { execution: 'p4r3nt', line: 'release web', stage: 'workflow', attempt: 1, outputs: {} },
  })
  expect(textOf(part)).toMatch(/🧩 Part of `release web` \(`p4r3nt`\): whoever asked for that cannot approve this/)
  expect(textOf(planning())).not.toMatch(/Part of/)
  expect(
    ends(starts(part, 'terraform.plan'), 'terraform.plan', { kind: 'failed', error: 'x' }).world.execution.status,
  ).toBe('failed')
})
