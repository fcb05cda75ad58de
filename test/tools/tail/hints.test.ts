import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createHints } from '../../../src/tools/tail/hints.ts'

const dir = mkdtempSync(join(tmpdir(), 'groundcrew-hints-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Long enough that only a hint can have ended it: the test would run into its own time limit. */
const EVER = 600_000
const never = new AbortController().signal

test('a wait ends when the file is written, also before the wait began', async () => {
  const file = join(dir, 'audit.log')
  appendFileSync(file, 'one\n')
  const hints = createHints(file)
  const waiting = hints.wait(EVER, never)
  setTimeout(() => appendFileSync(file, 'two\n'), 200)
  await waiting
  appendFileSync(file, 'three\n')
  await hints.wait(EVER, never)
  hints.stop()
})

test('another file of the folder is no hint, and without any it ends by itself', async () => {
  const file = join(dir, 'quiet.log')
  const hints = createHints(file)
  const waiting = hints.wait(400, never)
  let over = false
  void waiting.then(() => {
    over = true
  })
  appendFileSync(join(dir, 'other.log'), 'x\n')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(over).toBe(false)
  await waiting
  hints.stop()
})

test('a folder that is not there is looked for again, and calling it off ends the wait at once', async () => {
  const file = join(dir, 'later', 'audit.log')
  const hints = createHints(file)
  await hints.wait(1, never)
  mkdirSync(join(dir, 'later'))
  const waiting = hints.wait(EVER, never)
  setTimeout(() => appendFileSync(file, 'one\n'), 200)
  await waiting
  const controller = new AbortController()
  const off = hints.wait(EVER, controller.signal)
  controller.abort()
  await off
  hints.stop()
})
