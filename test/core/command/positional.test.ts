import type { InputBlock } from '@slack/types'
import { describe, expect, test } from 'vitest'
import type { Command } from '../../../src/core/command.ts'
import {
  argumentsOf,
  command,
  complete,
  createCatalog,
  helpFor,
  helpText,
  parseCommand,
  parseFields,
  parseLine,
  positional,
  usage,
  z,
} from '../../../src/core/command.ts'
import { ConfigError } from '../../../src/errors.ts'
import { argumentsModal } from '../../../src/slack/modal.ts'
import { site } from '../sample-site.ts'

const shared = { examples: ['r1'], allow: ['everyone'], answer: async () => ({ text: '' }) } as const
const declared = (args: z.ZodObject): Command => command({ ...shared, summary: 'Shows a log.', args })
const log = declared(
  z.object({
    id: z.string().describe('Of what'),
    stage: positional(z.enum(['plan', 'apply']).optional()).describe('Which stage'),
    lines: z.int().default(20).describe('How many'),
  }),
)
const catalog = createCatalog([{ name: 'log', command: log }], site)
const run = (line: string) => parseCommand(catalog, line)

describe('an optional positional', () => {
  test.each([
    ['may be left out', 'log r1', { id: 'r1', lines: 20 }, 'log r1'],
    ['is written alone', 'log r1 plan', { id: 'r1', stage: 'plan', lines: 20 }, 'log r1 plan'],
    ['may stand behind flags', 'log --lines 3 r1 plan', { id: 'r1', stage: 'plan', lines: 3 }, 'log r1 plan --lines 3'],
    ['is understood by its flag', 'log r1 --stage plan', { id: 'r1', stage: 'plan', lines: 20 }, 'log r1 plan'],
    ['also before the others', 'log --stage=plan r1', { id: 'r1', stage: 'plan', lines: 20 }, 'log r1 plan'],
  ])('%s', (_what, line, args, canonical) => {
    expect(run(line)).toMatchObject({ args, line: canonical })
    expect(run(canonical).args).toEqual(run(line).args)
  })

  test('with a default is not written where it is that', () => {
    const args = z.object({ stage: positional(z.string().default('apply')) })
    const own = createCatalog([{ name: 'log', command: declared(args) }], site)
    expect(parseCommand(own, 'log')).toMatchObject({ args: { stage: 'apply' }, line: 'log' })
    expect(parseCommand(own, 'log apply').line).toBe('log')
    expect(parseCommand(own, 'log plan').line).toBe('log plan')
  })

  test.each([
    ['log r1 pln', /`pln` is no value for `<stage>`: expected one of `plan`, `apply`.*Did you mean `plan`/],
    ['log r1 plan apply', /`apply` is one word too many: `log` takes at most 2 plain words/],
    ['log r1 plan --stage plan', /`--stage` is there twice/],
    ['log r1 --stage plan --stage plan', /`--stage` is there twice/],
    ['log r1 --stage', /`--stage` needs a value: one of `plan`, `apply`/],
    ['log', /needs `<id>`/],
  ])('is refused as any other: %s', (line, why) => {
    expect(() => parseLine(catalog, line)).toThrow(why)
  })

  test('is shown in brackets, among the positionals, and its flag is not advertised', () => {
    expect(usage('log', log, site)).toBe('log <id> [<stage>] [--lines 20]')
    const help = helpText(helpFor('log', log, site))
    expect(help).toContain('• `<stage>`: Which stage; one of `plan`, `apply`; optional.')
    expect(help).not.toContain('--stage')
  })

  test('is completed in its place, and after its flag', () => {
    expect(complete(catalog, 'log r1 ')).toEqual(['--lines', 'apply', 'plan'])
    expect(complete(catalog, 'log r1 p')).toEqual(['plan'])
    expect(complete(catalog, 'log r1 --stage ')).toEqual(['apply', 'plan'])
    expect(complete(catalog, 'log --stage plan ')).toEqual(['--lines'])
    expect(complete(catalog, 'log r1 plan ')).toEqual(['--lines'])
  })

  test('is a field of the form that may stay empty', () => {
    const form = { name: 'log', arguments: argumentsOf(log, site), given: {}, missing: ['id'], privateMetadata: '{}' }
    const fields = argumentsModal(form).blocks.filter((block): block is InputBlock => block.type === 'input')
    expect(fields.map(({ block_id, label, optional }) => [block_id, label.text, optional])).toEqual([
      ['id', 'id', false],
      ['stage', 'stage', true],
      ['lines', '--lines', true],
    ])
    expect(parseFields(catalog, 'log', { id: 'r1', stage: null }).line).toBe('log r1')
    expect(parseFields(catalog, 'log', { id: 'r1', stage: 'plan' }).line).toBe('log r1 plan')
  })
})

test.each([
  ['before one that is needed', z.object({ a: positional(z.string().optional()), b: z.string() })],
  [
    'before another optional one',
    z.object({ a: positional(z.string().optional()), b: positional(z.string().optional()) }),
  ],
  ['with the flag of another', z.object({ a_b: z.string().optional(), aB: positional(z.string().optional()) })],
])('an optional positional %s stops the start', (_what, args) => {
  expect(() => createCatalog([{ name: 'x', command: declared(args) }], site)).toThrow(ConfigError)
})
