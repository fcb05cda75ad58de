import { describe, expect, test } from 'vitest'
import type { ImageRelease, ImageVersion } from '../../src/core/catalogue.ts'
import type { PlanSummary } from '../../src/core/plan.ts'
import { serviceSettings } from '../../src/core/release/settings.ts'
import type { ReleaseTarget } from '../../src/core/release.ts'
import {
  chooseVersion,
  countsOfGroups,
  deletesOf,
  environmentOfService,
  ownedBy,
  owns,
} from '../../src/core/release.ts'
import { site } from './sample-site.ts'

const release = (change: Partial<ImageRelease> = {}): ImageRelease => ({
  environment: 'shop',
  service: 'web',
  since: 1,
  until: 2,
  healthy: true,
  by: 'T01TEAM/U01ALICE',
  execution: 'r1',
  ...change,
})

const baked = (version: string, change: Partial<ImageVersion> = {}): ImageVersion => ({
  image: 'app',
  version,
  key: version,
  artifacts: [],
  base: null,
  commit: null,
  by: 'T01TEAM/U01ALICE',
  execution: 'b1',
  at: 1,
  mark: null,
  releases: [],
  ...change,
})

const bad = { as: 'bad', by: 'T01TEAM/U03CAROL', at: 0, why: 'it leaks' } as const
const there = (live: string, next = '', inService: string[] = []): ReleaseTarget => ({
  service: 'web',
  image: 'app',
  environment: 'shop',
  live,
  next,
  inService,
})
const deploy = (version: string) => ({ version, rollback: false })
const rollback = (version: string | null = null) => ({ version, rollback: true })

describe('a deploy', () => {
  const versions = [baked('3.0'), baked('2.0'), baked('1.0')]

  test.each([
    ['where nothing is live', there(''), '1.0', { old: '', live: '', next: '1.0', needed: true, stands: false }],
    ['beside what is live', there('1.0'), '2.0', { old: '1.0', live: '1.0', next: '2.0', needed: true, stands: false }],
    ['of what is live already', there('1.0'), '1.0', { old: '', live: '1.0', next: '', needed: false, stands: true }],
    [
      'that was not finished',
      there('1.0', '2.0'),
      '2.0',
      { old: '1.0', live: '1.0', next: '2.0', needed: true, stands: true },
    ],
    [
      'back from one that was not finished',
      there('1.0', '2.0'),
      '1.0',
      { old: '2.0', live: '1.0', next: '2.0', needed: true, stands: true },
    ],
    [
      'that was the first and not finished',
      there('', '1.0'),
      '1.0',
      { old: '', live: '', next: '1.0', needed: true, stands: true },
    ],
    [
      'instead of a first one that was not finished',
      there('', '1.0'),
      '2.0',
      { old: '1.0', live: '1.0', next: '2.0', needed: true, stands: false },
    ],
  ])('%s', (_, target, version, wanted) => {
    expect(chooseVersion(target, deploy(version), versions)).toMatchObject({ version, ...wanted })
  })

  test('of a third version, while two stand side by side, is refused with both ways on', () => {
    expect(() => chooseVersion(there('1.0', '2.0'), deploy('3.0'), versions)).toThrow(
      /side by side.*`deploy web 2\.0 --to shop`.*`deploy web 1\.0 --to shop`/,
    )
  })

  test('of what is not there names near versions, else the newest, and never a bad one', () => {
    const some = [...versions, baked('2.1', { mark: bad })]
    expect(() => chooseVersion(there('1.0'), deploy('2.2'), some)).toThrow(/no version `2\.2`.*Did you mean `2\.0`,/)
    expect(() => chooseVersion(there('1.0'), deploy('nightly-99'), some)).toThrow(/The newest are `3\.0`/)
    expect(() => chooseVersion(there('1.0'), deploy('1.0'), [])).toThrow(/`bake app`/)
  })

  test('of a bad version is refused with who said so and why', () => {
    expect(() => chooseVersion(there('1.0'), deploy('2.0'), [baked('2.0', { mark: bad })])).toThrow(
      /marked bad by @U03CAROL at .*: it leaks\. It is not released/,
    )
  })
})

