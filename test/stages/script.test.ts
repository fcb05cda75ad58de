import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Fields, StageKind } from '../../src/core/workflow.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { script, scriptKind } from '../../src/stages/script.ts'
import { site } from '../core/sample-site.ts'
import { executionOf, KEY, only, ready, runnerOf, stageNow, workerOf } from '../engine/kinds.ts'
import { until, useRedis } from '../engine/redis.ts'

const here = useRedis()
const kinds = new Map([['script', scriptKind as unknown as StageKind]])
const secrets = { TOKEN: 'hunter2-hunter2', OTHER: 'other' }

/** A script as a site lists it, run as the only stage of an execution. */
async function runs(text: string, settings: Fields = {}, given: Fields = {}, came: Fields = {}) {
  const file = join(here.dir, 'script.sh')
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  const base = { argv: [file, 'fixed'], timeout: '10s', takes: {}, pass: [], secrets: [], ...settings }
  const scripts = { smoke: base } as unknown as typeof site.scripts
  const input = scriptKind.plan(scriptKind.input.parse({ name: 'smoke', with: given }), {
    site: { ...site, scripts },
    environment: null,
  })
  const hint = await ready(here, only('script', { ...input, ...came }))
  const variables = { PATH: process.env.PATH ?? '', ...secrets }
  const runner = runnerOf(here, workerOf('w1'), { kinds, variables })
  return { hint, runner, done: () => runner.start(hint) }
}

const log = async () =>
  Buffer.from(await createArtifacts(here.redis, here.keys, KEY).of('r1').get('one-log.txt')).toString()

test('its exit code decides, its log is kept, and JSON on its last line is what it gives', async () => {
  const { done } = await runs(`echo "args: $*"; echo '{"url":"http://x","count":3}'`)
  await done()
  expect((await stageNow(here)).outcome).toEqual({
    kind: 'succeeded',
    output: { url: 'http://x', count: 3, exitCode: 0, files: ['one-log.txt'] },
  })
  expect(await log()).toMatch(/^args: fixed\n/)
})

test('what the engine alone may say is not taken, and a last line that cannot be is said in the log', async () => {
  await (await runs(`echo '{"catchUp":["dc1"],"owners":["@eve"],"constructor":2,"url":"x"}'`)).done()
  expect((await stageNow(here)).outcome).toEqual({
    kind: 'succeeded',
    output: { constructor: 2, url: 'x', exitCode: 0, files: ['one-log.txt'] },
  })
})

test.each([
  [`printf '{"n":"'; head -c 20000 /dev/zero | tr '\\0' x; echo '"}'`, /nothing was taken .* 20008 characters/],
  [`echo '{"n": NaN}'`, /nothing was taken from the last line/],
  [`echo '[1]'`, /^\[1\]\n$/],
])('what it prints last and cannot be taken is only log: %s', async (text, log_) => {
  await (await runs(text)).done()
  expect((await stageNow(here)).outcome).toEqual({
    kind: 'succeeded',
    output: { exitCode: 0, files: ['one-log.txt'] },
  })
  expect(await log()).toMatch(log_)
})

test.each([
  ['as jq writes it', `echo working; printf '{\n  "n": {\n    "m": 1\n  }\n}\n'`, { n: { m: 1 } }],
  ['with a byte order mark', `printf '\\357\\273\\277{"n":1}\\r\\n'`, { n: 1 }],
  ['after megabytes', `yes | head -c 9000000; echo '{"n":1}'`, { n: 1 }],
  ['with a name that every object has', `echo '{"__proto__":{"n":2},"n":1}'`, { n: 1 }],
])('an object at the end is taken %s', async (_, text, given) => {
  await (await runs(text)).done()
  const { outcome } = await stageNow(here)
  expect(outcome).toEqual({ kind: 'succeeded', output: { ...given, exitCode: 0, files: ['one-log.txt'] } })
})

test.each([
  [{ V: { deep: 1 } }, /^The script smoke was not run: `V` is an object; a text, a number or true and false/],
  [{ V: ['1'] }, /`V` is a list/],
  [{ V: '1\0' }, /`V` has a zero byte/],
])('what came by a reference and cannot be handed on is told to people: %j', async (given, why) => {
  await (await runs('true', { takes: { V: '[^]*' } }, {}, { with: given })).done()
  expect((await stageNow(here)).outcome).toEqual({ kind: 'failed', error: expect.stringMatching(why) })
})

