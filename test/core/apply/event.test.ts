import { describe, expect, test } from 'vitest'
import { readEvent } from '../../../src/core/apply.ts'
import { AT, hook, recordOf } from '../apply-stream.ts'

describe('readEvent', () => {
  test.each([
    ['a blank line', '  '],
    ['text', 'Terraform crashed!'],
    ['a torn line', '{"@level":"info","type":"apply_sta'],
    ['the rest of a torn line', 'rt","hook":{}}'],
    ['a number', '7'],
    ['a list', '[1]'],
    ['an unknown type', '{"type":"policy_result","secret":"x"}'],
    ['a type that is a property of every object', '{"type":"constructor"}'],
    ['a type that is no text', '{"type":{}}'],
    ['an operation without an address', '{"type":"apply_start","hook":{"action":"create"}}'],
    ['the emergency dump of a state', '{"type":"log","@message":"Emergency state dump","state":"{}"}'],
    ['any other log line', '{"type":"log","@message":"token=hunter2"}'],
  ])('passes over %s', (_name, line) => {
    expect(readEvent(line)).toBeUndefined()
  })

  test('reads the fields it knows and drops the rest, values and outputs first of all', () => {
    const resource = { addr: 'module.a["ü \\"q\\""].x.y', resource_key: null }
    const line = {
      '@timestamp': 'never',
      type: 'provision_progress',
      hook: { resource, output: 'hunter2', action: 'create' },
    }
    expect(readEvent(JSON.stringify(line))).toEqual({ type: 'provision_progress', address: resource.addr })
    const outputs = { type: 'outputs', outputs: { key: { value: 'hunter2' } } }
    expect(readEvent(JSON.stringify(outputs))).toBeUndefined()
  })

  test('takes the time of a line as its sign of life', () => {
    expect(hook('apply_start', 'a.b', 'create', 5).at).toBe(AT + 5000)
    expect(recordOf([], hook('provision_progress', 'a.b', 'create', 7)).lastSign).toBe(AT + 7000)
  })
})