describe('a rollback', () => {
  const live = baked('3.0', { releases: [release({ since: 30, until: null })] })
  const versions = [
    live,
    baked('2.0', { releases: [release({ since: 20 })] }),
    baked('1.0', { releases: [release({ since: 10 })] }),
    baked('0.9', { releases: [release({ since: 25, healthy: false })] }),
    baked('0.8', { releases: [release({ since: 26, environment: 'sandbox' })] }),
    baked('0.7', { releases: [release({ since: 27 })], mark: bad }),
    baked('0.6'),
  ]

  test('goes to the one that was live last, was healthy there, and is not bad', () => {
    expect(chooseVersion(there('3.0'), rollback(), versions)).toMatchObject({ version: '2.0', old: '3.0' })
  })

  test('goes to a named one of them', () => {
    expect(chooseVersion(there('3.0'), rollback('1.0'), versions)).toMatchObject({ version: '1.0' })
  })

  test.each([
    ['what was never live', '0.6', /never live and healthy in shop.*It can go back to `2\.0`, `1\.0`/],
    ['what was live and not healthy', '0.9', /never live and healthy/],
    ['what was live elsewhere only', '0.8', /never live and healthy in shop/],
    ['what was marked bad since', '0.7', /marked bad.*It can go back to `2\.0`/],
    ['what is not there', '7', /no version `7`/],
  ])('refuses %s', (_, version, why) => {
    expect(() => chooseVersion(there('3.0'), rollback(version), versions)).toThrow(why)
  })

  test('refuses where nothing is live, and where nothing came before', () => {
    expect(() => chooseVersion(there(''), rollback(), versions)).toThrow(/nothing to go back from/)
    expect(() => chooseVersion(there('3.0'), rollback(), [live])).toThrow(/no earlier version/)
  })

  test('of a release that was switched over and not finished goes back to the group that still stands', () => {
    expect(chooseVersion(there('2.0', '3.0'), rollback(), versions)).toMatchObject({
      version: '2.0',
      old: '3.0',
      stands: true,
    })
  })
})

describe('after a cancel in the drain', () => {
  const versions = [
    baked('2.0'),
    baked('1.0', { releases: [release({ since: 10, until: null })] }),
    baked('0.9', { releases: [release({ since: 5 })] }),
  ]

  test('a rollback goes back from what Consul has in service, whatever the catalogue says', () => {
    expect(chooseVersion(there('1.0', '2.0', ['2.0']), rollback(), versions)).toMatchObject({
      version: '1.0',
      old: '2.0',
    })
  })

  test.each([
    ['both are in service', ['1.0', '2.0']],
    ['none is', []],
    ['something else is', ['3.0']],
  ])('where %s, the catalogue says what is live', (_, inService) => {
    expect(() => chooseVersion(there('1.0', '2.0', inService), rollback('1.0'), versions)).not.toThrow()
    expect(() => chooseVersion(there('1.0', '2.0', inService), rollback(), versions)).toThrow(/side by side/)
  })
})

describe('a release that fails goes back', () => {
  const healthy = baked('1.0', { releases: [release()] })
  test.each<[string, ReleaseTarget, string, boolean]>([
    ['to what serves', there('1.0', '', ['1.0']), '2.0', true],
    ['to what served healthily and is out of service', there('1.0', '2.0', ['2.0']), '2.0', true],
    ['to nothing, where nothing was live', there(''), '2.0', true],
    ['never to a group that never took over', there('1.0', '2.0', ['1.0']), '1.0', false],
    ['never by ending the only one that serves', there('', '2.0', ['2.0']), '2.0', false],
  ])('%s', (_, target, version, mayReturn) => {
    expect(chooseVersion(target, deploy(version), [baked('2.0'), healthy])).toMatchObject({ mayReturn })
  })
})

