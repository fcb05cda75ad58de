import { describe, expect, test } from 'vitest'
import { secretsOf } from '../../../src/core/plan.ts'

describe('secretsOf', () => {
  test('hides everything under a mark over a complex value, in changes, drift, deferred changes and modules', () => {
    const marked = (value: string) => ({
      change: { before: { a: { b: [value, 12345] } }, before_sensitive: { a: true } },
    })
    const found = secretsOf({
      resource_changes: [marked('in-change')],
      resource_drift: [marked('in-drift')],
      deferred_changes: [{ resource_change: marked('deferred') }],
      prior_state: {
        values: {
          outputs: { o: { sensitive: true, value: { x: 'in-output' } }, p: { sensitive: false, value: 'open' } },
          root_module: {
            child_modules: [
              { resources: [{ values: { list: ['open', 'in-list'] }, sensitive_values: { list: [false, true] } }] },
            ],
          },
        },
      },
    })
    expect(found.sort()).toEqual(['12345', 'deferred', 'in-change', 'in-drift', 'in-list', 'in-output'])
  })

  test('finds the values of variables that are marked only in the configuration, in modules too', () => {
    const found = secretsOf({
      variables: { key: { value: { a: ['root-secret'] } }, open: { value: 'open' } },
      configuration: {
        root_module: {
          variables: { key: { sensitive: true, default: 'default-secret' }, open: {} },
          module_calls: {
            db: {
              expressions: { pass: { constant_value: 'module-secret' } },
              module: { variables: { pass: { sensitive: true } } },
            },
          },
        },
      },
    })
    expect(found.sort()).toEqual(['default-secret', 'module-secret', 'root-secret'])
  })

  test.each([[undefined], [null], ['text'], [[]], [{ resource_changes: 'x', prior_state: 3, configuration: [] }]])(
    'finds nothing in %j and does not throw',
    (json) => {
      expect(secretsOf(json)).toEqual([])
    },
  )
})
