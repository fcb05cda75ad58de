import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, expect, test } from 'vitest'
import { monitorsSchema } from '../../../src/core/monitors.ts'
import { createCanary } from '../../../src/monitors/canary.ts'
import { createVaultAudit } from '../../../src/monitors/vault-audit.ts'
import { line } from './entries.ts'

const MIN = 60_000
const dir = mkdtempSync(join(tmpdir(), 'groundcrew-canary-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('the check is critical while an active Vault is asked and its file stays silent, until a line comes', async () => {
  const file = join(dir, 'audit.log')
  writeFileSync(file, '')
  const settings = monitorsSchema.parse({ vault_audit: { file, state: join(dir, 'state.json') } }).vault_audit
  if (!settings) throw new Error('The settings have no vault_audit.')
  let time = Date.parse('2026-11-20T12:00:00Z')
  const now = () => time
  const canary = createCanary(10 * MIN, now)
  const said = { status: '', output: '' }
  const report = { say: (status: string, output: string) => void Object.assign(said, { status, output }) }
  const watch = await createVaultAudit(settings, { log: pino({ level: 'silent' }), report, now, canary })
  for (let round = 0; round < 2; round++) {
    canary.asked(true)
    await watch.round()
    expect(said.status).toBe('passing')
    time += 5 * MIN
  }
  canary.asked(true)
  await watch.round()
  expect(said).toMatchObject({
    status: 'critical',
    output: expect.stringMatching(/^CRITICAL: the audit file is silent for 10 m, though Vault here is active/),
  })
  appendFileSync(file, `${line({})}\n`)
  await watch.round()
  expect(said.status).toBe('passing')
  await watch.close()
})