describe('what a release costs', () => {
  const web = serviceSettings.parse({ image: 'app', environments: ['shop'], count: 'web_count' })
  const counts = (variables: Record<string, string | number>, environment = 'shop') =>
    countsOfGroups({ services: { web } }, environment, { web_count: 3, ...variables }).web_count

  test.each([
    ['two groups while both stand', { live_version: '1.0', next_version: '2.0' }, 6],
    ['one before and after', { live_version: '1.0', next_version: '' }, 3],
    ['one that is named twice', { live_version: '1.0', next_version: '1.0' }, 3],
    ['none of no version', { live_version: '', next_version: '' }, 0],
    ['the count where the stack is given no version', {}, 3],
  ])('%s', (_, variables, count) => {
    expect(counts(variables)).toBe(count)
  })

  test('what is not of a service here is as it is', () => {
    expect(counts({ live_version: '1.0', next_version: '2.0' }, 'lab')).toBe(3)
  })
})

describe('what belongs to a version', () => {
  const patterns = ownedBy(['terraform_data.web["{version}/*"]', 'module.blue["{version}"].*'], '1.0')

  test.each([
    ['terraform_data.web["1.0/0"]', true],
    ['module.blue["1.0"].aws_instance.web[0]', true],
    ['terraform_data.web["1.01/0"]', false],
    ['terraform_data.web["1x0/0"]', false],
    ['terraform_data.web["2.0/0"]', false],
    ['module.other.terraform_data.web["1.0/0"]', false],
    ['terraform_data.web["1.0/0"].extra', false],
  ])('%s: %s', (address, owned) => {
    expect(owns(patterns, address)).toBe(owned)
  })

  test('nothing belongs to no version', () => {
    expect(ownedBy(['a["{version}"]'], '')).toEqual([])
  })
})

describe('the addresses of a plan that only deletes', () => {
  const change = (address: string, action: string) => ({ address, action, causes: [] })
  const plan = (changes: unknown[], more: Partial<PlanSummary> = {}) =>
    ({ errored: false, complete: true, deferred: 0, invocations: 0, changes, ...more }) as PlanSummary

  test.each([
    ['all of them', plan([change('a', 'delete'), change('b', 'delete')]), ['a', 'b']],
    ['none where only outputs change', plan([]), []],
    ['null where anything else happens', plan([change('a', 'delete'), change('b', 'update')]), null],
    ['null where something is replaced', plan([change('a', 'replace')]), null],
    ['null where something is forgotten', plan([change('a', 'forget')]), null],
    ['null for half a plan', plan([change('a', 'delete')], { complete: false }), null],
    ['null where more comes later', plan([change('a', 'delete')], { deferred: 1 }), null],
    ['null where a provider acts', plan([change('a', 'delete')], { invocations: 1 }), null],
    [
      'null where there are too many to keep',
      plan(Array.from({ length: 1001 }, (_, at) => change(`a${at}`, 'delete'))),
      null,
    ],
  ])('%s', (_, summary, addresses) => {
    expect(deletesOf(summary)).toEqual(addresses)
  })
})

describe('where a service is meant', () => {
  const settings = (environments: string[]) => serviceSettings.parse({ image: 'app', environments, count: 'web_count' })
  const here = { ...site, services: { web: settings(['loadtest']), api: settings(['loadtest', 'shop']) } }

  test('its only environment needs not be said', () => {
    expect(environmentOfService(here, 'web', undefined, '--to')).toBe('loadtest')
    expect(environmentOfService(here, 'api', 'shop', '--to')).toBe('shop')
  })

  test.each([
    ['api', undefined, /runs in `loadtest`, `shop`: say which one, with --to/],
    ['web', 'shop', /does not run in `shop`; it runs in `loadtest`/],
    ['wbe', 'shop', /no service `wbe`.*web, api/],
    ['constructor', undefined, /no service/],
  ])('%s in %s is refused', (service, said, why) => {
    expect(() => environmentOfService(here, service, said, '--to')).toThrow(why)
  })
})
