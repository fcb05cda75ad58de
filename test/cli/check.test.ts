import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { crew } from './crew.ts'

const samples = join(import.meta.dirname, '../cases/audit/samples.jsonl')
const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-cli-check-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const check = (...args: string[]) => crew(['check', 'vault-audit', ...args])
function file(name: string, text: string): string {
  writeFileSync(join(scratch, name), text)
  return join(scratch, name)
}

test('the samples as one object, without the principals that are left out', async () => {
  const { code, stdout, stderr } = await check('--file', samples, '--once', '--json', '--exclude', 'role_name=app2')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toEqual({
    lines: 21,
    denied: 7,
    failedLogin: 1,
    wrappingInvalid: 0,
    unparsable: 0,
    oversize: 0,
    byClass: { policy: 4, invalid_token: 1, bad_token_lookup: 1, missing_token: 1 },
  })
})

describe('as a check script', () => {
  test.each([
    [[], 0, /^PASSING: 8 denied \(policy 5, /],
    [['--warning', '8'], 1, /^WARNING: 8 denied/],
    [['--warning=9', '--critical', 'failedLogin=1'], 2, /^CRITICAL: 8 denied/],
    [['--warning=0'], 0, /^PASSING/],
  ])('%j ends with %i', async (args, code, text) => {
    const ended = await check('--file', samples, '--once', ...args)
    expect(ended.code).toBe(code)
    expect(ended.stdout).toMatch(text)
  })

  test('a log that cannot be understood is critical, whatever was counted', async () => {
    const foreign = await check('--once', '--file', file('foreign.log', 'one\ntwo\n'))
    expect(foreign).toMatchObject({ code: 2, stdout: expect.stringMatching(/cannot read the log/) })
    const jsonx = await check('--once', '--file', file('jsonx.log', '<json:object></json:object>\n'))
    expect(jsonx).toMatchObject({ code: 2, stdout: expect.stringMatching(/JSONx.*format=json/) })
  })

  test('an empty file passes: a standby writes nothing', async () => {
    expect(await check('--once', '--file', file('empty.log', ''))).toMatchObject({ code: 0 })
  })
})

test.each([
  [['--once'], /Name the file/],
  [['--file', samples], /Say `--once`/],
  [['--once', '--file', join(scratch, 'gone.log')], /gone\.log cannot be read: it is not there/],
  [['--once', '--file', scratch], /it is a folder/],
  [['--once', '--file', samples, '--exclude', 'token=x'], /names no principal.*role_name=NAME/],
  [['--once', '--file', samples, '--warning', 'many'], /is no threshold/],
  [['--once', '--file', samples, '--colour'], /Unknown option '--colour'/],
])('%j is refused with 2 and the reason', async (args, reason) => {
  const { code, stdout, stderr } = await check(...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(reason)
})

describe('what expires', () => {
  const chain = join(import.meta.dirname, '../cases/certificates/chain.pem')
  const settings = (entries: object[]) => file('monitors.yml', JSON.stringify({ token_expiry: { entries } }))
  const entry = { kind: 'certificate_file', name: 'web', owner: 'platform' }

  test('that cannot be read is critical, and one object tells owner and reason', async () => {
    const gone = settings([{ ...entry, file: join(scratch, 'gone.pem') }])
    const { code, stdout } = await crew(['check', 'token-expiry', '--settings', gone, '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stdout).entries).toMatchObject(
      [{ name: 'web', owner: 'platform', status: 'critical', text: /ENOENT/ }].map(({ text, ...rest }) => ({
        ...rest,
        text: expect.stringMatching(text),
      })),
    )
  })

  test('is read from a file without any server', async () => {
    const { stdout } = await crew(['check', 'token-expiry', '--settings', settings([{ ...entry, file: chain }])])
    expect(stdout).toMatch(/^\d critical.*\n\w+: web expire[sd] .*; owner platform$/m)
  })

  test('in Vault needs its address', async () => {
    const file = settings([{ kind: 'vault_token', name: 'a', owner: 'b', accessor: 'c' }])
    expect(await crew(['check', 'token-expiry', '--settings', file])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/VAULT_ADDR is not set/),
    })
  })
})
