import { expect, test } from 'vitest'
import { createCanary } from '../../src/monitors/canary.ts'

const MIN = 60_000

function started() {
  let time = 0
  const canary = createCanary(10 * MIN, () => time)
  const rounds = (count: number, { every = 5 * MIN, active = true, lines = 0 } = {}) => {
    for (let round = 0; round < count; round++) {
      time += every
      canary.asked(active)
      if (lines > 0) canary.read(lines)
    }
  }
  return { canary, rounds }
}

test('an active Vault that answered three times and wrote no line in ten minutes writes elsewhere', () => {
  const { canary, rounds } = started()
  rounds(2)
  expect(canary.trouble()).toBeUndefined()
  rounds(1)
  expect(canary.trouble()).toMatch(/silent for 10 m, though Vault here is active and answered us 3 times/)
  rounds(1)
  expect(canary.trouble()).toMatch(/silent for 15 m/)
  canary.read(1)
  expect(canary.trouble()).toBeUndefined()
})

test('any line in between is a sign of life, and a round that read none is not', () => {
  const { canary, rounds } = started()
  rounds(20, { lines: 1 })
  expect(canary.trouble()).toBeUndefined()
  rounds(3)
  canary.read(0)
  expect(canary.trouble()).toBeDefined()
})

test('a standby is silent, and one that was asked often in a short time has not been silent for long', () => {
  const { canary, rounds } = started()
  rounds(20, { active: false })
  expect(canary.trouble()).toBeUndefined()
  rounds(50, { every: 10_000 })
  expect(canary.trouble()).toBeUndefined()
})

test('rare looks do not raise it by the moment between the answer and its line', () => {
  const { canary, rounds } = started()
  rounds(2, { every: 60 * MIN })
  expect(canary.trouble()).toBeUndefined()
})
