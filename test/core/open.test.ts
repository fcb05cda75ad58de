import { expect, test } from 'vitest'
import type { ImageRelease, ImageVersion } from '../../src/core/catalogue.ts'
import { liveReleases } from '../../src/core/catalogue.ts'
import type { EnvironmentRecord } from '../../src/core/environment.ts'
import { newEnvironment } from '../../src/core/environment.ts'
import { asItStands } from '../../src/core/release/open.ts'

const variables = { live: 'web_live', next: 'web_next' }
const release = (change: Partial<ImageRelease> = {}): ImageRelease => ({
  environment: 'shop',
  service: 'web',
  since: 100,
  until: null,
  healthy: true,
  by: 'T01DEMO/U01ALICE',
  execution: 'r1',
  ...change,
})
const entry = (...releases: ImageRelease[]): ImageVersion => ({
  ...{ image: 'app', version: '1.0', key: 'k', artifacts: [], base: null, commit: null },
  ...{ by: 'T01DEMO/U01ALICE', execution: 'b1', at: 1, mark: null, releases },
})

/** An environment after an apply at 200 that gave it these versions. */
const upWith = (live: string, next = ''): Partial<EnvironmentRecord> => ({
  last: { execution: 'r2', line: 'x', at: 200, up: true },
  live: { size: null, kept: {}, variables: { web_live: live, web_next: next }, execution: 'r2', at: 200, since: 50 },
})
const down: Partial<EnvironmentRecord> = {
  last: { execution: 'r2', line: 'tiny down', at: 300, up: false },
  live: null,
}

test.each<[string, Partial<EnvironmentRecord>, number | null]>([
  ['live while it is the version that Terraform has as live', upWith('1.0'), null],
  ['live while the next one stands beside it', upWith('1.0', '2.0'), null],
  ['live while it is the next one itself', upWith('', '1.0'), null],
  ['over since the apply that put another version there', upWith('2.0'), 200],
  ['over since the environment went down', down, 300],
  ['as it is recorded where nobody kept what is live', {}, null],
])('a release is %s', (_how, record, until) => {
  const whole = { ...newEnvironment('shop'), ...record }
  expect(asItStands(entry(release()), () => ({ record: whole, variables })).releases[0]?.until).toBe(until)
})

test('of two open releases of a version in one place the later one is live, and the first until then', () => {
  const twice = entry(
    release(),
    release({ since: 250, execution: 'r3' }),
    release({ since: 260, healthy: false, until: 270 }),
  )
  const stands = asItStands(twice, () => ({ record: { ...newEnvironment('shop'), ...upWith('1.0') }, variables }))
  expect(stands.releases.map(({ until }) => until)).toEqual([250, null, 270])
})

test('each release is looked at in its own place, and what ended stays as it was', () => {
  const both = entry(release({ until: 150 }), release(), release({ environment: 'lab' }))
  const stands = asItStands(both, ({ environment }) => ({
    record: { ...newEnvironment(environment), ...(environment === 'lab' ? down : upWith('1.0')) },
    variables,
  }))
  expect(stands.releases.map(({ until }) => until)).toEqual([150, null, 300])
  expect(liveReleases(stands).map(({ environment }) => environment)).toEqual(['shop'])
})

test('of a service that the site does not name any more only the end of its environment is known', () => {
  const there = (record: Partial<EnvironmentRecord>) =>
    asItStands(entry(release()), () => ({ record: { ...newEnvironment('shop'), ...record }, variables: null }))
  expect(there(upWith('2.0')).releases[0]?.until).toBeNull()
  expect(there(down).releases[0]?.until).toBe(300)
})
