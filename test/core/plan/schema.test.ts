import { describe, expect, test } from 'vitest'
import { headline, readPlan, readPlanText, summarizePlan } from '../../../src/core/plan.ts'
import { UserError } from '../../../src/errors.ts'

const EMPTY = { format_version: '1.2', resource_changes: [] }

describe('readPlan', () => {
  test.each([
    ['nothing', undefined, 'empty'],
    ['null', null, 'empty'],
    ['an empty object', {}, 'an empty object'],
    ['a list', [], 'a list'],
    ['a number', 7, 'a number'],
    ['a state', { format_version: '1.0', terraform_version: '1.11.4', values: { root_module: {} } }, 'a state (what'],
    ['an empty state', { format_version: '1.0' }, 'without planned changes'],
    ['a state file', { version: 4, serial: 3, lineage: 'x', resources: [] }, 'a state file'],
    ['a line of the stream', { '@level': 'info', type: 'version' }, 'a line of the stream'],
    ['a plan without a version', { resource_changes: [] }, 'without a `format_version`'],
    ['format 2', { ...EMPTY, format_version: '2.0' }, 'format version 2.0'],
    ['format 0', { ...EMPTY, format_version: '0.2' }, 'format version 0.2'],
    ['format 10', { ...EMPTY, format_version: '10.1' }, 'format version 10.1'],
    ['changes that are no list', { ...EMPTY, resource_changes: { a: 1 } }, '`resource_changes`'],
    [
      'a change without an address',
      { ...EMPTY, resource_changes: [{ change: { actions: [] } }] },
      'resource_changes.0',
    ],
  ])('refuses %s and says what it is and what to do', (_name, json, what) => {
    expect(() => readPlan(json)).toThrow(UserError)
    expect(() => readPlan(json)).toThrow(what)
    expect(() => readPlan(json)).toThrow('terraform show -json PLAN')
  })

  test.each([
    ['no text', '  \n', 'empty'],
    ['the plan file', 'PK\u0003\u0004...', 'the plan file itself'],
    ['the text of a plan', 'Plan: 1 to add', 'not JSON'],
    ['the stream', '{"@level":"info"}\n{"@level":"info"}', 'the stream of'],
    ['half a document', '{"format_version":"1.2",', 'not JSON'],
  ])('refuses %s given as text', (_name, text, what) => {
    expect(() => readPlanText(text)).toThrow(UserError)
    expect(() => readPlanText(text)).toThrow(what)
  })

  test('passes over properties it does not know and lists that are null', () => {
    const plan = { ...EMPTY, format_version: '1.99', resource_changes: null, output_changes: null, novelty: [1] }
    expect(headline(summarizePlan(readPlanText(`\uFEFF${JSON.stringify(plan)}\n`)))).toBe('Nothing to do.')
  })
})
