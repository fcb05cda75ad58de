import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { followLines, lineSplitter } from '../../../src/tools/run/lines.ts'
import { runOnce } from '../../../src/tools/run.ts'
import { env, place, useTemporaryPlace } from '../../fixtures/durable.ts'

useTemporaryPlace()

describe('following lines', () => {
  test('puts characters together that were cut in two, and keeps empty lines', () => {
    const lines: string[] = []
    const splitter = lineSplitter((line) => lines.push(line))
    for (const byte of Buffer.from('größe €\n\n🚀\nrest')) splitter.push(Buffer.from([byte]))
    expect(lines).toEqual(['größe €', '', '🚀'])
    splitter.end()
    expect(lines).toEqual(['größe €', '', '🚀', 'rest'])
  })

  test('delivers a line of several megabytes whole', async () => {
    const lengths: number[] = []
    const script = 'process.stdout.write("é".repeat(3_000_000) + "\\nend\\n")'
    await runOnce(
      place.dir,
      { argv: [process.execPath, '-e', script], cwd: place.root, env },
      { onLine: (l) => lengths.push(l.length) },
    )
    expect(lengths).toEqual([3_000_000, 3])
  })

  test('delivers a line without end in pieces before it fills the memory', () => {
    const pieces: string[] = []
    const splitter = lineSplitter((line) => pieces.push(line), 10)
    for (let i = 0; i < 5; i++) splitter.push(Buffer.from('abcdef'))
    splitter.end()
    expect(pieces).toEqual(['abcdefabcdef', 'abcdefabcdef', 'abcdef'])
  })

  test('waits for a file that is not there yet and holds a half line back', async () => {
    const path = join(place.root, 'log')
    const lines: string[] = []
    await using follower = followLines(path, (line) => lines.push(line))
    await follower.readOn()
    await appendFile(path, 'one\ntw')
    await follower.readOn()
    expect(lines).toEqual(['one'])
    await appendFile(path, 'o\nthree')
    await follower.readOn()
    expect(lines).toEqual(['one', 'two'])
    await follower.finish()
    expect(lines).toEqual(['one', 'two', 'three'])
  })
})
