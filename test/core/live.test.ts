import { describe, expect, test } from 'vitest'
import type { Live } from '../../src/core/environment.ts'
import { droppedIn, sizeNamed, valuesOf } from '../../src/core/live.ts'
import { environmentNamed } from '../../src/core/target.ts'
import { UserError } from '../../src/errors.ts'
import { site } from './sample-site.ts'
import {
  APPLY,
  downStages,
  ends,
  environmentAfter,
  judged,
  planned,
  runs,
  START,
  starts,
  succeeded,
  up,
  waiting,
} from './world.ts'

const environment = environmentNamed(site, 'loadtest')
const [small = '', large = ''] = Object.keys(environment.sizes)
const live = (change: Partial<Live>): Live => ({
  ...{ size: null, kept: {}, variables: {}, execution: 'r0', at: START, since: START },
  ...change,
})

describe('the values of a plan', () => {
  test('are those of the site and the size', () => {
    const { variables, size, kept } = valuesOf(environment, null, { size: small })
    expect(variables).toEqual({ ...environment.variables, ...environment.sizes[small] })
    expect({ size, kept }).toEqual({ size: small, kept: {} })
  })

  test('keep a deployed version when the size changes, and the size when a version is deployed', () => {
    const deployed = valuesOf(environment, live({ size: small }), { set: { image_version: '2.0' } })
    expect(deployed).toMatchObject({ size: small, kept: { image_version: '2.0' } })
    expect(deployed.variables).toMatchObject({ ...environment.sizes[small], image_version: '2.0' })
    const resized = valuesOf(environment, live(deployed), { size: large })
    expect(resized.variables).toMatchObject({ ...environment.sizes[large], image_version: '2.0' })
  })

  test('forget a count that was chosen when a size is named', () => {
    const [variable = ''] = Object.keys(environment.sizes[small] ?? {})
    const scaled = valuesOf(environment, live({ size: small }), { set: { [variable]: 9 } })
    expect(scaled.variables[variable]).toBe(9)
    expect(valuesOf(environment, live(scaled), {}).variables[variable]).toBe(9)
    expect(valuesOf(environment, live(scaled), { size: small }).variables).toEqual({
      ...environment.variables,
      ...environment.sizes[small],
    })
  })

  test('are refused for a size that is none, with those there are', () => {
    expect(() => sizeNamed(environment, 'huge')).toThrow(UserError)
    expect(() => sizeNamed(environment, 'huge')).toThrow(new RegExp(`no size \`huge\`; it has ${small}`))
  })
})

describe('what people had chosen, after a destroy', () => {
  const kept = { app_count: 3, image_version: '2.0' }
  const destroyed = (before: Partial<Live> | null) => {
    const environment = { ...environmentAfter(up()), live: before && live(before) }
    const down = { id: 'r2', line: 'loadtest down', stages: downStages() }
    const applying = starts(judged(waiting(down, environment, { destroy: true })), APPLY)
    return environmentAfter(ends(applying, APPLY, succeeded({ lineage: 'L1', empty: true })))
  }

  test('is remembered as dropped, and is live no more', () => {
    expect(destroyed({ kept })).toMatchObject({ live: null, last: { up: false, dropped: kept } })
    expect(destroyed(null).last).not.toHaveProperty('dropped')
  })

  test('is told where it would be otherwise now: not what is chosen anew, nor what is the same', () => {
    const now = {
      size: null,
      kept: { image_version: '3.0' },
      variables: { app_count: 2, other: 1, image_version: '3.0' },
    }
    expect(droppedIn({ ...kept, other: 1, gone: 5 }, now)).toEqual([{ name: 'app_count', from: 3, to: 2 }])
  })
})

describe('what is live', () => {
  const plan = { variables: { app_count: 2 }, size: 'small', kept: { image_version: '2.0' } }

  test('is what the last apply that succeeded was given', () => {
    const story = runs(
      ends(starts(judged(waiting({}, undefined, plan)), APPLY), APPLY, succeeded({ lineage: 'L1' })),
      'health',
      succeeded(),
    )
    expect(environmentAfter(story).live).toMatchObject({ ...plan, execution: 'r1' })
  })

  test('stays as it was where an apply failed', () => {
    const before = { ...environmentAfter(up()), live: live({ size: 'large' }) }
    const failed = { kind: 'failed', error: 'no', output: { lineage: 'L1' } } as const
    const story = ends(starts(judged(waiting({ id: 'r2' }, before, plan)), APPLY), APPLY, failed)
    expect(environmentAfter(story).live?.size).toBe('large')
  })

  test('is also what a plan found to be there already', () => {
    const story = waiting({}, undefined, { ...plan, needsApply: false })
    expect(environmentAfter(story).live).toMatchObject(plan)
    expect(planned(plan).kind).toBe('succeeded')
  })
})
