import { describe, expect, test } from 'vitest'
import type { Live } from '../../src/core/environment.ts'
import { scaleTarget, scaleWish, scalingOf } from '../../src/core/scale.ts'
import type { Site } from '../../src/core/site.ts'
import type { NamedEnvironment } from '../../src/core/workflow.ts'
import { environment as sample, site } from './sample-site.ts'

const sizes = { small: { app_count: 2 }, medium: { app_count: 5 }, large: { app_count: 12 } }
const scale = { variable: 'app_count', min: 1, max: 12, step: 2 }
const sized: NamedEnvironment = { ...sample, sizes, scale }
const counted: NamedEnvironment = { ...sample, sizes: {}, scale }

function live(app_count: number, size: string | null = null): Live {
  return { size, kept: {}, variables: { app_count }, execution: 'r0', at: 1, since: 1 }
}

const wish = (environment: NamedEnvironment, to: string, now: Live | null) =>
  scaleWish(environment, now, scalingOf(environment, to))

describe('an environment with sizes', () => {
  test('goes to the next size in the order of the site', () => {
    expect(wish(sized, 'up', live(2, 'small'))).toEqual({ size: 'medium' })
    expect(wish(sized, 'down', live(12, 'large'))).toEqual({ size: 'medium' })
  })

  test('says so at either end, and wishes nothing', () => {
    expect(wish(sized, 'up', live(12, 'large'))).toMatch(/at large already, the largest size/)
    expect(wish(sized, 'down', live(2, 'small'))).toMatch(/at small already, the smallest size/)
  })

  test('goes to the next larger or smaller one from a count that was chosen', () => {
    expect(wish(sized, 'up', live(7, 'medium'))).toEqual({ size: 'large' })
    expect(wish(sized, 'down', live(7, 'medium'))).toEqual({ size: 'medium' })
    expect(wish(sized, 'up', live(40, 'large'))).toMatch(/above large already/)
    expect(wish(sized, 'down', live(1, 'small'))).toMatch(/below small already/)
  })

  test('takes a size by name, and a whole number as its count', () => {
    expect(wish(sized, 'large', live(2, 'small'))).toEqual({ size: 'large' })
    expect(wish(sized, '4', live(2, 'small'))).toEqual({ set: { app_count: 4 } })
  })
})

describe('an environment with a count alone', () => {
  test('goes by steps, and not past its ends', () => {
    expect(wish(counted, 'up', live(3))).toEqual({ set: { app_count: 5 } })
    expect(wish(counted, 'up', live(11))).toEqual({ set: { app_count: 12 } })
    expect(wish(counted, 'down', live(2))).toEqual({ set: { app_count: 1 } })
    expect(wish(counted, 'up', live(12))).toMatch(/is 12 already, the most the site allows/)
    expect(wish(counted, 'down', live(1))).toMatch(/is 1 already, the least/)
  })

  test('above its end it is not scaled down by `up`', () => {
    expect(wish(counted, 'up', live(20))).toMatch(/is 20 already/)
  })
})

describe('a scale is refused', () => {
  test('for a count outside of the limits, and for a size that is none, with what there is', () => {
    expect(() => wish(sized, '13', live(2))).toThrow(/1 to 12/)
    expect(() => wish(sized, '0', live(2))).toThrow(/1 to 12/)
    expect(() => wish(sized, 'huge', live(2))).toThrow(/`up`, `down`, `small`, `medium`, `large`, a whole number/)
    expect(() => wish({ ...sized, scale: undefined }, '3', live(2))).toThrow(/the site gives it no `scale`/)
  })

  test('where nothing is up, or there is nothing to scale by', () => {
    expect(() => wish(sized, 'up', null)).toThrow(/Nothing is up/)
    expect(() => wish({ ...sample, sizes: {} }, 'up', live(1))).toThrow(/neither sizes nor a count/)
  })
})

describe('a service', () => {
  const settings = { image: 'app', environments: ['loadtest'], count: 'web_count' } as Site['services'][string]
  const withService = (change: object): Site => ({ ...site, services: { web: { ...settings, ...change } } })

  test('is counted in its environment, within its own limits', () => {
    const { environment, service } = scaleTarget(withService({ scale: { min: 1, max: 4, step: 1 } }), 'web')
    expect(environment).toBe('loadtest')
    expect(service?.consul).toBe('web')
    const scaling = scalingOf(sized, 'down', service?.counted)
    expect(scaleWish(sized, { ...live(2, 'small'), variables: { web_count: 1 } }, scaling)).toMatch(/is 1 already/)
    expect(scaleWish(sized, { ...live(2, 'small'), variables: { web_count: 3 } }, scaling)).toEqual({
      set: { web_count: 2 },
    })
    expect(() => scalingOf(sized, '50', service?.counted)).toThrow(/outside of what the site allows.*1 to 4/)
  })

  test('takes the limits of the environment where they are of the same variable', () => {
    const limits = { variable: 'web_count', min: 1, max: 6, step: 1 }
    const environments = { ...site.environments, loadtest: { ...sample, scale: limits } }
    expect(scaleTarget({ ...withService({}), environments }, 'web').service?.counted).toEqual(limits)
  })

  test('without any limit is refused, with what to write', () => {
    expect(() => scaleTarget(withService({}), 'web')).toThrow(/Write `scale: .*max.*` under services\.web/)
  })

  test('is looked for in Consul by the name that it has in that environment', () => {
    const environments = ['loadtest', 'other']
    const several = withService({ environments, consul: 'web-{environment}', scale: { min: 1, max: 4, step: 1 } })
    expect(environments.map((env) => scaleTarget(several, 'web', env).service?.consul)).toEqual([
      'web-loadtest',
      'web-other',
    ])
  })

  test('of several environments needs one to be named', () => {
    const several = withService({ environments: ['loadtest', 'other'], scale: { min: 1, max: 4, step: 1 } })
    expect(() => scaleTarget(several, 'web')).toThrow(/runs in loadtest, other: say which one with `--env`/)
    expect(scaleTarget(several, 'web', 'loadtest').environment).toBe('loadtest')
    expect(() => scaleTarget(several, 'web', 'third')).toThrow(/say which one/)
    expect(() => scaleTarget(several, 'wbe')).toThrow(/nothing `wbe` to scale/)
  })
})