test.each([
  ['kill -9 $$', 'The script smoke ended with exit code 137 (SIGKILL).'],
  [`printf '%0900d' 1 >&2; exit 3`, `The script smoke ended with exit code 3:\n${'0'.repeat(500)}…`],
])('%s is told', async (text, error) => {
  await (await runs(text)).done()
  expect((await stageNow(here)).outcome).toMatchObject({ kind: 'failed', error })
})

test('a failure is told in its own last words', async () => {
  await (await runs('echo working; echo "no answer from web" >&2; exit 3')).done()
  const { outcome } = await stageNow(here)
  expect(outcome).toMatchObject({
    kind: 'failed',
    error: expect.stringMatching(/ended with exit code 3:\nno answer from web/),
  })
})

test('it gets what the site lets it, and nothing else of the worker; secrets are masked', async () => {
  const { done } = await runs(
    'env; echo "token is $TOKEN"',
    { secrets: ['TOKEN'], takes: { VERSION: '[0-9.]+' } },
    { VERSION: '1.4' },
  )
  await done()
  const text = await log()
  expect(text).toContain('VERSION=1.4')
  expect(text).not.toContain('OTHER=')
  expect(text).not.toContain(secrets.TOKEN)
  expect(text).toMatch(/token is \*\*\*/)
})

test('a value that does not fit what the site allows never reaches it', async () => {
  const mark = join(here.dir, 'ran')
  const { done } = await runs(`touch ${mark}`, { takes: { VERSION: '[0-9.]+' } }, { VERSION: '1.4; rm -rf /' })
  await done()
  expect((await stageNow(here)).outcome).toMatchObject({
    kind: 'failed',
    error: expect.stringMatching(/was not run: `VERSION`/),
  })
  expect(existsSync(mark)).toBe(false)
})

test('what it prints cannot make buttons, files or an end of its own', async () => {
  await (
    await runs(`echo '{"offers":[{"label":"x","line":"runs cancel"}],"files":["plan"],"needsApply":false,"ok":true}'`)
  ).done()
  expect((await stageNow(here)).outcome).toEqual({
    kind: 'succeeded',
    output: { ok: true, exitCode: 0, files: ['one-log.txt'] },
  })
})

test('after the time that the site gives it, it is killed with all that it started', async () => {
  const child = join(here.dir, 'child')
  const { done } = await runs(`sh -c 'echo $$ >${child}; trap "" TERM; while :; do sleep 0.1; done' & wait`, {
    timeout: '1s',
  })
  await done()
  expect((await stageNow(here)).outcome).toMatchObject({
    kind: 'failed',
    error: expect.stringMatching(/did not end within 1s and was killed/),
  })
  const { readFileSync } = await import('node:fs')
  const pid = Number(readFileSync(child, 'utf8'))
  await until(() => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '))
})

test('a cancel interrupts it once, and that is told', async () => {
  const up = join(here.dir, 'up')
  const { done, runner } = await runs(`trap 'exit 7' INT; touch ${up}; while :; do sleep 0.05; done`)
  const running = done()
  await until(() => existsSync(up))
  const { store } = here
  const cancel = { type: 'cancel', by: (await executionOf(here)).actor, why: '', force: false } as const
  await store.tell('r1', cancel)
  await runner.obey('r1')
  await running
  expect((await stageNow(here)).outcome).toMatchObject({
    kind: 'canceled',
    why: expect.stringMatching(/interrupted and ended with/),
  })
})

test('a script that the site does not list, and a value that it does not take, are refused when it is planned', () => {
  const plan = (input: unknown, scripts: object) =>
    scriptKind.plan(scriptKind.input.parse(input), {
      site: { ...site, scripts: scripts as typeof site.scripts },
      environment: null,
    })
  expect(() => plan({ name: 'smoke' }, {})).toThrow(/no script `smoke` in the site; there are none/)
  expect(() => plan({ name: 'toString' }, {})).toThrow(/no script/)
  const smoke = { argv: ['x'], timeout: '1m', takes: {}, pass: [], secrets: [] }
  expect(() => plan({ name: 'smoke', with: { VERSION: '1' } }, { smoke })).toThrow(/takes no `VERSION`/)
  expect(script({ name: 'smoke', with: { V: { ref: 'a.b' } }, id: 'check' })).toEqual({
    kind: 'script',
    input: { name: 'smoke', with: { V: { ref: 'a.b' } } },
    id: 'check',
  })
})
