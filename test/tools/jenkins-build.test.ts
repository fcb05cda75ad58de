import { afterEach, beforeEach, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { runBuild } from '../../src/tools/jenkins/build.ts'
import { startJenkinsStandIn } from '../fixtures/jenkins-stand-in.ts'

let ci: Awaited<ReturnType<typeof startJenkinsStandIn>>
beforeEach(async () => {
  ci = await startJenkinsStandIn()
})
afterEach(() => ci.stop())

/** A build that is followed, looked at often. */
function followed(start = true) {
  const said: string[] = []
  const stop = new AbortController()
  const mark = { name: 'GROUNDCREW_EXECUTION', value: 'r1-one-1' }
  const request = {
    job: ci.job,
    user: 'bot',
    token: '11token22',
    parameters: { VERSION: '1' },
    mark,
    poll: 10,
    timeout: 20_000,
  }
  const end = runBuild(request, { start, stop: stop.signal, say: (line) => said.push(line) })
  return { end, said, stop, queued: () => waitFor(async () => ci.items[0], { what: 'the queue' }) }
}

test.each(['no-log', 'down'] as const)('the end of a build is known although its log breaks off (%s)', async (mood) => {
  const { end, said, queued } = followed()
  await queued()
  const build = ci.begin('one\n')
  await waitFor(async () => said.includes('| one') || null, { what: 'its log' })
  ci.state.mood = mood
  await waitFor(async () => said.some((line) => line.includes('does not answer')) || null, { what: 'that it is away' })
  build.result = 'SUCCESS'
  if (mood === 'down') ci.state.mood = 'well'
  expect(await end).toMatchObject({ kind: 'built', result: 'SUCCESS', number: 1 })
})

test('a build that is deleted while it is followed is lost, long before its time is over', async () => {
  const { end, queued } = followed()
  await queued()
  ci.begin()
  ci.builds.splice(0)
  ci.items.splice(0)
  expect(await end).toMatchObject({ kind: 'lost', why: expect.stringMatching(/Jenkins has/) })
})

test('somebody takes it out of the queue in Jenkins', async () => {
  const { end, queued } = followed()
  ;(await queued()).cancelled = true
  expect(await end).toMatchObject({ kind: 'dropped', why: expect.stringMatching(/taken out of the queue of Jenkins/) })
})

test('of a log of many megabytes the beginning is read, and what comes after it', async () => {
  const { end, said, queued } = followed()
  await queued()
  const build = ci.begin(`${'x'.repeat(1023)}\n`.repeat(20_000))
  await waitFor(async () => said.some((line) => line.startsWith('more of its log')) || null, { what: 'the note' })
  build.console += 'the last words\n'
  build.result = 'SUCCESS'
  expect(await end).toMatchObject({ kind: 'built' })
  expect(said.at(-1)).toBe('| the last words')
  expect(said.length).toBeLessThan(8_400)
})

test('what Jenkins did not even give a crumb for was not started', async () => {
  ci.state.mood = 'no-crumbs'
  expect(await followed().end).toMatchObject({ kind: 'refused', why: expect.stringMatching(/Nothing was asked of it/) })
  expect(ci.state.starts).toBe(0)
})

test.each([
  [{ declares: ['VERSION'] }, /^It does not declare GROUNDCREW_EXECUTION, .* a text parameter of this name to it\.$/],
  [{ declares: [] }, /^It does not declare VERSION, GROUNDCREW_EXECUTION, /],
  [{ buildable: false }, /^It is disabled in Jenkins\.$/],
])('a job that would be built with other parameters is not started: %j', async (state, why) => {
  Object.assign(ci.state, state)
  expect(await followed().end).toMatchObject({ kind: 'refused', why: expect.stringMatching(why) })
  expect(ci.state.starts).toBe(0)
})

test('a job that declares all that it is given is started with it', async () => {
  ci.state.declares = ['VERSION', 'GROUNDCREW_EXECUTION', 'OTHER']
  const { end, queued } = followed()
  await queued()
  const build = ci.begin()
  build.result = 'SUCCESS'
  expect(await end).toMatchObject({ kind: 'built' })
  expect(build.parameters).toEqual({ VERSION: '1', GROUNDCREW_EXECUTION: 'r1-one-1' })
})

test('what was started before is looked for until Jenkins is back, and never started again', async () => {
  ci.built({ parameters: { GROUNDCREW_EXECUTION: 'r1-one-1' }, result: 'FAILURE' })
  ci.state.mood = 'down'
  const { end } = followed(false)
  await waitFor(async () => ci.state.asked.length > 3 || null, { what: 'a few looks' })
  ci.state.mood = 'well'
  expect(await end).toMatchObject({ kind: 'built', result: 'FAILURE' })
  expect(ci.state.starts).toBe(0)
})
