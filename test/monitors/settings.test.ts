import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readMonitors } from '../../src/config.ts'

const root = join(import.meta.dirname, '../..')
const dir = mkdtempSync(join(tmpdir(), 'groundcrew-monitors-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('refuses settings that are wrong, with place and reason', async () => {
  writeFileSync(join(dir, 'monitors.yml'), 'vault_audit: { file: a, state: b, thresholds: [{ window: 7m }] }\n')
  const env = { PATH: process.env.PATH ?? '', GROUNDCREW_MONITORS: join(dir, 'monitors.yml') }
  const child = spawn('node', [join(root, 'src/monitor.ts')], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  expect((await once(child, 'close'))[0]).toBe(1)
  expect(text).toMatch(/vault_audit\.thresholds\.0\.window/)
})

test('the example of the settings is right', async () => {
  const example = join(root, 'examples/monitors.yml')
  expect((await readMonitors(example)).vault_audit?.thresholds.length).toBe(4)
  expect(readFileSync(example, 'utf8')).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/)
})
