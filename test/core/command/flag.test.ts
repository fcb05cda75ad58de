import type { InputBlock } from '@slack/types'
import { expect, test } from 'vitest'
import {
  argumentsOf,
  command,
  complete,
  createCatalog,
  duration,
  FieldErrors,
  flag,
  MissingArguments,
  parseCommand,
  parseFields,
  ruleOf,
  usage,
  z,
} from '../../../src/core/command.ts'
import { argumentsModal } from '../../../src/slack/modal.ts'
import { alertSite } from '../alert-site.ts'

const quiet = command({
  summary: 'Be quiet.',
  args: z.object({
    alert: z.string().describe('Which one'),
    for: flag(duration()).describe('For how long'),
    why: flag(z.string().trim().min(1, { error: 'expected a reason' })).describe('Why'),
  }),
  examples: ['a1 --for 1h --why noise'],
  allow: ['everyone'],
  answer: async () => ({ text: '' }),
})
const trial = command({ ...quiet, args: z.object({ rule: ruleOf().describe('Which rule') }), examples: ['web'] })
const catalog = createCatalog(
  [
    { name: 'quiet', command: quiet },
    { name: 'trial', command: trial },
  ],
  alertSite,
)

function failure(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('It did not fail')
}

test('a flag may be needed: it is written like any flag, in any place', () => {
  expect(usage('quiet', quiet, alertSite)).toBe('quiet <alert> --for <duration> --why <text>')
  expect(parseCommand(catalog, 'quiet --why "a b" a1 --for=1h')).toMatchObject({
    args: { alert: 'a1', for: '1h', why: 'a b' },
    line: 'quiet a1 --for 1h --why "a b"',
  })
  expect(() => parseCommand(catalog, 'quiet a1 1h --why x')).toThrow(/one word too many.*Did you mean `--for 1h`/)
  expect(complete(catalog, 'quiet a1 ')).toContain('--for')
})

test('one that is missing is asked for like any other argument', () => {
  const missing = failure(() => parseCommand(catalog, 'quiet a1 --for 1h'))
  expect(missing).toBeInstanceOf(MissingArguments)
  expect(missing).toMatchObject({ missing: ['why'], given: { alert: 'a1', for: '1h' } })
  expect((missing as Error).message).toMatch(/needs `--why` \(Why\)/)
  const form = {
    name: 'quiet',
    arguments: argumentsOf(quiet, alertSite),
    given: {},
    missing: ['why'],
    privateMetadata: '',
  }
  const fields = argumentsModal(form).blocks.filter((block): block is InputBlock => block.type === 'input')
  expect(fields.map(({ optional }) => optional)).toEqual([false, false, false])
})

test('nothing but spaces is no reason, in a line and in a form', () => {
  expect(() => parseCommand(catalog, 'quiet a1 --for 1h --why "  "')).toThrow(/expected a reason/)
  const form = failure(() => parseFields(catalog, 'quiet', { alert: 'a1', for: '1h', why: ' ' }))
  expect(form).toBeInstanceOf(FieldErrors)
})

test('a rule is one of the site, and a slip of the finger is understood', () => {
  expect(parseCommand(catalog, 'trial web').args).toEqual({ rule: 'web' })
  expect(() => parseCommand(catalog, 'trial wbe')).toThrow(/Did you mean `web`/)
  const none = createCatalog([{ name: 'trial', command: trial }], { ...alertSite, alerts: undefined })
  expect(() => parseCommand(none, 'trial web')).toThrow(
    /rules for alerts \(`alerts.rules`\), of which the site file has none/,
  )
})
