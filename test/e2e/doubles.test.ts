import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { channels, people } from './site.ts'
import { type Run, runOf, talkIn, wordsOf } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
const environments = ['one', 'two', 'three', 'four']

beforeAll(async () => {
  const each = environments.map((name) => [name, {}] as const)
  const slack = () => ({ preloads: ['../../test/fixtures/slow-slack.cjs'], env: {} })
  world = await startWorld({ bots: 2, environments: Object.fromEntries(each), slack })
})
afterAll(() => world.stop())

/** local-slack gives every envelope to every connection, as a redelivery by Slack would. */
test('an envelope that arrives twice, at two bots, is one execution, one message and one of everything in its thread', async () => {
  await Promise.all(environments.map((environment, at) => onceEach(talkIn(world, channels[at] ?? ''), environment)))
})

type Talk = ReturnType<typeof talkIn>

async function onceEach(talk: Talk, environment: string): Promise<void> {
  const text = `tiny up ${environment} small`
  await world.control.command({ user: people.alice, channel: talk.channel, command: '/crew', text })
  const run = await onlyRun(talk)
  await talk.sees(run, /\*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', run)
  const over = await talk.sees(run, /^✅ \*succeeded\*/)
  expect(over.match(/Approved by/g)).toHaveLength(1)
  await talk.closing(run)
  await talk.file(run, 'plan.txt')
  await talk.file(run, 'apply-log.txt')

  const all = await talk.all()
  const open = all.filter((message) => !message.ephemeral_to && !message.thread_ts)
  expect(open.map(wordsOf)).toEqual([over])
  const thread = await talk.thread(run)
  expect(
    thread
      .filter(({ files }) => files)
      .flatMap(({ files = [] }) => files.map(({ name }) => name))
      .toSorted(),
  ).toEqual(['apply-log.txt', 'plan.txt'])
  expect(thread.filter(({ files }) => !files)).toHaveLength(1)
  expect(all.filter(({ ephemeral_to }) => ephemeral_to === people.carol).map(wordsOf)).toEqual([])
}

/** Both bots may answer; they speak of the same execution. */
async function onlyRun(talk: Talk): Promise<Run> {
  const answers = await waitFor(
    async () => {
      const found = (await talk.all()).filter(({ ephemeral_to }) => ephemeral_to === people.alice)
      return found.length > 0 ? found : undefined
    },
    { what: 'an answer' },
  )
  const ids = new Set(answers.map((answer) => runOf(wordsOf(answer)).id))
  expect(ids.size).toBe(1)
  return { id: [...ids][0] ?? '' }
}
