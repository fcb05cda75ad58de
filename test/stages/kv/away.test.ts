import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Fields } from '../../../src/core/workflow.ts'
import type { ConsulAgent } from '../../consul.ts'
import { joined, startConsulServer } from '../../consul.ts'
import { carol, drop, errorOf, keysOf, linesOf, outputOf, put, type Room, roomFor } from './room.ts'

const dir = mkdtempSync(join(tmpdir(), 'groundcrew-kv-away-'))
let hub: ConsulAgent
let spoke: ConsulAgent
let room: Room

beforeAll(async () => {
  hub = await startConsulServer({ dir: join(dir, 'dc1') })
  spoke = await startConsulServer({ dir: join(dir, 'dc2'), dc: 'dc2', joins: hub })
  await joined(hub, spoke)
}, 60_000)
afterAll(async () => {
  await Promise.all([hub?.stop(), spoke?.stop()])
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})
beforeEach(() => {
  room = roomFor(hub)
})
afterEach(async () => {
  for (const dc of ['dc1', 'dc2']) await drop(hub, dc, 'config/', true)
  room.remove()
})

async function returns() {
  await spoke.restart()
  await joined(hub, spoke)
}

/** As the bot does it once the datacenter answers. */
const followUp = (): Promise<Fields> => room.plan({ catchUp: 'dc2', applies: true })

test('a spoke that is away at the apply waits, and gets exactly what was approved for it when it returns', async () => {
  room.file('config/app.yml', 'common: { a: "1" }\n')
  await room.sync()
  room.file('config/app.yml', 'common: { a: "2", b: "1" }\n')
  const plan = await room.plan()
  await spoke.kill9()
  const applied = outputOf(await room.apply(plan))
  expect(applied).toMatchObject({ catchUp: ['dc2'] })
  expect(applied.headline).toMatch(/^2 written, 2 not written\. dc2 waits: caught up when it answers again\.$/)
  expect(await keysOf(hub, 'dc1', 'config/app/')).toEqual({ 'config/app/a': '2', 'config/app/b': '1' })
  // The source moves on meanwhile: that was approved by nobody.
  room.file('config/app.yml', 'common: { a: "3", b: "1" }\n')
  expect(await followUp()).toMatchObject({
    needsApply: false,
    catchUp: ['dc2'],
    headline: expect.stringMatching(/^dc2 is away again/),
  })
  await returns()
  const next = await followUp()
  expect(next).toMatchObject({ needsApply: true, approvedEarlier: { by: carol } })
  expect(linesOf(next)).toEqual(['~ config/app/a "1" → "2"', '+ config/app/b "1"'])
  await room.apply(next)
  expect(await keysOf(hub, 'dc2', 'config/app/')).toEqual({ 'config/app/a': '2', 'config/app/b': '1' })
  expect(await followUp()).toMatchObject({ needsApply: false, headline: 'dc2 waits for nothing any more.' })
}, 60_000)

test('a spoke that is away at the plan is planned against what it had, and asked for anew where somebody changed it there', async () => {
  room.file('config/app.yml', 'common: { a: "1", b: "1" }\n')
  await room.sync()
  await spoke.kill9()
  room.file('config/app.yml', 'common: { a: "2", b: "1" }\n')
  const plan = await room.plan()
  expect(linesOf(plan)).toEqual([
    'dc1: ~ config/app/a "1" → "2"',
    expect.stringMatching(/^dc2: ~ config\/app\/a \(1 bytes, .*\) → "2"$/),
  ])
  expect(linesOf(plan, 'parts')[1]).toMatch(/^dc2: waits, .*Against what it had when it was last right/)
  expect(outputOf(await room.apply(plan))).toMatchObject({ catchUp: ['dc2'] })
  await returns()
  await put(spoke, 'dc2', 'config/app/a', 'by hand')
  const next = await followUp()
  expect(next.approvedEarlier).toBeUndefined()
  expect(next.note).toMatch(
    /What was approved no longer fits.*planned against ModifyIndex \d+, and it has \d+.*asked for anew/,
  )
  expect(linesOf(next)).toEqual(['~ config/app/a "by hand" → "2"'])
  await room.apply(next)
  expect(await keysOf(hub, 'dc2', 'config/app/')).toEqual({ 'config/app/a': '2', 'config/app/b': '1' })
}, 60_000)

