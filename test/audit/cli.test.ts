import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { maskOf } from '../../src/engine/audit/secrets.ts'
import { crew } from '../cli/crew.ts'
import { entryOf } from './lines.ts'
import { auditOf, fileIn, linesIn, useRedis } from './redis.ts'

const here = useRedis()

function env(change: Record<string, string> = {}) {
  return {
    REDIS_URL: here.url,
    GROUNDCREW_PREFIX: here.keys.audit.split(':')[0] ?? '',
    GROUNDCREW_HOST: 'here',
    GROUNDCREW_AUDIT_FILE: fileIn(here),
    ...change,
  }
}

async function written(count = 6): Promise<string[]> {
  const audit = auditOf(here, { file: fileIn(here) })
  for (let number = 1; number <= count; number++) {
    await audit.keep(entryOf(`command ${number}`, number % 2 ? {} : { who: 'T01TEAM/U02BOB', environment: 'loadtest' }))
  }
  await audit.flush()
  return linesIn(fileIn(here))
}

const rewrite = (lines: readonly string[]) => writeFileSync(fileIn(here), lines.map((line) => `${line}\n`).join(''))

test('a whole audit is said to be whole, with exit code 0', async () => {
  await written()
  const { code, stdout, stderr } = await crew(['audit', 'verify'], { env: env() })
  expect(stdout).toMatch(
    /audit\.jsonl: the chain is whole: 6 lines, entries 1 to 6; it ends with the head that Redis keeps/,
  )
  expect(stdout).toMatch(/Redis: the chain is whole: 6 lines/)
  expect([code, stderr]).toEqual([0, ''])
})

test('a broken one names line and way, with exit code 1: by default the file of this machine, or one that is named', async () => {
  const lines = await written()
  const copy = join(here.dir, 'copy.jsonl')
  copyFileSync(fileIn(here), copy)
  rewrite(lines.with(2, lines[3] ?? '').with(3, lines[2] ?? ''))
  const own = await crew(['audit', 'verify'], { env: env() })
  expect(own.stdout).toMatch(/BROKEN, 1 found:\n {2}line 3: reordered: entry 4 stands before entry 3/)
  const named = await crew(['audit', 'verify', '--file', copy], { env: env() })
  expect([own.code, named.code]).toEqual([1, 0])
})

test('a tail that was cut off is found by the head that Redis keeps', async () => {
  rewrite((await written()).slice(0, 4))
  const { code, stdout } = await crew(['audit', 'verify'], { env: env() })
  expect(stdout).toContain("after line 4: cut: entries 5 to 6 are cut off; Redis's head is entry 6")
  expect(code).toBe(1)
})

test('a file that is gone is no whole audit', async () => {
  await written()
  rmSync(fileIn(here))
  const { code, stderr } = await crew(['audit', 'verify'], { env: env() })
  expect([code, stderr]).toEqual([1, expect.stringContaining('it is not there')])
})

test('a chain that was changed in Redis is found too', async () => {
  await written()
  await here.redis.xdel(here.keys.audit, '3-0')
  const { code, stdout } = await crew(['audit', 'verify'], { env: env() })
  expect(stdout).toMatch(/Redis: the chain is BROKEN.*\n.*line 3: missing: entry 3 is not there/)
  expect(code).toBe(1)
})

test('a line that was appended to the file by somebody else is found', async () => {
  const lines = await written()
  const [first] = lines
  rewrite([...lines, first ?? ''])
  const { code, stdout } = await crew(['audit', 'verify', '--json'], { env: env() })
  const { whole, reports } = JSON.parse(stdout)
  expect([code, whole]).toEqual([1, false])
  expect(reports[0].verdict.problems).toMatchObject([{ line: 7, how: 'inserted' }])
})

test('without Redis the file alone is verified, and it says what that leaves open', async () => {
  await written()
  const { REDIS_URL: _, ...alone } = env()
  const { code, stdout, stderr } = await crew(['audit', 'verify'], { env: alone })
  expect([code, stdout]).toEqual([0, expect.stringContaining('whole: 6 lines')])
  expect(stderr).toContain('a tail that was cut off could not be seen')
  const away = await crew(['audit', 'verify'], { env: { ...alone, REDIS_URL: 'redis://127.0.0.1:1' } })
  expect([away.code, away.stderr]).toEqual([1, expect.stringContaining('does not answer')])
})

test('what it says is asked by person, environment and number, from Redis or from a file', async () => {
  await written()
  const bobs = await crew(['audit', 'show', '--who', 'U02BOB', '--limit', '2'], { env: env() })
  expect(bobs.stdout.trim().split('\n')).toEqual([
    '4. 2026-11-20 17:40 UTC asked T01TEAM/U02BOB command 4 on loadtest',
    '6. 2026-11-20 17:40 UTC asked T01TEAM/U02BOB command 6 on loadtest',
  ])
  const lines = await crew(['audit', 'show', '--env', 'loadtest', '--file', fileIn(here), '--json'], { env: env() })
  expect(
    lines.stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text).seq),
  ).toEqual([2, 4, 6])
})

test.each([
  [[], /Say what to do with the audit: verify or show/],
  [['verfy'], /`verfy` is nothing that can be done with the audit/],
  [['verify', '--fiel', 'x'], /Unknown option '--fiel'/],
  [['show', '--limit', 'x'], /`--limit` is `x`; expected a whole number/],
  [['show', '--since', 'x'], /`x` is not a duration/],
])('`crew audit %s` is refused with the usage', async (args, message) => {
  const { code, stderr } = await crew(['audit', ...args], { env: env() })
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
})

test('every secret that a process knows is hidden: by name, named by the site, or in an address', () => {
  const environments = { loadtest: { secrets: ['PLAIN'] } }
  const variables = {
    PLAIN: 'first-secret',
    SLACK_BOT_TOKEN: 'xoxb-second',
    GROUNDCREW_ARTIFACT_KEY: 'third-key',
    REDIS_URL: 'rediss://user:fo%40urth@host:6379',
    CHAT_URL: 'https://hooks.example.com/T01/fifth-secret',
    PATH: '/usr/bin',
  }
  const calls = { chat: { secret_url: 'CHAT_URL', secret_headers: {} } }
  const mask = maskOf(variables, { environments, calls } as unknown as Parameters<typeof maskOf>[1])
  expect(mask('first-secret xoxb-second third-key fo@urth /T01/fifth-secret /usr/bin')).toBe(
    '*** *** *** *** *** /usr/bin',
  )
})
