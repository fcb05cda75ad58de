import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Follower } from '../../../src/tools/tail/follow.ts'
import { createFollower } from '../../../src/tools/tail/follow.ts'
import type { Position } from '../../../src/tools/tail/position.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-follow-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

let file = ''
let lines: string[] = []
let follower: Follower
let made = 0

function follow(from?: readonly Position[]): Follower {
  const onLines = (buffer: Buffer, start: number, end: number) =>
    lines.push(...buffer.toString('utf8', start, end).trimEnd().split('\n'))
  follower = createFollower(file, { onLines, onOversize: () => lines.push('oversize') }, from)
  return follower
}
/** Looks until nothing new comes, as a monitor does in its rounds. */
async function look(): Promise<number> {
  let lost = 0
  for (let rounds = 0; rounds < 3; rounds++) lost += (await follower.look()).lost
  return lost
}
async function restart(): Promise<number> {
  const positions = JSON.parse(JSON.stringify(await follower.positions())) as Position[]
  await follower.close()
  follow(positions)
  return look()
}
const write = (...texts: string[]) => appendFileSync(file, texts.map((text) => `${text}\n`).join(''))
const rotated = (number: number) => `${file}.${number}`

beforeEach(() => {
  file = join(mkdtempSync(join(scratch, 'log-')), 'audit.log')
  lines = []
  made = 0
})
afterEach(() => follower.close())

describe('a first start', () => {
  test('begins at the end, behind a line that is only half there', async () => {
    writeFileSync(file, 'old\nhalf')
    await follow().look()
    write(' of it', 'new')
    await look()
    expect(lines).toEqual(['half of it', 'new'])
  })

  test('waits for a file that is not there yet and then takes all of it', async () => {
    expect((await follow().look()).there).toBe(false)
    write('a', 'b')
    await look()
    expect(lines).toEqual(['a', 'b'])
  })
})

describe.each([
  ['by rename', () => renameSync(file, rotated(1))],
  [
    'by copy and truncate',
    () => {
      copyFileSync(file, rotated(1))
      truncateSync(file)
    },
  ],
])('rotation %s', (_how, rotate) => {
  beforeEach(async () => {
    writeFileSync(file, '')
    await follow().look()
  })

  test('loses nothing that was written before it and not yet read', async () => {
    write('a')
    await look()
    write('b', 'c')
    rotate()
    write('d')
    expect(await look()).toBe(0)
    expect(lines.toSorted()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('while nobody looked loses nothing either, and a second restart reads nothing again', async () => {
    write('a')
    await look()
    write('b')
    const positions = await follower.positions()
    await follower.close()
    rotate()
    write('c')
    follow(positions)
    expect(await look()).toBe(0)
    expect(lines.toSorted()).toEqual(['a', 'b', 'c'])
    await restart()
    write('d')
    await look()
    expect(lines.toSorted()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('with its predecessor compressed is said, and nothing is read twice', async () => {
    write('a', 'b')
    await look()
    const positions = await follower.positions()
    await follower.close()
    rotate()
    renameSync(rotated(1), `${rotated(1)}.gz`)
    write('c')
    follow(positions)
    expect(await look()).toBe(1)
    expect(lines).toEqual(['a', 'b', 'c'])
  })

  test('forty times under load, with a restart now and then, counts each line once', async () => {
    const written: string[] = []
    for (let round = 0; round < 40; round++) {
      for (let count = 0; count < 25; count++) {
        written.push(`line ${made++}`)
        write(written.at(-1) ?? '')
        if (count % 10 === round % 10) await follower.look()
      }
      if (round % 7 === 3) await restart()
      if (round % 2 === 1) {
        for (let number = 8; number > 0; number--)
          try {
            renameSync(rotated(number), rotated(number + 1))
          } catch {
            // not so many yet
          }
        rotate()
      }
    }
    expect(await look()).toBe(0)
    expect(lines.toSorted()).toEqual(written.toSorted())
  })
})

test('a Vault that goes on writing to the renamed file is read on (1.15.0)', async () => {
  writeFileSync(file, 'start\n')
  await follow().look()
  renameSync(file, rotated(1))
  writeFileSync(file, '')
  for (let rounds = 0; rounds < 50; rounds++) await follower.look()
  appendFileSync(rotated(1), 'late\n')
  await look()
  expect(lines).toEqual(['late'])
})

test('a file cut without a copy, and grown past its old end, starts anew and says what may be lost', async () => {
  writeFileSync(file, '')
  await follow().look()
  write('first', 'second')
  await look()
  truncateSync(file)
  write('third, which is longer than both before together')
  expect(await look()).toBe(1)
  expect(lines.at(-1)).toMatch(/^third/)
})

test('a file that is removed and made again is read from its start', async () => {
  writeFileSync(file, 'a\n')
  await follow().look()
  unlinkSync(file)
  expect((await follower.look()).there).toBe(false)
  write('b')
  await look()
  expect(lines).toEqual(['b'])
})
