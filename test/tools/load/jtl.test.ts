import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createJtlReader } from '../../../src/tools/load/jtl.ts'

const recorded = join(import.meta.dirname, '../../cases/jmeter')
const HEADER =
  'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,bytes,grpThreads,allThreads,Latency'
const row = (at: number, ms: number, rest = 'GET,200,OK,t 1-1,text,true,120,1,1,3') => `${at},${ms},${rest}`

function readAll(text: string, piece = text.length) {
  const reader = createJtlReader()
  const samples = []
  for (let at = 0; at < text.length; at += piece) samples.push(...reader.read(text.slice(at, at + piece)))
  return { samples: [...samples, ...reader.end()], broken: reader.broken() }
}

describe('a JTL', () => {
  test('of JMeter 2.13, and of JMeter 5 with its other columns, gives the same kind of samples', () => {
    const old = readAll(readFileSync(join(recorded, 'jmeter-2.13.jtl'), 'utf8'))
    const newer = readAll(readFileSync(join(recorded, 'jmeter-5.jtl'), 'utf8'))
    expect(old.samples.map(({ ms, error }) => [ms, error])).toEqual([
      [48, null],
      [5, null],
      [4, 'HTTP 404'],
      [3, 'ConnectException'],
    ])
    expect(newer.samples.map(({ ms, error }) => [ms, error])).toEqual([
      [31, null],
      [7, 'assertion failed'],
      [2003, 'SocketTimeoutException'],
    ])
    expect([old.broken, newer.broken]).toEqual([0, 0])
  })

  test('may be read in pieces of any size: quotes, commas and line breaks in fields are text', () => {
    const quoted = row(1000, 12, '"a, ""b""\nc",503,"Busy, really",t 1-1,text,false,1,1,1,1')
    const text = [HEADER, row(999, 5), quoted, row(1002, 7), ''].join('\n')
    const whole = readAll(text)
    expect(whole.samples.map(({ ms, error }) => [ms, error])).toEqual([
      [5, null],
      [12, 'HTTP 503'],
      [7, null],
    ])
    for (const piece of [1, 2, 3, 7, 50]) expect(readAll(text, piece)).toEqual(whole)
  })

  test('whose last line is cut off has one sample less, and says so', () => {
    const text = [HEADER, row(1000, 5), row(1001, 6).slice(0, 20)].join('\n')
    expect(readAll(text)).toMatchObject({ samples: [{ ms: 5, began: 1000, ended: 1005 }], broken: 1 })
  })

  test('that ends without a line break has its last sample all the same', () => {
    expect(readAll([HEADER, row(1000, 5), row(1001, 6)].join('\n')).samples).toHaveLength(2)
  })

  test('with Windows line ends is read as well', () => {
    expect(readAll([HEADER, row(1000, 5), ''].join('\r\n')).samples).toHaveLength(1)
  })

  test('without its header is refused with what came instead', () => {
    expect(() => readAll(`${row(1000, 5)}\n`)).toThrow(/columns timeStamp, elapsed, success; its first line is 1000,5/)
  })
})
