import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { AuditUnavailable } from '../../src/engine/audit/unavailable.ts'
import { entryOf, named } from './lines.ts'
import { auditOf, exitOf, fileIn, linesIn, startWriter, streamOf, textIn, useRedis, verdictOfFile } from './redis.ts'

const here = useRedis()
const write = async (audit: ReturnType<typeof auditOf>, ...lines: string[]) => {
  for (const line of lines) await audit.write(entryOf(line))
}

test('a line is in Redis and in the file when it is written, the same in both', async () => {
  const file = fileIn(here)
  await write(auditOf(here, { file }), 'one', 'two')
  const stream = await streamOf(here)
  expect(linesIn(file).map((text) => JSON.parse(text))).toEqual(stream)
  expect(stream.map(({ seq, entry }) => [seq, entry.line])).toEqual([
    [1, 'one'],
    [2, 'two'],
  ])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(await verdictOfFile(here, file)).toMatchObject({ lines: 2, first: 1, last: 2, problems: [] })
})

test('four processes that write at once give one unbroken chain, and every entry is in it once', async () => {
  const files = [fileIn(here), join(here.dir, 'other.jsonl')]
  const children = ['a', 'b', 'c', 'd'].map((name, at) => startWriter(here, name, 200, files[at === 3 ? 1 : 0]))
  expect(await Promise.all(children.map(exitOf))).toEqual([0, 0, 0, 0])
  for (const file of files) {
    await auditOf(here, { file }).flush()
    expect(await verdictOfFile(here, file)).toMatchObject({ lines: 800, last: 800, problems: [] })
  }
  const said = (await streamOf(here)).map(({ entry }) => entry.line)
  const mine = (name: string) => said.filter((line) => line?.startsWith(name))
  for (const name of ['a', 'b', 'c', 'd']) {
    expect(mine(name)).toEqual(Array.from({ length: 200 }, (_, at) => `${name} ${at + 1}`))
  }
})

test('writers that are killed at any moment leave a chain and a file that the next one completes', async () => {
  const file = fileIn(here)
  let written = 0
  for (let kill = 0; kill < 6; kill++) {
    const child = startWriter(here, `k${kill}`, 10_000, file)
    await once(child.stdout ?? child, 'data')
    await sleep(kill * 7)
    child.kill('SIGKILL')
    await exitOf(child)
    written = (await streamOf(here)).length
  }
  expect(written).toBeGreaterThan(6)
  await write(auditOf(here, { file }), 'after all')
  const verdict = await verdictOfFile(here, file)
  expect(verdict).toMatchObject({ problems: [] })
  expect(verdict.last).toBe((await streamOf(here)).length)
  expect((await streamOf(here)).filter(({ entry }) => entry.kind === 'damaged')).toEqual([])
})

describe('who died between Redis and the file', () => {
  test('leaves lines that are caught up', async () => {
    const file = fileIn(here)
    await write(auditOf(here, { file }), 'one')
    await write(auditOf(here), 'two', 'three')
    expect(linesIn(file)).toHaveLength(1)
    await auditOf(here, { file }).flush()
    expect(await verdictOfFile(here, file)).toMatchObject({ lines: 3, problems: [] })
  })

  test.each([1, 40, -1])('or half a line, which is completed (%i bytes of it)', async (bytes) => {
    const file = fileIn(here)
    const audit = auditOf(here, { file })
    await write(audit, 'one', 'two')
    await write(auditOf(here), 'three', 'four')
    const three = JSON.stringify((await streamOf(here))[2])
    appendFileSync(file, (await rawOf(3)).slice(0, bytes < 0 ? three.length + bytes : bytes))
    await auditOf(here, { file }).flush()
    expect(await verdictOfFile(here, file)).toMatchObject({ lines: 4, problems: [] })
  })

  test('or half of the very first line', async () => {
    const file = fileIn(here)
    await auditOf(here, { file }).flush()
    await write(auditOf(here), 'one', 'two')
    writeFileSync(file, (await rawOf(1)).slice(0, 30))
    await auditOf(here, { file }).flush()
    expect(await verdictOfFile(here, file)).toMatchObject({ lines: 2, problems: [] })
  })

  test('or whole lines that nobody could remember as written', async () => {
    const file = fileIn(here)
    await write(auditOf(here, { file }), 'one')
    await write(auditOf(here), 'two', 'three')
    appendFileSync(file, `${await rawOf(2)}\n`)
    await auditOf(here, { file }).flush()
    expect(await verdictOfFile(here, file)).toMatchObject({ lines: 3, problems: [] })
  })
})

async function rawOf(seq: number): Promise<string> {
  const [found] = await here.redis.xrange(here.keys.audit, `${seq}-0`, `${seq}-0`)
  return found?.[1][1] ?? ''
}

