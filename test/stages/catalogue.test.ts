import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Part } from '../../examples/demo/parts.ts'
import { startConsul } from '../../examples/demo/parts.ts'
import type { ImageVersion } from '../../src/core/catalogue.ts'
import { freeVersion, generatedVersion, liveReleases } from '../../src/core/catalogue.ts'
import { createCatalogue } from '../../src/stages/catalogue.ts'
import { createConsul } from '../../src/tools/consul.ts'

const dir = mkdtempSync(join(tmpdir(), 'groundcrew-catalogue-'))
let consul: Part
let catalogue: ReturnType<typeof createCatalogue>

beforeAll(async () => {
  consul = await startConsul({ dir, dev: true })
  catalogue = createCatalogue(createConsul(consul.url))
})
afterAll(async () => {
  await consul.stop()
  rmSync(dir, { recursive: true, force: true })
})

const entry = (version: string, more: Partial<ImageVersion> = {}): ImageVersion => ({
  image: 'app',
  version,
  key: 'k1',
  artifacts: [{ builder: 'null.app', id: '', region: null, files: [{ name: `/images/app-${version}.tgz`, size: 7 }] }],
  base: { image: 'base', version: '1' },
  commit: null,
  by: 'T01TEAM/U01ALICE',
  execution: 'abc',
  at: 1,
  mark: null,
  releases: [],
  ...more,
})

test('what was added is found, and listed newest first; an image of a longer name is another one', async () => {
  await catalogue.add(entry('1', { at: 10 }))
  await catalogue.add(entry('2', { at: 20 }))
  await catalogue.add({ ...entry('9', { at: 90 }), image: 'app-two' })
  expect((await catalogue.list('app')).map(({ version }) => version)).toEqual(['2', '1'])
  expect(await catalogue.find('app', '1')).toEqual(entry('1', { at: 10 }))
  expect(await catalogue.find('app', '3')).toBeNull()
  expect(await catalogue.list('nothing')).toEqual([])
  await expect(catalogue.named('app', '3')).rejects.toThrow(/no version `3` of the image app. The newest are `2`, `1`/)
})

test('added again by the same execution it is the same; by another one it is refused and stays as it was', async () => {
  expect(await catalogue.add(entry('2', { at: 99 }))).toMatchObject({ at: 20 })
  await expect(catalogue.add(entry('2', { execution: 'def' }))).rejects.toThrow(/baked by `abc`. A version is never/)
  expect(await catalogue.find('app', '2')).toMatchObject({ execution: 'abc', at: 20 })
})

test('many changes at once lose nothing', async () => {
  const release = (execution: string) => ({
    environment: 'web',
    service: 'web',
    since: 1,
    until: null,
    healthy: true,
    by: 'shell:ann',
    execution,
  })
  const names = Array.from({ length: 8 }, (_, at) => `run${at}`)
  const added = (name: string) =>
    catalogue.change('app', '1', (before) => ({ ...before, releases: [...before.releases, release(name)] }))
  await Promise.all(names.map(added))
  const found = await catalogue.named('app', '1')
  expect(
    liveReleases(found)
      .map(({ execution }) => execution)
      .sort(),
  ).toEqual(names)
  await expect(catalogue.change('app', '7', (before) => before)).rejects.toThrow(/There is no version `7`/)
})

test('what is damaged is reported and not written over', async () => {
  const url = `${consul.url}/v1/kv/groundcrew/images/bad/1`
  await fetch(url, { method: 'PUT', body: '{"image":"bad"}' })
  await expect(catalogue.list('bad')).rejects.toThrow(/`groundcrew\/images\/bad\/1` in Consul is not an image version/)
  await expect(catalogue.change('bad', '1', (before) => before)).rejects.toThrow(/Mend or delete that key/)
  await expect(catalogue.add({ ...entry('1'), image: 'bad' })).rejects.toThrow(/is not an image version/)
  expect(await (await fetch(`${url}?raw`)).text()).toBe('{"image":"bad"}')
})

test('a Consul that does not answer is an error, never an empty list', async () => {
  const away = createCatalogue(createConsul('127.0.0.1:1'))
  await expect(away.list('app')).rejects.toThrow(/Consul at 127.0.0.1:1 does not answer/)
})

test('a generated version is the time in UTC, and a free one where it is taken', () => {
  const now = Date.UTC(2026, 10, 20, 20, 30)
  expect(generatedVersion(now, () => false)).toBe('20261120.2030')
  expect(generatedVersion(now, (version) => ['20261120.2030', '20261120.2030-2'].includes(version))).toBe(
    '20261120.2030-3',
  )
  expect(freeVersion('1.4', (version) => version === '1.4')).toBe('1.4-2')
})
