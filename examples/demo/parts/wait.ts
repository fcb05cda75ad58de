import { setTimeout as sleep } from 'node:timers/promises'
import { milliseconds } from '../../../src/core/duration.ts'
import { messageOf } from '../../../src/errors.ts'

type Wait = { what: string; within?: string; every?: number; signal?: AbortSignal }

/**
 * Asks again and again until `check` gives something truthy, and gives that back. A check that throws counts as "not yet";
 * when time is up, its last error is part of the message.
 */
export async function waitFor<T>(check: () => T | Promise<T>, wait: Wait): Promise<NonNullable<T>> {
  const { what, within = '20s', every = 50, signal } = wait
  const end = Date.now() + milliseconds(within)
  let last = ''
  for (;;) {
    signal?.throwIfAborted()
    try {
      const found = await check()
      if (found) return found
      last = ''
    } catch (error) {
      last = ` (${messageOf(error)})`
    }
    if (Date.now() > end) throw new Error(`Waited ${within} for ${what}, in vain${last}.`)
    await sleep(every, undefined, signal ? { signal } : {})
  }
}