describe('a file that somebody changed behind its back', () => {
  test.each([
    ['cut', (file: string) => truncateSync(file, textIn(file).length - 100), 'changed@3'],
    ['cut by a line', (file: string) => writeFileSync(file, `${linesIn(file).slice(0, 2).join('\n')}\n`), 'missing@3'],
    ['changed at its end', (file: string) => writeFileSync(file, textIn(file).replace(/three/, 'thrEE')), 'changed@3'],
    ['lengthened', (file: string) => appendFileSync(file, 'more\n'), 'inserted@4'],
  ])('%s: it goes on behind that, and the damage stays to be found', async (_how, change, problem) => {
    const file = fileIn(here)
    const audit = auditOf(here, { file })
    await write(audit, 'one', 'two', 'three')
    change(file)
    await write(audit, 'four')
    await audit.flush()
    expect(named(await verdictOfFile(here, file))).toEqual([problem])
    const [damaged] = (await streamOf(here)).filter(({ entry }) => entry.kind === 'damaged')
    expect(damaged?.entry.why).toContain(file)
    expect(linesIn(file).some((line) => line.includes('"line":"four"'))).toBe(true)
  })

  test('text without an end behind its last line does not spoil the next one', async () => {
    const file = fileIn(here)
    const audit = auditOf(here, { file })
    await write(audit, 'one')
    appendFileSync(file, 'more')
    await write(audit, 'two')
    expect(named(await verdictOfFile(here, file))).toEqual(['inserted@2'])
  })

  test('deleted: it is written anew from Redis, and that is recorded once', async () => {
    const file = fileIn(here)
    const audit = auditOf(here, { file })
    await write(audit, 'one', 'two')
    rmSync(file)
    await write(audit, 'three')
    await write(audit, 'four')
    expect(await verdictOfFile(here, file)).toMatchObject({ lines: 5, problems: [] })
    expect((await streamOf(here)).filter(({ entry }) => entry.kind === 'damaged')).toHaveLength(1)
  })
})

test('the file of another Redis is refused, and left as it is', async () => {
  const file = fileIn(here)
  await write(auditOf(here, { file }), 'one', 'two')
  const before = textIn(file)
  await here.redis.flushdb()
  await expect(auditOf(here, { file }).write(entryOf('three'))).rejects.toThrow(/the file of another Redis/)
  expect(textIn(file)).toBe(before)
})

describe('a file that cannot be written', () => {
  test.each([
    ['on a full disk', () => symlinkSync('/dev/full', fileIn(here)), /no space is left on its disk \(ENOSPC\)/],
    ['that is a folder', () => mkdirSync(fileIn(here)), /its file is a folder \(EISDIR\)/],
    ['below a file', () => writeFileSync(dirname(fileIn(here).replace('/audit', '/x/audit')), ''), /cannot be written/],
  ])('%s says so to the person, and works when that is mended', async (_what, spoil, message) => {
    const file = _what === 'below a file' ? fileIn(here).replace('/audit', '/x/audit') : fileIn(here)
    spoil()
    const audit = auditOf(here, { file })
    const failed = await audit.write(entryOf('one')).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(AuditUnavailable)
    expect((failed as Error).message).toMatch(message)
    expect((failed as Error).message).toMatch(/nothing was done/)
    rmSync(_what === 'below a file' ? dirname(file) : file, { recursive: true })
    await audit.write(entryOf('two'))
    expect(linesIn(file).map((text) => JSON.parse(text).entry.line)).toEqual(['one', 'two'])
    expect(await verdictOfFile(here, file)).toMatchObject({ problems: [] })
  })

  test('for want of the right to', async (context) => {
    if (process.getuid?.() === 0) {
      console.log('not run: root may write every file, so that no right is wanting')
      context.skip('root may write every file')
    }
    const file = fileIn(here)
    writeFileSync(file, '')
    chmodSync(file, 0o400)
    await expect(auditOf(here, { file }).write(entryOf('one'))).rejects.toThrow(/may not be written \(EACCES\)/)
  })
})

describe('the stream', () => {
  const length = () => here.redis.xlen(here.keys.audit)

  test('is never trimmed where nobody has a file', async () => {
    const audit = auditOf(here, { kept: 10 })
    for (let count = 0; count < 250; count++) await audit.keep(entryOf(`command ${count}`))
    await audit.flush()
    expect(await length()).toBe(250)
  })

  test('is trimmed to its length when every file has what goes, and a file stays whole', async () => {
    const [mine, other] = [fileIn(here), join(here.dir, 'other.jsonl')]
    const slow = auditOf(here, { kept: 10, file: other, host: 'elsewhere' })
    await slow.flush()
    const audit = auditOf(here, { kept: 10, file: mine })
    for (let count = 0; count < 250; count++) await audit.keep(entryOf(`command ${count}`))
    await audit.flush()
    expect(await length()).toBe(250)
    await slow.flush()
    await slow.write(entryOf('one more'))
    await audit.flush()
    for (let count = 0; count < 100; count++) await audit.keep(entryOf(`later ${count}`))
    await audit.flush()
    expect(await length()).toBeLessThan(351)
    await slow.flush()
    expect(await verdictOfFile(here, mine)).toMatchObject({ lines: 351, problems: [] })
    expect(await verdictOfFile(here, other, 'elsewhere')).toMatchObject({ lines: 351, problems: [] })
  })

  test('that was trimmed begins the file of a new machine later, and that is no damage', async () => {
    const audit = auditOf(here, { kept: 10, file: fileIn(here) })
    for (let count = 0; count < 250; count++) await audit.keep(entryOf(`command ${count}`))
    await audit.flush()
    const late = join(here.dir, 'late.jsonl')
    await auditOf(here, { file: late, host: 'late' }).flush()
    expect(await length()).toBe(10)
    expect(await verdictOfFile(here, late, 'late')).toMatchObject({ first: 241, last: 250, problems: [] })
    writeFileSync(late, `${linesIn(late).slice(1).join('\n')}\n`)
    expect(named(await verdictOfFile(here, late, 'late'))).toEqual(['missing@1'])
  })
})
