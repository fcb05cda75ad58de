import { expect, test } from 'vitest'
import { readSite } from '../../../src/config/site.ts'

test('the sites that come with it name a source, its owner and a look for drift', async () => {
  const site = await readSite('examples/site/groundcrew.yml')
  expect(site.kv.app).toMatchObject({
    hub: 'dc1',
    prefixes: ['config/app/'],
    drift: { every: '15m', owner: 'U01ALICE' },
  })
  expect(site.kv.app?.source).toMatch(/examples\/settings$/)
  expect(site.kv_owners).toEqual({ terraform: ['infra/'] })
})
