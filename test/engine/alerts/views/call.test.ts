import { expect, test } from 'vitest'
import { waitFor } from '../../../../examples/demo/parts.ts'
import { createCall } from '../../../../src/engine/alerts/views/call.ts'
import { silent } from '../../quiet.ts'

const until = (what: string, check: () => unknown) => waitFor(check, { what, every: 5 })

/** The second call of another, which waits out the quiet time: it begins later than all that was wanted before it. */
async function later(): Promise<void> {
  let calls = 0
  const call = createCall(() => {
    calls += 1
  }, silent)
  call.want()
  await until('a call', () => calls === 1)
  call.want()
  await until('the later call', () => calls === 2)
}

test('changes that come together are one call, and one that comes during a call is another', async () => {
  let calls = 0
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const call = createCall(() => {
    calls += 1
    return calls === 1 ? held : undefined
  }, silent)
  call.want()
  call.want()
  await until('the call', () => calls > 0)
  call.want()
  await later()
  expect(calls).toBe(1)
  release()
  await until('the second call', () => calls === 2)
  await later()
  expect(calls).toBe(2)
})

test('a call that fails comes again, and one that is stopped never begins', async () => {
  let calls = 0
  const call = createCall(async () => {
    calls += 1
    if (calls === 1) throw new Error('Redis is away')
  }, silent)
  call.want()
  await until('the second call', () => calls === 2)
  call.want()
  call.stop()
  call.want()
  await later()
  expect(calls).toBe(2)
})
