import { appendFileSync, copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Follower } from '../../../src/tools/tail/follow.ts'
import { createFollower } from '../../../src/tools/tail/follow.ts'
import type { Position } from '../../../src/tools/tail/position.ts'

let dir = ''
let file = ''
let lines: string[] = []
let follower: Follower

function follow(from?: readonly Position[]): void {
  const onLines = (buffer: Buffer, start: number, end: number) =>
    lines.push(...buffer.toString('utf8', start, end).trimEnd().split('\n'))
  follower = createFollower(file, { onLines, onOversize: () => lines.push('oversize') }, from)
}
async function look(): Promise<number> {
  return (await follower.look()).lost + (await follower.look()).lost
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'groundcrew-rotation-'))
  file = join(dir, 'audit.log')
  lines = []
  writeFileSync(file, '')
  follow()
  await follower.look()
})
afterEach(async () => {
  await follower.close()
  rmSync(dir, { recursive: true, force: true })
})

test('a copy from before the last read holds nothing new, and nothing is said to be lost', async () => {
  // As long as entries are: what a copy is known again by stands in its first 256 bytes.
  const first = 'a'.repeat(300)
  appendFileSync(file, `${first}\nb\n`)
  await look()
  copyFileSync(file, `${file}.1`)
  appendFileSync(file, 'c\n')
  await look()
  truncateSync(file)
  appendFileSync(file, 'd\n')
  expect(await look()).toBe(0)
  expect(lines).toEqual([first, 'b', 'c', 'd'])
})

test('two rotations while nobody looked are read in their order', async () => {
  appendFileSync(file, 'a\n')
  await look()
  appendFileSync(file, 'b\n')
  const positions = await follower.positions()
  await follower.close()
  renameSync(file, `${file}.2`)
  writeFileSync(`${file}.1`, 'c\n')
  writeFileSync(file, 'd\n')
  follow(positions)
  expect(await look()).toBe(0)
  expect(lines).toEqual(['a', 'b', 'c', 'd'])
})
