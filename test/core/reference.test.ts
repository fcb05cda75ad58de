import { describe, expect, test } from 'vitest'
import { outputNamed, referencesIn, resolved, stageNamed } from '../../src/core/reference.ts'
import { begin, runs, stage, succeeded } from './world.ts'

describe('a reference', () => {
  const outputs = (ref: string) => ({ 'choose.version': '1.2', 'bake.files': ['a'] })[ref]

  test('is found and replaced however deep it lies', () => {
    const input = { set: { image: { ref: 'choose.version' } }, list: [{ ref: 'bake.files' }, 'x'], plain: 1 }
    expect(referencesIn(input)).toEqual(['choose.version', 'bake.files'])
    expect(resolved(input, outputs)).toEqual({ set: { image: '1.2' }, list: [['a'], 'x'], plain: 1 })
  })

  test('that names no output is refused with its name', () => {
    expect(() => resolved({ a: { ref: 'choose.image' } }, outputs)).toThrow(/`choose.image` is needed here/)
  })

  test('is a field that the stage gave itself', () => {
    const { execution } = runs(begin({ stages: [stage('a', 'script')] }), 'a', succeeded({ size: 2, none: null }))
    expect(
      ['a.size', 'a.none', 'a.constructor', 'a.__proto__', 'b.size'].map((ref) => outputNamed(execution, ref)),
    ).toEqual([2, null, ...[undefined, undefined, undefined]])
  })

  test('names the longest stage that is there, since ids have dots too', () => {
    const stages = [{ id: 'terraform' }, { id: 'terraform.plan' }]
    expect(stageNamed('terraform.plan.digest', stages)).toBe('terraform.plan')
    expect(stageNamed('nobody.digest', stages)).toBe('nobody')
  })

  test('is none where something else stands beside it', () => {
    expect(referencesIn({ ref: 'a.b', more: 1 })).toEqual([])
    expect(referencesIn({ ref: 'no dot' })).toEqual([])
  })
})