test('what waits for a spoke is not written once the source was taken back: it is planned anew, and asked for', async () => {
  room.file('config/app.yml', 'common: { a: "1" }\nlocal: { dc2: { zone: east } }\n')
  await room.sync()
  await spoke.kill9()
  room.file('config/app.yml', 'common: { a: "1" }\nlocal: { dc2: { zone: west } }\n')
  expect(outputOf(await room.apply(await room.plan()))).toMatchObject({ catchUp: ['dc2'] })
  room.file('config/app.yml', 'common: { a: "1" }\nlocal: { dc2: { zone: east } }\n')
  expect(await room.plan()).toMatchObject({ needsApply: false, catchUp: ['dc2'] })
  await returns()
  const next = await followUp()
  expect(next).toMatchObject({ needsApply: false })
  expect(next.approvedEarlier).toBeUndefined()
  expect(await keysOf(hub, 'dc2', 'config/app/')).toMatchObject({ 'config/app/zone': 'east' })
  expect(await followUp()).toMatchObject({ headline: 'dc2 waits for nothing any more.' })
}, 60_000)

test('what waits for a spoke is not written after something newer was approved for it, though that failed', async () => {
  room.file('config/app.yml', 'common: { a: "1" }\n')
  await room.sync()
  room.file('config/app.yml', 'common: { a: "2" }\n')
  const older = await room.plan()
  await spoke.kill9()
  expect(outputOf(await room.apply(older))).toMatchObject({ catchUp: ['dc2'] })
  await returns()
  room.file('config/app.yml', 'common: { a: "3", b: "1" }\n')
  const newer = await room.plan()
  await put(hub, 'dc2', 'config/app/b', 'by hand')
  expect(errorOf(await room.apply(newer))).toMatch(/^dc2: FAILED/)
  expect(await followUp()).toMatchObject({ needsApply: false, headline: 'dc2 waits for nothing any more.' })
}, 60_000)

test('a spoke of which nobody knows what it has gets nothing before it was planned; its own keys stay', async () => {
  room.file('config/app.yml', 'common: { a: "1" }\n')
  await put(hub, 'dc2', 'config/app/own', 'stays for now')
  await spoke.kill9()
  const plan = await room.plan()
  expect(plan.headline).toBe(
    'Plan of app: 1 to add, 0 to change, 0 to remove in dc1. dc2 is away and will be caught up.',
  )
  expect(linesOf(plan, 'parts')[1]).toMatch(/^dc2: waits, .*Nobody knows what it has/)
  expect(outputOf(await room.apply(plan))).toMatchObject({ catchUp: ['dc2'] })
  // Also where nothing is to be done anywhere else: it is caught up all the same.
  expect(await room.plan()).toMatchObject({ needsApply: false, catchUp: ['dc2'] })
  await returns()
  const next = await followUp()
  expect(next.approvedEarlier).toBeUndefined()
  expect(linesOf(next)).toEqual(['- config/app/own (was "stays for now")', '+ config/app/a "1"'])
}, 60_000)

test('without its hub nothing is planned and nothing written anywhere', async () => {
  const other = roomFor(spoke)
  try {
    other.file('config/app.yml', 'common: { a: "1" }\n')
    const plan = await other.plan()
    await hub.kill9()
    await expect(other.plan()).rejects.toThrow(
      /The hub dc1 gives no answer that counts, so nothing is planned anywhere/,
    )
    const outcome = await other.apply(plan)
    expect(outcome).toMatchObject({ kind: 'failed', error: expect.stringMatching(/^dc1: FAILED/) })
    expect(linesOf(outputOf(outcome), 'parts')[1]).toMatch(/^dc2: untouched, the hub dc1 failed before/)
    expect(await keysOf(spoke, 'dc2', 'config/app/')).toEqual({})
    await hub.restart()
    await joined(hub, spoke)
  } finally {
    other.remove()
  }
}, 60_000)
